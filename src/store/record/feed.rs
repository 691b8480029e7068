//! Feeds on disk.

use super::{RecordError, decode, millis, moment, seal, unseal};
use crate::engine::cadence::{Cadence, DocumentHints, Hints, Why};
use crate::engine::feed::{FeedState, Moved, PollResult, Tally, Validators};
use crate::engine::id::FeedId;
use crate::engine::page::Obstacle;
use crate::engine::rhythm::Rhythm;
use crate::engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Version 4 is what there was before, and something more behind it.
#[derive(Serialize, Deserialize)]
struct FeedRecord {
    first: FeedRecord1,
    more: FeedRecord4,
}

#[derive(Serialize, Deserialize)]
struct FeedRecord1 {
    address: String,
    title: Option<String>,
    etag: Option<String>,
    last_modified: Option<String>,
    body_hash: Option<u64>,
    last_fetch: Option<i64>,
    last_success: Option<i64>,
    first_success: Option<i64>,
    next_due: i64,
    paused_until: Option<i64>,
    last_result: Option<ResultRecord>,
    failures: u32,
}

/// New kinds come behind the old ones, which are read for ever.
#[derive(Serialize, Deserialize)]
enum ResultRecord {
    Read { new: u32, rejected: u32 },
    NotModified,
    RateLimited,
    Gone,
    Failed { reason: String },
    Broke { times: u32 },
    GoneAgain { times: u32 },
    Obstructed { reason: String, obstacle: String },
}

#[derive(Default, Serialize, Deserialize)]
struct FeedRecord4 {
    last_whole: Option<i64>,
    max_age: Option<u64>,
    expires: Option<u64>,
    ttl: Option<u64>,
    period: Option<u64>,
    skip_hours: u32,
    skip_days: u8,
    rhythm: RhythmRecord,
    cadence: Option<(u64, WhyRecord)>,
    moved: Option<(String, i64, bool)>,
    server: Option<String>,
    tally: [u64; 8],
    spent: u32,
}

#[derive(Default, Serialize, Deserialize)]
struct RhythmRecord {
    hours: [u32; 24],
    watched: u32,
    day: i64,
}

#[derive(Serialize, Deserialize)]
enum WhyRecord {
    Rhythm,
    Chosen,
    MaxAge(u64),
    Expires,
    Ttl(u64),
    Period,
    Asked,
    Failures(u32),
    Gone(u32),
    SetAside,
    File,
}

pub(in crate::store) fn put_feed(feed: &FeedState) -> Vec<u8> {
    let first = FeedRecord1 {
        address: feed.address.clone(),
        title: feed.title.clone(),
        etag: feed.validators.etag.clone(),
        last_modified: feed.validators.last_modified.clone(),
        body_hash: feed.body_hash,
        last_fetch: millis(feed.last_fetch),
        last_success: millis(feed.last_success),
        first_success: millis(feed.first_success),
        next_due: feed.next_due.millis(),
        paused_until: millis(feed.paused_until),
        last_result: feed.last_result.as_ref().map(result_record),
        failures: feed.failures,
    };
    let (hints, document, tally) = (&feed.hints, &feed.hints.document, &feed.tally);
    let secs = |span: Option<Duration>| span.map(|span| span.as_secs());
    let more = FeedRecord4 {
        last_whole: millis(feed.last_whole),
        max_age: secs(hints.max_age),
        expires: secs(hints.expires),
        ttl: secs(document.ttl),
        period: secs(document.period),
        skip_hours: document.skip_hours,
        skip_days: document.skip_days,
        rhythm: RhythmRecord { hours: feed.rhythm.hours, watched: feed.rhythm.watched, day: feed.rhythm.day },
        cadence: feed.cadence.map(|cadence| (cadence.wait.as_secs(), why_record(cadence.why))),
        moved: feed.moved.as_ref().map(|moved| (moved.to.clone(), moved.since.millis(), moved.adopted)),
        server: feed.server.clone(),
        tally: [
            tally.requests,
            tally.conditional,
            tally.not_modified,
            tally.bytes,
            tally.spared,
            tally.last_bytes,
            tally.early,
            tally.looks,
        ],
        spent: feed.spent,
    };
    seal(&FeedRecord { first, more })
}

