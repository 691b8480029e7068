//! The shape on disk. A record is a version byte, four bytes of checksum (the low half of XXH3 over the rest), and the
//! value in postcard's format (<https://postcard.jamesmunns.com/wire-format>). Golden bytes in the tests hold it still.

mod cluster;
mod details;
mod entry;
mod feed;

pub(super) use cluster::{cluster, correction, put_cluster, put_correction};
pub(super) use details::{details, put_details};
pub(super) use entry::{entry, put_entry};
pub(super) use feed::{feed, put_feed};

use crate::engine::features::{Features, Length, Term};
use crate::engine::headline::Series;
use crate::engine::id::{ClusterId, EntryId, FeedId};
use crate::engine::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version that is written. A change of any shape below raises it and adds a step that reads the one before.
const VERSION: u8 = 4;

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Written by a newer program.
    #[error("it is of version {0}, this program reads up to {VERSION}; use the newer storyfold")]
    Newer(u8),
    /// Not what was written.
    #[error("it is damaged")]
    Damaged,
}

fn seal<T: Serialize>(value: &T) -> Vec<u8> {
    let payload = postcard::to_stdvec(value).expect("records are plain values, which always serialise");
    let mut bytes = Vec::with_capacity(payload.len() + 5);
    bytes.push(VERSION);
    bytes.extend(checksum(&payload));
    bytes.extend(payload);
    bytes
}

fn open<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordError> {
    decode(unseal(bytes)?.1)
}

fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, RecordError> {
    postcard::from_bytes(payload).map_err(|_| RecordError::Damaged)
}

/// The version of a record, and its value's bytes.
fn unseal(bytes: &[u8]) -> Result<(u8, &[u8]), RecordError> {
    let (version, rest) = bytes.split_first().ok_or(RecordError::Damaged)?;
    let (sum, payload) = rest.split_at_checked(4).ok_or(RecordError::Damaged)?;
    if sum != checksum(payload) {
        return Err(RecordError::Damaged);
    }
    match *version {
        0 => Err(RecordError::Damaged),
        newer if newer > VERSION => Err(RecordError::Newer(newer)),
        known => Ok((known, payload)),
    }
}

fn checksum(payload: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = xxhash_rust::xxh3::xxh3_64(payload).to_le_bytes();
    [a, b, c, d]
}

#[derive(Serialize, Deserialize)]
struct FeaturesRecord {
    terms: Vec<(u32, u8, u8)>,
    title: u64,
    length: u8,
    series: u64,
    numbered: bool,
    vague: bool,
}

pub(super) fn put_sequence(sequence: u64) -> Vec<u8> {
    seal(&sequence)
}

pub(super) fn sequence(bytes: &[u8]) -> Result<u64, RecordError> {
    open(bytes)
}

pub(super) fn put_carried(entries: &[EntryId]) -> Vec<u8> {
    seal(&bare(entries))
}

pub(super) fn carried(id: u64, bytes: &[u8]) -> Result<(FeedId, Vec<EntryId>), RecordError> {
    Ok((FeedId(id), entry_ids(open(bytes)?)))
}

pub(super) fn put_alias(to: ClusterId) -> Vec<u8> {
    seal(&to.0)
}

pub(super) fn alias(id: u64, bytes: &[u8]) -> Result<(ClusterId, ClusterId), RecordError> {
    Ok((ClusterId(id), ClusterId(open(bytes)?)))
}

fn bare(ids: &[EntryId]) -> Vec<u64> {
    ids.iter().map(|id| id.0).collect()
}

fn entry_ids(ids: Vec<u64>) -> Vec<EntryId> {
    ids.into_iter().map(EntryId).collect()
}

fn millis(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::millis)
}

fn moment(millis: Option<i64>) -> Option<Timestamp> {
    millis.map(Timestamp::from_millis)
}

fn length_code(length: Length) -> u8 {
    match length {
        Length::Title => 0,
        Length::Short => 1,
        Length::Full => 2,
    }
}

fn length(code: u8) -> Result<Length, RecordError> {
    match code {
        0 => Ok(Length::Title),
        1 => Ok(Length::Short),
        2 => Ok(Length::Full),
        _ => Err(RecordError::Damaged),
    }
}

pub(super) fn put_features(features: &Features) -> Vec<u8> {
    seal(&FeaturesRecord {
        terms: features.terms.iter().map(|term| (term.hash, term.title, term.body)).collect(),
        title: features.title,
        length: length_code(features.length),
        series: features.series.fingerprint,
        numbered: features.series.numbered,
        vague: features.vague,
    })
}

