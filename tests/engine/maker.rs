//! Random clusters, policies of every shape, and flows.

use std::fmt::Write as _;
use std::net::IpAddr;

use palisade::resource::Era;

use crate::naive::{End, Facts, NaiveFlow};

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
    fn selector(&mut self) -> &'static str {
        self.dice.of(&[
            "all()",
            "app == 'x'",
            "app != 'x'",
            "has(app)",
            "!has(app)",
            "app in {'x','y'}",
            "app not in {'x'}",
            "role == 'pub'",
            "role == 'prv'",
            "has(role)",
            "app == 'x' || role == 'pub'",
            "app starts with 'x'",
            "projectcalico.org/namespace == 'a'",
            "pcns.team == 'red'",
            "!(app == 'x')",
            "has(zone)",
            "projectcalico.org/orchestrator == 'k8s'",
            "zone contains 'o' && !has(app)",
        ])
    }

    fn namespaces(&mut self) -> &'static str {
        self.dice.of(&[
            "all()",
            "team == 'red'",
            "team != 'red'",
            "!has(team)",
            "has(team)",
            "projectcalico.org/name == 'a'",
            "projectcalico.org/name in {'b','c'}",
            "kubernetes.io/metadata.name == 'b'",
        ])
    }

    fn nets(&mut self, v: Option<u8>) -> String {
        let v4 = [
            "172.30.0.0/16",
            "172.30.1.0/24",
            "172.30.1.1/32",
            "203.0.113.0/24",
            "10.0.0.0/8",
            "10.1.0.1/32",
            "198.18.0.0/15",
            "172.21.0.10/32",
            "0.0.0.0/0",
            "128.0.0.0/1",
        ];
        let v6 = [
            "fd00::/8",
            "fd00:30:1::/48",
            "2001:db8::/32",
            "fd00:30:1::1/128",
            "::/0",
        ];
        let count = 1 + self.dice.below(3);
        let mut nets = Vec::new();
        for _ in 0..count {
            let six = match v {
                Some(4) => false,
                Some(_) => true,
                None => self.dice.one_in(3),
            };
            nets.push(if six {
                self.dice.of(&v6)
            } else {
                self.dice.of(&v4)
            });
        }
        nets.iter()
            .map(|n| format!("'{n}'"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn ports(&mut self) -> &'static str {
        self.dice.of(&[
            "80",
            "8080",
            "'30000:32767'",
            "web",
            "10250",
            "22, 443",
            "web, 53",
            "'1:1024'",
            "kubelet",
            "30080",
        ])
    }

    fn side(&mut self, with_ports: bool, is_peer_service: bool) -> String {
        let mut fields = Vec::new();
        let v = self.dice.of(&[None, Some(4), Some(6), Some(4)]);
        if is_peer_service && self.dice.one_in(10) {
            let name = if self.dice.one_in(3) && self.doubts < MOST_DOUBTS {
                self.doubts += 1;
                "unheard"
            } else {
                "web"
            };
            let namespace = if self.dice.one_in(4) {
                ""
            } else {
                ", namespace: a"
            };
            fields.push(format!("services: {{name: {name}{namespace}}}"));
            return fields.join(", ");
        }
        if self.dice.one_in(3) {
            fields.push(format!("nets: [{}]", self.nets(v)));
        }
        if self.dice.one_in(8) {
            fields.push(format!("notNets: [{}]", self.nets(v)));
        }
        if self.dice.one_in(3) {
            fields.push(format!("selector: \"{}\"", self.selector()));
        }
        if self.dice.one_in(8) {
            fields.push(format!("notSelector: \"{}\"", self.selector()));
        }
        if self.dice.one_in(6) {
            let text = if self.dice.one_in(4) {
                "global()"
            } else {
                self.namespaces()
            };
            fields.push(format!("namespaceSelector: \"{text}\""));
        }
        if self.dice.one_in(12) {
            fields.push(
                self.dice
                    .of(&[
                        "serviceAccounts: {names: [robot]}",
                        "serviceAccounts: {selector: \"kind == 'machine'\"}",
                        "serviceAccounts: {names: [default], selector: all()}",
                        "serviceAccounts: {}",
                    ])
                    .to_owned(),
            );
        }
        if with_ports {
            let key = if self.dice.one_in(6) {
                "notPorts"
            } else {
                "ports"
            };
            fields.push(format!("{key}: [{}]", self.ports()));
        }
        fields.join(", ")
    }

    /// A rule that asks for a protocol at most: it often decides.
    fn plain_rule(&mut self) -> String {
        let action = self.dice.of(&["Allow", "Allow", "Deny", "Pass", "Log"]);
        let more = self.dice.of(&[
            "",
            "",
            ", protocol: TCP",
            ", notProtocol: UDP",
            ", protocol: TCP, destination: {ports: [30080, 8080]}",
            ", protocol: TCP, destination: {ports: [80, 10250]}",
            ", source: {nets: [203.0.113.0/24]}",
            ", source: {nets: [10.0.0.0/8]}",
        ]);
        format!("{{action: {action}{more}}}")
    }

    fn rule(&mut self, direction: &str) -> String {
        let action = self
            .dice
            .of(&["Allow", "Allow", "Deny", "Deny", "Pass", "Log"]);
        let mut fields = vec![format!("action: {action}")];
        let protocol = self.dice.of(&[
            "", "", "", "TCP", "TCP", "TCP", "UDP", "UDP", "SCTP", "ICMP", "ICMPv6", "6", "17",
            "tcp", "UDPLite", "4", "1",
        ]);
        if protocol.is_empty() {
            if self.dice.one_in(10) {
                let not = self.dice.of(&["TCP", "UDP", "1", "ICMPv6"]);
                fields.push(format!("notProtocol: {not}"));
            }
        } else {
            fields.push(format!("protocol: {protocol}"));
        }
        if self.dice.one_in(10) {
            fields.push(format!("ipVersion: {}", self.dice.of(&[4, 6])));
        }
        if ["ICMP", "ICMPv6", "1"].contains(&protocol) && self.dice.one_in(2) {
            let key = self.dice.of(&["icmp", "notICMP"]);
            let test = self.dice.of(&[
                "{type: 8}",
                "{type: 8, code: 0}",
                "{type: 135}",
                "{type: 3, code: 1}",
            ]);
            fields.push(format!("{key}: {test}"));
        }
        let has_ports = ["TCP", "UDP", "SCTP", "6", "17", "tcp"].contains(&protocol);
        let named_alone = protocol.is_empty() && self.facts.era == Era::E3 && self.dice.one_in(12);
        if protocol == "TCP" && self.doubts < MOST_DOUBTS && self.dice.one_in(25) {
            self.doubts += 1;
            fields.push("http: {methods: [GET]}".to_owned());
        }
        let udp = ["UDP", "17"].contains(&protocol);
        let source_ports =
            has_ports && self.dice.one_in(8) && !(udp && self.facts.overlay == Some("vxlan"));
        let in_doubt = fields.iter().any(|f| f.starts_with("http"));
        let source = self.side(source_ports, direction == "ingress" && !in_doubt);
        let to_ports = has_ports && self.dice.one_in(2);
        let mut destination = self.side(to_ports, direction == "egress" && !in_doubt && !to_ports);
        if named_alone && !destination.contains("services") {
            let comma = if destination.is_empty() { "" } else { ", " };
            write!(destination, "{comma}ports: [web]").expect("text");
        }
        if !source.is_empty() {
            fields.push(format!("source: {{{source}}}"));
        }
        if !destination.is_empty() {
            fields.push(format!("destination: {{{destination}}}"));
        }
        format!("{{{}}}", fields.join(", "))
    }

    fn rules(&mut self, direction: &str, plain: bool) -> String {
        let count = self.dice.below(4);
        let rules: Vec<String> = (0..count)
            .map(|_| {
                if plain && !self.dice.one_in(3) {
                    self.plain_rule()
                } else {
                    self.rule(direction)
                }
            })
            .collect();
        format!("{direction}: [{}]", rules.join(", "))
    }

    fn policy(&mut self, number: usize) -> String {
        let kind = self.dice.of(&[
            "GlobalNetworkPolicy",
            "GlobalNetworkPolicy",
            "GlobalNetworkPolicy",
            "NetworkPolicy",
            "NetworkPolicy",
            "Kubernetes",
            "StagedGlobalNetworkPolicy",
        ]);
        if kind == "Kubernetes" {
            return self.kubernetes_policy(number);
        }
        let global = kind != "NetworkPolicy";
        let tier = self
            .dice
            .of(&["", "", "", "default", "t1", "t1", "t2", "ghost"]);
        let raw = self.dice.one_in(5);
        let base = format!("p{}", self.dice.below(3) * 100 + number);
        let mut name = if !tier.is_empty() && tier != "default" && !self.dice.one_in(5) {
            format!("{tier}.{base}")
        } else {
            base
        };
        if raw && !name.contains('.') && self.dice.one_in(2) {
            name = format!("default.{name}");
        }
        let mut spec = Vec::new();
        if !tier.is_empty() {
            spec.push(format!("tier: {tier}"));
        }
        if !self.dice.one_in(4) {
            spec.push(format!(
                "order: {}",
                self.dice.of(&["1", "2", "2", "10.5", "-3", "1000"])
            ));
        }
        // Half of the policies are for host endpoints, and plain.
        let plain = global && self.dice.one_in(2);
        if plain {
            let text = self
                .dice
                .of(&["role == 'pub'", "has(role)", "zone == 'one'", "!has(app)"]);
            spec.push(format!("selector: \"{text}\""));
        } else if !self.dice.one_in(4) {
            spec.push(format!("selector: \"{}\"", self.selector()));
        }
        if global && !plain && self.dice.one_in(6) {
            let text = if self.dice.one_in(8) {
                "team = 'red'"
            } else {
                self.namespaces()
            };
            spec.push(format!("namespaceSelector: \"{text}\""));
        }
        if self.dice.one_in(10) {
            let text = self.dice.of(&[
                "kind == 'machine'",
                "all()",
                "projectcalico.org/name == 'robot'",
            ]);
            spec.push(format!("serviceAccountSelector: \"{text}\""));
        }
        let mut directions = self.dice.of(&[
            "",
            "Ingress",
            "Egress",
            "Ingress, Egress",
            "Ingress, Egress",
        ]);
        let mut both = true;
        if global && (plain || !raw) {
            let untracked = self.facts.overlay != Some("vxlan");
            match self.dice.below(if plain { 6 } else { 8 }) {
                0 | 1 => {
                    spec.push("preDNAT: true, applyOnForward: true".into());
                    directions = "Ingress";
                    both = false;
                }
                2 if untracked => spec.push("doNotTrack: true, applyOnForward: true".into()),
                3 | 4 => spec.push("applyOnForward: true".into()),
                _ => {}
            }
        }
        if !directions.is_empty() {
            spec.push(format!("types: [{directions}]"));
        }
        spec.push(self.rules("ingress", plain));
        if both {
            spec.push(self.rules("egress", plain));
        }
        let api = if raw {
            "crd.projectcalico.org/v1"
        } else {
            "projectcalico.org/v3"
        };
        let namespace = if global {
            String::new()
        } else {
            format!(", namespace: {}", self.dice.of(&["a", "b"]))
        };
        format!(
            "{{kind: {kind}, apiVersion: {api}, metadata: {{name: {name}{namespace}}}, spec: {{{}}}}}",
            spec.join(", ")
        )
    }

    fn kubernetes_policy(&mut self, number: usize) -> String {
        let labels = |dice: &mut Dice| {
            dice.of(&[
                "{}",
                "{matchLabels: {app: x}}",
                "{matchExpressions: [{key: app, operator: NotIn, values: [x]}]}",
                "{matchExpressions: [{key: app, operator: Exists}]}",
            ])
        };
        let mut peers = Vec::new();
        for _ in 0..self.dice.below(3) {
            peers.push(match self.dice.below(4) {
                0 => format!("{{podSelector: {}}}", labels(self.dice)),
                1 => "{namespaceSelector: {matchLabels: {team: red}}}".to_owned(),
                2 => format!(
                    "{{namespaceSelector: {{}}, podSelector: {}}}",
                    labels(self.dice)
                ),
                _ => "{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/29]}}".to_owned(),
            });
        }
        let ports = self.dice.of(&[
            "",
            "",
            "{port: 8080}",
            "{protocol: UDP, port: 53}",
            "{port: web}",
            "{port: 1, endPort: 1024}, {protocol: UDP}",
        ]);
        let (list, side) = self.dice.of(&[("ingress", "from"), ("egress", "to")]);
        let types = self.dice.of(&[
            "",
            "policyTypes: [Ingress], ",
            "policyTypes: [Ingress, Egress], ",
        ]);
        format!(
            "{{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: {{name: k{number}, namespace: {}}}, \
             spec: {{podSelector: {}, {types}{list}: [{{{side}: [{}], ports: [{ports}]}}]}}}}",
            self.dice.of(&["a", "b"]),
            labels(self.dice),
            peers.join(", ")
        )
    }

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

    pub fn flow(&mut self) -> NaiveFlow {
        let v6 = self.dice.one_in(4);
        let outside = |dice: &mut Dice| -> IpAddr {
            let all = if v6 {
                ["2001:db8:ffff::7", "fd00:99::7"]
            } else {
                dice.of(&[["203.0.113.7", "10.99.0.7"], ["203.0.113.200", "10.99.0.8"]])
            };
            dice.of(&all).parse().expect("an address")
        };
        let inside = |dice: &mut Dice| {
            if dice.one_in(3) {
                End::Host(dice.of(&["n1", "n2"]).to_owned())
            } else {
                let (namespace, name, ..) = dice.of(&PODS);
                End::Pod(namespace.to_owned(), name.to_owned())
            }
        };
        let (from, to) = match self.dice.below(4) {
            0 | 1 => (End::Ext(outside(self.dice)), inside(self.dice)),
            2 => (inside(self.dice), End::Ext(outside(self.dice))),
            _ => (inside(self.dice), inside(self.dice)),
        };
        let protocol = self
            .dice
            .of(&[6, 6, 6, 17, 132, if v6 { 58 } else { 1 }, 47, 136, 4]);
        let has_ports = [6, 17, 132].contains(&protocol);
        let port = self.dice.of(&[22, 53, 80, 443, 8080, 10250, 30080, 4789]);
        let mut flow = NaiveFlow {
            v6,
            protocol,
            sport: has_ports.then_some(self.dice.of(&[40000, 53, 80])),
            dport: has_ports.then_some(port),
            icmp: [1, 58]
                .contains(&protocol)
                .then(|| self.dice.of(&[(8, 0), (8, 1), (3, 1), (135, 0), (128, 0)])),
            node_port: None,
            service: None,
            local: self.dice.one_in(4),
            from,
            to,
        };
        if has_ports && !matches!(flow.to, End::Ext(_)) {
            match self.dice.below(4) {
                0 => {
                    flow.node_port = Some((
                        self.dice.of(&["n1", "n2"]).to_owned(),
                        self.dice.of(&[30080, 22]),
                    ));
                }
                1 => {
                    let address = if v6 { "fd00:21::10" } else { "172.21.0.10" };
                    flow.service = Some((
                        address.parse().expect("an address"),
                        self.dice.of(&[80, 443]),
                    ));
                }
                _ => {}
            }
        }
        // Nobody knows the IPv6 address of a tunnel device, nor that of a source behind one.
        let carried = v6 && self.facts.overlay == Some("vxlan");
        if carried && !matches!(flow.to, End::Ext(_)) {
            flow.to = End::Host("n1".into());
        }
        flow
    }
}
