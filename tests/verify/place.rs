//! Plans, what is rendered of them, and what is not proven of that.

use std::fmt::Write as _;

use palisade::bundle::{Case, HostEndpoints, Plan, Target, Templates, Wanted, render};
use palisade::profile::{Ingress, Library, Network, Platform};
use palisade::question::verify::ProofOutcome;
use palisade::resource::ResourceSet;

/// The plan of a region, with every part that is usual.
pub fn region_plan(library: &Library, region: &str, networks: &[Network]) -> Plan {
    let profile = library.platform().unwrap();
    Plan {
        target: Target::Region,
        region: library.region(region).unwrap(),
        networks: networks.to_vec(),
        speaks_for_all: false,
        platform: Platform::Kubernetes,
        version: None,
        pod_subnet: profile.subnets.pods,
        workers: None,
        host_endpoints: HostEndpoints::Never,
        wanted: Wanted::default(),
        services: Vec::new(),
        strict: false,
        isolation: None,
        ingress: Ingress::default(),
        log_denied: None,
        platform_profile: profile,
    }
}

pub fn rendered(plan: &Plan, templates: &Templates) -> ResourceSet {
    let (bundles, _) = render(plan, templates).unwrap();
    let mut set = ResourceSet::default();
    for bundle in &bundles {
        for resource in bundle.resources().iter() {
            set.add(resource.clone());
        }
    }
    set
}

/// How many intents are proven of the plan's sets, with the platform's own policies or without. All
/// must be.
pub fn proven(library: &Library, plan: &Plan, set: &ResourceSet, baseline: bool) -> usize {
    let texts = baseline.then(|| library.baseline());
    let case = Case::rendered(plan, set.clone(), texts, &[], |_| {}).unwrap();
    let proofs = case.prove(&plan.platform_profile, |_| {}).unwrap();
    assert_eq!(proofs.len(), case.intents.len());
    let mut told = String::new();
    for (intent, proof) in case.intents.iter().zip(&proofs) {
        if proof.outcome != ProofOutcome::Proved {
            let counters = proof.counters.iter();
            let packets: Vec<String> = counters.map(|c| c.header.to_string()).collect();
            let _ = writeln!(told, "{:?} {} {packets:?}", proof.outcome, intent.name);
        }
    }
    let region = &plan.region.region.value;
    assert_eq!(told, "", "{region} {:?} {baseline}", plan.networks);
    proofs.len()
}
