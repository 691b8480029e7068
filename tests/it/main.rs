//! The one integration test binary: everything that needs more than one room.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test that cannot go on ends, and speed is nothing here"
)]

mod cli;
mod config;
mod daemon;
mod families;
mod feeds;
mod fetch;
mod host;
mod parse;
mod promises;
mod samples;
mod scenarios;
mod store;
mod tidy;
