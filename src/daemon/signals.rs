//! The system's signals as events.

use super::Event;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Passes SIGTERM and SIGINT on as [`Event::Stop`], SIGHUP as [`Event::Reload`].
pub(super) fn watch(events: &mpsc::Sender<Event>) {
    let meanings: [(SignalKind, fn() -> Event); 3] = [
        (SignalKind::terminate(), || Event::Stop),
        (SignalKind::interrupt(), || Event::Stop),
        (SignalKind::hangup(), || Event::Reload),
    ];
    for (kind, meaning) in meanings {
        let Ok(mut stream) = signal(kind) else {
            tracing::warn!(?kind, "a signal cannot be watched for; it will have the system's default effect");
            continue;
        };
        let events = events.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if events.send(meaning()).await.is_err() {
                    return;
                }
            }
        });
    }
}
