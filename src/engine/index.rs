//! The live entries, found by term and date.
//!
//! Postings stand in the order of the entries' own dates, so candidates come from the time around an entry, whatever the
//! order of arrival. All of it is a function of the set of live entries: nothing here remembers how the set came about.

use super::features::{Features, Term};
use super::id::{ClusterId, EntryId};
use super::similarity::{Weighed, factor};
use super::time::Timestamp;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::time::Duration;

/// Place of a live entry in the index. Reused after removal, so no order may depend on it.
pub type Slot = u32;

/// Milliseconds in a posting's unit of time.
const MINUTE_MS: i64 = 60_000;
/// Entries a search starts with in mind, so that a young index does not take its few terms for rare or common ones.
const PRIOR_ENTRIES: f64 = 1500.0;
/// Entries every term is presumed to be in already.
const PRIOR_FREQUENCY: f64 = 1.0;
/// Fixed point of a rarity: 256 = 1 nat.
pub const RARITY_ONE: f64 = 256.0;
/// Terms of an entry that look for candidates, rarest first.
const SEARCH_TERMS: usize = 24;
/// Postings read for one term, the nearest in time.
const SEARCH_POSTINGS: usize = 400;

/// A live entry.
#[derive(Clone, Debug)]
pub struct Live {
    /// Whose.
    pub id: EntryId,
    /// Its own date, clamped.
    pub date: Timestamp,
    /// What it is compared by.
    pub features: Features,
    /// Registrable domain or alias group, if known.
    pub publisher: Option<u64>,
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
    postings: HashMap<u32, Vec<Posting>, FixedState>,
    /// Scores of the search under way, by slot; all zero between searches.
    scratch: Vec<u64>,
}

impl Index {
    /// Number of live entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The entry in a slot; `None` for a free one.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Live> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The entry in a slot that was handed out.
    ///
    /// # Panics
    /// Where its entry was removed meanwhile: a defect of the caller.
    #[must_use]
    pub fn live(&self, slot: Slot) -> &Live {
        self.get(slot).expect("a slot is taken until its entry is removed")
    }

    /// Mutable access to the cluster of an entry.
    pub fn set_cluster(&mut self, slot: Slot, cluster: ClusterId) {
        if let Some(Some(live)) = self.slots.get_mut(slot as usize) {
            live.cluster = cluster;
        }
    }

    /// Slot of an entry.
    #[must_use]
    pub fn slot(&self, id: EntryId) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    /// Takes an entry in. An id that is live already is replaced.
    pub fn insert(&mut self, live: Live) -> Slot {
        self.remove(live.id);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.scratch.push(0);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let posting = Posting { minute: minute(live.date.millis()), slot };
        for term in &live.features.terms {
            let list = self.postings.entry(term.hash).or_default();
            let at = list.partition_point(|p| precedes(&self.slots, *p, posting.minute, live.id));
            list.insert(at, posting);
        }
        self.by_id.insert(live.id, slot);
        self.slots[slot as usize] = Some(live);
        slot
    }

    /// Drops an entry.
    pub fn remove(&mut self, id: EntryId) -> Option<Live> {
        let slot = self.by_id.remove(&id)?;
        let live = self.slots.get(slot as usize)?.clone()?;
        let minute = minute(live.date.millis());
        for term in &live.features.terms {
            let Some(list) = self.postings.get_mut(&term.hash) else { continue };
            let at = list.partition_point(|p| precedes(&self.slots, *p, minute, id));
            if list.get(at).is_some_and(|p| p.slot == slot) {
                list.remove(at);
            }
            if list.is_empty() {
                self.postings.remove(&term.hash);
            }
        }
        self.slots[slot as usize] = None;
        self.free.push(slot);
        Some(live)
    }

    /// Rarity of a term among the live entries, `ln((N + prior) / (df + prior))` in 1/256.
    #[must_use]
    pub fn rarity(&self, hash: u32) -> u32 {
        let df = self.postings.get(&hash).map_or(0, Vec::len);
        rarity(df, self.len())
    }

