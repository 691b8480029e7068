//! Scenario files: a configuration, timed fetches, and what must stand then. Adding a case is adding a file to
//! `tests/scenarios`. After every step the engine is also made again from what it recorded, and must be the same.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use storyfold::config::{Config, Environment};
use storyfold::engine::Engine;
use storyfold::engine::fetched::{Body, Facts, FetchOutcome};
use storyfold::engine::ingest::{Content, Digested, digested};
use storyfold::engine::time::{Stamp, Timestamp};
use storyfold::engine::update::{Records, Update};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// Text of a `feeds.toml`, without feeds.
    #[serde(default)]
    config: String,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: String,
    /// The feed's name: `NAME` is fetched from `https://NAME.example/feed`.
    feed: Option<String>,
    #[serde(default)]
    entries: Vec<Entry>,
    /// The document ends behind the last of its entries, as by a lost connection.
    #[serde(default)]
    truncated: bool,
    /// The fetch fails so.
    failed: Option<String>,
    /// We break down over the document.
    #[serde(default)]
    broke: bool,
    /// What the feed's list says of it then.
    status: Option<String>,
    /// The clusters of these entries are made one by hand.
    merge: Option<[String; 2]>,
    /// These entries are taken out of their cluster by hand.
    #[serde(default)]
    split: Vec<String>,
    /// This correction is taken back.
    undo: Option<u32>,
    /// All clusters: the titles of each.
    clusters: Option<Vec<Vec<String>>>,
    /// How many clusters continue another; all of them know each other then.
    chains: Option<usize>,
    /// The merged feed, in its order.
    merged: Option<Vec<Merged>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Option<String>,
    title: String,
    #[serde(default)]
    text: String,
    published: Option<String>,
    link: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Merged {
    title: String,
    published: Option<String>,
    updated: Option<String>,
    publishers: Option<usize>,
}

/// The records, kept as the store keeps them.
#[derive(Default)]
struct Model {
    records: Records,
    /// All that was recorded, as it came.
    updates: Vec<Update>,
}

impl Model {
    fn commit(&mut self, update: Update) {
        fn put<K: Ord + Clone, V>(list: &mut Vec<V>, changed: Vec<V>, key: impl Fn(&V) -> K, gone: &[K]) {
            let mut map: BTreeMap<K, V> = list.drain(..).map(|value| (key(&value), value)).collect();
            map.extend(changed.into_iter().map(|value| (key(&value), value)));
            for key in gone {
                map.remove(key);
            }
            list.extend(map.into_values());
        }
        self.updates.push(update.clone());
        let records = &mut self.records;
        records.sequence = update.sequence;
        put(&mut records.feeds, update.feeds, |feed| feed.id, &update.feeds_forgotten);
        put(&mut records.carried, update.carried, |(id, _)| *id, &update.feeds_forgotten);
        records.entries.extend(update.entries.into_iter().map(|entry| (entry.id, entry)));
        records.entries.retain(|id, _| !update.entries_expired.contains(id));
        put(&mut records.features, update.features, |(id, _)| *id, &update.entries_expired);
        put(&mut records.clusters, update.clusters, |cluster| cluster.id, &update.clusters_ended);
        put(&mut records.aliases, update.aliases, |(id, _)| *id, &update.aliases_ended);
        put(&mut records.corrections, update.corrections, |made| made.number, &update.corrections_undone);
    }
}

struct World {
    config: Config,
    engine: Engine,
    model: Model,
    sequence: u64,
    /// It is made again from its records after every step.
    restarts: bool,
}

impl World {
    fn new(scenario: &Scenario, restarts: bool) -> Self {
        let mut names: Vec<&String> = scenario.step.iter().filter_map(|step| step.feed.as_ref()).collect();
        names.sort();
        names.dedup();
        let feeds: String =
            names.iter().map(|name| format!("[[feed]]\nurl = \"https://{name}.example/feed\"\n")).collect();
        let text = format!("{}\n{feeds}", scenario.config);
        let config = Config::parse(Path::new("feeds.toml"), Path::new("/"), &text, &Environment::default(), &|path| {
            std::fs::read_to_string(path)
        })
        .unwrap();
        let engine = Engine::restore(config.engine.clone(), Records::default());
        Self { config, engine, model: Model::default(), sequence: 0, restarts }
    }

