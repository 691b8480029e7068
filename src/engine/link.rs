//! Links: what is the same page, and who publishes it.

use std::path::{Path, PathBuf};
use url::Url;

/// The longest link that is kept, in bytes. Browsers and servers stop at 8 KiB; half of it is ample for an article.
pub const LINK_BYTES_MAX: usize = 4096;

/// Query parameters that say how a reader came to a page, not which page it is.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "at_medium",
    "at_campaign",
    "cmpid",
    "ns_mchannel",
    "ns_source",
    "ns_campaign",
    "xtor",
    "ref_src",
    "smid",
    "taid",
    "partner",
    "ncid",
    "ocid",
    "phpsessid",
    "jsessionid",
];

/// Parameters that are a session where their value looks like one, and may be a story where it does not.
const SESSIONS: &[&str] = &["sid", "session", "sessionid", "session_id"];
/// Characters of the shortest session: of letters and digits, or of digits alone, which a story may have, too.
const SESSION_CHARS_MIN: usize = 12;
const SESSION_DIGITS_MIN: usize = 16;

/// A link that is safe to follow and to show: absolute, http or https, without user name and password.
#[must_use]
pub fn web_link(text: &str) -> Option<Url> {
    let mut url = Url::parse(text.trim()).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    if !web || url.as_str().len() > LINK_BYTES_MAX {
        return None;
    }
    // These fail only where a URL cannot have them, and an http URL can.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url)
}

/// Our identity of a web page: scheme, `www.`, default port, fragment, tracking parameters, sessions, the order of
/// parameters and a closing slash do not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalLink(String);

impl CanonicalLink {
    /// The canonical form of an absolute http or https link; `None` for anything else.
    #[must_use]
    pub fn of(link: &str) -> Option<Self> {
        let url = web_link(link)?;
        let host = url.host_str()?;
        let host = host.strip_suffix('.').unwrap_or(host);
        let host = host.strip_prefix("www.").filter(|rest| !rest.is_empty()).unwrap_or(host);
        // A name with an empty label is nobody's.
        if host.is_empty() || host.ends_with('.') {
            return None;
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        // Java servers put the session behind the path.
        let path = url.path().split(";jsessionid=").next().unwrap_or_default().trim_end_matches('/');
        let mut pairs: Vec<_> =
            url.query_pairs().filter(|(key, value)| !is_tracking(key) && !is_session(key, value)).collect();
        pairs.sort();
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        Some(Self(format!("{host}{port}{path}{mark}{query}")))
    }

    /// Without the scheme: `example.org/a?b=c`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_tracking(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("utm_") || TRACKING.contains(&key.as_str())
}

fn is_session(key: &str, value: &str) -> bool {
    let named = SESSIONS.iter().any(|known| key.eq_ignore_ascii_case(known));
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let least = if is_number { SESSION_DIGITS_MIN } else { SESSION_CHARS_MIN };
    named && value.len() >= least && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The host of a web link, as publishers are known by: the registrable domain after the public suffix list
/// (`bbc.co.uk` for `feeds.bbci.bbc.co.uk`), or the whole host where there is none (an address, `localhost`).
#[must_use]
pub fn registrable_domain(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    let host = url.host_str()?.trim_end_matches('.');
    match url.host()? {
        url::Host::Domain(domain) => Some(psl::domain_str(domain).unwrap_or(host).to_owned()),
        _ => Some(host.to_owned()),
    }
}

/// Where a feed's document is: on the web, or in a file of this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedUrl {
    /// An http or https address.
    Web(Url),
    /// The absolute path of a local file. Comes from the configuration only, never from the network.
    File(PathBuf),
}

impl FeedUrl {
    /// Reads an address as the configuration writes it; a relative path counts from `folder`.
    ///
    /// # Errors
    /// A sentence for the user, where the text is an address of another scheme or a broken one.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("the address is empty".to_owned());
        }
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            None => Ok(Self::File(path_clean::clean(folder.join(text)))),
            Some("http" | "https") => {
                let mut url = Url::parse(text).map_err(|error| format!("the address cannot be read: {error}"))?;
                if !url.username().is_empty() || url.password().is_some() {
                    return Err("it holds a password, which lists and logs would show; \
                                write `username` and `password` on lines of their own"
                        .to_owned());
                }
                url.set_fragment(None);
                Ok(Self::Web(url))
            }
            Some("file") => Err("write a local file as its path, without file://".to_owned()),
            Some(other) => Err(format!("{other}:// is not followed; use http://, https:// or a file's path")),
        }
    }

    /// The normalised address: what two spellings of one feed have in common.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Web(url) => url.as_str().to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Whether what the user gave for `owner` may be sent here: to the same host, and never from a safe connection to an
    /// open one.
    #[must_use]
    pub fn may_share_secrets(&self, owner: &Self) -> bool {
        match (self, owner) {
            (Self::Web(to), Self::Web(owner)) => shares_secrets(owner, to),
            _ => self == owner,
        }
    }

    /// What requests are counted by: the host and port, or the file itself.
    #[must_use]
    pub fn host_key(&self) -> String {
        match self {
            Self::Web(url) => host_key(url),
            Self::File(_) => self.address(),
        }
    }
}

