//! `cargo fuzz run yaml`

#![no_main]

#[allow(dead_code)]
#[path = "../check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|text: &str| check::yaml(text));
