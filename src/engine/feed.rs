//! A followed document: what the user wrote of it, and what we remember of it.

use super::cadence::{Cadence, Hints};
use super::fetched::Facts;
use super::id::FeedId;
use super::link::{FeedUrl, registrable_domain, web_link};
use super::page::Obstacle;
use super::rhythm::Rhythm;
use super::schedule::PauseScope;
use super::time::Timestamp;
use std::fmt;
use std::time::Duration;
use url::Url;

/// A feed as the configuration describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSpec {
    /// By normalised address.
    pub id: FeedId,
    /// Where the document is.
    pub url: FeedUrl,
    /// The address as the user wrote it; what lists show.
    pub written: String,
    /// The user's name for it, instead of the document's title.
    pub name: Option<String>,
    /// The user's group for it; travels to the merged feed as a category.
    pub category: Option<String>,
    /// Who stands behind its entries, where the domain of their links does not tell.
    pub publisher: Option<String>,
    /// Language (BCP 47) of entries that do not say.
    pub language: Option<String>,
    /// How often to look, where the user knows better than the schedule.
    pub interval: Option<Duration>,
    /// False: its entries pass through alone, never clustered.
    pub cluster: bool,
    /// Its entries lead a cluster before others.
    pub prefer: bool,
    /// Its pages are behind a paywall: its entries lead a cluster after others.
    pub paywalled: bool,
    /// Instead of our own user agent, for hosts that insist.
    pub user_agent: Option<String>,
    /// Sent with each request to this feed's own host.
    pub headers: Vec<(String, Secret)>,
    /// Whether its host's "wait" holds for all feeds of that host, where it differs from the others.
    pub pause_scope: Option<PauseScope>,
}

/// A text that is not shown: a password, or a header that may be one.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the request it is meant for.
    #[must_use]
    pub fn exposed(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FeedSpec {
    /// A feed with nothing said of it but its address.
    #[must_use]
    pub fn new(url: FeedUrl, written: &str) -> Self {
        Self {
            id: FeedId::of(&url.address()),
            url,
            written: written.to_owned(),
            name: None,
            category: None,
            publisher: None,
            language: None,
            interval: None,
            cluster: true,
            prefer: false,
            paywalled: false,
            user_agent: None,
            headers: Vec::new(),
            pause_scope: None,
        }
    }

    /// Who publishes an entry of this feed, before alias groups: the configured publisher, else the registrable domain
    /// of the entry's link, else of the feed, else the feed itself.
    #[must_use]
    pub fn publisher_of(&self, link: Option<&str>) -> String {
        if let Some(publisher) = &self.publisher {
            return publisher.clone();
        }
        let own = match &self.url {
            FeedUrl::Web(url) => registrable_domain(url.as_str()),
            FeedUrl::File(_) => None,
        };
        link.and_then(registrable_domain).or(own).unwrap_or_else(|| self.written.clone())
    }
}

/// The validator fields of RFC 9110, section 8.8: opaque, verbatim, one pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, quotes and weakness mark included.
    pub etag: Option<String>,
    /// `Last-Modified`, as sent.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing to make a request conditional with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// Breaks in a row until a feed is set aside.
const BREAKS_MAX: u32 = 3;
/// 410s in a row, a day apart, until a publisher is believed.
const GONE_MAX: u32 = 3;
/// So long a host says that a feed has moved for good before its new address is used: redirects are set up wrongly, and
/// captive portals redirect everything.
const MOVE_AFTER: Duration = Duration::from_hours(7 * 24);
/// Failures in a row at a new address until the old one is asked again.
const MOVE_FAILURES_MAX: u32 = 3;
/// New entries a day, and at once, after a first import. The largest agencies publish some hundreds; what brings thousands
/// each time has new ids each time, and would bury all others.
const NEW_A_DAY_MAX: u32 = 1000;
/// So often a document is asked for without condition: validators can be stuck.
const WHOLE_AFTER: Duration = Duration::from_hours(7 * 24);

/// How the last poll of a feed ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollResult {
    /// A document was read: entries new to us, and items that could not be used.
    Read {
        /// Entries.
        new: u32,
        /// Items.
        rejected: u32,
    },
    /// 304, or the very bytes of the last time.
    NotModified,
    /// The host asked us to wait.
    RateLimited,
    /// 410: the publisher says that the feed is no more.
    Gone {
        /// In a row.
        times: u32,
    },
    /// We broke down over the document: a defect of ours, fenced.
    Broke {
        /// In a row.
        times: u32,
    },
    /// Anything else, in a sentence for the user.
    Failed {
        /// What happened.
        reason: String,
        /// What stands between us and the feed, where that is known.
        obstacle: Option<Obstacle>,
    },
}

