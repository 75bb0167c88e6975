//! Kubernetes' policies for the whole cluster (KNP-11).

use crate::resource::{
    ClusterPeer, ClusterPolicy, ClusterPort, ClusterRule, ClusterSubject, Kind, NamespacedPods,
    Net, PortNumberRange, PortNumbers, PortQuestion,
};
use crate::yaml::{Located, Node};

use super::fields::{Fields, Reader};

/// The fields of a peer that packets come from.
const FROM: &[&str] = &["namespaces", "pods"];

/// The fields of a peer that packets go to.
const TO: &[&str] = &["namespaces", "pods", "nodes", "networks", "domainNames"];

/// The protocols of a ClusterNetworkPolicy: the field, and the name of the protocol.
const PROTOCOLS: [(&str, &str); 3] = [("tcp", "TCP"), ("udp", "UDP"), ("sctp", "SCTP")];

impl Reader<'_> {
    pub(super) fn cluster_policy(&mut self, kind: &Kind, object: Fields<'_>) -> ClusterPolicy {
        let mut known = vec!["subject", "ingress", "egress"];
        if *kind != Kind::BaselineAdminNetworkPolicy {
            known.push("priority");
        }
        if *kind == Kind::ClusterNetworkPolicy {
            known.push("tier");
        }
        let Some(spec) = self.spec(object, &known) else {
            return ClusterPolicy::default();
        };
        // What the kind has not is dropped by the API, so it means nothing here either.
        let has = |name: &str| known.contains(&name);
        ClusterPolicy {
            span: spec.span(),
            tier: has("tier").then(|| self.text(spec, "tier")).flatten(),
            priority: has("priority")
                .then(|| self.integer(spec, "priority"))
                .flatten(),
            subject: self.subject(spec),
            ingress: self.cluster_rules(kind, spec, "ingress", "from"),
            egress: self.cluster_rules(kind, spec, "egress", "to"),
        }
    }

    fn subject(&mut self, spec: Fields<'_>) -> Option<ClusterSubject> {
        let node = spec.get("subject")?;
        let fields = self.mapping(node, "subject", FROM)?;
        Some(ClusterSubject {
            span: node.span,
            namespaces: self.label_selector(fields, "namespaces"),
            pods: self.namespaced_pods(fields),
        })
    }

    fn namespaced_pods(&mut self, fields: Fields<'_>) -> Option<NamespacedPods> {
        let node = fields.get("pods")?;
        let fields = self.mapping(node, "pods", &["namespaceSelector", "podSelector"])?;
        Some(NamespacedPods {
            span: node.span,
            namespace_selector: self.label_selector(fields, "namespaceSelector"),
            pod_selector: self.label_selector(fields, "podSelector"),
        })
    }

    fn cluster_rules(
        &mut self,
        kind: &Kind,
        spec: Fields<'_>,
        name: &str,
        peers: &str,
    ) -> Option<Located<Vec<ClusterRule>>> {
        let newer = *kind == Kind::ClusterNetworkPolicy;
        let ports = if newer { "protocols" } else { "ports" };
        self.list(spec, name, |reader, node| {
            let known = ["name", "action", peers, ports];
            let fields = reader.mapping(node, &format!("{name} rule"), &known)?;
            Some(ClusterRule {
                span: node.span,
                name: reader.text(fields, "name"),
                action: reader.text(fields, "action"),
                peers: reader.list(fields, peers, |reader, node| {
                    reader.cluster_peer(node, name, peers)
                }),
                ports: reader.list(fields, ports, |reader, node| {
                    if newer {
                        reader.cluster_protocol(node)
                    } else {
                        reader.cluster_port(node)
                    }
                }),
            })
        })
    }

    fn cluster_peer(&mut self, node: &Node, direction: &str, name: &str) -> Option<ClusterPeer> {
        let known = if name == "from" { FROM } else { TO };
        let fields = self.mapping(node, &format!("{direction} peer"), known)?;
        let mut peer = ClusterPeer {
            span: node.span,
            namespaces: self.label_selector(fields, "namespaces"),
            pods: self.namespaced_pods(fields),
            ..ClusterPeer::default()
        };
        if name == "to" {
            peer.nodes = self.label_selector(fields, "nodes");
            peer.networks = self.values(fields, "networks", Net::of);
            peer.domain_names = self.texts(fields, "domainNames");
        }
        Some(peer)
    }

    /// An entry of `ports` of `v1alpha1`.
    fn cluster_port(&mut self, node: &Node) -> Option<ClusterPort> {
        let fields = self.mapping(node, "ports", &["portNumber", "portRange", "namedPort"])?;
        let mut asks = Vec::new();
        if let Some(node) = fields.get("portNumber")
            && let Some(number) = self.mapping(node, "portNumber", &["protocol", "port"])
        {
            let numbers = PortNumbers {
                protocol: self.text(number, "protocol"),
                number: self.integer(number, "port"),
                range: None,
            };
            asks.push(question(PortQuestion::Numbers(numbers), node));
        }
        if let Some(node) = fields.get("portRange")
            && let Some(range) = self.mapping(node, "portRange", &["protocol", "start", "end"])
        {
            let numbers = PortNumbers {
                protocol: self.text(range, "protocol"),
                number: None,
                range: Some(self.number_range(range)),
            };
            asks.push(question(PortQuestion::Numbers(numbers), node));
        }
        asks.extend(self.named_port(fields, "namedPort"));
        Some(ClusterPort {
            span: node.span,
            asks,
        })
    }

    /// An entry of `protocols` of `v1alpha2`.
    fn cluster_protocol(&mut self, node: &Node) -> Option<ClusterPort> {
        let known = ["tcp", "udp", "sctp", "destinationNamedPort"];
        let fields = self.mapping(node, "protocols", &known)?;
        let mut asks = Vec::new();
        for (name, protocol) in PROTOCOLS {
            let Some(node) = fields.get(name) else {
                continue;
            };
            let Some(of_protocol) = self.mapping(node, name, &["destinationPort"]) else {
                continue;
            };
            let mut numbers = PortNumbers {
                protocol: Some(Located {
                    value: protocol.into(),
                    span: node.span,
                }),
                ..PortNumbers::default()
            };
            if let Some(port) = of_protocol.get("destinationPort")
                && let Some(port) = self.mapping(port, "destinationPort", &["number", "range"])
            {
                numbers.number = self.integer(port, "number");
                numbers.range = port
                    .get("range")
                    .and_then(|node| self.mapping(node, "range", &["start", "end"]))
                    .map(|range| self.number_range(range));
            }
            asks.push(question(PortQuestion::Numbers(numbers), node));
        }
        asks.extend(self.named_port(fields, "destinationNamedPort"));
        Some(ClusterPort {
            span: node.span,
            asks,
        })
    }

    fn number_range(&mut self, fields: Fields<'_>) -> PortNumberRange {
        PortNumberRange {
            span: fields.span(),
            start: self.integer(fields, "start"),
            end: self.integer(fields, "end"),
        }
    }

    fn named_port(&mut self, fields: Fields<'_>, name: &str) -> Option<Located<PortQuestion>> {
        let text = self.text(fields, name)?;
        Some(Located {
            value: PortQuestion::Named(text.value),
            span: text.span,
        })
    }
}

fn question(value: PortQuestion, node: &Node) -> Located<PortQuestion> {
    Located {
        value,
        span: node.span,
    }
}
