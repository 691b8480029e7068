//! The values between the engine, which decides what to fetch, and the room that fetches.

use super::feed::{Secret, Validators};
use super::id::FeedId;
use super::link::FeedUrl;
use bytes::Bytes;
use std::time::Duration;

/// One HTTP exchange (or one reading of a file) to be made.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// For whom.
    pub feed: FeedId,
    /// From where.
    pub url: FeedUrl,
    /// Makes the request conditional, where not empty.
    pub validators: Validators,
    /// Instead of our own user agent.
    pub user_agent: Option<String>,
    /// For the feed's own host only; dropped on a redirect to another.
    pub headers: Vec<(String, Secret)>,
}

/// What a fetch brought, and what it took.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// What came of it.
    pub outcome: FetchOutcome,
    /// What it took.
    pub facts: Facts,
}

/// What an exchange says of the hosts it went to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Requests, with those that redirects led to.
    pub requests: u64,
    /// Whether the request was conditional.
    pub is_conditional: bool,
    /// The last status.
    pub status: Option<u16>,
    /// The address and port that were asked first.
    pub server: Option<String>,
    /// Where the feed is now, if every redirect on the way was for good.
    pub moved_to: Option<String>,
    /// Bytes of the body, as they came over the wire.
    pub bytes: u64,
    /// From the first byte asked to the last one read.
    pub took: Duration,
}

impl From<FetchOutcome> for Fetched {
    fn from(outcome: FetchOutcome) -> Self {
        Self { outcome, facts: Facts::default() }
    }
}

/// What came of a [`FetchRequest`].
#[derive(Clone, Debug)]
pub enum FetchOutcome {
    /// A document.
    Body(Body),
    /// 304: what we have is what there is.
    NotModified(Freshness),
    /// 429, or 503 with `Retry-After`.
    RateLimited {
        /// How long to wait, where the host says so.
        retry_after: Option<Duration>,
    },
    /// 410.
    Gone,
    /// The host's name was not found: nobody was asked.
    Unfound,
    /// Any other status, with the page that came with it.
    Refused(Refusal),
    /// A sentence for the user: what happened, and what to do where that is known.
    Failed(String),
}

/// An answer that is no document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// The status in words, as `404 Not Found`.
    pub words: String,
    /// The beginning of the page that came with it.
    pub page: String,
    /// The host says that it tests for robots.
    pub is_challenge: bool,
}

/// A document as it came, with the content coding undone.
#[derive(Clone, Debug)]
pub struct Body {
    /// At most `fetch.max_body`.
    pub bytes: Bytes,
    /// `Content-Type`, verbatim.
    pub content_type: Option<String>,
    /// Where the last redirect led; relative links count from here.
    pub final_url: Option<String>,
    /// Only what is new since the validators of the request (RFC 3229, 226).
    pub is_delta: bool,
    /// The validators and the age that came with it.
    pub freshness: Freshness,
}

impl Body {
    /// A document that came without a word about itself, from this address.
    #[must_use]
    pub fn of(bytes: impl Into<Bytes>, url: Option<&str>) -> Self {
        Self {
            bytes: bytes.into(),
            content_type: None,
            final_url: url.map(str::to_owned),
            is_delta: false,
            freshness: Freshness::default(),
        }
    }
}

/// What a response says of its own life (RFC 9110, section 8.8; RFC 9111, section 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// For the next conditional GET.
    pub validators: Validators,
    /// `max-age` less `Age`; none with `no-cache` or `no-store`.
    pub max_age: Option<Duration>,
    /// `Expires`, counted from the answer's own date.
    pub expires: Option<Duration>,
}
