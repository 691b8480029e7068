//! When a feed may be asked. Pure: time comes in, the next moment comes out.
//!
//! Feeds wait in a queue of their host, hosts in a queue of the server that answered for them last (many hosts share one
//! address: blogs of one provider, a content network), servers in one queue of all. Each is ordered by the moment it is
//! ready, so that the next feed is found in logarithmic time however many wait. What makes a feed due is its
//! [`cadence`](super::cadence); what is persisted is its `FeedState`, and the queues are made again from those.

use super::id::FeedId;
use super::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How many requests may run, and how close together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleOptions {
    /// Requests in flight over all hosts.
    pub max_concurrent: usize,
    /// Requests in flight to one host, or to one address that several hosts share.
    pub host_concurrency: usize,
    /// From the end of one request to a host, or to its address, until the next begins.
    pub host_gap: Duration,
    /// Whether a host's "wait" holds for all its feeds, or only for the one that asked.
    pub pause_scope: PauseScope,
}

/// See [`ScheduleOptions::pause_scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseScope {
    /// The usual case: one owner, one limit.
    Host,
    /// For hosts that carry many feeds of different owners.
    Feed,
}

/// The queue of feeds, by the moment each may be fetched.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    feeds: BTreeMap<FeedId, Slot>,
    hosts: BTreeMap<String, Host>,
    servers: BTreeMap<String, Server>,
    ready: BTreeSet<(Timestamp, String)>,
    in_flight: usize,
    closest: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Slot {
    host: String,
    due: Timestamp,
    in_flight: bool,
}

/// The feeds of one host and port.
#[derive(Clone, Debug, Default)]
struct Host {
    queue: BTreeSet<(Timestamp, FeedId)>,
    in_flight: usize,
    not_before: Timestamp,
    /// When the last request ended.
    last_end: Option<Timestamp>,
    /// Whose queue it waits in: the address that answered for it, or before any did, a server of its own.
    server: String,
    listed_at: Option<Timestamp>,
}

/// The hosts that one address answers for.
#[derive(Clone, Debug, Default)]
struct Server {
    queue: BTreeSet<(Timestamp, String)>,
    in_flight: usize,
    not_before: Timestamp,
    listed_at: Option<Timestamp>,
}

/// How a fetch ended, for the queues.
#[derive(Clone, Debug)]
pub struct Finish<'a> {
    /// When the feed is due next; none for a feed that is not asked any more.
    pub due: Option<Timestamp>,
    /// The host of its next request.
    pub host: &'a str,
    /// The address that answered; none where nothing did.
    pub server: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
    /// Until the next request.
    pub gap: Duration,
}

impl Schedule {
    /// Puts a feed into the queue, or moves it there. A feed in flight is queued when it is [`Schedule::finish`]ed.
    pub fn set_due(&mut self, feed: FeedId, host: &str, due: Timestamp, options: &ScheduleOptions) {
        let in_flight = self.feeds.get(&feed).is_some_and(|slot| slot.in_flight);
        if in_flight {
            return;
        }
        self.remove(feed, options);
        self.host(host).queue.insert((due, feed));
        self.feeds.insert(feed, Slot { host: host.to_owned(), due, in_flight: false });
        self.relist(host, options);
    }

    /// A host as it was known before a restart: the address that answered for it, and that it may not be asked before
    /// `not_before`, since its last request may have been a moment ago.
    pub fn recall_host(&mut self, host: &str, server: Option<&str>, not_before: Timestamp, options: &ScheduleOptions) {
        let known = self.host(host);
        known.not_before = known.not_before.max(not_before);
        if let Some(server) = server {
            self.move_host(host, server, options);
            let server = self.servers.entry(server.to_owned()).or_default();
            server.not_before = server.not_before.max(not_before);
        }
        self.relist(host, options);
    }

    fn host(&mut self, name: &str) -> &mut Host {
        self.hosts.entry(name.to_owned()).or_insert_with(|| Host { server: name.to_owned(), ..Host::default() })
    }

