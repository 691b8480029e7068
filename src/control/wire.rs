//! The shapes on the socket; the rows are also what `--json` prints, so their members are a contract.

use serde::{Deserialize, Serialize};

/// What a command may ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// A round of what is due, or of all that is not paused.
    Fetch {
        /// Of all.
        all: bool,
    },
    /// Clusters, newest first.
    Clusters(ClusterQuery),
    /// One cluster, by an id it has or had.
    Cluster {
        /// 16 hexadecimal digits, or the first of them.
        id: String,
    },
    /// Why a cluster is one, why an entry is where it is, or how alike two are.
    Explain {
        /// Of a cluster or an entry.
        id: String,
        /// Of another.
        other: Option<String>,
    },
    /// A correction by hand, or one taken back.
    Correct(Change),
    /// All corrections.
    Corrections,
    /// What other options would make of the entries.
    Replay(WhatIf),
    /// The corrections as comparisons, to fit a model to.
    Samples,
    /// All followed feeds.
    Feeds,
    /// How polite we are.
    Politeness,
    /// A feed was added to the configuration, and this is what its address gave.
    Added(Box<Addition>),
    /// A document as it is served.
    Render {
        /// The view's name; none for the whole merged feed.
        view: Option<String>,
        /// `atom`, `rss` or `json`.
        format: String,
    },
    /// Every document that is served, for static hosting.
    RenderAll,
}

/// See `storyfold clusters merge`, `split` and `corrections undo`. Ids may be cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// These two clusters are about one event.
    Merge {
        /// One.
        a: String,
        /// The other.
        b: String,
    },
    /// These entries of a cluster are about an event of their own.
    Split {
        /// The cluster.
        id: String,
        /// The entries.
        entries: Vec<String>,
    },
    /// A correction is taken back.
    Undo {
        /// Which.
        number: u32,
    },
}

/// See `storyfold clusters list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterQuery {
    /// Only clusters with an entry dated, or first seen, in the last so many seconds.
    pub since_secs: Option<u64>,
    /// Only clusters of so many publishers.
    pub min_publishers: usize,
    /// Only clusters with a headline that has these words.
    pub query: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// See `storyfold replay`: what is not said stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// Only entries dated, or first seen, in the last so many seconds.
    pub since_secs: Option<u64>,
    /// Log odds that a join must reach, in 1/1000.
    pub threshold: Option<i32>,
    /// `strict`, `balanced` or `loose`.
    pub preset: Option<String>,
    /// The text of a model file.
    pub model: Option<String>,
}

/// What a daemon answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// How far a round is; more replies follow.
    Progress(Progress),
    /// A round ended, and all of it is on disk.
    Round(Round),
    /// The clusters asked for.
    Clusters(Vec<ClusterRow>),
    /// A correction was made or taken back, and is on disk.
    Corrected {
        /// Its number.
        number: u32,
        /// The clusters it left behind.
        clusters: Vec<ClusterRow>,
    },
    /// The corrections asked for, the newest first.
    Corrections(Vec<CorrectionRow>),
    /// The replay asked for.
    Replayed(Replayed),
    /// The comparisons asked for.
    Samples(Vec<SampleRow>),
    /// The feeds asked for.
    Feeds(Vec<FeedRow>),
    /// The politeness asked for.
    Politeness(Politeness),
    /// The added feed, with what was taken in of it.
    Added(Box<FeedRow>),
    /// The explanation asked for.
    Explanation(Explanation),
    /// The document asked for.
    Document(String),
    /// Every document, by its path below the top, without the first slash.
    Site(Vec<(String, String)>),
    /// It cannot be answered, and why.
    Problem {
        /// For the user.
        message: String,
    },
}

impl Reply {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_last(&self) -> bool {
        !matches!(self, Self::Progress(_))
    }
}

/// How far a round is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Feeds done.
    pub done: usize,
    /// Feeds of the round.
    pub total: usize,
    /// Feeds that failed.
    pub failed: usize,
    /// Entries that were new.
    pub new_entries: usize,
}

