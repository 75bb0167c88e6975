//! Rules of Calico's policies, and what they are made of.

use std::fmt::Write as _;

use palisade::resource::Era;

use super::{MOST_DOUBTS, Maker};

impl Maker<'_> {
    pub(super) fn selector(&mut self) -> &'static str {
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

    pub(super) fn namespaces(&mut self) -> &'static str {
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

    pub(super) fn nets(&mut self, v: Option<u8>) -> String {
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

    pub(super) fn ports(&mut self) -> &'static str {
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

    pub(super) fn side(&mut self, with_ports: bool, is_peer_service: bool) -> String {
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
    pub(super) fn plain_rule(&mut self) -> String {
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

    pub(super) fn rule(&mut self, direction: &str) -> String {
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

    pub(super) fn rules(&mut self, direction: &str, plain: bool) -> String {
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
}
