//! The live entries, found by term and date.
//!
//! The holders of a term stand in the order of the entries' own dates, so candidates come from the time around an entry,
//! whatever the order of arrival. All of it is a function of the set of live entries: nothing here remembers how the set
//! came about, rarities included. Slots and numbers of terms do, so no order depends on them.

mod census;
mod mention;
mod rarity;
mod search;
mod terms;
mod timeline;

pub use mention::{COUNTS, Mention, TermId};
pub use rarity::{RARITY_ONE, Rarities};
pub use search::{Reach, Tally};
pub use timeline::Timeline;

use super::features::{Features, Length};
use super::headline::Series;
use super::id::{ClusterId, EntryId};
use super::time::Timestamp;
use census::Census;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::num::NonZeroU64;
use terms::Terms;

/// Place of a live entry in the index. Reused after removal, so no order may depend on it.
pub type Slot = u32;

/// Terms of an entry that are looked at. [`Features`] have fewer; records of another program might not.
pub const MENTIONS_MAX: usize = 128;

const HASHER: FixedState = FixedState::with_seed(0);

/// An entry as it goes live.
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
    /// Hash of who stands behind it; none where nobody says.
    pub publisher: Option<NonZeroU64>,
}

/// A live entry as the index holds it: small, for there are hundreds of thousands.
#[derive(Clone, Debug)]
pub struct Held {
    /// Whose.
    pub id: EntryId,
    /// Its own date, clamped.
    pub date: Timestamp,
    /// The cluster it is in.
    pub cluster: ClusterId,
    /// Fingerprint of the title's letters and digits.
    pub title: u64,
    /// Its terms, in the order of their hashes.
    pub mentions: Box<[Mention]>,
    /// How much text there was.
    pub length: Length,
    /// What its title has in common with other instalments of a series.
    pub series: Series,
    /// It is about no single event.
    pub vague: bool,
    /// Hash of who stands behind it; none where nobody says.
    pub publisher: Option<NonZeroU64>,
}

/// What timelines are ordered by.
type When = (Timestamp, EntryId);

/// Live entries by slot, by id and by term.
#[derive(Debug, Default)]
pub struct Index {
    slots: Vec<Option<Held>>,
    /// Dates and ids by slot, once more and side by side: timelines ask for them all the time.
    whens: Vec<When>,
    /// None is later; of those that are gone, one may have been. What comes in order need not be compared.
    latest: Option<When>,
    free: Vec<Slot>,
    by_id: HashTable<Slot>,
    terms: Terms,
    /// Live entries that say something.
    telling: Census,
}

impl Index {
    /// Number of live entries.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// All slots in use, by date, then by id.
    #[must_use]
    pub fn by_date(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.by_id.iter().copied().collect();
        slots.sort_unstable_by_key(|slot| self.when(*slot));
        slots
    }

    /// The entry in a slot; `None` for a free one.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Held> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Has the memory of some entries fetched, all at a time, before they are looked at one after another: among 100,000
    /// entries a decision takes a tenth less, and a third less where other programs use the machine's caches.
    pub fn warm(&self, slots: &[Slot]) {
        let held = slots.iter().filter_map(|slot| self.get(*slot));
        let ends = held
            .map(|held| held.mentions.first().map_or(0, |m| m.term()) ^ held.mentions.last().map_or(0, |m| m.term()));
        std::hint::black_box(ends.fold(0, |all, end| all ^ end));
    }

    /// An entry as it went live, but for counts that no weight tells apart.
    #[must_use]
    pub fn live(&self, slot: Slot) -> Option<Live> {
        let held = self.get(slot)?;
        let terms = held.mentions.iter().map(|mention| mention.of(self.terms.hash(mention.term()))).collect();
        let Held { id, date, cluster, title, length, series, vague, publisher, .. } = *held;
        Some(Live { id, date, features: Features { terms, title, length, series, vague }, cluster, publisher })
    }