/// What a round did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Feeds of the round.
    pub feeds: usize,
    /// Of these, how many had nothing new to read.
    pub not_modified: usize,
    /// Entries that were new.
    pub new_entries: usize,
    /// All entries there are now.
    pub entries: usize,
    /// All clusters there are now.
    pub clusters: usize,
    /// Clusters of two publishers or more.
    pub shared_clusters: usize,
    /// Feeds that failed.
    pub failed: Vec<FailedFeed>,
    /// Feeds left alone, because their hosts asked us to wait.
    pub paused: Vec<String>,
}

/// A feed that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedFeed {
    /// As the configuration writes it.
    pub url: String,
    /// A sentence.
    pub reason: String,
}

/// A cluster, as `clusters list --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterRow {
    /// 16 hexadecimal digits.
    pub id: String,
    /// The ids of the clusters merged into it.
    pub aliases: Vec<String>,
    /// The cluster whose affair it continues.
    pub follows: Option<String>,
    /// The cluster that continues its affair.
    pub followed_by: Option<String>,
    /// The lead's, plain.
    pub title: String,
    /// The lead's.
    pub link: Option<String>,
    /// Null until it is published.
    pub published: Option<String>,
    /// Null until it is published.
    pub updated: Option<String>,
    /// Copies not counted.
    pub publishers: usize,
    /// The lead first, then by date.
    pub entries: Vec<EntryRow>,
}

/// An entry, as `clusters list --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRow {
    /// 16 hexadecimal digits.
    pub id: String,
    /// Plain, as the feed had it; empty for untitled posts.
    pub title: String,
    /// Absolute.
    pub link: Option<String>,
    /// The feed's address, as the configuration writes it.
    pub feed: String,
    /// Domain or group.
    pub publisher: String,
    /// As the publisher dates it, clamped.
    pub published: Option<String>,
    /// When it was seen first.
    pub first_seen: String,
    /// The id of the entry that it is a copy of.
    pub copy_of: Option<String>,
}

/// What a replay found, as `replay --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// Log odds that a join needed.
    pub threshold: f64,
    /// Entries replayed.
    pub entries: usize,
    /// Their clusters as they are.
    pub clusters_now: usize,
    /// Their clusters as they would be.
    pub clusters_then: usize,
    /// Groups of clusters that would be one.
    pub joined_count: usize,
    /// The largest of these groups.
    pub joined: Vec<Vec<Headline>>,
    /// Clusters that would come apart.
    pub split_count: usize,
    /// The clusters with most parts, and an entry of each part.
    pub split: Vec<(Headline, Vec<Headline>)>,
    /// Entries that would be with others.
    pub moved_count: usize,
    /// Some of these, and the cluster they would be in.
    pub moved: Vec<(Headline, Headline)>,
    /// Corrections by hand whose entries were all replayed.
    pub corrections: usize,
    /// How many of these the options in force would have needed.
    pub corrections_needed_now: usize,
    /// How many the other options would have needed.
    pub corrections_needed_then: usize,
}

/// A comparison of an entry with a cluster that the user has decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleRow {
    /// The values of the features, in 1/10,000.
    pub evidence: Vec<i32>,
    /// Which row of the model weighs it, from 0.
    pub lengths: u8,
    /// The user put them together; else apart.
    pub together: bool,
}

/// An entry or a cluster, by its headline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// 16 hexadecimal digits.
    pub id: String,
    /// Plain.
    pub title: String,
}

/// A correction, as `clusters corrections --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionRow {
    /// What `undo` calls it.
    pub number: u32,
    /// When it was made.
    pub at: String,
    /// `merge` or `split`.
    pub act: String,
    /// The cluster that went on.
    pub cluster: String,
    /// The cluster that was merged into it, or that came of the split.
    pub other: String,
    /// The entries of the other.
    pub entries: Vec<String>,
    /// The headline of the first of these that is still there.
    pub title: Option<String>,
}

