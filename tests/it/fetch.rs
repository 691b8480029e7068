//! The fetch room against a real host on loopback.

use crate::host::{Answer, Host};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use storyfold::engine::feed::{Secret, Validators};
use storyfold::engine::fetched::{FetchOutcome, FetchRequest, Fetched};
use storyfold::engine::id::FeedId;
use storyfold::engine::link::FeedUrl;
use storyfold::fetch::{Exception, FetchOptions, Fetcher};

fn fetcher(allow_private: &[SocketAddr]) -> Fetcher {
    let options = FetchOptions {
        timeout: Duration::from_secs(20),
        host_gap: Duration::ZERO,
        max_body: 1000,
        allow_private: allow_private.iter().map(|address| Exception::Address(*address)).collect(),
        contact: Some("https://example.org/about".to_owned()),
        proxy: None,
    };
    Fetcher::new(options).unwrap()
}

fn request(url: &str) -> FetchRequest {
    FetchRequest {
        feed: FeedId(1),
        url: FeedUrl::parse(url, Path::new("/")).unwrap(),
        validators: Validators::default(),
        user_agent: None,
        headers: Vec::new(),
    }
}

async fn fetched(fetcher: &Fetcher, request: FetchRequest) -> Fetched {
    fetcher.fetch(request).await.open(|fetched| fetched)
}

async fn fetch(host: &Host, path: &str) -> FetchOutcome {
    fetched(&fetcher(&[host.address]), request(&host.url(path))).await.outcome
}

