//! Candidates: the live entries that share weighty terms with one and are near it in time.

use super::mention::TermId;
use super::{Index, Slot};
use crate::engine::id::EntryId;
use std::cmp::Reverse;

/// Terms of an entry that look for candidates, the weightiest first.
const SEARCH_TERMS: usize = 24;
/// Holders read for one term, the nearest in time.
const SEARCH_HOLDERS: usize = 128;
/// Holders read in one search: what the weightiest terms leave is for the others.
const SEARCH_STEPS: usize = 1_000;
/// Bits of a term's weight that do not matter here.
const WEIGHT_SHIFT: u32 = 6;

/// What was counted in one search; kept for the next, for its memory.
#[derive(Debug, Default)]
pub struct Tally {
    /// By slot; all zero between searches.
    scores: Vec<u32>,
    /// Slots with a score.
    seen: Vec<Slot>,
    order: Vec<u32>,
}

impl Tally {
    fn add(&mut self, slot: Slot, score: u32) {
        let Some(sum) = self.scores.get_mut(slot as usize) else { return };
        if *sum == 0 {
            self.seen.push(slot);
        }
        *sum += score;
    }

    /// The least score that may be among the `max` best; most are far behind.
    fn floor(&mut self, max: usize) -> u32 {
        if self.seen.len() <= max {
            return 0;
        }
        self.order.clear();
        self.order.extend(self.seen.iter().map(|slot| self.scores[*slot as usize]));
        *self.order.select_nth_unstable_by(max, |a, b| b.cmp(a)).1
    }

    fn clear(&mut self) {
        for slot in self.seen.drain(..) {
            self.scores[slot as usize] = 0;
        }
    }
}

impl Index {
    /// Up to `max` entries that share weighty terms with one and are dated within `window_ms` of it, best first.
    /// `terms` are its own, each with its weight, in the order of its features.
    pub fn search(
        &self,
        slot: Slot,
        terms: impl Iterator<Item = (TermId, u64)>,
        window_ms: i64,
        max: usize,
        tally: &mut Tally,
    ) -> Vec<Slot> {
        let Some(date_ms) = self.get(slot).map(|held| held.date.millis()) else { return Vec::new() };
        tally.scores.resize(self.slots.len(), 0);
        // Of equal weights, the smaller hash: that is the order they come in.
        let mut terms: Vec<(Reverse<u64>, usize, TermId)> =
            terms.enumerate().map(|(place, (term, weight))| (Reverse(weight), place, term)).collect();
        terms.sort_unstable();
        let mut steps = 0;
        for (Reverse(weight), _, term) in terms.into_iter().take(SEARCH_TERMS) {
            steps += (self.terms.counts()[term as usize].holders() as usize).min(SEARCH_HOLDERS);
            if steps > SEARCH_STEPS {
                break;
            }
            let weight = u32::try_from(weight >> WEIGHT_SHIFT).unwrap_or(u32::MAX).min(1 << 13);
            let (from, to) = self.nearest(term, date_ms, window_ms);
            for other in self.terms.holders(term).range(from, to) {
                tally.add(other, weight * weight);
            }
        }
        let best = self.best(slot, date_ms, max, tally);
        tally.clear();
        best
    }

    /// Where in a term's timeline the holders within the window stand, or as many as a search reads around the date.
    fn nearest(&self, term: TermId, date_ms: i64, window_ms: i64) -> (usize, usize) {
        let holders = self.terms.holders(term);
        let date = |slot: Slot| self.get(slot).map_or(i64::MIN, |held| held.date.millis());
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
        let floor = tally.floor(max);
        let mut ranked: Vec<(Reverse<u32>, u64, EntryId, Slot)> = tally
            .seen
            .iter()
            .filter(|other| tally.scores[**other as usize] >= floor && **other != slot)
            .filter_map(|other| {
                let held = self.get(*other)?;
                let gap = held.date.millis().abs_diff(date_ms);
                Some((Reverse(tally.scores[*other as usize]), gap, held.id, *other))
            })
            .collect();
        if ranked.len() > max {
            ranked.select_nth_unstable(max);
            ranked.truncate(max);
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(.., slot)| slot).collect()
    }
}
