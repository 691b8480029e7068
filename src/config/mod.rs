//! The configuration: text in, validated options of every room out. Pure: the shell reads files and environment.
//!
//! What may be written (`file.rs`) and what may be relied on ([`Config`]) are two things; every fault is reported, each
//! with its place and remedy, not only the first.

mod fault;
mod file;
mod model;
mod place;
mod secret;

pub use fault::Fault;
pub use file::{parse_duration, with_feed};
pub use model::{parse as parse_model, write as write_model};
pub use place::{Environment, config_file, data_dir};

use crate::engine::clustering::ClusterOptions;
use crate::engine::feed::FeedSpec;
use crate::engine::link::FeedUrl;
use crate::engine::model::Model;
use crate::engine::publication::OutputOptions;
use crate::engine::retention::RetentionOptions;
use crate::engine::schedule::ScheduleOptions;
use crate::engine::view::View;
use crate::engine::{self, id::FeedId};
use crate::fetch::{Exception, FetchOptions};
use crate::serve::ServeOptions;
use fault::Faults;
use file::{ClusterTable, DaemonTable, FeedTable, FetchTable, OutputTable, RetentionTable, Tables, ViewTable};
use secret::Vault;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A shorter token is guessed.
const TOKEN_CHARS_MIN: usize = 8;

/// Reads a file that the configuration names.
pub type Read<'a> = &'a dyn Fn(&Path) -> std::io::Result<String>;

/// The whole configuration, validated.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// Followed feeds, in the order of the file.
    pub feeds: Vec<FeedSpec>,
    /// The engine's options.
    pub engine: engine::Options,
    /// The fetch room's options.
    pub fetch: FetchOptions,
    /// The serve room's options.
    pub serve: ServeOptions,
    /// Where readers subscribe, without the token.
    pub shown_url: String,
    /// `daemon.data_dir`, if the file or the environment sets it.
    pub data_dir: Option<PathBuf>,
    /// `daemon.log`: a filter as `tracing-subscriber` reads it.
    pub log: String,
    /// What is not wrong but probably not meant.
    pub warnings: Vec<Fault>,
}

impl Config {
    /// Reads a configuration from its text, and the files it names through `read`. Relative paths count from `folder`, the file's own, absolute; `path` is how
    /// faults name the file.
    ///
    /// # Errors
    /// All faults, in the order of their lines.
    pub fn parse(
        path: &Path,
        folder: &Path,
        text: &str,
        environment: &Environment,
        read: Read,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::new(path, text);
        let Some(tables) = Tables::read(text, environment, &mut faults) else {
            return Err(faults.into_sorted());
        };
        let serve = serve_options(&tables.daemon, &mut faults);
        let base_url = base_url(&tables.daemon, &serve, &mut faults);
        let shown_url = base_url.clone().unwrap_or_else(|| format!("http://{}", serve.listen));
        // Who reads the feed knows the token, and needs it for our pages.
        let base_url =
            base_url.map(|base| serve.token.as_ref().map_or(base.clone(), |token| format!("{base}/t/{token}")));
        let vault = Vault { environment, read };
        let feeds = feed_specs(tables.feeds, folder, &vault, &mut faults);
        let views = views(tables.views, &mut faults);
        let schedule = schedule_options(&tables.fetch);
        let host_gap = schedule.host_gap;
        let config = Self {
            path: path.to_owned(),
            engine: engine::Options {
                schedule,
                cluster: cluster_options(&tables.cluster, folder, read, &mut faults),
                output: output_options(tables.output, base_url, views),
                retention: retention_options(&tables.retention),
            },
            fetch: fetch_options(tables.fetch, host_gap, &mut faults),
            serve,
            shown_url,
            data_dir: tables.daemon.data_dir.map(|data_dir| folder.join(data_dir)),
            log: tables.daemon.log.unwrap_or_else(|| "info".to_owned()),
            feeds,
            warnings: Vec::new(),
        };
        let (faults, warnings) = faults.into_faults_and_warnings();
        if faults.is_empty() { Ok(Self { warnings, ..config }) } else { Err(faults) }
    }
}

