//! What is being served now: documents, rendered once per change.

use crate::engine::merged::MergedFeed;
use crate::engine::render::{Format, render};
use crate::engine::time::Timestamp;
use crate::engine::view::View;
use bytes::Bytes;
use headers::ETag;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Documents by path.
#[derive(Debug, Default)]
pub struct Snapshot {
    documents: BTreeMap<String, Document>,
}

/// A document with its validators.
#[derive(Clone, Debug)]
pub struct Document {
    /// With its charset.
    pub media_type: &'static str,
    /// The body.
    pub bytes: Bytes,
    /// By content: the same bytes, the same tag, on every machine and after every restart.
    pub etag: ETag,
    /// When these bytes were first served.
    pub last_modified: SystemTime,
}

impl Document {
    fn new(media_type: &'static str, bytes: Vec<u8>, changed: Timestamp) -> Self {
        let etag = format!("\"{}\"", &blake3::hash(&bytes).to_hex()[..32]);
        Self {
            media_type,
            etag: etag.parse().expect("hexadecimal digits in quotes are an entity tag"),
            last_modified: SystemTime::UNIX_EPOCH + changed.since(Timestamp::EPOCH),
            bytes: bytes.into(),
        }
    }
}

impl Snapshot {
    /// Renders everything that `feed` and the views over it are served as. What did not change since `before` keeps its
    /// date.
    #[must_use]
    pub fn render(feed: &MergedFeed, views: &[View], before: &Self, now: Timestamp) -> Self {
        let mut snapshot = Self::default();
        snapshot.render_feed(feed, before, now);
        for view in views {
            snapshot.render_feed(&view.of(feed), before, now);
        }
        let page = super::page::clusters(feed, views).into_string();
        snapshot.put("/".to_owned(), "text/html; charset=utf-8", page.into_bytes(), before, now);
        let style = include_bytes!("style.css").to_vec();
        snapshot.put("/style.css".to_owned(), "text/css; charset=utf-8", style, before, now);
        snapshot
    }

    /// The page of every cluster of `feed`, by its path as a static host has it.
    pub fn cluster_pages(feed: &MergedFeed) -> impl Iterator<Item = (String, String)> {
        let page = |item| super::page::cluster(item, "../../").into_string();
        feed.items.iter().map(move |item| (format!("clusters/{}/index.html", item.id), page(item)))
    }

    fn render_feed(&mut self, feed: &MergedFeed, before: &Self, now: Timestamp) {
        for format in Format::ALL {
            let path = format!("{}.{}", feed.path, format.name());
            self.put(path, format.media_type(), render(feed, format), before, now);
        }
    }

    fn put(&mut self, path: String, media_type: &'static str, bytes: Vec<u8>, before: &Self, now: Timestamp) {
        let unchanged = before.documents.get(&path).filter(|document| document.bytes == bytes).cloned();
        let document = unchanged.unwrap_or_else(|| Document::new(media_type, bytes, now));
        self.documents.insert(path, document);
    }

    /// The document at a path.
    #[must_use]
    pub fn document(&self, path: &str) -> Option<&Document> {
        self.documents.get(path)
    }

    /// Whether nothing was rendered yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// All documents, by path.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &Document)> {
        self.documents.iter().map(|(path, document)| (path.as_str(), document))
    }
}
