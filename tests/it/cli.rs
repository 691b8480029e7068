//! The program as a child process: commands, exit codes, members of `--json`.

use crate::host::{Answer, Host};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// An installation in a folder of its own.
pub struct Storyfold {
    folder: TempDir,
}

impl Storyfold {
    /// With this configuration.
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("feeds.toml"), config).unwrap();
        Self { folder }
    }

    /// With the five sample feeds of the shipped configuration.
    pub fn with_samples() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let shipped = std::fs::read_to_string(root.join("feeds.toml")).unwrap();
        let (_, samples) = shipped.split_once("url = \"examples/").expect("the shipped file has samples");
        let samples = format!("[[feed]]\nurl = \"examples/{samples}")
            .replace("examples/", &format!("{}/examples/", root.display()));
        Self::new(&samples)
    }

    /// With a feed of one entry on each host, and these lines before.
    pub fn with_hosts(lines: &str, hosts: &[&Host]) -> Self {
        let private: Vec<String> = hosts.iter().map(|host| format!("\"{}\"", host.address)).collect();
        let mut config = format!("{lines}\n[fetch]\nhost_gap = \"0s\"\nallow_private = [{}]\n", private.join(", "));
        for host in hosts {
            config.push_str(&format!("[[feed]]\nurl = \"{}\"\n", host.url("/feed")));
        }
        Self::new(&config)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command, ready to run; nothing of the developer's own environment gets in.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_storyfold"));
        command.args(arguments).current_dir(self.folder.path());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STORYFOLD")) {
            command.env_remove(name);
        }
        command.env_remove("RUST_LOG").env("HOME", self.folder.path()).env_remove("XDG_STATE_HOME");
        command.env_remove("XDG_CONFIG_HOME").env_remove("STATE_DIRECTORY");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed; gives what it printed.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.succeed(arguments)).unwrap()
    }

    /// The titles of each cluster, sorted.
    pub fn clusters(&self) -> Vec<Vec<String>> {
        let rows = self.json(&["clusters", "list", "--limit", "100000", "--json"]);
        let titles = |row: &Value| {
            let entries = row["entries"].as_array().unwrap().iter();
            let mut titles: Vec<String> = entries.map(|entry| entry["title"].as_str().unwrap().to_owned()).collect();
            titles.sort_unstable();
            titles
        };
        rows.as_array().unwrap().iter().map(titles).collect()
    }
}

/// An RSS document.
pub fn rss(entries: &[(&str, &str)]) -> String {
    let items: String = entries
        .iter()
        .map(|(id, title)| {
            format!("<item><guid>{id}</guid><title>{title}</title><link>https://example.org/{id}</link></item>")
        })
        .collect();
    format!(
        "<rss version=\"2.0\"><channel><title>A feed</title><link>https://example.org/</link><description/>{items}</channel></rss>"
    )
}

#[test]
fn every_command_works_without_a_daemon_and_its_rows_have_their_members() {
    let host = Host::start("127.0.0.1");
    host.set("/feed", Answer::ok(rss(&[("1", "Bridge over the Tamsel closed after crack is found")])).etag("\"v1\""));
    let storyfold = Storyfold::with_hosts("", &[&host]);
    storyfold.succeed(&["fetch"]);
    let clusters = storyfold.json(&["clusters", "--json"]);
    let cluster = &clusters[0];
    for member in ["id", "aliases", "title", "link", "published", "updated", "publishers", "entries"] {
        assert!(cluster.get(member).is_some(), "clusters list: {member}");
    }
    for member in ["id", "title", "link", "feed", "publisher", "published", "first_seen", "copy_of"] {
        assert!(cluster["entries"][0].get(member).is_some(), "clusters list, entries: {member}");
    }
    let feeds = storyfold.json(&["feeds", "--json"]);
    for member in ["url", "title", "status", "last_fetch", "next_due", "last_result", "failures", "entries"] {
        assert!(feeds[0].get(member).is_some(), "feeds list: {member}");
    }
    assert_eq!(feeds[0]["url"], host.url("/feed"));
    assert_eq!(feeds[0]["entries"], 1);
    let id = cluster["id"].as_str().unwrap();
    assert_eq!(storyfold.json(&["clusters", "show", id, "--json"]), *cluster);
    assert_eq!(storyfold.json(&["clusters", "show", &id[..6], "--json"]), *cluster);
    assert_eq!(storyfold.json(&["clusters", "explain", id, "--json"])["steps"][0]["decision"], "start");
    let atom = storyfold.succeed(&["render"]);
    assert!(atom.contains(&format!(":{id}</id>")), "{atom}");
    assert!(storyfold.succeed(&["render", "--format", "rss"]).contains(&format!(":{id}</guid>")));
    assert!(storyfold.succeed(&["render", "--format", "json"]).contains(&format!(":{id}\"")));
    storyfold.succeed(&["render", "--all", "site"]);
    assert_eq!(std::fs::read_to_string(storyfold.path("site/feed.atom")).unwrap(), atom);
    assert!(std::fs::read_to_string(storyfold.path("site/index.html")).unwrap().contains("style.css"));
}