/// The features of an entry; none where an earlier program made them, whose words were cut otherwise.
pub(super) fn features(id: u64, bytes: &[u8]) -> Result<(EntryId, Option<Features>), RecordError> {
    let (version, payload) = unseal(bytes)?;
    if version < 2 {
        return Ok((EntryId(id), None));
    }
    let record: FeaturesRecord = decode(payload)?;
    let terms = record.terms.into_iter().map(|(hash, title, body)| Term { hash, title, body }).collect();
    let series = Series { fingerprint: record.series, numbered: record.numbered };
    let (title, length, vague) = (record.title, length(record.length)?, record.vague);
    Ok((EntryId(id), Some(Features { terms, title, length, series, vague })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cadence::{Cadence, DocumentHints, Hints, Why};
    use crate::engine::cluster::{Cluster, Publication};
    use crate::engine::correction::{Act, Correction};
    use crate::engine::entry::{Details, Enclosure, Entry, Origin};
    use crate::engine::evidence::{Decision, Match, SharedTerm};
    use crate::engine::feed::{FeedState, Moved, PollResult, Tally, Validators};
    use crate::engine::model::Lengths;
    use crate::engine::page::Obstacle;
    use crate::engine::rhythm::Rhythm;
    use crate::engine::similarity::Evidence;
    use std::time::Duration;

    fn some_details() -> Details {
        Details {
            text: "n\u{e9}".to_owned(),
            html: Some("<b>n\u{e9}</b>".to_owned()),
            authors: vec!["A".to_owned()],
            categories: vec!["c".to_owned()],
            image: Some("i".to_owned()),
            enclosures: vec![Enclosure { url: "u".to_owned(), media_type: Some("m".to_owned()), bytes: Some(300) }],
            origin: Some(Origin { name: Some("o".to_owned()), url: None }),
        }
    }

    fn found() -> Match {
        Match {
            cluster: ClusterId(0x11),
            nearest: EntryId(0x12),
            score: -1500,
            threshold: 250,
            lengths: Lengths::Short,
            evidence: Evidence([0, 1, -1, 300, 10_000, 0, 0, 0, 0, 0, 0, 7]),
        }
    }

    fn a_feed() -> FeedState {
        FeedState {
            id: FeedId(1),
            address: "https://a.example/".to_owned(),
            title: Some("A".to_owned()),
            last_whole: Some(Timestamp::from_millis(800)),
            hints: Hints {
                max_age: Some(Duration::from_hours(2)),
                expires: Some(Duration::from_mins(1)),
                document: DocumentHints {
                    ttl: Some(Duration::from_mins(30)),
                    period: Some(Duration::from_hours(1)),
                    skip_hours: 3,
                    skip_days: 64,
                },
            },
            rhythm: Rhythm { hours: [256; 24], watched: 1440, day: 20_000 },
            cadence: Some(Cadence { wait: Duration::from_hours(2), why: Why::MaxAge(7200) }),
            moved: Some(Moved {
                to: "https://b.example/".to_owned(),
                since: Timestamp::from_millis(700),
                adopted: true,
            }),
            server: Some("192.0.2.1:443".to_owned()),
            spent: 5,
            tally: Tally {
                looks: 9,
                requests: 9,
                conditional: 8,
                not_modified: 7,
                bytes: 6000,
                spared: 5000,
                last_bytes: 4000,
                early: 3,
            },
            validators: Validators { etag: Some("\"v\"".to_owned()), last_modified: None },
            body_hash: Some(5),
            last_fetch: Some(Timestamp::from_millis(1_000)),
            last_success: None,
            first_success: Some(Timestamp::from_millis(900)),
            next_due: Timestamp::from_millis(2_000),
            paused_until: None,
            last_result: Some(PollResult::Failed { reason: "no".to_owned(), obstacle: Some(Obstacle::Login) }),
            failures: 3,
        }
    }

    fn an_entry() -> Entry {
        Entry {
            id: EntryId(2),
            feed: FeedId(1),
            title: "T".to_owned(),
            link: None,
            publisher: "p".into(),
            language: Some("en".to_owned()),
            published: Some(Timestamp::from_millis(500)),
            first_seen: Timestamp::from_millis(1_000),
            initial: true,
            left: None,
            version: 9,
            cluster: ClusterId(3),
            sequence: 4,
            decision: Decision::Join { to: found(), runner_up: None },
            spoke: vec![SharedTerm { hash: 77, rarity: 900 }],
        }
    }

    fn a_cluster() -> Cluster {
        Cluster {
            id: ClusterId(3),
            born: 4,
            members: vec![EntryId(2)],
            lead: EntryId(2),
            aliases: vec![ClusterId(7)],
            follows: None,
            followed_by: None,
            publication: Some(Publication {
                published: Timestamp::from_millis(500),
                updated: Timestamp::from_millis(600),
                released: Timestamp::from_millis(1_000),
                link: Some("https://a.example/1".to_owned()),
                publishers: 2,
                edition: 1,
            }),
        }
    }

    fn acts() -> [Act; 2] {
        [
            Act::Merge { into: ClusterId(3), members: vec![EntryId(2)], gone: a_cluster() },
            Act::Split {
                from: ClusterId(3),
                rest: vec![EntryId(2)],
                into: ClusterId(4),
                out: vec![EntryId(5), EntryId(6)],
            },
        ]
    }

    fn some_features() -> Features {
        let terms = [Term { hash: 77, title: 1, body: 2 }].into();
        let series = Series { fingerprint: 9, numbered: true };
        Features { terms, title: 8, length: Length::Full, series, vague: false }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .filter_map(|half| char::from_digit(half.into(), 16))
            .collect()
    }

    /// Stores of this version exist: these bytes are read for ever. A change of shape is a new version with its own case.
    #[test]
    fn the_bytes_on_disk_do_not_change() {
        let check = |name: &str, bytes: &[u8], golden: &str| assert_eq!(hex(bytes), golden, "{name}");
        check("sequence", &put_sequence(300), "04df4f7ad6ac02");
        check(
            "details",
            &put_details(&some_details()),
            "040d81e465036ec3a9010a3c623e6ec3a93c2f623e01014101016301016901017501016d01ac020101016f00",
        );
        check("carried", &put_carried(&[EntryId(1), EntryId(300)]), "0448df467b0201ac02");
        check("alias", &put_alias(ClusterId(3)), "04edef6d1503");
        check(
            "feed",
            &put_feed(&a_feed()),
            "04359275bc1268747470733a2f2f612e6578616d706c652f010141010322762200010501d00f0001880ea01f000107026e6f056c6f67696e0301c00c01a038013c01880e01901c0340800280028002800280028002800280028002800280028002800280028002800280028002800280028002800280028002a00bc0b80201a03802a038011268747470733a2f2f622e6578616d706c652ff80a01010d3139322e302e322e313a343433090807f02e8827a01f030905",
        );
        check(
            "entry",
            &put_entry(&an_entry()),
            "04b797db110101540001700102656e01e807d00f0100090304021112b717f403010c000201d804a09c010000000000000e00014d8407",
        );
        check(
            "cluster",
            &put_cluster(&a_cluster()),
            "04033e459904010202010701e807b009d00f011368747470733a2f2f612e6578616d706c652f3102010000",
        );
        check("features", &put_features(&some_features()), "048391cfb1014d01020802090100");
    }

    #[test]
    fn the_bytes_of_earlier_versions_are_read() {
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        };
        let written = bytes("018843909e04010202010701e807b009d00f011368747470733a2f2f612e6578616d706c652f310201");
        assert_eq!(cluster(3, &written).unwrap(), a_cluster());
        let written = bytes(
            "01ec27ac0e0101540001700102656e01e807d00f0100090304021112b717f403010c000201d804a09c010000000000000e00",
        );
        let mut was = found();
        was.evidence.0[11] = 0;
        let decision = Decision::Join { to: was, runner_up: None };
        assert_eq!(entry(2, &written).unwrap(), Entry { decision, spoke: Vec::new(), ..an_entry() });
        assert_eq!(features(2, &bytes("01b7fbef6e014d01020802")).unwrap(), (EntryId(2), None));
        let written = bytes(
            "0315e18af81268747470733a2f2f612e6578616d706c652f010141010322762200010501d00f0001880ea01f000104026e6f03",
        );
        let plain = FeedState {
            last_whole: None,
            hints: Hints::default(),
            rhythm: Rhythm::default(),
            cadence: None,
            moved: None,
            server: None,
            spent: 0,
            tally: Tally::default(),
            last_result: Some(PollResult::Failed { reason: "no".to_owned(), obstacle: None }),
            ..a_feed()
        };
        assert_eq!(feed(1, &written).unwrap(), plain);
        let text_only = Details { text: "n\u{e9}".to_owned(), ..Details::default() };
        assert_eq!(details(&bytes("020133d1f3036ec3a9")).unwrap(), text_only);
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(feed(1, &put_feed(&a_feed())).unwrap(), a_feed());
        assert_eq!(cluster(3, &put_cluster(&a_cluster())).unwrap(), a_cluster());
        assert_eq!(features(2, &put_features(&some_features())).unwrap(), (EntryId(2), Some(some_features())));
        for act in acts() {
            let written = Correction { number: 7, at: Timestamp::from_millis(900), act };
            assert_eq!(correction(7, &put_correction(&written)).unwrap(), written);
        }
        let decisions = [
            Decision::Alone,
            Decision::Start { nearest: Some(found()) },
            Decision::Join { to: found(), runner_up: Some(found()) },
            Decision::Copy { of: EntryId(5), cluster: ClusterId(3) },
            Decision::Moved { from: ClusterId(6), to: found() },
            Decision::Follow { to: found() },
            Decision::Parted { from: ClusterId(6) },
            Decision::Bound { to: EntryId(5), cluster: ClusterId(3) },
            Decision::Corrected { number: 7, from: ClusterId(6) },
        ];
        for decision in decisions {
            let written = Entry { decision, ..an_entry() };
            assert_eq!(entry(2, &put_entry(&written)).unwrap(), written);
        }
    }

    #[test]
    fn damage_and_newer_versions_are_told_apart() {
        let good = put_details(&Details::default());
        assert!(matches!(details(&[]), Err(RecordError::Damaged)));
        for place in 1..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 4;
            assert!(matches!(details(&bad), Err(RecordError::Damaged)), "byte {place}");
            assert!(matches!(details(&good[..place]), Err(RecordError::Damaged)), "cut at {place}");
        }
        let mut newer = good.clone();
        newer[0] = VERSION + 1;
        assert!(matches!(details(&newer), Err(RecordError::Newer(5))));
    }
}
