//! How well an entry suits a cluster.

use super::Clustering;
use crate::engine::evidence::Match;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::{Held, Slot, Tally};
use crate::engine::model::Lengths;
use crate::engine::similarity::{self, Evidence, Feature, POOLED_MAX, Pool, Probe, blend, compare};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Instalments of a series come at least so long after each other; what comes sooner is the same one, edited.
const INSTALMENT_MS: u64 = 12 * 3_600_000;

/// What was computed during one placement. The live entries, hence all rarities, stay the same meanwhile.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pairs: HashMap<(Slot, Slot), Pair, FixedState>,
    /// What was found of entries and clusters, but for the crowd; of clusters as they are.
    affinities: HashMap<(Slot, ClusterId), Affinity, FixedState>,
    /// Holds the terms of this entry.
    probed: Option<Slot>,
    probe: Probe,
    pool: Pool,
    tally: Tally,
}

/// Two entries, held against each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) score: i32,
    pub(super) evidence: Evidence,
    /// They say the same in the same words.
    pub(super) copy: bool,
    /// They are two instalments of a series, and so about two events whatever else they share.
    pub(super) apart: bool,
}

/// An entry, held against a cluster.
#[derive(Clone, Copy, Debug)]
struct Affinity {
    nearest: EntryId,
    lengths: Lengths,
    evidence: Evidence,
}

impl Cache {
    /// Forgets everything but its memory.
    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.affinities.clear();
        self.probed = None;
    }

    /// Members came to a cluster or left it. What an entry itself is to a cluster does not depend on whether it is in.
    pub(super) fn forget(&mut self, cluster: ClusterId, moved: Option<Slot>) {
        self.affinities.retain(|(slot, other), _| *other != cluster || Some(*slot) == moved);
    }
}

impl Clustering {
    /// How well an entry suits a cluster; `None` if no other member is there, or another instalment of its series is.
    pub(super) fn affinity(&self, slot: Slot, cluster: ClusterId, crowd: i32, cache: &mut Cache) -> Option<Match> {
        let Affinity { nearest, lengths, mut evidence } = if let Some(known) = cache.affinities.get(&(slot, cluster)) {
            *known
        } else {
            let affinity = self.affinity_to_members(slot, cluster, cache)?;
            cache.affinities.insert((slot, cluster), affinity);
            affinity
        };
        evidence.set(Feature::Crowd, crowd);
        let (score, threshold) = (self.options.model.score(&evidence, lengths), self.options.threshold);
        Some(Match { cluster, nearest, score, threshold, lengths, evidence })
    }

    fn affinity_to_members(&self, slot: Slot, cluster: ClusterId, cache: &mut Cache) -> Option<Affinity> {
        let live = self.index.get(slot)?;
        let members = self.nearest_members(cluster, live.date.millis(), slot, POOLED_MAX);
        let mut pairs = Vec::with_capacity(members.len());
        for member in &members {
            let pair = self.pair(slot, *member, cache).filter(|pair| !pair.apart)?;
            pairs.push((pair.score, pair.evidence, self.index.get(*member)?));
        }
        // `max_by_key` takes the last of equals; the nearest in time comes first.
        let (_, best, nearest) = *pairs.iter().rev().max_by_key(|(score, ..)| *score)?;
        let lengths = Lengths::of(live.length, nearest.length);
        let mut evidence = blend(&best, pairs.iter().map(|(_, evidence, _)| evidence));
        // To take the members together costs more than all else here: not done where it would decide nothing.
        if pairs.len() > 1 && self.options.model.weighs(Feature::Pooled, lengths) {
            self.probe(slot, cache)?;
            let members = pairs.iter().map(|(.., member)| *member);
            evidence.set(Feature::Pooled, cache.pool.cosine(&cache.probe, members, &self.index.rarities()));
        }
        Some(Affinity { nearest: nearest.id, lengths, evidence })
    }

    /// The similarity of two entries and its score.
    pub(super) fn pair(&self, a: Slot, b: Slot, cache: &mut Cache) -> Option<Pair> {
        let key = (a.min(b), a.max(b));
        if let Some(known) = cache.pairs.get(&key) {
            return Some(*known);
        }
        self.probe(a, cache)?;
        let (first, second) = (self.index.get(a)?, self.index.get(b)?);
        let similarity::Pair { evidence, copy } = compare((first, &cache.probe), second, &self.index.rarities());
        let score = self.options.model.score(&evidence, Lengths::of(first.length, second.length));
        let pair = Pair { score, evidence, copy, apart: are_instalments(first, second) };
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
