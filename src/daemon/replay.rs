//! Replays for commands: the work runs beside the loop, which only lends what is to be replayed.

use super::Daemon;
use crate::clock;
use crate::control::{Headline, Replayed, Reply, WhatIf};
use crate::engine::Engine;
use crate::engine::clustering::{ClusterOptions, Preset};
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::replay::Difference;
use crate::engine::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// Changes of each kind that are told; beyond this, other options are another program.
const CHANGES_MAX: usize = 2_000;

impl Daemon {
    /// Starts a replay, which answers when it is done.
    pub(super) fn replay(&self, what_if: &WhatIf, replies: mpsc::Sender<Reply>) -> Result<(), String> {
        let today = self.engine.options().cluster.clone();
        let other = options(what_if, &today)?;
        let since = what_if.since_secs.map_or(Timestamp::EPOCH, |secs| clock::now().minus(Duration::from_secs(secs)));
        let replay = self.engine.replay(since);
        let names = Names::of(&self.engine);
        tokio::task::spawn_blocking(move || {
            let difference = replay.difference(&today, &other);
            let _ = replies.blocking_send(Reply::Replayed(names.told(&difference, other.threshold)));
        });
        Ok(())
    }
}

/// Today's options, changed as asked.
fn options(what_if: &WhatIf, today: &ClusterOptions) -> Result<ClusterOptions, String> {
    let mut other = today.clone();
    if let Some(preset) = &what_if.preset {
        let known = || format!("`{preset}` is no preset; there are strict, balanced, loose");
        other.threshold = Preset::named(preset).ok_or_else(known)?.threshold();
    }
    if let Some(threshold) = what_if.threshold {
        other.threshold = threshold;
    }
    if let Some(model) = &what_if.model {
        other.model = crate::config::parse_model(model).map_err(|reason| format!("the model {reason}"))?;
    }
    Ok(other)
}

/// The headlines of the engine, to tell of a replay when the loop has long gone on.
struct Names {
    entries: BTreeMap<EntryId, String>,
    leads: BTreeMap<ClusterId, EntryId>,
}

impl Names {
    fn of(engine: &Engine) -> Self {
        let leads: BTreeMap<ClusterId, EntryId> = engine.clusters().map(|cluster| (cluster.id, cluster.lead)).collect();
        let members = engine.clusters().flat_map(|cluster| &cluster.members);
        let named = members.filter_map(|id| Some((*id, engine.entry(*id)?.title.clone())));
        Self { entries: named.collect(), leads }
    }

    fn entry(&self, id: EntryId) -> Headline {
        Headline { id: id.to_string(), title: self.entries.get(&id).cloned().unwrap_or_default() }
    }

    fn cluster(&self, id: ClusterId) -> Headline {
        let title = self.leads.get(&id).and_then(|lead| self.entries.get(lead)).cloned();
        Headline { id: id.to_string(), title: title.unwrap_or_default() }
    }

    fn told(&self, found: &Difference, threshold: i32) -> Replayed {
        let clusters = |ids: &Vec<ClusterId>| ids.iter().map(|id| self.cluster(*id)).collect();
        let parts = |(id, parts): &(ClusterId, Vec<Vec<EntryId>>)| {
            let firsts = parts.iter().filter_map(|part| part.first()).map(|id| self.entry(*id));
            (self.cluster(*id), firsts.collect())
        };
        Replayed {
            threshold: f64::from(threshold) / 1000.0,
            entries: found.entries,
            clusters_now: found.clusters_now,
            clusters_then: found.clusters_then,
            joined_count: found.joined.len(),
            joined: found.joined.iter().take(CHANGES_MAX).map(clusters).collect(),
            split_count: found.split.len(),
            split: found.split.iter().take(CHANGES_MAX).map(parts).collect(),
            moved_count: found.moved.len(),
            moved: found
                .moved
                .iter()
                .take(CHANGES_MAX)
                .map(|(entry, cluster)| (self.entry(*entry), self.cluster(*cluster)))
                .collect(),
            corrections: found.corrections,
            corrections_needed_now: found.needed_now,
            corrections_needed_then: found.needed_then,
        }
    }
}
