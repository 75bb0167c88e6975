//! What `palisade lint` says: of every code, of every VAL rule, and of whatever people may feed it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::needless_raw_string_hashes
)]

#[path = "../call/mod.rs"]
mod call;

mod cluster;
mod codes;
mod command;
mod formats;
mod kubernetes;
mod robust;
mod secrets;
mod stored;
mod together;
mod val;

use palisade::finding::{Finding, Input};
use palisade::resource::CalicoVersion;
use palisade::resource::validate::{Rules, Scope, lint};

/// What there is to tell of one text.
fn linted(text: &str, version: &str) -> Vec<Finding> {
    let rules = Rules {
        version: version.parse::<CalicoVersion>().unwrap(),
    };
    lint(&[Input::new("x.yaml", text)], rules, Scope::Everything)
}

/// `line:column code` of every finding.
fn places(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let span = finding.place.span;
            format!("{}:{} {}", span.line, span.column, finding.code.word())
        })
        .collect()
}
