//! Services: what rules mean by them, and what stands behind their addresses (RES-19, RES-20).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::engine::address::AddressSet;
use crate::engine::flow::ExternalTrafficPolicy;
use crate::engine::rule::ServiceSet;
use crate::engine::service::{ServedAddress, ServiceTable};
use crate::resource::{
    Body, EndpointSlice, Pod, Port, Resource, ResourceSet, Service, ServicePort,
};
use crate::yaml::Located;

use super::cluster::namespace_of;
use super::endpoint::{is_workload, named_ports};
use super::rule::Rules;

/// TCP unless given.
pub(super) fn protocol(field: Option<&Located<Box<str>>>) -> u8 {
    const TCP: u8 = 6;
    field.map_or(TCP, |field| {
        let known = field.value.parse::<crate::net::Protocol>();
        known.map_or(0, crate::net::Protocol::number)
    })
}

/// The slices of every service, by namespace and name.
fn slices(resources: &ResourceSet) -> FxHashMap<(&str, &str), Vec<&EndpointSlice>> {
    let mut all: FxHashMap<(&str, &str), Vec<&EndpointSlice>> = FxHashMap::default();
    for resource in resources.iter() {
        if let Body::EndpointSlice(slice) = &resource.body
            && let Some(service) = &slice.service
        {
            let key = (namespace_of(resource), &*service.value);
            all.entry(key).or_default().push(slice);
        }
    }
    all
}

fn addresses(slice: &EndpointSlice) -> impl Iterator<Item = IpAddr> {
    let all = slice
        .endpoints
        .iter()
        .flat_map(|endpoint| &endpoint.addresses);
    all.filter_map(|address| address.value.valid().copied())
}

/// What rules mean by the services that they name.
pub(super) fn resolve(resources: &ResourceSet, rules: &Rules) -> Vec<ServiceSet> {
    let slices = slices(resources);
    let set = |(namespace, name): &(Box<str>, Box<str>)| {
        let mut endpoints = FxHashSet::default();
        let mut blocks = Vec::new();
        let own = slices.get(&(&**namespace, &**name));
        for slice in own.into_iter().flatten() {
            for address in addresses(slice) {
                blocks.push(IpNet::from(address));
                let ports = slice.ports.iter().filter_map(|port| {
                    let number = u16::try_from(port.port.as_ref()?.value).ok()?;
                    Some((address, protocol(port.protocol.as_ref()), number))
                });
                endpoints.extend(ports);
            }
        }
        ServiceSet {
            namespace: namespace.clone(),
            name: name.clone(),
            // RES-20: a name without a namespace is no service's.
            known: own.is_some() || namespace.is_empty(),
            endpoints,
            addresses: AddressSet::of(blocks),
        }
    };
    rules.services.iter().map(set).collect()
}

/// What services select, by namespace and name.
pub(super) fn selectors(
    resources: &ResourceSet,
) -> BTreeMap<(String, String), Vec<(String, String)>> {
    let selector = |resource: &Resource| {
        let Body::Service(service) = &resource.body else {
            return None;
        };
        let labels = service.selector.iter();
        let labels = labels.map(|l| (l.key.value.to_string(), l.value.value.to_string()));
        let key = (namespace_of(resource).to_owned(), resource.key.name.clone());
        Some((key, labels.collect::<Vec<_>>()))
    };
    let all = resources.iter().filter_map(selector);
    all.filter(|(_, labels)| !labels.is_empty()).collect()
}

/// What stands behind addresses and node ports.
pub(super) fn table(resources: &ResourceSet) -> ServiceTable {
    let slices = slices(resources);
    let mut table = ServiceTable::default();
    for resource in resources.iter() {
        let Body::Service(service) = &resource.body else {
            continue;
        };
        let key = (namespace_of(resource), resource.key.name.as_str());
        let own = slices.get(&key).map_or(&[][..], |slices| slices);
        let policy = service.external_traffic_policy.as_ref();
        let policy = match policy.map(|policy| &*policy.value) {
            Some("Local") => ExternalTrafficPolicy::Local,
            _ => ExternalTrafficPolicy::Cluster,
        };
        for port in &service.ports {
            let served = if own.is_empty() {
                served_by_pods(resources, resource, service, port, policy)
            } else {
                served_by_slices(own, port, policy)
            };
            put(&mut table, service, port, &served);
        }
    }
    table
}

fn put(table: &mut ServiceTable, service: &Service, port: &ServicePort, served: &[ServedAddress]) {
    let transport = protocol(port.protocol.as_ref());
    let number = |field: &crate::resource::Field<i64>| {
        let field = field.as_ref()?;
        u16::try_from(field.value).ok()
    };
    if let Some(number) = number(&port.port) {
        let all = service.cluster_ips.iter().chain(&service.external_ips);
        for address in all.filter_map(|address| address.value.valid().copied()) {
            let key = (address, transport, number);
            table.by_address.entry(key).or_default().extend(served);
        }
    }
    if let Some(number) = number(&port.node_port) {
        let key = (transport, number);
        table.by_node_port.entry(key).or_default().extend(served);
    }
}

fn served_by_slices(
    slices: &[&EndpointSlice],
    port: &ServicePort,
    policy: ExternalTrafficPolicy,
) -> Vec<ServedAddress> {
    let wanted = port.name.as_ref().map_or("", |name| &name.value);
    let mut served = Vec::new();
    for slice in slices {
        for offered in &slice.ports {
            let name = offered.name.as_ref().map_or("", |name| &name.value);
            let number = offered
                .port
                .as_ref()
                .and_then(|p| u16::try_from(p.value).ok());
            if let (true, Some(port)) = (name == wanted, number) {
                served.extend(addresses(slice).map(|address| ServedAddress {
                    address,
                    port,
                    policy,
                }));
            }
        }
    }
    served
}

/// Without slices the service's selector says which pods they will hold.
fn served_by_pods(
    resources: &ResourceSet,
    service: &Resource,
    body: &Service,
    port: &ServicePort,
    policy: ExternalTrafficPolicy,
) -> Vec<ServedAddress> {
    if body.selector.is_empty() {
        return Vec::new();
    }
    let mut served = Vec::new();
    for resource in resources.iter() {
        let Body::Pod(pod) = &resource.body else {
            continue;
        };
        let same = namespace_of(resource) == namespace_of(service);
        let selected = body
            .selector
            .iter()
            .all(|label| resource.metadata.label(&label.key.value) == Some(&*label.value.value));
        if !same || !selected || !is_workload(pod) {
            continue;
        }
        if let Some(port) = target(pod, port) {
            let own = pod.ips.iter().filter_map(|ip| ip.value.valid().copied());
            served.extend(own.map(|address| ServedAddress {
                address,
                port,
                policy,
            }));
        }
    }
    served
}

fn target(pod: &Pod, port: &ServicePort) -> Option<u16> {
    match port.target_port.as_ref().map(|target| &target.value) {
        None => u16::try_from(port.port.as_ref()?.value).ok(),
        Some(Port::Range(range)) => Some(range.first()),
        Some(Port::Named(name)) => {
            let transport = protocol(port.protocol.as_ref());
            let ports = named_ports(pod);
            let known = ports
                .iter()
                .find(|p| *p.name == **name && p.protocol == transport);
            known.map(|port| port.port)
        }
        Some(Port::Invalid(_)) => None,
    }
}
