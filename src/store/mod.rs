//! The store: records what the engine says, gives it back at a start. It computes no policy. The only room that speaks
//! of `sled`.
//!
//! Promises: an [`Update`] is recorded whole or not at all; when [`Store::commit`] returns, it is on disk. All records
//! live in one sled tree, so that one batch, which sled applies atomically, carries a whole update; the first byte of a
//! key says what the record is.

mod reading;
mod record;

use crate::engine::entry::Details;
use crate::engine::id::EntryId;
use crate::engine::update::Update;
use std::path::{Path, PathBuf};

/// The folder inside the data folder.
const FOLDER: &str = "store";
/// Bytes of sled's page cache. Its resident size is up to 2.7 times this; the default of 1 GiB is not for small servers.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// Records that are applied at a time, or more, since an update is not cut. sled keeps every page that a batch replaces until
/// the batch has ended.
const BATCH_RECORDS: usize = 512;

/// A record's kind: the first byte of its key. Never renumber.
mod kind {
    pub const META: u8 = 0;
    pub const FEED: u8 = 1;
    pub const CARRIED: u8 = 2;
    pub const ENTRY: u8 = 3;
    pub const DETAILS: u8 = 4;
    pub const FEATURES: u8 = 5;
    pub const CLUSTER: u8 = 6;
    pub const ALIAS: u8 = 7;
    pub const CORRECTION: u8 = 8;
}

/// The key of the one record that says how far the log of inputs is recorded.
const SEQUENCE: [u8; 2] = [kind::META, 0];

/// What can go wrong with the store. All of it is fatal to a daemon: it logs, exits, and is started again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the folder.
    #[error("{} is in use by another storyfold; stop it, or ask it (commands do so by themselves)", .0.display())]
    InUse(PathBuf),
    /// The folder cannot be made or opened.
    #[error("the data folder {} cannot be opened: {}", .0.display(), .1)]
    Open(PathBuf, std::io::Error),
    /// Anything sled reports: a full disk, a failing one, damage.
    #[error("the store in {} failed: {}; check the disk's space and health", .0.display(), .1)]
    Sled(PathBuf, sled::Error),
    /// A record that is not what was written, or is of a newer program.
    #[error("a record in {} cannot be read: {}", .0.display(), .1)]
    Record(PathBuf, record::RecordError),
}

/// The open store; one process has it at a time.
#[derive(Clone, Debug)]
pub struct Store {
    tree: sled::Db,
    folder: PathBuf,
}

impl Store {
    /// Opens the store in the data folder, which is made where it is missing.
    ///
    /// # Errors
    /// Where another process has it, or the disk refuses.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let folder = data_dir.join(FOLDER);
        make_private(data_dir).map_err(|error| StoreError::Open(data_dir.to_owned(), error))?;
        let config = sled::Config::new().path(&folder).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        match config.open() {
            Ok(tree) => Ok(Self { tree, folder }),
            Err(sled::Error::Io(error)) if is_lock(&error) => Err(StoreError::InUse(folder)),
            Err(error) => Err(StoreError::Sled(folder, error)),
        }
    }

    /// What an entry says at length; nothing where there is none.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub fn details(&self, id: EntryId) -> Result<Details, StoreError> {
        let found = self.tree.get(key(kind::DETAILS, id.0)).map_err(|error| self.failed(error))?;
        found.map_or_else(|| Ok(Details::default()), |bytes| self.decode(record::details(&bytes)))
    }

    /// Records updates, in their order, each whole or not at all, some of them together; on disk when this returns.
    ///
    /// # Errors
    /// Where the disk refuses. Nothing of the failed update is visible then.
    pub fn commit(&self, updates: &[Update]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for update in updates {
            batch.add(update);
            if batch.size >= BATCH_RECORDS {
                self.apply(std::mem::take(&mut batch))?;
            }
        }
        self.apply(batch)
    }

    /// Applies a batch and waits until it is on disk: what is applied faster than that piles up in memory.
    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.tree.apply_batch(batch.records).map_err(|error| self.failed(error))?;
        // Not `flush_async`, which can deadlock under concurrency in 0.34 (https://github.com/spacejam/sled/issues/1308).
        self.tree.flush().map_err(|error| self.failed(error))?;
        Ok(())
    }

    fn decode<T>(&self, read: Result<T, record::RecordError>) -> Result<T, StoreError> {
        read.map_err(|error| StoreError::Record(self.folder.clone(), error))
    }

    fn failed(&self, error: sled::Error) -> StoreError {
        StoreError::Sled(self.folder.clone(), error)
    }
}

fn key(kind: u8, id: u64) -> [u8; 9] {
    let mut key = [kind; 9];
    key[1..].copy_from_slice(&id.to_be_bytes());
    key
}

/// Updates on their way into one batch, which sled applies atomically. What a later one says of a record replaces what an
/// earlier one said, so that a round of answers without news costs a record a feed.
#[derive(Default)]
struct Batch {
    records: sled::Batch,
    size: usize,
}

impl Batch {
    fn put(&mut self, kind: u8, id: u64, bytes: Vec<u8>) {
        self.records.insert(&key(kind, id), bytes);
        self.size += 1;
    }

    fn remove(&mut self, kind: u8, id: u64) {
        self.records.remove(&key(kind, id));
        self.size += 1;
    }

    fn add(&mut self, update: &Update) {
        let Update { feeds, carried, entries, details, features, clusters, aliases, corrections, .. } = update;
        for feed in feeds {
            self.put(kind::FEED, feed.id.0, record::put_feed(feed));
        }
        for (feed, ids) in carried {
            self.put(kind::CARRIED, feed.0, record::put_carried(ids));
        }
        for entry in entries {
            self.put(kind::ENTRY, entry.id.0, record::put_entry(entry));
        }
        for (id, details) in details {
            self.put(kind::DETAILS, id.0, record::put_details(details));
        }
        for (id, features) in features {
            self.put(kind::FEATURES, id.0, record::put_features(features));
        }
        for cluster in clusters {
            self.put(kind::CLUSTER, cluster.id.0, record::put_cluster(cluster));
        }
        for (from, to) in aliases {
            self.put(kind::ALIAS, from.0, record::put_alias(*to));
        }
        for made in corrections {
            self.put(kind::CORRECTION, made.number.into(), record::put_correction(made));
        }
        for id in &update.entries_expired {
            for kind in [kind::ENTRY, kind::DETAILS, kind::FEATURES] {
                self.remove(kind, id.0);
            }
        }
        for id in &update.feeds_forgotten {
            for kind in [kind::FEED, kind::CARRIED] {
                self.remove(kind, id.0);
            }
        }
        for id in &update.clusters_ended {
            self.remove(kind::CLUSTER, id.0);
        }
        for id in &update.aliases_ended {
            self.remove(kind::ALIAS, id.0);
        }
        for number in &update.corrections_undone {
            self.remove(kind::CORRECTION, u64::from(*number));
        }
        self.records.insert(&SEQUENCE, record::put_sequence(update.sequence));
    }
}

/// Makes the data folder, readable by its owner only: it holds what somebody reads.
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// sled reports a lock held by another process as an error of kind `Other` around the system's `WouldBlock`.
fn is_lock(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::WouldBlock || error.to_string().contains("could not acquire lock")
}
