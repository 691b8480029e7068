//! RSS 2.0, with `atom:link` and `dc:creator`, as the RSS Advisory Board's best practices have it.

use super::{NAMESPACE, body, clean, own, title};
use crate::engine::merged::{Item, MergedFeed};
use quick_xml::Writer;
use quick_xml::events::BytesText;
use std::io;

type Out = Writer<Vec<u8>>;

/// The channel needs a link; where nobody can reach us and nothing is published, it is a page that says nothing.
const NO_LINK: &str = "https://example.org/";

pub(super) fn render(feed: &MergedFeed) -> Vec<u8> {
    let mut out = Writer::new(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_vec());
    write(&mut out, feed).expect("writing to memory does not fail");
    out.into_inner()
}

fn write(out: &mut Out, feed: &MergedFeed) -> io::Result<()> {
    out.create_element("rss")
        .with_attribute(("version", "2.0"))
        .with_attribute(("xmlns:atom", "http://www.w3.org/2005/Atom"))
        .with_attribute(("xmlns:storyfold", NAMESPACE))
        .with_attribute(("xmlns:dc", "http://purl.org/dc/elements/1.1/"))
        .write_inner_content(|out| {
            out.create_element("channel").write_inner_content(|out| channel(out, feed))?;
            Ok(())
        })?;
    Ok(())
}

fn channel(out: &mut Out, feed: &MergedFeed) -> io::Result<()> {
    text(out, "title", &feed.title)?;
    text(
        out,
        "link",
        &own(feed, "/")
            .or_else(|| feed.items.iter().find_map(|item| item.link.clone()))
            .unwrap_or_else(|| NO_LINK.to_owned()),
    )?;
    text(out, "description", "Each event once, with every source")?;
    text(out, "lastBuildDate", &feed.updated().to_rfc822())?;
    text(out, "generator", concat!("storyfold ", env!("CARGO_PKG_VERSION")))?;
    if let Some(href) = own(feed, &format!("{}.rss", feed.path)) {
        out.create_element("atom:link")
            .with_attribute(("rel", "self"))
            .with_attribute(("href", href.as_str()))
            .with_attribute(("type", "application/rss+xml"))
            .write_empty()?;
    }
    feed.items.iter().try_for_each(|item| entry(out, feed, item))
}

fn entry(out: &mut Out, feed: &MergedFeed, item: &Item) -> io::Result<()> {
    out.create_element("item").write_inner_content(|out| {
        title(out, item)?;
        if let Some(link) = item.link.clone().or_else(|| own(feed, &format!("/clusters/{}", item.id))) {
            text(out, "link", &link)?;
        }
        out.create_element("guid")
            .with_attribute(("isPermaLink", "false"))
            .write_text_content(BytesText::new(&item.permanent_id()))?;
        text(out, "pubDate", &item.published.to_rfc822())?;
        text(out, "atom:updated", &item.updated.to_string())?;
        if let Some(lead) = item.sources.first() {
            text(out, "dc:creator", &lead.publisher)?;
        }
        for category in &item.categories {
            text(out, "category", category)?;
        }
        let html = body::html(item);
        text(out, "description", &html)
    })?;
    Ok(())
}

fn text(out: &mut Out, name: &str, value: &str) -> io::Result<()> {
    out.create_element(name).write_text_content(BytesText::new(&clean(value)))?;
    Ok(())
}
