//! Answers to commands and readers, from the engine's values to the wire's rows.

use super::correct::{corrections, samples};
use super::feeds::{feeds, politeness};
use super::publish::fill;
use super::round::Round;
use super::{Daemon, Role};
use crate::clock;
use crate::control::{Ask, ClusterQuery, ClusterRow, EntryRow, Reply, Request};
use crate::engine::Engine;
use crate::engine::cluster::Cluster;
use crate::engine::entry::Entry;
use crate::engine::explain::Named;
use crate::engine::id::ClusterId;
use crate::engine::time::Timestamp;
use crate::engine::view;
use crate::serve::{Document, Question, Snapshot};
use crate::store::StoreError;
use std::sync::Arc;
use std::time::Duration;

impl Daemon {
    /// Answers a command: a round when it ends, a correction when it is on disk.
    pub(super) async fn answer(&mut self, ask: Ask) -> Result<(), StoreError> {
        let reply = match ask.request {
            Request::Fetch { all } => {
                let demand = self.engine.demand(clock::now(), all);
                self.rounds.push(Round::new(demand, &self.engine, ask.replies));
                return Ok(());
            }
            Request::Clusters(query) => Ok(Reply::Clusters(clusters(&self.engine, &query, clock::now()))),
            Request::Cluster { id } => {
                self.named(&id).map(|(_, cluster)| Reply::Clusters(vec![row(&self.engine, cluster)]))
            }
            Request::Explain { id, other } => self.explain(&id, other.as_deref()).map(Reply::Explanation),
            Request::Correct(change) => self.correct(&change),
            Request::Replay(what_if) => match self.replay(&what_if, ask.replies.clone()) {
                Ok(()) => return Ok(()),
                Err(message) => Err(message),
            },
            Request::Samples => Ok(Reply::Samples(samples(&self.engine))),
            Request::Corrections => Ok(Reply::Corrections(corrections(&self.engine))),
            Request::Feeds => Ok(Reply::Feeds(feeds(&self.engine, clock::now()))),
            Request::Politeness => Ok(Reply::Politeness(politeness(&self.engine, clock::now()))),
            Request::Added(addition) => self.add(&addition).await.map(|row| Reply::Added(Box::new(row))),
            Request::RenderAll => self.site().map(Reply::Site),
            Request::Render { view, format } => self.document(view.as_deref(), &format).map(Reply::Document),
        };
        if matches!(reply, Ok(Reply::Corrected { .. } | Reply::Added(_))) {
            self.flush().await?;
        }
        let reply = reply.unwrap_or_else(|message| Reply::Problem { message });
        super::round::reply(ask.replies, reply);
        Ok(())
    }

    /// Answers a reader who asks for a cluster.
    pub(super) fn wonder(&self, question: Question) {
        let mut item = self.engine.cluster(question.cluster).and_then(|cluster| self.engine.item(cluster));
        if let Some(item) = &mut item
            && let Err(error) = fill(item, &self.store)
        {
            tracing::error!("the page of a cluster lacks its text: {error}");
        }
        let _ = question.answer.send(item);
    }

    pub(super) fn named(&self, id: &str) -> Result<(Named, &Cluster), String> {
        let named = self.engine.find(id)?;
        let cluster = self.engine.cluster_of(named).ok_or_else(|| format!("there is no cluster {id}"))?;
        Ok((named, cluster))
    }

    fn document(&self, view: Option<&str>, format: &str) -> Result<String, String> {
        let path = view.map_or_else(|| format!("/feed.{format}"), |view| format!("/views/{view}.{format}"));
        let snapshot = self.snapshot().map_err(|error| error.to_string())?;
        let document = snapshot.document(&path).ok_or_else(|| match view {
            Some(view) => {
                format!("there is no view `{view}`; if the configuration has it, the daemon has yet to be reloaded")
            }
            None => "nothing is rendered yet; ask again in a moment".to_owned(),
        })?;
        text_of(document)
    }

