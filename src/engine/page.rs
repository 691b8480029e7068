//! A web page where a feed was expected: what it is instead, in words that help, and the feeds that it names.

use super::link::web_link;
use super::markup;
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use url::Url;

/// Bytes of a page that are looked at.
pub const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Feeds that a page may name.
const FEEDS_MAX: usize = 20;
const TITLE_CHARS_MAX: usize = 200;

/// What stands between us and a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A test for robots.
    Challenge,
    /// A login.
    Login,
    /// A subscription.
    Paywall,
    /// A web page, of which there is nothing else to say.
    Page,
    /// Its name was not found: it is no more, or this machine has no network just now. Nobody was asked.
    Unfound,
}

/// Words of pages that do nothing but test for robots, in lower case: those of the large services.
const CHALLENGES: &[&str] = &[
    "<title>just a moment...</title>",
    "checking your browser before",
    "attention required! | cloudflare",
    "enable javascript and cookies to continue",
    "_incapsula_resource",
    "captcha-delivery.com",
    "making sure you&#39;re not a bot",
    "making sure you're not a bot",
    "verify you are human",
    "verify that you are human",
    "are you a robot",
];

/// Words that stand in ordinary pages, too, and say something only where the host refuses.
const CHALLENGES_OF_REFUSALS: &[&str] =
    &["/challenge-platform/", "cf-chl-", "ddos-guard", "awswafcookiedomainlist", "g-recaptcha", "h-captcha"];

/// Words of pages that sell what was asked for, in lower case.
const PAYWALLS: &[&str] = &[
    "subscribe to continue",
    "subscribe to read",
    "subscription required",
    "subscribers only",
    "for subscribers only",
    "become a subscriber to",
    "isaccessibleforfree\":false",
    "isaccessibleforfree\": false",
];

/// Words of a login's title, in lower case.
const LOGINS: &[&str] = &["log in", "login", "sign in", "signin", "anmelden", "connexion", "iniciar sesi"];

impl Obstacle {
    /// One word, for lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Login => "login",
            Self::Paywall => "paywall",
            Self::Page => "page",
            Self::Unfound => "unfound",
        }
    }

    /// By that word.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        const ALL: [Obstacle; 5] =
            [Obstacle::Challenge, Obstacle::Login, Obstacle::Paywall, Obstacle::Page, Obstacle::Unfound];
        ALL.into_iter().find(|obstacle| obstacle.name() == name)
    }

    /// What it is and what to do, as a sentence.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::Challenge => {
                "its host tests for robots instead of answering; ask its publisher to let feed readers in, or set \
                 fetch.contact so that they know who asks"
            }
            Self::Login => "its host asks for a login; give the feed a username and a password, or headers",
            Self::Paywall => "its host asks for a subscription; ask its publisher for a feed's address of your own",
            Self::Page => "this is a web page, not a feed; `storyfold feeds add` finds the feed behind it",
            Self::Unfound => "the host's name was not found; its address may be wrong, or this machine has no network",
        }
    }

    /// Of an answer that is no feed: its status, where that says no, and its page.
    #[must_use]
    pub fn of(status: Option<u16>, is_challenge: bool, page: &str) -> Option<Self> {
        let lower = page[..page.floor_char_boundary(PAGE_BYTES_MAX)].to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_refusal = matches!(status, Some(401 | 403 | 407 | 503 | 511));
        if is_challenge || has(CHALLENGES) || (is_refusal && has(CHALLENGES_OF_REFUSALS)) {
            return Some(Self::Challenge);
        }
        match status {
            Some(402) => return Some(Self::Paywall),
            Some(401 | 407 | 511) => return Some(Self::Login),
            Some(403) | None => {}
            // Of the page that comes with any other status, a site's own header says nothing.
            Some(_) => return None,
        }
        let page = Page::read(&lower, None);
        if page.asks_password || LOGINS.iter().any(|word| page.title.contains(word)) {
            return Some(Self::Login);
        }
        if has(PAYWALLS) {
            return Some(Self::Paywall);
        }
        status.is_none().then_some(Self::Page)
    }
}

