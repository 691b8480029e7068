//! The one integration test binary: everything that needs more than one room.

mod cli;
mod config;
mod daemon;
mod fetch;
mod host;
mod parse;
mod samples;
mod scenarios;
mod store;
mod tidy;
