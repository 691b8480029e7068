//! How a client of feeds should behave: the points of Rachel Kroll's list of feed reader behavior (FRB), each against a
//! real host. The engine's clock is ours, so that weeks pass at once; what is asked goes over a socket, what is remembered
//! lies in a store.

use crate::host::{Answer, Host};
use std::path::Path;
use std::time::Duration;
use storyfold::config::{Config, Environment};
use storyfold::engine::Engine;
use storyfold::engine::feed::{FeedState, PollResult};
use storyfold::engine::ingest::digested;
use storyfold::engine::time::{Stamp, Timestamp};
use storyfold::fetch::Fetcher;
use storyfold::store::{Store, StoreError};
use tempfile::TempDir;

/// 2026-06-01, a Monday, 12:00 UTC.
const START: i64 = 1_780_315_200;
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A client that follows feeds of real hosts, on a clock of its own.
struct Client {
    config: Config,
    engine: Engine,
    fetcher: Fetcher,
    store: Option<Store>,
    folder: TempDir,
    sequence: u64,
    /// Seconds since [`START`].
    now: i64,
}

impl Client {
    fn new(urls: &[String], extra: &str) -> Self {
        let hosts: Vec<String> = urls.iter().map(|url| format!("\"{}\"", url.split('/').nth(2).unwrap())).collect();
        let feeds: String = urls.iter().map(|url| format!("[[feed]]\nurl = \"{url}\"\n")).collect();
        // The engine keeps the gap on its own clock; the fetch room would keep it on the real one.
        let gap = if extra.contains("host_gap") { "" } else { "host_gap = \"1ms\"" };
        let text = format!("[fetch]\nallow_private = [{}]\n{gap}\n{extra}\n{feeds}", hosts.join(", "));
        Self::with(&text)
    }

    fn with(text: &str) -> Self {
        let read = |path: &Path| std::fs::read_to_string(path);
        let config =
            Config::parse(Path::new("feeds.toml"), Path::new("/"), text, &Environment::default(), &read).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let engine = Engine::restore(config.engine.clone(), store.records().unwrap());
        let fetcher = Fetcher::new(config.fetch.clone()).unwrap();
        let mut client = Self { config, engine, fetcher, store: Some(store), folder, sequence: 0, now: 0 };
        client.configure();
        client
    }

    fn configure(&mut self) {
        let stamp = self.stamp();
        let update = self.engine.configure(stamp, self.config.engine.clone(), self.config.feeds.clone());
        self.store.as_ref().unwrap().commit(&[update]).unwrap();
    }

    fn stamp(&mut self) -> Stamp {
        self.sequence += 1;
        Stamp { sequence: self.sequence, at: self.at() }
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_secs(START + self.now)
    }

    /// Ends and starts again, with nothing but what the store has.
    fn restart(&mut self) {
        // The folder is locked while the first one lives, and a moment longer: its threads end by themselves.
        self.store = None;
        let store = loop {
            match Store::open(self.folder.path()) {
                Err(StoreError::InUse(_)) => std::thread::yield_now(),
                opened => break opened.unwrap(),
            }
        };
        self.engine = Engine::restore(self.config.engine.clone(), store.records().unwrap());
        self.store = Some(store);
        self.sequence = self.engine.sequence();
        self.configure();
    }

    /// Lets this much time pass, and asks what comes due, when it does.
    async fn pass(&mut self, seconds: i64) {
        let end = self.now + seconds;
        loop {
            while let Some(request) = self.engine.poll_fetch(self.at()) {
                let spec = self.engine.spec(request.feed).unwrap().clone();
                let landed = self.fetcher.fetch(request).await;
                let stamp = self.stamp();
                let update = self.engine.handle_fetched(stamp, landed.open(|fetched| digested(&spec, fetched)));
                self.store.as_ref().unwrap().commit(&[update]).unwrap();
            }
            let next = self.engine.poll_timeout().map_or(end, |at| at.millis().div_euclid(1000) + 1 - START);
            if next >= end {
                break;
            }
            self.now = next.max(self.now + 1);
            let stamp = self.stamp();
            self.engine.handle_time(stamp);
        }
        self.now = end;
    }

    fn state(&self) -> &FeedState {
        self.engine.feeds().next().unwrap().1
    }

