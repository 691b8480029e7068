//! What elements mean, whatever the format calls them: RSS 0.90 to 2.0, Atom 0.3 and 1.0, and the modules that feeds
//! use beside them. Elements that are not listed are not read.

/// The vocabulary a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    /// RSS of any version: most feeds have no namespace for it.
    Rss,
    /// Atom 1.0 (RFC 4287) and 0.3.
    Atom,
    /// RDF, around RSS 0.90 and 1.0.
    Rdf,
    /// Dublin Core elements.
    Dc,
    /// Dublin Core terms.
    DcTerms,
    /// RSS 1.0 content module.
    Content,
    /// Media RSS.
    Media,
    /// Apple's podcast tags.
    Itunes,
    /// RSS 1.0 syndication module.
    Syndication,
    /// XHTML.
    Xhtml,
    /// Any other.
    Other,
}

/// Addresses of namespaces, without scheme, `www.` and closing mark, in lower case: they are written with and without.
const ADDRESSES: &[(&str, Namespace)] = &[
    ("w3.org/2005/atom", Namespace::Atom),
    ("purl.org/atom/ns", Namespace::Atom),
    ("purl.org/rss/1.0", Namespace::Rss),
    ("my.netscape.com/rdf/simple/0.9", Namespace::Rss),
    ("channel.netscape.com/rdf/simple/0.9", Namespace::Rss),
    ("my.netscape.com/publish/formats/rss-0.91.dtd", Namespace::Rss),
    ("backend.userland.com/rss", Namespace::Rss),
    ("backend.userland.com/rss2", Namespace::Rss),
    ("blogs.law.harvard.edu/tech/rss", Namespace::Rss),
    ("w3.org/1999/02/22-rdf-syntax-ns", Namespace::Rdf),
    ("purl.org/dc/elements/1.1", Namespace::Dc),
    ("purl.org/dc/elements/1.0", Namespace::Dc),
    ("purl.org/dc/terms", Namespace::DcTerms),
    ("purl.org/rss/1.0/modules/content", Namespace::Content),
    ("purl.org/rss/1.0/modules/syndication", Namespace::Syndication),
    ("search.yahoo.com/mrss", Namespace::Media),
    ("itunes.com/dtds/podcast-1.0.dtd", Namespace::Itunes),
    ("w3.org/1999/xhtml", Namespace::Xhtml),
];

impl Namespace {
    /// By its address.
    pub(super) fn at(address: &str) -> Self {
        let plain = address.trim().to_ascii_lowercase();
        let plain = plain.strip_prefix("http://").or_else(|| plain.strip_prefix("https://")).unwrap_or(&plain);
        let plain = plain.strip_prefix("www.").unwrap_or(plain).trim_end_matches(['/', '#']);
        ADDRESSES.iter().find(|(known, _)| *known == plain).map_or(Self::Other, |(_, namespace)| *namespace)
    }

    /// By the prefix that everybody uses, for documents that do not declare it.
    pub(super) fn of_prefix(prefix: &str) -> Self {
        match prefix.to_ascii_lowercase().as_str() {
            "rss" | "rss1" => Self::Rss,
            "atom" | "atom10" | "atom03" | "a10" => Self::Atom,
            "rdf" => Self::Rdf,
            "dc" => Self::Dc,
            "dcterms" => Self::DcTerms,
            "content" => Self::Content,
            "media" => Self::Media,
            "itunes" => Self::Itunes,
            "sy" => Self::Syndication,
            "xhtml" => Self::Xhtml,
            _ => Self::Other,
        }
    }
}

/// What an element is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// `rss`, `rdf:RDF`, `channel`, `feed`: what items stand in.
    Container,
    /// `item`, `entry`.
    Item,
    /// What groups others and means nothing itself.
    Group,
    Title,
    Link,
    Id,
    Published,
    Updated,
    Summary,
    Content,
    Author,
    /// Within an author.
    Name,
    Category,
    Enclosure,
    Picture,
    Source,
    Language,
    TimeToLive,
    /// An hour not to poll in.
    SkipHour,
    /// A day not to poll on.
    SkipDay,
    /// The unit of how often a feed changes.
    Period,
    /// How often in that unit.
    Frequency,
    /// A page.
    WebPage,
}

/// How far an element is believed where several say the same: the format's own name for it before a module's.
pub(super) type Rank = u8;

