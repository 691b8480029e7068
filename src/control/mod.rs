//! How commands ask a running daemon: a socket in the data folder, for its owner only. Frames are a length (four bytes)
//! and JSON, bounded; a request carries the version of this protocol; an answer is one [`Reply`] or several, of which
//! the last is not [`Reply::Progress`].

mod wire;

pub use wire::{
    Addition, Change, ClusterQuery, ClusterRow, CorrectionRow, EntryRow, Explanation, FailedFeed, FeatureRow, FeedRow,
    Headline, NearMiss, Politeness, Progress, Replayed, Reply, Request, Round, RunnerUp, SampleRow, Step, Term, WhatIf,
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

/// Raised when a frame's meaning changes; a command of another version is told so instead of misunderstood.
const VERSION: u32 = 1;
/// Bytes of a frame: a rendered document of the largest merged feed is some 10 MB.
const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The system's limit for a socket's path is 108 bytes.
const PATH_BYTES_MAX: usize = 100;
/// After a connection could not be taken.
const ACCEPT_AGAIN: std::time::Duration = std::time::Duration::from_millis(100);
/// Replies that may wait for a slow command.
const REPLIES_WAITING: usize = 64;

/// A question of a command, and where its answers go.
#[derive(Debug)]
pub struct Ask {
    /// What is asked.
    pub request: Request,
    /// The asker; gone when the command went away.
    pub replies: mpsc::Sender<Reply>,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    version: u32,
    request: serde_json::Value,
}

/// Where the socket of a data folder is: in it, or where that path is too long for a socket, in the runtime folder.
#[must_use]
pub fn socket_path(data_dir: &Path, runtime_dir: &Path) -> PathBuf {
    let path = data_dir.join("control.sock");
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return path;
    }
    let name = blake3::hash(data_dir.as_os_str().as_encoded_bytes()).to_hex();
    runtime_dir.join(format!("storyfold-{}.sock", &name[..16]))
}

/// Binds the socket. The caller owns the store, so a socket that is there is a dead daemon's.
///
/// # Errors
/// Where the folder does not allow it.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Takes questions on a bound socket and hands them on, until the taker is gone.
pub async fn run(listener: UnixListener, asks: mpsc::Sender<Ask>) {
    while !asks.is_closed() {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, asks.clone()))),
            // Too many open files, usually: it passes, and asking at once again does not help.
            Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
        }
    }
}

async fn converse(stream: UnixStream, asks: mpsc::Sender<Ask>) {
    let mut frames = framed(stream);
    while let Some(Ok(frame)) = frames.next().await {
        let (replies, mut answers) = mpsc::channel(REPLIES_WAITING);
        match understand(&frame) {
            Err(message) => drop(replies.try_send(Reply::Problem { message })),
            Ok(request) => {
                if asks.send(Ask { request, replies }).await.is_err() {
                    return;
                }
            }
        }
        while let Some(reply) = answers.recv().await {
            let Ok(frame) = serde_json::to_vec(&reply) else { return };
            if frames.send(Bytes::from(frame)).await.is_err() {
                return;
            }
            if reply.is_last() {
                break;
            }
        }
    }
}

fn understand(frame: &[u8]) -> Result<Request, String> {
    let envelope: Envelope = serde_json::from_slice(frame).map_err(|_| "the request cannot be read".to_owned())?;
    let foreign = || "the running daemon is of another version than this command; restart the daemon".to_owned();
    if envelope.version != VERSION {
        return Err(foreign());
    }
    serde_json::from_value(envelope.request).map_err(|_| foreign())
}

fn framed(stream: UnixStream) -> Framed<UnixStream, LengthDelimitedCodec> {
    LengthDelimitedCodec::builder().max_frame_length(FRAME_BYTES_MAX).new_framed(stream)
}

/// A connection to a running daemon.
#[derive(Debug)]
pub struct Client {
    frames: Framed<UnixStream, LengthDelimitedCodec>,
}

impl Client {
    /// Connects to the daemon behind a socket; none where nobody listens there, be it for want of the socket or because
    /// its daemon died.
    ///
    /// # Errors
    /// Where there is a daemon that does not let us: it is another user's.
    pub async fn connect(path: &Path) -> io::Result<Option<Self>> {
        match UnixStream::connect(path).await {
            Ok(stream) => Ok(Some(Self { frames: framed(stream) })),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks, and passes every reply on, the last one included.
    ///
    /// # Errors
    /// Where the daemon goes away before its last reply.
    pub async fn ask(&mut self, request: &Request, replies: mpsc::Sender<Reply>) -> io::Result<()> {
        let envelope = Envelope { version: VERSION, request: serde_json::to_value(request)? };
        self.frames.send(Bytes::from(serde_json::to_vec(&envelope)?)).await?;
        while let Some(frame) = self.frames.next().await {
            let reply: Reply = serde_json::from_slice(&frame?)?;
            let last = reply.is_last();
            if replies.send(reply).await.is_err() || last {
                return Ok(());
            }
        }
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the daemon went away before it had answered"))
    }
}
