//! What a question is asked about: resources, what the platform adds to them, and what else is
//! known of the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use crate::engine::{Overlay, Route, Routes, Settings};
use crate::finding::{Input, InputError};
use crate::net::Cidr;
use crate::profile::{Network, OverlayKind, Platform, PlatformProfile, Version, Worker};
use crate::resource::{Body, Key, Kind, ResourceSet, Written, read};

use super::workers::host_endpoint;

/// Labels of nodes that say what a worker is.
const INTERNAL_IP: &str = "ibm-cloud.kubernetes.io/internal-ip";
const EXTERNAL_IP: &str = "ibm-cloud.kubernetes.io/external-ip";
const WORKER_ID: &str = "ibm-cloud.kubernetes.io/worker-id";
const POOL: &str = "ibm-cloud.kubernetes.io/worker-pool-name";

/// Every address, of either family.
const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// What is known of a cluster besides its resources.
#[derive(Debug, Clone)]
pub struct Known {
    /// The platform's facts.
    pub platform_profile: PlatformProfile,
    /// What runs on the workers.
    pub platform: Platform,
    /// The version of that; the newest where not known.
    pub version: Option<Version>,
    /// Where pods have their addresses.
    pub pod_subnet: Cidr,
    /// Workers, besides those whose Node is among the resources.
    pub workers: Vec<Worker>,
    /// Whether workers have host endpoints even where the platform does not make them: somebody else
    /// does.
    pub guarded: bool,
    /// The platform's own policies, each text with whether it holds only where the platform makes
    /// private host endpoints; nothing leaves the platform's own objects out.
    pub baseline: Option<Vec<(Arc<Input>, bool)>>,
}

/// What a question is asked about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The resources, the platform's own among them.
    pub resources: ResourceSet,
    /// What else the evaluator is told.
    pub settings: Settings,
}

/// A worker, as far as questions go.
#[derive(Debug, Clone)]
struct Node {
    name: String,
    private: Option<IpAddr>,
    public: Option<IpAddr>,
    /// Labels that the platform copies onto its host endpoints.
    labels: Vec<(String, String)>,
}

/// Adds to `resources` what the platform itself adds to a cluster, as far as it is not among them,
/// and says what the evaluator must be told.
///
/// # Errors
/// The platform's own policies cannot be read.
pub fn subject(mut resources: ResourceSet, known: &Known) -> Result<Subject, InputError> {
    let nodes = nodes(&resources, &known.workers);
    add_nodes(&mut resources, &nodes, known)?;
    let mut assumed = BTreeSet::new();
    if let Some(baseline) = &known.baseline {
        let private = known.makes_host_endpoints(Network::Private);
        for (input, _) in baseline.iter().filter(|(_, only)| private || !only) {
            add_assumed(&mut resources, &mut assumed, input)?;
        }
        let endpoints = known.host_endpoints(&nodes);
        let input = Input::new("the platform's host endpoints (assumed)", endpoints);
        add_assumed(&mut resources, &mut assumed, &input)?;
    }
    let routes = known.routes(&nodes)?;
    let settings = Settings {
        routes,
        // Felix's own configuration goes before what the platform usually has.
        overlay: if says_overlay(&resources) {
            None
        } else {
            Some(known.overlay())
        },
        pod_subnets: vec![known.pod_subnet],
        assumed,
        ..Settings::default()
    };
    Ok(Subject {
        resources,
        settings,
    })
}

/// Adds a Node for every worker that is listed and has none, so that it is one whether or not the
/// platform makes host endpoints for it.
fn add_nodes(resources: &mut ResourceSet, nodes: &[Node], known: &Known) -> Result<(), InputError> {
    let objects = resources.iter().filter(|r| matches!(r.body, Body::Node(_)));
    let has_node: BTreeSet<String> = objects
        .map(|r| {
            r.metadata
                .label(WORKER_ID)
                .unwrap_or(&r.key.name)
                .to_owned()
        })
        .collect();
    let listed: BTreeSet<&str> = known.workers.iter().map(|w| w.name.as_str()).collect();
    let missing: Vec<String> = nodes
        .iter()
        .filter(|node| listed.contains(node.name.as_str()) && !has_node.contains(&node.name))
        .map(|node| format!("---\n{}\n", node.object()))
        .collect();
    let (objects, findings) = read(&Input::new("the workers", missing.concat()));
    if let Some(finding) = findings.into_iter().next() {
        return Err(finding.into_error());
    }
    for object in objects {
        resources.add(object);
    }
    Ok(())
}