/// Local names in lower case, by vocabulary: what they are, and how far they are believed.
const ELEMENTS: &[(Namespace, &str, Element, Rank)] = {
    use Element::{
        Author, Category, Container, Content, Enclosure, Frequency, Group, Id, Item, Language, Link, Name, Period,
        Picture, Published, SkipDay, SkipHour, Source, Summary, TimeToLive, Title, Updated,
    };
    use Namespace::{Atom, Dc, DcTerms, Itunes, Media, Rdf, Rss, Syndication, Xhtml};
    &[
        (Rss, "item", Item, 0),
        (Rss, "title", Title, 0),
        (Rss, "link", Link, 0),
        (Rss, "guid", Id, 0),
        (Rss, "pubdate", Published, 0),
        (Rss, "description", Summary, 0),
        (Rss, "category", Category, 0),
        (Rss, "author", Author, 0),
        (Rss, "enclosure", Enclosure, 0),
        (Rss, "source", Source, 0),
        (Rss, "channel", Container, 0),
        (Rss, "rss", Container, 0),
        (Rss, "rdf", Container, 0),
        (Rss, "language", Language, 0),
        (Rss, "ttl", TimeToLive, 0),
        (Rss, "skiphours", Container, 0),
        (Rss, "hour", SkipHour, 0),
        (Rss, "skipdays", Container, 0),
        (Rss, "day", SkipDay, 0),
        (Syndication, "updateperiod", Period, 0),
        (Syndication, "updatefrequency", Frequency, 0),
        (Rss, "lastbuilddate", Updated, 1),
        (Rss, "date", Published, 2),
        (Rss, "published", Published, 1),
        (Rss, "updated", Updated, 0),
        (Rss, "modified", Updated, 1),
        (Rss, "entry", Item, 1),
        (Rss, "id", Id, 1),
        (Rss, "summary", Summary, 1),
        (Rss, "content", Content, 1),
        (Rss, "body", Content, 2),
        (Rss, "name", Name, 0),
        (Atom, "entry", Item, 0),
        (Atom, "item", Item, 1),
        (Atom, "title", Title, 0),
        (Atom, "link", Link, 1),
        (Atom, "id", Id, 0),
        (Atom, "published", Published, 0),
        (Atom, "updated", Updated, 0),
        (Atom, "summary", Summary, 0),
        (Atom, "content", Content, 0),
        (Atom, "author", Author, 0),
        (Atom, "name", Name, 0),
        (Atom, "category", Category, 0),
        (Atom, "source", Source, 0),
        (Atom, "feed", Container, 0),
        (Atom, "issued", Published, 0),
        (Atom, "created", Published, 1),
        (Atom, "modified", Updated, 0),
        (Atom, "pubdate", Published, 1),
        (Atom, "description", Summary, 1),
        (Rdf, "rdf", Container, 0),
        (Dc, "title", Title, 1),
        (Dc, "creator", Author, 1),
        (Dc, "author", Author, 1),
        (Dc, "date", Published, 1),
        (Dc, "subject", Category, 1),
        (Dc, "description", Summary, 1),
        (Dc, "language", Language, 1),
        (DcTerms, "issued", Published, 2),
        (DcTerms, "created", Published, 3),
        (DcTerms, "modified", Updated, 1),
        (DcTerms, "abstract", Summary, 2),
        (Namespace::Content, "encoded", Content, 0),
        (Media, "group", Group, 0),
        (Media, "title", Title, 2),
        (Media, "description", Summary, 3),
        (Media, "content", Enclosure, 1),
        (Media, "thumbnail", Picture, 0),
        (Itunes, "author", Author, 2),
        (Itunes, "summary", Summary, 2),
        (Itunes, "subtitle", Summary, 4),
        (Itunes, "image", Picture, 1),
        (Itunes, "title", Title, 3),
        (Xhtml, "body", Content, 2),
        (Xhtml, "div", Content, 3),
        (Xhtml, "html", Element::WebPage, 0),
    ]
};

/// The longest name in the table, and a little.
const LOCAL_BYTES_MAX: usize = 16;

/// What a local name means in a vocabulary.
pub(super) fn element(namespace: Namespace, local: &str) -> Option<(Element, Rank)> {
    if local.len() > LOCAL_BYTES_MAX {
        return None;
    }
    let named = |known: &&(Namespace, &str, Element, Rank)| known.0 == namespace && known.1.eq_ignore_ascii_case(local);
    ELEMENTS.iter().find(named).map(|(_, _, element, rank)| (*element, *rank))
}

/// Whether a name is written as its specification has it. RSS is the one that has capitals.
pub(super) fn is_in_right_case(local: &str) -> bool {
    !local.bytes().any(|byte| byte.is_ascii_uppercase())
        || matches!(
            local,
            "pubDate" | "lastBuildDate" | "RDF" | "skipHours" | "skipDays" | "updatePeriod" | "updateFrequency"
        )
}
