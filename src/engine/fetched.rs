//! The values between the engine, which decides what to fetch, and the room that fetches.

use super::feed::Validators;
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
    pub headers: Vec<(String, String)>,
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
    /// A sentence for the user: what happened, and what to do where that is known.
    Failed(String),
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
    /// The validators and the age that came with it.
    pub freshness: Freshness,
}

/// What a response says of its own life (RFC 9110, section 8.8; RFC 9111, section 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// For the next conditional GET.
    pub validators: Validators,
    /// `max-age` less `Age`; none with `no-cache` or `no-store`.
    pub max_age: Option<Duration>,
}