/// A host's word that a feed has moved for good (301 or 308, all the way).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// To this address.
    pub to: String,
    /// First said then, and at every look since; [`Timestamp::NEVER`] where another feed stands there.
    pub since: Timestamp,
    /// The feed was there for long enough: that address is asked now.
    pub adopted: bool,
}

/// What was asked of a feed's hosts so far, redirects included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Looks.
    pub looks: u64,
    /// Requests, with those that redirects led to.
    pub requests: u64,
    /// Looks that were made conditional.
    pub conditional: u64,
    /// Looks that a 304 answered.
    pub not_modified: u64,
    /// Bytes of bodies, as they came over the wire.
    pub bytes: u64,
    /// Bytes that 304s spared us, by the size of the last body.
    pub spared: u64,
    /// Size of the last body, over the wire.
    pub last_bytes: u64,
    /// Looks by hand before the publisher's own hints had run out.
    pub early: u64,
}

/// What we remember of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// By normalised address.
    pub id: FeedId,
    /// The normalised address, so that the store can be read without a configuration.
    pub address: String,
    /// The document's own title, plain.
    pub title: Option<String>,
    /// When a whole document came last, not a 304.
    pub last_whole: Option<Timestamp>,
    /// What its publisher asks of those who poll, as of the last answer.
    pub hints: Hints,
    /// How often it has news.
    pub rhythm: Rhythm,
    /// How long it was left alone after the last poll, and why; none where it has ended.
    pub cadence: Option<Cadence>,
    /// New entries taken in lately, beyond a first import; a day's worth of them is forgotten in a day.
    pub spent: u32,
    /// Whether its host says that it has moved.
    pub moved: Option<Moved>,
    /// The address and port that answered last.
    pub server: Option<String>,
    /// What it has cost so far.
    pub tally: Tally,
    /// For the next conditional GET. Stored with the entries they vouch for, never before.
    pub validators: Validators,
    /// Hash of the last body read, so that equal bytes cost nothing.
    pub body_hash: Option<u64>,
    /// The last poll, however it ended.
    pub last_fetch: Option<Timestamp>,
    /// The last poll that found the feed (a document or a 304).
    pub last_success: Option<Timestamp>,
    /// The first document read; what it held is a first import, not news.
    pub first_success: Option<Timestamp>,
    /// When to look next.
    pub next_due: Timestamp,
    /// The host asked not to be asked before this; `fetch --all` respects it.
    pub paused_until: Option<Timestamp>,
    /// How the last poll ended; none before the first.
    pub last_result: Option<PollResult>,
    /// Polls that failed since the last success.
    pub failures: u32,
}

impl FeedState {
    /// A feed never polled, due at `now`.
    #[must_use]
    pub fn new(spec: &FeedSpec, now: Timestamp) -> Self {
        Self {
            id: spec.id,
            address: spec.url.address(),
            title: None,
            last_whole: None,
            hints: Hints::default(),
            rhythm: Rhythm::default(),
            cadence: None,
            spent: 0,
            moved: None,
            server: None,
            tally: Tally::default(),
            validators: Validators::default(),
            body_hash: None,
            last_fetch: None,
            last_success: None,
            first_success: None,
            next_due: now,
            paused_until: None,
            last_result: None,
            failures: 0,
        }
    }

    /// Whether the host's request to wait still holds.
    #[must_use]
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    /// Whether reading this feed breaks us every time.
    #[must_use]
    pub fn is_set_aside(&self) -> bool {
        matches!(self.last_result, Some(PollResult::Broke { times }) if times >= BREAKS_MAX)
    }

