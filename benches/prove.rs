//! How long it takes to prove a region's sets and to tell what a change does to flows.
//!
//! `small` is us-south with both networks, 3 workers with two host endpoints each and 10 pods;
//! `large` has 50 workers and 500 pods in 23 namespaces; `unlisted` has no pods, so every kind that
//! selectors tell apart stands for those to come. Rendering and reading are not measured.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade::bundle::{Case, HostEndpoints, Plan, Target, Templates, Wanted, render};
use palisade::finding::Input;
use palisade::profile::{Ingress, Library, Network, Platform, Workers};
use palisade::question::flows::flow_diff;
use palisade::question::verify::ProofOutcome;
use palisade::resource::{ResourceSet, read};

fn plan(workers: usize) -> Plan {
    let mut list = String::from("workers:\n");
    for n in 0..workers {
        writeln!(
            list,
            "- {{name: w{n:03}, privateIP: 10.250.0.{}, publicIP: 203.0.113.{}}}",
            n + 1,
            n + 1
        )
        .unwrap();
    }
    let library = Library::embedded();
    let profile = library.platform().unwrap();
    Plan {
        target: Target::Region,
        region: library.region("us-south").unwrap(),
        networks: Network::BOTH.to_vec(),
        speaks_for_all: false,
        platform: Platform::Kubernetes,
        version: None,
        pod_subnet: profile.subnets.pods,
        workers: Some(Workers::read(&Input::new("workers", list)).unwrap()),
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

fn set(plan: &Plan, pods: usize, workers: usize) -> ResourceSet {
    let (bundles, _) = render(plan, &Templates::embedded().unwrap()).unwrap();
    let mut set = ResourceSet::default();
    for bundle in &bundles {
        for resource in bundle.resources().iter() {
            set.add(resource.clone());
        }
    }
    let mut text = String::new();
    for n in 0..pods {
        writeln!(
            text,
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p{n}, namespace: n{}, labels: \
             {{app: a{}}}}}, spec: {{nodeName: w{:03}}}, status: {{phase: Running, podIPs: \
             [{{ip: 172.30.{}.{}}}]}}}}",
            n % 23,
            n % 7,
            n % workers,
            n / 200,
            n % 200 + 1
        )
        .unwrap();
    }
    for resource in read(&Input::new("pods", text)).0 {
        set.add(resource);
    }
    set
}

fn case(pods: usize, workers: usize, without: &str) -> (Plan, Case) {
    let plan = plan(workers);
    let mut kept = ResourceSet::default();
    for resource in set(&plan, pods, workers).iter() {
        if resource.key.name != without {
            kept.add(resource.clone());
        }
    }
    let baseline = Some(Library::embedded().baseline());
    let case = Case::new(&plan, kept, baseline, &[], |_| {}).unwrap();
    (plan, case)
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("prove");
    group.sample_size(10);
    for (name, pods, workers) in [("small", 10, 3), ("large", 500, 50), ("unlisted", 0, 3)] {
        let (plan, whole) = case(pods, workers, "");
        let (_, changed) = case(pods, workers, "allow-sys-mgmt-private");
        let proofs = whole.prove(&plan.platform_profile, |_| {}).unwrap();
        assert!(proofs.iter().all(|proof| proof.outcome.holds()));
        assert!(proofs.iter().any(|p| p.outcome == ProofOutcome::Proved));
        group.bench_function(format!("{name}: verify"), |b| {
            b.iter(|| black_box(whole.prove(&plan.platform_profile, |_| {}).unwrap()));
        });
        let absent = [plan.platform_profile.role_label.clone()];
        let diff = flow_diff(&whole.program, &changed.program, &absent).unwrap();
        assert!(!diff.is_empty());
        group.bench_function(format!("{name}: flow diff"), |b| {
            b.iter(|| {
                black_box(flow_diff(&whole.program, &changed.program, &absent).unwrap());
            });
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