/// Adds the objects of `input` that are not there, and notes them as assumed.
fn add_assumed(
    resources: &mut ResourceSet,
    assumed: &mut BTreeSet<Key>,
    input: &Arc<Input>,
) -> Result<(), InputError> {
    let (objects, findings) = read(input);
    if let Some(finding) = findings.into_iter().next() {
        return Err(finding.into_error());
    }
    for object in objects {
        if resources.get(&object.key).is_none() {
            assumed.insert(object.key.clone());
            resources.add(object);
        }
    }
    Ok(())
}

fn says_overlay(resources: &ResourceSet) -> bool {
    resources.iter().any(|resource| match &resource.body {
        Body::FelixConfiguration(felix) => {
            felix.ipip_enabled.is_some() || felix.vxlan_enabled.is_some()
        }
        _ => false,
    })
}

/// Every worker: those listed, and those whose Node is among the resources.
fn nodes(resources: &ResourceSet, workers: &[Worker]) -> Vec<Node> {
    let mut nodes: Vec<Node> = workers.iter().map(Node::listed).collect();
    let mut places: BTreeMap<String, usize> = nodes
        .iter()
        .enumerate()
        .map(|(index, node)| (node.name.clone(), index))
        .collect();
    for resource in resources.iter() {
        let Body::Node(node) = &resource.body else {
            continue;
        };
        let label = |key: &str| resource.metadata.label(key);
        let name = label(WORKER_ID).unwrap_or(&resource.key.name);
        let labels: Vec<(String, String)> = resource
            .metadata
            .labels
            .iter()
            .map(|l| (l.key.value.to_string(), l.value.value.to_string()))
            .collect();
        if let Some(known) = places.get(name).and_then(|index| nodes.get_mut(*index)) {
            known.labels.extend(labels);
            continue;
        }
        places.insert(name.to_owned(), nodes.len());
        let of_type = |wanted: &str| {
            let mut all = node.addresses.iter();
            let found = all.find(|(kind, _)| &**kind == wanted)?;
            match &found.1.value {
                Written::Valid(address) => Some(*address),
                Written::Invalid(_) => None,
            }
        };
        let address = |key: &str, kind: &str| {
            let labelled = label(key).and_then(|text| text.parse().ok());
            labelled.or_else(|| of_type(kind))
        };
        nodes.push(Node {
            name: name.to_owned(),
            private: address(INTERNAL_IP, "InternalIP"),
            public: address(EXTERNAL_IP, "ExternalIP"),
            labels,
        });
    }
    nodes
}

impl Node {
    /// A worker that is listed, and no Node of the input.
    fn listed(worker: &Worker) -> Self {
        let pool = worker.pool.iter();
        Self {
            name: worker.name.to_string(),
            private: Some(worker.private_ip.value),
            public: worker.public_ip.as_ref().map(|ip| ip.value),
            labels: pool
                .map(|pool| (POOL.to_owned(), pool.to_string()))
                .collect(),
        }
    }

    /// The Node object that the cluster has for it, as text.
    fn object(&self) -> String {
        let of_type = |kind: &str, address: Option<IpAddr>| {
            address.map(|address| serde_json::json!({"type": kind, "address": address.to_string()}))
        };
        let addresses: Vec<serde_json::Value> = [
            of_type("InternalIP", self.private),
            of_type("ExternalIP", self.public),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut labels = map_of(&self.labels);
        labels.insert(WORKER_ID.to_owned(), self.name.as_str().into());
        serde_json::json!({
            "apiVersion": Kind::Node.api_version(),
            "kind": Kind::Node.word(),
            "metadata": {"name": self.name, "labels": labels},
            "status": {"addresses": addresses},
        })
        .to_string()
    }
}

fn map_of(labels: &[(String, String)]) -> serde_json::Map<String, serde_json::Value> {
    let pairs = labels.iter();
    pairs
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect()
}

/// Whether the resources say which workers there are.
fn lists_workers(resources: &ResourceSet) -> bool {
    resources
        .iter()
        .any(|resource| matches!(resource.body, Body::Node(_) | Body::HostEndpoint(_)))
}

impl Known {
    /// Lets the sample workers stand for all where neither this nor any of `sets` says which
    /// workers there are; says whether they do.
    pub fn sample(&mut self, sets: &[&ResourceSet]) -> bool {
        let sampled = self.workers.is_empty() && !sets.iter().any(|set| lists_workers(set));
        if sampled {
            self.workers
                .clone_from(&self.platform_profile.sample_workers);
        }
        sampled
    }

