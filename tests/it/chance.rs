//! A short run of the fuzz targets, the same every time: our own feeds, broken in all ways that chance knows.

#[path = "../../fuzz/promises.rs"]
mod promises;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::path::Path;

/// Tries of each; the real search is `fuzz/run`.
const TRIES: u32 = 1500;

fn check<S: Strategy>(strategy: S, promise: impl Fn(&S::Value)) {
    let config = Config { cases: TRIES, failure_persistence: None, ..Config::default() };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let tried = runner.run(&strategy, |value| {
        promise(&value);
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

/// One of our feeds with pieces taken out, doubled, or replaced by others.
fn broken_feeds() -> impl Strategy<Value = Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension != "txt"));
    paths.sort();
    let feeds: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let pieces = prop::sample::select(vec![
        "<",
        ">",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&",
        "&#",
        ";",
        "\"",
        "</item>",
        "<item>",
        "<entry>",
        "</channel>",
        "<a ",
        "<?xml",
        "\0",
        "\u{feff}",
        "<!DOCTYPE x [",
        "xmlns=\"",
        "{",
        "}",
        "[",
        ",",
        "\\ud800",
        "<title>",
    ]);
    let change = (any::<prop::sample::Index>(), 0_usize..60, 0_u8..4, pieces);
    (prop::sample::select(feeds), prop::collection::vec(change, 0..8)).prop_map(|(mut feed, changes)| {
        for (place, length, kind, piece) in changes {
            let start = place.index(feed.len() + 1);
            let end = (start + length).min(feed.len());
            let new = match kind {
                0 => Vec::new(),
                1 => [&feed[start..end], &feed[start..end]].concat(),
                2 => piece.as_bytes().to_vec(),
                _ => vec![0xff; length % 3],
            };
            feed.splice(start..end, new);
        }
        feed
    })
}

#[test]
fn broken_feeds_are_read_or_refused() {
    check(broken_feeds(), |feed| promises::reading(feed));
}

#[test]
fn any_bytes_are_text() {
    check(prop::collection::vec(any::<u8>(), 0..300), |bytes| promises::decoding(bytes));
    check(broken_feeds(), |feed| promises::decoding(feed));
}

#[test]
fn any_markup_is_made_harmless() {
    let words = prop::sample::select(vec![
        "<a href=\"",
        "https://example.org/",
        "javascript:",
        "\">",
        "<b>",
        "</b>",
        "<img src=",
        "<p",
        ">",
        "text & more",
        "<svg>",
        "</svg>",
        "<script>",
        "</script>",
        "<!--",
        "<style>",
        "\"",
        "'",
        "<li>",
        "<ul>",
        "&lt;",
        "<br/>",
        " onload=x ",
    ]);
    check(prop::collection::vec(words, 0..30), |words| promises::writing(&words.concat()));
    check(any::<String>(), |text| promises::writing(text));
}

#[test]
fn any_text_is_a_date_or_none() {
    let parts = prop::sample::select(vec![
        "2026",
        "12",
        "31",
        "-",
        "/",
        ".",
        ":",
        " ",
        "T",
        "Z",
        "+",
        "Mon",
        "May",
        "PM",
        "GMT",
        "24",
        "60",
        "99999999999",
        "Mai",
    ]);
    check(prop::collection::vec(parts, 0..14), |parts| promises::dating(&parts.concat()));
    check(any::<String>(), |text| promises::dating(text));
}

#[test]
fn any_text_is_a_link_or_none() {
    let parts = prop::sample::select(vec![
        "http://",
        "https://",
        "example.org",
        "www.",
        "/",
        "//",
        "?",
        "&",
        "=",
        "#",
        "utm_source",
        "sid",
        ";jsessionid=",
        "%",
        "%2F",
        "..",
        ":",
        "@",
        "a",
        "b",
        "\u{fc}",
        " ",
        "+",
        "[",
        "]",
        "1234567890123456",
    ]);
    check(prop::collection::vec(parts, 0..14), |parts| promises::linking(&parts.concat()));
    check("https?://.{0,40}", |text| promises::linking(text));
}