    /// In how many seconds the one feed is asked next.
    fn next(&self) -> i64 {
        self.state().next_due.millis() / 1000 - START - self.now
    }
}

fn rss(items: &[&str]) -> String {
    let items: String = items
        .iter()
        .map(|item| {
            format!("<item><guid>{item}</guid><title>{item}</title><link>http://a.example/{item}</link></item>")
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Feed</title>{items}</channel></rss>")
}

/// One feed on one host, asked once.
async fn asked_once(answer: Answer) -> (Host, Client) {
    let host = Host::start("127.0.0.1");
    host.set("/feed", answer);
    let mut client = Client::new(&[host.url("/feed")], "");
    client.pass(1).await;
    assert_eq!(host.asked().len(), 1);
    (host, client)
}

fn header(host: &Host, request: usize, name: &str) -> Option<String> {
    host.asked()[request].headers.get(name).cloned()
}

/// FRB001, 002, 003, 004, 010, 011, 012, 013: validators are kept, also over a restart, and sent back as they came.
#[tokio::test]
async fn validators_are_sent_back_verbatim_also_after_a_restart() {
    let dates = ("Last-Modified", "Tue,  2 Jun 2026 1:2:3 GMT+0100, or so");
    let (host, mut client) =
        asked_once(Answer::ok(rss(&["a"])).header("ETag", "W/\"odd \\ one\"").header(dates.0, dates.1)).await;
    assert_eq!((header(&host, 0, "if-none-match"), header(&host, 0, "if-modified-since")), (None, None));
    for request in 1..3 {
        client.restart();
        client.pass(DAY).await;
        assert_eq!(header(&host, request, "if-none-match").as_deref(), Some("W/\"odd \\ one\""));
        assert_eq!(header(&host, request, "if-modified-since").as_deref(), Some(dates.1));
    }
}

/// FRB014: the two are a pair: a new answer with one of them leaves nothing of the other.
#[tokio::test]
async fn validators_are_one_pair() {
    let both = Answer::ok(rss(&["a"])).header("ETag", "\"1\"").header("Last-Modified", "then");
    let (host, mut client) = asked_once(both).await;
    host.set("/feed", Answer::ok(rss(&["a", "b"])).header("ETag", "\"2\""));
    client.pass(DAY).await;
    client.pass(DAY).await;
    let last = host.asked().len() - 1;
    assert_eq!(header(&host, last, "if-none-match").as_deref(), Some("\"2\""));
    assert_eq!(header(&host, last, "if-modified-since"), None);
}

/// A 304 may bring new validators, and so may an answer whose body is the same.
#[tokio::test]
async fn validators_are_refreshed_by_answers_without_news() {
    let (host, mut client) = asked_once(Answer::ok(rss(&["a"])).header("ETag", "\"1\"")).await;
    host.set("/feed", Answer::ok(rss(&["a"])).header("ETag", "\"2\""));
    client.pass(DAY).await;
    assert_eq!(client.state().validators.etag.as_deref(), Some("\"2\""));
    assert_eq!(client.state().last_result, Some(PollResult::NotModified));
    host.set("/feed", Answer::status("304 Not Modified").header("ETag", "\"3\""));
    client.pass(DAY).await;
    assert_eq!(client.state().validators.etag.as_deref(), Some("\"3\""));
}

/// FRB016: being told to wait forgets nothing.
#[tokio::test]
async fn validators_survive_a_429() {
    let (host, mut client) = asked_once(Answer::ok(rss(&["a"])).header("ETag", "\"1\"")).await;
    host.set("/feed", Answer::status("429 Too Many Requests"));
    client.pass(DAY).await;
    host.set("/feed", Answer::ok(rss(&["a"])).etag("\"1\""));
    client.pass(2 * DAY).await;
    assert_eq!(client.state().last_result, Some(PollResult::NotModified));
}

/// Validators can be stuck: once a week the whole document is asked for. A host that says 304 to that is told apart.
#[tokio::test]
async fn once_a_week_the_whole_document_is_asked_for() {
    let (host, mut client) = asked_once(Answer::ok(rss(&["a"])).etag("\"1\"")).await;
    client.pass(8 * DAY).await;
    let unconditional =
        |host: &Host| host.asked().iter().filter(|asked| !asked.headers.contains_key("if-none-match")).count();
    assert_eq!(unconditional(&host), 2);
    host.set("/feed", Answer::status("304 Not Modified"));
    client.pass(8 * DAY).await;
    assert!(
        matches!(&client.state().last_result, Some(PollResult::Failed { reason, .. }) if reason.contains("not asked"))
    );
    assert_eq!(client.engine.size().0, 1, "nothing is lost");
}

/// FRB020: `Retry-After`, as seconds and as a date, with 429 and 503, for the whole host.
#[tokio::test]
async fn a_host_that_asks_to_wait_is_left_alone_so_long() {
    let date = [("Retry-After", "Mon, 08 Jun 2026 15:30:00 GMT"), ("Date", "Mon, 08 Jun 2026 12:30:00 GMT")];
    for (status, headers) in [
        ("429 Too Many Requests", &[("Retry-After", "10800")][..]),
        ("503 Service Unavailable", &[("Retry-After", "10800")]),
        ("429 Too Many Requests", &date),
        ("503 Service Unavailable", &date),
    ] {
        let host = Host::start("127.0.0.1");
        let answer = headers.iter().fold(Answer::status(status), |answer, (name, value)| answer.header(name, value));
        host.set("/a", answer.clone());
        host.set("/b", Answer::ok(rss(&["b"])));
        let mut client = Client::new(&[host.url("/a"), host.url("/b")], "host_concurrency = 1");
        client.pass(HOUR / 2).await;
        let first = host.asked().len();
        client.restart();
        client.pass(2 * HOUR).await;
        assert_eq!(host.asked().len(), first, "{status} {headers:?}");
        client.pass(2 * HOUR).await;
        assert!(host.asked().len() > first, "{status} {headers:?}");
    }
}

/// `pause_scope`, for all and for one feed: some hosts carry feeds of many owners.
#[tokio::test]
async fn a_pause_may_be_for_the_feed_alone() {
    for (extra, of_feed) in [("pause_scope = \"feed\"", ""), ("", "pause_scope = \"feed\"")] {
        let host = Host::start("127.0.0.1");
        host.set("/a", Answer::status("429 Too Many Requests").header("Retry-After", "7200"));
        host.set("/b", Answer::ok(rss(&["b"])));
        let text = format!(
            "[fetch]\nallow_private = [\"{}\"]\n{extra}\n[[feed]]\nurl = \"{}\"\n{of_feed}\n[[feed]]\nurl = \"{}\"\n",
            host.address,
            host.url("/a"),
            host.url("/b")
        );
        let mut client = Client::with(&text);
        client.pass(MINUTE).await;
        assert_eq!(host.asked().len(), 2, "{extra} {of_feed}");
    }
}

/// FRB021: without a hint, failures and refusals slow us down, further each time, but never to a stop.
#[tokio::test]
async fn failures_slow_us_down_and_never_stop_us() {
    for status in ["404 Not Found", "500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests"] {
        let (host, mut client) = asked_once(Answer::status(status)).await;
        let mut waits = Vec::new();
        for _ in 0..12 {
            waits.push(client.next());
            let next = client.next() + 2;
            client.pass(next).await;
        }
        // But for the first, which is spread wider.
        assert!(waits[1..].windows(2).all(|pair| pair[1] >= pair[0]), "{status}: {waits:?}");
        assert!(waits[0] >= 15 * MINUTE && *waits.last().unwrap() <= 27 * HOUR, "{status}: {waits:?}");
        assert_eq!(host.asked().len(), 13, "{status}");
    }
}

/// 410 is believed when it is repeated on other days, and then for good.
#[tokio::test]
async fn a_feed_that_has_ended_is_not_asked_any_more() {
    let (host, mut client) = asked_once(Answer::status("410 Gone")).await;
    client.pass(30 * DAY).await;
    assert_eq!(host.asked().len(), 3);
    client.restart();
    client.pass(30 * DAY).await;
    assert_eq!(host.asked().len(), 3);
    assert_eq!(client.state().status(client.at()), "gone");
}

/// FRB022, 023, 024: what the publisher asks is heeded, within bounds; `no-cache` and absurd values are not.
#[tokio::test]
async fn what_the_publisher_asks_decides_within_bounds() {
    let document = |inside: &str| {
        format!(
            "<rss version=\"2.0\" xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\"><channel>{inside}\
             <item><guid>a</guid><title>A</title></item></channel></rss>"
        )
    };
    let check = async |headers: &[(&str, &str)], inside: &str, low: i64, high: i64| {
        let answer = Answer::ok(document(inside));
        let answer = headers.iter().fold(answer, |answer, (name, value)| answer.header(name, value));
        let (_, client) = asked_once(answer).await;
        let wait = client.next();
        assert!((low..=high).contains(&wait), "{headers:?} {inside}: {wait}");
    };
    let (date, later) = (("Date", "Mon, 01 Jun 2026 12:00:00 GMT"), ("Expires", "Mon, 01 Jun 2026 14:00:00 GMT"));
    // A first look is spread over as long again.
    check(&[], "", 29 * MINUTE, 62 * MINUTE).await;
    check(&[("Cache-Control", "max-age=7200")], "", 2 * HOUR - 2, 4 * HOUR).await;
    check(&[("Cache-Control", "max-age=7200"), ("Age", "3600")], "", HOUR - 2, 2 * HOUR).await;
    check(&[("Cache-Control", "no-cache, max-age=7200")], "", 29 * MINUTE, 62 * MINUTE).await;
    check(&[("Cache-Control", "max-age=315360000")], "", 24 * HOUR - 2, 48 * HOUR).await;
    check(&[("Cache-Control", "max-age=0")], "<ttl>0</ttl>", 29 * MINUTE, 62 * MINUTE).await;
    check(&[date, later], "", 2 * HOUR - 2, 4 * HOUR).await;
    check(&[("Expires", "0")], "", 29 * MINUTE, 62 * MINUTE).await;
    check(&[], "<ttl>120</ttl>", 2 * HOUR - 2, 4 * HOUR).await;
    check(&[], "<ttl>99999999</ttl>", 24 * HOUR - 2, 48 * HOUR).await;
    check(
        &[],
        "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
        6 * HOUR - 2,
        12 * HOUR,
    )
    .await;
    let hours: String = (12..18).map(|hour| format!("<hour>{hour}</hour>")).collect();
    check(&[], &format!("<skipHours>{hours}</skipHours>"), 6 * HOUR - 2, 7 * HOUR).await;
    check(&[], "<skipDays><day>Monday</day><day>Tuesday</day></skipDays>", 36 * HOUR - 2, 37 * HOUR).await;
}

/// What a document asks holds while answers say that it has not changed.
#[tokio::test]
async fn hints_hold_over_answers_without_news() {
    let document =
        "<rss version=\"2.0\"><channel><ttl>720</ttl><item><guid>a</guid><title>A</title></item></channel></rss>";
    let (host, mut client) = asked_once(Answer::ok(document).etag("\"1\"")).await;
    client.pass(2 * DAY).await;
    let requests = host.asked().len();
    assert!((3..=5).contains(&requests), "{requests}");
    assert_eq!(client.state().cadence.unwrap().why.to_string(), "publisher says ttl 720");
    assert_eq!(client.state().tally.early, 0);
}

/// FRB030, 031, 032: nothing that a feed names is ever fetched: pages, pictures, icons, hubs, style sheets.
#[tokio::test]
async fn nothing_inside_a_feed_is_fetched() {
    let other = Host::start("127.0.0.2");
    let url = other.url("/x");
    let document = format!(
        "<?xml-stylesheet href=\"{url}\"?><rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\
         <atom:link rel=\"hub\" href=\"{url}\"/><atom:link rel=\"self\" href=\"{url}\"/><image><url>{url}</url></image>\
         <item><guid>a</guid><link>{url}</link><description>&lt;img src=\"{url}\"&gt;</description>\
         <enclosure url=\"{url}\" type=\"audio/mpeg\" length=\"1\"/></item></channel></rss>"
    );
    let host = Host::start("127.0.0.1");
    host.set("/feed", Answer::ok(document));
    let mut client = Client::new(&[host.url("/feed"), other.url("/feed")], "");
    client.pass(DAY).await;
    assert!(client.engine.size().0 == 1 && other.asked().iter().all(|asked| asked.target == "/feed"));
}

/// FRB033, 034: one request at a time to a host, with a gap, whatever the number of its feeds; also after a restart and
/// where redirects lead back to it.
#[tokio::test]
async fn a_host_of_many_feeds_is_asked_one_by_one() {
    let host = Host::start("127.0.0.1");
    let urls: Vec<String> = (0..4).map(|feed| host.url(&format!("/{feed}"))).collect();
    host.set("/3", Answer::status("302 Found").header("Location", "/moved"));
    let mut client = Client::new(&urls, "host_gap = \"300ms\"");
    for feed in 0..urls.len() {
        assert!(client.engine.poll_fetch(client.at()).is_some() == (feed == 0), "one is in flight");
    }
    let mut client = Client::new(&urls, "host_gap = \"300ms\"");
    client.pass(MINUTE).await;
    let times: Vec<_> = host.asked().iter().map(|asked| asked.at).collect();
    assert_eq!(times.len(), 5);
    let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_millis(300)), "{gaps:?}");
    client.restart();
    client.engine.demand(client.at(), true);
    assert!(client.engine.poll_fetch(client.at()).is_none(), "the last request may have been a moment ago");
}

