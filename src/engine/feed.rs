//! A followed document: what the user wrote of it, and what we remember of it.

use super::id::FeedId;
use super::link::{FeedUrl, registrable_domain};
use super::time::Timestamp;
use std::time::Duration;

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
    pub headers: Vec<(String, String)>,
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
    Gone,
    /// We broke down over the document: a defect of ours, fenced.
    Broke {
        /// In a row.
        times: u32,
    },
    /// Anything else, in a sentence for the user.
    Failed {
        /// What happened.
        reason: String,
    },
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

    /// One word for lists: `new`, `ok`, `failing`, `paused`, `set aside` or `gone`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> &'static str {
        match &self.last_result {
            _ if self.is_paused(now) => "paused",
            None => "new",
            Some(PollResult::Broke { .. }) if self.is_set_aside() => "set aside",
            Some(PollResult::Gone) => "gone",
            Some(PollResult::Failed { .. } | PollResult::Broke { .. } | PollResult::RateLimited) => "failing",
            Some(PollResult::Read { .. } | PollResult::NotModified) => "ok",
        }
    }
}
