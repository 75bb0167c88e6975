//! A second evaluator, deliberately naive: plain loops over the resources, nothing compiled,
//! written from the semantics reference and not from the first. Slow, and meant to be obvious.
//!
//! It answers yes or no. What cannot be known (HTTP, services without slices) is answered by the
//! caller's `oracle`, so that every possible world can be tried.

mod cluster;
mod host;
mod matching;
mod policy;
mod way;

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use palisade::net::Protocol;
use palisade::resource::selector::Selector;
use palisade::resource::{
    Action, Api, Body, Direction, EntityRule, Era, HostEndpoint, Icmp, Kind, Policy, Port,
    Resource, ResourceSet, Rule, Written, convert,
};

pub type Labels = BTreeMap<String, String>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plane {
    Iptables,
    Nftables,
    Bpf,
}

/// What a random cluster is set to.
#[derive(Clone, Debug)]
pub struct Facts {
    pub era: Era,
    pub plane: Plane,
    /// `ipip`, `vxlan`, or nothing.
    pub overlay: Option<&'static str>,
    pub host_accepts: bool,
    pub nat_outgoing: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Ext(IpAddr),
    Pod(String, String),
    Host(String),
}

#[derive(Clone, Debug)]
pub struct NaiveFlow {
    pub from: End,
    pub to: End,
    pub v6: bool,
    pub protocol: u8,
    pub sport: Option<u16>,
    pub dport: Option<u16>,
    pub icmp: Option<(u8, u8)>,
    /// Sent to this port of this node.
    pub node_port: Option<(String, u16)>,
    /// Sent to this address and port of a service.
    pub service: Option<(IpAddr, u16)>,
    pub local: bool,
}

/// A packet as a rule sees it.
#[derive(Clone, Copy, Debug)]
struct Packet {
    v6: bool,
    protocol: u8,
    icmp: Option<(u8, u8)>,
    from: IpAddr,
    to: IpAddr,
    sport: Option<u16>,
    dport: Option<u16>,
}

/// An endpoint or set with its labels and addresses.
struct Member {
    labels: Labels,
    nets: Vec<IpNet>,
    ports: Vec<(String, u8, u16)>,
}

#[derive(PartialEq, Eq, Clone, Copy, Debug)]
enum Say {
    Allow,
    Deny,
    Nothing,
}

#[derive(PartialEq, Clone, Copy)]
enum List {
    Untracked,
    PreDnat,
    Normal,
    Forward,
}

pub struct Naive<'r> {
    set: &'r ResourceSet,
    facts: &'r Facts,
    members: Vec<Member>,
    policies: Vec<Held>,
    oracle: &'r dyn Fn(usize) -> bool,
    dead_reply: std::cell::Cell<bool>,
}

struct Held {
    resource: Resource,
    text: String,
    namespace: String,
    tier: String,
    stored: String,
    number: usize,
}

const NS: &str = "projectcalico.org/namespace";

impl<'r> Naive<'r> {
    pub fn new(set: &'r ResourceSet, facts: &'r Facts, oracle: &'r dyn Fn(usize) -> bool) -> Self {
        let mut naive = Self {
            set,
            facts,
            members: Vec::new(),
            policies: Vec::new(),
            oracle,
            dead_reply: std::cell::Cell::new(false),
        };
        for resource in set.iter() {
            match &resource.body {
                Body::Pod(_) => {
                    if let Some(member) = naive.pod_member(resource) {
                        naive.members.push(member);
                    }
                }
                Body::HostEndpoint(body) => naive.members.push(Member {
                    labels: own_labels(resource),
                    nets: expected(body).into_iter().map(IpNet::from).collect(),
                    ports: body
                        .ports
                        .iter()
                        .flat_map(|l| l.value.iter())
                        .map(|p| {
                            let Written::Valid(protocol) = p.protocol.as_ref().unwrap().value
                            else {
                                panic!("generated ports are right")
                            };
                            (
                                p.name.as_ref().unwrap().value.to_string(),
                                protocol.number(),
                                u16::try_from(p.port.as_ref().unwrap().value).unwrap(),
                            )
                        })
                        .collect(),
                }),
                Body::NetworkSet(body) => {
                    let mut labels = own_labels(resource);
                    if let Some(namespace) = &resource.key.namespace {
                        labels.insert(NS.into(), namespace.clone());
                        naive.inherit(&mut labels, namespace);
                    }
                    let nets = body.nets.iter().flat_map(|l| l.value.iter());
                    naive.members.push(Member {
                        labels,
                        nets: nets.filter_map(|n| n.value.block()).collect(),
                        ports: Vec::new(),
                    });
                }
                _ => {}
            }
        }
        for (number, resource) in set.iter().enumerate() {
            let held = match &resource.body {
                Body::KubernetesPolicy(_) => convert(resource, facts.era).unwrap(),
                Body::ClusterPolicy(policy) => {
                    let Some(held) = cluster::held(resource, policy, facts.era) else {
                        continue;
                    };
                    held
                }
                Body::Policy(_) => resource.clone(),
                _ => continue,
            };
            naive.hold(held, number);
        }
        naive
    }

