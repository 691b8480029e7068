//! The fetch room: one HTTP exchange, or one reading of a file, for each [`FetchRequest`]. It decides nothing about
//! feeds; it sees to it that no exchange can hurt: addresses are checked where they are dialled, redirects are followed
//! by hand and few, and time and bytes are bounded. The only room that speaks of `reqwest`.

mod address;

use crate::engine::feed::Validators;
use crate::engine::fetched::{Body, FetchOutcome, FetchRequest, Freshness};
use crate::engine::link::FeedUrl;
use address::{Guard, GuardedResolver};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Redirects followed for one fetch. Real feeds need two: to https, and to the new address.
const REDIRECTS_MAX: usize = 5;
/// Longest validator kept, in bytes; what is longer is an attack or an accident.
const VALIDATOR_BYTES_MAX: usize = 1024;
/// For a connection and its handshake; the rest of `fetch.timeout` is for the answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What we say that we read, in the order of preference.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, \
                      application/json;q=0.8, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1";

/// What may be tuned about a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOptions {
    /// For one exchange with all its redirects, from the first lookup to the last byte.
    pub timeout: Duration,
    /// Bytes of a document, after decompression.
    pub max_body: usize,
    /// The only private addresses that are dialled.
    pub allow_private: Vec<SocketAddr>,
    /// Who runs this, for publishers who want to ask: an address or a page, part of the user agent.
    pub contact: Option<String>,
    /// All requests go through it; the check of addresses is then its own.
    pub proxy: Option<Url>,
}

/// The one way to the network.
#[derive(Clone, Debug)]
pub struct Fetcher {
    /// For all ports without exceptions.
    client: Client,
    /// By port, where private addresses are allowed at it.
    private: BTreeMap<u16, Client>,
    guard: Guard,
    options: Arc<FetchOptions>,
}

impl Fetcher {
    /// A fetcher with its own connections.
    ///
    /// # Errors
    /// Where the system's TLS roots or the proxy cannot be used.
    pub fn new(options: FetchOptions) -> Result<Self, String> {
        // Fails where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard::new(&options.allow_private, options.proxy.is_some());
        let private =
            guard.private_ports().into_iter().map(|port| Ok((port, client(&options, guard.at_port(Some(port)))?)));
        Ok(Self {
            client: client(&options, guard.at_port(None))?,
            private: private.collect::<Result<_, String>>()?,
            guard,
            options: Arc::new(options),
        })
    }

    fn client_for(&self, url: &Url) -> &Client {
        url.port_or_known_default().and_then(|port| self.private.get(&port)).unwrap_or(&self.client)
    }

    /// Makes one exchange. Never fails: what went wrong is an outcome.
    pub async fn fetch(&self, request: FetchRequest) -> FetchOutcome {
        let limit = self.options.timeout;
        let exchange = async {
            match &request.url {
                FeedUrl::File(path) => self.read_file(path, &request.validators).await,
                FeedUrl::Web(url) => self.exchange(url.clone(), &request).await,
            }
        };
        match tokio::time::timeout(limit, exchange).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(reason)) => FetchOutcome::Failed(reason),
            Err(_) => FetchOutcome::Failed(format!("no complete answer within {} s", limit.as_secs())),
        }
    }

    async fn exchange(&self, mut url: Url, request: &FetchRequest) -> Result<FetchOutcome, String> {
        let first = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            self.guard.check_literal(&url)?;
            let same_host = url.origin() == first.origin();
            let headers = headers(request, same_host)?;
            let answer = self
                .client_for(&url)
                .get(url.clone())
                .headers(headers)
                .send()
                .await
                .map_err(|error| explain(&error))?;
            if !answer.status().is_redirection() || answer.status() == StatusCode::NOT_MODIFIED {
                return self.outcome(answer, &url).await;
            }
            url = target(&answer, &url)?;
        }
        Err(format!("more than {REDIRECTS_MAX} redirects, the last to {url}"))
    }

    async fn outcome(&self, answer: Response, url: &Url) -> Result<FetchOutcome, String> {
        let freshness = freshness(answer.headers());
        let status = answer.status();
        match status {
            StatusCode::NOT_MODIFIED => Ok(FetchOutcome::NotModified(freshness)),
            StatusCode::GONE => Ok(FetchOutcome::Gone),
            StatusCode::TOO_MANY_REQUESTS => {
                Ok(FetchOutcome::RateLimited { retry_after: retry_after(answer.headers()) })
            }
            StatusCode::SERVICE_UNAVAILABLE if answer.headers().contains_key(header::RETRY_AFTER) => {
                Ok(FetchOutcome::RateLimited { retry_after: retry_after(answer.headers()) })
            }
            status if status.is_success() => {
                let content_type = text_of(answer.headers(), &header::CONTENT_TYPE);
                let bytes = self.body(answer).await?;
                let final_url = Some(url.to_string());
                Ok(FetchOutcome::Body(Body { bytes: bytes.into(), content_type, final_url, freshness }))
            }
            status => Err(format!("the host answered {status}{}", advice(status))),
        }
    }

    async fn body(&self, mut answer: Response) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| explain(&error))? {
            if bytes.len() + chunk.len() > self.options.max_body {
                return Err(too_large(self.options.max_body));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// A file's modification time and size stand in for a validator.
    async fn read_file(&self, path: &Path, validators: &Validators) -> Result<FetchOutcome, String> {
        use tokio::io::AsyncReadExt;
        let fault = |error: std::io::Error| format!("the file {} cannot be read: {error}", path.display());
        let file = tokio::fs::File::open(path).await.map_err(fault)?;
        let facts = file.metadata().await.map_err(fault)?;
        if !facts.is_file() {
            return Err(format!("{} is not a file", path.display()));
        }
        let changed = facts.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let etag = changed.map(|at| format!("\"{}-{}\"", at.as_nanos(), facts.len()));
        let freshness = Freshness { validators: Validators { etag, last_modified: None }, max_age: None };
        if freshness.validators == *validators && !validators.is_empty() {
            return Ok(FetchOutcome::NotModified(freshness));
        }
        let limit = self.options.max_body;
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).await.map_err(fault)?;
        if bytes.len() > limit {
            return Err(too_large(limit));
        }
        Ok(FetchOutcome::Body(Body { bytes: bytes.into(), content_type: None, final_url: None, freshness }))
    }
}

