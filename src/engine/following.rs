//! Which feeds are followed, and which is asked next.

use super::feed::{FeedSpec, FeedState, Validators};
use super::fetched::FetchRequest;
use super::id::FeedId;
use super::link::FeedUrl;
use super::schedule::PauseScope;
use super::time::{Stamp, Timestamp};
use super::update::Update;
use super::{Engine, Feed, Options};
use std::collections::BTreeSet;
use std::time::Duration;

/// See [`Engine::demand`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// To be fetched.
    pub feeds: BTreeSet<FeedId>,
    /// Left alone: their hosts asked us to wait.
    pub paused: Vec<FeedId>,
}

impl Engine {
    /// Takes a configuration: `feeds` are followed from now on, others no more (what they brought stays until its
    /// retention ends).
    pub fn configure(&mut self, stamp: Stamp, options: Options, feeds: Vec<FeedSpec>) -> Update {
        if options.cluster != self.options.cluster {
            self.clustering.set_options(options.cluster.clone());
        }
        self.options = options;
        let named: BTreeSet<FeedId> = feeds.iter().map(|spec| spec.id).collect();
        let dropped: Vec<FeedId> = self.feeds.keys().filter(|id| !named.contains(id)).copied().collect();
        for id in dropped {
            self.unfollow(id, stamp.at);
        }
        for spec in feeds {
            self.follow(spec, stamp.at);
        }
        self.handle_time(stamp)
    }

    fn follow(&mut self, spec: FeedSpec, now: Timestamp) {
        let id = spec.id;
        let feed = self.feeds.entry(id).or_insert_with(|| {
            self.changes.feeds.insert(id);
            Feed { spec: None, state: FeedState::new(&spec, now), carried: Vec::new(), entries: 0 }
        });
        let target = feed.state.target(&spec);
        let scope = spec.pause_scope.unwrap_or(self.options.schedule.pause_scope);
        feed.spec = Some(spec);
        if feed.state.last_fetch.is_none() {
            self.untried.insert(id);
        }
        let (due, paused) = (feed.state.next_due, feed.state.paused_until);
        let host = target.host_key();
        // What was in flight when we were stopped left no trace.
        if feed.state.last_fetch.is_some() && matches!(target, FeedUrl::Web(_)) {
            let not_before = now.plus(self.options.schedule.host_gap);
            self.schedule.recall_host(&host, feed.state.server.as_deref(), not_before, &self.options.schedule);
        }
        // A feed that waits already may have been asked for: a reload does not put it off.
        if !self.schedule.knows(id, &host) && !feed.state.has_ended() {
            self.schedule.set_due(id, &host, due, &self.options.schedule);
        }
        if let Some(until) = paused.filter(|until| scope == PauseScope::Host && *until > now) {
            self.schedule.pause_host(id, until, &self.options.schedule);
        }
    }

    fn unfollow(&mut self, id: FeedId, now: Timestamp) {
        self.schedule.remove(id, &self.options.schedule);
        self.untried.remove(&id);
        let Some(feed) = self.feeds.get_mut(&id) else { return };
        feed.spec = None;
        let carried = std::mem::take(&mut feed.carried);
        let was_followed = feed.state.first_success.take().is_some() || !carried.is_empty();
        if was_followed {
            // Followed again, it is read again at once, and what it holds then is an import, not news.
            feed.state.next_due = now;
            feed.state.last_result = None;
            feed.state.failures = 0;
            feed.state.moved = None;
            feed.state.validators = Validators::default();
            feed.state.body_hash = None;
            self.changes.carried.insert(id);
            self.changes.feeds.insert(id);
        }
        if feed.entries == 0 {
            self.feeds.remove(&id);
            self.changes.feeds.insert(id);
        }
        for entry in carried {
            self.mark_left(entry, now);
        }
    }