/// What is of interest in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Plain.
    pub title: String,
    /// Addresses of the feeds it names, the first one first (<https://html.spec.whatwg.org/#rel-alternate>).
    pub feeds: Vec<String>,
    asks_password: bool,
}

impl Page {
    /// Reads a page; addresses count from `base`, its own.
    #[must_use]
    pub fn read(html: &str, base: Option<&Url>) -> Self {
        let mut page = Self::default();
        let mut in_title = false;
        let html = &html[..html.floor_char_boundary(PAGE_BYTES_MAX)];
        for token in Tokenizer::new_with_emitter(html, DefaultEmitter::default()).flatten() {
            match token {
                Token::StartTag(tag) => match &**tag.name {
                    b"title" => in_title = page.title.is_empty(),
                    b"link" => page.feeds.extend(feed_of(&tag, base).filter(|_| page.feeds.len() < FEEDS_MAX)),
                    b"input" => page.asks_password |= attribute(&tag, b"type").as_deref() == Some("password"),
                    _ => {}
                },
                Token::EndTag(_) => in_title = false,
                Token::String(text) if in_title => {
                    page.title = markup::line(&String::from_utf8_lossy(&text), TITLE_CHARS_MAX);
                }
                _ => {}
            }
        }
        page
    }
}

/// The feed that a `<link rel="alternate">` names.
fn feed_of(tag: &StartTag<()>, base: Option<&Url>) -> Option<String> {
    let rel = attribute(tag, b"rel")?.to_ascii_lowercase();
    let kind = attribute(tag, b"type")?.to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_feed = matches!(
        kind,
        "application/rss+xml" | "application/atom+xml" | "application/feed+json" | "application/rdf+xml"
    );
    if !is_feed || !rel.split_ascii_whitespace().any(|word| word == "alternate" || word == "feed") {
        return None;
    }
    let href = attribute(tag, b"href")?;
    let url = match base {
        Some(base) => base.join(href.trim()).ok()?.to_string(),
        None => href,
    };
    Some(web_link(&url)?.to_string())
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obstacles_are_told_apart() {
        let check = |status, page: &str, expected| assert_eq!(Obstacle::of(status, false, page), expected, "{page}");
        check(Some(403), "<title>Just a moment...</title>", Some(Obstacle::Challenge));
        check(Some(403), "<p>Forbidden</p>", None);
        check(Some(403), "<div class=g-recaptcha></div>", Some(Obstacle::Challenge));
        check(Some(404), "<title>Sign in</title><div class=g-recaptcha></div>", None);
        check(None, "<title>Contact</title><div class=g-recaptcha></div>", Some(Obstacle::Page));
        check(Some(401), "", Some(Obstacle::Login));
        check(Some(402), "", Some(Obstacle::Paywall));
        check(None, "<title>Sign in - Example</title>", Some(Obstacle::Login));
        check(None, "<form><input name=p type=password></form>", Some(Obstacle::Login));
        check(None, "<p>Subscribe to continue reading</p>", Some(Obstacle::Paywall));
        check(None, "<title>Example</title><p>News</p>", Some(Obstacle::Page));
        assert_eq!(Obstacle::of(Some(503), true, ""), Some(Obstacle::Challenge));
        for obstacle in [Obstacle::Challenge, Obstacle::Page, Obstacle::Unfound] {
            assert_eq!(Obstacle::named(obstacle.name()), Some(obstacle));
        }
    }

    #[test]
    fn a_page_names_its_feeds() {
        let html = "<html><head><title>A &amp; B</title>\
            <link rel=stylesheet type=text/css href=/a.css>\
            <link rel='alternate' type='application/rss+xml' href='/feed?a=1&amp;b=2'>\
            <LINK REL='Alternate nofollow' TYPE='application/atom+xml; charset=utf-8' HREF='//example.net/atom'>\
            <link rel=alternate type=application/rss+xml href='javascript:alert(1)'>\
            <link rel=alternate type=text/html href=/en></head>";
        let base = Url::parse("https://example.org/news/").unwrap();
        let page = Page::read(html, Some(&base));
        assert_eq!(page.title, "A & B");
        assert_eq!(page.feeds, ["https://example.org/feed?a=1&b=2", "https://example.net/atom"]);
    }
}
