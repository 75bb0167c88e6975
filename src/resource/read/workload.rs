//! Host endpoints, pods, nodes, services and slices.

use std::net::IpAddr;

use crate::resource::{
    Container, ContainerPort, Endpoint, EndpointPort, EndpointSlice, HostEndpoint, HostPort, Node,
    Pod, Service, ServicePort, Written,
};
use crate::yaml::{self, Located};

use super::fields::{Fields, Reader};
use super::policy::{port, protocol};

fn address(text: &str) -> Written<IpAddr> {
    text.parse()
        .map_or_else(|_| Written::Invalid(text.into()), Written::Valid)
}

impl Reader<'_> {
    pub(super) fn host_endpoint(&mut self, object: Fields<'_>) -> HostEndpoint {
        let known = ["node", "interfaceName", "expectedIPs", "profiles", "ports"];
        let Some(spec) = self.spec(object, &known) else {
            self.require(object, "spec", "host endpoint");
            return HostEndpoint::default();
        };
        self.require(spec, "node", "host endpoint");
        HostEndpoint {
            span: spec.span(),
            node: self.text(spec, "node"),
            interface_name: self.text(spec, "interfaceName"),
            expected_ips: self.values(spec, "expectedIPs", address),
            profiles: self.texts(spec, "profiles"),
            ports: self.list(spec, "ports", |reader, node| {
                let fields = reader.mapping(node, "ports", &["name", "protocol", "port"])?;
                Some(HostPort {
                    span: node.span,
                    name: reader.text(fields, "name"),
                    protocol: reader.field(fields, "protocol", |_, node| Some(protocol(node))),
                    port: reader.integer(fields, "port"),
                })
            }),
        }
    }

    pub(super) fn node(&mut self, object: Fields<'_>) -> Node {
        let status = self.status(object);
        let addresses = status.and_then(|status| {
            self.list(status, "addresses", |reader, node| {
                let fields = reader.open(node, "addresses")?;
                let kind = reader.text(fields, "type")?;
                let at = reader.text(fields, "address")?;
                Some((kind.value, at))
            })
        });
        let addresses = addresses.map(|list| list.value).unwrap_or_default();
        Node {
            addresses: addresses
                .into_iter()
                .map(|(kind, at)| {
                    let value = address(&at.value);
                    (
                        kind,
                        Located {
                            value,
                            span: at.span,
                        },
                    )
                })
                .collect(),
        }
    }

    fn status<'n>(&mut self, object: Fields<'n>) -> Option<Fields<'n>> {
        let node = object.get("status")?;
        self.open(node, "status")
    }

    pub(super) fn pod(&mut self, object: Fields<'_>) -> Pod {
        let mut pod = Pod::default();
        if let Some(spec) = self.any_spec(object) {
            pod.node_name = self.text(spec, "nodeName");
            pod.host_network = self.boolean(spec, "hostNetwork").is_some_and(|b| b.value);
            pod.service_account = self.text(spec, "serviceAccountName");
            for list in ["containers", "initContainers"] {
                let containers = self.list(spec, list, |reader, node| {
                    let fields = reader.open(node, list)?;
                    let ports = reader.list(fields, "ports", Self::container_port);
                    Some(Container {
                        ports: ports.map(|list| list.value).unwrap_or_default(),
                    })
                });
                pod.containers
                    .extend(containers.into_iter().flat_map(|l| l.value));
            }
        }
        if let Some(status) = self.status(object) {
            pod.phase = self.text(status, "phase");
            let all = self.list(status, "podIPs", |reader, node| {
                let fields = reader.open(node, "podIPs")?;
                reader.text(fields, "ip")
            });
            let texts = match all {
                Some(list) if !list.value.is_empty() => list.value,
                _ => self.text(status, "podIP").into_iter().collect(),
            };
            pod.ips = located_addresses(texts);
        }
        pod
    }

    fn container_port(&mut self, node: &yaml::Node) -> Option<ContainerPort> {
        let fields = self.open(node, "ports")?;
        Some(ContainerPort {
            name: self.text(fields, "name"),
            port: self.integer(fields, "containerPort"),
            protocol: self.text(fields, "protocol"),
            host_port: self.integer(fields, "hostPort"),
        })
    }

    pub(super) fn service(&mut self, object: Fields<'_>) -> Service {
        let mut service = Service::default();
        if let Some(spec) = self.any_spec(object) {
            service.service_type = self.text(spec, "type");
            let all = self.texts(spec, "clusterIPs");
            let texts = match all {
                Some(list) if !list.value.is_empty() => list.value,
                _ => self.text(spec, "clusterIP").into_iter().collect(),
            };
            let given = texts.into_iter().filter(|text| &*text.value != "None");
            service.cluster_ips = located_addresses(given.collect());
            let external = self.texts(spec, "externalIPs");
            let asked = self.text(spec, "loadBalancerIP");
            let texts = external.into_iter().flat_map(|l| l.value).chain(asked);
            service.external_ips = located_addresses(texts.collect());
            service.external_traffic_policy = self.text(spec, "externalTrafficPolicy");
            service.selector = self.labels(spec, "selector");
            let ports = self.list(spec, "ports", |reader, node| {
                let fields = reader.open(node, "ports")?;
                Some(ServicePort {
                    span: node.span,
                    name: reader.text(fields, "name"),
                    protocol: reader.text(fields, "protocol"),
                    port: reader.integer(fields, "port"),
                    target_port: reader.field(fields, "targetPort", |_, node| Some(port(node))),
                    node_port: reader.integer(fields, "nodePort"),
                })
            });
            service.ports = ports.map(|list| list.value).unwrap_or_default();
        }
        let balancer = self
            .status(object)
            .and_then(|status| status.get("loadBalancer"));
        if let Some(balancer) = balancer.and_then(|node| self.open(node, "loadBalancer")) {
            let given = self.list(balancer, "ingress", |reader, node| {
                let fields = reader.open(node, "ingress")?;
                reader.text(fields, "ip")
            });
            let given = given.map(|list| list.value).unwrap_or_default();
            service.external_ips.extend(located_addresses(given));
        }
        service
    }

    pub(super) fn endpoint_slice(&mut self, object: Fields<'_>) -> EndpointSlice {
        let metadata = object
            .get("metadata")
            .and_then(|node| node.get("labels"))
            .and_then(|labels| labels.get("kubernetes.io/service-name"));
        let service = metadata.and_then(|node| {
            Some(Located {
                value: node.as_str()?.into(),
                span: node.span,
            })
        });
        let endpoints = self.list(object, "endpoints", |reader, node| {
            let fields = reader.open(node, "endpoints")?;
            let addresses = reader.values(fields, "addresses", address);
            Some(Endpoint {
                addresses: addresses.map(|list| list.value).unwrap_or_default(),
                node_name: reader.text(fields, "nodeName"),
            })
        });
        let ports = self.list(object, "ports", |reader, node| {
            let fields = reader.open(node, "ports")?;
            Some(EndpointPort {
                name: reader.text(fields, "name"),
                protocol: reader.text(fields, "protocol"),
                port: reader.integer(fields, "port"),
            })
        });
        EndpointSlice {
            service,
            endpoints: endpoints.map(|list| list.value).unwrap_or_default(),
            ports: ports.map(|list| list.value).unwrap_or_default(),
        }
    }
}

fn located_addresses(texts: Vec<Located<Box<str>>>) -> Vec<Located<Written<IpAddr>>> {
    texts
        .into_iter()
        .map(|text| Located {
            value: address(&text.value),
            span: text.span,
        })
        .collect()
}
