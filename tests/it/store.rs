//! The store on a real folder: what is committed is there after a new opening, records are what they were, damage is
//! found, and one process owns it.

use std::path::Path;
use storyfold::config::{Config, Environment};
use storyfold::engine::Engine;
use storyfold::engine::entry::Details;
use storyfold::engine::feed::Validators;
use storyfold::engine::fetched::{Body, FetchOutcome, Freshness};
use storyfold::engine::id::EntryId;
use storyfold::engine::ingest::digested;
use storyfold::engine::time::{Stamp, Timestamp};
use storyfold::engine::update::{Records, Update};
use storyfold::store::{Store, StoreError};

const CONFIG: &str = "[[feed]]\nurl = \"https://a.example/feed\"\n[[feed]]\nurl = \"https://b.example/feed\"\n";

/// Updates of two feeds that share an event, with everything a record can hold.
fn updates() -> Vec<Update> {
    let config = Config::parse(Path::new("f"), Path::new("/"), CONFIG, &Environment::default(), &|path| {
        std::fs::read_to_string(path)
    })
    .unwrap();
    let mut engine = Engine::restore(config.engine.clone(), Records::default());
    let at = Timestamp::from_secs(1_770_000_000);
    let mut updates = vec![engine.configure(Stamp { sequence: 1, at }, config.engine.clone(), config.feeds.clone())];
    for (place, spec) in config.feeds.iter().enumerate() {
        let xml =
            crate::cli::rss(&[("1", "Dam at Lower Fenwick holds after week of rain"), (&spec.written, &spec.written)]);
        let validators = Validators { etag: Some("\"v1\"".to_owned()), last_modified: None };
        let body = Body {
            bytes: xml.into_bytes().into(),
            content_type: None,
            final_url: None,
            is_delta: false,
            freshness: Freshness { validators, ..Freshness::default() },
        };
        let stamp = Stamp { sequence: place as u64 + 2, at };
        updates.push(engine.handle_fetched(stamp, digested(spec, FetchOutcome::Body(body).into())));
    }
    updates
}

#[test]
fn what_is_committed_is_there_after_a_new_opening() {
    let folder = tempfile::tempdir().unwrap();
    let updates = updates();
    let store = Store::open(folder.path()).unwrap();
    store.commit(&updates).unwrap();
    let before = store.records().unwrap();
    assert_eq!(before.sequence, 3);
    assert_eq!((before.feeds.len(), before.entries.len(), before.features.len()), (2, 4, 4));
    let entries: Vec<_> = updates.iter().flat_map(|update| &update.entries).collect();
    assert!(before.entries.values().all(|entry| entries.contains(&entry)));
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.records().unwrap(), before);
    let (id, details) = &updates[1].details[0];
    assert_eq!(store.details(*id).unwrap(), *details);
    assert_eq!(store.details(EntryId(0)).unwrap(), Details::default());
}

#[test]
fn what_expired_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.commit(&updates()).unwrap();
    let records = store.records().unwrap();
    let end = Update {
        sequence: 9,
        feeds_forgotten: records.feeds.iter().map(|feed| feed.id).collect(),
        entries_expired: records.entries.keys().copied().collect(),
        clusters_ended: records.clusters.iter().map(|cluster| cluster.id).collect(),
        ..Update::default()
    };
    store.commit(&[end]).unwrap();
    assert_eq!(store.records().unwrap(), Records { sequence: 9, ..Records::default() });
}

#[test]
fn one_process_owns_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Store::open(folder.path()).unwrap();
    let second = Store::open(folder.path());
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
}

#[test]
fn a_folder_that_cannot_be_made_is_told_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Store::open(&file.join("data")).unwrap_err().to_string();
    assert!(error.contains(file.to_str().unwrap()), "{error}");
}
