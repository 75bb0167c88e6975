//! Nodes, pods and host endpoints (RES-2 to RES-6, EVAL-22, EVAL-23).

use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::engine::felix::named_protocol;
use crate::engine::imagined::NamedPort;
use crate::engine::settings::{Route, Settings};
use crate::engine::tables::{ClassId, HostEndpointId, HostId, InterfaceId, PodId, ProfileId};
use crate::engine::topology::{Host, HostAddress, HostEndpoint, Pod};
use crate::resource::{self, Body, Resource, Written};

use super::Profiles;
use super::cluster::{Cluster, labels_of, namespace_of};
use super::labels::{self, Effective};
use super::objects::{Object, Objects};
use super::ownership::table;
use super::peer::{Members, What};
use super::selectors::Selectors;

/// What a pod brings to selectors.
pub(super) struct PodDraft {
    pub(super) effective: Effective,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) ports: Vec<NamedPort>,
}

/// What a host endpoint brings to selectors.
pub(super) struct EndpointDraft {
    pub(super) host: HostId,
    pub(super) labels: Vec<(String, String)>,
    pub(super) profiles: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) ports: Vec<NamedPort>,
    /// The step that it is one form of; nothing where it is settled.
    pub(super) step: Option<u32>,
}

/// Names of interfaces.
pub(super) struct Interfaces {
    pub(super) names: Vec<String>,
    pub(super) by_name: FxHashMap<String, InterfaceId>,
}

impl Interfaces {
    fn new() -> Self {
        let mut interfaces = Self {
            names: Vec::new(),
            by_name: FxHashMap::default(),
        };
        for name in InterfaceId::NAMES {
            interfaces.id(name);
        }
        interfaces
    }

    pub(super) fn id(&mut self, name: &str) -> InterfaceId {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let id = InterfaceId::new(self.names.len());
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), id);
        id
    }
}

pub(super) struct Topology {
    pub(super) interfaces: Interfaces,
    pub(super) routes: Vec<Vec<(IpNet, InterfaceId)>>,
    pub(super) hosts: Vec<Host>,
    pub(super) pods: Vec<Pod>,
    pub(super) pod_drafts: Vec<PodDraft>,
    pub(super) host_endpoints: Vec<HostEndpoint>,
    pub(super) endpoint_drafts: Vec<EndpointDraft>,
    pub(super) pods_by_name: FxHashMap<(String, String), PodId>,
    pub(super) pods_by_address: FxHashMap<IpAddr, PodId>,
    pub(super) hosts_by_name: FxHashMap<String, HostId>,
    pub(super) hosts_by_address: FxHashMap<IpAddr, HostId>,
}

impl Topology {
    pub(super) fn of(resources: &Objects<'_>, settings: &Settings, cluster: &Cluster) -> Self {
        let mut interfaces = Interfaces::new();
        let common = table(&settings.routes.common, &mut interfaces);
        let mut topology = Self {
            interfaces,
            routes: vec![common],
            hosts: Vec::new(),
            pods: Vec::new(),
            pod_drafts: Vec::new(),
            host_endpoints: Vec::new(),
            endpoint_drafts: Vec::new(),
            pods_by_name: FxHashMap::default(),
            pods_by_address: FxHashMap::default(),
            hosts_by_name: FxHashMap::default(),
            hosts_by_address: FxHashMap::default(),
        };
        for resource in resources.iter() {
            if let Body::Node(node) = &resource.body {
                topology.add_node(resource, node, settings, cluster);
            }
        }
        for object in &resources.all {
            if let Body::HostEndpoint(endpoint) = &object.resource.body {
                topology.add_endpoint(*object, endpoint, settings, cluster);
            }
        }
        for resource in resources.iter() {
            if let Body::Pod(pod) = &resource.body
                && is_workload(pod)
            {
                topology.add_pod(resource, pod, settings, cluster);
            }
        }
        topology.own_interfaces(resources);
        topology
    }

