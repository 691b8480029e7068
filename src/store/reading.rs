//! Everything that is recorded, read at a start.
//!
//! ```text
//! walkers, one a core: pages -> rows, part after part ~ ~ bounded channels ~ ~> decoded in order -> Records
//! ```
//!
//! Most of the work is finding the pieces of sled's pages on disk and putting them together, and sled does that for
//! several walkers at a time. What is kept is made by one thread alone: memory that another thread asked for would not be
//! used again when the engine has taken out of it what it needs.

use super::record::RecordError;
use super::{SEQUENCE, Store, StoreError, kind, record};
use crate::engine::entry::Entry;
use crate::engine::features::Features;
use crate::engine::id::EntryId;
use crate::engine::update::Records;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// More than this wait for the one that decodes.
const WALKERS_MAX: usize = 4;
/// What is read, in this order: features after the entries that they are of.
const KINDS: [u8; 7] =
    [kind::FEED, kind::CARRIED, kind::ENTRY, kind::FEATURES, kind::CLUSTER, kind::ALIAS, kind::CORRECTION];
/// Parts of a kind, by the first byte of the ids: ids are hashes, so that parts are about alike.
const PARTS: usize = 256;
/// Parts of one walker that may wait to be decoded: enough that it need not wait, a few megabytes at the most.
const PARTS_WAITING: usize = 4;

/// The rows of a part, in the order of ids. In one piece: thousands of small ones, made by one thread and given back by
/// another, would have the two wait for each other.
#[derive(Default)]
struct Part {
    kind: u8,
    /// Of each row the id, and where its bytes end.
    rows: Vec<(u64, usize)>,
    bytes: Vec<u8>,
}

impl Store {
    /// Everything that is recorded.
    ///
    /// # Errors
    /// Where a record cannot be read.
    pub fn records(&self) -> Result<Records, StoreError> {
        let sequence = self.tree.get(SEQUENCE).map_err(|error| self.failed(error))?;
        let sequence = sequence.map(|bytes| self.decode(record::sequence(&bytes))).transpose()?;
        let mut reading = Reading::default();
        let walkers = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get).min(WALKERS_MAX);
        thread::scope(|scope| {
            let walk = |walker| {
                let (parts, walked) = sync_channel(PARTS_WAITING);
                scope.spawn(move || self.walk((walker..KINDS.len() * PARTS).step_by(walkers), &parts));
                walked
            };
            let walked: Vec<Receiver<sled::Result<Part>>> = (0..walkers).map(walk).collect();
            // A walker ends when it has sent its last part, so that the turn after that finds nothing.
            for part in walked.iter().cycle().map_while(|walked| walked.recv().ok()) {
                let part = part.map_err(|error| self.failed(error))?;
                for (id, bytes) in part.rows() {
                    if let Some(id) = self.decode(reading.take(part.kind, id, bytes))? {
                        reading.remake_features(id, &self.details(id)?.text);
                    }
                }
            }
            Ok(Records { sequence: sequence.unwrap_or_default(), ..reading.finish() })
        })
    }

    /// Reads some parts, until nobody takes them any more.
    fn walk(&self, parts: impl Iterator<Item = usize>, walked: &SyncSender<sled::Result<Part>>) {
        for part in parts {
            let first = u8::try_from(part % PARTS).expect("there are as many parts as values of a byte");
            if walked.send(self.part(KINDS[part / PARTS], first)).is_err() {
                return;
            }
        }
    }

    fn part(&self, kind: u8, first: u8) -> sled::Result<Part> {
        let mut part = Part { kind, ..Part::default() };
        for row in self.tree.scan_prefix([kind, first]) {
            let (key, bytes) = row?;
            part.bytes.extend_from_slice(&bytes);
            part.rows.push((key[1..].try_into().map_or(0, u64::from_be_bytes), part.bytes.len()));
        }
        Ok(part)
    }
}

impl Part {
    fn rows(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let begins = std::iter::once(0).chain(self.rows.iter().map(|(_, end)| *end));
        begins.zip(&self.rows).map(|(begin, (id, end))| (*id, &self.bytes[begin..*end]))
    }
}

/// The records so far.
#[derive(Default)]
struct Reading {
    /// Until all of them are there: a map is made fastest, and smallest, at once.
    entries: Vec<(EntryId, Entry)>,
    records: Records,
}

