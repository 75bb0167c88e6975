//! Random clusters, policies of every shape, and flows.

mod admin;
mod flow;
mod kubernetes;
mod policy;
mod rule;

use std::fmt::Write as _;

use palisade::resource::Era;

use crate::naive::Facts;

/// SplitMix64: the same numbers everywhere.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % n as u64).expect("small")
    }

    /// One in `n`.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

const PODS: [(&str, &str, &str, &str, &str); 6] = [
    ("a", "p1", "n1", "172.30.1.1", "fd00:30:1::1"),
    ("a", "p2", "n2", "172.30.2.1", "fd00:30:2::1"),
    ("a", "p3", "n1", "172.30.1.2", "fd00:30:1::2"),
    ("b", "q1", "n1", "172.30.1.3", "fd00:30:1::3"),
    ("b", "q2", "n2", "172.30.2.3", "fd00:30:2::3"),
    ("c", "r1", "n2", "172.30.2.4", "fd00:30:2::4"),
];

/// How many rules of one set may be in doubt: every world is tried.
pub const MOST_DOUBTS: usize = 2;

pub struct Maker<'d> {
    pub dice: &'d mut Dice,
    pub facts: Facts,
    pub doubts: usize,
}

impl Maker<'_> {
    pub fn cluster(&mut self) -> String {
        let mut docs = Vec::new();
        for (n, node) in ["n1", "n2"].iter().enumerate() {
            let i = n + 1;
            docs.push(format!(
                "{{kind: Node, apiVersion: v1, metadata: {{name: {node}, annotations: \
                 {{projectcalico.org/IPv4IPIPTunnelAddr: 172.30.{i}.0, projectcalico.org/IPv4VXLANTunnelAddr: 172.30.{i}.0}}}}, \
                 status: {{addresses: [{{type: InternalIP, address: 10.1.0.{i}}}, {{type: ExternalIP, address: 198.18.0.{i}}}, \
                 {{type: InternalIP, address: 'fd00:1::{i}'}}, {{type: ExternalIP, address: '2001:db8:1::{i}'}}]}}}}"
            ));
        }
        docs.push(
            "{kind: Namespace, apiVersion: v1, metadata: {name: a, labels: {team: red}}}".into(),
        );
        docs.push("{kind: Namespace, apiVersion: v1, metadata: {name: b, labels: {team: blue, kubernetes.io/metadata.name: b}}}".into());
        docs.push("{kind: Namespace, apiVersion: v1, metadata: {name: c}}".into());
        for namespace in ["a", "b", "c"] {
            docs.push(format!("{{kind: ServiceAccount, apiVersion: v1, metadata: {{name: default, namespace: {namespace}}}}}"));
            docs.push(format!("{{kind: ServiceAccount, apiVersion: v1, metadata: {{name: robot, namespace: {namespace}, labels: {{kind: machine}}}}}}"));
        }
        for (namespace, name, node, v4, v6) in PODS {
            let app = self.dice.of(&[
                "",
                "app: x",
                "app: y",
                "app: xy, role: pub",
                "role: prv, pcns.team: red",
            ]);
            let account = self.dice.of(&["", "serviceAccountName: robot, "]);
            let port = self.dice.of(&[8080, 80, 30080]);
            docs.push(format!(
                "{{kind: Pod, apiVersion: v1, metadata: {{name: {name}, namespace: {namespace}, labels: {{{app}}}}}, \
                 spec: {{nodeName: {node}, {account}containers: [{{ports: [{{name: web, containerPort: {port}}}]}}]}}, \
                 status: {{podIPs: [{{ip: {v4}}}, {{ip: '{v6}'}}]}}}}"
            ));
        }
        docs.push("{kind: Pod, apiVersion: v1, metadata: {name: done, namespace: a, labels: {app: x}}, spec: {nodeName: n1}, status: {phase: Succeeded, podIP: 203.0.113.7}}".into());
        docs.push("{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {name: web-1, namespace: a, labels: {kubernetes.io/service-name: web}}, \
            endpoints: [{addresses: [172.30.1.1]}, {addresses: [172.30.2.3], conditions: {ready: false}}], ports: [{port: 8080}]}".into());
        for (n, (node, interface, v4, v6)) in [
            ("n1", "eth0", "10.1.0.1", "fd00:1::1"),
            ("n1", "eth1", "198.18.0.1", "2001:db8:1::1"),
            ("n2", "eth0", "10.1.0.2", "fd00:1::2"),
            ("n2", "eth1", "198.18.0.2", "2001:db8:1::2"),
            ("n1", "*", "10.1.0.1", "2001:db8:1::1"),
            ("n2", "*", "198.18.0.2", "fd00:1::2"),
            ("n1", "eth1", "198.18.0.1", "2001:db8:1::1"),
            ("n2", "tunl0", "", ""),
            ("n1", "lo", "", ""),
        ]
        .into_iter()
        .enumerate()
        {
            if self.dice.one_in(if n < 6 { 2 } else { 5 }) {
                continue;
            }
            let labels = self.dice.of(&[
                "role: pub",
                "role: prv",
                "role: pub, app: x",
                "zone: one",
                "",
            ]);
            let addresses = self.dice.of(&[true, true, false]) && !v4.is_empty();
            let name_it = interface == "*" || !addresses || !self.dice.one_in(4);
            let mut spec = format!("node: {node}");
            if name_it {
                write!(spec, ", interfaceName: '{interface}'").expect("text");
            }
            if addresses {
                write!(spec, ", expectedIPs: ['{v4}', '{v6}']").expect("text");
            }
            let profiles = self.dice.of(&[
                "",
                "",
                ", profiles: [projectcalico-default-allow]",
                ", profiles: [projectcalico-default-allow]",
                ", profiles: [missing]",
            ]);
            docs.push(format!(
                "{{kind: HostEndpoint, apiVersion: projectcalico.org/v3, metadata: {{name: h{}, labels: {{{labels}}}}}, \
                 spec: {{{spec}{profiles}, ports: [{{name: kubelet, protocol: TCP, port: 10250}}]}}}}",
                (n * 7) % 10
            ));
        }
        docs.push("{kind: GlobalNetworkSet, apiVersion: projectcalico.org/v3, metadata: {name: g, labels: {role: pub, zone: out}}, spec: {nets: [203.0.113.0/25, 'fd00:99::/32']}}".into());
        docs.push("{kind: NetworkSet, apiVersion: projectcalico.org/v3, metadata: {name: s, namespace: a, labels: {app: x}}, spec: {nets: [10.99.0.7, 172.30.2.3/32, 10.1.0.2]}}".into());
        if self.facts.era != Era::E1 {
            let action = self.dice.of(&["Deny", "Pass"]);
            docs.push(format!("{{kind: Tier, apiVersion: projectcalico.org/v3, metadata: {{name: t1}}, spec: {{order: 100, defaultAction: {action}}}}}"));
            let order = self.dice.of(&["order: 50, ", "order: 2000000, ", ""]);
            let api = self
                .dice
                .of(&["projectcalico.org/v3", "crd.projectcalico.org/v1"]);
            docs.push(format!("{{kind: Tier, apiVersion: {api}, metadata: {{name: t2}}, spec: {{{order}defaultAction: Pass}}}}"));
        }
        docs.extend(self.built_in_tier());
        let failsafes = self.dice.of(&[
            "",
            "failsafeInboundHostPorts: []",
            "failsafeInboundHostPorts: [{port: 10250, net: 10.0.0.0/8}, {protocol: udp, port: 53}]",
            "failsafeOutboundHostPorts: [{protocol: tcp, port: 443}], failsafeInboundHostPorts: [{port: 30080}]",
        ]);
        docs.push(format!("{{kind: FelixConfiguration, apiVersion: projectcalico.org/v3, metadata: {{name: default}}, spec: {{{failsafes}}}}}"));
        let policies = 1 + self.dice.below(9);
        for number in 0..policies {
            docs.push(self.policy(number));
        }
        docs.join("\n---\n")
    }
}
