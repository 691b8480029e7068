//! What we say of ourselves in a request, and what an answer says of its life.

use crate::engine::feed::Validators;
use crate::engine::fetched::{FetchRequest, Freshness};
use headers::HeaderMapExt;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::time::{Duration, SystemTime};

/// Longest validator kept, in bytes; what is longer is an attack or an accident.
const VALIDATOR_BYTES_MAX: usize = 1024;
/// What we say that we read, in the order of preference.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
                      application/json;q=0.8, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1";
/// What [`super::body`] undoes.
const ACCEPT_ENCODING: &str = "gzip, br, zstd, deflate";
/// RFC 3229: who has an older instance may get only what is new.
const A_IM: HeaderName = HeaderName::from_static("a-im");
const IM: HeaderName = HeaderName::from_static("im");

/// `storyfold/0.1.0 (+contact)`: publishers block what does not say who it is.
pub(super) fn user_agent(contact: Option<&str>) -> String {
    let name = concat!("storyfold/", env!("CARGO_PKG_VERSION"));
    contact.map_or_else(|| name.to_owned(), |contact| format!("{name} (+{contact})"))
}

/// The headers of a request; with the user's own where they may be told.
pub(super) fn of_request(request: &FetchRequest, with_secrets: bool) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: &str, is_secret: bool| {
        let mut value =
            HeaderValue::from_str(value).map_err(|_| format!("the header {name} has a value that HTTP forbids"))?;
        value.set_sensitive(is_secret);
        headers.insert(name, value);
        Ok::<(), String>(())
    };
    put(header::ACCEPT, ACCEPT, false)?;
    put(header::ACCEPT_ENCODING, ACCEPT_ENCODING, false)?;
    if let Some(agent) = &request.user_agent {
        put(header::USER_AGENT, agent, false)?;
    }
    if let Some(etag) = &request.validators.etag {
        put(header::IF_NONE_MATCH, etag, false)?;
        put(A_IM, "feed", false)?;
    }
    if let Some(date) = &request.validators.last_modified {
        put(header::IF_MODIFIED_SINCE, date, false)?;
    }
    for (name, value) in request.headers.iter().filter(|_| with_secrets) {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name} is not a header's name"))?;
        put(name, value.exposed(), true)?;
    }
    Ok(headers)
}

/// A header's value, where it is text.
pub(super) fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The validators, verbatim, and how long the answer holds.
pub(super) fn freshness(headers: &HeaderMap) -> Freshness {
    let validator = |name| text_of(headers, &name).filter(|value| value.len() <= VALIDATOR_BYTES_MAX);
    let validators = Validators { etag: validator(header::ETAG), last_modified: validator(header::LAST_MODIFIED) };
    Freshness { validators, max_age: max_age(headers), expires: expires(headers) }
}

/// Whether a 226 holds only what is new. One that names another manipulation is nothing that we asked for.
pub(super) fn is_delta_of_feed(headers: &HeaderMap) -> bool {
    let manipulations = text_of(headers, &IM);
    manipulations.is_some_and(|names| names.split(',').all(|name| name.trim().eq_ignore_ascii_case("feed")))
}

/// Cloudflare says so itself when it tests for robots.
pub(super) fn is_challenge(headers: &HeaderMap) -> bool {
    headers.get("cf-mitigated").is_some_and(|value| value == "challenge")
}

/// Whether nothing is to be believed of the answer's age.
fn is_uncacheable(headers: &HeaderMap) -> bool {
    headers.typed_get::<headers::CacheControl>().is_some_and(|control| control.no_cache() || control.no_store())
}

/// RFC 9111, sections 4.2.1 and 5.1: `max-age` less `Age`; nothing with `no-cache` or `no-store`.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let control = headers.typed_get::<headers::CacheControl>().filter(|_| !is_uncacheable(headers))?;
    let age = text_of(headers, &header::AGE)
        .and_then(|age| age.trim().parse().ok())
        .map_or(Duration::ZERO, Duration::from_secs);
    control.max_age().map(|max| max.saturating_sub(age))
}

/// RFC 9111, section 5.3, counted from the answer's own `Date`: its clock may be wrong, the distance is not.
fn expires(headers: &HeaderMap) -> Option<Duration> {
    let expires: SystemTime = headers.typed_get::<headers::Expires>().filter(|_| !is_uncacheable(headers))?.into();
    expires.duration_since(sent(headers)?).ok()
}

/// RFC 9110, section 10.2.3: seconds, or a date (whose distance is counted from the answer's own `Date`).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text_of(headers, &header::RETRY_AFTER)?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(&value).ok()?;
    until.duration_since(sent(headers)?).ok()
}

fn sent(headers: &HeaderMap) -> Option<SystemTime> {
    Some(headers.typed_get::<headers::Date>()?.into())
}
