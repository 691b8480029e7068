//! Candidates: the live entries that share weighty terms with one and are near it in time.

use super::mention::TermId;
use super::{Index, Slot};
use crate::engine::id::EntryId;
use std::cmp::Reverse;

/// Terms of an entry that look for candidates, the weightiest first.
const SEARCH_TERMS: usize = 12;
/// Holders read for one term, the nearest in time.
const SEARCH_HOLDERS: usize = 48;
/// Bits of a term's weight that do not matter here.
const WEIGHT_SHIFT: u32 = 6;

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// To either side of the entry's own date.
    pub window_ms: i64,
    /// Holders of terms that are read: what the weightiest terms leave is for the others.
    pub steps: usize,
    /// Entries found.
    pub max: usize,
}

/// What was counted in one search; kept for the next, for its memory.
#[derive(Debug, Default)]
pub struct Tally {
    /// By slot; all zero between searches.
    scores: Vec<u32>,
    /// Slots with a score.
    seen: Vec<Slot>,
    scored: Vec<(u32, Slot)>,
}

impl Tally {
    fn add(&mut self, slot: Slot, score: u32) {
        let Some(sum) = self.scores.get_mut(slot as usize) else { return };
        if *sum == 0 {
            self.seen.push(slot);
        }
        *sum += score;
    }

    /// The `max` best scores and the next, each with its slot, and all that equal that. Forgets everything.
    fn take_best(&mut self, max: usize) -> &[(u32, Slot)] {
        let Self { scores, seen, scored } = self;
        scored.clear();
        scored.extend(seen.drain(..).map(|slot| (std::mem::take(&mut scores[slot as usize]), slot)));
        if scored.len() > max {
            let least = scored.select_nth_unstable_by_key(max, |(score, _)| Reverse(*score)).1.0;
            scored.retain(|(score, _)| *score >= least);
        }
        scored
    }
}

impl Index {
    /// Entries that share weighty terms with one, best first. `terms` are its own, each with its weight, in the order of its
    /// features.
    pub fn search(
        &self,
        slot: Slot,
        terms: impl Iterator<Item = (TermId, u64)>,
        reach: Reach,
        tally: &mut Tally,
    ) -> Vec<Slot> {
        let Some(date_ms) = self.get(slot).map(|held| held.date.millis()) else { return Vec::new() };
        tally.scores.resize(self.slots.len(), 0);
        // Of equal weights, the smaller hash: that is the order they come in.
        let mut terms: Vec<(Reverse<u64>, usize, TermId)> =
            terms.enumerate().map(|(place, (term, weight))| (Reverse(weight), place, term)).collect();
        terms.sort_unstable();
        self.terms.warm(terms.iter().take(SEARCH_TERMS).map(|(.., term)| *term));
        let mut steps = 0;
        for (Reverse(weight), _, term) in terms.into_iter().take(SEARCH_TERMS) {
            steps += (self.terms.counts()[term as usize].holders() as usize).min(SEARCH_HOLDERS);
            if steps > reach.steps {
                break;
            }
            let weight = u32::try_from(weight >> WEIGHT_SHIFT).unwrap_or(u32::MAX).min(1 << 13);
            let (from, to) = self.nearest(term, date_ms, reach.window_ms);
            for other in self.terms.holders(term).range(from, to) {
                tally.add(other, weight * weight);
            }
        }
        self.best(slot, date_ms, reach.max, tally)
    }

    /// Where in a term's timeline the holders within the window stand, or as many as a search reads around the date.
    fn nearest(&self, term: TermId, date_ms: i64, window_ms: i64) -> (usize, usize) {
        let holders = self.terms.holders(term);
        let date = |slot: Slot| self.when(slot).0.millis();
        let (first, last) = (date_ms.saturating_sub(window_ms), date_ms.saturating_add(window_ms));
        let from = holders.place(|slot| date(slot) < first);
        let to = holders.place(|slot| date(slot) <= last);
        if to - from <= SEARCH_HOLDERS {
            return (from, to);
        }
        let middle = holders.place(|slot| date(slot) < date_ms);
        let start = middle.saturating_sub(SEARCH_HOLDERS / 2).clamp(from, to - SEARCH_HOLDERS);
        (start, start + SEARCH_HOLDERS)
    }

    /// The best-scored entries; of equals the nearest in time, then the smallest id.
    fn best(&self, slot: Slot, date_ms: i64, max: usize, tally: &mut Tally) -> Vec<Slot> {
        let scored = tally.take_best(max).iter().filter(|(_, other)| *other != slot);
        let with_gap = |(score, other): &(u32, Slot)| {
            let (date, id) = self.when(*other);
            (Reverse(*score), date.millis().abs_diff(date_ms), id, *other)
        };
        let mut ranked: Vec<(Reverse<u32>, u64, EntryId, Slot)> = scored.map(with_gap).collect();
        ranked.sort_unstable();
        ranked.truncate(max);
        ranked.into_iter().map(|(.., slot)| slot).collect()
    }
}
