//! The live entries, found by term and date.
//!
//! Postings stand in the order of the entries' own dates, so candidates come from the time around an entry, whatever the
//! order of arrival. All of it is a function of the set of live entries: nothing here remembers how the set came about,
//! rarities included.

use super::features::Features;
use super::id::{ClusterId, EntryId};
use super::time::Timestamp;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::LazyLock;

/// Place of a live entry in the index. Reused after removal, so no order may depend on it.
pub type Slot = u32;

const MINUTE_MS: i64 = 60_000;
/// Entries presumed to be live already, so that a young index does not take its few terms for common ones.
const PRIOR_ENTRIES: usize = 1_500;
/// Entries every term is presumed to be in already.
const PRIOR_FREQUENCY: usize = 1;
/// Fixed point of the logarithms that rarities are made of.
const LOG_ONE: u32 = 65_536;
/// Logarithms of the counts below this are kept: nearly all that are asked for.
const LOGS_KEPT: usize = 8_192;

static LOGS: LazyLock<Vec<u32>> = LazyLock::new(|| (0..LOGS_KEPT).map(compute_logarithm).collect());
/// Entries presumed to be there when shares are counted: of three entries nothing is common.
const PRIOR_SHARED: usize = 60;
/// Share of those that a term is presumed to be in, in 1/1,024: about what a mature index counts on the mean, so that the
/// first entries do not meet by the words that all news has.
const PRIOR_SHARE: usize = 20;
/// Terms of an entry that look for candidates, the weightiest first.
const SEARCH_TERMS: usize = 24;
/// Postings read for one term, the nearest in time.
const SEARCH_POSTINGS: usize = 256;
/// Postings read in one search: what the weightiest terms leave is for the others.
const SEARCH_STEPS: usize = 2_500;

/// A live entry.
#[derive(Clone, Debug)]
pub struct Live {
    /// Whose.
    pub id: EntryId,
    /// Its own date, clamped.
    pub date: Timestamp,
    /// What it is compared by.
    pub features: Features,
    /// The cluster it is in.
    pub cluster: ClusterId,
}

#[derive(Clone, Copy, Debug)]
struct Posting {
    minute: i32,
    slot: Slot,
}

/// Live entries by slot, by id and by term.
#[derive(Debug, Default)]
pub struct Index {
    slots: Vec<Option<Live>>,
    free: Vec<Slot>,
    by_id: HashMap<EntryId, Slot, FixedState>,
    /// By term; each list by date, then by id.
    postings: HashMap<u32, Vec<Posting>, FixedState>,
}

impl Index {
    /// Fixed point of a rarity: 256 = 1 nat.
    pub const RARITY_ONE: u32 = 256;
    /// Fixed point of a share: 1,024 = all entries.
    pub const SHARE_ONE: u32 = 1_024;

    /// Number of live entries.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All slots in use, by date, then by id.
    #[must_use]
    pub fn by_date(&self) -> Vec<Slot> {
        let mut dated: Vec<_> =
            self.by_id.iter().filter_map(|(id, slot)| Some((self.get(*slot)?.date, *id, *slot))).collect();
        dated.sort_unstable();
        dated.into_iter().map(|(.., slot)| slot).collect()
    }

    /// The entry in a slot; `None` for a free one.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Live> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Slot of an entry.
    #[must_use]
    pub fn slot(&self, id: EntryId) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    /// Notes the cluster an entry is in now.
    pub fn set_cluster(&mut self, slot: Slot, cluster: ClusterId) {
        if let Some(Some(live)) = self.slots.get_mut(slot as usize) {
            live.cluster = cluster;
        }
    }

