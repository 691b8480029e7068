//! Clusters on disk, and the corrections made to them by hand.

use super::{RecordError, bare, decode, entry_ids, open, seal, unseal};
use crate::engine::cluster::{Cluster, Publication};
use crate::engine::correction::{Act, Correction};
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Version 2 is version 1 and something more: postcard frames nothing, so what is added comes behind.
#[derive(Serialize, Deserialize)]
struct ClusterRecord {
    first: ClusterRecord1,
    follows: Option<u64>,
    followed_by: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct ClusterRecord1 {
    born: u64,
    members: Vec<u64>,
    lead: u64,
    aliases: Vec<u64>,
    publication: Option<PublicationRecord>,
}

impl From<ClusterRecord1> for ClusterRecord {
    fn from(first: ClusterRecord1) -> Self {
        Self { first, follows: None, followed_by: None }
    }
}

#[derive(Serialize, Deserialize)]
struct CorrectionRecord {
    at: i64,
    act: ActRecord,
}

#[derive(Serialize, Deserialize)]
enum ActRecord {
    Merge { into: u64, members: Vec<u64>, gone: u64, was: ClusterRecord },
    Split { from: u64, rest: Vec<u64>, into: u64, out: Vec<u64> },
}

#[derive(Serialize, Deserialize)]
struct PublicationRecord {
    published: i64,
    updated: i64,
    released: i64,
    link: Option<String>,
    publishers: u64,
    edition: u32,
}

pub(in crate::store) fn put_cluster(cluster: &Cluster) -> Vec<u8> {
    seal(&cluster_record(cluster))
}

fn cluster_record(cluster: &Cluster) -> ClusterRecord {
    let first = ClusterRecord1 {
        born: cluster.born,
        members: bare(&cluster.members),
        lead: cluster.lead.0,
        aliases: cluster.aliases.iter().map(|id| id.0).collect(),
        publication: cluster.publication.as_ref().map(|told| PublicationRecord {
            published: told.published.millis(),
            updated: told.updated.millis(),
            released: told.released.millis(),
            link: told.link.clone(),
            publishers: told.publishers as u64,
            edition: told.edition,
        }),
    };
    let neighbor = |id: Option<ClusterId>| id.map(|id| id.0);
    ClusterRecord { first, follows: neighbor(cluster.follows), followed_by: neighbor(cluster.followed_by) }
}

pub(in crate::store) fn cluster(id: u64, bytes: &[u8]) -> Result<Cluster, RecordError> {
    let record = match unseal(bytes)? {
        (1, payload) => decode::<ClusterRecord1>(payload)?.into(),
        (_, payload) => decode(payload)?,
    };
    Ok(read_cluster(id, record))
}

fn read_cluster(id: u64, ClusterRecord { first: record, follows, followed_by }: ClusterRecord) -> Cluster {
    Cluster {
        id: ClusterId(id),
        born: record.born,
        members: entry_ids(record.members),
        lead: EntryId(record.lead),
        follows: follows.map(ClusterId),
        followed_by: followed_by.map(ClusterId),
        aliases: record.aliases.into_iter().map(ClusterId).collect(),
        publication: record.publication.map(|told| Publication {
            published: Timestamp::from_millis(told.published),
            updated: Timestamp::from_millis(told.updated),
            released: Timestamp::from_millis(told.released),
            link: told.link,
            publishers: usize::try_from(told.publishers).unwrap_or(usize::MAX),
            edition: told.edition,
        }),
    }
}

pub(in crate::store) fn put_correction(correction: &Correction) -> Vec<u8> {
    let act = match &correction.act {
        Act::Merge { into, members, gone } => {
            ActRecord::Merge { into: into.0, members: bare(members), gone: gone.id.0, was: cluster_record(gone) }
        }
        Act::Split { from, rest, into, out } => {
            ActRecord::Split { from: from.0, rest: bare(rest), into: into.0, out: bare(out) }
        }
    };
    seal(&CorrectionRecord { at: correction.at.millis(), act })
}

pub(in crate::store) fn correction(number: u64, bytes: &[u8]) -> Result<Correction, RecordError> {
    let record: CorrectionRecord = open(bytes)?;
    let act = match record.act {
        ActRecord::Merge { into, members, gone, was } => {
            Act::Merge { into: ClusterId(into), members: entry_ids(members), gone: read_cluster(gone, was) }
        }
        ActRecord::Split { from, rest, into, out } => {
            Act::Split { from: ClusterId(from), rest: entry_ids(rest), into: ClusterId(into), out: entry_ids(out) }
        }
    };
    let number = u32::try_from(number).map_err(|_| RecordError::Damaged)?;
    Ok(Correction { number, at: Timestamp::from_millis(record.at), act })
}
