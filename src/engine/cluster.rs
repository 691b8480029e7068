//! The entries that cover one event: what we publish.

use super::id::{ClusterId, EntryId};
use super::time::Timestamp;

/// A cluster, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Minted once (see [`ClusterId::mint`]); never reused, never given another meaning.
    pub id: ClusterId,
    /// The sequence number of the input that started it: of two that merge, the one published first goes on, else the
    /// elder.
    pub born: u64,
    /// In the order they came.
    pub members: Vec<EntryId>,
    /// The entry that represents it.
    pub lead: EntryId,
    /// The clusters that were merged into it, by the ids they had.
    pub aliases: Vec<ClusterId>,
    /// The cluster that this one continues: an affair that goes on after a cluster's span becomes a chain of clusters.
    pub follows: Option<ClusterId>,
    /// The cluster that continues this one.
    pub followed_by: Option<ClusterId>,
    /// None until it is published.
    pub publication: Option<Publication>,
}

impl Cluster {
    /// A new one, without members yet, that `lead` starts with the input `born`.
    #[must_use]
    pub fn new(id: ClusterId, lead: EntryId, born: u64) -> Self {
        let (members, aliases) = (Vec::new(), Vec::new());
        Self { id, born, members, lead, aliases, follows: None, followed_by: None, publication: None }
    }
}

/// What readers were told of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The date it carries: when we published it, or its lead's own date where it came with a first import.
    pub published: Timestamp,
    /// Moves on significant change only.
    pub updated: Timestamp,
    /// When it first stood in the merged feed, by our clock: what `output.max_age` counts from.
    pub released: Timestamp,
    /// The lead's, frozen.
    pub link: Option<String>,
    /// Publishers at the last significant change.
    pub publishers: usize,
    /// 1, and one more each time it was issued anew.
    pub edition: u32,
}

/// Whether growth from `told` to `now` publishers is news to a reader: 2, 5, 10, 20, 50, 100, ...
#[must_use]
pub fn is_significant(told: usize, now: usize) -> bool {
    let step = |publishers: usize| {
        let mut steps = [2, 5, 10].into_iter();
        let mut factor = 1;
        let mut passed = 0;
        loop {
            let Some(step) = steps.next() else {
                factor *= 10;
                steps = [2, 5, 10].into_iter();
                continue;
            };
            if step * factor > publishers {
                return passed;
            }
            passed += 1;
        }
    };
    step(now) > step(told)
}

#[cfg(test)]
mod tests {
    use super::is_significant;

    #[test]
    fn growth_is_told_at_two_five_ten_twenty() {
        let told: Vec<usize> = (2..=210).filter(|&now| is_significant(now - 1, now)).collect();
        assert_eq!(told, [2, 5, 10, 20, 50, 100, 200]);
        assert!(is_significant(1, 3));
        assert!(!is_significant(3, 2));
    }
}
