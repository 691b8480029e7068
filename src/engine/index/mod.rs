//! The live entries, found by term and date.
//!
//! The holders of a term stand in the order of the entries' own dates, so candidates come from the time around an entry,
//! whatever the order of arrival. All of it is a function of the set of live entries: nothing here remembers how the set
//! came about, rarities included. Slots and numbers of terms do, so no order depends on them.

mod mention;
mod rarity;
mod search;
mod terms;
mod timeline;

pub use mention::{COUNTS, Mention, TermId};
pub use rarity::{RARITY_ONE, Rarities};
pub use search::Tally;
pub use timeline::Timeline;

use super::features::{Features, Length};
use super::headline::Series;
use super::id::{ClusterId, EntryId};
use super::time::Timestamp;
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

/// Live entries by slot, by id and by term.
#[derive(Debug, Default)]
pub struct Index {
    slots: Vec<Option<Held>>,
    free: Vec<Slot>,
    by_id: HashTable<Slot>,
    terms: Terms,
    /// Live entries that say something: those that rarities are counted over.
    telling: usize,
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
        slots.sort_unstable_by_key(|slot| when(&self.slots, *slot));
        slots
    }

    /// The entry in a slot; `None` for a free one.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Held> {
        self.slots.get(slot as usize)?.as_ref()
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

    /// Date and id of an entry: what timelines are ordered by.
    #[must_use]
    pub fn when(&self, slot: Slot) -> Option<(Timestamp, EntryId)> {
        when(&self.slots, slot)
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
        let slots = &self.slots;
        self.by_id.reserve(more, |slot| hash_of(slots, *slot));
    }

    /// Takes an entry in. One with the same id is replaced.
    pub fn insert(&mut self, live: Live) -> Slot {
        self.remove(live.id);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            Slot::try_from(self.slots.len() - 1).unwrap_or(Slot::MAX)
        });
        let Live { id, date, features, cluster, publisher } = live;
        let Features { title, length, series, vague, .. } = features;
        let terms = features.terms.iter().take(MENTIONS_MAX);
        let mentions: Box<[Mention]> =
            terms.filter_map(|term| Some(Mention::new(self.terms.number(term.hash)?, *term))).collect();
        self.telling += usize::from(!vague);
        let slots = &self.slots;
        for mention in &mentions {
            self.terms.hold(mention.term(), slot, |other| when(slots, other) < Some((date, id)));
        }
        self.slots[slot as usize] = Some(Held { id, date, cluster, title, mentions, length, series, vague, publisher });
        let slots = &self.slots;
        self.by_id.insert_unique(HASHER.hash_one(id), slot, |slot| hash_of(slots, *slot));
        slot
    }

    /// Drops an entry.
    pub fn remove(&mut self, id: EntryId) {
        let Some(slot) = self.slot(id) else { return };
        let slots = &self.slots;
        if let Ok(found) = self.by_id.find_entry(HASHER.hash_one(id), |other| *other == slot) {
            found.remove();
        }
        let Some(Some(held)) = slots.get(slot as usize) else { return };
        self.telling -= usize::from(!held.vague);
        for mention in &held.mentions {
            self.terms.release(mention.term(), slot, |other| when(slots, other) < Some((held.date, id)));
        }
        self.slots[slot as usize] = None;
        self.free.push(slot);
    }

    /// How rare terms are now.
    #[must_use]
    pub fn rarities(&self) -> Rarities<'_> {
        Rarities::new(self.terms.counts(), self.telling)
    }

    /// The hash of a term of a live entry.
    #[must_use]
    pub fn hash(&self, term: TermId) -> u32 {
        self.terms.hash(term)
    }
}

fn when(slots: &[Option<Held>], slot: Slot) -> Option<(Timestamp, EntryId)> {
    let held = slots.get(slot as usize)?.as_ref()?;
    Some((held.date, held.id))
}

fn hash_of(slots: &[Option<Held>], slot: Slot) -> u64 {
    when(slots, slot).map_or(0, |(_, id)| HASHER.hash_one(id))
}

#[cfg(test)]
impl Index {
    /// Terms by hash, and how many hold each.
    pub(super) fn holders(&self) -> std::collections::BTreeMap<u32, usize> {
        self.terms.all().map(|(hash, holders)| (hash, holders.len())).collect()
    }
}