#[test]
fn a_second_round_is_conditional_and_changes_nothing() {
    let host = Host::start("127.0.0.1");
    host.set("/feed", Answer::ok(rss(&[("1", "One"), ("2", "Two")])).etag("W/\"v 1\""));
    let storyfold = Storyfold::with_hosts("", &[&host]);
    storyfold.succeed(&["fetch", "--all"]);
    let before = storyfold.json(&["clusters", "--json"]);
    storyfold.succeed(&["fetch"]);
    assert_eq!(host.asked().len(), 1, "a feed that is not due was fetched");
    storyfold.succeed(&["fetch", "--all"]);
    let asked = host.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].headers.get("if-none-match").map(String::as_str), Some("W/\"v 1\""));
    assert_eq!(storyfold.json(&["clusters", "--json"]), before);
}

#[test]
fn feeds_that_fail_are_listed_and_hurt_nothing() {
    let (good, gone) = (Host::start("127.0.0.1"), Host::start("127.0.0.2"));
    good.set("/feed", Answer::ok(rss(&[("1", "One")])));
    let storyfold = Storyfold::with_hosts("", &[&good, &gone]);
    storyfold.succeed(&["fetch"]);
    let feeds = storyfold.json(&["feeds", "list", "--json"]);
    let status = |host: &Host| {
        let row = feeds.as_array().unwrap().iter().find(|row| row["url"] == host.url("/feed")).unwrap();
        (row["status"].as_str().unwrap().to_owned(), row["failures"].as_u64().unwrap())
    };
    assert_eq!(status(&good), ("ok".to_owned(), 0));
    assert_eq!(status(&gone), ("failing".to_owned(), 1));
}

#[test]
fn a_private_address_is_a_failed_fetch() {
    let host = Host::start("127.0.0.1");
    host.set("/feed", Answer::ok(rss(&[("1", "One")])));
    let storyfold = Storyfold::new(&format!("[[feed]]\nurl = \"{}\"\n", host.url("/feed")));
    storyfold.succeed(&["check"]);
    storyfold.succeed(&["fetch"]);
    assert_eq!(host.asked().len(), 0);
    assert!(storyfold.json(&["feeds", "--json"])[0]["last_result"].as_str().unwrap().contains("fetch.allow_private"));
}

#[test]
fn options_stand_before_or_after_the_command() {
    let storyfold = Storyfold::new("");
    let (config, data) = (storyfold.path("feeds.toml"), storyfold.path("data"));
    let places = ["--config", config.to_str().unwrap(), "--data-dir", data.to_str().unwrap()];
    storyfold.succeed(&[&places[..], &["clusters", "--json"]].concat());
    storyfold.succeed(&[&["clusters", "--json"], &places[..]].concat());
    assert!(data.join("store").is_dir());
}

#[test]
fn exit_codes_tell_failure_from_misuse() {
    let storyfold = Storyfold::new("");
    let check = |arguments: &[&str], code: i32| {
        let output = storyfold.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stderr.is_empty(), code == 0, "{arguments:?}");
    };
    check(&["check"], 0);
    check(&["clusters", "--since", "24h"], 0);
    check(&["clusters", "show", "0123456789abcdef"], 1);
    check(&["feeds", "check", "nowhere.xml"], 1);
    check(&["eval", "nowhere.jsonl"], 1);
    check(&["render", "nothing"], 1);
    check(&["clusters", "--since", "soon"], 2);
    check(&["nonsense"], 2);
    check(&["fetch", "--everything"], 2);
    check(&["check", "--config", "nowhere.toml"], 2);
}

