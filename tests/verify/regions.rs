//! The built-in intents of every region and every example cluster are proven.

use palisade::bundle::{Case, HostEndpoints, Plan, Target, Templates, Wanted, render};
use palisade::profile::{Library, Network, Platform};
use palisade::question::verify::ProofOutcome;
use palisade::report;
use palisade::resource::ResourceSet;

pub(crate) fn region_plan(region: &str, networks: &[Network], platform: Platform) -> Plan {
    let library = Library::embedded();
    let profile = library.platform().unwrap();
    Plan {
        target: Target::Region,
        region: library.region(region).unwrap(),
        networks: networks.to_vec(),
        speaks_for_all: false,
        platform,
        version: None,
        pod_subnet: profile.subnets.pods,
        workers: None,
        host_endpoints: HostEndpoints::Never,
        wanted: Wanted::default(),
        services: Vec::new(),
        platform_profile: profile,
    }
}

pub(crate) fn rendered(plan: &Plan) -> ResourceSet {
    let (bundles, _) = render(plan, &Templates::embedded().unwrap()).unwrap();
    let mut set = ResourceSet::default();
    for bundle in &bundles {
        for resource in bundle.resources().iter() {
            set.add(resource.clone());
        }
    }
    set
}

/// What is not proven of the plan's sets, told.
pub(crate) fn not_proven(plan: &Plan, set: &ResourceSet, baseline: bool) -> Vec<String> {
    let texts = baseline.then(|| Library::embedded().baseline());
    let case = Case::new(plan, set.clone(), texts, &[], |_| {}).unwrap();
    let proofs = case.prove(&plan.platform_profile, |_| {}).unwrap();
    let mut told = Vec::new();
    for (intent, proof) in case.intents.iter().zip(&proofs) {
        if proof.outcome != ProofOutcome::Proved {
            let mut text = format!("{:?} {}\n", proof.outcome, intent.name);
            for counter in &proof.counters {
                text += &format!("{:?} {}\n{}\n", counter.fault, counter.header, counter.like);
                text += &report::trace::text(&counter.answered);
            }
            told.push(text);
        }
    }
    told
}

#[test]
fn the_sets_of_us_south_are_proven() {
    for networks in [
        &[Network::Private][..],
        &[Network::Public],
        &[Network::Private, Network::Public],
    ] {
        for baseline in [true, false] {
            let plan = region_plan("us-south", networks, Platform::Kubernetes);
            let set = rendered(&plan);
            let start = std::time::Instant::now();
            let told = not_proven(&plan, &set, baseline);
            println!(
                "{networks:?} {baseline} {} {:?}",
                told.len(),
                start.elapsed()
            );
            println!("{}", told.join("\n"));
        }
    }
}
