//! Corrections by hand: done, on disk, and only then answered.

use super::Daemon;
use super::answer::row;
use crate::control::{Change, CorrectionRow, Reply, SampleRow};
use crate::engine::Engine;
use crate::engine::correction::{Act, Correction};
use crate::engine::explain::Named;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::update::Update;

/// Entries of each side of a correction that a model is fitted to.
const SIDE_MAX: usize = 8;

impl Daemon {
    /// Makes a correction, or takes one back. What it changed waits to be recorded.
    pub(super) fn correct(&mut self, change: &Change) -> Result<Reply, String> {
        let stamp = self.stamp();
        let (number, update) = match change {
            Change::Merge { a, b } => {
                let (a, b) = (self.cluster_named(a)?, self.cluster_named(b)?);
                self.engine.merge_by_hand(stamp, a, b)?
            }
            Change::Split { id, entries } => {
                let from = self.cluster_named(id)?;
                let out: Result<Vec<EntryId>, String> = entries.iter().map(|entry| self.entry_named(entry)).collect();
                self.engine.split_by_hand(stamp, from, &out?)?
            }
            Change::Undo { number } => (*number, self.engine.undo_correction(stamp, *number)?),
        };
        let reply = Reply::Corrected { number, clusters: touched(&self.engine, &update) };
        self.hold(update);
        Ok(reply)
    }

    fn cluster_named(&self, id: &str) -> Result<ClusterId, String> {
        let cluster = self.engine.cluster_of(self.engine.find(id)?);
        cluster.map(|cluster| cluster.id).ok_or_else(|| format!("there is no cluster {id}"))
    }

    fn entry_named(&self, id: &str) -> Result<EntryId, String> {
        match self.engine.find(id)? {
            Named::Entry(id) => Ok(id),
            Named::Cluster(_) => Err(format!("{id} is a cluster; name entries (`storyfold clusters show` lists them)")),
        }
    }
}

/// The clusters that an update leaves behind.
fn touched(engine: &Engine, update: &Update) -> Vec<crate::control::ClusterRow> {
    update.clusters.iter().map(|cluster| row(engine, cluster)).collect()
}

/// The corrections that made a cluster what it is, the newest first.
pub(super) fn corrections_of(engine: &Engine, cluster: ClusterId) -> Vec<CorrectionRow> {
    let stands = |id: &ClusterId| engine.cluster(*id).is_some_and(|found| found.id == cluster);
    let concerns = |made: &&Correction| match &made.act {
        Act::Merge { into, .. } => stands(into),
        Act::Split { from, into, .. } => stands(from) || stands(into),
    };
    let mut rows: Vec<CorrectionRow> =
        engine.corrections().filter(concerns).map(|made| correction_row(engine, made)).collect();
    rows.reverse();
    rows
}

/// All corrections, the newest first.
pub(super) fn corrections(engine: &Engine) -> Vec<CorrectionRow> {
    let mut rows: Vec<CorrectionRow> = engine.corrections().map(|made| correction_row(engine, made)).collect();
    rows.reverse();
    rows
}

/// The corrections as comparisons, of the entries that were put together or parted.
pub(super) fn samples(engine: &Engine) -> Vec<SampleRow> {
    let mut samples = Vec::new();
    for made in engine.corrections() {
        let (side, other, together) = match &made.act {
            Act::Merge { members, gone, .. } => (&gone.members, members, true),
            Act::Split { rest, out, .. } => (out, rest, false),
        };
        for (a, b) in side.iter().take(SIDE_MAX).flat_map(|a| other.iter().take(SIDE_MAX).map(move |b| (*a, *b))) {
            let found = engine.compare(Named::Entry(a), Named::Entry(b));
            samples.extend(found.map(|(_, found)| SampleRow {
                evidence: found.evidence.0.to_vec(),
                lengths: found.lengths as u8,
                together,
            }));
        }
    }
    samples
}

fn correction_row(engine: &Engine, made: &Correction) -> CorrectionRow {
    let (act, cluster, other, entries) = match &made.act {
        Act::Merge { into, gone, .. } => ("merge", *into, gone.id, &gone.members),
        Act::Split { from, into, out, .. } => ("split", *from, *into, out),
    };
    let title = |id: &EntryId| engine.entry(*id).map(|entry| entry.title.clone());
    CorrectionRow {
        number: made.number,
        at: made.at.to_string(),
        act: act.to_owned(),
        cluster: cluster.to_string(),
        other: other.to_string(),
        entries: entries.iter().map(ToString::to_string).collect(),
        title: entries.iter().find_map(title),
    }
}
