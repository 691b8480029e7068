//! Documents written to find what the parser beneath gets wrong, and what must come of them.

use std::path::Path;
use storyfold::engine::feed::FeedSpec;
use storyfold::engine::fetched::Body;
use storyfold::engine::link::FeedUrl;
use storyfold::engine::parse::{Document, ParseError, parse};

fn read(document: &str) -> Result<Document, ParseError> {
    read_bytes(document.as_bytes())
}

fn read_bytes(document: &[u8]) -> Result<Document, ParseError> {
    let url = "https://example.org/feed";
    let spec = FeedSpec::new(FeedUrl::parse(url, Path::new("/")).unwrap(), url);
    let bytes = document.to_vec();
    parse(&Body::of(bytes, Some(url)), &spec)
}

fn rss(items: &str) -> String {
    format!(
        "<rss version=\"2.0\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel><title>T</title><link>https://example.org/</link><description/>{items}</channel></rss>"
    )
}

fn ids(document: &str) -> Vec<String> {
    read(document).unwrap().entries.iter().map(|draft| draft.id.to_string()).collect()
}

#[test]
fn the_three_formats_are_read() {
    let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>T</title><entry><id>1</id><title type=\"html\">A &lt;b&gt;b&lt;/b&gt;</title>\
        <link rel=\"self\" href=\"https://example.org/api/1\"/><link rel=\"alternate\" href=\"/1\"/><published>2025-06-08T07:30:00Z</published><summary>S</summary></entry></feed>";
    let json = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1", "title": "A b",
        "url": "https://example.org/1", "date_published": "2025-06-08T07:30:00Z", "content_text": "S"}]}"#;
    let rss = rss(
        "<item><guid>1</guid><title>A b</title><link>https://example.org/1</link><pubDate>Sun, 08 Jun 2025 07:30:00 GMT</pubDate><description>S</description></item>",
    );
    for document in [atom, json, &rss] {
        let read = read(document).unwrap();
        assert_eq!(read.title.as_deref(), Some("T"));
        let [entry] = &read.entries[..] else { panic!("{read:?}") };
        assert_eq!((entry.title.as_str(), entry.details.text.as_str()), ("A b", "S"), "{document}");
        assert_eq!(entry.link.as_deref(), Some("https://example.org/1"));
        assert_eq!(entry.published.unwrap().to_string(), "2025-06-08T07:30:00Z");
    }
}

#[test]
fn ids_are_the_same_on_every_reading_and_do_not_hang_on_titles() {
    let nothing = rss("<item><description>No id, no title, no link.</description></item>");
    assert_eq!(ids(&nothing), ids(&nothing), "the parser's own default is a random id");
    let linked =
        |title: &str| ids(&rss(&format!("<item><title>{title}</title><link>https://example.org/1</link></item>")));
    assert_eq!(linked("Before the edit"), linked("After the edit"));
    let tracked =
        |query: &str| ids(&rss(&format!("<item><title>T</title><link>https://example.org/1{query}</link></item>")));
    assert_eq!(tracked(""), tracked("?utm_source=rss"));
    assert_ne!(tracked("?p=1"), tracked("?p=2"));
}

/// Depth costs nothing: elements that are not read are counted, not entered. The parser beneath would recurse on
/// `media:group` until the stack ends, which nothing can catch.
#[test]
fn nesting_does_not_reach_the_stack() {
    for (open, close) in [
        ("<media:group xmlns:media=\"http://search.yahoo.com/mrss/\">", "</media:group>"),
        ("<a>", "</a>"),
        ("<description><div>", "</div></description>"),
        ("<author>", "</author>"),
    ] {
        let (opens, closes) = (open.repeat(50_000), close.repeat(50_000));
        let deep =
            rss(&format!("<item><title>caf\u{e9}</title>{opens}{closes}</item><item><title>next</title></item>"));
        assert_eq!(read(&deep).unwrap().entries.len(), 2, "{open}");
        let unclosed = rss(&format!("<item><title>caf\u{e9}</title>{opens}</item><item><title>next</title></item>"));
        assert!(!read(&unclosed).unwrap().entries.is_empty(), "{open}");
    }
}

#[test]
fn what_is_not_nested_is_not_too_deep() {
    let many: String = (0..300).map(|place| format!("<item><guid>{place}</guid><title>T</title></item>")).collect();
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(rss(&many).encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_bytes(&utf16).unwrap().entries.len(), 300);
    let html = "<p>One<br>two<img src=x><\\/p>".repeat(300);
    let json = format!(
        "{{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"T\", \"items\": [{{\"id\": \"1\", \"title\": \"When to use <section>\", \"content_html\": \"{html}\"}}]}}"
    );
    assert_eq!(read(&json).unwrap().entries[0].title, "When to use <section>", "a plain title is plain");
}

#[test]
fn what_is_no_feed_is_refused_with_a_reason() {
    let check = |document: &str, expected: &str| {
        let error = read(document).unwrap_err().to_string();
        assert!(error.contains(expected), "{document}: {error}");
    };
    check("", "empty");
    check(" \n", "empty");
    check("<!DOCTYPE html><html><body>Hello</body></html>", "web page");
    check("Hello", "cannot be read");
    check("<opml><body/></opml>", "<opml>");
    check("{\"error\": 1}", "no feed");
    check("<rss version=\"2.0\"><channel><item><title>cut", "before its first item");
}

#[test]
fn items_are_bounded_in_number_and_length() {
    let many: String = (0..3000).map(|place| format!("<item><guid>{place}</guid><title>T</title></item>")).collect();
    assert_eq!(read(&rss(&many)).unwrap().entries.len(), 2000);
    let long = read(&rss(&format!(
        "<item><title>{}</title><description>{}</description></item>",
        "x".repeat(9999),
        "y ".repeat(99_999)
    )))
    .unwrap();
    assert_eq!(long.entries[0].title.chars().count(), 500);
    assert!(long.entries[0].details.text.chars().count() <= 20_000);
}

#[test]
fn links_that_are_not_of_the_web_do_not_survive() {
    let read = read(&rss("<item><guid>1</guid><title>T</title><link>javascript:alert(1)</link></item>")).unwrap();
    assert_eq!(read.entries[0].link, None);
}
