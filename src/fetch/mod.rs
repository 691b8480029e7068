//! The fetch room: one HTTP exchange, or one reading of a file, for each [`FetchRequest`]. It decides nothing about
//! feeds; it sees to it that no exchange can hurt: addresses are checked where they are dialled, redirects are followed
//! by hand and few, and time, rate and bytes are bounded. The only room that speaks of `reqwest`.

mod address;
mod body;
mod headers;
mod pace;

pub use address::Exception;

use crate::engine::feed::Validators;
use crate::engine::fetched::{Body, Facts, FetchOutcome, FetchRequest, Fetched, Freshness, Refusal};
use crate::engine::link::{FeedUrl, shares_secrets};
use crate::engine::page::PAGE_BYTES_MAX;
use address::{Guard, GuardedResolver};
use body::{Budget, Coding, Raw};
use pace::Pace;
use reqwest::{Client, Response, StatusCode, header};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

/// Redirects followed for one fetch. Real feeds need two: to https, and to the new address.
const REDIRECTS_MAX: u8 = 5;
/// Gaps that an exchange waits for at most, besides its own time.
const GAPS_MAX: u32 = 2 * REDIRECTS_MAX as u32;
/// For a connection and its handshake; the rest of `fetch.timeout` is for the answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Lines of an answer's head: feeds behind several caches have some forty.
const HEADERS_MAX: usize = 100;
/// Bytes of an answer's head over HTTP/2; over HTTP/1.1, the client library stops at 400 KiB.
const HEADER_BYTES_MAX: u32 = 64 * 1024;

/// What may be tuned about a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOptions {
    /// For one exchange with all its redirects, from the first lookup to the last byte.
    pub timeout: Duration,
    /// From the end of one request to a host until the next begins, also where redirects lead there.
    pub host_gap: Duration,
    /// Bytes of a document, packed and unpacked.
    pub max_body: usize,
    /// The only private targets that are dialled.
    pub allow_private: Vec<Exception>,
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
    pace: Pace,
    budget: Budget,
    options: Arc<FetchOptions>,
}

/// What a fetch brought, still packed.
#[derive(Debug)]
pub struct Landed {
    fetched: Fetched,
    coding: Coding,
    limit: usize,
    share: Option<OwnedSemaphorePermit>,
}

impl Landed {
    /// Unpacks it and hands it to `read`; what it holds of the memory for large bodies is given back after that. Takes
    /// time: not for the threads of the network.
    pub fn open<T>(self, read: impl FnOnce(Fetched) -> T) -> T {
        let Self { mut fetched, coding, limit, share } = self;
        fetched.outcome = match fetched.outcome {
            FetchOutcome::Body(body) => match body::unpacked(&body.bytes, coding, limit) {
                Ok(bytes) => FetchOutcome::Body(Body { bytes: bytes.into(), ..body }),
                Err(reason) => FetchOutcome::Failed(reason),
            },
            other => other,
        };
        let result = read(fetched);
        drop(share);
        result
    }

    /// Whether there is a document or a page in it: anything else is read in no time.
    #[must_use]
    pub fn is_document(&self) -> bool {
        matches!(self.fetched.outcome, FetchOutcome::Body(_) | FetchOutcome::Refused(_))
    }

    /// With how long it took.
    #[must_use]
    pub fn after(mut self, took: Duration) -> Self {
        self.fetched.facts.took = took;
        self
    }
}

/// An answer that was taken, and what it holds.
struct Taken {
    outcome: FetchOutcome,
    coding: Coding,
    share: Option<OwnedSemaphorePermit>,
}