    /// Slot of an entry.
    #[must_use]
    pub fn slot(&self, id: EntryId) -> Option<Slot> {
        let is_it = |slot: &Slot| self.get(*slot).is_some_and(|held| held.id == id);
        self.by_id.find(HASHER.hash_one(id), is_it).copied()
    }

    /// Date and id of the entry in a slot in use.
    #[inline]
    #[must_use]
    pub fn when(&self, slot: Slot) -> When {
        self.whens[slot as usize]
    }

    /// Notes the cluster an entry is in now.
    pub fn set_cluster(&mut self, slot: Slot, cluster: ClusterId) {
        if let Some(Some(held)) = self.slots.get_mut(slot as usize) {
            held.cluster = cluster;
        }
    }

    /// Makes room for more entries.
    pub fn reserve(&mut self, more: usize) {
        self.slots.reserve_exact(more.saturating_sub(self.free.len()));
        self.whens.reserve_exact(more.saturating_sub(self.free.len()));
        self.by_id.reserve(more, |slot| hash_of(self.whens[*slot as usize]));
    }

    /// Takes an entry in. One with the same id is replaced.
    pub fn insert(&mut self, live: Live) -> Slot {
        self.remove(live.id);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.whens.push((Timestamp::EPOCH, EntryId(0)));
            Slot::try_from(self.slots.len() - 1).unwrap_or(Slot::MAX)
        });
        let Live { id, date, features, cluster, publisher } = live;
        let Features { title, length, series, vague, .. } = features;
        let terms = features.terms.iter().take(MENTIONS_MAX);
        let mut mentions = Vec::with_capacity(terms.len());
        mentions.extend(terms.filter_map(|term| Some(Mention::new(self.terms.number(term.hash)?, *term))));
        let mentions = mentions.into_boxed_slice();
        if !vague {
            self.telling.add(publisher);
        }
        self.terms.warm(mentions.iter().map(|mention| mention.term()));
        let (whens, own) = (&mut self.whens, (date, id));
        whens[slot as usize] = own;
        let is_latest = self.latest < Some(own);
        self.latest = self.latest.max(Some(own));
        for mention in &mentions {
            self.terms.hold(mention.term(), slot, |other| is_latest || whens[other as usize] < own);
        }
        self.slots[slot as usize] = Some(Held { id, date, cluster, title, mentions, length, series, vague, publisher });
        self.by_id.insert_unique(HASHER.hash_one(id), slot, |slot| hash_of(self.whens[*slot as usize]));
        slot
    }

    /// Drops an entry.
    pub fn remove(&mut self, id: EntryId) {
        let Some(slot) = self.slot(id) else { return };
        if let Ok(found) = self.by_id.find_entry(HASHER.hash_one(id), |other| *other == slot) {
            found.remove();
        }
        let Some(held) = self.slots[slot as usize].take() else { return };
        if !held.vague {
            self.telling.remove(held.publisher);
        }
        self.terms.warm(held.mentions.iter().map(|mention| mention.term()));
        for mention in &held.mentions {
            self.terms.release(mention.term(), slot, |other| self.whens[other as usize] < (held.date, id));
        }
        self.free.push(slot);
    }

    /// How rare terms are now.
    #[must_use]
    pub fn rarities(&self) -> Rarities<'_> {
        Rarities::new(self.terms.counts(), self.telling.counted())
    }

    /// The hash of a term of a live entry.
    #[must_use]
    pub fn hash(&self, term: TermId) -> u32 {
        self.terms.hash(term)
    }
}

fn hash_of((_, id): When) -> u64 {
    HASHER.hash_one(id)
}

#[cfg(test)]
impl Index {
    /// Terms by hash, and how many hold each.
    pub(super) fn holders(&self) -> std::collections::BTreeMap<u32, usize> {
        self.terms.all().map(|(hash, holders)| (hash, holders.len())).collect()
    }
}
