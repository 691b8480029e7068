//! storyfold follows feeds, recognises which entries of different publishers cover the same event, and serves each event
//! once, as one entry of a merged feed.
//!
//! Floors, from the top; each imports only from below itself, which a test checks:
//!
//! - [`cli`]: what a person types; one file a command.
//! - [`daemon`]: the loop that moves values between the rooms. [`config`]: text to validated options.
//! - [`fetch`] (the network), [`store`] (the disk), [`control`] (commands asking a running daemon), [`serve`] (readers):
//!   strangers to each other.
//! - [`engine`]: decides, never does. [`clock`]: the one wall-clock read.
//!
//! A poll, from end to end: the engine finds a feed due and makes a `FetchRequest`; the fetch task brings a
//! `FetchOutcome` and digests it (parse, normalise, features); the loop stamps it with a sequence number and the time and
//! hands it to the engine, whose `Update` goes to the store in one batch; when that is on disk, the merged feed is
//! rendered into a new `Snapshot`, from which readers are served.

pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod daemon;
pub mod engine;
pub mod fetch;
pub mod serve;
pub mod store;
