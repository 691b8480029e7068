//! The body of an answer: read within bounds of bytes and time, its content coding undone off the network's threads.

use super::explain;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body must bring so many bytes...
const RATE_BYTES: usize = 1024;
/// ...in each of these, or the host holds a slot for nothing.
const RATE_WINDOW: Duration = Duration::from_secs(10);
/// Bytes of a body that need no share of the budget: nearly all feeds are smaller, and never wait for large ones.
const FREE_BYTES: usize = 256 * 1024;
/// Bytes that large bodies under way may hold together.
const BUDGET_BYTES: usize = 32 * 1024 * 1024;
/// The step in which they take them.
const STEP_BYTES: usize = 64 * 1024;
/// The largest window of zstd is 2^23 bytes (RFC 9659); a frame may ask for much more.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// What large bodies may hold, over all exchanges.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Semaphore>);

impl Budget {
    /// Enough for two bodies of the largest size, however large that is.
    pub(super) fn new(max_body: usize) -> Self {
        Self(Arc::new(Semaphore::new((BUDGET_BYTES / STEP_BYTES).max(2 * steps(max_body) as usize))))
    }
}

/// A body as it came, and its share of the budget.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) bytes: Vec<u8>,
    pub(super) share: Option<OwnedSemaphorePermit>,
}

/// Why reading pauses.
enum Pause {
    /// It has ended.
    End,
    /// The host is fast enough.
    Window,
    /// It is a large one, and has no share yet.
    Large,
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(mut answer: Response, limit: usize, budget: &Budget) -> Result<Raw, String> {
    let mut raw = Raw::default();
    if answer.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    loop {
        let enough = raw.bytes.len() + RATE_BYTES;
        let window = async {
            while raw.bytes.len() < enough {
                let Some(chunk) = answer.chunk().await.map_err(|error| explain(&error))? else { return Ok(Pause::End) };
                if raw.bytes.len() + chunk.len() > limit {
                    return Err(too_large(limit));
                }
                raw.bytes.extend_from_slice(&chunk);
                if raw.bytes.len() > FREE_BYTES && raw.share.is_none() {
                    return Ok(Pause::Large);
                }
            }
            Ok(Pause::Window)
        };
        match tokio::time::timeout(RATE_WINDOW, window).await {
            Ok(Ok(Pause::End)) => break,
            Ok(Ok(Pause::Window)) => {}
            // All that it may ever need, at once: who holds a part and waits for more could wait for another who does.
            Ok(Ok(Pause::Large)) => raw.share = budget.0.clone().acquire_many_owned(steps(limit)).await.ok(),
            Ok(Err(reason)) => return Err(reason),
            Err(_) => {
                return Err(format!("its host sends less than {RATE_BYTES} bytes in {} s", RATE_WINDOW.as_secs()));
            }
        }
    }
    let used = steps(raw.bytes.len()) as usize;
    raw.share = raw.share.and_then(|mut share| share.split(used));
    Ok(raw)
}

/// What a body of this size takes of the budget.
fn steps(bytes: usize) -> u32 {
    u32::try_from(bytes.saturating_sub(FREE_BYTES).div_ceil(STEP_BYTES)).unwrap_or(u32::MAX)
}

/// The first `limit` bytes of a page that comes with a refusal, as far as they come in time.
pub(super) async fn read_page(mut answer: Response, limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = answer.chunk().await {
            let room = limit.saturating_sub(bytes.len()).min(chunk.len());
            bytes.extend_from_slice(&chunk[..room]);
            if bytes.len() >= limit {
                return;
            }
        }
    };
    // What came until then will do.
    let _ = tokio::time::timeout(RATE_WINDOW, reading).await;
    bytes
}

pub(super) fn too_large(limit: usize) -> String {
    format!("the document is larger than {limit} bytes; raise fetch.max_body if it is meant to be")
}

/// How a body is packed (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Plain,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// Of an answer. One coding at most: nobody packs a feed twice but to hurt.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, String> {
        let mut codings = Vec::new();
        for value in headers.get_all(CONTENT_ENCODING) {
            let value = value.to_str().map_err(|_| "its content coding cannot be read".to_owned())?;
            codings.extend(value.split(',').map(|coding| coding.trim().to_ascii_lowercase()));
        }
        codings.retain(|coding| !coding.is_empty() && coding != "identity");
        match codings.as_slice() {
            [] => Ok(Self::Plain),
            [coding] => match coding.as_str() {
                "gzip" | "x-gzip" => Ok(Self::Gzip),
                "deflate" => Ok(Self::Deflate),
                "br" => Ok(Self::Brotli),
                "zstd" => Ok(Self::Zstd),
                _ => Err("the answer has a content coding that we did not offer".to_owned()),
            },
            several => Err(format!("the answer is packed {} times over", several.len())),
        }
    }
}

