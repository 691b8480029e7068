//! The one integration test binary: everything that needs more than one room.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a test that cannot go on ends, and speed is nothing here"
)]

mod chance;
mod cli;
mod config;
mod daemon;
mod families;
mod feeds;
mod fetch;
mod host;
mod manners;
mod month;
mod parse;
mod samples;
mod scenarios;
mod store;
mod tidy;