/// FRB035: hosts that one address answers for count as one.
#[tokio::test]
async fn hosts_of_one_address_are_asked_one_by_one() {
    let host = Host::start("127.0.0.1");
    let port = host.address.port();
    let urls = [host.url("/a"), format!("http://localhost:{port}/b")];
    host.set("/a", Answer::ok(rss(&["a"])));
    host.set("/b", Answer::ok(rss(&["b"])));
    let mut client = Client::new(&urls, "");
    client.pass(MINUTE).await;
    client.engine.demand(client.at(), true);
    assert!(client.engine.poll_fetch(client.at()).is_some());
    assert!(client.engine.poll_fetch(client.at()).is_none());
    client.restart();
    client.now += MINUTE;
    client.engine.demand(client.at(), true);
    assert!(client.engine.poll_fetch(client.at()).is_some());
    assert!(client.engine.poll_fetch(client.at()).is_none(), "known also after a restart");
}

/// FRB037: feeds that were added together are not asked together for ever, nor on the same minute.
#[tokio::test]
async fn feeds_do_not_fire_together() {
    let hosts: Vec<Host> = (1..40).map(|n| Host::start(&format!("127.0.0.{n}"))).collect();
    for host in &hosts {
        host.set("/feed", Answer::ok(rss(&["a"])).etag("\"1\""));
    }
    let urls: Vec<String> = hosts.iter().map(|host| host.url("/feed")).collect();
    let mut client = Client::new(&urls, "");
    client.pass(MINUTE).await;
    let mut minutes: Vec<i64> = client.engine.feeds().map(|(_, state)| state.next_due.millis() / 60_000).collect();
    minutes.sort_unstable();
    let together = minutes.chunk_by(|a, b| a == b).map(<[i64]>::len).max().unwrap();
    assert!(together <= 13, "{together} of {} in one minute", minutes.len());
    client.restart();
    client.pass(1).await;
    assert!(hosts.iter().all(|host| host.asked().len() == 1), "a restart fires nothing");
}