    /// Whether the publisher has said often enough that there is no more of it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.last_result, Some(PollResult::Gone { times }) if times >= GONE_MAX)
    }

    /// How often in a row the publisher said that there is no more of it.
    #[must_use]
    pub fn times_gone(&self) -> u32 {
        if let Some(PollResult::Gone { times }) = self.last_result { times } else { 0 }
    }

    /// How often in a row reading it broke us.
    #[must_use]
    pub fn times_broken(&self) -> u32 {
        if let Some(PollResult::Broke { times }) = self.last_result { times } else { 0 }
    }

    /// Whether it is time to ask for the whole document, whatever we have.
    #[must_use]
    pub fn wants_whole(&self, now: Timestamp) -> bool {
        self.last_whole.is_none_or(|last| now.since(last) >= WHOLE_AFTER)
    }

    /// How many new entries may be taken in now.
    #[must_use]
    pub fn allowance(&self, now: Timestamp) -> u32 {
        let since = self.last_success.map_or(Duration::ZERO, |last| now.since(last));
        let regained = u64::from(NEW_A_DAY_MAX).saturating_mul(since.as_secs()) / 86_400;
        NEW_A_DAY_MAX - self.spent.saturating_sub(u32::try_from(regained).unwrap_or(u32::MAX)).min(NEW_A_DAY_MAX)
    }

    /// Takes down that so many new entries were taken in, before `last_success` is moved.
    pub fn spend(&mut self, new: u32, now: Timestamp) {
        self.spent = NEW_A_DAY_MAX - self.allowance(now).saturating_sub(new);
    }

    /// Where to look: the new address of a feed that has moved, else the written one.
    #[must_use]
    pub fn target(&self, spec: &FeedSpec) -> FeedUrl {
        let moved = self.moved.as_ref().filter(|moved| moved.adopted).and_then(|moved| web_link(&moved.to));
        moved.map_or_else(|| spec.url.clone(), FeedUrl::Web)
    }

    /// Takes down what a look said of the feed's address. `is_same`: what came is the feed that we know.
    pub fn note_move(&mut self, spec: &FeedSpec, facts: &Facts, is_same: bool, now: Timestamp) {
        let to = facts.moved_to.as_deref();
        if let Some(moved) = self.moved.as_ref().filter(|moved| moved.adopted) {
            // Its new host may move it again, or lose it; then the written address is asked, which knows better.
            let is_lost = self.failures >= MOVE_FAILURES_MAX || self.times_gone() > 0;
            if is_lost || to.is_some_and(|to| to != moved.to) {
                self.moved = None;
            }
            return;
        }
        if !matches!(self.last_result, Some(PollResult::Read { .. } | PollResult::NotModified)) {
            return;
        }
        let known = self.moved.take();
        self.moved = to.and_then(web_link).filter(|to| may_adopt(&spec.url, to)).map(|to| {
            // After the first look there, what stood there is known, so that only the first one tells.
            let first_said = if is_same { now } else { Timestamp::NEVER };
            let since = known.filter(|known| known.to == to.as_str()).map_or(first_said, |known| known.since);
            Moved { to: to.into(), since, adopted: now.since(since) >= MOVE_AFTER }
        });
    }

    /// One word for lists: `new`, `ok`, `failing`, `paused`, `set aside` or `gone`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> &'static str {
        match &self.last_result {
            _ if self.is_paused(now) => "paused",
            None => "new",
            Some(PollResult::Broke { .. }) if self.is_set_aside() => "set aside",
            Some(PollResult::Gone { .. }) => "gone",
            Some(PollResult::Failed { .. } | PollResult::Broke { .. } | PollResult::RateLimited) => "failing",
            Some(PollResult::Read { .. } | PollResult::NotModified) => "ok",
        }
    }
}

/// Whether a feed may move there: to another web address, and never from a safe one to an open one.
fn may_adopt(from: &FeedUrl, to: &Url) -> bool {
    match from {
        FeedUrl::Web(from) => from != to && (from.scheme() == to.scheme() || to.scheme() == "https"),
        FeedUrl::File(_) => false,
    }
}
