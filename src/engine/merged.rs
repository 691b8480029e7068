//! The merged feed as a value: what all its formats have in common.

use super::entry::Details;
use super::id::{ClusterId, EntryId};
use super::time::Timestamp;

/// What is served, before it has a format. It holds no "now": the same clusters give the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedFeed {
    /// `output.title`.
    pub title: String,
    /// Where its documents are served, without a slash at the end; none where no reader could reach it.
    pub base_url: Option<String>,
    /// The address of its documents below `base_url`, without the ending: `/feed`, or `/views/NAME`.
    pub path: String,
    /// Newest `published` first, ties by id.
    pub items: Vec<Item>,
}

impl MergedFeed {
    /// The last significant change of anything in it.
    #[must_use]
    pub fn updated(&self) -> Timestamp {
        self.items.iter().map(|item| item.updated).max().unwrap_or(Timestamp::EPOCH)
    }
}

/// One cluster, as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Permanent.
    pub id: ClusterId,
    /// The lead's, or its first words.
    pub title: String,
    /// Its publisher gave no title: these are the first words of the text.
    pub is_title_derived: bool,
    /// The lead's, frozen at publication.
    pub link: Option<String>,
    /// See [`super::cluster::Publication::published`].
    pub published: Timestamp,
    /// See [`super::cluster::Publication::updated`].
    pub updated: Timestamp,
    /// The entry that represents the cluster.
    pub lead: EntryId,
    /// What the lead says at length.
    pub details: Details,
    /// BCP 47, of the lead.
    pub language: Option<String>,
    /// The groups of its feeds, sorted, each once.
    pub categories: Vec<String>,
    /// 1, and one more each time the cluster was issued anew (`output.growth = "reissue"`).
    pub edition: u32,
    /// Publishers, copies not counted.
    pub publishers: usize,
    /// Every entry, the lead first, then by date; copies after the entry they copy.
    pub sources: Vec<Source>,
}

/// One entry of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which.
    pub entry: EntryId,
    /// Who says it.
    pub publisher: String,
    /// In their words.
    pub title: String,
    /// On their page.
    pub link: Option<String>,
    /// When.
    pub date: Timestamp,
    /// Whether it is a copy of another entry here.
    pub copy: bool,
    /// The feed that brought it: name or title.
    pub feed: String,
    /// The address of that feed, as the configuration writes it.
    pub feed_url: String,
}

impl Item {
    /// The permanent id in all formats, in the form of RFC 4151: it outlives hosts and addresses.
    #[must_use]
    pub fn permanent_id(&self) -> String {
        match self.edition {
            1 => format!("tag:storyfold,2026:{}", self.id),
            edition => format!("tag:storyfold,2026:edition-{edition}:{}", self.id),
        }
    }
}