    /// The same, with the sample workers where neither it nor `resources` have any: then they stand
    /// for all, and their host endpoints are there.
    pub fn with_samples(mut self, resources: &ResourceSet) -> Self {
        if self.sample(&[resources]) {
            self.baseline.get_or_insert_default();
        }
        self
    }

    /// Blocks of addresses of which none is what it looks like from outside the cluster, each with
    /// what to ask about instead.
    pub fn inside(&self) -> Vec<(Cidr, &'static str)> {
        let facts = &self.platform_profile;
        let mut inside = vec![
            (
                facts.subnets.services,
                "it is of a service: add the Service and its EndpointSlices to the input, or name \
                 what is behind it with `--backend pod:NAMESPACE{label=value}`",
            ),
            (
                self.pod_subnet,
                "it is of a pod that is not in the input: name the pod, pod:NAMESPACE/NAME or \
                 pod:NAMESPACE{label=value}",
            ),
        ];
        let proxies = facts.local_proxy.nets.iter();
        inside.extend(proxies.map(|net| {
            let hint = "it is of a proxy on the worker itself: ask about `worker:NAME`";
            (*net, hint)
        }));
        inside
    }

    /// Whether the platform makes host endpoints on `network` itself.
    fn makes_host_endpoints(&self, network: Network) -> bool {
        let profile = &self.platform_profile;
        let since = profile.host_endpoints_since(network, self.platform);
        self.version.is_none_or(|version| version >= since)
    }

    fn overlay(&self) -> Overlay {
        Overlay {
            ipip: self.platform_profile.overlay == OverlayKind::Ipip,
            vxlan: self.platform_profile.overlay == OverlayKind::Vxlan,
            wireguard: false,
        }
    }

    /// The host endpoints that the platform makes for `nodes`, as text. What else may be on their
    /// interfaces does not keep it from that (EVAL-22 says whose policies count).
    fn host_endpoints(&self, nodes: &[Node]) -> String {
        let mut text = String::new();
        for node in nodes {
            for network in Network::BOTH {
                let address = match network {
                    Network::Private => node.private,
                    Network::Public => node.public,
                };
                let is_guarded = self.guarded || self.makes_host_endpoints(network);
                let Some(address) = address.filter(|_| is_guarded) else {
                    continue;
                };
                let object = host_endpoint(
                    &self.platform_profile,
                    network,
                    &node.name,
                    address,
                    map_of(&node.labels),
                );
                // Writing to a String cannot fail.
                let _ = writeln!(text, "---\n{object}");
            }
        }
        text
    }

    /// By which interfaces packets leave `nodes`.
    fn routes(&self, nodes: &[Node]) -> Result<Routes, InputError> {
        let facts = &self.platform_profile;
        let table = |usual: Network| -> Result<Vec<Route>, InputError> {
            let mut table: Vec<Route> = facts
                .routes
                .iter()
                // A worker that is on one network alone leaves by it.
                .map(|route| Route {
                    to: route.net,
                    interface: facts.network(route.network).interface.clone(),
                })
                .collect();
            for everywhere in EVERYWHERE {
                let to = everywhere
                    .parse()
                    .map_err(|error| InputError::new(format!("{error}")))?;
                let interface = facts.network(usual).interface.clone();
                table.push(Route { to, interface });
            }
            Ok(table)
        };
        let mut routes = Routes {
            common: table(Network::Private)?,
            ..Routes::default()
        };
        let public = table(Network::Public)?;
        for node in nodes.iter().filter(|node| node.public.is_some()) {
            routes.of_node.insert(node.name.clone(), public.clone());
        }
        Ok(routes)
    }
}
