//! The built-in intents hold of what is rendered, flow by flow as the evaluator sees it: a check by
//! samples that owes nothing to the proofs. All regions are proven in `tests/verify`, and what is
//! broken is noticed in `tests/mutation`.

use std::collections::BTreeSet;

use palisade::engine::space::Spaces;
use palisade::profile::{Network, Platform};
use palisade::question::intent::conflict;

use crate::flows::{Held, telling};
use crate::place::{Place, cluster_plan, region_plan};

const SETS: [&[Network]; 3] = [
    &[Network::Private],
    &[Network::Public],
    &[Network::Private, Network::Public],
];

fn region(name: &str, networks: &[Network], platform: Platform, baseline: bool) -> Place {
    let plan = region_plan(name, networks, platform);
    let told = format!("{name} {networks:?} {platform} baseline {baseline}");
    Place::new(told, plan, baseline)
}

/// What the intents say once holds of every place.
fn assert_all_hold(places: impl IntoIterator<Item = Place>) {
    let mut wrong = Vec::new();
    for place in places {
        let mut held = Held::new(&place);
        wrong.extend(telling(&place.intents).filter_map(|intent| held.refute(intent)));
        assert!(held.flows > 10_000, "{}: {}", place.name, held.flows);
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn built_in_intents_hold_of_a_region() {
    assert_all_hold(
        [true, false].map(|baseline| region("us-south", SETS[2], Platform::Kubernetes, baseline)),
    );
}

#[test]
fn built_in_intents_hold_of_the_example_clusters() {
    let files = [
        "openshift-pod-subnet.yaml",
        "private-only.yaml",
        "public-gateway.yaml",
        "alb-cloudflare.yaml",
        "edge-workers.yaml",
        "nlb-allow.yaml",
        "nlb-deny.yaml",
        "nlb2-allow.yaml",
        "nodeports-closed.yaml",
    ];
    assert_all_hold(files.map(|file| Place::new(file, cluster_plan(file), true)));
}

#[test]
fn built_in_intents_have_a_name_and_a_reason_each_and_do_not_contradict_each_other() {
    for networks in SETS {
        let place = region("us-south", networks, Platform::Openshift, true);
        let names: BTreeSet<&str> = place.intents.iter().map(|i| i.name.as_str()).collect();
        assert_eq!(names.len(), place.intents.len());
        assert!(place.intents.iter().all(|i| i.why.ends_with('.')));
        let found = conflict(&place.intents, &mut Spaces::new()).unwrap();
        assert_eq!(found, None);
    }
}

#[test]
fn built_in_intents_as_they_are_read() {
    let place = region("us-south", SETS[2], Platform::Kubernetes, true);
    let mut told = String::new();
    let mut ends = String::new();
    for intent in &place.intents {
        let of_this = format!("{} -> {}", intent.from, intent.to);
        if ends != of_this {
            told += &format!("{of_this}\n");
            ends = of_this;
        }
        told += &format!("  {}: {}\n", intent.expect, intent.name);
    }
    insta::assert_snapshot!(told, @r#"
    workers on the private network -> 172.30.0.0/16
      allow: workers reach the pod subnet on the private network
    workers on the private network -> addresses outside the cluster by the private network
      allow: workers reach the control plane on the private network
      allow: workers reach name servers on the private network
      allow: workers reach file storage on the private network
      allow: workers reach block storage on the private network
      allow: workers reach Typha on the private network
      allow: workers reach the proxies to the master on the private network
      allow: workers reach the Kubernetes API at its service address on the private network
      allow: workers reach the systems that manage them on the private network
      allow: workers reach others by VRRP on the private network
      allow: workers reach the service registry on the private network
      allow: workers reach the service monitoring on the private network
      allow: workers reach the service monitoring-api on the private network
      allow: workers reach the service logging on the private network
      allow: workers reach the service logging-syslog on the private network
      allow: workers reach the service logging-syslog-udp on the private network
      exactly: workers reach nothing else on the private network
    addresses outside the cluster by the private network -> workers on the private network
      allow: name servers reach workers on the private network
      allow: the updater reaches workers on the private network
      allow: the master reaches the kubelet of workers on the private network
      allow: health checks reach workers on the private network
      allow: the systems that manage workers reach workers on the private network
      allow: VRRP reaches workers on the private network
      exactly: nothing else reaches workers on the private network
    workers on the public network -> 172.30.0.0/16
      allow: workers reach the pod subnet on the public network
    workers on the public network -> addresses outside the cluster by the public network
      allow: workers reach the control plane on the public network
      allow: workers reach name servers on the public network
      allow: workers reach file storage on the public network
      allow: workers reach block storage on the public network
      allow: workers reach Typha on the public network
      allow: workers reach the proxies to the master on the public network
      allow: workers reach the Kubernetes API at its service address on the public network
      allow: workers reach web services of every address on the public network
      allow: workers reach the service registry on the public network
      allow: workers reach the service monitoring on the public network
      allow: workers reach the service logging on the public network
      allow: workers reach what the Istio egress gateway reaches on the public network
      exactly: workers reach nothing else on the public network
    addresses outside the cluster by the public network -> workers on the public network
      allow: name servers reach workers on the public network
      allow: the updater reaches workers on the public network
      allow: users reach the Istio gateway of workers on the public network
      allow: health-checks: the platform lets it in to workers on the public network
      allow: updates: the platform lets it in to workers on the public network
      allow: node-ports: the platform lets it in to workers on the public network
      allow: management: the platform lets it in to workers on the public network
      allow: moving-addresses: the platform lets it in to workers on the public network
      exactly: nothing else reaches workers on the public network
    workers on the public network -> workers on the public network
      exactly: workers reach each other on the public network as anyone does
    workers on the private network -> workers on the private network
      allow: workers reach each other on the private network
    workers -> pods with !(projectcalico.org/namespace == "kube-system" && k8s-app == "kubernetes-dashboard")
      allow: workers reach pods
    pods -> addresses outside the cluster
      allow: pods reach name servers
      allow: pods reach web services of every address
      allow: pods reach file storage
      allow: pods reach block storage
      allow: pods reach kubelets
      allow: pods reach the metrics server
      allow: pods reach what the Istio egress gateway reaches
      allow: pods reach the proxies to the master
      allow: pods reach the control plane on the private network
      allow: pods reach the service registry on the private network
      allow: pods reach the service monitoring on the private network
      allow: pods reach the service monitoring-api on the private network
      allow: pods reach the service logging on the private network
      allow: pods reach the service logging-syslog on the private network
      allow: pods reach the service logging-syslog-udp on the private network
      allow: pods reach the control plane on the public network
      allow: pods reach the service registry on the public network
      allow: pods reach the service monitoring on the public network
      allow: pods reach the service logging on the public network
      allow: pods reach every address that is not private
    pods with !(projectcalico.org/namespace == "kube-system" && (app == "konnectivity-agent" || k8s-app == "konnectivity-agent")) -> addresses outside the cluster
      exactly: pods reach nothing else outside the cluster
    pods -> pods with !(projectcalico.org/namespace == "kube-system" && k8s-app == "kubernetes-dashboard")
      allow: pods reach each other
    pods with !(projectcalico.org/namespace == "kube-system" && (app == "konnectivity-agent" || k8s-app == "konnectivity-agent")) -> workers
      deny: pods reach of workers only what they reach elsewhere
    pods of kube-system with (app == "konnectivity-agent" || k8s-app == "konnectivity-agent") -> addresses outside the cluster
      allow: konnectivity-agent: its pods reach every address
    pods of kube-system with (app == "konnectivity-agent" || k8s-app == "konnectivity-agent") -> pods with !(projectcalico.org/namespace == "kube-system" && k8s-app == "kubernetes-dashboard")
      allow: konnectivity-agent: its pods reach every pod
    pods of kube-system with (kubernetes-dashboard-policy == "allow" && pcns.kubernetes-dashboard-policy == "allow") -> pods of kube-system with k8s-app == "kubernetes-dashboard"
      allow: way-to-the-dashboard: its pods reach those that it is for
    pods with !pcns.kubernetes-dashboard-policy == "allow" -> pods of kube-system with k8s-app == "kubernetes-dashboard"
      deny: dashboard: other pods do not reach it
    addresses outside the cluster -> pods of kube-system with k8s-app == "kubernetes-dashboard"
      deny: dashboard: nothing outside reaches it
    "#);
}
