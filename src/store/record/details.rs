//! What entries say at length, on disk.

use super::{RecordError, decode, seal, unseal};
use crate::engine::entry::{Details, Enclosure, Origin};
use serde::{Deserialize, Serialize};

/// Up to version 2, this was the text alone.
#[derive(Serialize, Deserialize)]
struct DetailsRecord {
    text: String,
    html: Option<String>,
    authors: Vec<String>,
    categories: Vec<String>,
    image: Option<String>,
    enclosures: Vec<(String, Option<String>, Option<u64>)>,
    origin: Option<(Option<String>, Option<String>)>,
}

pub(in crate::store) fn put_details(details: &Details) -> Vec<u8> {
    let Details { text, html, authors, categories, image, enclosures, origin } = details.clone();
    let enclosure = |file: Enclosure| (file.url, file.media_type, file.bytes);
    seal(&DetailsRecord {
        text,
        html,
        authors,
        categories,
        image,
        enclosures: enclosures.into_iter().map(enclosure).collect(),
        origin: origin.map(|origin| (origin.name, origin.url)),
    })
}

pub(in crate::store) fn details(bytes: &[u8]) -> Result<Details, RecordError> {
    let payload = match unseal(bytes)? {
        (1 | 2, payload) => return Ok(Details { text: decode(payload)?, ..Details::default() }),
        (_, payload) => payload,
    };
    let DetailsRecord { text, html, authors, categories, image, enclosures, origin } = decode(payload)?;
    let enclosure = |(url, media_type, bytes)| Enclosure { url, media_type, bytes };
    Ok(Details {
        text,
        html,
        authors,
        categories,
        image,
        enclosures: enclosures.into_iter().map(enclosure).collect(),
        origin: origin.map(|(name, url)| Origin { name, url }),
    })
}
