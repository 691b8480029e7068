//! RFC 4287.

use super::{NAMESPACE, body, clean, own, title};
use crate::engine::merged::{Item, MergedFeed};
use quick_xml::Writer;
use quick_xml::events::BytesText;
use std::io;

type Out = Writer<Vec<u8>>;

pub(super) fn render(feed: &MergedFeed) -> Vec<u8> {
    let mut out = Writer::new(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_vec());
    write(&mut out, feed).expect("writing to memory does not fail");
    out.into_inner()
}

fn write(out: &mut Out, feed: &MergedFeed) -> io::Result<()> {
    let root = out
        .create_element("feed")
        .with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
        .with_attribute(("xmlns:storyfold", NAMESPACE));
    root.write_inner_content(|out| {
        text(out, "id", &format!("tag:storyfold,2026:{}", feed.path.trim_start_matches('/')))?;
        text(out, "title", &feed.title)?;
        text(out, "updated", &feed.updated().to_string())?;
        out.create_element("generator")
            .with_attribute(("version", env!("CARGO_PKG_VERSION")))
            .write_text_content(BytesText::new("storyfold"))?;
        if let Some(href) = own(feed, &format!("{}.atom", feed.path)) {
            link(out, "self", &href, None)?;
        }
        if let Some(href) = own(feed, "/") {
            link(out, "alternate", &href, None)?;
        }
        feed.items.iter().try_for_each(|item| entry(out, feed, item))
    })?;
    Ok(())
}

fn entry(out: &mut Out, feed: &MergedFeed, item: &Item) -> io::Result<()> {
    let mut element = out.create_element("entry");
    if let Some(language) = &item.language {
        element = element.with_attribute(("xml:lang", &*clean(language)));
    }
    element.write_inner_content(|out| {
        text(out, "id", &item.permanent_id())?;
        title(out, item)?;
        text(out, "published", &item.published.to_string())?;
        text(out, "updated", &item.updated.to_string())?;
        links(out, feed, item)?;
        if let Some(lead) = item.sources.first() {
            out.create_element("author").write_inner_content(|out| text(out, "name", &lead.publisher))?;
        }
        for category in &item.categories {
            out.create_element("category").with_attribute(("term", &*clean(category))).write_empty()?;
        }
        out.create_element("content")
            .with_attribute(("type", "html"))
            .write_text_content(BytesText::new(&clean(&body::html(item))))?;
        Ok(())
    })?;
    Ok(())
}

fn links(out: &mut Out, feed: &MergedFeed, item: &Item) -> io::Result<()> {
    let page = own(feed, &format!("/clusters/{}", item.id));
    // An entry needs an alternate link (RFC 4287, 4.1.1.1); without the lead's, our own page is it.
    match (&item.link, &page) {
        (Some(href), _) | (None, Some(href)) => link(out, "alternate", href, None)?,
        (None, None) => {}
    }
    if let (Some(_), Some(page)) = (&item.link, &page) {
        link(out, "related", page, Some("All sources"))?;
    }
    for source in item.sources.iter().filter(|source| source.link != item.link) {
        if let Some(href) = &source.link {
            link(out, "related", href, Some(&source.publisher))?;
        }
    }
    Ok(())
}

fn link(out: &mut Out, rel: &str, href: &str, title: Option<&str>) -> io::Result<()> {
    let mut element = out.create_element("link").with_attribute(("rel", rel)).with_attribute(("href", &*clean(href)));
    if let Some(title) = title {
        element = element.with_attribute(("title", &*clean(title)));
    }
    element.write_empty()?;
    Ok(())
}

fn text(out: &mut Out, name: &str, value: &str) -> io::Result<()> {
    out.create_element(name).write_text_content(BytesText::new(&clean(value)))?;
    Ok(())
}
