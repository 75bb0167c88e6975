//! What `palisade audit` finds: of every code, case by case, and of the sets that are rendered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines
)]

#[path = "../call/mod.rs"]
mod call;

mod cases;
mod codes;
mod command;
mod services;

use palisade::engine::{Settings, compile};
use palisade::finding::{Finding, Input};
use palisade::profile::{Library, Platform};
use palisade::question::audit::{Found, Options, audit};
use palisade::question::subject::{Known, subject};
use palisade::resource::ResourceSet;
use palisade::resource::validate::sort;

/// What is known of any cluster, with the platform's own policies or without.
fn known(baseline: bool) -> Known {
    let library = Library::embedded();
    let platform_profile = library.platform().unwrap();
    Known {
        guarded: false,
        platform: Platform::default(),
        version: None,
        pod_subnet: platform_profile.subnets.pods,
        workers: platform_profile.sample_workers.clone(),
        baseline: Some(if baseline {
            library.baseline()
        } else {
            Vec::new()
        }),
        platform_profile,
    }
}

/// What there is to tell of one text.
fn audited(name: &str, text: &str, baseline: bool) -> Vec<Finding> {
    let known = known(baseline);
    let set = ResourceSet::read(&[Input::new(name, text)]);
    assert!(set.findings().is_empty(), "{:?}", set.findings());
    let subject = subject(set, &known).unwrap();
    let settings: &Settings = &subject.settings;
    let program = compile(&subject.resources, settings);
    let facts = &known.platform_profile;
    let found = audit(&program, &subject.resources, facts, Options::default()).unwrap();
    sorted(found)
}

fn sorted(found: Vec<Found>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = found.into_iter().map(|found| found.finding).collect();
    sort(&mut findings);
    findings
}
