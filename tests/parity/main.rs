//! What is rendered equals what upstream publishes, object by object.
//!
//! `upstream.txt` holds the digest of the normal form (STORE-12) of every upstream policy; see
//! `examples/upstream-digests.rs` for how it is made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons
)]

use std::collections::BTreeMap;

use palisade::bundle::{HostEndpoints, Plan, Target, Templates, Wanted, render};
use palisade::profile::{Ingress, Library, Network, Platform};
use palisade::resource::digest;

/// Digest by region, network, kind and path.
fn upstream() -> BTreeMap<String, String> {
    include_str!("upstream.txt")
        .lines()
        .map(|line| {
            let (object, digest) = line.rsplit_once(' ').unwrap();
            (object.to_owned(), digest.to_owned())
        })
        .collect()
}

/// The same table of everything that is rendered, required and optional, for either platform.
fn rendered() -> BTreeMap<String, String> {
    let library = Library::embedded();
    let templates = Templates::embedded().unwrap();
    let platform = library.platform().unwrap();
    let mut table = BTreeMap::new();
    for region in library.regions() {
        let plan = Plan {
            target: Target::Region,
            region: library.region(region).unwrap(),
            networks: Network::BOTH.to_vec(),
            speaks_for_all: false,
            platform: Platform::Openshift,
            version: None,
            pod_subnet: platform.subnets.pods,
            workers: None,
            host_endpoints: HostEndpoints::Never,
            wanted: Wanted::default().then(vec!["dashboard".parse().unwrap()], Vec::new()),
            services: Vec::new(),
            strict: false,
            isolation: None,
            ingress: Ingress::default(),
            log_denied: None,
            platform_profile: platform.clone(),
        };
        for bundle in render(&plan, &templates).unwrap().0 {
            for resource in bundle.resources().iter() {
                let (kind, path) = (&resource.key.kind, resource.key.path());
                let object = format!("{region} {} {kind} {path}", bundle.network.unwrap());
                table.insert(object, digest(resource));
            }
        }
    }
    table
}

#[test]
fn every_policy_of_every_region_equals_upstream() {
    let upstream = upstream();
    assert_eq!(upstream.len(), 210);
    assert_eq!(rendered(), upstream);
}

#[test]
fn a_digest_tells_objects_apart_and_spellings_not() {
    let read = |text: &str| {
        let input = palisade::finding::Input::new("t", text);
        palisade::resource::read(&input).0.remove(0)
    };
    let base = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: a}\n";
    let plain = digest(&read(&format!(
        "{base}spec: {{selector: a == 'b', types: [Egress], egress: [{{action: Allow, protocol: TCP, \
         destination: {{nets: [10.0.0.0/8, 192.0.2.0/24], ports: [80]}}}}]}}"
    )));
    // STORE-12: every one of these means the same to the API.
    let same = [
        "spec: {tier: default, selector: 'a == \"b\"', egress: [{action: Allow, protocol: 6, destination: {nets: [192.0.2.0/24, 10.0.0.0/8], ports: [80]}}]}",
    ];
    let alike = [
        "spec: {tier: default, selector: \"a=='b'\", egress: [{action: Allow, protocol: TCP, source: {}, destination: {nets: [192.0.2.7/24, 10.0.0.0/8, 10.0.0.0/8], ports: ['80']}}], ingress: [], applyOnForward: false}",
        "spec: {selector: a == 'b', types: [Egress], egress: [{action: Allow, protocol: TCP, destination: {nets: [10.0.0.0/8, 192.0.2.0/24], ports: ['80:80']}}]}",
    ];
    for text in alike {
        assert_eq!(digest(&read(&format!("{base}{text}"))), plain, "{text}");
    }
    // A protocol by number is another value than by name.
    assert_ne!(digest(&read(&format!("{base}{}", same[0]))), plain);
    let others = [
        "spec: {selector: a == 'b', types: [Egress], egress: [{action: Deny, protocol: TCP, destination: {nets: [10.0.0.0/8, 192.0.2.0/24], ports: [80]}}]}",
        "spec: {selector: a == 'c', types: [Egress], egress: [{action: Allow, protocol: TCP, destination: {nets: [10.0.0.0/8, 192.0.2.0/24], ports: [80]}}]}",
        "spec: {selector: a == 'b', types: [Egress], order: 1, egress: [{action: Allow, protocol: TCP, destination: {nets: [10.0.0.0/8, 192.0.2.0/24], ports: [80]}}]}",
        "spec: {selector: a == 'b', types: [Egress], egress: [{action: Allow, protocol: TCP, destination: {nets: [10.0.0.0/8], ports: [80]}}]}",
        "spec: {selector: a == 'b', types: [Egress, Ingress], egress: [{action: Allow, protocol: TCP, destination: {nets: [10.0.0.0/8, 192.0.2.0/24], ports: [80]}}]}",
        "spec: {selector: a == 'b', types: [Egress], egress: [{action: Allow, protocol: TCP, source: {nets: [10.0.0.0/8, 192.0.2.0/24]}, destination: {ports: [80]}}]}",
    ];
    for text in others {
        assert_ne!(digest(&read(&format!("{base}{text}"))), plain, "{text}");
    }
}
