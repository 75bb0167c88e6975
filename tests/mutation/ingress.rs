//! Policies of ingress: every rule and every entry of them is noticed.

use palisade::bundle::{Plan, Target, Wanted};
use palisade::finding::Input;
use palisade::profile::{ClusterProfile, Library, Network, Surroundings, Workers};
use palisade::resource::ResourceSet;

use crate::changes::{of_entries, of_rules};
use crate::judge::Judge;
use crate::place::region_plan;

/// The plan of an example cluster, with host endpoints of the platform's.
fn cluster_plan(library: &Library, name: &str) -> Plan {
    let path = format!(
        "{}/examples/clusters/{name}.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let input = Input::new(name, std::fs::read_to_string(path).unwrap());
    let cluster = ClusterProfile::read(&input).unwrap();
    let plan = region_plan(library, cluster.region.as_str(), &Network::BOTH);
    let workers = Workers::new(&input, cluster.workers.clone());
    let ingress = Surroundings {
        input: &input,
        library,
        platform: &plan.platform_profile,
        region: &plan.region,
        workers: Some(&workers),
    }
    .ingress(&cluster)
    .unwrap();
    let without = cluster.without.iter().map(|word| word.value.clone());
    Plan {
        target: Target::Cluster(cluster.name.value.clone()),
        wanted: Wanted::default().then(Vec::new(), without.collect()),
        workers: Some(workers),
        ingress,
        ..plan
    }
}

/// Nothing that may be done to the policies of ingress of a cluster goes unnoticed but what `list`
/// lists.
fn judge(name: &str, list: &str) {
    let plan = cluster_plan(&Library::embedded(), name);
    let names: Vec<String> = plan
        .platform_profile
        .ingress
        .policies
        .iter()
        .filter(|policy| plan.wants_ingress(policy))
        .map(|policy| policy.name.to_string())
        .collect();
    assert!(!names.is_empty());
    let judge = Judge::of_plan(plan);
    let mut own = ResourceSet::default();
    for resource in judge.own.iter().filter(|r| names.contains(&r.key.name)) {
        own.add(resource.clone());
    }
    let mut changes = of_rules(&own);
    changes.extend(of_entries(&own));
    assert!(changes.len() > 8, "{}", changes.len());
    judge.assert_listed(&changes, list);
}

#[test]
fn of_closed_node_ports() {
    judge("nodeports-closed", "");
}

#[test]
fn of_edge_workers() {
    judge("edge-workers", "");
}

#[test]
fn of_allowed_clients() {
    judge("nlb-allow", include_str!("ingress/nlb-allow.txt"));
}

#[test]
fn of_allowed_clients_that_are_not_tracked() {
    judge("nlb2-allow", include_str!("ingress/nlb2-allow.txt"));
}

#[test]
fn of_denied_clients() {
    judge("nlb-deny", "");
}

#[test]
fn of_health_checks() {
    judge("alb-cloudflare", include_str!("ingress/alb-cloudflare.txt"));
}