    /// The next feed to fetch, if one is due and its host may be asked. It counts as in flight until
    /// [`Engine::handle_fetched`].
    pub fn poll_fetch(&mut self, now: Timestamp) -> Option<FetchRequest> {
        let id = self.schedule.take(now, &self.options.schedule)?;
        let feed = self.feeds.get(&id)?;
        let (spec, state) = (feed.spec.as_ref()?, &feed.state);
        let url = state.target(spec);
        Some(FetchRequest {
            feed: id,
            // Now and then what we have is put aside: validators can be stuck.
            validators: if state.wants_whole(now) { Validators::default() } else { state.validators.clone() },
            user_agent: spec.user_agent.clone(),
            headers: if url.may_share_secrets(&spec.url) { spec.headers.clone() } else { Vec::new() },
            url,
        })
    }

    /// The feeds that a round covers: all that are due, or with `all` every one that its host has not paused. They are
    /// due at once.
    pub fn demand(&mut self, now: Timestamp, all: bool) -> Demand {
        let mut demand = Demand::default();
        for (id, feed) in &self.feeds {
            let Some(spec) = &feed.spec else { continue };
            if !all && feed.state.next_due > now && !self.schedule.is_in_flight(*id) {
                continue;
            }
            if self.is_paused(*id, now) && !self.schedule.is_in_flight(*id) {
                demand.paused.push(*id);
                continue;
            }
            demand.feeds.insert(*id);
            if !self.schedule.is_in_flight(*id) {
                self.schedule.set_due(*id, &feed.state.target(spec).host_key(), now, &self.options.schedule);
            }
        }
        demand
    }

    /// The shortest time between two requests to one host since the start: from the end of one to the beginning of the
    /// next.
    #[must_use]
    pub fn closest_requests(&self) -> Option<Duration> {
        self.schedule.closest()
    }

    /// Which of these feeds wait for a host that asked us to.
    #[must_use]
    pub fn paused(&self, feeds: &BTreeSet<FeedId>, now: Timestamp) -> Vec<FeedId> {
        let paused = |id: &&FeedId| !self.schedule.is_in_flight(**id) && self.is_paused(**id, now);
        feeds.iter().filter(paused).copied().collect()
    }

    fn is_paused(&self, id: FeedId, now: Timestamp) -> bool {
        let own = self.feeds.get(&id).is_some_and(|feed| feed.state.is_paused(now));
        own || self.schedule.host_paused_until(id, now, self.options.schedule.host_gap).is_some()
    }

    /// Followed feeds and what we remember of them, by id.
    pub fn feeds(&self) -> impl Iterator<Item = (&FeedSpec, &FeedState)> {
        self.feeds.values().filter_map(|feed| feed.spec.as_ref().map(|spec| (spec, &feed.state)))
    }

    /// A followed feed and what we remember of it.
    #[must_use]
    pub fn feed(&self, id: FeedId) -> Option<(&FeedSpec, &FeedState)> {
        let feed = self.feeds.get(&id)?;
        Some((feed.spec.as_ref()?, &feed.state))
    }

    /// What the configuration says of a feed.
    #[must_use]
    pub fn spec(&self, id: FeedId) -> Option<&FeedSpec> {
        self.feeds.get(&id)?.spec.as_ref()
    }

    /// Entries stored of a feed, copies included.
    #[must_use]
    pub fn entries_of(&self, id: FeedId) -> usize {
        self.feeds.get(&id).map_or(0, |feed| feed.entries)
    }

    /// The user's name for a feed, else its own title, else its address.
    #[must_use]
    pub fn feed_name(&self, id: FeedId) -> String {
        let Some(feed) = self.feeds.get(&id) else { return id.to_string() };
        let name = feed.spec.as_ref().and_then(|spec| spec.name.clone());
        name.or_else(|| feed.state.title.clone()).unwrap_or_else(|| feed.state.address.clone())
    }

    /// The address of a feed as the configuration writes it, else the normalised one.
    #[must_use]
    pub fn feed_url(&self, id: FeedId) -> String {
        let Some(feed) = self.feeds.get(&id) else { return id.to_string() };
        feed.spec.as_ref().map_or_else(|| feed.state.address.clone(), |spec| spec.written.clone())
    }
}