/// FRB050, 051, 060 to 066: one GET of the very address: no HEAD, no guesses, no parameters of ours, no cookies though
/// they are set, no referer, no cache-busting.
#[tokio::test]
async fn the_very_address_is_asked_and_nothing_else() {
    let host = Host::start("127.0.0.1");
    let target = "/feed?b=2&a=1&a=%C3%A9&empty=&x=%2F~";
    host.set(target, Answer::ok(rss(&["a"])).etag("\"1\"").header("Set-Cookie", "id=1; Path=/"));
    let mut client = Client::new(&[host.url(target)], "");
    client.pass(2 * DAY).await;
    let asked = host.asked();
    assert!(asked.len() > 2);
    for one in &asked {
        assert_eq!((one.method.as_str(), one.target.as_str()), ("GET", target));
        for name in ["cookie", "referer", "pragma", "cache-control", "authorization"] {
            assert!(!one.headers.contains_key(name), "{one:?}");
        }
    }
}

/// FRB070, 071: rounds by hand are conditional, too, and pass by what its host has paused.
#[tokio::test]
async fn rounds_by_hand_are_conditional() {
    let (host, mut client) = asked_once(Answer::ok(rss(&["a"])).etag("\"1\"")).await;
    for request in 1..4 {
        client.now += MINUTE;
        client.engine.demand(client.at(), true);
        client.pass(1).await;
        assert_eq!(header(&host, request, "if-none-match").as_deref(), Some("\"1\""));
    }
    host.set("/feed", Answer::status("429 Too Many Requests"));
    client.now += MINUTE;
    client.engine.demand(client.at(), true);
    client.pass(1).await;
    let demand = client.engine.demand(client.at(), true);
    assert!(demand.feeds.is_empty() && demand.paused.len() == 1);
}