/// A feed, as `feeds list --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedRow {
    /// As written.
    pub url: String,
    /// The user's name for it, or its own title.
    pub title: Option<String>,
    /// `new`, `ok`, `failing`, `paused`, `set aside` or `gone`.
    pub status: String,
    /// What stands between us and the feed: `challenge`, `login`, `paywall`, `page` or `unfound`; null where nothing is
    /// known to.
    pub obstacle: Option<String>,
    /// Where its host says that it has moved for good; null where it does not.
    pub moved_to: Option<String>,
    /// Whether it is asked for there already.
    pub moved: bool,
    /// Null before the first.
    pub last_fetch: Option<String>,
    /// When it is looked at next; null for one that has ended.
    pub next_due: Option<String>,
    /// How many seconds it was left alone after the last poll, before spreading; null before the first.
    pub wait_secs: Option<u64>,
    /// Who or what decided that: `publisher says max-age 7200`.
    pub wait_because: Option<String>,
    /// Entries a day, as far as is known; null before the feed was read.
    pub per_day: Option<f64>,
    /// Polls so far.
    pub polls: u64,
    /// Requests so far, redirects included.
    pub requests: u64,
    /// Polls that were conditional.
    pub conditional: u64,
    /// Polls that a 304 answered.
    pub not_modified: u64,
    /// Bytes of bodies so far, over the wire.
    pub bytes: u64,
    /// Bytes that 304s spared, by the size of the last body.
    pub bytes_spared: u64,
    /// Polls by hand before the publisher's hints had run out.
    pub early: u64,
    /// In words; null before the first.
    pub last_result: Option<String>,
    /// In a row.
    pub failures: u32,
    /// Stored now, copies included.
    pub entries: usize,
    /// The user's group.
    pub category: Option<String>,
}

/// How politely feeds are fetched, as `feeds report --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Politeness {
    /// `fetch.host_gap`, in milliseconds.
    pub host_gap_ms: u64,
    /// The shortest time between the end of a request to a host and the next one's beginning, in milliseconds, since the
    /// daemon's start; null where no host was asked twice.
    pub closest_ms: Option<u64>,
    /// All followed feeds.
    pub feeds: Vec<FeedRow>,
}

/// See [`Request::Added`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addition {
    /// The feed, as written in the configuration.
    pub url: String,
    /// Its document, in base64: what was fetched to look at it need not be fetched again.
    pub document: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// Where redirects led.
    pub final_url: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// `max-age` less `Age`, in seconds.
    pub max_age: Option<u64>,
    /// `Expires`, in seconds.
    pub expires: Option<u64>,
    /// Bytes over the wire.
    pub bytes: u64,
    /// Requests that it took.
    pub requests: u64,
    /// The address that answered.
    pub server: Option<String>,
}

/// Why things are where they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The cluster that is explained, or that the entry is in.
    pub cluster: ClusterRow,
    /// The decisions, in the order they were made; for two entries, the one comparison.
    pub steps: Vec<Step>,
    /// For a cluster: what nearly joined it, the nearest first.
    pub near_misses: Vec<NearMiss>,
    /// For a cluster: the corrections that made it what it is.
    pub corrections: Vec<CorrectionRow>,
}

/// One decision on one entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The entry.
    pub entry: EntryRow,
    /// `alone`, `start`, `follow`, `join`, `copy`, `moved`, `bound`, `corrected`, or `compared` for a comparison made now.
    pub decision: String,
    /// The entry that was most like it where it went, or came nearest, by its headline.
    pub against: Option<String>,
    /// Log-odds that it belongs there.
    pub score: Option<f64>,
    /// What the score had to reach.
    pub threshold: Option<f64>,
    /// What the score is made of, the heaviest first.
    pub features: Vec<FeatureRow>,
    /// Terms that both have, the rarest first.
    pub terms: Vec<Term>,
    /// The next best cluster.
    pub runner_up: Option<RunnerUp>,
}

/// The cluster that an entry would have gone to otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// The cluster.
    pub cluster: String,
    /// Its entry that was most like this one, by its headline.
    pub against: String,
    /// Log-odds.
    pub score: f64,
    /// What the score is made of, the heaviest first.
    pub features: Vec<FeatureRow>,
}

/// An entry that is elsewhere, though it was held against this cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearMiss {
    /// The entry.
    pub entry: EntryRow,
    /// The cluster it is in.
    pub cluster: String,
    /// Log-odds that it belonged here.
    pub score: f64,
    /// What the score had to reach.
    pub threshold: f64,
}

/// One feature of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureRow {
    /// Its name.
    pub name: String,
    /// What it measured.
    pub value: f64,
    /// What the model makes of a unit of it.
    pub weight: f64,
    /// Value times weight.
    pub contribution: f64,
}

/// A shared term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// As one of the entries has it.
    pub word: String,
    /// Its rarity in nats.
    pub rarity: f64,
}