fn reason(outcome: FetchOutcome) -> String {
    match outcome {
        FetchOutcome::Failed(reason) => reason,
        FetchOutcome::Refused(refusal) => refusal.words,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_document_comes_with_its_validators_and_who_asked_is_told() {
    let host = Host::start("127.0.0.1");
    let answer = Answer::ok("<rss/>").header("ETag", "W/\"odd one\"").header("Last-Modified", "yesterday, roughly");
    host.set("/feed", answer.header("Cache-Control", "max-age=600").header("Age", "60"));
    let FetchOutcome::Body(body) = fetch(&host, "/feed").await else { panic!() };
    assert_eq!(&body.bytes[..], b"<rss/>");
    assert_eq!(body.freshness.validators.etag.as_deref(), Some("W/\"odd one\""));
    assert_eq!(body.freshness.validators.last_modified.as_deref(), Some("yesterday, roughly"));
    assert_eq!(body.freshness.max_age, Some(Duration::from_mins(9)));
    let asked = &host.asked()[0];
    assert!(asked.headers["user-agent"].starts_with("storyfold/"), "{asked:?}");
    assert!(asked.headers["user-agent"].contains("+https://example.org/about"), "{asked:?}");
    assert!(asked.headers["accept-encoding"].contains("gzip"), "{asked:?}");
    assert!(!asked.headers.contains_key("cookie") && !asked.headers.contains_key("referer"), "{asked:?}");
}

#[tokio::test]
async fn validators_go_back_verbatim_and_304_is_a_value() {
    let host = Host::start("127.0.0.1");
    host.set("/feed", Answer::ok("<rss/>").etag("W/\"odd one\""));
    let validators = Validators { etag: Some("W/\"odd one\"".to_owned()), last_modified: Some("as it was".to_owned()) };
    let request = FetchRequest { validators, ..request(&host.url("/feed")) };
    let outcome = fetched(&fetcher(&[host.address]), request).await.outcome;
    assert!(matches!(outcome, FetchOutcome::NotModified(_)), "{outcome:?}");
    assert_eq!(host.asked()[0].headers["if-modified-since"], "as it was");
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let host = Host::start("127.0.0.1");
    let check = |status, headers: &[(&str, &str)]| {
        let answer = headers.iter().fold(Answer::status(status), |answer, (name, value)| answer.header(name, value));
        host.set("/feed", answer);
        let host = host.clone();
        async move { fetch(&host, "/feed").await }
    };
    let wait = |outcome| match outcome {
        FetchOutcome::RateLimited { retry_after } => retry_after.map(|wait| wait.as_secs()),
        other => panic!("{other:?}"),
    };
    assert_eq!(wait(check("429 Too Many Requests", &[]).await), None);
    assert_eq!(wait(check("429 Too Many Requests", &[("Retry-After", "90")]).await), Some(90));
    let dates = [("Retry-After", "Sun, 08 Jun 2025 07:31:00 GMT"), ("Date", "Sun, 08 Jun 2025 07:30:00 GMT")];
    assert_eq!(wait(check("503 Service Unavailable", &dates).await), Some(60));
    assert!(matches!(check("410 Gone", &[]).await, FetchOutcome::Gone));
    assert!(reason(check("404 Not Found", &[]).await).contains("404"));
    assert!(reason(check("500 Internal Server Error", &[]).await).contains("500"));
    assert!(reason(check("503 Service Unavailable", &[]).await).contains("503"));
}

#[tokio::test]
async fn redirects_are_followed_few_and_only_where_they_may_lead() {
    let (host, other) = (Host::start("127.0.0.1"), Host::start("127.0.0.2"));
    let to = |target: &str| Answer::status("302 Found").header("Location", target);
    host.set("/a", to("/b"));
    host.set("/b", Answer::ok("<rss/>"));
    let FetchOutcome::Body(body) = fetch(&host, "/a").await else { panic!() };
    assert_eq!(body.final_url, Some(host.url("/b")));
    host.set("/loop", to("/loop"));
    assert!(reason(fetch(&host, "/loop").await).contains("redirects"));
    host.set("/inside", to(&other.url("/feed")));
    assert!(reason(fetch(&host, "/inside").await).contains("private"));
    host.set("/file", to("file:///etc/passwd"));
    assert!(reason(fetch(&host, "/file").await).contains("file://"));
    assert_eq!(other.asked().len(), 0);
}

#[tokio::test]
async fn a_feeds_own_headers_do_not_travel_to_another_host() {
    let (host, other) = (Host::start("127.0.0.1"), Host::start("127.0.0.2"));
    host.set("/feed", Answer::status("302 Found").header("Location", &other.url("/feed")));
    other.set("/feed", Answer::ok("<rss/>"));
    let headers = vec![("X-Key".to_owned(), Secret::new("secret".to_owned()))];
    let request = FetchRequest { headers, ..request(&host.url("/feed")) };
    fetched(&fetcher(&[host.address, other.address]), request).await;
    assert_eq!(host.asked()[0].headers["x-key"], "secret");
    assert!(!other.asked()[0].headers.contains_key("x-key"));
}

#[tokio::test]
async fn what_is_too_large_is_cut_off() {
    let host = Host::start("127.0.0.1");
    host.set("/feed", Answer::ok("x".repeat(1001)));
    assert!(reason(fetch(&host, "/feed").await).contains("fetch.max_body"));
}

#[tokio::test]
async fn private_addresses_are_not_dialled_by_name_either() {
    let host = Host::start("127.0.0.1");
    let url = format!("http://localhost:{}/feed", host.address.port());
    assert!(reason(fetched(&fetcher(&[]), request(&url)).await.outcome).contains("private"));
    assert_eq!(host.asked().len(), 0);
}

#[tokio::test]
async fn an_exception_is_for_its_port_only() {
    let (allowed, other) = (Host::start("127.0.0.1"), Host::start("127.0.0.1"));
    allowed.set("/feed", Answer::ok("<rss/>"));
    let fetcher = fetcher(&[allowed.address]);
    for name in ["localhost", "127.0.0.1"] {
        let url = |host: &Host| format!("http://{name}:{}/feed", host.address.port());
        assert!(matches!(fetched(&fetcher, request(&url(&allowed))).await.outcome, FetchOutcome::Body(_)), "{name}");
        assert!(reason(fetched(&fetcher, request(&url(&other))).await.outcome).contains("private"), "{name}");
    }
    assert_eq!(other.asked().len(), 0);
}

#[tokio::test]
async fn a_file_is_read_and_not_read_again_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    std::fs::write(&path, "<rss/>").unwrap();
    let fetcher = fetcher(&[]);
    let FetchOutcome::Body(body) = fetched(&fetcher, request(path.to_str().unwrap())).await.outcome else { panic!() };
    assert_eq!(&body.bytes[..], b"<rss/>");
    let again = FetchRequest { validators: body.freshness.validators, ..request(path.to_str().unwrap()) };
    assert!(matches!(fetched(&fetcher, again).await.outcome, FetchOutcome::NotModified(_)));
    assert!(reason(fetched(&fetcher, request("/nowhere/feed.xml")).await.outcome).contains("/nowhere/feed.xml"));
}
