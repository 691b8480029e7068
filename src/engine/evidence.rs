//! What a decision was, and what it was made of. Kept with the entry, so that an explanation is the decision's own
//! evidence and not a second computation.

use super::id::{ClusterId, EntryId};
use super::model::Lengths;
use super::similarity::Evidence;

/// How an entry came to its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Its feed is not clustered.
    Alone,
    /// It started a cluster: nothing was near enough.
    Start {
        /// What came nearest.
        nearest: Option<Match>,
    },
    /// It started a cluster that continues another, which has run its span or is full.
    Follow {
        /// The other.
        to: Match,
    },
    /// It joined a cluster.
    Join {
        /// The best.
        to: Match,
        /// The second best.
        runner_up: Option<Match>,
    },
    /// It says the same as another entry in the same words.
    Copy {
        /// The other.
        of: EntryId,
        /// The other's cluster.
        cluster: ClusterId,
    },
    /// Later evidence moved it.
    Moved {
        /// Where it was.
        from: ClusterId,
        /// Where it is.
        to: Match,
    },
    /// Later evidence took it out of a cluster, to start another.
    Parted {
        /// Where it was.
        from: ClusterId,
    },
    /// The user said that it belongs with this entry.
    Bound {
        /// The entry.
        to: EntryId,
        /// That entry's cluster.
        cluster: ClusterId,
    },
    /// The user moved it.
    Corrected {
        /// The number of the correction.
        number: u32,
        /// Where it was.
        from: ClusterId,
    },
}

impl Decision {
    /// The cluster that it joined; none where it started one, or was moved by hand.
    #[must_use]
    pub fn cluster(&self) -> Option<ClusterId> {
        match self {
            Self::Alone | Self::Start { .. } | Self::Follow { .. } | Self::Parted { .. } | Self::Corrected { .. } => {
                None
            }
            Self::Copy { cluster, .. } | Self::Bound { cluster, .. } => Some(*cluster),
            Self::Join { to, .. } | Self::Moved { to, .. } => Some(to.cluster),
        }
    }

    /// The entry that it was held against: the nearest one there, the original, or the one the user named.
    #[must_use]
    pub fn against(&self) -> Option<EntryId> {
        match self {
            Self::Alone | Self::Parted { .. } | Self::Corrected { .. } => None,
            Self::Start { nearest } => nearest.as_ref().map(|found| found.nearest),
            Self::Copy { of, .. } => Some(*of),
            Self::Bound { to, .. } => Some(*to),
            Self::Join { to, .. } | Self::Follow { to } | Self::Moved { to, .. } => Some(to.nearest),
        }
    }

    /// What it was made on, and the second best.
    #[must_use]
    pub fn grounds(&self) -> (Option<&Match>, Option<&Match>) {
        match self {
            Self::Alone | Self::Copy { .. } | Self::Parted { .. } | Self::Bound { .. } | Self::Corrected { .. } => {
                (None, None)
            }
            Self::Start { nearest } => (nearest.as_ref(), None),
            Self::Join { to, runner_up } => (Some(to), runner_up.as_ref()),
            Self::Moved { to, .. } | Self::Follow { to } => (Some(to), None),
        }
    }

    /// One word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Start { .. } => "start",
            Self::Join { .. } => "join",
            Self::Copy { .. } => "copy",
            Self::Moved { .. } => "moved",
            Self::Follow { .. } => "follow",
            Self::Parted { .. } => "parted",
            Self::Bound { .. } => "bound",
            Self::Corrected { .. } => "corrected",
        }
    }
}

/// A term that two entries have, and how rare it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedTerm {
    /// As in [`super::features::Term`].
    pub hash: u32,
    /// In 1/256 nats, see [`super::index::Rarities`].
    pub rarity: u32,
}

/// An entry held against a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The cluster.
    pub cluster: ClusterId,
    /// Its member that is most like the entry.
    pub nearest: EntryId,
    /// Log-odds that the entry belongs there, in 1/1000.
    pub score: i32,
    /// What the score had to reach, in 1/1000.
    pub threshold: i32,
    /// Which row of the model weighed it.
    pub lengths: Lengths,
    /// What the score was made of.
    pub evidence: Evidence,
}
