//! Healthy feeds as the large publishers write them, made of nothing but numbers: news with teasers, weblogs with whole
//! texts, videos with media elements, each in the format that is usual for it.

use std::fmt::Write;

const WORDS: &[&str] = &[
    "council",
    "harbor",
    "minister",
    "storm",
    "rail",
    "strike",
    "election",
    "report",
    "company",
    "market",
    "court",
    "hospital",
    "school",
    "river",
    "bridge",
    "train",
    "police",
    "museum",
    "energy",
    "budget",
    "night",
    "morning",
    "after",
    "before",
    "against",
    "between",
    "thousands",
    "people",
    "said",
    "on",
    "the",
    "of",
    "in",
    "a",
    "to",
    "and",
];

/// All of them, each with the name of its kind.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let mut documents = Vec::new();
    for number in 0..20 {
        documents.push(("news, rss".to_owned(), news(number).into_bytes()));
    }
    for number in 0..20 {
        documents.push(("videos, atom".to_owned(), videos(number).into_bytes()));
    }
    for number in 0..10 {
        documents.push(("weblog, rss".to_owned(), weblog(number).into_bytes()));
    }
    documents
}

/// Words by a linear congruence: the same on every machine.
fn words(seed: u64, count: usize) -> String {
    let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let mut text = String::new();
    for place in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let word = WORDS[(state >> 33) as usize % WORDS.len()];
        if place > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

fn news(feed: u64) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>News</title><link>https://example.org/</link><description>All news</description><language>en</language><atom:link href=\"https://example.org/feed\" rel=\"self\"/>\n",
    );
    for item in 0..40 {
        let seed = feed * 1000 + item;
        let (title, teaser, day) = (words(seed, 9), words(seed + 7, 35), item % 28 + 1);
        let _ = write!(
            text,
            "<item>\n<title><![CDATA[{title}]]></title>\n<link>https://example.org/news/{seed}?at_medium=RSS&amp;at_campaign=feed</link>\n<description><![CDATA[<p>{teaser}</p>]]></description>\n<guid isPermaLink=\"false\">https://example.org/news/{seed}#0</guid>\n<pubDate>Mon, {day:02} Jun 2026 08:15:00 GMT</pubDate>\n<dc:creator>A. Writer</dc:creator>\n<category>world</category>\n<media:thumbnail width=\"240\" height=\"135\" url=\"https://example.org/pictures/{seed}.jpg\"/>\n</item>\n"
        );
    }
    text + "</channel></rss>\n"
}

fn weblog(feed: u64) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:wfw=\"http://wellformedweb.org/CommentAPI/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:slash=\"http://purl.org/rss/1.0/modules/slash/\">\n<channel>\n<title>Weblog</title>\n<link>https://example.net</link>\n<description>Notes</description>\n",
    );
    for item in 0..10 {
        let seed = feed * 7000 + item;
        let body: String = (0..12)
            .map(|part| {
                format!(
                    "<p>{} <a href=\"https://example.net/tag/{part}\">{}</a> <em>{}</em></p>\n",
                    words(seed + part, 60),
                    words(part, 2),
                    words(part + 3, 4)
                )
            })
            .collect();
        let _ = write!(
            text,
            "<item>\n<title>{}</title>\n<link>https://example.net/{seed}/</link>\n<comments>https://example.net/{seed}/#comments</comments>\n<dc:creator><![CDATA[editor]]></dc:creator>\n<pubDate>Tue, 09 Jun 2026 10:00:{:02} +0000</pubDate>\n<category><![CDATA[notes]]></category>\n<guid isPermaLink=\"false\">https://example.net/?p={seed}</guid>\n<description><![CDATA[{} [&#8230;]]]></description>\n<content:encoded><![CDATA[{body}]]></content:encoded>\n<wfw:commentRss>https://example.net/{seed}/feed/</wfw:commentRss>\n<slash:comments>3</slash:comments>\n</item>\n",
            words(seed, 7),
            item,
            words(seed + 1, 50),
        );
    }
    text + "</channel>\n</rss>\n"
}

fn videos(feed: u64) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns=\"http://www.w3.org/2005/Atom\">\n <link rel=\"self\" href=\"https://example.com/videos.xml\"/>\n <id>channel</id>\n <title>Videos</title>\n <published>2020-01-01T00:00:00+00:00</published>\n",
    );
    for item in 0..15 {
        let seed = feed * 300 + item;
        let (title, description) = (words(seed, 8), words(seed + 5, 120));
        let _ = write!(
            text,
            " <entry>\n  <id>video:{seed}</id>\n  <title>{title}</title>\n  <link rel=\"alternate\" href=\"https://example.com/watch?v={seed}\"/>\n  <author>\n   <name>Channel</name>\n   <uri>https://example.com/channel</uri>\n  </author>\n  <published>2026-06-08T07:30:{item:02}+00:00</published>\n  <updated>2026-06-09T07:30:00+00:00</updated>\n  <media:group>\n   <media:title>{title}</media:title>\n   <media:content url=\"https://example.com/v/{seed}\" type=\"application/x-shockwave-flash\" width=\"640\" height=\"390\"/>\n   <media:thumbnail url=\"https://example.com/{seed}.jpg\" width=\"480\" height=\"360\"/>\n   <media:description>{description}</media:description>\n   <media:community>\n    <media:starRating count=\"10\" average=\"5.00\" min=\"1\" max=\"5\"/>\n    <media:statistics views=\"1000\"/>\n   </media:community>\n  </media:group>\n </entry>\n"
        );
    }
    text + "</feed>\n"
}
