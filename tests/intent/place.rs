//! Clusters with the sets that are rendered for them.

use palisade::bundle::{HostEndpoints, Plan, Target, Templates, Wanted, intent_facts, render};
use palisade::engine::{Program, compile};
use palisade::finding::Input;
use palisade::profile::{
    ClusterProfile, Ingress, Library, Network, Platform, Surroundings, Workers,
};
use palisade::question::intent::{Intent, built_in};
use palisade::question::subject::{Known, subject};
use palisade::resource::{ResourceSet, read};

/// A cluster and what must hold of it.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) program: Program,
    pub(crate) intents: Vec<Intent>,
    pub(crate) plan: Plan,
}

const WORKERS: &str = "
workers:
- {name: w-one, privateIP: 10.5.0.10, publicIP: 203.0.113.10}
- {name: w-two, privateIP: 10.5.0.11, publicIP: 203.0.113.11}
- {name: w-inner, privateIP: 10.5.0.12}
";

/// Namespaces of which something is known: the dashboard's way is through one with this label.
const NAMESPACES: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: web}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: ops, labels: {kubernetes-dashboard-policy: allow}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, labels: {kubernetes-dashboard-policy: allow}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: openshift-ingress}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: openshift-console}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: openshift-ingress-canary}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: openshift-monitoring}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: openshift-operator-lifecycle-manager}}
";

/// The plan of a region's sets.
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
        workers: Some(Workers::read(&Input::new("workers.yaml", WORKERS)).unwrap()),
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

/// The plan of one of the example clusters.
pub(crate) fn cluster_plan(file: &str) -> Plan {
    let path = format!("{}/examples/clusters/{file}", env!("CARGO_MANIFEST_DIR"));
    let input = Input::new(file, std::fs::read_to_string(path).unwrap());
    let cluster = ClusterProfile::read(&input).unwrap();
    let networks: Vec<Network> = cluster.networks.iter().map(|n| n.value).collect();
    let plan = region_plan(cluster.region.as_str(), &networks, cluster.platform);
    let words = |list: &[palisade::yaml::Located<palisade::profile::Name>]| {
        list.iter().map(|word| word.value.clone()).collect()
    };
    let workers = Workers::new(&input, cluster.workers.clone());
    let ingress = Surroundings {
        input: &input,
        library: &Library::embedded(),
        platform: &plan.platform_profile,
        region: &plan.region,
        workers: Some(&workers),
    }
    .ingress(&cluster)
    .unwrap();
    Plan {
        target: Target::Cluster(cluster.name.value.clone()),
        version: cluster.version,
        pod_subnet: cluster
            .pod_subnet
            .as_ref()
            .map_or(plan.pod_subnet, |own| own.value),
        workers: Some(workers),
        wanted: Wanted::default().then(words(&cluster.with), words(&cluster.without)),
        ingress,
        services: cluster.services,
        // The platform makes none for this version, or the bundle has them.
        host_endpoints: HostEndpoints::Auto,
        ..plan
    }
}

impl Place {
    /// The cluster of a plan, with the platform's own policies and host endpoints or without.
    pub(crate) fn new(name: impl Into<String>, mut plan: Plan, baseline: bool) -> Self {
        if !baseline {
            plan.host_endpoints = HostEndpoints::Always;
        }
        let (bundles, _) = render(&plan, &Templates::embedded().unwrap()).unwrap();
        let mut set = ResourceSet::default();
        for bundle in &bundles {
            for resource in bundle.resources().iter() {
                set.add(resource.clone());
            }
        }
        for resource in read(&Input::new("namespaces.yaml", NAMESPACES)).0 {
            set.add(resource);
        }
        let known = Known {
            platform_profile: plan.platform_profile.clone(),
            platform: plan.platform,
            version: plan.version,
            pod_subnet: plan.pod_subnet,
            workers: plan.workers.as_ref().unwrap().list.clone(),
            guarded: false,
            baseline: baseline.then(|| Library::embedded().baseline()),
        };
        let subject = subject(set, &known).unwrap();
        let program = compile(&subject.resources, &subject.settings);
        let intents = built_in(&intent_facts(&plan, baseline)).unwrap();
        Self {
            name: name.into(),
            program,
            intents,
            plan,
        }
    }
}