    /// The whole site, for static hosting: without the token, which is nobody's but the readers' of this daemon.
    fn site(&self) -> Result<Vec<(String, String)>, String> {
        let mut feed = self.merged_now().map_err(|error| error.to_string())?;
        if let (Some(base), Some(token)) = (&feed.base_url, self.desk.token.load().as_ref()) {
            feed.base_url = base.strip_suffix(&format!("/t/{token}")).map(str::to_owned);
        }
        let views = &self.engine.options().output.views;
        let snapshot = Snapshot::render(&feed, views, &Snapshot::default(), clock::now());
        let file = |path: &str| if path == "/" { "index.html".to_owned() } else { path[1..].to_owned() };
        let documents = snapshot.documents().map(|(path, document)| Ok((file(path), text_of(document)?)));
        documents.chain(Snapshot::cluster_pages(&feed).map(Ok)).collect()
    }

    /// What is served; an errand, which serves nothing, renders it.
    fn snapshot(&self) -> Result<Arc<Snapshot>, StoreError> {
        match self.role {
            Role::Daemon => Ok(self.desk.snapshot.load_full()),
            Role::Errand => self.snapshot_now().map(Arc::new),
        }
    }
}

fn text_of(document: &Document) -> Result<String, String> {
    String::from_utf8(document.bytes.to_vec()).map_err(|error| error.to_string())
}

/// Clusters, the one with the newest entry first.
fn clusters(engine: &Engine, query: &ClusterQuery, now: Timestamp) -> Vec<ClusterRow> {
    let since = query.since_secs.map(|secs| now.minus(Duration::from_secs(secs)));
    let mut found: Vec<(Timestamp, &Cluster)> = Vec::new();
    for cluster in engine.clusters() {
        let members: Vec<&Entry> = cluster.members.iter().filter_map(|id| engine.entry(*id)).collect();
        let newest = members.iter().map(|entry| entry.date()).max().unwrap_or(Timestamp::EPOCH);
        let seen = members.iter().map(|entry| entry.first_seen).max().unwrap_or(Timestamp::EPOCH);
        let recent = since.is_none_or(|since| newest.max(seen) >= since);
        let wanted = |words: &str| members.iter().any(|entry| view::matches(&entry.title, words));
        let enough = crate::engine::publication::count_publishers(&members) >= query.min_publishers;
        if recent && enough && query.query.as_deref().is_none_or(wanted) {
            found.push((newest, cluster));
        }
    }
    found.sort_by_key(|(newest, cluster)| (std::cmp::Reverse(*newest), cluster.id));
    found.into_iter().take(query.limit).map(|(_, cluster)| row(engine, cluster)).collect()
}

pub(super) fn row(engine: &Engine, cluster: &Cluster) -> ClusterRow {
    let mut members: Vec<&Entry> = cluster.members.iter().filter_map(|id| engine.entry(*id)).collect();
    members.sort_by_key(|entry| (entry.id != cluster.lead, entry.date(), entry.id));
    let lead = engine.entry(cluster.lead);
    let told = cluster.publication.as_ref();
    let link = lead.and_then(|lead| lead.link.clone());
    ClusterRow {
        id: cluster.id.to_string(),
        aliases: cluster.aliases.iter().map(ToString::to_string).collect(),
        follows: standing(engine, cluster.follows),
        followed_by: standing(engine, cluster.followed_by),
        title: lead.map(|lead| lead.title.clone()).unwrap_or_default(),
        link: told.map_or(link, |told| told.link.clone()),
        published: told.map(|told| told.published.to_string()),
        updated: told.map(|told| told.updated.to_string()),
        publishers: crate::engine::publication::count_publishers(&members),
        entries: members.into_iter().map(|entry| entry_row(engine, entry)).collect(),
    }
}

/// The id that answers for a cluster now, if any does.
fn standing(engine: &Engine, id: Option<ClusterId>) -> Option<String> {
    Some(engine.cluster(id?)?.id.to_string())
}

pub(super) fn entry_row(engine: &Engine, entry: &Entry) -> EntryRow {
    EntryRow {
        id: entry.id.to_string(),
        title: entry.title.clone(),
        link: entry.link.clone(),
        feed: engine.feed_url(entry.feed),
        publisher: entry.publisher.to_string(),
        published: entry.published.map(|at| at.to_string()),
        first_seen: entry.first_seen.to_string(),
        copy_of: entry.copy_of().map(|id| id.to_string()),
    }
}
