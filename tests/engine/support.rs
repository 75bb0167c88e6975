//! A small cluster written as YAML, and flows written as one line.

use std::collections::BTreeMap;
use std::net::IpAddr;

use palisade::engine::{
    Family, Flow, ImaginedPod, Original, Outcome, Overlay, Party, PodSketch, Program, Route,
    Settings, Trace, Verdict, compile,
};
use palisade::finding::Input;
use palisade::net::Protocol;
use palisade::resource::ResourceSet;

/// An address outside the cluster.
pub const OUTSIDE: &str = "203.0.113.7";

/// Reads objects; what the reader finds wrong is the test's own affair.
pub fn read(yaml: &str) -> ResourceSet {
    ResourceSet::read([&Input::new("test.yaml", yaml)])
}

/// Everything leaves nodes by eth1.
pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.routes.common = ["0.0.0.0/0", "::/0"]
        .map(|to| Route {
            to: to.parse().expect("a block"),
            interface: "eth1".to_owned(),
        })
        .into();
    settings
}

pub fn overlay(kind: &str) -> Overlay {
    Overlay {
        ipip: kind == "ipip",
        vxlan: kind == "vxlan",
        wireguard: kind == "wireguard",
    }
}

/// A cluster to ask.
pub struct World {
    pub program: Program,
    sketches: BTreeMap<String, ImaginedPod>,
}

impl World {
    pub fn new(yaml: &str) -> Self {
        Self::with(yaml, &settings())
    }

    pub fn with(yaml: &str, settings: &Settings) -> Self {
        Self {
            program: compile(&read(yaml), settings),
            sketches: BTreeMap::new(),
        }
    }

    /// Makes `sketch:NAME` mean a pod that need not exist.
    pub fn sketch(&mut self, name: &str, sketch: &PodSketch) {
        let pod = self.program.imagine(sketch);
        self.sketches.insert(name.to_owned(), pod);
    }

    fn party(&self, text: &str) -> Party<'_> {
        if text == "ext" {
            return Party::Address(OUTSIDE.parse().expect("an address"));
        }
        let (kind, rest) = text.split_once(':').expect("a kind of end");
        match kind {
            "ip" => Party::Address(rest.parse().expect("an address")),
            "host" => Party::Host(self.program.find_host(rest).expect(rest)),
            "service" => Party::Service(self.program.find_host(rest).expect(rest)),
            "sketch" => Party::Imagined(self.sketches.get(rest).expect(rest)),
            "pod" => {
                let (namespace, name) = rest.split_once('/').expect("a namespace");
                Party::Pod(self.program.find_pod(namespace, name).expect(rest))
            }
            _ => panic!("no such kind of end: {kind}"),
        }
    }

    /// Reads `FROM -> TO PROTOCOL[/PORT]` and, behind it, any of `from-port:N`, `icmp:TYPE/CODE`,
    /// `via:INTERFACE`, `node-port:NODE:PORT`, `sent-to:ADDRESS:PORT`, `from:ADDRESS`,
    /// `to:ADDRESS`, `v6`, `local`.
    pub fn flow(&self, text: &str) -> Flow<'_> {
        let mut words = text.split_whitespace();
        let from = self.party(words.next().expect("a source"));
        assert_eq!(words.next(), Some("->"), "{text}");
        let to = self.party(words.next().expect("a destination"));
        let what = words.next().expect("a protocol");
        let (protocol, port) = match what.split_once('/') {
            Some((protocol, port)) => (protocol, Some(port.parse().expect("a port"))),
            None => (what, None),
        };
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "sctp" => Protocol::Sctp,
            "icmp" => Protocol::Icmp,
            "icmpv6" => Protocol::Icmpv6,
            number => Protocol::Number(number.parse().expect("a protocol")),
        };
        let mut flow = Flow::new(from, to, protocol, port);
        flow.source_port = protocol.has_ports().then_some(40000);
        if protocol == Protocol::Icmpv6 {
            flow.family = Family::V6;
        }
        for word in words {
            let (key, value) = word.split_once(':').unwrap_or((word, ""));
            match key {
                "from-port" => flow.source_port = value.parse().ok(),
                "icmp" => {
                    let (kind, code) = value.split_once('/').expect("type and code");
                    flow.icmp = Some((kind.parse().expect("type"), code.parse().expect("code")));
                }
                "via" => flow.via = Some(self.program.find_interface(value)),
                "node-port" => {
                    let (node, port) = value.split_once(':').expect("node and port");
                    flow.original = Some(Original {
                        at: Some(self.program.find_host(node).expect("a node")),
                        address: None,
                        port: port.parse().ok(),
                    });
                }
                "sent-to" => {
                    let (address, port) = value.rsplit_once(':').expect("address and port");
                    flow.original = Some(Original {
                        at: None,
                        address: Some(address.parse().expect("an address")),
                        port: port.parse().ok(),
                    });
                }
                "from" => flow.from_address = value.parse::<IpAddr>().ok(),
                "to" => flow.to_address = value.parse::<IpAddr>().ok(),
                "v6" => flow.family = Family::V6,
                "local" => {
                    flow.external_traffic_policy = palisade::engine::ExternalTrafficPolicy::Local;
                }
                _ => panic!("no such word: {word}"),
            }
        }
        flow
    }

    /// The verdict, which a trace must give as well.
    pub fn verdict(&self, text: &str) -> Verdict {
        let flow = self.flow(text);
        let verdict = self.program.evaluate(&flow);
        assert_eq!(verdict, self.program.trace(&flow).verdict, "{text}");
        verdict
    }

    pub fn ask(&self, text: &str) -> Outcome {
        self.verdict(text).outcome
    }

    pub fn trace(&self, text: &str) -> Trace {
        self.program.trace(&self.flow(text))
    }

    #[track_caller]
    pub fn allows(&self, text: &str) {
        assert_eq!(
            self.ask(text),
            Outcome::Allow,
            "{text}\n{}",
            self.story(text)
        );
    }

    #[track_caller]
    pub fn denies(&self, text: &str) {
        assert_eq!(
            self.ask(text),
            Outcome::Deny,
            "{text}\n{}",
            self.story(text)
        );
    }

    /// A trace as JSON, for a test that fails.
    pub fn story(&self, text: &str) -> String {
        serde_json::to_string_pretty(&self.trace(text)).expect("a trace is data")
    }
}
