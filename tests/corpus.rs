//! Every file of the fuzz corpora, through what the fuzz targets check: as plain tests, for where
//! no fuzzer runs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../fuzz/check.rs"]
mod check;

use std::fs;
use std::path::Path;

fn each(target: &str, check: fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        // The fuzzer too passes over what is no text.
        if let Ok(text) = fs::read_to_string(entry.unwrap().path()) {
            check(&text);
            files += 1;
        }
    }
    assert!(files > 0, "{target} has no corpus");
}

#[test]
fn yaml() {
    each("yaml", check::yaml);
    // What is no object is YAML all the same.
    each("resource", check::yaml);
}

#[test]
fn selector() {
    each("selector", check::selector);
}

#[test]
fn log() {
    each("log", check::log);
    // Nothing else is of packets.
    each("yaml", check::log);
}

#[test]
fn resource() {
    each("resource", check::resource);
    each("yaml", check::resource);
}