/// Undoes a coding; at most `limit` bytes may come of it.
pub(super) fn unpacked(raw: &[u8], coding: Coding, limit: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match undo(raw, coding, limit, &mut bytes) {
        _ if bytes.len() > limit => Err(too_large(limit)),
        Err(error) => Err(format!("the answer cannot be unpacked: {error}")),
        Ok(()) => Ok(bytes),
    }
}

/// What comes first of something packed, as far as it can be unpacked.
pub(super) fn beginning(raw: &[u8], coding: Coding, limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = undo(raw, coding, limit, &mut bytes);
    bytes.truncate(limit);
    bytes
}

/// Undoes a coding, up to one byte more than `limit`.
fn undo(raw: &[u8], coding: Coding, limit: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    let is_gzip = raw.starts_with(&[0x1f, 0x8b]);
    // Files that are packed and not called so, and plain ones that are called packed, are both served.
    let coding = match coding {
        Coding::Plain if is_gzip => Coding::Gzip,
        Coding::Gzip if !is_gzip => Coding::Plain,
        other => other,
    };
    match coding {
        Coding::Plain => fill(raw, limit, bytes),
        Coding::Gzip => members(raw, limit, bytes),
        Coding::Deflate if is_zlib(raw) => fill(ZlibDecoder::new(raw), limit, bytes),
        Coding::Deflate => fill(DeflateDecoder::new(raw), limit, bytes),
        Coding::Brotli => fill(brotli_decompressor::Decompressor::new(raw, STEP_BYTES), limit, bytes),
        Coding::Zstd => fill(zstd(raw)?, limit, bytes),
    }
}

fn zstd(raw: &[u8]) -> io::Result<zstd::Decoder<'_, &[u8]>> {
    let mut decoder = zstd::Decoder::with_buffer(raw)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(decoder)
}

/// RFC 1950, section 2.2. Some servers send what stands inside alone.
fn is_zlib(raw: &[u8]) -> bool {
    matches!(raw, [method, flags, ..] if method & 15 == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

/// The members of a gzip file (RFC 1952, section 2.2), up to what is none.
fn members(mut raw: &[u8], limit: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    while raw.starts_with(&[0x1f, 0x8b]) && bytes.len() <= limit {
        let mut decoder = GzDecoder::new(raw);
        fill(&mut decoder, limit, bytes)?;
        raw = decoder.into_inner();
    }
    Ok(())
}

/// Reads on, to one byte more than allowed.
fn fill(decoder: impl Read, limit: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    let room = (limit + 1).saturating_sub(bytes.len());
    decoder.take(room as u64).read_to_end(bytes).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};

    const TEXT: &[u8] = b"<rss>a feed</rss>";

    fn all(mut encoder: impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        encoder.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        all(GzEncoder::new(text, Compression::default()))
    }

    #[test]
    fn every_coding_is_undone() {
        let check = |name: &str, raw: &[u8], coding| {
            assert_eq!(unpacked(raw, coding, 100).as_deref(), Ok(TEXT), "{name}");
        };
        check("plain", TEXT, Coding::Plain);
        check("gzip", &gzip(TEXT), Coding::Gzip);
        check("gzip that is not called so", &gzip(TEXT), Coding::Plain);
        check("plain that is called gzip", TEXT, Coding::Gzip);
        check("two members", &[gzip(&TEXT[..5]), gzip(&TEXT[5..])].concat(), Coding::Gzip);
        check("something behind it", &[gzip(TEXT), b"garbage".to_vec()].concat(), Coding::Gzip);
        check("deflate", &all(ZlibEncoder::new(TEXT, Compression::default())), Coding::Deflate);
        check("deflate, bare", &all(DeflateEncoder::new(TEXT, Compression::default())), Coding::Deflate);
        check("zstd", &zstd::encode_all(TEXT, 0).unwrap(), Coding::Zstd);
    }

    #[test]
    fn what_unpacks_too_large_or_not_at_all_is_refused() {
        let check = |raw: &[u8], coding, expected: &str| {
            let reason = unpacked(raw, coding, 16).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        };
        let gzipped = gzip(TEXT);
        check(&gzipped, Coding::Gzip, "fetch.max_body");
        check(&gzipped[..gzipped.len() / 2], Coding::Gzip, "unpacked");
        check(b"garbage", Coding::Zstd, "unpacked");
        check(b"\xffgarbage", Coding::Brotli, "unpacked");
    }

    #[test]
    fn one_coding_is_taken() {
        let check = |values: &[&'static str], expected: Option<Coding>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, reqwest::header::HeaderValue::from_static(value));
            }
            assert_eq!(Coding::of(&headers).ok(), expected, "{values:?}");
        };
        check(&[], Some(Coding::Plain));
        check(&["identity"], Some(Coding::Plain));
        check(&["GZIP"], Some(Coding::Gzip));
        check(&["gzip, gzip"], None);
        check(&["gzip", "br"], None);
        check(&["x-evil"], None);
    }
}
