//! The built-in intents hold of the sets that are rendered, flow by flow, and no longer do when a
//! policy of these is missing.

use std::collections::BTreeSet;

use palisade::profile::{Library, Network, Platform};
use palisade::question::intent::Expect;
use palisade::resource::ResourceSet;

use crate::flows::Held;
use crate::place::{Place, cluster_plan, region_plan};

const SETS: [&[Network]; 3] = [
    &[Network::Private],
    &[Network::Public],
    &[Network::Private, Network::Public],
];

/// Every intent of the place that does not hold, told.
fn refuted(place: &Place) -> Vec<String> {
    let mut held = Held::new(place);
    let told = place
        .intents
        .iter()
        .filter_map(|intent| held.refute(intent));
    let told = told.collect();
    assert!(held.flows > 10_000, "{}: {}", place.name, held.flows);
    told
}

fn assert_all_hold(places: impl IntoIterator<Item = Place>) {
    let wrong: Vec<String> = places
        .into_iter()
        .flat_map(|place| refuted(&place))
        .collect();
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

fn region(name: &str, networks: &[Network], platform: Platform, baseline: bool) -> Place {
    let plan = region_plan(name, networks, platform);
    let told = format!("{name} {networks:?} {platform} baseline {baseline}");
    Place::new(told, plan, baseline, |set| set)
}

/// The regions of which half a test each takes a part, so that both run at once.
fn regions(half: usize) -> Vec<String> {
    let library = Library::embedded();
    let regions = library.regions().into_iter().map(str::to_owned);
    regions.skip(half).step_by(2).collect()
}

fn all_sets(half: usize) -> impl Iterator<Item = Place> {
    regions(half)
        .into_iter()
        .flat_map(|name| SETS.map(|networks| region(&name, networks, Platform::Kubernetes, true)))
}

#[test]
fn built_in_intents_hold_of_every_other_region() {
    assert_all_hold(all_sets(0));
}

#[test]
fn built_in_intents_hold_of_the_regions_between() {
    assert_all_hold(all_sets(1));
}

#[test]
fn built_in_intents_hold_without_the_platforms_own_policies_and_on_openshift() {
    assert_all_hold(SETS.into_iter().flat_map(|networks| {
        [
            region("us-south", networks, Platform::Kubernetes, false),
            region("us-south", networks, Platform::Openshift, true),
            region("us-south", networks, Platform::Openshift, false),
        ]
    }));
}

#[test]
fn built_in_intents_hold_of_the_example_clusters() {
    let files = [
        "openshift-pod-subnet.yaml",
        "private-only.yaml",
        "public-gateway.yaml",
    ];
    assert_all_hold(files.into_iter().flat_map(|file| {
        [true, false].map(|baseline| {
            let name = format!("{file} baseline {baseline}");
            Place::new(name, cluster_plan(file), baseline, |set| set)
        })
    }));
}

/// The policies that are rendered for the place, by their path.
fn policies(networks: &[Network], platform: Platform) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let plan = region_plan("us-south", networks, platform);
    Place::new("", plan, true, |set| {
        let policies = set.iter().filter(|r| r.key.kind.is_policy());
        paths.extend(policies.map(|r| r.key.path()));
        set
    });
    paths
}

/// Policies without which every intent still holds.
fn unnoticed(networks: &[Network], platform: Platform) -> Vec<String> {
    let mut unnoticed = Vec::new();
    for path in policies(networks, platform) {
        let plan = region_plan("us-south", networks, platform);
        let broken = Place::new(path.as_str(), plan, true, |set| {
            let mut rest = ResourceSet::default();
            for resource in set.iter().filter(|r| r.key.path() != path) {
                rest.add(resource.clone());
            }
            rest
        });
        let mut held = Held::new(&broken);
        // Those about everything first: they are the likeliest to notice.
        let mut intents: Vec<_> = broken.intents.iter().collect();
        intents.sort_by_key(|intent| intent.expect != Expect::Exactly);
        if !intents
            .into_iter()
            .any(|intent| held.refute(intent).is_some())
        {
            unnoticed.push(path);
        }
    }
    unnoticed
}

#[test]
fn a_missing_policy_is_noticed() {
    // The provider's services are not at private addresses, and of those the private network's set
    // opens every one to pods.
    let of_private = ["allow-private-services-pods"];
    assert_eq!(unnoticed(SETS[0], Platform::Kubernetes), of_private);
    assert_eq!(unnoticed(SETS[1], Platform::Kubernetes), [""; 0]);
    assert_eq!(unnoticed(SETS[1], Platform::Openshift), [""; 0]);
    // With both, it opens to pods what the public network's set opens, but for what that opens at
    // private addresses too; and it opens pods to each other, the dashboard's among them.
    let of_both = [
        "allow-egress-pods-public",
        "allow-private-services-pods",
        "kube-system/allow-k8s-master-to-dashboard-via-vpn",
    ];
    assert_eq!(unnoticed(SETS[2], Platform::Kubernetes), of_both);
}