    /// Takes a feed out of the queue. One in flight ends on its own.
    pub fn remove(&mut self, feed: FeedId, options: &ScheduleOptions) {
        let Some(slot) = self.feeds.remove(&feed) else { return };
        if slot.in_flight {
            self.land(&slot.host);
        }
        if let Some(host) = self.hosts.get_mut(&slot.host) {
            host.queue.remove(&(slot.due, feed));
        }
        self.relist(&slot.host, options);
    }

    /// One request less in flight.
    fn land(&mut self, host: &str) {
        self.in_flight -= 1;
        let Some(host) = self.hosts.get_mut(host) else { return };
        host.in_flight -= 1;
        if let Some(server) = self.servers.get_mut(&host.server) {
            server.in_flight -= 1;
        }
    }

    /// The moment at which [`Schedule::take`] will have something, if nothing happens before.
    #[must_use]
    pub fn next_ready(&self, options: &ScheduleOptions) -> Option<Timestamp> {
        if self.in_flight >= options.max_concurrent {
            return None;
        }
        self.ready.first().map(|(at, _)| *at)
    }

    /// The next feed to fetch at `now`, now in flight.
    pub fn take(&mut self, now: Timestamp, options: &ScheduleOptions) -> Option<FeedId> {
        self.next_ready(options).filter(|at| *at <= now)?;
        let (_, server) = self.ready.first()?.clone();
        let server = self.servers.get_mut(&server)?;
        let (_, name) = server.queue.first()?.clone();
        let host = self.hosts.get_mut(&name)?;
        let (_, feed) = host.queue.pop_first()?;
        host.in_flight += 1;
        server.in_flight += 1;
        self.in_flight += 1;
        if let Some(end) = host.last_end {
            let apart = now.since(end);
            self.closest = Some(self.closest.map_or(apart, |closest| closest.min(apart)));
        }
        if let Some(slot) = self.feeds.get_mut(&feed) {
            slot.in_flight = true;
        }
        self.relist(&name, options);
        Some(feed)
    }

    /// A fetch ended.
    pub fn finish(&mut self, feed: FeedId, end: &Finish, options: &ScheduleOptions) {
        // A fetch from before the feed was dropped and followed again counts no more.
        let Some(slot) = self.feeds.get_mut(&feed).filter(|slot| slot.in_flight) else { return };
        slot.in_flight = false;
        let asked = std::mem::replace(&mut slot.host, end.host.to_owned());
        slot.due = end.due.unwrap_or(slot.due);
        self.land(&asked);
        let not_before = end.now.plus(end.gap);
        if let Some(host) = self.hosts.get_mut(&asked) {
            host.not_before = host.not_before.max(not_before);
            host.last_end = Some(end.now);
            // The gap holds for the address that was asked, also where another answers next.
            if let Some(server) = self.servers.get_mut(&host.server) {
                server.not_before = server.not_before.max(not_before);
            }
        }
        if let Some(server) = end.server {
            self.move_host(&asked, server, options);
            let server = self.servers.entry(server.to_owned()).or_default();
            server.not_before = server.not_before.max(not_before);
        }
        if let Some(due) = end.due {
            self.host(end.host).queue.insert((due, feed));
        }
        self.relist(&asked, options);
        if asked != end.host {
            self.relist(end.host, options);
        }
    }

    /// Puts a host into the queue of the address that answered for it. While a request to it is in flight, it stays.
    fn move_host(&mut self, name: &str, to: &str, options: &ScheduleOptions) {
        let Some(host) = self.hosts.get_mut(name).filter(|host| host.in_flight == 0 && host.server != to) else {
            return;
        };
        let from = std::mem::replace(&mut host.server, to.to_owned());
        let listed_at = host.listed_at.take();
        if let Some(server) = self.servers.get_mut(&from) {
            if let Some(at) = listed_at {
                server.queue.remove(&(at, name.to_owned()));
            }
            self.relist_server(&from, options);
            if self.servers.get(&from).is_some_and(|server| server.queue.is_empty() && server.in_flight == 0) {
                self.servers.remove(&from);
            }
        }
    }

