//! The daemon as a child process: serving, signals, restarts.

use crate::cli::{Storyfold, rss};
use crate::host::{Answer, Host};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A daemon on a free port; killed when dropped.
struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    /// Starts it and waits until it says where to subscribe: then the first round is on disk.
    fn start(storyfold: &Storyfold) -> Self {
        Self::start_saying(storyfold, "/feed.atom")
    }

    fn start_saying(storyfold: &Storyfold, path: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = storyfold.command(&["run"]);
        command.env("STORYFOLD_DAEMON__LISTEN", format!("127.0.0.1:{port}"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert!(said.contains(&format!("http://127.0.0.1:{port}{path}")), "{said}");
        Self { child, port }
    }

    /// Asks; gives status and the rest of the answer.
    fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn end(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// A publisher's feed: one entry of the shared event in its own words, and one that nobody else has.
fn publisher(ip: &str, name: &str, shared: (&str, &str), own: &str) -> Host {
    let item = |(title, text): (&str, &str)| {
        let page = title.replace(' ', "-");
        format!(
            "<item><guid>{page}</guid><title>{title}</title><link>https://{name}.example/{page}</link><description>{text}</description></item>"
        )
    };
    let items = format!("{}{}", item(shared), item((own, own)));
    let document = format!(
        "<rss version=\"2.0\"><channel><title>{name}</title><link>https://{name}.example/</link><description/>{items}</channel></rss>"
    );
    let host = Host::start(ip);
    host.set("/feed", Answer::ok(document).etag("\"1\""));
    host
}

/// Two publishers with one event, and one story each of their own.
fn two_publishers() -> (Host, Host) {
    let gardening = publisher(
        "127.0.0.1",
        "gardening",
        (
            "Karrow bridge closed after crack found in main cable",
            "The suspension bridge at Karrow was closed on Friday when engineers found a crack in its main cable.",
        ),
        "Ten roses that like shade",
    );
    let astronomy = publisher(
        "127.0.0.2",
        "astronomy",
        (
            "Crack in main cable closes Karrow suspension bridge",
            "Engineers have found a crack in the main cable of the Karrow suspension bridge, which is closed to all traffic.",
        ),
        "A comet for patient people",
    );
    (gardening, astronomy)
}

#[test]
fn readers_are_served_and_told_when_nothing_changed() {
    let (a, b) = two_publishers();
    let storyfold = Storyfold::with_hosts("", &[&a, &b]);
    let daemon = Daemon::start(&storyfold);
    assert_eq!(daemon.get("/readyz", "").0, 200);
    assert_eq!(daemon.get("/healthz", "").0, 200);
    assert_eq!(daemon.get("/feed.atom", "").1.matches("<entry").count(), 3);
    for (path, media_type) in [
        ("/feed.atom", "application/atom+xml"),
        ("/feed.rss", "application/rss+xml"),
        ("/feed.json", "application/feed+json"),
        ("/", "text/html"),
    ] {
        let (status, answer) = daemon.get(path, "");
        assert_eq!(status, 200, "{path}");
        assert!(header(&answer, "content-type").unwrap().starts_with(media_type), "{path}: {answer}");
        assert!(header(&answer, "content-security-policy").unwrap().contains("default-src 'none'"), "{path}");
        let etag = header(&answer, "etag").unwrap();
        let (status, answer) = daemon.get(path, &format!("If-None-Match: {etag}\r\n"));
        assert_eq!((status, answer.ends_with("\r\n\r\n")), (304, true), "{path}");
    }
    let rows = storyfold.json(&["clusters", "--min-publishers", "2", "--json"]);
    let id = rows[0]["id"].as_str().unwrap();
    let (status, page) = daemon.get(&format!("/clusters/{id}"), "");
    assert_eq!(status, 200);
    assert!(page.contains("gardening.example") && page.contains("astronomy.example"), "{page}");
    assert_eq!(daemon.get("/clusters/0000000000000000", "").0, 404);
    assert_eq!(daemon.get("/nothing", "").0, 404);
    assert_eq!(daemon.end("-TERM"), Some(0));
}

#[test]
fn commands_ask_the_running_daemon() {
    let (a, b) = two_publishers();
    let storyfold = Storyfold::with_hosts("", &[&a, &b]);
    let daemon = Daemon::start(&storyfold);
    let clusters = storyfold.json(&["clusters", "--json"]);
    assert_eq!(clusters.as_array().unwrap().len(), 3);
    storyfold.succeed(&["fetch", "--all"]);
    assert_eq!(a.asked().len(), 2);
    assert!(a.asked()[1].headers.contains_key("if-none-match"));
    let id = clusters[0]["id"].as_str().unwrap();
    let shown = storyfold.json(&["clusters", "show", id, "--json"]);
    let explained = storyfold.json(&["clusters", "explain", id, "--json"]);
    let feeds = storyfold.succeed(&["feeds", "--json"]);
    let atom = daemon.get("/feed.atom", "").1;
    assert!(atom.ends_with(&storyfold.succeed(&["render"])), "what is rendered is not what is served");
    assert_eq!(daemon.end("-TERM"), Some(0));
    assert_eq!(storyfold.json(&["clusters", "show", id, "--json"]), shown);
    assert_eq!(storyfold.json(&["clusters", "explain", id, "--json"]), explained);
    assert_eq!(storyfold.succeed(&["feeds", "--json"]), feeds);
}

#[test]
fn a_killed_daemon_loses_nothing_that_was_reported() {
    let (a, b) = two_publishers();
    let storyfold = Storyfold::with_hosts("", &[&a, &b]);
    let daemon = Daemon::start(&storyfold);
    let clusters = storyfold.json(&["clusters", "--json"]);
    let feeds = storyfold.json(&["feeds", "--json"]);
    daemon.end("-KILL");
    assert_eq!(storyfold.json(&["clusters", "--json"]), clusters);
    assert_eq!(storyfold.json(&["feeds", "--json"]), feeds, "validators and next-due times");
    let daemon = Daemon::start(&storyfold);
    assert_eq!(storyfold.json(&["clusters", "--json"]), clusters);
    assert_eq!(a.asked().len(), 1, "a restart fetched what was not due");
    storyfold.succeed(&["fetch", "--all"]);
    assert!(a.asked()[1].headers.contains_key("if-none-match"), "the validators were lost");
    drop(daemon);
}

#[test]
fn a_second_daemon_is_refused_with_a_clear_message() {
    let storyfold = Storyfold::new("");
    let _first = Daemon::start(&storyfold);
    let second = storyfold.run(&["run"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another storyfold"));
}

#[test]
fn a_reload_takes_a_good_file_and_leaves_a_bad_one() {
    let (a, b) = two_publishers();
    let storyfold = Storyfold::with_hosts("", &[&a]);
    let daemon = Daemon::start(&storyfold);
    let file = storyfold.path("feeds.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "[[feed]]\nurl = 7\n").unwrap();
    daemon.signal("-HUP");
    assert_eq!(storyfold.run(&["check"]).status.code(), Some(2));
    let more = good.replace("allow_private = [", &format!("allow_private = [\"{}\", ", b.address));
    std::fs::write(&file, format!("{more}[[feed]]\nurl = \"{}\"\n", b.url("/feed"))).unwrap();
    assert_eq!(storyfold.json(&["feeds", "--json"]).as_array().unwrap().len(), 1, "the old file goes on");
    daemon.signal("-HUP");
    let all = || {
        storyfold.json(&["feeds", "--json"]).as_array().unwrap().iter().filter(|feed| feed["status"] == "ok").count()
    };
    assert!((0..200).any(|_| all() == 2), "the new file was not taken");
    assert_eq!(daemon.end("-TERM"), Some(0));
}

#[test]
fn a_token_keeps_strangers_out() {
    let storyfold = Storyfold::new("[daemon]\ntoken = \"s3cret-word\"\n[output]\ntitle = \"Ours\"\n");
    let daemon = Daemon::start_saying(&storyfold, "/t/TOKEN/feed.atom");
    assert!(daemon.get("/t/s3cret-word/feed.atom", "").1.contains("<title>Ours</title>"));
    assert_eq!(daemon.get("/feed.atom", "").0, 401);
    assert_eq!(daemon.get("/feed.atom", "Authorization: Bearer s3cret-word\r\n").0, 200);
    assert_eq!(daemon.get("/healthz", "").0, 200);
}

#[test]
fn views_are_served_and_rendered() {
    let (a, b) = two_publishers();
    let storyfold = Storyfold::with_hosts("[[view]]\nname = \"shared\"\nmin_publishers = 2\n", &[&a, &b]);
    let daemon = Daemon::start(&storyfold);
    let served = daemon.get("/views/shared.atom", "").1;
    assert_eq!(served.matches("<entry").count(), 1);
    assert!(served.ends_with(&storyfold.succeed(&["render", "shared"])));
    assert_eq!(daemon.get("/views/none.atom", "").0, 404);
}

#[test]
fn corrections_are_kept_and_taken_back_without_and_with_a_daemon() {
    let host = Host::start("127.0.0.1");
    host.set(
        "/feed",
        Answer::ok(rss(&[("1", "Bridge over the Tamsel closed after crack is found"), ("2", "Leeks are in season")])),
    );
    let storyfold = Storyfold::with_hosts("", &[&host]);
    storyfold.succeed(&["fetch"]);
    let ids = || -> Vec<String> {
        let clusters = storyfold.json(&["clusters", "--json"]);
        clusters.as_array().unwrap().iter().map(|cluster| cluster["id"].as_str().unwrap().to_owned()).collect()
    };
    let before = ids();
    let made = storyfold.json(&["clusters", "merge", &before[0], &before[1], "--json"]);
    assert_eq!((made["number"].as_u64(), made["clusters"].as_array().unwrap().len()), (Some(1), 1));
    assert_eq!(ids().len(), 1);
    let daemon = Daemon::start(&storyfold);
    let listed = storyfold.json(&["clusters", "corrections", "--json"]);
    assert_eq!((listed[0]["number"].as_u64(), listed[0]["act"].as_str()), (Some(1), Some("merge")));
    let replayed = storyfold.json(&["replay", "--preset", "strict", "--json"]);
    assert_eq!((replayed["entries"].as_u64(), replayed["corrections_needed_now"].as_u64()), (Some(2), Some(1)));
    storyfold.succeed(&["clusters", "corrections", "undo", "1"]);
    let mut after = ids();
    after.sort_unstable();
    let mut expected = before.clone();
    expected.sort_unstable();
    assert_eq!(after, expected, "a cluster that was merged away comes back under its own id");
    daemon.end("-TERM");
    assert_eq!(storyfold.json(&["clusters", "corrections", "--json"]).as_array().unwrap().len(), 0);
}

/// FRB036: following a feed takes one request, or two from the address of its page.
#[test]
fn a_feed_is_followed_by_its_address_or_by_its_page() {
    let (known, new) = (publisher("127.0.0.1", "known", ("s", "t"), "own"), Host::start("127.0.0.2"));
    new.set("/feed?a=1", Answer::ok(rss(&[("a", "A new entry of a new feed")])).etag("\"1\""));
    let page =
        "<html><head><title>Site</title><link rel=alternate type=application/rss+xml href='/feed?a=1'></head></html>";
    new.set("/", Answer::ok(page).header("Content-Type", "text/html"));
    let private = format!("[fetch]\nhost_gap = \"0s\"\nallow_private = [\"{}\", \"{}\"]\n", known.address, new.address);
    let written = format!("# My feeds.\n{private}\n[[feed]] # the first\nurl = \"{}\"\n", known.url("/feed"));
    for (address, is_running, requests) in [("/", true, 2), ("/feed?a=1", true, 1), ("/feed?a=1", false, 1)] {
        let storyfold = Storyfold::new(&written);
        let daemon = is_running.then(|| Daemon::start(&storyfold));
        let before = new.asked().len();
        let said = storyfold.succeed(&["feeds", "add", &new.url(address), "--category", "a \"b\""]);
        assert!(said.contains("A feed") && said.contains("1 of its 1 items new"), "{said}");
        let rows = storyfold.json(&["feeds", "--json"]);
        let row = rows.as_array().unwrap().iter().find(|row| row["url"] == new.url("/feed?a=1")).unwrap();
        assert_eq!((&row["entries"], &row["status"]), (&1.into(), &"ok".into()), "{row}");
        assert_eq!(new.asked().len() - before, requests, "{address}");
        let text = std::fs::read_to_string(storyfold.path("feeds.toml")).unwrap();
        assert!(text.starts_with(written.trim_end()), "{text}");
        assert!(text.contains("category = 'a \"b\"'") || text.contains("category = \"a \\\"b\\\"\""), "{text}");
        let again = storyfold.run(&["feeds", "add", &new.url("/feed?a=1")]);
        assert!(String::from_utf8_lossy(&again.stderr).contains("followed already"), "{again:?}");
        drop(daemon);
    }
    let storyfold = Storyfold::new(&written);
    let refused = storyfold.run(&["feeds", "add", &known.url("/nothing")]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(storyfold.path("feeds.toml")).unwrap(), written);
}

#[test]
fn a_feed_and_our_politeness_are_shown() {
    let (first, second) = two_publishers();
    let challenge = Host::start("127.0.0.3");
    let page = Answer::of("403 Forbidden", "<title>Just a moment...</title>");
    challenge.set("/feed", page.header("Content-Type", "text/html"));
    let storyfold = Storyfold::with_hosts("", &[&first, &second, &challenge]);
    let _daemon = Daemon::start(&storyfold);
    storyfold.succeed(&["fetch", "--all"]);
    let shown = storyfold.succeed(&["feeds", "show", &first.address.to_string()]);
    for words in ["status  ok", "rhythm  every", "2 requests", "next fetch"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let row = storyfold.json(&["feeds", "show", &challenge.url("/feed"), "--json"]);
    assert_eq!((&row["status"], &row["obstacle"]), (&"failing".into(), &"challenge".into()), "{row}");
    let several = storyfold.run(&["feeds", "show", "http"]);
    assert!(String::from_utf8_lossy(&several.stderr).contains("part of 3 addresses"), "{several:?}");
    let report = storyfold.json(&["feeds", "report", "--json"]);
    assert_eq!(report["feeds"].as_array().unwrap().len(), 3);
    assert!(report["closest_ms"].is_u64(), "{report}");
    let told = storyfold.succeed(&["feeds", "report"]);
    assert!(told.contains("3 feeds: 6 requests") && told.contains("closest two requests"), "{told}");
    let listed = storyfold.succeed(&["feeds"]);
    assert!(
        listed.contains("challenge: the host")
            && listed.contains("every 3")
            && listed.lines().all(|line| line.chars().count() <= 80),
        "{listed}"
    );
}