    fn hold(&mut self, resource: Resource, number: usize) {
        let policy = resource.policy().unwrap();
        if resource.key.kind.is_staged() {
            return; // EVAL-8
        }
        let global =
            [Kind::GlobalNetworkPolicy, Kind::ClusterNetworkPolicy].contains(&resource.key.kind);
        let namespace = resource.key.namespace.clone().unwrap_or_default();
        let written = |f: &Option<palisade::yaml::Located<Box<str>>>| {
            f.as_ref().map_or(String::new(), |f| f.value.to_string())
        };
        let mut text = written(&policy.selector);
        if global {
            for (more, prefix, instead) in [
                (
                    written(&policy.namespace_selector),
                    "pcns.",
                    "has(projectcalico.org/namespace)",
                ),
                (
                    written(&policy.service_account_selector),
                    "pcsa.",
                    "has(projectcalico.org/serviceaccount)",
                ),
            ] {
                if more.is_empty() {
                    continue;
                }
                // RES-9: what does not parse widens.
                if let Some(more) = prefixed(&more, prefix) {
                    text = if text.is_empty() {
                        more
                    } else {
                        format!("({text}) && {more}")
                    };
                }
                text = text.replace("all()", instead);
            }
        } else {
            let own = format!("{NS} == '{namespace}'");
            text = if text.is_empty() {
                own
            } else {
                format!("({text}) && {own}")
            };
            let accounts = written(&policy.service_account_selector);
            if let Some(more) = prefixed(&accounts, "pcsa.").filter(|_| !accounts.is_empty()) {
                text = format!("({text}) && {more}");
            }
        }
        if Selector::parse(&text).is_err() || !self.rules_are_right(policy) {
            return; // RES-9, VAL-55
        }
        let stored = self.stored(&resource);
        let tier = match self.facts.era {
            Era::E1 => "default".to_owned(),
            Era::E2 if stored.starts_with("knp.") => "default".to_owned(),
            Era::E2 if stored.starts_with("kanp.") => "adminnetworkpolicy".to_owned(),
            Era::E2 if stored.starts_with("kbanp.") => "baselineadminnetworkpolicy".to_owned(),
            Era::E2 => match stored.split_once('.') {
                Some((tier, _)) => tier.to_owned(),
                None => "default".to_owned(),
            },
            Era::E3 => match written(&policy.tier) {
                tier if tier.is_empty() => "default".to_owned(),
                tier => tier,
            },
        };
        self.policies.push(Held {
            text,
            namespace: if global { String::new() } else { namespace },
            tier,
            stored,
            number,
            resource,
        });
    }

    fn stored(&self, resource: &Resource) -> String {
        let name = resource.key.name.clone();
        if resource.api == Api::CalicoV1 {
            return resource.metadata.name.as_ref().unwrap().value.to_string();
        }
        match self.facts.era {
            Era::E3 => name,
            _ if name.starts_with("knp.") => name,
            Era::E2 if name.contains('.') => name,
            _ => format!("default.{name}"),
        }
    }

    /// VAL-55.
    fn rules_are_right(&self, policy: &Policy) -> bool {
        rules(policy, Direction::Ingress)
            .iter()
            .chain(rules(policy, Direction::Egress))
            .all(|rule| {
                let protocol = rule.protocol.as_ref().map(|p| match &p.value {
                    Written::Valid(p) => Some(*p),
                    Written::Invalid(text) => text.to_uppercase().parse::<Protocol>().ok(),
                });
                if protocol == Some(None) {
                    return false;
                }
                let protocol = protocol.flatten();
                [&rule.source, &rule.destination]
                    .into_iter()
                    .flatten()
                    .all(|side| {
                        let ports: Vec<_> = [&side.ports, &side.not_ports]
                            .into_iter()
                            .flatten()
                            .flat_map(|l| l.value.iter())
                            .map(|p| p.value.clone())
                            .collect();
                        let has_ports = match protocol {
                            Some(protocol) => protocol.has_ports(),
                            None => {
                                self.facts.era == Era::E3
                                    && ports.iter().all(|p| matches!(p, Port::Named(_)))
                            }
                        };
                        let texts = [&side.selector, &side.not_selector];
                        (ports.is_empty() || has_ports)
                            && !ports.iter().any(|p| matches!(p, Port::Invalid(_)))
                            && texts
                                .into_iter()
                                .flatten()
                                .all(|t| Selector::parse(&t.value).is_ok())
                    })
            })
    }