    fn stamp(&mut self, at: Timestamp) -> Stamp {
        self.sequence += 1;
        Stamp { sequence: self.sequence, at }
    }

    fn take(&mut self, step: &Step) {
        let at = moment(&step.at);
        if self.sequence == 0 {
            let stamp = self.stamp(at);
            let update = self.engine.configure(stamp, self.config.engine.clone(), self.config.feeds.clone());
            self.model.commit(update);
        }
        if let Some(name) = &step.feed {
            let written = format!("https://{name}.example/feed");
            let spec = self.config.feeds.iter().find(|spec| spec.written == written).unwrap();
            let outcome = match &step.failed {
                Some(reason) => FetchOutcome::Failed(reason.clone()),
                None => FetchOutcome::Body(body(&written, &step.entries, !step.truncated)),
            };
            let fetched = if step.broke {
                Digested { feed: spec.id, content: Content::Broke, facts: Facts::default() }
            } else {
                digested(spec, outcome.into())
            };
            let stamp = self.stamp(at);
            let update = self.engine.handle_fetched(stamp, fetched);
            self.model.commit(update);
        }
        self.correct(step, at);
        let stamp = self.stamp(at);
        let update = self.engine.handle_time(stamp);
        self.model.commit(update);
        if self.restarts {
            self.same_after_restart(at);
        }
    }

    /// What the user does by hand.
    fn correct(&mut self, step: &Step, at: Timestamp) {
        if let Some([a, b]) = &step.merge {
            let (a, b) = (self.entry(a).cluster, self.entry(b).cluster);
            let stamp = self.stamp(at);
            let (_, update) = self.engine.merge_by_hand(stamp, a, b).unwrap();
            self.model.commit(update);
        }
        if let Some(first) = step.split.first() {
            let from = self.entry(first).cluster;
            let out: Vec<_> = step.split.iter().map(|title| self.entry(title).id).collect();
            let stamp = self.stamp(at);
            let (_, update) = self.engine.split_by_hand(stamp, from, &out).unwrap();
            self.model.commit(update);
        }
        if let Some(number) = step.undo {
            let stamp = self.stamp(at);
            let update = self.engine.undo_correction(stamp, number).unwrap();
            self.model.commit(update);
        }
    }

    fn entry(&self, title: &str) -> storyfold::engine::entry::Entry {
        let members = self.engine.clusters().flat_map(|cluster| &cluster.members);
        let mut entries = members.filter_map(|id| self.engine.entry(*id));
        entries.find(|entry| entry.title == title).unwrap_or_else(|| panic!("no entry «{title}»")).clone()
    }

    /// What was recorded makes the same engine again.
    fn same_after_restart(&mut self, at: Timestamp) {
        let mut again = Engine::restore(self.config.engine.clone(), self.model.records.clone());
        let stamp = Stamp { sequence: self.sequence, at };
        again.configure(stamp, self.config.engine.clone(), self.config.feeds.clone());
        assert_eq!(again.merged_feed(at), self.engine.merged_feed(at));
        assert_eq!(again.clusters().collect::<Vec<_>>(), self.engine.clusters().collect::<Vec<_>>());
        assert_eq!(again.corrections().collect::<Vec<_>>(), self.engine.corrections().collect::<Vec<_>>());
        assert_eq!(again.feeds().collect::<Vec<_>>(), self.engine.feeds().collect::<Vec<_>>());
        // From here on the other one goes on: it must behave the same.
        self.engine = again;
    }