impl Reading {
    /// Decodes a row; gives the entry whose features have to be made again, for an earlier program made them.
    fn take(&mut self, kind: u8, id: u64, bytes: &[u8]) -> Result<Option<EntryId>, RecordError> {
        let records = &mut self.records;
        match kind {
            kind::FEED => records.feeds.push(record::feed(id, bytes)?),
            kind::CARRIED => records.carried.push(record::carried(id, bytes)?),
            kind::ENTRY => self.entries.push((EntryId(id), record::entry(id, bytes)?)),
            kind::FEATURES => {
                self.settle_entries();
                match record::features(id, bytes)? {
                    (id, Some(features)) => self.records.features.push((id, features)),
                    (id, None) => return Ok(Some(id)),
                }
            }
            kind::CLUSTER => records.clusters.push(record::cluster(id, bytes)?),
            kind::ALIAS => records.aliases.push(record::alias(id, bytes)?),
            kind::CORRECTION => records.corrections.push(record::correction(id, bytes)?),
            _ => {}
        }
        Ok(None)
    }

    /// All entries are there. To be done before much else is, for their map needs as much memory again while it is made.
    fn settle_entries(&mut self) {
        if !self.entries.is_empty() {
            self.records.entries = std::mem::take(&mut self.entries).into_iter().collect();
        }
    }

    fn remake_features(&mut self, id: EntryId, text: &str) {
        if let Some(entry) = self.records.entries.get(&id) {
            let features = Features::of(&entry.title, text, entry.language.as_deref());
            self.records.features.push((id, features));
        }
    }

    fn finish(mut self) -> Records {
        self.settle_entries();
        self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::entry::Details;
    use crate::engine::evidence::Decision;
    use crate::engine::id::{ClusterId, FeedId};
    use crate::engine::time::Timestamp;
    use crate::engine::update::Update;
    use crate::store::key;

    fn entry(id: u64) -> Entry {
        Entry {
            id: EntryId(id),
            feed: FeedId(1),
            title: "Ferry runs aground off Tarvel".to_owned(),
            link: None,
            publisher: "a.example".into(),
            language: Some("en".to_owned()),
            published: None,
            first_seen: Timestamp::from_millis(1_000),
            initial: false,
            left: None,
            version: 1,
            cluster: ClusterId(3),
            sequence: 4,
            decision: Decision::Alone,
            spoke: Vec::new(),
        }
    }

    /// A store with entries all over the ids, the first and the last included.
    fn store(folder: &tempfile::TempDir) -> (Store, Vec<Entry>) {
        let entries: Vec<Entry> = (0..2_000_u64).map(|n| entry(n * (u64::MAX / 1_999))).collect();
        let text = "Rescue boats took all passengers to the harbor.";
        let details = |entry: &Entry| (entry.id, Details { text: text.to_owned(), ..Details::default() });
        let features = |entry: &Entry| (entry.id, Features::of(&entry.title, text, Some("en")));
        let update = Update {
            sequence: 7,
            details: entries.iter().map(details).collect(),
            features: entries.iter().map(features).collect(),
            entries: entries.clone(),
            aliases: vec![(ClusterId(0), ClusterId(3)), (ClusterId(u64::MAX), ClusterId(3))],
            ..Update::default()
        };
        let store = Store::open(folder.path()).unwrap();
        store.commit(&[update]).unwrap();
        (store, entries)
    }

    #[test]
    fn all_is_read_in_the_order_of_ids() {
        let folder = tempfile::tempdir().unwrap();
        let (store, entries) = store(&folder);
        let records = store.records().unwrap();
        assert!(records.entries.into_values().eq(entries.iter().cloned()));
        assert!(records.features.iter().map(|(id, _)| *id).eq(entries.iter().map(|entry| entry.id)));
        assert_eq!(records.aliases.len(), 2);
        assert_eq!(records.sequence, 7);
    }

    #[test]
    fn features_of_an_earlier_program_are_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (store, entries) = store(&folder);
        let before = store.records().unwrap();
        let written = [0x01, 0xb7, 0xfb, 0xef, 0x6e, 0x01, 0x4d, 0x01, 0x02, 0x08, 0x02];
        store.tree.insert(key(kind::FEATURES, entries[1_000].id.0), &written).unwrap();
        store.tree.insert(key(kind::FEATURES, 12), &written).unwrap();
        assert_eq!(store.records().unwrap(), before);
    }

    #[test]
    fn damage_ends_it_wherever_it_is() {
        for place in [0, 1_000, 1_999] {
            let folder = tempfile::tempdir().unwrap();
            let (store, entries) = store(&folder);
            store.tree.insert(key(kind::ENTRY, entries[place].id.0), b"damage").unwrap();
            assert!(matches!(store.records(), Err(StoreError::Record(_, RecordError::Damaged))), "{place}");
        }
    }
}
