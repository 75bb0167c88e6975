//! `cargo fuzz run log`

#![no_main]

#[allow(dead_code)]
#[path = "../check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|text: &str| check::log(text));
