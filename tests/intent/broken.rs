//! A policy or a rule that is missing, or that allows what it denied, is noticed by some intent;
//! and where none notices, that is right.

use std::collections::BTreeMap;

use palisade::profile::{Network, Platform};
use palisade::resource::{Action, Body, ResourceSet, Written};

use crate::flows::{Held, telling};
use crate::place::{Place, region_plan};

const PRIVATE: &[Network] = &[Network::Private];
const PUBLIC: &[Network] = &[Network::Public];

/// What is done to a set, told; and the set that comes of it.
type Broken = BTreeMap<String, ResourceSet>;

/// Every set with one policy, one rule, or one denial less.
fn broken(set: &ResourceSet) -> Broken {
    let mut all = Broken::new();
    for resource in set.iter() {
        let path = resource.key.path();
        let Body::Policy(policy) = &resource.body else {
            continue;
        };
        let with = |body: Option<Body>| {
            let mut changed = ResourceSet::default();
            for other in set.iter() {
                let mut other = other.clone();
                if other.key == resource.key {
                    match &body {
                        Some(body) => other.body = body.clone(),
                        None => continue,
                    }
                }
                changed.add(other);
            }
            changed
        };
        all.insert(path.clone(), with(None));
        for (direction, rules) in [("ingress", &policy.ingress), ("egress", &policy.egress)] {
            let count = rules.as_ref().map_or(0, |rules| rules.value.len());
            for index in 0..count {
                let mut changed = policy.clone();
                let rules = match direction {
                    "ingress" => &mut changed.ingress,
                    _ => &mut changed.egress,
                };
                let rules = &mut rules.as_mut().unwrap().value;
                let action = rules[index].action.as_mut().unwrap();
                if action.value == Written::Valid(Action::Deny) {
                    action.value = Written::Valid(Action::Allow);
                } else {
                    rules.remove(index);
                }
                let told = format!("{path} {direction} {}", index + 1);
                all.insert(told, with(Some(Body::Policy(changed))));
            }
        }
    }
    all
}

/// What can be done to the sets of a region without any intent noticing.
fn unnoticed(networks: &[Network], platform: Platform) -> Vec<String> {
    let plan = || region_plan("us-south", networks, platform);
    let mut all = Broken::new();
    Place::new("whole", plan(), true, |set| {
        all = broken(&set);
        set
    });
    assert!(all.len() > 20, "{}", all.len());
    let mut unnoticed = Vec::new();
    for (told, changed) in all {
        let place = Place::new(told.as_str(), plan(), true, |_| changed);
        let mut held = Held::new(&place);
        if !telling(&place.intents).any(|intent| held.refute(intent).is_some()) {
            unnoticed.push(told);
        }
    }
    unnoticed
}

#[test]
fn of_the_private_networks_set() {
    let expected = [
        // The masters and the provider's services are not at private addresses, and of those
        // rule 6 opens every one to pods.
        "allow-egress-pods-private egress 7",
        "allow-egress-pods-private egress 8",
        // TCP 6443 is a failsafe port (EVAL-33).
        "allow-private-services egress 2",
        "allow-private-services-pods",
        "allow-private-services-pods egress 1",
        "allow-private-services-pods egress 2",
        "allow-private-services-pods egress 3",
        "allow-private-services-pods egress 4",
        "allow-private-services-pods egress 5",
        "allow-private-services-pods egress 6",
    ];
    assert_eq!(unnoticed(PRIVATE, Platform::Kubernetes), expected);
}

/// What is not noticed on the public network, whatever the platform.
const OF_PUBLIC: [&str; 7] = [
    // Rules 1 and 2 open port 443 of every address.
    "allow-ibm-ports-public egress 3",
    "allow-ibm-ports-public egress 4",
    // TCP 6443 is a failsafe port; 443 is open as said, and 80 by the Istio egress gateway's rule.
    "allow-public-services egress 2",
    "allow-public-services egress 3",
    // The ports of the metrics server, 443 and those of the Istio egress gateway are open to pods.
    "allow-public-services-pods egress 1",
    "allow-public-services-pods egress 2",
    "allow-public-services-pods egress 3",
];

#[test]
fn of_the_public_networks_set() {
    assert_eq!(unnoticed(PUBLIC, Platform::Kubernetes), OF_PUBLIC);
}

#[test]
fn of_the_public_networks_set_on_openshift() {
    let mut expected = OF_PUBLIC.to_vec();
    // The konnectivity agent reaches everything anyway.
    expected.push("kube-system/allow-kube-system-to-olm egress 2");
    assert_eq!(unnoticed(PUBLIC, Platform::Openshift), expected);
}