impl From<FetchOutcome> for Taken {
    fn from(outcome: FetchOutcome) -> Self {
        Self { outcome, coding: Coding::Plain, share: None }
    }
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
            pace: Pace::new(options.host_gap),
            budget: Budget::new(options.max_body),
            options: Arc::new(options),
        })
    }

    fn client_for(&self, url: &Url) -> &Client {
        url.port_or_known_default().and_then(|port| self.private.get(&port)).unwrap_or(&self.client)
    }

    /// Makes one exchange. Never fails: what went wrong is an outcome.
    pub async fn fetch(&self, request: FetchRequest) -> Landed {
        let limit = self.options.timeout;
        // The gaps before redirects are our own doing.
        let deadline = limit.saturating_add(self.options.host_gap.saturating_mul(GAPS_MAX));
        let mut facts = Facts { is_conditional: !request.validators.is_empty(), ..Facts::default() };
        let exchange = async {
            match &request.url {
                FeedUrl::File(path) => self.read_file(path, &request.validators).await.map(Taken::from),
                FeedUrl::Web(url) => self.exchange(url.clone(), &request, &mut facts).await,
            }
        };
        let taken = match tokio::time::timeout(deadline, exchange).await {
            Ok(Ok(taken)) => taken,
            Ok(Err(reason)) => FetchOutcome::Failed(reason).into(),
            Err(_) => FetchOutcome::Failed(format!("no complete answer within {} s", limit.as_secs())).into(),
        };
        let Taken { outcome, coding, share } = taken;
        Landed { fetched: Fetched { outcome, facts }, coding, limit: self.options.max_body, share }
    }

    async fn exchange(&self, mut url: Url, request: &FetchRequest, facts: &mut Facts) -> Result<Taken, String> {
        let first = url.clone();
        let mut is_for_good = true;
        for _ in 0..=REDIRECTS_MAX {
            self.guard.check_literal(&url)?;
            let headers = headers::of_request(request, shares_secrets(&first, &url))?;
            self.pace.wait(&url).await;
            facts.requests += 1;
            let asked = self.client_for(&url).get(url.clone()).headers(headers).send().await;
            let taken = match asked {
                Ok(answer) if is_redirect(answer.status()) => Err(answer),
                Ok(answer) => Ok(self.outcome(answer, &url, request, facts).await),
                Err(error) if is_unfound(&error) => Ok(Ok(FetchOutcome::Unfound.into())),
                Err(error) => Ok(Err(explain(&error))),
            };
            self.pace.ended(&url);
            let answer = match taken {
                Err(answer) => answer,
                Ok(taken) => {
                    facts.moved_to = (is_for_good && url != first).then(|| url.to_string());
                    return taken;
                }
            };
            self.note_server(&answer, facts);
            is_for_good &= matches!(answer.status(), StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
            url = target(&answer, &url)?;
        }
        Err(format!("more than {REDIRECTS_MAX} redirects, the last to {url}"))
    }

    /// The server of the first request: that is the one which the schedule spares.
    fn note_server(&self, answer: &Response, facts: &mut Facts) {
        if facts.server.is_none() && self.options.proxy.is_none() {
            facts.server = answer.remote_addr().map(|address| address.to_string());
        }
    }

    async fn outcome(
        &self,
        answer: Response,
        url: &Url,
        request: &FetchRequest,
        facts: &mut Facts,
    ) -> Result<Taken, String> {
        self.note_server(&answer, facts);
        let status = answer.status();
        facts.status = Some(status.as_u16());
        let freshness = headers::freshness(answer.headers());
        let wait = || FetchOutcome::RateLimited { retry_after: headers::retry_after(answer.headers()) };
        let outcome = match status {
            StatusCode::NOT_MODIFIED if request.validators.is_empty() => {
                return Err("the host says that nothing has changed, though it was not asked that".to_owned());
            }
            StatusCode::NOT_MODIFIED => FetchOutcome::NotModified(freshness),
            // There is nothing now; what was there stays, and is asked for as before.
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT => FetchOutcome::NotModified(Freshness::default()),
            StatusCode::GONE => FetchOutcome::Gone,
            StatusCode::TOO_MANY_REQUESTS => wait(),
            StatusCode::SERVICE_UNAVAILABLE if answer.headers().contains_key(header::RETRY_AFTER) => wait(),
            StatusCode::PARTIAL_CONTENT => return Err("the host sent a part of the document, unasked".to_owned()),
            StatusCode::IM_USED if !headers::is_delta_of_feed(answer.headers()) => {
                return Err("the host sent a difference of a kind that was not asked for".to_owned());
            }
            status if status.is_success() => return self.document(answer, url, freshness, facts).await,
            status => FetchOutcome::Refused(Refusal {
                status: status.as_u16(),
                words: status.to_string(),
                is_challenge: headers::is_challenge(answer.headers()),
                page: self.page(answer).await,
            }),
        };
        Ok(outcome.into())
    }

    async fn document(
        &self,
        answer: Response,
        url: &Url,
        freshness: Freshness,
        facts: &mut Facts,
    ) -> Result<Taken, String> {
        let coding = Coding::of(answer.headers())?;
        let content_type = headers::text_of(answer.headers(), &header::CONTENT_TYPE);
        let is_delta = answer.status() == StatusCode::IM_USED;
        let Raw { bytes, share } = body::read(answer, self.options.max_body, &self.budget).await?;
        facts.bytes = bytes.len() as u64;
        let final_url = Some(url.to_string());
        let body = Body { bytes: bytes.into(), content_type, final_url, is_delta, freshness };
        Ok(Taken { outcome: FetchOutcome::Body(body), coding, share })
    }

    /// What came with a refusal, where it is not packed or can be unpacked.
    async fn page(&self, answer: Response) -> String {
        let Ok(coding) = Coding::of(answer.headers()) else { return String::new() };
        let raw = body::read_page(answer, PAGE_BYTES_MAX).await;
        String::from_utf8_lossy(&body::beginning(&raw, coding, PAGE_BYTES_MAX)).into_owned()
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
        let freshness =
            Freshness { validators: Validators { etag, last_modified: None }, max_age: None, expires: None };
        if freshness.validators == *validators && !validators.is_empty() {
            return Ok(FetchOutcome::NotModified(freshness));
        }
        let limit = self.options.max_body;
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).await.map_err(fault)?;
        if bytes.len() > limit {
            return Err(body::too_large(limit));
        }
        Ok(FetchOutcome::Body(Body {
            bytes: bytes.into(),
            content_type: None,
            final_url: None,
            is_delta: false,
            freshness,
        }))
    }
}

