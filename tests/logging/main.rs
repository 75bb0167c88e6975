//! Log policies: what is recorded of what is denied, and what a log of that tells.

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
mod command;
mod explained;
mod generated;
mod line;
mod mutation;
mod oracle;

use palisade::engine::{Program, compile};
use palisade::finding::Input;
use palisade::profile::{Library, Platform, PlatformProfile};
use palisade::question::logging::{LogPolicy, Recorded, Wanted, log_denied};
use palisade::question::subject::{Known, Subject, subject};
use palisade::resource::ResourceSet;

fn facts() -> PlatformProfile {
    Library::embedded().platform().unwrap()
}

/// Policies, and the sample workers, with the platform's own policies or without.
fn in_place(text: &str, baseline: bool) -> Subject {
    let platform_profile = facts();
    let known = Known {
        guarded: false,
        platform: Platform::default(),
        version: None,
        pod_subnet: platform_profile.subnets.pods,
        workers: platform_profile.sample_workers.clone(),
        baseline: Some(if baseline {
            Library::embedded().baseline()
        } else {
            Vec::new()
        }),
        platform_profile,
    };
    let set = ResourceSet::read(&[Input::new("x.yaml", text)]);
    assert!(set.findings().is_empty(), "{:?}", set.findings());
    subject(set, &known).unwrap()
}

fn recorded(subject: &Subject, wanted: &Wanted) -> Recorded {
    log_denied(subject, wanted, &facts()).unwrap()
}

/// The subject with Log policies besides, compiled.
fn with(subject: &Subject, policies: &[LogPolicy]) -> Program {
    let mut all = subject.clone();
    for policy in policies {
        all.resources.add(policy.resource.clone());
    }
    compile(&all.resources, &all.settings)
}