/// FRB080, 081, 082: who asks is told: name, version, and where to complain.
#[tokio::test]
async fn who_asks_is_told() {
    let host = Host::start("127.0.0.1");
    let mut client = Client::new(&[host.url("/feed")], "contact = \"https://example.org/about\"");
    client.pass(1).await;
    let agent = header(&host, 0, "user-agent").unwrap();
    assert_eq!(agent, format!("storyfold/{} (+https://example.org/about)", env!("CARGO_PKG_VERSION")));
}

/// RFC 3229: what is new alone may come, and removes nothing; it is asked for only with a validator.
#[tokio::test]
async fn a_difference_adds_and_removes_nothing() {
    let (host, mut client) = asked_once(Answer::ok(rss(&["a", "b"])).header("ETag", "\"1\"")).await;
    assert_eq!(header(&host, 0, "a-im"), None);
    host.set("/feed", Answer::of("226 IM Used", rss(&["c"])).header("ETag", "\"2\"").header("IM", "feed"));
    let next = client.next() + 2;
    client.pass(next).await;
    assert_eq!(header(&host, 1, "a-im").as_deref(), Some("feed"));
    assert_eq!(client.engine.size().0, 3);
    assert_eq!(client.state().validators.etag.as_deref(), Some("\"2\""));
}