fn client(options: &FetchOptions, guard: Guard) -> Result<Client, String> {
    let mut builder = Client::builder()
        .user_agent(headers::user_agent(options.contact.as_deref()))
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(GuardedResolver::new(guard)))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
        .http1_max_headers(HEADERS_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .no_proxy();
    if let Some(proxy) = &options.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(|error| explain(&error))?);
    }
    builder.build().map_err(|error| explain(&error))
}

/// A status that leads elsewhere. 300 and 304 do not.
fn is_redirect(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

fn target(answer: &Response, from: &Url) -> Result<Url, String> {
    let location = answer.headers().get(header::LOCATION);
    let location = location.ok_or_else(|| format!("the host answered {} without saying where to", answer.status()))?;
    // Some write letters there that belong in percent signs.
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut url = from.join(&location).map_err(|_| "the host redirects to something that is no address".to_owned())?;
    // Nobody but the user says who we are.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    match (from.scheme(), url.scheme()) {
        ("https", "http") => Err("the host redirects from https to http, which is not followed".to_owned()),
        (_, "http" | "https") => Ok(url),
        (_, other) => Err(format!("the host redirects to {other}://, which is not followed")),
    }
}

/// Whether the system's resolver does not know the host.
fn is_unfound(error: &reqwest::Error) -> bool {
    last_cause(error).contains("failed to lookup address information")
}

/// The last cause says what happened ("connection refused"); the ones above only where.
fn last_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn explain(error: &reqwest::Error) -> String {
    let what = last_cause(error);
    if error.is_timeout() {
        "no answer in time".to_owned()
    } else if what.contains("invalid peer certificate") {
        format!("the host's certificate is not valid, or not trusted here ({what})")
    } else if error.is_connect() {
        format!("no connection: {what}")
    } else if error.is_decode() || error.is_body() {
        format!("the answer broke off: {what}")
    } else {
        what
    }
}