    /// Asks nothing of a feed's host before `until`.
    pub fn pause_host(&mut self, feed: FeedId, until: Timestamp, options: &ScheduleOptions) {
        let Some(name) = self.feeds.get(&feed).map(|slot| slot.host.clone()) else { return };
        if let Some(host) = self.hosts.get_mut(&name) {
            host.not_before = host.not_before.max(until);
        }
        self.relist(&name, options);
    }

    /// Until when the host of this feed is paused, if it is at `now`.
    #[must_use]
    pub fn host_paused_until(&self, feed: FeedId, now: Timestamp, gap: Duration) -> Option<Timestamp> {
        let host = self.hosts.get(&self.feeds.get(&feed)?.host)?;
        (host.not_before > now.plus(gap)).then_some(host.not_before)
    }

    /// Whether the feed is in the queue of this host, or in flight to it.
    #[must_use]
    pub fn knows(&self, feed: FeedId, host: &str) -> bool {
        self.feeds.get(&feed).is_some_and(|slot| slot.host == host)
    }

    /// Whether the feed is being fetched.
    #[must_use]
    pub fn is_in_flight(&self, feed: FeedId) -> bool {
        self.feeds.get(&feed).is_some_and(|slot| slot.in_flight)
    }

    /// The shortest time so far between the end of a request to a host and the beginning of the next.
    #[must_use]
    pub fn closest(&self) -> Option<Duration> {
        self.closest
    }

