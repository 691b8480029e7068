//! Any markup becomes HTML that is safe and well-formed.
#![no_main]

#[path = "../promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|text: &str| promises::writing(text));