#[test]
fn feeds_check_shows_what_is_understood() {
    let storyfold = Storyfold::new("");
    let document = "<rss version=\"2.0\"><channel><title>T</title><link>https://example.org/</link><description/>\
        <item><guid>a</guid><title>One &amp;amp; two</title><link>/1</link><pubDate>Sun, 08 Jun 2025 07:30:00 GMT</pubDate></item>\
        <item><guid>a</guid><title>Again</title></item><item>nothing</item></channel></rss>";
    std::fs::write(storyfold.path("feed.xml"), document).unwrap();
    let checked = storyfold.json(&["feeds", "check", "feed.xml", "--json"]);
    assert_eq!(checked["format"], "rss 2.0");
    assert_eq!(checked["entries"][0]["title"], "One & two");
    assert_eq!(checked["entries"][0]["published"], "2025-06-08T07:30:00Z");
    assert_eq!(checked["entries"][1]["duplicate_of"], checked["entries"][0]["id"]);
    assert_eq!(checked["rejected"][0]["index"], 2);
    assert_eq!((&checked["encoding"], &checked["repairs"]), (&"utf-8".into(), &serde_json::json!([])));
}

#[test]
fn eval_scores_labelled_entries() {
    let storyfold = Storyfold::new("");
    let line = |id: &str, title: &str, cluster: &str| {
        serde_json::json!({"id": id, "title": title, "text": "", "url": null, "source": null, "lang": "en",
            "published": "2026-03-02T05:05:00Z", "cluster": cluster})
        .to_string()
    };
    let lines = [
        line("1", "Volcano erupts on Saltholm, villages evacuated", "a"),
        line("2", "Saltholm volcano eruption: villages are evacuated", "a"),
        line("3", "Parliament passes the budget after a long night", "b"),
    ];
    std::fs::write(storyfold.path("labelled.jsonl"), lines.join("\n")).unwrap();
    for order in ["time", "feeds"] {
        let report =
            storyfold.json(&["eval", "labelled.jsonl", "--order", order, "--assignments", "out.jsonl", "--json"]);
        assert_eq!(report["bcubed"]["f1"], 1.0, "{report}");
        assert_eq!((&report["entries"], &report["clusters"], &report["gold"]), (&3.into(), &2.into(), &2.into()));
        for member in ["pairwise", "seconds", "entries_per_second", "peak_rss_bytes"] {
            assert!(report.get(member).is_some(), "{member}");
        }
        let assigned = std::fs::read_to_string(storyfold.path("out.jsonl")).unwrap();
        assert_eq!(assigned.lines().count(), 3);
    }
}

#[test]
fn a_model_is_fitted_and_can_be_used() {
    let storyfold = Storyfold::with_hosts("", &[]);
    let line = |id: usize, title: &str, event: &str| {
        let at = format!("2026-03-01T{:02}:00:00Z", id % 24);
        serde_json::json!({ "id": id.to_string(), "title": title, "text": "", "url": null, "source": null, "lang": "en",
            "published": at, "cluster": event })
    };
    let mut text = String::new();
    for place in 0..40_usize {
        let (title, event) = match place % 4 {
            0 => (format!("Ferry Aldana runs aground off Tarvel, rescue boats out ({place})"), "ferry".to_owned()),
            1 => (format!("Rescue boats out after ferry Aldana ran aground near Tarvel ({place})"), "ferry".to_owned()),
            _ => (format!("Mayor of town {place} opens market hall number {place}"), format!("mayor-{place}")),
        };
        text.push_str(&format!("{}\n", line(place, &title, &event)));
    }
    std::fs::write(storyfold.path("labelled.jsonl"), text).unwrap();
    let told = storyfold.succeed(&["tune", "labelled.jsonl", "-o", "own.toml"]);
    assert!(told.contains("labelled.jsonl") && told.contains("own.toml"), "{told}");
    let report = storyfold.json(&["eval", "labelled.jsonl", "--model", "own.toml", "--json"]);
    assert!(report["bcubed"]["f1"].as_f64().unwrap() > 0.5, "{report}");
    let all = storyfold.json(&["eval", "labelled.jsonl", "--all", "--json"]);
    assert_eq!(all.as_object().unwrap().len(), 7, "ours and six baselines");
}