/// What requests are counted by: the host, and its port where that is not the scheme's own.
#[must_use]
pub fn host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// See [`FeedUrl::may_share_secrets`].
#[must_use]
pub fn shares_secrets(owner: &Url, to: &Url) -> bool {
    let became_safe =
        owner.scheme() == "http" && to.scheme() == "https" && owner.port().is_none() && to.port().is_none();
    owner.origin() == to.origin() || (became_safe && owner.host() == to.host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_page_have_one_canonical_link() {
        let check = |link: &str, expected: &str| {
            assert_eq!(CanonicalLink::of(link).unwrap().as_str(), expected, "{link}");
        };
        check("http://www.Example.org/a/", "example.org/a");
        check("https://example.org:443/a#top", "example.org/a");
        check("https://example.org/a?utm_source=rss&b=2&a=1&fbclid=x", "example.org/a?a=1&b=2");
        check("https://user:secret@example.org:8080/", "example.org:8080");
        check("https://example.org/?p=12", "example.org?p=12");
        check("https://example.org/a?sid=17364528190273645281", "example.org/a");
        check("https://example.org/a?sid=202611220812", "example.org/a?sid=202611220812");
        check("https://example.org/a?sid=26/11/22/0812", "example.org/a?sid=26%2F11%2F22%2F0812");
        check("https://example.org/a;jsessionid=F00?PHPSESSID=1&p=2", "example.org/a?p=2");
    }

    #[test]
    fn a_host_that_cannot_be_has_no_canonical_link() {
        assert_eq!(CanonicalLink::of("https://a.example./b").unwrap().as_str(), "a.example/b");
        assert_eq!(CanonicalLink::of("https://a....b.0...../c"), None);
    }

    #[test]
    fn only_web_links_survive() {
        for link in ["javascript:alert(1)", "data:text/html,x", "/relative", "", "mailto:a@example.org", "http://"] {
            assert_eq!(web_link(link), None, "{link}");
        }
    }

    #[test]
    fn publishers_are_registrable_domains() {
        let check = |link: &str, expected: &str| assert_eq!(registrable_domain(link).as_deref(), Some(expected));
        check("https://feeds.news.bbc.co.uk/rss", "bbc.co.uk");
        check("https://somebody.github.io/post", "somebody.github.io");
        check("http://127.0.0.3:8900/feed", "127.0.0.3");
        check("http://localhost/feed", "localhost");
    }

    #[test]
    fn secrets_stay_with_their_host() {
        let check = |owner: &str, to: &str, expected: bool| {
            let [owner, to] = [owner, to].map(|text| Url::parse(text).unwrap());
            assert_eq!(shares_secrets(&owner, &to), expected, "{owner} {to}");
        };
        check("https://example.org/a", "https://example.org/b", true);
        check("http://example.org/a", "https://example.org/a", true);
        check("https://example.org/a", "http://example.org/a", false);
        check("https://example.org/a", "https://www.example.org/a", false);
        check("https://example.org/a", "https://example.org:8443/a", false);
        check("http://example.org:80/a", "https://example.org:8443/a", false);
    }

    #[test]
    fn addresses_are_web_or_file() {
        let folder = Path::new("/etc/storyfold");
        let check = |text: &str, expected: &str| {
            assert_eq!(FeedUrl::parse(text, folder).unwrap().address(), expected, "{text}");
        };
        check("HTTPS://Example.org", "https://example.org/");
        check("https://example.org/feed#x", "https://example.org/feed");
        check("samples/./a.xml", "/etc/storyfold/samples/a.xml");
        check("../a.xml", "/etc/a.xml");
        check("/srv/a.xml", "/srv/a.xml");
        for bad in ["", "ftp://example.org/", "file:///etc/passwd", "http://", "https://me:secret@example.org/"] {
            assert!(FeedUrl::parse(bad, folder).is_err(), "{bad}");
        }
    }
}