    /// Puts a host where it belongs in its server's queue, and that where it belongs, after anything about it changed.
    fn relist(&mut self, name: &str, options: &ScheduleOptions) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        let server = self.servers.entry(host.server.clone()).or_default();
        if let Some(at) = host.listed_at.take() {
            server.queue.remove(&(at, name.to_owned()));
        }
        if let Some((due, _)) = host.queue.first().filter(|_| host.in_flight < options.host_concurrency) {
            let at = (*due).max(host.not_before);
            host.listed_at = Some(at);
            server.queue.insert((at, name.to_owned()));
        }
        let server = host.server.clone();
        self.relist_server(&server, options);
    }

    fn relist_server(&mut self, name: &str, options: &ScheduleOptions) {
        let Some(server) = self.servers.get_mut(name) else { return };
        if let Some(at) = server.listed_at.take() {
            self.ready.remove(&(at, name.to_owned()));
        }
        if let Some((at, _)) = server.queue.first().filter(|_| server.in_flight < options.host_concurrency) {
            let at = (*at).max(server.not_before);
            server.listed_at = Some(at);
            self.ready.insert((at, name.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: ScheduleOptions = ScheduleOptions {
        max_concurrent: 2,
        host_concurrency: 1,
        host_gap: Duration::from_secs(1),
        pause_scope: PauseScope::Host,
    };

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn end<'a>(host: &'a str, server: Option<&'a str>, now: i64) -> Finish<'a> {
        Finish { due: Some(at(1000)), host, server, now: at(now), gap: OPTIONS.host_gap }
    }

    fn schedule(feeds: &[(u64, &str)], due: i64) -> Schedule {
        let mut schedule = Schedule::default();
        for (feed, host) in feeds {
            schedule.set_due(FeedId(*feed), host, at(due), &OPTIONS);
        }
        schedule
    }

    #[test]
    fn one_request_at_a_time_and_a_gap_for_each_host() {
        let mut schedule = schedule(&[(1, "a"), (2, "a"), (3, "b"), (4, "c")], 10);
        assert_eq!(schedule.take(at(9), &OPTIONS), None);
        assert_eq!(schedule.take(at(10), &OPTIONS), Some(FeedId(1)));
        assert_eq!(schedule.take(at(10), &OPTIONS), Some(FeedId(3)), "host a is busy");
        assert_eq!(schedule.take(at(10), &OPTIONS), None, "two are in flight");
        schedule.finish(FeedId(1), &end("a", None, 12), &OPTIONS);
        assert_eq!(schedule.take(at(12), &OPTIONS), Some(FeedId(4)), "host a has its gap");
        schedule.finish(FeedId(3), &end("b", None, 12), &OPTIONS);
        assert_eq!(schedule.next_ready(&OPTIONS), Some(at(13)));
        assert_eq!(schedule.take(at(13), &OPTIONS), Some(FeedId(2)));
        assert_eq!(schedule.closest(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn hosts_that_share_an_address_share_its_limits() {
        let mut schedule = schedule(&[(1, "a"), (2, "b"), (3, "a"), (4, "b")], 10);
        for (feed, host) in [(1, "a"), (2, "b")] {
            assert_eq!(schedule.take(at(10), &OPTIONS), Some(FeedId(feed)));
            schedule.finish(FeedId(feed), &end(host, Some("192.0.2.1:443"), 10), &OPTIONS);
        }
        assert_eq!(schedule.take(at(11), &OPTIONS), Some(FeedId(3)));
        assert_eq!(schedule.take(at(11), &OPTIONS), None, "the address is busy");
        schedule.finish(FeedId(3), &end("a", Some("192.0.2.1:443"), 12), &OPTIONS);
        assert_eq!(schedule.take(at(12), &OPTIONS), None, "the address has its gap");
        assert_eq!(schedule.take(at(13), &OPTIONS), Some(FeedId(4)));
        schedule.finish(FeedId(4), &end("b", Some("192.0.2.2:443"), 14), &OPTIONS);
        assert_eq!(schedule.take(at(1000), &OPTIONS), Some(FeedId(1)));
        assert_eq!(schedule.take(at(1000), &OPTIONS), Some(FeedId(2)), "it is elsewhere now");
    }

    #[test]
    fn a_host_is_not_asked_again_right_after_a_restart() {
        let mut schedule = schedule(&[(1, "a"), (2, "b")], 10);
        schedule.recall_host("a", Some("192.0.2.1:443"), at(20), &OPTIONS);
        assert_eq!(schedule.take(at(19), &OPTIONS), Some(FeedId(2)));
        assert_eq!(schedule.take(at(19), &OPTIONS), None);
        assert_eq!(schedule.take(at(20), &OPTIONS), Some(FeedId(1)));
    }

    #[test]
    fn a_paused_host_delays_its_feeds_and_no_other() {
        let mut schedule = schedule(&[(1, "a")], 0);
        schedule.set_due(FeedId(2), "b", at(5), &OPTIONS);
        schedule.pause_host(FeedId(1), at(100), &OPTIONS);
        assert_eq!(schedule.take(at(5), &OPTIONS), Some(FeedId(2)));
        assert_eq!(schedule.next_ready(&OPTIONS), Some(at(100)));
    }

    #[test]
    fn a_feed_removed_in_flight_frees_its_host() {
        let mut schedule = schedule(&[(1, "a"), (2, "a")], 0);
        assert_eq!(schedule.take(at(0), &OPTIONS), Some(FeedId(1)));
        schedule.remove(FeedId(1), &OPTIONS);
        schedule.finish(FeedId(1), &end("a", None, 1), &OPTIONS);
        assert_eq!(schedule.take(at(1), &OPTIONS), Some(FeedId(2)));
    }

    #[test]
    fn a_feed_that_ended_or_moved_leaves_its_host() {
        let mut schedule = schedule(&[(1, "a"), (2, "a")], 0);
        assert_eq!(schedule.take(at(0), &OPTIONS), Some(FeedId(1)));
        schedule.finish(FeedId(1), &Finish { due: None, ..end("a", None, 0) }, &OPTIONS);
        assert_eq!(schedule.take(at(1), &OPTIONS), Some(FeedId(2)));
        schedule.finish(FeedId(2), &end("b", None, 1), &OPTIONS);
        assert_eq!(schedule.take(at(1000), &OPTIONS), Some(FeedId(2)));
        assert!(schedule.knows(FeedId(2), "b"));
        assert_eq!(schedule.next_ready(&OPTIONS), None);
    }
}
