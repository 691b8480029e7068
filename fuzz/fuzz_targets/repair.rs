//! Any bytes are a feed or are refused; what is read of a feed is safe, and the same when read again.
#![no_main]

#[path = "../promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| promises::reading(bytes));
