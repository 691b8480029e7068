//! The serve room: answers readers from the [`Snapshot`], which is rendered before anyone asks. A reader never waits for
//! the disk; only the page of a cluster is asked for elsewhere (a [`Question`]), and with a deadline.

mod page;
mod snapshot;

pub use snapshot::{Document, Snapshot};

use crate::engine::id::ClusterId;
use crate::engine::merged::Item;
use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::HeaderMapExt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

/// For a whole answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// For an answer to a [`Question`]; after it the reader gets a 503.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(2);
/// How long readers and proxies may go without asking again.
const MAX_AGE: &str = "max-age=300";
/// Nothing but our own style sheet: whatever a feed smuggled into a page does not run.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What may be tuned about serving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Who does not know it gets nothing but `/healthz`.
    pub token: Option<String>,
}

/// Something that is not in the snapshot.
#[derive(Debug)]
pub struct Question {
    /// The cluster that is asked for, by an id it has or had.
    pub cluster: ClusterId,
    /// Where the answer goes: none where there is no such cluster.
    pub answer: oneshot::Sender<Option<Item>>,
}

/// What requests are answered from.
#[derive(Debug)]
pub struct Desk {
    /// What is being served now.
    pub snapshot: ArcSwap<Snapshot>,
    /// Whether the daemon does all its work; `/readyz` says it.
    pub ready: AtomicBool,
    /// Where questions go.
    pub questions: mpsc::Sender<Question>,
    /// See [`ServeOptions::token`].
    pub token: ArcSwap<Option<String>>,
}

/// Answers requests on a bound socket until `shutdown`, then finishes what is under way.
///
/// # Errors
/// Where the socket breaks.
pub async fn run(
    listener: TcpListener,
    desk: Arc<Desk>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(desk)).with_graceful_shutdown(shutdown).await
}

fn router(desk: Arc<Desk>) -> Router {
    let always = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .fallback(answer)
        .with_state(desk)
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_TIMEOUT))
        .layer(always(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "no-referrer"))
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow, "only GET and HEAD are answered\n").into_response();
    }
    let path = request.uri().path();
    if path == "/healthz" {
        return "alive\n".into_response();
    }
    let Some(path) = admitted(path, request.headers(), desk.token.load().as_deref()) else {
        return (StatusCode::UNAUTHORIZED, "a token is needed\n").into_response();
    };
    if path.is_empty() {
        // The links of the page are relative to the slash.
        return axum::response::Redirect::permanent(&format!("{}/", request.uri().path())).into_response();
    }
    if path == "/readyz" {
        return readiness(desk.ready.load(Ordering::Relaxed));
    }
    if let Some(document) = desk.snapshot.load().document(path) {
        return conditional(document, request.headers());
    }
    match path.strip_prefix("/clusters/") {
        Some(name) => cluster(&desk, name).await,
        None => not_found(),
    }
}

/// The path below the token, for those who know it.
fn admitted<'a>(path: &'a str, headers: &HeaderMap, token: Option<&str>) -> Option<&'a str> {
    let Some(token) = token else { return Some(path) };
    let same = |given: &str| blake3::hash(given.as_bytes()) == blake3::hash(token.as_bytes());
    let bearer = headers.typed_get::<headers::Authorization<headers::authorization::Bearer>>();
    if bearer.is_some_and(|bearer| same(bearer.token())) {
        return Some(path);
    }
    let rest = path.strip_prefix("/t/")?;
    let end = rest.find('/').unwrap_or(rest.len());
    same(&rest[..end]).then(|| &rest[end..])
}

fn readiness(ready: bool) -> Response {
    if ready {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: the first documents are not rendered yet\n").into_response()
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing here; the merged feed is /feed.atom\n").into_response()
}

/// RFC 9110, section 13: 304 where the reader has the very same.
fn conditional(document: &Document, request: &HeaderMap) -> Response {
    let mut headers = HeaderMap::new();
    headers.typed_insert(document.etag.clone());
    headers.typed_insert(headers::LastModified::from(document.last_modified));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(MAX_AGE));
    let unchanged = match request.typed_get::<headers::IfNoneMatch>() {
        Some(known) => !known.precondition_passes(&document.etag),
        None => request
            .typed_get::<headers::IfModifiedSince>()
            .is_some_and(|since| !since.is_modified(document.last_modified)),
    };
    if unchanged {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.media_type));
    (headers, Body::from(document.bytes.clone())).into_response()
}

/// The page of a cluster, or its JSON; an id it no longer has redirects to the one it has.
async fn cluster(desk: &Desk, name: &str) -> Response {
    let (digits, json) = name.strip_suffix(".json").map_or((name, false), |digits| (digits, true));
    let Some(id) = ClusterId::parse(digits) else { return not_found() };
    let (answer, found) = oneshot::channel();
    let asked = desk.questions.try_send(Question { cluster: id, answer });
    let late = || (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "busy; ask again\n").into_response();
    if asked.is_err() {
        return late();
    }
    match tokio::time::timeout(QUESTION_TIMEOUT, found).await {
        Ok(Ok(Some(item))) if item.id != id => {
            let ending = if json { ".json" } else { "" };
            // Relative, so that a token in the path and a proxy's prefix stay.
            axum::response::Redirect::permanent(&format!("{}{ending}", item.id)).into_response()
        }
        Ok(Ok(Some(item))) if json => page::cluster_json(&item).into_response(),
        Ok(Ok(Some(item))) => page::cluster(&item, "../").into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, "there is no such cluster, or it is forgotten\n").into_response(),
        Ok(Err(_)) | Err(_) => late(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_by_path_or_bearer() {
        let check = |path: &str, bearer: Option<&str>, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(bearer) = bearer {
                headers.insert(header::AUTHORIZATION, format!("Bearer {bearer}").parse().unwrap());
            }
            assert_eq!(admitted(path, &headers, Some("s3cret")), expected, "{path}");
        };
        check("/feed.atom", None, None);
        check("/feed.atom", Some("wrong"), None);
        check("/feed.atom", Some("s3cret"), Some("/feed.atom"));
        check("/t/s3cret/feed.atom", None, Some("/feed.atom"));
        check("/t/s3cret", None, Some(""));
        check("/t/s3cretx/feed.atom", None, None);
        check("/t/", None, None);
        assert_eq!(admitted("/t/x/feed.atom", &HeaderMap::new(), None), Some("/t/x/feed.atom"));
    }
}