    /// Up to `max` entries that share rare terms with the one in `of`, dated within `window` of it, best first.
    pub fn search(&mut self, of: Slot, weighed: &Weighed, window: Duration, max: usize) -> Vec<Slot> {
        let (date_ms, terms) = {
            let live = self.live(of);
            let weights = weighed.rarities.iter().map(|rarity| u64::from(*rarity));
            let terms = live.features.terms.iter().zip(weights).map(|(term, rarity)| (*term, rarity * factor(*term)));
            (live.date.millis(), terms.collect::<Vec<(Term, u64)>>())
        };
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        let mut rarest: Vec<&(Term, u64)> = terms.iter().collect();
        rarest.sort_by_key(|(term, weight)| (std::cmp::Reverse(*weight), term.hash));
        let mut found = Vec::new();
        for (term, weight) in rarest.into_iter().take(SEARCH_TERMS) {
            let Some(list) = self.postings.get(&term.hash) else { continue };
            for posting in nearest(list, date_ms, window_ms).iter().filter(|posting| posting.slot != of) {
                let score = &mut self.scratch[posting.slot as usize];
                if *score == 0 {
                    found.push(posting.slot);
                }
                *score += weight * weight;
            }
        }
        self.best(found, date_ms, max)
    }

    /// The best of `found` by their scratch scores, which are cleared.
    fn best(&mut self, found: Vec<Slot>, date_ms: i64, max: usize) -> Vec<Slot> {
        let mut scored: Vec<(u64, u64, EntryId, Slot)> = found
            .into_iter()
            .filter_map(|slot| {
                let score = std::mem::take(&mut self.scratch[slot as usize]);
                let live = self.get(slot)?;
                Some((u64::MAX - score, live.date.millis().abs_diff(date_ms), live.id, slot))
            })
            .collect();
        if scored.len() > max {
            scored.select_nth_unstable(max);
            scored.truncate(max);
        }
        scored.sort_unstable();
        scored.into_iter().map(|(.., slot)| slot).collect()
    }
}

/// `ln((n + prior) / (df + prior))` in 1/256: a term the live entries are full of weighs nothing.
fn rarity(df: usize, n: usize) -> u32 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let ratio = (n as f64 + PRIOR_ENTRIES) / (df as f64 + PRIOR_FREQUENCY);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ratio >= 1, so 0 to 256 * 40")]
    let fixed = libm::round(libm::log(ratio).max(0.0) * RARITY_ONE) as u32;
    fixed
}

fn nearest(list: &[Posting], date_ms: i64, window_ms: i64) -> &[Posting] {
    let from = list.partition_point(|p| p.minute < minute(date_ms.saturating_sub(window_ms)));
    let to = list.partition_point(|p| p.minute <= minute(date_ms.saturating_add(window_ms)));
    let list = &list[from..to];
    if list.len() <= SEARCH_POSTINGS {
        return list;
    }
    let middle = list.partition_point(|p| p.minute < minute(date_ms));
    let start = middle.saturating_sub(SEARCH_POSTINGS / 2).min(list.len() - SEARCH_POSTINGS);
    &list[start..start + SEARCH_POSTINGS]
}

fn precedes(slots: &[Option<Live>], posting: Posting, minute: i32, id: EntryId) -> bool {
    let own_id = || slots.get(posting.slot as usize).and_then(Option::as_ref).map(|live| live.id);
    posting.minute < minute || (posting.minute == minute && own_id() < Some(id))
}

/// Minutes since 1970; dates beyond 4,000 years are all the same to us.
fn minute(date_ms: i64) -> i32 {
    let minutes = date_ms.div_euclid(MINUTE_MS);
    i32::try_from(minutes).unwrap_or(if minutes < 0 { i32::MIN } else { i32::MAX })
}