/// A feed that has moved for good is asked at its new address after a week there, and at the old one when it is lost.
#[tokio::test]
async fn a_feed_that_moved_is_followed_after_a_week() {
    let (old, new) = (Host::start("127.0.0.1"), Host::start("127.0.0.2"));
    for (status, is_adopted) in
        [("301 Moved Permanently", true), ("308 Permanent Redirect", true), ("302 Found", false)]
    {
        old.set("/feed", Answer::status(status).header("Location", &new.url("/feed")));
        new.set("/feed", Answer::ok(rss(&["a"])).etag("\"1\""));
        let text = format!(
            "[fetch]\nhost_gap = \"1ms\"\nallow_private = [\"{}\", \"{}\"]\n[[feed]]\nurl = \"{}\"\nheaders = {{ X-Key = \"secret\" }}\n",
            old.address,
            new.address,
            old.url("/feed")
        );
        let mut client = Client::with(&text);
        client.pass(6 * DAY).await;
        assert_eq!(client.state().moved.is_some(), is_adopted, "{status}");
        assert!(client.state().moved.as_ref().is_none_or(|moved| !moved.adopted), "{status}");
        client.pass(2 * DAY).await;
        client.restart();
        let before = old.asked().len();
        client.pass(2 * DAY).await;
        assert_eq!(old.asked().len() == before, is_adopted, "{status}");
        assert!(new.asked().iter().all(|asked| !asked.headers.contains_key("x-key")), "secrets stay with their host");
        new.set("/feed", Answer::status("404 Not Found"));
        client.pass(3 * DAY).await;
        assert!(old.asked().len() > before, "{status}");
    }
}

/// Once a feed is asked at its new address, the old one may die.
#[tokio::test]
async fn a_feed_that_moved_outlives_its_old_address() {
    let (old, new) = (Host::start("127.0.0.1"), Host::start("127.0.0.2"));
    old.set("/feed", Answer::status("301 Moved Permanently").header("Location", &new.url("/feed")));
    new.set("/feed", Answer::ok(rss(&["a"])).etag("\"1\""));
    let mut client = Client::new(&[old.url("/feed"), new.url("/nothing")], "");
    client.pass(9 * DAY).await;
    old.set("/feed", Answer::status("410 Gone"));
    client.pass(30 * DAY).await;
    let (_, state) = client.engine.feeds().find(|(spec, _)| spec.written == old.url("/feed")).unwrap();
    assert_eq!(state.status(client.at()), "ok");
    assert!(state.last_success.is_some_and(|last| client.at().since(last) < Duration::from_hours(25)));
}