    fn host(&mut self, name: &str, mapped: bool, settings: &Settings, cluster: &Cluster) -> HostId {
        if let Some(id) = self.hosts_by_name.get(name) {
            return *id;
        }
        let id = HostId::new(self.hosts.len());
        let own = settings.routes.of_node.get(name);
        let routes = own.map_or(0, |routes| self.route_table(routes));
        self.hosts.push(Host {
            name: name.to_owned(),
            kubernetes_name: None,
            mapped,
            addresses: Vec::new(),
            tunnels: Vec::new(),
            specific: Vec::new(),
            wildcard: Vec::new(),
            routes,
            felix: cluster.felix_of_node.get(name).copied().unwrap_or(0),
        });
        self.hosts_by_name.insert(name.to_owned(), id);
        id
    }

    /// The number of these routes. Like routes have one number, so that nodes which differ in
    /// nothing else are one class.
    fn route_table(&mut self, routes: &[Route]) -> usize {
        let own = table(routes, &mut self.interfaces);
        let known = self.routes.iter().position(|known| *known == own);
        known.unwrap_or_else(|| {
            self.routes.push(own);
            self.routes.len() - 1
        })
    }

    fn add_node(
        &mut self,
        resource: &Resource,
        node: &resource::Node,
        settings: &Settings,
        cluster: &Cluster,
    ) {
        const TUNNELS: [&str; 3] = [
            "projectcalico.org/IPv4IPIPTunnelAddr",
            "projectcalico.org/IPv4VXLANTunnelAddr",
            "projectcalico.org/IPv4WireguardInterfaceAddr",
        ];
        let own = &resource.key.name;
        let label = resource.metadata.label(&settings.node_name_label);
        let id = self.host(label.unwrap_or(own), true, settings, cluster);
        self.hosts_by_name.entry(own.clone()).or_insert(id);
        let routes = settings.routes.of_node.get(own);
        let routes = routes.map(|routes| self.route_table(routes));
        let Some(host) = self.hosts.get_mut(id.index()) else {
            return;
        };
        host.kubernetes_name = Some(own.clone());
        if let Some(routes) = routes.filter(|_| host.routes == 0) {
            host.routes = routes;
        }
        for wanted in ["InternalIP", "ExternalIP"] {
            for (kind, address) in &node.addresses {
                if let (true, Some(address)) = (&**kind == wanted, address.value.valid()) {
                    host.addresses.push(HostAddress {
                        address: *address,
                        interface: None,
                    });
                }
            }
        }
        let given = TUNNELS
            .iter()
            .filter_map(|key| resource.metadata.annotation(key));
        host.tunnels
            .extend(given.filter_map(|text| text.parse::<IpAddr>().ok()));
    }

    fn add_endpoint(
        &mut self,
        object: Object<'_>,
        endpoint: &resource::HostEndpoint,
        settings: &Settings,
        cluster: &Cluster,
    ) {
        let resource = object.resource;
        let node = endpoint.node.as_ref().map_or("", |node| &node.value);
        let host = self.host(node, true, settings, cluster);
        let addresses: Vec<IpAddr> = endpoint
            .expected_ips
            .iter()
            .flat_map(|list| list.iter())
            .filter_map(|address| address.value.valid().copied())
            .collect();
        let ports = endpoint.ports.iter().flat_map(|list| list.iter());
        let ports = ports.filter_map(|port| {
            Some(NamedPort {
                name: port.name.as_ref()?.value.to_string(),
                protocol: named_protocol(&port.protocol.as_ref()?.value)?.number(),
                port: u16::try_from(port.port.as_ref()?.value).ok()?,
            })
        });
        let ports: Vec<NamedPort> = ports.collect();
        let profiles = endpoint.profiles.iter().flat_map(|list| list.iter());
        self.endpoint_drafts.push(EndpointDraft {
            host,
            labels: labels_of(&resource.metadata),
            profiles: profiles.map(|name| name.value.to_string()).collect(),
            addresses: addresses.clone(),
            ports: ports.clone(),
            step: object.step,
        });
        self.host_endpoints.push(HostEndpoint {
            key: resource.key.clone(),
            place: resource.place(),
            host,
            class: ClassId::new(0),
            assumed: settings.assumed.contains(&resource.key),
            labels: Vec::new(),
            addresses,
            ports,
        });
    }