fn serve_options(table: &DaemonTable, faults: &mut Faults) -> ServeOptions {
    let written = table.listen.as_ref().map_or("127.0.0.1:8380", |listen| listen.get_ref().as_str());
    let listen: Result<SocketAddr, _> = written.parse();
    if let (Err(_), Some(place)) = (&listen, &table.listen) {
        let text = format!("daemon.listen is `{written}`; write an address and a port, such as \"127.0.0.1:8380\"");
        faults.add(place.span(), text);
    }
    let listen = listen.unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 8380)));
    if let (Some(place), false, None) = (&table.listen, listen.ip().is_loopback(), &table.token) {
        let text = format!("anyone who reaches {listen} can read everything; set daemon.token, or listen on 127.0.0.1");
        faults.warn(place.span(), text);
    }
    if let Some(token) = &table.token {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if token.get_ref().len() < TOKEN_CHARS_MIN || !token.get_ref().bytes().all(plain) {
            let text =
                format!("daemon.token is part of addresses: write {TOKEN_CHARS_MIN} or more letters, digits, - and _");
            faults.add(token.span(), text);
        }
    }
    ServeOptions { listen, token: table.token.as_ref().map(|token| token.get_ref().clone()) }
}

/// Without `daemon.base_url`, documents link to the listening address, where that is this machine's own.
fn base_url(table: &DaemonTable, serve: &ServeOptions, faults: &mut Faults) -> Option<String> {
    if let Some(written) = &table.base_url {
        let url = crate::engine::link::web_link(written.get_ref())
            .filter(|url| url.query().is_none() && url.fragment().is_none());
        if url.is_none() {
            let text =
                format!("daemon.base_url is `{}`; write the http or https address that readers use", written.get_ref());
            faults.add(written.span(), text);
        }
        return url.map(|url| url.as_str().trim_end_matches('/').to_owned());
    }
    if serve.listen.ip().is_loopback() {
        return Some(format!("http://{}", serve.listen));
    }
    if let Some(place) = &table.listen {
        let text = "documents will not link to cluster pages; set daemon.base_url to the address that readers use";
        faults.warn(place.span(), text.to_owned());
    }
    None
}

fn schedule_options(table: &FetchTable) -> ScheduleOptions {
    ScheduleOptions {
        max_concurrent: table.max_concurrent.map_or(16, std::num::NonZeroUsize::get),
        host_concurrency: table.host_concurrency.map_or(1, std::num::NonZeroUsize::get),
        host_gap: table.host_gap.map_or(Duration::from_secs(1), Into::into),
        pause_scope: table.pause_scope.unwrap_or_default().into(),
    }
}

fn fetch_options(table: FetchTable, host_gap: Duration, faults: &mut Faults) -> FetchOptions {
    let mut allow_private = Vec::new();
    for written in table.allow_private.unwrap_or_default() {
        match Exception::parse(written.get_ref()) {
            Some(target) => allow_private.push(target),
            None => faults.add(
                written.span(),
                format!(
                    "fetch.allow_private has `{}`; write an address or a name with its port, such as \"192.168.1.5:80\"",
                    written.get_ref()
                ),
            ),
        }
    }
    let proxy = table.proxy.and_then(|written| {
        let url = crate::engine::link::web_link(written.get_ref());
        if url.is_none() {
            faults
                .add(written.span(), format!("fetch.proxy is `{}`; write an http or https address", written.get_ref()));
        } else {
            let text = "the proxy dials for us: private addresses are then its own to refuse".to_owned();
            faults.warn(written.span(), text);
        }
        url
    });
    FetchOptions {
        timeout: table.timeout.map_or(Duration::from_secs(30), Into::into),
        host_gap,
        max_body: table.max_body.map_or(8 * 1024 * 1024, Into::into),
        allow_private,
        contact: table.contact,
        proxy,
    }
}

