//! What may be written in `feeds.toml`: the tables and their keys, before anything is checked against anything else.

use super::fault::Faults;
use super::place::Environment;
use crate::engine;
use bytesize::ByteSize;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Where spans of values from the environment begin: beyond the end of any file.
const ENVIRONMENT: usize = usize::MAX / 2;

/// The file, read.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub daemon: DaemonTable,
    pub fetch: FetchTable,
    pub cluster: ClusterTable,
    pub output: OutputTable,
    pub retention: RetentionTable,
    pub feeds: Vec<FeedTable>,
    pub views: Vec<ViewTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DaemonTable {
    pub listen: Option<Spanned<String>>,
    pub base_url: Option<Spanned<String>>,
    pub data_dir: Option<PathBuf>,
    pub token: Option<Spanned<String>>,
    pub log: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FetchTable {
    pub timeout: Option<Span>,
    pub host_gap: Option<Span>,
    pub host_concurrency: Option<NonZeroUsize>,
    pub max_concurrent: Option<NonZeroUsize>,
    pub pause_scope: Option<PauseScope>,
    pub max_body: Option<Size>,
    pub allow_private: Option<Vec<Spanned<String>>>,
    pub contact: Option<String>,
    pub proxy: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ClusterTable {
    pub preset: Option<Preset>,
    pub model: Option<Spanned<PathBuf>>,
    pub window: Option<Span>,
    pub publishers: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutputTable {
    pub title: Option<String>,
    pub settle: Option<Span>,
    pub growth: Option<Growth>,
    pub max_entries: Option<usize>,
    pub max_age: Option<Span>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RetentionTable {
    pub max_age: Option<Span>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedTable {
    pub url: Spanned<String>,
    pub name: Option<String>,
    pub category: Option<String>,
    pub publisher: Option<String>,
    pub language: Option<String>,
    pub interval: Option<Span>,
    pub cluster: Option<bool>,
    pub prefer: Option<bool>,
    pub paywalled: Option<bool>,
    pub user_agent: Option<String>,
    pub headers: Option<BTreeMap<String, Spanned<String>>>,
    pub username: Option<Spanned<String>>,
    pub password: Option<Spanned<String>>,
    pub pause_scope: Option<PauseScope>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ViewTable {
    pub name: Spanned<String>,
    pub min_publishers: Option<usize>,
    pub categories: Option<Vec<String>>,
    pub feeds: Option<Vec<String>>,
    pub query: Option<String>,
    pub exclude: Option<String>,
    pub languages: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PauseScope {
    #[default]
    Host,
    Feed,
}

impl From<PauseScope> for engine::schedule::PauseScope {
    fn from(scope: PauseScope) -> Self {
        match scope {
            PauseScope::Host => Self::Host,
            PauseScope::Feed => Self::Feed,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Preset {
    Strict,
    #[default]
    Balanced,
    Loose,
}

impl From<Preset> for engine::clustering::Preset {
    fn from(preset: Preset) -> Self {
        match preset {
            Preset::Strict => Self::Strict,
            Preset::Balanced => Self::Balanced,
            Preset::Loose => Self::Loose,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Growth {
    #[default]
    Silent,
    Bump,
    Reissue,
}

impl From<Growth> for engine::publication::Growth {
    fn from(growth: Growth) -> Self {
        match growth {
            Growth::Silent => Self::Silent,
            Growth::Bump => Self::Bump,
            Growth::Reissue => Self::Reissue,
        }
    }
}

/// A duration as people write it: `"0s"`, `"30m"`, `"1h 30m"`, `"7d"`; a day is 24 hours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(Duration);

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.0
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = parse_duration(&text);
        span.map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is not a duration; write one such as \"30s\", \"10m\", \"2h\" or \"7d\""
            ))
        })
    }
}

/// A size as people write it: `"8 MiB"`, `"500 kB"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size(ByteSize);

impl From<Size> for usize {
    fn from(size: Size) -> Self {
        Self::try_from(size.0.as_u64()).unwrap_or(Self::MAX)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let size = text.parse().map(Self);
        size.map_err(|_| serde::de::Error::custom(format!("`{text}` is not a size; write one such as \"8 MiB\"")))
    }
}

/// The text of a configuration with a feed more, behind all that is there: nothing else of it changes.
#[must_use]
pub fn with_feed(text: &str, url: &str, name: Option<&str>, category: Option<&str>) -> String {
    let mut lines = vec!["[[feed]]".to_owned()];
    for (key, value) in [("url", Some(url)), ("name", name), ("category", category)] {
        lines.extend(value.map(|value| format!("{key} = {}", toml::Value::from(value))));
    }
    let gap = if text.is_empty() { "" } else { "\n\n" };
    format!("{}{gap}{}\n", text.trim_end(), lines.join("\n"))
}

/// Reads `"30m"` and the like; nothing negative.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    let exact = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(exact).ok()
}

impl Tables {
    /// Reads the text; `None` where it is not TOML. What is wrong in one key costs that key, so that all faults are
    /// found at once.
    pub fn read(text: &str, environment: &Environment, faults: &mut Faults) -> Option<Self> {
        let root = match DeTable::parse(text) {
            Ok(root) => root.into_inner(),
            Err(error) => {
                faults.add(error.span().unwrap_or_default(), error.message().to_owned());
                return None;
            }
        };
        let mut tables = Self::default();
        let mut sections: BTreeMap<String, Spanned<DeValue>> = BTreeMap::new();
        for (key, value) in root {
            match key.get_ref().as_ref() {
                "feed" => tables.feeds = list("feed", value, faults),
                "view" => tables.views = list("view", value, faults),
                name if SECTIONS.contains(&name) => {
                    sections.insert(name.to_owned(), value);
                }
                name => faults.add(key.span(), unknown("table", name, SECTIONS.iter().chain(&["feed", "view"]))),
            }
        }
        let mut reader = Sections { found: sections, environment, faults };
        tables.daemon = reader.section("daemon");
        tables.fetch = reader.section("fetch");
        tables.cluster = reader.section("cluster");
        tables.output = reader.section("output");
        tables.retention = reader.section("retention");
        Some(tables)
    }
}

const SECTIONS: [&str; 5] = ["daemon", "fetch", "cluster", "output", "retention"];

struct Sections<'a, 'f> {
    found: BTreeMap<String, Spanned<DeValue<'a>>>,
    environment: &'a Environment,
    faults: &'f mut Faults,
}

impl Sections<'_, '_> {
    fn section<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let found = self.found.remove(name);
        let mut table = match found {
            None => DeTable::new(),
            Some(value) if value.get_ref().is_table() => match value.into_inner() {
                DeValue::Table(table) => table,
                _ => DeTable::new(),
            },
            Some(other) => {
                self.faults.add(other.span(), format!("`{name}` is a table: write [{name}] on a line of its own"));
                return T::default();
            }
        };
        for (key, value) in self.environment.section(name) {
            let span = self
                .faults
                .add_variable(&format!("STORYFOLD_{}__{}", name.to_uppercase(), key.to_uppercase()), ENVIRONMENT);
            let text = Spanned::new(span.clone(), DeValue::String(Cow::Borrowed(value)));
            let key = Spanned::new(span.clone(), Cow::Owned(key));
            // A token of digits is a text, a number of entries is not: what the option takes decides.
            let alone = DeValue::Table(DeTable::from_iter([(key.clone(), text.clone())]));
            let taken = T::deserialize(ValueDeserializer::from(Spanned::new(span.clone(), alone))).is_ok();
            let typed = DeValue::parse(value).ok().filter(|_| !taken);
            table.insert(key, typed.map_or(text, |typed| Spanned::new(span, typed.into_inner())));
        }
        decode(table, 0..0, name, self.faults).unwrap_or_default()
    }
}

fn list<T: DeserializeOwned>(name: &str, value: Spanned<DeValue>, faults: &mut Faults) -> Vec<T> {
    let span = value.span();
    let DeValue::Array(items) = value.into_inner() else {
        faults.add(span, format!("write each {name} as a [[{name}]] table, with two brackets"));
        return Vec::new();
    };
    let mut read = Vec::with_capacity(items.len());
    for item in items {
        let span = item.span();
        match item.into_inner() {
            DeValue::Table(table) => read.extend(decode(table, span, name, faults)),
            _ => faults.add(span, format!("write each {name} as a [[{name}]] table, with two brackets")),
        }
    }
    read
}

/// Decodes a table; a key that is wrong is reported and left out, and the rest is tried again.
fn decode<T: DeserializeOwned>(
    mut table: DeTable,
    whole: std::ops::Range<usize>,
    name: &str,
    faults: &mut Faults,
) -> Option<T> {
    let mut left_out: Vec<String> = Vec::new();
    loop {
        let value = Spanned::new(whole.clone(), DeValue::Table(table.clone()));
        let error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let at = error.span().unwrap_or_else(|| whole.clone());
        let message = reword(error.message(), name);
        let guilty = table.iter().find(|(key, value)| {
            key.span().contains(&at.start)
                || value.span().contains(&at.start)
                || error.message().contains(&format!("field `{}`", key.get_ref()))
        });
        let Some((key, _)) = guilty else {
            // What is missing because it was left out has been told already.
            if !left_out.iter().any(|key| error.message().contains(&format!("field `{key}`"))) {
                faults.add(at, message);
            }
            return None;
        };
        let guilty = key.clone();
        let name_of_key = guilty.get_ref().as_ref();
        let told = message.contains(&format!("`{name_of_key}`"));
        faults.add(guilty.span(), if told { message } else { format!("{name}.{name_of_key}: {message}") });
        left_out.push(name_of_key.to_owned());
        table.remove(&guilty);
    }
}

/// serde's messages, in the words of this file's reader.
fn reword(message: &str, name: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let (key, expected) = rest.split_once('`').unwrap_or((rest, ""));
        let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        return unknown(&format!("key of [{name}]"), key, names.iter());
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        return format!("this {name} has no `{}`", rest.trim_end_matches('`'));
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        let (written, expected) = rest.split_once('`').unwrap_or((rest, ""));
        let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        return format!("`{written}` is not one of {}", names.join(", "));
    }
    let plain = message.replace('\n', " ");
    let plain = plain.replace("a nonzero usize", "a whole number of 1 or more").replace("usize", "a whole number");
    plain.replace("invalid type: ", "it is ").replace("invalid value: ", "it is ")
}

fn unknown<'a>(what: &str, written: &str, known: impl Iterator<Item = &'a &'a str>) -> String {
    let known: Vec<&str> = known.copied().collect();
    match engine::text::closest(written, &known) {
        Some(near) => format!("`{written}` is no {what}; did you mean `{near}`?"),
        None => format!("`{written}` is no {what}; there are {}", known.join(", ")),
    }
}