    /// Takes an entry in. One with the same id is replaced.
    pub fn insert(&mut self, live: Live) -> Slot {
        self.remove(live.id);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            Slot::try_from(self.slots.len() - 1).unwrap_or(Slot::MAX)
        });
        let posting = Posting { minute: minute(live.date.millis()), slot };
        for term in &live.features.terms {
            let list = self.postings.entry(term.hash).or_default();
            list.insert(place(&self.slots, list, posting.minute, live.id), posting);
        }
        self.by_id.insert(live.id, slot);
        self.slots[slot as usize] = Some(live);
        slot
    }

    /// Drops an entry.
    pub fn remove(&mut self, id: EntryId) -> Option<Live> {
        let slot = self.by_id.remove(&id)?;
        let minute = minute(self.get(slot)?.date.millis());
        let features = &self.slots.get(slot as usize)?.as_ref()?.features;
        for term in &features.terms {
            let Some(list) = self.postings.get_mut(&term.hash) else { continue };
            list.remove(place(&self.slots, list, minute, id));
            if list.is_empty() {
                self.postings.remove(&term.hash);
            }
        }
        self.free.push(slot);
        self.slots[slot as usize].take()
    }

    /// Rarity of a term among the live entries: `ln((entries + prior) / (entries with it + prior))`, in 1/256.
    #[must_use]
    pub fn rarity(&self, hash: u32) -> u32 {
        rarity(self.postings.get(&hash).map_or(0, Vec::len), self.by_id.len())
    }

    /// Rarity of a term, as [`Self::rarity`], and the share of the *other* live entries that have it, too, in 1/1,024.
    /// Made for the terms of live entries: one holder is taken to be the entry that asks.
    #[must_use]
    pub fn rarity_and_share(&self, hash: u32) -> (u32, u32) {
        let holders = self.postings.get(&hash).map_or(0, Vec::len);
        let counted = holders.saturating_sub(1) * Self::SHARE_ONE as usize + PRIOR_SHARED * PRIOR_SHARE;
        let share = counted / (self.by_id.len() + PRIOR_SHARED);
        (rarity(holders, self.by_id.len()), u32::try_from(share).unwrap_or(Self::SHARE_ONE))
    }

    /// Up to `max` entries that share weighty terms with one and are dated within `window_ms` of it, best first.
    /// `weights` go with the terms of its features.
    #[must_use]
    pub fn search(&self, live: &Live, weights: &[u64], window_ms: i64, max: usize) -> Vec<Slot> {
        let mut terms: Vec<(Reverse<u64>, u32)> =
            live.features.terms.iter().zip(weights).map(|(term, weight)| (Reverse(*weight), term.hash)).collect();
        terms.sort_unstable();
        let mut scores: HashMap<Slot, u64, FixedState> = HashMap::default();
        let mut steps = 0;
        for (Reverse(weight), hash) in terms.into_iter().take(SEARCH_TERMS) {
            let list = self.postings.get(&hash).map_or(&[][..], Vec::as_slice);
            steps += list.len().min(SEARCH_POSTINGS);
            if steps > SEARCH_STEPS {
                break;
            }
            for posting in nearest(list, live.date.millis(), window_ms) {
                *scores.entry(posting.slot).or_default() += weight * weight;
            }
        }
        self.best(scores, live, max)
    }

    /// The best-scored entries; of equals the nearest in time, then the smallest id.
    fn best(&self, scores: HashMap<Slot, u64, FixedState>, live: &Live, max: usize) -> Vec<Slot> {
        // Most are far behind: only those that may be among the best are looked at.
        let mut order: Vec<u64> = scores.values().copied().collect();
        let floor = if order.len() > max { *order.select_nth_unstable_by(max, |a, b| b.cmp(a)).1 } else { 0 };
        let mut ranked: Vec<(Reverse<u64>, u64, EntryId, Slot)> = scores
            .into_iter()
            .filter(|(_, score)| *score >= floor)
            .filter_map(|(slot, score)| {
                let other = self.get(slot).filter(|other| other.id != live.id)?;
                Some((Reverse(score), other.date.millis().abs_diff(live.date.millis()), other.id, slot))
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

/// `ln((entries + prior) / (frequency + prior))`, in 1/256.
fn rarity(frequency: usize, entries: usize) -> u32 {
    logarithm(entries + PRIOR_ENTRIES)
        .saturating_sub(logarithm(frequency + PRIOR_FREQUENCY))
        .div_ceil(LOG_ONE / Index::RARITY_ONE)
}

/// `ln(count)` in 1/65,536, from the table where it is.
fn logarithm(count: usize) -> u32 {
    LOGS.get(count).copied().unwrap_or_else(|| compute_logarithm(count))
}

fn compute_logarithm(count: usize) -> u32 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let log = libm::log(count.max(1) as f64) * f64::from(LOG_ONE);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 44 * 65,536")]
    let fixed = libm::round(log) as u32;
    fixed
}

/// Where an entry stands, or would stand, in a list by date and id.
fn place(slots: &[Option<Live>], list: &[Posting], minute: i32, id: EntryId) -> usize {
    let id_in = |slot: Slot| slots.get(slot as usize).and_then(Option::as_ref).map(|live| live.id);
    list.partition_point(|p| p.minute < minute || (p.minute == minute && id_in(p.slot) < Some(id)))
}

fn within<'a>(list: &'a [Posting], minutes: &Range<i32>) -> &'a [Posting] {
    let from = list.partition_point(|p| p.minute < minutes.start);
    let to = list.partition_point(|p| p.minute < minutes.end);
    &list[from..to]
}

/// The postings within the window, or as many as a search reads around the date.
fn nearest(list: &[Posting], date_ms: i64, window_ms: i64) -> &[Posting] {
    let minutes =
        minute(date_ms.saturating_sub(window_ms))..minute(date_ms.saturating_add(window_ms)).saturating_add(1);
    let list = within(list, &minutes);
    if list.len() <= SEARCH_POSTINGS {
        return list;
    }
    let middle = list.partition_point(|p| p.minute < minute(date_ms));
    let start = middle.saturating_sub(SEARCH_POSTINGS / 2).min(list.len() - SEARCH_POSTINGS);
    &list[start..start + SEARCH_POSTINGS]
}

/// Minutes since 1970; dates more than 4,000 years away are all the same.
fn minute(date_ms: i64) -> i32 {
    let minutes = date_ms.div_euclid(MINUTE_MS);
    i32::try_from(minutes).unwrap_or(if minutes < 0 { i32::MIN } else { i32::MAX })
}