    fn status(&self, step: &Step) -> &'static str {
        let written = step.feed.as_ref().map(|name| format!("https://{name}.example/feed"));
        let (_, state) = self.engine.feeds().find(|(spec, _)| Some(&spec.written) == written.as_ref()).unwrap();
        state.status(moment(&step.at))
    }

    fn chains(&self) -> usize {
        let continued = |cluster: &&storyfold::engine::cluster::Cluster| {
            let earlier = cluster.follows.and_then(|earlier| self.engine.cluster(earlier));
            assert!(earlier.is_none_or(|earlier| earlier.followed_by == Some(cluster.id)));
            earlier.is_some()
        };
        self.engine.clusters().filter(continued).count()
    }

    fn clusters(&self) -> Vec<Vec<String>> {
        let titles = |cluster: &storyfold::engine::cluster::Cluster| {
            let members = cluster.members.iter().filter_map(|id| self.engine.entry(*id));
            let mut titles: Vec<String> = members.map(|entry| entry.title.clone()).collect();
            titles.sort();
            titles
        };
        let mut clusters: Vec<Vec<String>> = self.engine.clusters().map(titles).collect();
        clusters.sort();
        clusters
    }
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap_or_else(|| panic!("{text} is no time"))
}

/// An Atom document with these entries.
fn body(url: &str, entries: &[Entry], is_whole: bool) -> Body {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let mut xml = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>A feed</title>".to_owned();
    for (place, entry) in entries.iter().enumerate() {
        let id = entry.id.clone().unwrap_or_else(|| entry.title.clone());
        let link = entry
            .link
            .clone()
            .unwrap_or_else(|| format!("{}/{place}-{}", url.trim_end_matches("/feed"), id.replace(' ', "-")));
        xml.push_str(&format!(
            "<entry><id>{}</id><title>{}</title><link href=\"{}\"/>",
            escape(&id),
            escape(&entry.title),
            escape(&link)
        ));
        if let Some(published) = &entry.published {
            xml.push_str(&format!("<published>{published}</published>"));
        }
        xml.push_str(&format!("<summary>{}</summary></entry>", escape(&entry.text)));
    }
    if is_whole {
        xml.push_str("</feed>");
    }
    Body::of(xml, Some(url))
}

#[test]
fn scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 5, "the scenarios were not found");
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let scenario: Scenario =
            toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (mut world, mut undisturbed) = (World::new(&scenario, true), World::new(&scenario, false));
        for (place, step) in scenario.step.iter().enumerate() {
            let place = format!("{name}, step {} at {}", place + 1, step.at);
            world.take(step);
            undisturbed.take(step);
            assert_eq!(world.model.updates, undisturbed.model.updates, "{place}: a restart made a difference");
            if let Some(expected) = &step.clusters {
                let mut expected = expected.clone();
                for titles in &mut expected {
                    titles.sort();
                }
                expected.sort();
                assert_eq!(world.clusters(), expected, "{place}");
            }
            if let Some(expected) = &step.status {
                assert_eq!(world.status(step), *expected, "{place}");
            }
            if let Some(expected) = step.chains {
                assert_eq!(world.chains(), expected, "{place}: {:?}", world.clusters());
            }
            if let Some(expected) = &step.merged {
                compare(&world.engine.merged_feed(moment(&step.at)).items, expected, &place);
            }
        }
    }
}

/// Compares what the scenario says; what it leaves out is not compared.
fn compare(items: &[storyfold::engine::merged::Item], expected: &[Merged], place: &str) {
    let titles: Vec<&String> = items.iter().map(|item| &item.title).collect();
    assert_eq!(titles, expected.iter().map(|item| &item.title).collect::<Vec<_>>(), "{place}");
    for (item, expected) in items.iter().zip(expected) {
        let found = Merged {
            title: item.title.clone(),
            published: expected.published.as_ref().map(|_| item.published.to_string()),
            updated: expected.updated.as_ref().map(|_| item.updated.to_string()),
            publishers: expected.publishers.map(|_| item.publishers),
        };
        assert_eq!(found, *expected, "{place}");
    }
}
