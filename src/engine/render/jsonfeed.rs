//! JSON Feed 1.1, <https://www.jsonfeed.org/version/1.1/>.

use super::{body, own};
use crate::engine::merged::{Item, MergedFeed};
use serde::Serialize;

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "feed_url")]
    own_url: Option<String>,
    items: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    title: &'a str,
    content_html: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    summary: String,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(rename = "_storyfold")]
    extension: Extension<'a>,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

/// Ours, as the format allows: what the body says in HTML, for programs.
#[derive(Serialize)]
struct Extension<'a> {
    publishers: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    title_derived: bool,
    sources: Vec<Source<'a>>,
}

#[derive(Serialize)]
struct Source<'a> {
    publisher: &'a str,
    title: &'a str,
    url: Option<&'a str>,
    date: String,
    copy: bool,
}

pub(super) fn render(feed: &MergedFeed) -> Vec<u8> {
    let document = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        home_page_url: own(feed, "/"),
        own_url: own(feed, &format!("{}.json", feed.path)),
        items: feed.items.iter().map(|item| entry(feed, item)).collect(),
    };
    serde_json::to_vec_pretty(&document).expect("strings and numbers serialise")
}

fn entry<'a>(feed: &MergedFeed, item: &'a Item) -> Entry<'a> {
    Entry {
        id: item.permanent_id(),
        url: item.link.clone().or_else(|| own(feed, &format!("/clusters/{}", item.id))),
        title: &item.title,
        content_html: body::html(item),
        summary: body::summary(item),
        date_published: item.published.to_string(),
        date_modified: item.updated.to_string(),
        authors: item.sources.first().map(|lead| Author { name: &lead.publisher }).into_iter().collect(),
        tags: &item.categories,
        language: item.language.as_deref(),
        extension: Extension {
            publishers: item.publishers,
            title_derived: item.is_title_derived,
            sources: item.sources.iter().map(source).collect(),
        },
    }
}

fn source(source: &crate::engine::merged::Source) -> Source<'_> {
    Source {
        publisher: &source.publisher,
        title: &source.title,
        url: source.link.as_deref(),
        date: source.date.to_string(),
        copy: source.copy,
    }
}
