//! What isolates apps: whatever is done to it is noticed.

use std::fs;

use palisade::bundle::{Baseline, Case, Plan, Templates};
use palisade::engine::Program;
use palisade::finding::Input;
use palisade::profile::{ClusterProfile, Library, Network};
use palisade::question::audit::difference;
use palisade::question::intent::Group;
use palisade::resource::{
    Body, Key, Kind, KubernetesPolicy, KubernetesRule, Resource, ResourceSet,
};

use crate::changes::{Change, of_entries, of_rules};
use crate::place::{region_plan, rendered};

fn plan(library: &Library, example: &str) -> Plan {
    let path = format!(
        "{}/examples/clusters/{example}.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    plan_of(library, &fs::read_to_string(path).unwrap())
}

/// The plan of a cluster profile, for the private network.
pub fn plan_of(library: &Library, text: &str) -> Plan {
    let input = Input::new("cluster.yaml", text);
    let cluster = ClusterProfile::read(&input).unwrap();
    Plan {
        platform: cluster.platform,
        isolation: cluster.isolation,
        ..region_plan(library, cluster.region.as_str(), &[Network::Private])
    }
}

/// Whether an intent notices, or there is nothing to notice: where both sides are closed, what one lets
/// through too much the other drops. That much is proven.
fn is_noticed(plan: &Plan, whole: &Program, set: ResourceSet, baseline: &Baseline) -> bool {
    let mut case = Case::rendered(plan, set, Some(baseline.clone()), &[], |_| {}).unwrap();
    // What is said of workers and the world outside is not about apps.
    let is_pods = |group: &Group| matches!(group, Group::Pods { .. });
    let intents = &mut case.intents;
    intents.retain(|intent| is_pods(&intent.from) || is_pods(&intent.to));
    let proofs = case.prove(&plan.platform_profile, |_| {}).unwrap();
    let mut proofs = proofs.iter();
    proofs.any(|proof| !proof.outcome.holds())
        || difference(whole, &case.program, &plan.platform_profile)
            .unwrap()
            .is_none()
}

/// The set with another policy of Kubernetes in the place of that of `key`, or none.
fn with(set: &ResourceSet, key: &Key, policy: Option<&KubernetesPolicy>) -> ResourceSet {
    let mut changed = ResourceSet::default();
    for resource in set.iter() {
        match (policy, resource.key == *key) {
            (_, false) => changed.add(resource.clone()),
            (Some(policy), true) => changed.add(Resource {
                body: Body::KubernetesPolicy(Box::new(policy.clone())),
                ..resource.clone()
            }),
            (None, true) => {}
        }
    }
    changed
}

/// Every way in which a rule says more or less.
fn of_rule(rule: &KubernetesRule) -> Vec<(String, Option<KubernetesRule>)> {
    let mut all = vec![
        ("removed".to_owned(), None),
        (
            "holds everything".to_owned(),
            Some(KubernetesRule::default()),
        ),
    ];
    let mut add = |told: String, change: &dyn Fn(&mut KubernetesRule)| {
        let mut changed = rule.clone();
        change(&mut changed);
        all.push((told, Some(changed)));
    };
    for at in 0..rule.ports.as_ref().map_or(0, |ports| ports.value.len()) {
        add(format!("port {} is every port", at + 1), &|rule| {
            let port = &mut rule.ports.as_mut().unwrap().value[at];
            (port.port, port.end_port) = (None, None);
        });
        add(format!("port {} removed", at + 1), &|rule| {
            let ports = rule.ports.as_mut().unwrap();
            ports.value.remove(at);
            if ports.value.is_empty() {
                rule.ports = None;
            }
        });
    }
    let peers = rule.peers.iter().flat_map(|peers| &peers.value);
    for (at, peer) in peers.enumerate() {
        let told = |what: &str| format!("peer {} {what}", at + 1);
        if let Some(pods) = &peer.pod_selector {
            add(told("without pods"), &|rule| {
                let peer = &mut rule.peers.as_mut().unwrap().value[at];
                match peer.namespace_selector {
                    Some(_) => peer.pod_selector = None,
                    None => peer.pod_selector.as_mut().unwrap().match_labels.clear(),
                }
            });
            for label in 0..pods.match_labels.len() {
                add(told(&format!("without label {}", label + 1)), &|rule| {
                    let peer = &mut rule.peers.as_mut().unwrap().value[at];
                    peer.pod_selector
                        .as_mut()
                        .unwrap()
                        .match_labels
                        .remove(label);
                });
            }
        }
        if peer.namespace_selector.is_some() {
            add(told("of every namespace"), &|rule| {
                let peer = &mut rule.peers.as_mut().unwrap().value[at];
                peer.namespace_selector
                    .as_mut()
                    .unwrap()
                    .match_labels
                    .clear();
            });
            if peer.pod_selector.is_some() {
                add(told("of its own namespace"), &|rule| {
                    let peer = &mut rule.peers.as_mut().unwrap().value[at];
                    peer.namespace_selector = None;
                });
                // The mistake that two entries make of one: either selector would do.
                add(told("in two"), &|rule| {
                    let peers = &mut rule.peers.as_mut().unwrap().value;
                    let mut other = peers[at].clone();
                    peers[at].pod_selector = None;
                    other.namespace_selector = None;
                    peers.push(other);
                });
            }
        }
    }
    all
}

/// Every policy of Kubernetes changed in one thing, by what was done.
fn of_kubernetes(set: &ResourceSet) -> Vec<(String, ResourceSet)> {
    let mut all = Vec::new();
    for resource in set.iter() {
        let Body::KubernetesPolicy(policy) = &resource.body else {
            continue;
        };
        let (key, path) = (&resource.key, resource.key.path());
        all.push((format!("{path} removed"), with(set, key, None)));
        let mut selects = (**policy).clone();
        let pods = selects.pod_selector.as_mut().unwrap();
        if pods.match_labels.pop().is_some() {
            all.push((
                format!("{path} selects more"),
                with(set, key, Some(&selects)),
            ));
        }
        for direction in ["ingress", "egress"] {
            let rules = |policy: &KubernetesPolicy| match direction {
                "ingress" => policy.ingress.clone(),
                _ => policy.egress.clone(),
            };
            let Some(own) = rules(policy) else { continue };
            for (index, rule) in own.value.iter().enumerate() {
                for (told, changed) in of_rule(rule) {
                    let mut policy = (**policy).clone();
                    let list = match direction {
                        "ingress" => policy.ingress.as_mut(),
                        _ => policy.egress.as_mut(),
                    };
                    let list = &mut list.unwrap().value;
                    match changed {
                        Some(rule) => list[index] = rule,
                        None => drop(list.remove(index)),
                    }
                    let told = format!("{path} {direction} {} {told}", index + 1);
                    all.push((told, with(set, key, Some(&policy))));
                }
            }
        }
    }
    all
}

/// What nobody notices of what is done to the isolation of an example, one line each.
fn unnoticed(example: &str, least: usize) -> Vec<String> {
    let library = Library::embedded();
    let plan = plan(&library, example);
    let set = rendered(&plan, &Templates::embedded().unwrap());
    let baseline = library.baseline();
    let whole = Case::rendered(&plan, set.clone(), Some(baseline.clone()), &[], |_| {}).unwrap();
    let proofs = whole.prove(&plan.platform_profile, |_| {}).unwrap();
    assert!(proofs.iter().all(|proof| proof.outcome.holds()));
    let whole = whole.program;
    // Nothing but what isolates apps is namespaced.
    let mut own = ResourceSet::default();
    for resource in set
        .iter()
        .filter(|r| r.key.kind == Kind::NetworkPolicy && r.input.name.contains("/isolation/"))
    {
        own.add(resource.clone());
    }
    let calico: Vec<Change> = [of_rules(&own), of_entries(&own)]
        .into_iter()
        .flatten()
        .collect();
    let calico = calico
        .iter()
        .map(|change| (change.told.clone(), change.of(&set)));
    let all: Vec<(String, ResourceSet)> = of_kubernetes(&set).into_iter().chain(calico).collect();
    assert!(all.len() >= least, "{}", all.len());
    let left = all
        .into_iter()
        .filter(|(_, set)| !is_noticed(&plan, &whole, set.clone(), &baseline));
    left.map(|(told, _)| told).collect()
}

#[test]
fn of_two_teams() {
    assert_eq!(unnoticed("isolated-namespaces", 30), [""; 0]);
}

#[test]
fn of_three_tiers() {
    assert_eq!(unnoticed("isolated-tiers", 60), [""; 0]);
}

#[test]
fn of_policies_of_calico() {
    assert_eq!(unnoticed("isolated-calico", 30), [""; 0]);
}
