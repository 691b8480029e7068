//! Entries held against each other, each pair once in an arrangement.

use super::Clustering;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::{Held, Slot, Tally};
use crate::engine::model::Lengths;
use crate::engine::similarity::{self, Evidence, Probe, compare};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Instalments of a series come at least so long after each other; what comes sooner is the same one, edited.
const INSTALMENT_MS: u64 = 12 * 3_600_000;

/// What one publisher's two entries lack (1/1000 log odds) to be about one event: it does not tell the same twice, but what
/// comes next in the same words. Others never put two entries of one site together, which hides real follow-ups.
const SAME_PUBLISHER: i32 = 2_000;

/// What was computed during one placement. The live entries, hence all rarities, stay the same meanwhile.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pairs: HashMap<(Slot, Slot), Pair, FixedState>,
    /// Holds the terms of this entry.
    probed: Option<Slot>,
    probe: Probe,
    tally: Tally,
}

/// Two entries, held against each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) score: i32,
    pub(super) lengths: Lengths,
    pub(super) evidence: Evidence,
    /// They say the same in the same words.
    pub(super) copy: bool,
    /// They are never in one cluster, whatever they share: instalments of a series, or parted by the user.
    pub(super) apart: bool,
}

impl Cache {
    /// Forgets everything but its memory.
    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.probed = None;
    }
}

impl Clustering {
    /// The similarity of two entries and its score.
    pub(super) fn pair(&self, a: Slot, b: Slot, cache: &mut Cache) -> Option<Pair> {
        let key = (a.min(b), a.max(b));
        if let Some(known) = cache.pairs.get(&key) {
            return Some(*known);
        }
        self.probe(a, cache)?;
        let (first, second) = (self.index.get(a)?, self.index.get(b)?);
        let similarity::Pair { evidence, copy } = compare((first, &cache.probe), second, &self.index.rarities());
        let lengths = Lengths::of(first.length, second.length);
        let same = first.publisher.is_some() && first.publisher == second.publisher;
        let score = self.options.model.score(&evidence, lengths) - if same { SAME_PUBLISHER } else { 0 };
        let apart = are_instalments(first, second) || self.constraints.parts(first.id, second.id);
        let pair = Pair { score, lengths, evidence, copy, apart };
        cache.pairs.insert(key, pair);
        Some(pair)
    }

    /// Candidates for an entry, best first.
    pub(super) fn search(&self, slot: Slot, window_ms: i64, max: usize, cache: &mut Cache) -> Vec<Slot> {
        if self.probe(slot, cache).is_none() {
            return Vec::new();
        }
        self.index.search(slot, cache.probe.weights(), window_ms, max, &mut cache.tally)
    }

    /// Has the probe take an entry.
    fn probe(&self, slot: Slot, cache: &mut Cache) -> Option<()> {
        if cache.probed != Some(slot) {
            cache.probe.load(self.index.get(slot)?, &self.index.rarities());
            cache.probed = Some(slot);
        }
        Some(())
    }

    /// Members of a cluster, the nearest in time first, one slot left out.
    pub(super) fn nearest_members(&self, cluster: ClusterId, date_ms: i64, except: Slot, max: usize) -> Vec<Slot> {
        let Some(members) = self.members.get(&cluster) else { return Vec::new() };
        let date = |slot: Slot| self.index.get(slot).map_or(i64::MIN, |held| held.date.millis());
        let (from, to) = if members.len() <= max {
            (0, members.len())
        } else {
            let middle = members.place(|slot| date(slot) < date_ms);
            (middle.saturating_sub(max), middle + max + 1)
        };
        let mut near: Vec<(u64, EntryId, Slot)> = members
            .range(from, to)
            .filter(|slot| *slot != except)
            .filter_map(|slot| self.index.get(slot).map(|l| (l.date.millis().abs_diff(date_ms), l.id, slot)))
            .collect();
        near.sort_unstable();
        near.truncate(max);
        near.into_iter().map(|(.., slot)| slot).collect()
    }
}

/// Whether two entries are instalments of one series: the same headline but for its date or number, or one publisher's
/// same headline on another day ("Gold price today", "Morning briefing"). Other figures, such as amounts, tell nothing.
fn are_instalments(a: &Held, b: &Held) -> bool {
    let apart_ms = a.date.millis().abs_diff(b.date.millis());
    let dated = a.series.numbered && b.series.numbered && a.title != b.title;
    let repeated = a.publisher.is_some() && a.publisher == b.publisher && a.title == b.title;
    a.series.fingerprint == b.series.fingerprint && apart_ms >= INSTALMENT_MS && (dated || repeated)
}