pub(in crate::store) fn feed(id: u64, bytes: &[u8]) -> Result<FeedState, RecordError> {
    let FeedRecord { first, more } = match unseal(bytes)? {
        (1..=3, payload) => FeedRecord { first: decode(payload)?, more: FeedRecord4::default() },
        (_, payload) => decode(payload)?,
    };
    let [requests, conditional, not_modified, bytes, spared, last_bytes, early, looks] = more.tally;
    let document = DocumentHints {
        ttl: more.ttl.map(Duration::from_secs),
        period: more.period.map(Duration::from_secs),
        skip_hours: more.skip_hours,
        skip_days: more.skip_days,
    };
    let moved = |(to, since, adopted)| Moved { to, since: Timestamp::from_millis(since), adopted };
    Ok(FeedState {
        id: FeedId(id),
        address: first.address,
        title: first.title,
        last_whole: moment(more.last_whole),
        hints: Hints {
            max_age: more.max_age.map(Duration::from_secs),
            expires: more.expires.map(Duration::from_secs),
            document,
        },
        rhythm: Rhythm { hours: more.rhythm.hours, watched: more.rhythm.watched, day: more.rhythm.day },
        cadence: more.cadence.map(|(wait, why)| Cadence { wait: Duration::from_secs(wait), why: self::why(&why) }),
        moved: more.moved.map(moved),
        server: more.server,
        spent: more.spent,
        tally: Tally { looks, requests, conditional, not_modified, bytes, spared, last_bytes, early },
        validators: Validators { etag: first.etag, last_modified: first.last_modified },
        body_hash: first.body_hash,
        last_fetch: moment(first.last_fetch),
        last_success: moment(first.last_success),
        first_success: moment(first.first_success),
        next_due: Timestamp::from_millis(first.next_due),
        paused_until: moment(first.paused_until),
        last_result: first.last_result.map(result),
        failures: first.failures,
    })
}

fn result_record(result: &PollResult) -> ResultRecord {
    match result {
        PollResult::Read { new, rejected } => ResultRecord::Read { new: *new, rejected: *rejected },
        PollResult::NotModified => ResultRecord::NotModified,
        PollResult::RateLimited => ResultRecord::RateLimited,
        PollResult::Gone { times } => ResultRecord::GoneAgain { times: *times },
        PollResult::Broke { times } => ResultRecord::Broke { times: *times },
        PollResult::Failed { reason, obstacle: None } => ResultRecord::Failed { reason: reason.clone() },
        PollResult::Failed { reason, obstacle: Some(obstacle) } => {
            ResultRecord::Obstructed { reason: reason.clone(), obstacle: obstacle.name().to_owned() }
        }
    }
}

fn result(record: ResultRecord) -> PollResult {
    match record {
        ResultRecord::Read { new, rejected } => PollResult::Read { new, rejected },
        ResultRecord::NotModified => PollResult::NotModified,
        ResultRecord::RateLimited => PollResult::RateLimited,
        ResultRecord::Gone => PollResult::Gone { times: 1 },
        ResultRecord::GoneAgain { times } => PollResult::Gone { times },
        ResultRecord::Broke { times } => PollResult::Broke { times },
        ResultRecord::Failed { reason } => PollResult::Failed { reason, obstacle: None },
        ResultRecord::Obstructed { reason, obstacle } => {
            PollResult::Failed { reason, obstacle: Obstacle::named(&obstacle) }
        }
    }
}

fn why_record(why: Why) -> WhyRecord {
    match why {
        Why::Rhythm => WhyRecord::Rhythm,
        Why::Chosen => WhyRecord::Chosen,
        Why::MaxAge(secs) => WhyRecord::MaxAge(secs),
        Why::Expires => WhyRecord::Expires,
        Why::Ttl(minutes) => WhyRecord::Ttl(minutes),
        Why::Period => WhyRecord::Period,
        Why::Asked => WhyRecord::Asked,
        Why::Failures(times) => WhyRecord::Failures(times),
        Why::Gone(times) => WhyRecord::Gone(times),
        Why::SetAside => WhyRecord::SetAside,
        Why::File => WhyRecord::File,
    }
}

fn why(record: &WhyRecord) -> Why {
    match record {
        WhyRecord::Rhythm => Why::Rhythm,
        WhyRecord::Chosen => Why::Chosen,
        WhyRecord::MaxAge(secs) => Why::MaxAge(*secs),
        WhyRecord::Expires => Why::Expires,
        WhyRecord::Ttl(minutes) => Why::Ttl(*minutes),
        WhyRecord::Period => Why::Period,
        WhyRecord::Asked => Why::Asked,
        WhyRecord::Failures(times) => Why::Failures(*times),
        WhyRecord::Gone(times) => Why::Gone(*times),
        WhyRecord::SetAside => Why::SetAside,
        WhyRecord::File => Why::File,
    }
}
