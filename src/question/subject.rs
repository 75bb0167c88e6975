//! What a question is asked about: resources, what the platform adds to them, and what else is
//! known of the cluster.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use crate::engine::{Overlay, Route, Routes, Settings};
use crate::finding::{Input, InputError};
use crate::net::Cidr;
use crate::profile::{Network, OverlayKind, Platform, PlatformProfile, Version, Worker};
use crate::resource::{Body, Key, Kind, Resource, ResourceSet, Written, read};

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
    let mut assumed = BTreeSet::new();
    if let Some(baseline) = &known.baseline {
        let private = known.makes_host_endpoints(Network::Private);
        for (input, _) in baseline.iter().filter(|(_, only)| private || !only) {
            add_assumed(&mut resources, &mut assumed, input)?;
        }
        let endpoints = known.host_endpoints(&nodes, &resources);
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
    let mut nodes: Vec<Node> = workers
        .iter()
        .map(|worker| Node {
            name: worker.name.to_string(),
            private: Some(worker.private_ip.value),
            public: worker.public_ip.as_ref().map(|ip| ip.value),
            labels: worker
                .pool
                .iter()
                .map(|pool| (POOL.to_owned(), pool.to_string()))
                .collect(),
        })
        .collect();
    for resource in resources.iter() {
        let Body::Node(node) = &resource.body else {
            continue;
        };
        let label = |key: &str| resource.metadata.label(key);
        let name = label(WORKER_ID).unwrap_or(&resource.key.name);
        if nodes.iter().any(|known| known.name == name) {
            continue;
        }
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
            labels: resource
                .metadata
                .labels
                .iter()
                .map(|l| (l.key.value.to_string(), l.value.value.to_string()))
                .collect(),
        });
    }
    nodes
}

impl Known {
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

    /// The host endpoints that the platform makes for `nodes`, as text, but for those whose
    /// interface has one among `resources`.
    fn host_endpoints(&self, nodes: &[Node], resources: &ResourceSet) -> String {
        let mut text = String::new();
        for node in nodes {
            for network in Network::BOTH {
                let address = match network {
                    Network::Private => node.private,
                    Network::Public => node.public,
                };
                let facts = self.platform_profile.network(network);
                let Some(address) = address.filter(|_| self.makes_host_endpoints(network)) else {
                    continue;
                };
                if has_host_endpoint(resources, &node.name, &facts.interface, address) {
                    continue;
                }
                let mut labels: serde_json::Map<String, serde_json::Value> = node
                    .labels
                    .iter()
                    .map(|(key, value)| (key.clone(), value.as_str().into()))
                    .collect();
                labels.insert(
                    self.platform_profile.role_label.clone(),
                    facts.role.as_str().into(),
                );
                let object = serde_json::json!({
                    "apiVersion": Kind::HostEndpoint.api_version(),
                    "kind": Kind::HostEndpoint.word(),
                    "metadata": {
                        "name": format!("{}-{}", node.name, facts.role.replace('_', "-")),
                        "labels": labels,
                    },
                    "spec": {
                        "node": node.name,
                        "interfaceName": facts.interface,
                        "expectedIPs": [address.to_string()],
                    },
                });
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

/// Whether some host endpoint is on `interface` of `node`, or has its `address` there.
fn has_host_endpoint(
    resources: &ResourceSet,
    node: &str,
    interface: &str,
    address: IpAddr,
) -> bool {
    let is_on = |resource: &Resource| {
        let Body::HostEndpoint(endpoint) = &resource.body else {
            return false;
        };
        let text = |field: &Option<crate::yaml::Located<Box<str>>>| {
            field.as_ref().map(|text| text.value.to_string())
        };
        let mut addresses = endpoint.expected_ips.iter().flat_map(|list| &list.value);
        text(&endpoint.node).as_deref() == Some(node)
            && (text(&endpoint.interface_name).as_deref() == Some(interface)
                || addresses.any(|ip| ip.value.valid() == Some(&address)))
    };
    resources.iter().any(is_on)
}