fn client(options: &FetchOptions, guard: Guard) -> Result<Client, String> {
    let mut builder = Client::builder()
        .user_agent(user_agent(options.contact.as_deref()))
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(GuardedResolver::new(guard)))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
        .no_proxy();
    if let Some(proxy) = &options.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(|error| explain(&error))?);
    }
    builder.build().map_err(|error| explain(&error))
}

fn too_large(limit: usize) -> String {
    format!("the document is larger than {limit} bytes; raise fetch.max_body if it is meant to be")
}

/// `storyfold/0.1.0 (+contact)`: publishers block what does not say who it is.
fn user_agent(contact: Option<&str>) -> String {
    let name = concat!("storyfold/", env!("CARGO_PKG_VERSION"));
    contact.map_or_else(|| name.to_owned(), |contact| format!("{name} (+{contact})"))
}

fn headers(request: &FetchRequest, same_host: bool) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, value: &str| {
        let value =
            HeaderValue::from_str(value).map_err(|_| format!("the header {name} has a value that HTTP forbids"))?;
        headers.insert(name, value);
        Ok::<(), String>(())
    };
    put(header::ACCEPT, ACCEPT)?;
    if let Some(agent) = &request.user_agent {
        put(header::USER_AGENT, agent)?;
    }
    if let Some(etag) = &request.validators.etag {
        put(header::IF_NONE_MATCH, etag)?;
    }
    if let Some(date) = &request.validators.last_modified {
        put(header::IF_MODIFIED_SINCE, date)?;
    }
    // What the user set for a feed may be a password: it is for that host alone.
    for (name, value) in request.headers.iter().filter(|_| same_host) {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name} is not a header's name"))?;
        put(name, value)?;
    }
    Ok(headers)
}

fn target(answer: &Response, from: &Url) -> Result<Url, String> {
    let location = text_of(answer.headers(), &header::LOCATION)
        .ok_or_else(|| format!("the host answered {} without saying where to", answer.status()))?;
    let url = from.join(&location).map_err(|_| "the host redirects to something that is no address".to_owned())?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("the host redirects to {other}://, which is not followed")),
    }
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The validators, verbatim, and how long the answer holds.
fn freshness(headers: &HeaderMap) -> Freshness {
    let validator = |name| text_of(headers, &name).filter(|value| value.len() <= VALIDATOR_BYTES_MAX);
    let validators = Validators { etag: validator(header::ETAG), last_modified: validator(header::LAST_MODIFIED) };
    Freshness { validators, max_age: max_age(headers) }
}

/// RFC 9111, sections 4.2.1 and 5.1: `max-age` less `Age`; nothing with `no-cache` or `no-store`.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    use headers::HeaderMapExt;
    let control = headers.typed_get::<headers::CacheControl>()?;
    if control.no_cache() || control.no_store() {
        return None;
    }
    let age = text_of(headers, &header::AGE)
        .and_then(|age| age.trim().parse().ok())
        .map_or(Duration::ZERO, Duration::from_secs);
    control.max_age().map(|max| max.saturating_sub(age))
}

/// RFC 9110, section 10.2.3: seconds, or a date (whose distance is counted from the answer's own `Date`).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    use headers::HeaderMapExt;
    let value = text_of(headers, &header::RETRY_AFTER)?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(&value).ok()?;
    let sent: std::time::SystemTime = headers.typed_get::<headers::Date>()?.into();
    until.duration_since(sent).ok()
}

fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; it wants a login, or does not want us",
        StatusCode::NOT_FOUND => "; the feed may have moved",
        _ => "",
    }
}

/// The last cause says what happened ("connection refused"); the ones above only where.
fn explain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let what = cause.to_string();
    if error.is_timeout() {
        "no answer in time".to_owned()
    } else if what.contains("failed to lookup address information") {
        "the host's name was not found".to_owned()
    } else if error.is_connect() {
        format!("no connection: {what}")
    } else if error.is_decode() || error.is_body() {
        format!("the answer broke off: {what}")
    } else {
        what
    }
}
