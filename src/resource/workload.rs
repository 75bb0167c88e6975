//! What policies apply to, and what they mean by names: endpoints, pods, services.

use std::net::IpAddr;

use crate::finding::Span;
use crate::yaml::Located;

use super::policy::Port;
use super::{Field, List, Written};

/// The spec of a HostEndpoint (MOD-17).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostEndpoint {
    /// Where the spec stands.
    pub span: Span,
    /// The node it is on.
    pub node: Field<Box<str>>,
    /// The interface, `*`, or nothing.
    pub interface_name: Field<Box<str>>,
    /// Its addresses.
    pub expected_ips: List<Written<IpAddr>>,
    /// Profiles, in order.
    pub profiles: List<Box<str>>,
    /// Named ports.
    pub ports: Option<Located<Vec<HostPort>>>,
}

/// A named port of a host endpoint.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostPort {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: Field<Box<str>>,
    /// Its protocol.
    pub protocol: Field<Written<crate::net::Protocol>>,
    /// Its number.
    pub port: Field<i64>,
}

/// A Namespace. All that bears on verdicts is in its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespace;

/// A ServiceAccount. All that bears on verdicts is in its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceAccount;

/// A Node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// Its addresses (`status.addresses`), each with its type.
    pub addresses: Vec<(Box<str>, Located<Written<IpAddr>>)>,
}

/// A Pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pod {
    /// The Kubernetes node it runs on.
    pub node_name: Field<Box<str>>,
    /// Whether it uses its node's network: then it is no workload endpoint (RES-6).
    pub host_network: bool,
    /// Its service account; absent means `default`.
    pub service_account: Field<Box<str>>,
    /// Containers and init containers.
    pub containers: Vec<Container>,
    /// Its addresses.
    pub ips: Vec<Located<Written<IpAddr>>>,
    /// Its phase.
    pub phase: Field<Box<str>>,
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Container {
    /// Its ports.
    pub ports: Vec<ContainerPort>,
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContainerPort {
    /// Its name.
    pub name: Field<Box<str>>,
    /// Its number.
    pub port: Field<i64>,
    /// Its protocol; absent means TCP.
    pub protocol: Field<Box<str>>,
    /// The port of the node that leads to it.
    pub host_port: Field<i64>,
}

/// A Service.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Service {
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    pub service_type: Field<Box<str>>,
    /// Addresses inside the cluster.
    pub cluster_ips: Vec<Located<Written<IpAddr>>>,
    /// Addresses outside it (`externalIPs`, load balancer addresses).
    pub external_ips: Vec<Located<Written<IpAddr>>>,
    /// `Cluster` or `Local`.
    pub external_traffic_policy: Field<Box<str>>,
    /// Labels of its pods.
    pub selector: Vec<super::Label>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// A port of a service.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServicePort {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: Field<Box<str>>,
    /// Its protocol; absent means TCP.
    pub protocol: Field<Box<str>>,
    /// Its number.
    pub port: Field<i64>,
    /// The pods' port, by number or name; absent means the same number.
    pub target_port: Field<Port>,
    /// The port of every node that leads to it.
    pub node_port: Field<i64>,
}

/// An EndpointSlice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndpointSlice {
    /// The service it belongs to (`kubernetes.io/service-name`).
    pub service: Field<Box<str>>,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Its ports.
    pub ports: Vec<EndpointPort>,
}

/// An endpoint of a slice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// Its addresses.
    pub addresses: Vec<Located<Written<IpAddr>>>,
    /// The node it is on.
    pub node_name: Field<Box<str>>,
}

/// A port of a slice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndpointPort {
    /// Its name.
    pub name: Field<Box<str>>,
    /// Its protocol; absent means TCP.
    pub protocol: Field<Box<str>>,
    /// Its number; absent contributes nothing (RES-19).
    pub port: Field<i64>,
}