    fn add_pod(
        &mut self,
        resource: &Resource,
        pod: &resource::Pod,
        settings: &Settings,
        cluster: &Cluster,
    ) {
        let node = pod.node_name.as_ref().map_or("", |node| &node.value);
        let host = self.host(node, false, settings, cluster);
        let namespace = namespace_of(resource);
        let account = pod.service_account.as_ref().map_or("default", |a| &a.value);
        let own = labels_of(&resource.metadata);
        let effective = labels::of_pod(
            own.iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
            namespace,
            account,
            &cluster.namespaces,
            &cluster.service_accounts,
        );
        let addresses: Vec<IpAddr> = pod
            .ips
            .iter()
            .filter_map(|ip| ip.value.valid().copied())
            .collect();
        let id = PodId::new(self.pods.len());
        let name = (namespace.to_owned(), resource.key.name.clone());
        self.pods_by_name.insert(name, id);
        for address in &addresses {
            self.pods_by_address.entry(*address).or_insert(id);
        }
        self.pods.push(Pod {
            key: resource.key.clone(),
            place: resource.place(),
            host,
            addresses: addresses.clone(),
            class: ClassId::new(0),
            assumed: settings.assumed.contains(&resource.key),
            labels: Vec::new(),
            ports: named_ports(pod),
        });
        self.pod_drafts.push(PodDraft {
            effective,
            addresses,
            ports: named_ports(pod),
        });
    }

    /// Names of profiles that host endpoints have.
    pub(super) fn profile_names(&self) -> Vec<String> {
        let names = self
            .endpoint_drafts
            .iter()
            .flat_map(|draft| &draft.profiles);
        names.cloned().collect()
    }

    pub(super) fn profiles_of(
        &self,
        id: HostEndpointId,
        profiles: &Profiles,
    ) -> Vec<Option<ProfileId>> {
        let draft = self.endpoint_drafts.get(id.index());
        let names = draft.into_iter().flat_map(|draft| &draft.profiles);
        names.map(|name| profiles.get(name)).collect()
    }

    pub(super) fn set_pod_class(&mut self, id: PodId, class: ClassId) {
        if let Some(pod) = self.pods.get_mut(id.index()) {
            pod.class = class;
        }
    }

    pub(super) fn set_endpoint_class(&mut self, id: HostEndpointId, class: ClassId) {
        if let Some(endpoint) = self.host_endpoints.get_mut(id.index()) {
            endpoint.class = class;
        }
    }

    /// Writes down the labels by which endpoints were matched.
    pub(super) fn finish(&mut self, members: &Members, selectors: &Selectors) {
        for member in &members.all {
            let text = |symbol| {
                selectors
                    .interner
                    .text(symbol)
                    .unwrap_or_default()
                    .to_owned()
            };
            let pairs = member.labels.pairs.iter();
            let mut labels: Vec<(String, String)> = pairs
                .map(|(key, value)| (text(*key), text(*value)))
                .collect();
            labels.sort_unstable();
            match member.what {
                What::Pod(id) => {
                    if let Some(pod) = self.pods.get_mut(id.index()) {
                        pod.labels = labels;
                    }
                }
                What::HostEndpoint(id, _) => {
                    if let Some(endpoint) = self.host_endpoints.get_mut(id.index()) {
                        endpoint.labels = labels;
                    }
                }
                What::Set => {}
            }
        }
    }
}

/// RES-6: what is a workload endpoint.
pub(super) fn is_workload(pod: &resource::Pod) -> bool {
    let phase = pod.phase.as_ref().map(|phase| &*phase.value);
    let has_node = pod
        .node_name
        .as_ref()
        .is_some_and(|node| !node.value.is_empty());
    !pod.host_network
        && has_node
        && pod
            .ips
            .iter()
            .any(|ip| matches!(ip.value, Written::Valid(_)))
        && !matches!(phase, Some("Failed" | "Succeeded"))
}

/// RES-18: container ports, those of init containers too.
pub(super) fn named_ports(pod: &resource::Pod) -> Vec<NamedPort> {
    let ports = pod.containers.iter().flat_map(|container| &container.ports);
    ports
        .filter_map(|port| {
            Some(NamedPort {
                name: port.name.as_ref()?.value.to_string(),
                protocol: super::service::protocol(port.protocol.as_ref()),
                port: u16::try_from(port.port.as_ref()?.value).ok()?,
            })
        })
        .collect()
}