/// A closed feed that leads to another one has not moved there.
#[tokio::test]
async fn another_feed_at_the_end_of_a_redirect_is_not_the_feed() {
    let host = Host::start("127.0.0.1");
    host.set("/feed", Answer::ok(rss(&["a"])).etag("\"1\""));
    let mut client = Client::new(&[host.url("/feed")], "");
    client.pass(HOUR).await;
    host.set("/feed", Answer::status("301 Moved Permanently").header("Location", "/main"));
    for day in 0..20 {
        host.set("/main", Answer::ok(rss(&[&format!("other {day}")])));
        client.pass(DAY).await;
    }
    assert!(client.state().moved.as_ref().is_none_or(|moved| !moved.adopted), "{:?}", client.state().moved);
}

/// Rounds by hand are no days: a host that is confused for a minute ends no feed, and one that ended can be followed anew.
#[tokio::test]
async fn an_end_takes_days_and_can_be_taken_back() {
    let (host, mut client) = asked_once(Answer::status("410 Gone")).await;
    for _ in 0..4 {
        client.now += MINUTE;
        client.engine.demand(client.at(), true);
        client.pass(1).await;
    }
    assert!(!client.state().has_ended());
    client.pass(10 * DAY).await;
    assert!(client.state().has_ended());
    host.set("/feed", Answer::ok(rss(&["a"])));
    let feeds = std::mem::take(&mut client.config.feeds);
    client.configure();
    client.config.feeds = feeds;
    client.configure();
    client.pass(MINUTE).await;
    assert_eq!(client.state().status(client.at()), "ok");
}

/// 204: what stands there later is a first import all the same.
#[tokio::test]
async fn an_empty_answer_is_no_first_import() {
    let (host, mut client) = asked_once(Answer::status("204 No Content")).await;
    assert!(client.state().first_success.is_none());
    host.set("/feed", Answer::ok(rss(&["a", "b"])));
    client.pass(DAY).await;
    assert_eq!(client.engine.size().0, 2);
    assert!(client.state().first_success.is_some() && client.next() > 25 * MINUTE);
}

/// Letters that belong in percent signs, and a password that nobody gave, in a redirect.
#[tokio::test]
async fn redirects_are_read_as_they_are_written() {
    let host = Host::start("127.0.0.1");
    host.set(
        "/feed",
        Answer::status("302 Found").header("Location", &format!("http://me:secret@{}/f\u{e9}ed", host.address)),
    );
    host.set("/f%C3%A9ed", Answer::ok(rss(&["a"])));
    let mut client = Client::new(&[host.url("/feed")], "");
    client.pass(MINUTE).await;
    assert_eq!(client.state().status(client.at()), "ok", "{:?}", client.state().last_result);
    assert!(header(&host, 1, "authorization").is_none());
}

/// A feed whose entries have new ids each time does not bury the others.
#[tokio::test]
async fn a_feed_brings_so_many_new_entries_a_day() {
    let items = |look: usize| {
        let names: Vec<String> = (0..1500).map(|item| format!("{look}-{item}")).collect();
        let items: String =
            names.iter().map(|name| format!("<item><guid>{name}</guid><title>{name}</title></item>")).collect();
        format!("<rss version=\"2.0\"><channel>{items}</channel></rss>")
    };
    let (host, mut client) = asked_once(Answer::ok(items(0))).await;
    assert_eq!(client.engine.size().0, 1500, "a first import is whole");
    let mut sizes = Vec::new();
    for look in 1..4 {
        host.set("/feed", Answer::ok(items(look)));
        let next = client.next() + 2;
        client.pass(next).await;
        sizes.push(client.engine.size().0 - 1500);
    }
    assert_eq!(sizes[0], 1000, "{sizes:?}");
    assert!(sizes[2] < 1200, "{sizes:?}");
}