fn cluster_options(table: &ClusterTable, folder: &Path, read: Read, faults: &mut Faults) -> ClusterOptions {
    let model = table.model.as_ref().and_then(|written| {
        let path = folder.join(written.get_ref());
        let text = read(&path).map_err(|error| format!("cannot be read: {error}"));
        let found = text.and_then(|text| model::parse(&text));
        found.map_err(|reason| faults.add(written.span(), format!("the model {} {reason}", path.display()))).ok()
    });
    let groups = table.publishers.iter().flatten().flat_map(|(group, publishers)| {
        publishers.iter().map(move |publisher| (publisher.to_lowercase(), group.as_str().into()))
    });
    ClusterOptions {
        threshold: crate::engine::clustering::Preset::from(table.preset.unwrap_or_default()).threshold(),
        model: model.unwrap_or(Model::STANDARD),
        window: table.window.map_or(crate::engine::clustering::WINDOW_DEFAULT, Into::into),
        publisher_groups: groups.collect(),
    }
}

fn output_options(table: OutputTable, base_url: Option<String>, views: Vec<View>) -> OutputOptions {
    OutputOptions {
        title: table.title.unwrap_or_else(|| "storyfold".to_owned()),
        settle: table.settle.map_or(Duration::from_mins(10), Into::into),
        growth: table.growth.unwrap_or_default().into(),
        max_entries: table.max_entries.unwrap_or(2000),
        max_age: table.max_age.map_or(Duration::from_hours(168), Into::into),
        base_url,
        views,
    }
}

fn retention_options(table: &RetentionTable) -> RetentionOptions {
    RetentionOptions { max_age: table.max_age.map_or(Duration::from_hours(720), Into::into) }
}

/// Feeds by address: a second one with the same address is a warning, not a second feed.
fn feed_specs(tables: Vec<FeedTable>, folder: &Path, vault: &Vault, faults: &mut Faults) -> Vec<FeedSpec> {
    let mut first: BTreeMap<FeedId, String> = BTreeMap::new();
    let mut specs = Vec::with_capacity(tables.len());
    for table in tables {
        let place = table.url.span();
        let written = table.url.get_ref().clone();
        let url = match FeedUrl::parse(&written, folder) {
            Ok(url) => url,
            Err(reason) => {
                faults.add(place, format!("the feed `{written}` cannot be followed: {reason}"));
                continue;
            }
        };
        let spec = feed_spec(table, url, vault, faults);
        if let Some(earlier) = first.get(&spec.id) {
            faults.warn(place, format!("the feed `{written}` is listed already, as `{earlier}`; this one is left out"));
            continue;
        }
        if let FeedUrl::File(path) = &spec.url
            && (vault.read)(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        {
            faults.warn(place, format!("there is no file {}; an address begins with https://", path.display()));
        }
        first.insert(spec.id, written);
        specs.push(spec);
    }
    specs
}

fn feed_spec(table: FeedTable, url: FeedUrl, vault: &Vault, faults: &mut Faults) -> FeedSpec {
    let headers = secret::headers(&table, vault, faults);
    let plain = FeedSpec::new(url, table.url.get_ref());
    FeedSpec {
        name: table.name,
        category: table.category,
        publisher: table.publisher,
        language: table.language,
        interval: table.interval.map(Into::into),
        cluster: table.cluster.unwrap_or(true),
        prefer: table.prefer.unwrap_or(false),
        paywalled: table.paywalled.unwrap_or(false),
        user_agent: table.user_agent,
        headers,
        pause_scope: table.pause_scope.map(Into::into),
        ..plain
    }
}

fn views(tables: Vec<ViewTable>, faults: &mut Faults) -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    for table in tables {
        let name = table.name.get_ref().clone();
        let plain =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !plain {
            faults.add(
                table.name.span(),
                format!("the view `{name}` needs a name of letters, digits, - and _: it is part of an address"),
            );
        } else if views.iter().any(|view| view.name == name) {
            faults.add(table.name.span(), format!("there are two views `{name}`"));
        }
        views.push(View {
            name,
            min_publishers: table.min_publishers.unwrap_or(1),
            categories: table.categories.unwrap_or_default(),
            feeds: table.feeds.unwrap_or_default(),
            query: table.query,
            exclude: table.exclude,
            languages: table.languages.unwrap_or_default(),
        });
    }
    views
}
