//! Pages for people: the clusters of now, and one cluster with its sources.

use crate::engine::merged::{Item, MergedFeed, Source};
use crate::engine::render::Format;
use crate::engine::view::View;
use maud::{DOCTYPE, Markup, html};

/// Clusters on the first page; the feeds have more.
const CLUSTERS_MAX: usize = 200;

/// `/`: the clusters of now, newest first.
pub(super) fn clusters(feed: &MergedFeed, views: &[View]) -> Markup {
    let body = html! {
        header {
            h1 { (feed.title) }
            p { "Each event once, with every source. Subscribe: " (subscribe("feed")) }
            @if !views.is_empty() {
                p { "Views: " @for view in views { (view.name) " (" (subscribe(&format!("views/{}", view.name))) ") " } }
            }
        }
        main {
            @if feed.items.is_empty() { p { "Nothing is published yet. New clusters appear after a few minutes." } }
            @for item in feed.items.iter().take(CLUSTERS_MAX) { (teaser(item)) }
        }
    };
    page(&feed.title, "", &body)
}

/// `/clusters/ID`: one cluster; `up` leads from there to the top.
pub(super) fn cluster(item: &Item, up: &str) -> Markup {
    let body = html! {
        header { p { a href=(up) { "All clusters" } } }
        main {
            article lang=[item.language.as_deref()] {
                h1 { (headline(item)) }
                p.facts { (facts(item)) }
                @for paragraph in item.details.text.lines() { p { (paragraph) } }
            }
            h2 { "Sources" }
            ol.sources { @for source in &item.sources { (line(source)) } }
        }
    };
    page(&item.title, up, &body)
}

/// `/clusters/ID.json`: the same for programs.
pub(super) fn cluster_json(item: &Item) -> axum::Json<serde_json::Value> {
    let sources: Vec<serde_json::Value> = item
        .sources
        .iter()
        .map(|source| {
            serde_json::json!({
                "publisher": source.publisher, "title": source.title, "link": source.link,
                "date": source.date.to_string(), "copy": source.copy, "feed": source.feed,
            })
        })
        .collect();
    axum::Json(serde_json::json!({
        "id": item.id.to_string(), "title": item.title, "link": item.link, "published": item.published.to_string(),
        "updated": item.updated.to_string(), "publishers": item.publishers, "text": item.details.text, "sources": sources,
    }))
}

/// A whole page; `up` leads from it to the top, so that a token or a proxy's prefix in the path does no harm.
fn page(title: &str, up: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="stylesheet" href={ (up) "style.css" };
                @for format in Format::ALL {
                    link rel="alternate" type=(bare(format)) title={ "Merged feed, " (label(format)) } href={ (up) "feed." (format.name()) };
                }
            }
            body { (body) }
        }
    }
}

/// The media type without its charset, as links have it.
fn bare(format: Format) -> &'static str {
    format.media_type().split(';').next().unwrap_or_default()
}

fn label(format: Format) -> &'static str {
    match format {
        Format::Atom => "Atom",
        Format::Rss => "RSS",
        Format::Json => "JSON Feed",
    }
}

fn subscribe(path: &str) -> Markup {
    html! {
        @for (place, format) in Format::ALL.into_iter().enumerate() {
            @if place > 0 { " · " }
            a href={ (path) "." (format.name()) } { (label(format)) }
        }
    }
}

fn teaser(item: &Item) -> Markup {
    let first = item.details.text.lines().next().unwrap_or_default();
    html! {
        article lang=[item.language.as_deref()] {
            h2 { (headline(item)) }
            p.facts { (facts(item)) " · " a href={ "clusters/" (item.id) } { (sources_label(item.sources.len())) } }
            @if !first.is_empty() { p { (crate::engine::markup::first_words(first, 280)) } }
        }
    }
}

fn headline(item: &Item) -> Markup {
    html! {
        @match &item.link {
            Some(link) => a href=(link) { (item.title) },
            None => (item.title),
        }
    }
}

fn facts(item: &Item) -> Markup {
    html! {
        @if let Some(lead) = item.sources.first() { (lead.publisher) " · " }
        time datetime=(item.published) { (item.published.to_minute()) " UTC" }
        @if item.publishers > 1 { " · " strong { (item.publishers) " publishers" } }
    }
}

fn sources_label(sources: usize) -> String {
    if sources == 1 { "1 source".to_owned() } else { format!("{sources} sources") }
}

fn line(source: &Source) -> Markup {
    html! {
        li {
            strong { (source.publisher) } " · "
            time datetime=(source.date) { (source.date.to_minute()) " UTC" }
            @if source.copy { " · copy" }
            br;
            @match &source.link {
                Some(link) => a href=(link) { (source.title) },
                None => (source.title),
            }
        }
    }
}
