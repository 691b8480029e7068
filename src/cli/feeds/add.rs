//! `storyfold feeds add`: follows the feed at an address, or behind the page there.
//!
//! A feed costs one request, a page one more: what was fetched to look at the feed is handed to the daemon.

use super::check::fetch;
use crate::cli::output::{clean, print, remark};
use crate::cli::{Failure, Places, check_text, session};
use crate::config::with_feed;
use crate::control::{Addition, Reply, Request};
use crate::engine::feed::FeedSpec;
use crate::engine::fetched::{Body, Facts};
use crate::engine::link::FeedUrl;
use crate::engine::page::Page;
use crate::engine::parse::{Document, ParseError, parse};
use crate::engine::repair::Unreadable;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use url::Url;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address of a feed, or of a page that names one
    url: String,
    /// Group it under this category
    #[arg(long)]
    category: Option<String>,
    /// Call it so, instead of by its own title
    #[arg(long)]
    name: Option<String>,
}

/// A feed that was found.
struct Found {
    url: String,
    document: Document,
    body: Body,
    facts: Facts,
}

pub(super) fn run(places: &Places, arguments: &Arguments) -> Result<(), Failure> {
    let config = places.config()?;
    let found = discover(places, &arguments.url)?;
    let spec = spec_of(&found.url)?;
    if let Some(known) = config.feeds.iter().find(|known| known.id == spec.id) {
        return Err(Failure::Failed(format!("{} is followed already", known.written)));
    }
    let path = &config.path;
    let text = std::fs::read_to_string(path)?;
    let text = with_feed(&text, &found.url, arguments.name.as_deref(), arguments.category.as_deref());
    check_text(path, &text)?;
    replace(path, &text)?;
    let title = found.document.title.clone().unwrap_or_else(|| found.url.clone());
    let items = found.document.entries.len();
    let addition = Addition {
        document: BASE64_STANDARD.encode(&found.body.bytes),
        url: found.url,
        content_type: found.body.content_type,
        final_url: found.body.final_url,
        etag: found.body.freshness.validators.etag,
        last_modified: found.body.freshness.validators.last_modified,
        max_age: found.body.freshness.max_age.map(|age| age.as_secs()),
        expires: found.body.freshness.expires.map(|age| age.as_secs()),
        bytes: found.facts.bytes,
        requests: found.facts.requests,
        server: found.facts.server,
    };
    let url = addition.url.clone();
    let Reply::Added(row) = session::ask(places, Request::Added(Box::new(addition)), |_| {})? else {
        return Err(session::unexpected());
    };
    print(&format!("Following {} ({}), {} of its {items} items new.\n", clean(&title), clean(&url), row.entries))
}

/// The feed at an address, or the first that the page there names.
fn discover(places: &Places, written: &str) -> Result<Found, Failure> {
    // People write addresses as they say them.
    let is_bare = !written.contains("://") && !Path::new(written).exists();
    let written = if is_bare { format!("https://{written}") } else { written.to_owned() };
    let spec = spec_of(&written)?;
    // A path counts from here now, and from the configuration's folder later.
    let written = if matches!(spec.url, FeedUrl::File(_)) { spec.url.address() } else { written };
    let (body, facts) = fetch(places, &spec).map_err(|failure| failure.about(&written))?;
    let page = match parse(&body, &spec) {
        Ok(document) => return Ok(Found { url: written, document, body, facts }),
        Err(ParseError::Unreadable(Unreadable::WebPage)) => String::from_utf8_lossy(&body.bytes).into_owned(),
        Err(error) => return Err(Failure::Failed(format!("{written}: {error}"))),
    };
    let base = body.final_url.as_deref().and_then(|url| Url::parse(url).ok());
    let mut feeds = Page::read(&page, base.as_ref()).feeds.into_iter();
    let url = feeds.next().ok_or_else(|| format!("{written} is a page that names no feed"))?;
    for other in feeds {
        remark(&format!("the page names another feed: {other}"));
    }
    let spec = spec_of(&url)?;
    let (body, facts) = fetch(places, &spec).map_err(|failure| failure.about(&url))?;
    let document = parse(&body, &spec).map_err(|error| format!("{url}: {error}"))?;
    Ok(Found { url, document, body, facts })
}

fn spec_of(written: &str) -> Result<FeedSpec, Failure> {
    let url = FeedUrl::parse(written, &std::env::current_dir()?).map_err(|reason| Failure::Usage(vec![reason]))?;
    Ok(FeedSpec::new(url, written))
}

/// Puts a file in the place of another, whole or not at all.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let path = path.canonicalize()?;
    let failed = |error: std::io::Error| Failure::Failed(format!("{} cannot be written: {error}", path.display()));
    let folder = path.parent().unwrap_or(&path);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let facts = std::fs::metadata(&path)?;
    file.as_file().set_permissions(facts.permissions()).map_err(failed)?;
    // The service reads it as a member of its group.
    std::os::unix::fs::fchown(file.as_file(), Some(facts.uid()), Some(facts.gid())).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}