    fn inherit(&self, labels: &mut Labels, namespace: &str) {
        let found = self
            .set
            .iter()
            .find(|r| r.key.kind == Kind::Namespace && r.key.name == namespace);
        for (key, value) in own_labels(found.expect("every namespace is given")) {
            labels.entry(format!("pcns.{key}")).or_insert(value);
        }
        labels.insert("pcns.projectcalico.org/name".into(), namespace.into());
        labels
            .entry("pcns.kubernetes.io/metadata.name".into())
            .or_insert_with(|| namespace.into());
    }

    fn pod_member(&self, resource: &Resource) -> Option<Member> {
        let Body::Pod(pod) = &resource.body else {
            return None;
        };
        let phase = pod.phase.as_ref().map_or("", |p| &p.value);
        if pod.host_network || pod.ips.is_empty() || ["Failed", "Succeeded"].contains(&phase) {
            return None; // RES-6
        }
        let namespace = resource.key.namespace.clone().unwrap();
        let account = pod.service_account.as_ref().map_or("default", |a| &a.value);
        let mut labels = own_labels(resource);
        labels.retain(|key, _| !key.starts_with("pcns.") && !key.starts_with("pcsa."));
        labels.insert(NS.into(), namespace.clone());
        labels.insert("projectcalico.org/orchestrator".into(), "k8s".into());
        labels.insert("projectcalico.org/serviceaccount".into(), account.into());
        self.inherit(&mut labels, &namespace);
        let found = self.set.iter().find(|r| {
            r.key.kind == Kind::ServiceAccount
                && r.key.name == account
                && r.key.namespace.as_deref() == Some(&namespace)
        });
        for (key, value) in own_labels(found.expect("every account is given")) {
            labels.entry(format!("pcsa.{key}")).or_insert(value);
        }
        labels.insert("pcsa.projectcalico.org/name".into(), account.into());
        let ports = pod
            .containers
            .iter()
            .flat_map(|c| &c.ports)
            .filter_map(|p| {
                let protocol = p.protocol.as_ref().map_or("TCP", |p| &p.value);
                Some((
                    p.name.as_ref()?.value.to_string(),
                    protocol.parse::<Protocol>().unwrap().number(),
                    u16::try_from(p.port.as_ref()?.value).unwrap(),
                ))
            });
        Some(Member {
            labels,
            nets: pod
                .ips
                .iter()
                .filter_map(|ip| Some(IpNet::from(*ip.value.valid()?)))
                .collect(),
            ports: ports.collect(),
        })
    }
}

fn icmp_is(test: &Icmp, (kind, code): (u8, u8)) -> bool {
    test.kind.as_ref().unwrap().value == i64::from(kind)
        && test
            .code
            .as_ref()
            .is_none_or(|c| c.value == i64::from(code))
}

fn rules(policy: &Policy, direction: Direction) -> &[Rule] {
    let list = match direction {
        Direction::Ingress => &policy.ingress,
        Direction::Egress => &policy.egress,
    };
    list.as_ref().map_or(&[], |l| &l.value)
}

fn own_labels(resource: &Resource) -> Labels {
    let labels = resource.metadata.labels.iter();
    labels
        .map(|l| (l.key.value.to_string(), l.value.value.to_string()))
        .collect()
}

fn expected(body: &HostEndpoint) -> Vec<IpAddr> {
    let list = body.expected_ips.iter().flat_map(|l| l.value.iter());
    list.filter_map(|a| a.value.valid().copied()).collect()
}

/// RES-5.
fn prefixed(text: &str, prefix: &str) -> Option<String> {
    let selector = Selector::parse(text).ok()?;
    Some(
        selector
            .map_labels(|l| format!("{prefix}{l}"))
            .ok()?
            .to_string(),
    )
}

// The nodes of every random cluster.

/// 10.0.0.0/8 and fd00::/8 lie behind eth0, all else behind eth1.
pub fn interface_of(address: IpAddr) -> &'static str {
    let inner: [IpNet; 2] = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
    if inner.iter().any(|n| n.contains(&address)) {
        "eth0"
    } else {
        "eth1"
    }
}

pub fn node_address(node: &str, interface: &str, v6: bool) -> IpAddr {
    let text = match (node, interface, v6) {
        ("n1", "eth0", false) => "10.1.0.1",
        ("n2", "eth0", false) => "10.1.0.2",
        ("n1", "eth1", false) => "198.18.0.1",
        ("n2", "eth1", false) => "198.18.0.2",
        ("n1", "eth0", true) => "fd00:1::1",
        ("n2", "eth0", true) => "fd00:1::2",
        ("n1", "eth1", true) => "2001:db8:1::1",
        ("n2", "eth1", true) => "2001:db8:1::2",
        _ => panic!("no address on {interface} of {node}"),
    };
    text.parse().unwrap()
}

pub fn tunnel_address(node: &str) -> IpAddr {
    if node == "n1" {
        "172.30.1.0".parse().unwrap()
    } else {
        "172.30.2.0".parse().unwrap()
    }
}
