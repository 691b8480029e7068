//! The gap between requests to one host, also where redirects lead there: the schedule knows of the first request of a
//! fetch only.

use crate::engine::link::host_key;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// Hosts remembered until the ones whose gap is over are forgotten.
const HOSTS_MAX: usize = 1024;

/// When each host may be asked again.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    gap: Duration,
    free_from: Arc<Mutex<BTreeMap<String, Instant>>>,
}

impl Pace {
    pub(super) fn new(gap: Duration) -> Self {
        Self { gap, free_from: Arc::default() }
    }

    /// Waits until the host may be asked, and keeps it for the caller so long.
    pub(super) async fn wait(&self, url: &Url) {
        let Some(host) = self.host(url) else { return };
        let from = self.keep(&host);
        tokio::time::sleep_until(from).await;
    }

    /// A request ended: the gap counts from now.
    pub(super) fn ended(&self, url: &Url) {
        if let Some(host) = self.host(url) {
            let mut hosts = self.free_from.lock().unwrap_or_else(PoisonError::into_inner);
            let free = hosts.entry(host).or_insert_with(tick);
            *free = (*free).max(tick() + self.gap);
        }
    }

    /// The moment at which the host is free; the next one comes a gap later.
    fn keep(&self, host: &str) -> Instant {
        let now = tick();
        let mut hosts = self.free_from.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS_MAX {
            hosts.retain(|_, free| *free > now);
        }
        let free = hosts.entry(host.to_owned()).or_insert(now);
        let from = (*free).max(now);
        *free = from + self.gap;
        from
    }

    fn host(&self, url: &Url) -> Option<String> {
        (!self.gap.is_zero()).then(|| host_key(url))
    }
}

/// Gaps are measured where the requests are made, on the clock that sleeps are measured by.
#[expect(clippy::disallowed_methods, reason = "how long ago, not what time it is")]
fn tick() -> Instant {
    Instant::now()
}
