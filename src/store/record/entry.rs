//! Entries on disk, with the decisions on them.

use super::{RecordError, decode, millis, moment, seal, unseal};
use crate::engine::entry::Entry;
use crate::engine::evidence::{Decision, Match, SharedTerm};
use crate::engine::id::{ClusterId, EntryId, FeedId};
use crate::engine::model::Lengths;
use crate::engine::similarity::Evidence;
use crate::engine::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Version 2 is version 1 and something more: postcard frames nothing, so what is added comes behind.
#[derive(Serialize, Deserialize)]
struct EntryRecord {
    first: EntryRecord1,
    spoke: Vec<(u32, u32)>,
}

#[derive(Serialize, Deserialize)]
struct EntryRecord1 {
    feed: u64,
    title: String,
    link: Option<String>,
    publisher: String,
    language: Option<String>,
    published: Option<i64>,
    first_seen: i64,
    initial: bool,
    left: Option<i64>,
    version: u64,
    cluster: u64,
    sequence: u64,
    decision: DecisionRecord,
}

impl From<EntryRecord1> for EntryRecord {
    fn from(mut first: EntryRecord1) -> Self {
        forget_crowd(&mut first.decision);
        Self { first, spoke: Vec::new() }
    }
}

#[derive(Serialize, Deserialize)]
enum DecisionRecord {
    Alone,
    Start { nearest: Option<MatchRecord> },
    Join { to: MatchRecord, runner_up: Option<MatchRecord> },
    Copy { of: u64, cluster: u64 },
    Moved { from: u64, to: MatchRecord },
    Follow { to: MatchRecord },
    Bound { to: u64, cluster: u64 },
    Corrected { number: u32, from: u64 },
    Parted { from: u64 },
}

#[derive(Serialize, Deserialize)]
struct MatchRecord {
    cluster: u64,
    nearest: u64,
    score: i32,
    threshold: i32,
    lengths: u8,
    evidence: Vec<i32>,
}

/// In version 1, the last two numbers of an evidence were of features that are no more.
fn forget_crowd(decision: &mut DecisionRecord) {
    let matches: [Option<&mut MatchRecord>; 2] = match decision {
        DecisionRecord::Start { nearest } => [nearest.as_mut(), None],
        DecisionRecord::Join { to, runner_up } => [Some(to), runner_up.as_mut()],
        DecisionRecord::Moved { to, .. } => [Some(to), None],
        _ => [None, None],
    };
    for found in matches.into_iter().flatten() {
        found.evidence.iter_mut().skip(10).for_each(|value| *value = 0);
    }
}

pub(in crate::store) fn put_entry(entry: &Entry) -> Vec<u8> {
    let first = EntryRecord1 {
        feed: entry.feed.0,
        title: entry.title.clone(),
        link: entry.link.clone(),
        publisher: entry.publisher.to_string(),
        language: entry.language.clone(),
        published: millis(entry.published),
        first_seen: entry.first_seen.millis(),
        initial: entry.initial,
        left: millis(entry.left),
        version: entry.version,
        cluster: entry.cluster.0,
        sequence: entry.sequence,
        decision: put_decision(&entry.decision),
    };
    let spoke = entry.spoke.iter().map(|term| (term.hash, term.rarity)).collect();
    seal(&EntryRecord { first, spoke })
}

pub(in crate::store) fn entry(id: u64, bytes: &[u8]) -> Result<Entry, RecordError> {
    let EntryRecord { first: record, spoke } = match unseal(bytes)? {
        (1, payload) => decode::<EntryRecord1>(payload)?.into(),
        (_, payload) => decode(payload)?,
    };
    Ok(Entry {
        id: EntryId(id),
        feed: FeedId(record.feed),
        title: record.title,
        link: record.link,
        publisher: record.publisher.into(),
        language: record.language,
        published: moment(record.published),
        first_seen: Timestamp::from_millis(record.first_seen),
        initial: record.initial,
        left: moment(record.left),
        version: record.version,
        cluster: ClusterId(record.cluster),
        sequence: record.sequence,
        decision: decision(record.decision)?,
        spoke: spoke.into_iter().map(|(hash, rarity)| SharedTerm { hash, rarity }).collect(),
    })
}

fn put_decision(decision: &Decision) -> DecisionRecord {
    let option = |found: &Option<Match>| found.as_ref().map(put_match);
    match decision {
        Decision::Alone => DecisionRecord::Alone,
        Decision::Start { nearest } => DecisionRecord::Start { nearest: option(nearest) },
        Decision::Join { to, runner_up } => DecisionRecord::Join { to: put_match(to), runner_up: option(runner_up) },
        Decision::Copy { of, cluster } => DecisionRecord::Copy { of: of.0, cluster: cluster.0 },
        Decision::Moved { from, to } => DecisionRecord::Moved { from: from.0, to: put_match(to) },
        Decision::Follow { to } => DecisionRecord::Follow { to: put_match(to) },
        Decision::Parted { from } => DecisionRecord::Parted { from: from.0 },
        Decision::Bound { to, cluster } => DecisionRecord::Bound { to: to.0, cluster: cluster.0 },
        Decision::Corrected { number, from } => DecisionRecord::Corrected { number: *number, from: from.0 },
    }
}

fn decision(record: DecisionRecord) -> Result<Decision, RecordError> {
    let option = |found: Option<MatchRecord>| found.map(read_match).transpose();
    Ok(match record {
        DecisionRecord::Alone => Decision::Alone,
        DecisionRecord::Start { nearest } => Decision::Start { nearest: option(nearest)? },
        DecisionRecord::Join { to, runner_up } => Decision::Join { to: read_match(to)?, runner_up: option(runner_up)? },
        DecisionRecord::Copy { of, cluster } => Decision::Copy { of: EntryId(of), cluster: ClusterId(cluster) },
        DecisionRecord::Moved { from, to } => Decision::Moved { from: ClusterId(from), to: read_match(to)? },
        DecisionRecord::Follow { to } => Decision::Follow { to: read_match(to)? },
        DecisionRecord::Parted { from } => Decision::Parted { from: ClusterId(from) },
        DecisionRecord::Bound { to, cluster } => Decision::Bound { to: EntryId(to), cluster: ClusterId(cluster) },
        DecisionRecord::Corrected { number, from } => Decision::Corrected { number, from: ClusterId(from) },
    })
}

fn put_match(found: &Match) -> MatchRecord {
    MatchRecord {
        cluster: found.cluster.0,
        nearest: found.nearest.0,
        score: found.score,
        threshold: found.threshold,
        lengths: lengths_code(found.lengths),
        evidence: found.evidence.0.to_vec(),
    }
}

fn read_match(record: MatchRecord) -> Result<Match, RecordError> {
    Ok(Match {
        cluster: ClusterId(record.cluster),
        nearest: EntryId(record.nearest),
        score: record.score,
        threshold: record.threshold,
        lengths: lengths(record.lengths)?,
        evidence: Evidence(record.evidence.try_into().map_err(|_| RecordError::Damaged)?),
    })
}

fn lengths_code(lengths: Lengths) -> u8 {
    match lengths {
        Lengths::Title => 0,
        Lengths::Short => 1,
        Lengths::Full => 2,
        Lengths::Uneven => 3,
    }
}

fn lengths(code: u8) -> Result<Lengths, RecordError> {
    match code {
        0 => Ok(Lengths::Title),
        1 => Ok(Lengths::Short),
        2 => Ok(Lengths::Full),
        3 => Ok(Lengths::Uneven),
        _ => Err(RecordError::Damaged),
    }
}
