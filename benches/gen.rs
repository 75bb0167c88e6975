//! How long the steps of `gen` take: reading a profile, rendering, reading back, comparing.
//!
//! Whole processes are compared with `hyperfine`; see `docs/performance.md`.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use palisade::bundle::{HostEndpoints, Plan, Target, Templates, Wanted, render};
use palisade::profile::{Ingress, Library, Network, Platform};
use palisade::resource::{ResourceSet, digest};

fn plan(library: &Library, region: &str) -> Plan {
    let platform = library.platform().unwrap();
    Plan {
        target: Target::Region,
        region: library.region(region).unwrap(),
        networks: Network::BOTH.to_vec(),
        speaks_for_all: false,
        platform: Platform::Kubernetes,
        version: None,
        pod_subnet: platform.subnets.pods,
        workers: None,
        host_endpoints: HostEndpoints::Never,
        wanted: Wanted::default(),
        services: Vec::new(),
        strict: false,
        isolation: None,
        ingress: Ingress::default(),
        log_denied: None,
        platform_profile: platform,
    }
}

fn benches(criterion: &mut Criterion) {
    let library = Library::embedded();
    let templates = Templates::embedded().unwrap();
    criterion.bench_function("profile/read us-south", |b| {
        b.iter(|| library.region("us-south").unwrap());
    });
    criterion.bench_function("templates/compile", |b| {
        b.iter(|| Templates::embedded().unwrap());
    });
    let us_south = plan(&library, "us-south");
    criterion.bench_function("render/us-south both networks", |b| {
        b.iter(|| render(&us_south, &templates).unwrap());
    });
    let (bundles, _) = render(&us_south, &templates).unwrap();
    let inputs: Vec<_> = bundles
        .iter()
        .flat_map(|bundle| &bundle.files)
        .map(|file| file.input.clone())
        .collect();
    criterion.bench_function("read/us-south both networks", |b| {
        b.iter(|| ResourceSet::read(&inputs));
    });
    let set = ResourceSet::read(&inputs);
    criterion.bench_function("digest/us-south both networks", |b| {
        b.iter(|| set.iter().map(digest).collect::<Vec<_>>());
    });
}

criterion_group!(all, benches);
criterion_main!(all);
