//! A second evaluator, deliberately naive: plain loops over the resources, nothing compiled,
//! written from the semantics reference and not from the first. Slow, and meant to be obvious.
//!
//! It answers yes or no. What cannot be known (HTTP, services without slices) is answered by the
//! caller's `oracle`, so that every possible world can be tried.

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
        let global = resource.key.kind == Kind::GlobalNetworkPolicy;
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
            if let Some(more) = prefixed(&written(&policy.service_account_selector), "pcsa.") {
                if !written(&policy.service_account_selector).is_empty() {
                    text = format!("({text}) && {more}");
                }
            }
        }
        if Selector::parse(&text).is_err() || !self.rules_are_right(policy) {
            return; // RES-9, VAL-55
        }
        let stored = self.stored(&resource);
        let tier = match self.facts.era {
            Era::E1 => "default".to_owned(),
            Era::E2 if stored.starts_with("knp.") => "default".to_owned(),
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

    // Policies of an endpoint.

    /// EVAL-1, EVAL-2: (exists, order, name) of the tiers that policies name, sorted; and whether
    /// each passes at its end.
    fn tiers(&self) -> Vec<(String, bool)> {
        let mut names: Vec<String> = self.policies.iter().map(|p| p.tier.clone()).collect();
        names.sort();
        names.dedup();
        let mut tiers: Vec<(bool, f64, String, bool)> = Vec::new();
        for name in names {
            let given = self.set.iter().find_map(|r| match &r.body {
                Body::Tier(tier) if r.key.name == name => Some((tier.clone(), r.api)),
                _ => None,
            });
            let built_in = match (self.facts.era, name.as_str()) {
                (_, "default") => Some((1_000_000.0, false)),
                (Era::E3, "kube-admin") => Some((1000.0, true)),
                (Era::E3, "kube-baseline") => Some((10_000_000.0, true)),
                _ => None,
            };
            match (given, built_in) {
                (Some((tier, api)), _) if self.facts.era != Era::E1 => {
                    let missing = if api == Api::CalicoV1 {
                        f64::INFINITY
                    } else {
                        1_000_000.0
                    };
                    let order = tier.order.as_ref().map_or(missing, |o| o.value);
                    let pass = tier.default_action.is_some_and(|a| &*a.value == "Pass");
                    tiers.push((false, order, name, pass));
                }
                (_, Some((order, pass))) => tiers.push((false, order, name, pass)),
                _ => tiers.push((true, f64::INFINITY, name, false)),
            }
        }
        tiers.sort_by(|a, b| {
            a.0.cmp(&b.0)
                .then(a.1.partial_cmp(&b.1).unwrap())
                .then(a.2.as_bytes().cmp(b.2.as_bytes()))
        });
        tiers.into_iter().map(|t| (t.2, t.3)).collect()
    }

    fn sorted(&self, tier: &str) -> Vec<&Held> {
        let mut held: Vec<&Held> = self.policies.iter().filter(|p| p.tier == tier).collect();
        let order = |p: &Held| {
            p.resource
                .policy()
                .unwrap()
                .order
                .as_ref()
                .map_or(f64::INFINITY, |o| o.value)
        };
        let tie = |p: &Held| -> String {
            let namespace = p.resource.key.namespace.clone().unwrap_or_default();
            if self.facts.era == Era::E3 {
                let kind = match p.resource.key.kind {
                    Kind::GlobalNetworkPolicy => "GlobalNetworkPolicy",
                    Kind::NetworkPolicy => "NetworkPolicy",
                    _ => "KubernetesNetworkPolicy",
                };
                format!("{}/{namespace}/{kind}", p.stored)
            } else if namespace.is_empty() {
                p.stored.clone()
            } else {
                format!("{namespace}/{}", p.stored)
            }
        };
        held.sort_by(|a, b| {
            order(a)
                .partial_cmp(&order(b))
                .unwrap()
                .then(tie(a).as_bytes().cmp(tie(b).as_bytes()))
        });
        held
    }

    fn in_list(policy: &Policy, list: List) -> bool {
        let flag = |f: &Option<palisade::yaml::Located<bool>>| f.as_ref().is_some_and(|f| f.value);
        let untracked = flag(&policy.do_not_track);
        let pre_dnat = !untracked && flag(&policy.pre_dnat);
        match list {
            List::Untracked => untracked,
            List::PreDnat => pre_dnat,
            List::Normal => !untracked && !pre_dnat,
            List::Forward => !untracked && !pre_dnat && flag(&policy.apply_on_forward),
        }
    }

    fn applies(&self, held: &Held, labels: &Labels, list: List, direction: Direction) -> bool {
        let policy = held.resource.policy().unwrap();
        Self::in_list(policy, list)
            && self.governs(held).contains(&direction)
            && Selector::parse(&held.text).unwrap().matches(labels)
    }

    /// MOD-1, MOD-2.
    fn governs(&self, held: &Held) -> Vec<Direction> {
        let policy = held.resource.policy().unwrap();
        let types: Vec<Direction> = policy
            .types
            .iter()
            .flat_map(|l| l.value.iter())
            .filter_map(|t| t.value.valid().copied())
            .collect();
        if !types.is_empty() {
            return types;
        }
        let both = vec![Direction::Ingress, Direction::Egress];
        if held.resource.api == Api::CalicoV1 {
            return both;
        }
        let (ingress, egress) = (
            !rules(policy, Direction::Ingress).is_empty(),
            !rules(policy, Direction::Egress).is_empty(),
        );
        match (ingress, egress) {
            (_, false) => vec![Direction::Ingress],
            (false, true) => vec![Direction::Egress],
            (true, true) => both,
        }
    }

    /// The chain of section 4.11.
    fn chain(&self, labels: &Labels, direction: Direction, list: List, packet: &Packet) -> Say {
        let pass_at_end = matches!(list, List::Untracked | List::PreDnat);
        for (tier, passes) in self.tiers() {
            let policies: Vec<&Held> = self
                .sorted(&tier)
                .into_iter()
                .filter(|held| self.applies(held, labels, list, direction))
                .collect();
            if policies.is_empty() {
                continue;
            }
            let mut passed = false;
            'tier: for held in policies {
                for (index, rule) in rules(held.resource.policy().unwrap(), direction)
                    .iter()
                    .enumerate()
                {
                    if !self.matches(held, direction, index, rule, packet) {
                        continue;
                    }
                    let Written::Valid(action) = rule.action.as_ref().unwrap().value else {
                        panic!("generated actions are right")
                    };
                    match action {
                        Action::Allow => return Say::Allow,
                        Action::Deny => return Say::Deny,
                        Action::Log => {}
                        Action::Pass => {
                            passed = true;
                            break 'tier;
                        }
                    }
                }
            }
            if !passed && !passes && !pass_at_end {
                return Say::Deny;
            }
        }
        Say::Nothing
    }

    fn matches(
        &self,
        held: &Held,
        direction: Direction,
        index: usize,
        rule: &Rule,
        packet: &Packet,
    ) -> bool {
        let nothing = EntityRule::default();
        let from = rule.source.as_ref().unwrap_or(&nothing);
        let to = rule.destination.as_ref().unwrap_or(&nothing);
        // Families: section 2.2, RES-21, RES-22.
        let name = rule.protocol.as_ref().map(|p| match &p.value {
            Written::Valid(p) => *p,
            Written::Invalid(text) => text.to_uppercase().parse::<Protocol>().unwrap(),
        });
        let version = rule.ip_version.as_ref().map(|v| v.value).or(match name {
            Some(Protocol::Icmp) => Some(4),
            Some(Protocol::Icmpv6) => Some(6),
            _ => None,
        });
        if version.is_some_and(|v| (v == 6) != packet.v6) {
            return false;
        }
        for side in [from, to] {
            for (list, not) in [(&side.nets, false), (&side.not_nets, true)] {
                let blocks: Vec<IpNet> = list
                    .iter()
                    .flat_map(|l| l.value.iter())
                    .filter_map(|n| n.value.block())
                    .collect();
                let own = |net: &&IpNet| matches!(net, IpNet::V6(_)) == packet.v6;
                if !blocks.is_empty() && blocks.iter().filter(own).count() == 0 {
                    return false;
                }
                if not && blocks.iter().filter(own).any(|n| n.prefix_len() == 0) {
                    return false;
                }
            }
        }
        // Protocols.
        let number = |p: Protocol| match (self.facts.plane, p) {
            (Plane::Bpf, Protocol::Icmpv6 | Protocol::UdpLite) => 0,
            _ => p.number(),
        };
        if name.is_some_and(|p| number(p) != packet.protocol) {
            return false;
        }
        if let Some(not) = &rule.not_protocol
            && number(*not.value.valid().unwrap()) == packet.protocol
        {
            return false;
        }
        // ICMP.
        let is_icmp = packet.protocol == 1 || packet.protocol == 58;
        if let Some(icmp) = &rule.icmp
            && !(is_icmp && icmp_is(&icmp.value, packet.icmp.unwrap()))
        {
            return false;
        }
        if let Some(not) = &rule.not_icmp
            && is_icmp
        {
            let (kind, code) = packet.icmp.unwrap();
            let same_kind = not.value.kind.as_ref().unwrap().value == i64::from(kind);
            let same_code = not
                .value
                .code
                .as_ref()
                .is_some_and(|c| c.value == i64::from(code));
            let bad = match self.facts.plane {
                Plane::Nftables => same_kind || same_code,
                _ => icmp_is(&not.value, (kind, code)),
            };
            if bad {
                return false;
            }
        }
        if !self.side(held, from, packet.from, packet.sport, name, packet, false)
            || !self.side(held, to, packet.to, packet.dport, name, packet, true)
        {
            return false;
        }
        let unknown_service = [from, to].into_iter().any(|side| {
            side.services
                .as_ref()
                .is_some_and(|s| &*s.name.as_ref().unwrap().value == "unheard")
        });
        if rule.http.is_some() || unknown_service {
            return (self.oracle)(
                held.number * 100 + index * 2 + usize::from(direction == Direction::Egress),
            );
        }
        true
    }

    #[allow(clippy::too_many_arguments)]
    fn side(
        &self,
        held: &Held,
        side: &EntityRule,
        address: IpAddr,
        port: Option<u16>,
        protocol: Option<Protocol>,
        packet: &Packet,
        is_destination: bool,
    ) -> bool {
        let text = |f: &Option<palisade::yaml::Located<Box<str>>>| {
            f.as_ref().map_or(String::new(), |f| f.value.to_string())
        };
        let nets: Vec<IpNet> = side
            .nets
            .iter()
            .flat_map(|l| l.value.iter())
            .filter_map(|n| n.value.block())
            .collect();
        if !nets.is_empty() && !nets.iter().any(|n| n.contains(&address)) {
            return false;
        }
        let not_nets = side.not_nets.iter().flat_map(|l| l.value.iter());
        if not_nets
            .filter_map(|n| n.value.block())
            .any(|n| n.contains(&address))
        {
            return false;
        }
        // RES-11 to RES-16, asked of each endpoint and set rather than written as one selector.
        let (namespaces, selector, not) = (
            text(&side.namespace_selector),
            text(&side.selector),
            text(&side.not_selector),
        );
        let accounts = side.service_accounts.as_ref();
        let account_names: Vec<String> = accounts
            .and_then(|a| a.names.as_ref())
            .map(|l| l.value.iter().map(|n| n.value.to_string()).collect())
            .unwrap_or_default();
        let account_selector = accounts.map(|a| text(&a.selector)).unwrap_or_default();
        let account_part = !account_names.is_empty() || !account_selector.is_empty();
        let asks =
            !namespaces.is_empty() || !selector.is_empty() || !not.is_empty() || account_part;
        let own_namespace = namespaces.is_empty() && !held.namespace.is_empty() && asks;
        let has_positive =
            own_namespace || !namespaces.is_empty() || !selector.is_empty() || account_part;
        let is_positive = |labels: &Labels| -> bool {
            let namespace = labels.get(NS);
            if own_namespace && namespace != Some(&held.namespace) {
                return false;
            }
            let in_namespaces = match namespaces.trim() {
                "" => true,
                "all()" => namespace.is_some(),
                "global()" => namespace.is_none(),
                other => Selector::parse(&prefixed(other, "pcns.").unwrap())
                    .unwrap()
                    .matches(labels),
            };
            let own = selector.is_empty() || Selector::parse(&selector).unwrap().matches(labels);
            let account = labels.get("projectcalico.org/serviceaccount");
            let named =
                account_names.is_empty() || account.is_some_and(|a| account_names.contains(a));
            let selected = account_selector.is_empty()
                || Selector::parse(&prefixed(&account_selector, "pcsa.").unwrap())
                    .unwrap()
                    .matches(labels);
            in_namespaces && own && named && selected
        };
        let is_negative =
            |labels: &Labels| !not.is_empty() && Selector::parse(&not).unwrap().matches(labels);
        let here = |m: &&Member| m.nets.iter().any(|n| n.contains(&address));
        let good = |m: &Member| is_positive(&m.labels) && !is_negative(&m.labels);
        if has_positive {
            if !self.members.iter().filter(here).any(good) {
                return false;
            }
        } else if self
            .members
            .iter()
            .filter(here)
            .any(|m| is_negative(&m.labels))
        {
            return false;
        }
        // Ports: EVAL-42, RES-18.
        let named = |name: &str| {
            self.members.iter().any(|m| {
                (!has_positive || good(m))
                    && m.nets
                        .iter()
                        .any(|n| n.addr() == address && n.prefix_len() == n.max_prefix_len())
                    && m.ports.iter().any(|(n, p, number)| {
                        n == name
                            && *p == packet.protocol
                            && Some(*number) == port
                            && (protocol.is_some() || self.facts.era == Era::E3 || *p == 6)
                    })
            })
        };
        for (list, wanted) in [(&side.ports, true), (&side.not_ports, false)] {
            let Some(list) = list.as_ref().filter(|l| !l.value.is_empty()) else {
                continue;
            };
            if ![6, 17, 132].contains(&packet.protocol) {
                return false;
            }
            let hit = list.value.iter().any(|p| match &p.value {
                Port::Range(range) => range.contains(port.unwrap()),
                Port::Named(name) => named(name),
                Port::Invalid(_) => false,
            });
            if hit != wanted {
                return false;
            }
        }
        // RES-19, RES-20.
        if let Some(service) = &side.services {
            let name = text(&service.name);
            let namespace = text(&service.namespace);
            if name == "unheard" {
                return !namespace.is_empty();
            }
            return self.set.iter().any(|r| match &r.body {
                Body::EndpointSlice(slice) => {
                    r.key.namespace.as_deref() == Some(&namespace)
                        && slice.service.as_ref().is_some_and(|s| *s.value == *name)
                        && slice
                            .endpoints
                            .iter()
                            .flat_map(|e| &e.addresses)
                            .any(|a| a.value.valid() == Some(&address))
                        && (!is_destination
                            || slice.ports.iter().any(|p| {
                                let protocol = p.protocol.as_ref().map_or("TCP", |p| &p.value);
                                protocol.parse::<Protocol>().unwrap().number() == packet.protocol
                                    && p.port.as_ref().map(|n| n.value) == port.map(i64::from)
                            }))
                }
                _ => false,
            });
        }
        true
    }

    // Endpoints.

    fn pod(&self, namespace: &str, name: &str) -> (&Resource, Labels, String) {
        let resource = self
            .set
            .iter()
            .find(|r| {
                r.key.kind == Kind::Pod
                    && r.key.namespace.as_deref() == Some(namespace)
                    && r.key.name == name
            })
            .unwrap();
        let Body::Pod(body) = &resource.body else {
            panic!("a pod")
        };
        let labels = self.pod_member(resource).unwrap().labels;
        (
            resource,
            labels,
            body.node_name.as_ref().unwrap().value.to_string(),
        )
    }

    fn pod_address(&self, end: &End, v6: bool) -> IpAddr {
        let End::Pod(namespace, name) = end else {
            panic!("a pod")
        };
        let (resource, ..) = self.pod(namespace, name);
        let Body::Pod(body) = &resource.body else {
            panic!("a pod")
        };
        *body
            .ips
            .iter()
            .filter_map(|ip| ip.value.valid())
            .find(|ip| ip.is_ipv6() == v6)
            .unwrap()
    }

    fn workload(&self, end: &End, direction: Direction, packet: &Packet) -> bool {
        let End::Pod(namespace, name) = end else {
            panic!("a pod")
        };
        let (_, labels, _) = self.pod(namespace, name);
        if direction == Direction::Egress
            && (packet.protocol == 4 || (packet.protocol == 17 && packet.dport == Some(4789)))
        {
            return false; // EVAL-37
        }
        // EVAL-11: a namespace's profile allows.
        self.chain(&labels, direction, List::Normal, packet) != Say::Deny
    }

    fn endpoints(&self, node: &str) -> Vec<(&Resource, &HostEndpoint)> {
        self.set
            .iter()
            .filter_map(|r| match &r.body {
                Body::HostEndpoint(body) if *body.node.as_ref().unwrap().value == *node => {
                    Some((r, body))
                }
                _ => None,
            })
            .collect()
    }

    fn specific(&self, node: &str, interface: &str) -> Option<(&Resource, &HostEndpoint)> {
        let mut found: Vec<_> = self
            .endpoints(node)
            .into_iter()
            .filter(|(_, body)| match &body.interface_name {
                Some(name) => *name.value == *interface,
                None => expected(body)
                    .into_iter()
                    .any(|a| interface_of(a) == interface),
            })
            .collect();
        found.sort_by_key(|(r, _)| r.key.name.clone());
        found.into_iter().next()
    }

    fn wildcard(&self, node: &str) -> Option<(&Resource, &HostEndpoint)> {
        let mut found: Vec<_> = self
            .endpoints(node)
            .into_iter()
            .filter(|(_, body)| {
                body.interface_name
                    .as_ref()
                    .is_some_and(|n| &*n.value == "*")
            })
            .collect();
        found.sort_by_key(|(r, _)| r.key.name.clone());
        found.into_iter().next()
    }

    fn has(&self, labels: &Labels, list: List, direction: Direction) -> bool {
        self.policies
            .iter()
            .any(|held| self.applies(held, labels, list, direction))
    }

    fn failsafe(&self, inbound: bool, protocol: u8, port: Option<u16>, far: IpAddr) -> bool {
        if self.facts.plane == Plane::Bpf && protocol != 6 && protocol != 17 {
            return false;
        }
        let felix = self.set.iter().find_map(|r| match &r.body {
            Body::FelixConfiguration(body) => Some(body),
            _ => None,
        });
        let given = felix.and_then(|f| {
            if inbound {
                f.failsafe_inbound_host_ports.as_ref()
            } else {
                f.failsafe_outbound_host_ports.as_ref()
            }
        });
        if let Some(list) = given {
            return list.value.iter().any(|entry| {
                let own = entry.protocol.as_ref().map_or(6, |p| match &p.value {
                    Written::Valid(p) => p.number(),
                    Written::Invalid(text) => {
                        text.to_uppercase().parse::<Protocol>().unwrap().number()
                    }
                });
                own == protocol
                    && Some(entry.port.as_ref().unwrap().value) == port.map(i64::from)
                    && entry
                        .net
                        .as_ref()
                        .is_none_or(|n| n.value.block().unwrap().contains(&far))
            });
        }
        let tcp = [179, 2379, 2380, 5473, 6443, 6666, 6667];
        let Some(port) = port else {
            return false;
        };
        match (inbound, protocol) {
            (true, 6) => port == 22 || tcp.contains(&port),
            (false, 6) => tcp.contains(&port),
            (true, 17) => port == 68,
            (false, 17) => port == 53 || port == 67,
            _ => false,
        }
    }

    /// Nothing where dropped; else whether the packet is accepted for the rest of its way here.
    fn raw(
        &self,
        node: &str,
        interface: &str,
        direction: Direction,
        packet: &Packet,
        ends_here: bool,
    ) -> Option<bool> {
        let Some((resource, _)) = self.specific(node, interface) else {
            return Some(false);
        };
        let labels = own_labels(resource);
        if !self.has(&labels, List::Untracked, direction) {
            return Some(false);
        }
        let bypass = self.facts.plane != Plane::Bpf || direction == Direction::Egress || ends_here;
        let safe = match direction {
            Direction::Ingress => {
                self.failsafe(true, packet.protocol, packet.dport, packet.from)
                    || self.failsafe(false, packet.protocol, packet.sport, packet.from)
            }
            Direction::Egress => {
                self.failsafe(false, packet.protocol, packet.dport, packet.to)
                    || self.failsafe(true, packet.protocol, packet.sport, packet.to)
            }
        };
        if bypass && safe {
            return Some(false);
        }
        match self.chain(&labels, direction, List::Untracked, packet) {
            Say::Deny => None,
            Say::Allow => {
                self.dead_reply.set(true);
                Some(true)
            }
            Say::Nothing => Some(false),
        }
    }

    fn pre_dnat(
        &self,
        node: &str,
        interface: Option<&str>,
        packet: &Packet,
        ends_here: bool,
    ) -> Option<bool> {
        let specific = interface.and_then(|i| self.specific(node, i));
        let owner = match specific {
            Some((resource, _))
                if self.facts.plane == Plane::Bpf
                    || self.has(&own_labels(resource), List::PreDnat, Direction::Ingress) =>
            {
                specific
            }
            _ => self.wildcard(node), // EVAL-24
        };
        let Some((resource, _)) = owner else {
            return Some(false);
        };
        let labels = own_labels(resource);
        if !self.has(&labels, List::PreDnat, Direction::Ingress) {
            return Some(false);
        }
        let bypass = self.facts.plane != Plane::Bpf || ends_here;
        if bypass && self.failsafe(true, packet.protocol, packet.dport, packet.from) {
            return Some(false);
        }
        match self.chain(&labels, Direction::Ingress, List::PreDnat, packet) {
            Say::Deny => None,
            Say::Allow => Some(true),
            Say::Nothing => Some(false),
        }
    }

    fn normal(&self, node: &str, interface: &str, direction: Direction, packet: &Packet) -> bool {
        let Some((resource, body)) = self.specific(node, interface).or(self.wildcard(node)) else {
            return true;
        };
        let (port, far) = match direction {
            Direction::Ingress => (packet.dport, packet.from),
            Direction::Egress => (packet.dport, packet.to),
        };
        if self.failsafe(direction == Direction::Ingress, packet.protocol, port, far) {
            return true;
        }
        match self.chain(&own_labels(resource), direction, List::Normal, packet) {
            Say::Allow => true,
            Say::Deny => false,
            Say::Nothing => body
                .profiles
                .iter()
                .flat_map(|l| l.value.iter())
                .next()
                .is_some_and(|p| {
                    &*p.value == "projectcalico-default-allow" // others do not exist: EVAL-11
                }),
        }
    }

    fn forward(
        &self,
        node: &str,
        interface: Option<&str>,
        direction: Direction,
        packet: &Packet,
    ) -> bool {
        let owner = interface
            .and_then(|i| self.specific(node, i))
            .or(self.wildcard(node));
        let Some((resource, _)) = owner else {
            return true;
        };
        self.chain(&own_labels(resource), direction, List::Forward, packet) != Say::Deny
    }

    /// EVAL-36: whether the packet is let through, dropped, or none of this.
    fn implicit(&self, direction: Direction, packet: &Packet) -> Say {
        let carried = match self.facts.overlay {
            Some("ipip") => packet.protocol == 4 && !packet.v6,
            Some("vxlan") => packet.protocol == 17 && packet.dport == Some(4789),
            _ => false,
        };
        if !carried {
            return Say::Nothing;
        }
        let far = match direction {
            Direction::Ingress => packet.from,
            Direction::Egress => packet.to,
        };
        let known = ["n1", "n2"].into_iter().any(|n| {
            [false, true]
                .into_iter()
                .any(|v6| far == node_address(n, "eth0", v6) || far == node_address(n, "eth1", v6))
                || far == tunnel_address(n)
        });
        match (known, direction) {
            (true, _) => Say::Allow,
            (false, Direction::Ingress) => Say::Deny,
            (false, Direction::Egress) => Say::Nothing,
        }
    }

    // The rows of table 4.6.

    fn into_host(&self, node: &str, interface: &str, before: &Packet, after: &Packet) -> bool {
        let Some(mut accepted) = self.raw(node, interface, Direction::Ingress, before, true) else {
            return false;
        };
        if !accepted {
            match self.pre_dnat(node, Some(interface), before, true) {
                None => return false,
                Some(more) => accepted = more,
            }
        }
        match self.implicit(Direction::Ingress, after) {
            Say::Allow => return true,
            Say::Deny => return false,
            Say::Nothing => {}
        }
        accepted || self.normal(node, interface, Direction::Ingress, after)
    }

    fn out_of_host(
        &self,
        node: &str,
        raw_interface: &str,
        interface: &str,
        before: &Packet,
        after: &Packet,
    ) -> bool {
        let Some(accepted) = self.raw(node, raw_interface, Direction::Egress, before, false) else {
            return false;
        };
        match self.implicit(Direction::Egress, after) {
            Say::Allow => return true,
            Say::Deny => return false,
            Say::Nothing => {}
        }
        accepted || self.normal(node, interface, Direction::Egress, after)
    }

    /// In by an interface and towards a pod here or another node: everything before what follows.
    fn through(&self, node: &str, interface: &str, before: &Packet, after: &Packet) -> bool {
        let Some(mut accepted) = self.raw(node, interface, Direction::Ingress, before, false)
        else {
            return false;
        };
        if !accepted {
            match self.pre_dnat(node, Some(interface), before, false) {
                None => return false,
                Some(more) => accepted = more,
            }
        }
        accepted || self.forward(node, Some(interface), Direction::Ingress, after)
    }

    fn outer(&self, from: &str, to: &str, v6: bool) -> bool {
        let Some(kind) = self.tunnel(v6) else {
            return true;
        };
        let packet = Packet {
            v6,
            protocol: if kind == "tunl0" { 4 } else { 17 },
            icmp: None,
            from: node_address(from, "eth0", v6),
            to: node_address(to, "eth0", v6),
            sport: None,
            dport: (kind != "tunl0").then_some(4789),
        };
        self.out_of_host(from, "eth0", "eth0", &packet, &packet)
            && self.into_host(to, "eth0", &packet, &packet)
    }

    fn tunnel(&self, v6: bool) -> Option<&'static str> {
        match self.facts.overlay {
            Some("ipip") if !v6 => Some("tunl0"),
            Some("vxlan") => Some("vxlan.calico"),
            _ => None,
        }
    }

    fn node_of(&self, end: &End) -> Option<String> {
        match end {
            End::Ext(_) => None,
            End::Host(node) => Some(node.clone()),
            End::Pod(namespace, name) => Some(self.pod(namespace, name).2),
        }
    }

    pub fn allows(&self, flow: &NaiveFlow) -> bool {
        self.dead_reply.set(false);
        let allowed = self.way(flow);
        // EVAL-19: where no connection is tracked, the answer is a flow of its own.
        let ends_at_host = matches!(flow.to, End::Host(_)) || matches!(flow.from, End::Host(_));
        if allowed && self.dead_reply.get() && ends_at_host {
            return self.way(&NaiveFlow {
                from: flow.to.clone(),
                to: flow.from.clone(),
                sport: flow.dport,
                dport: flow.sport,
                node_port: None,
                service: None,
                ..flow.clone()
            });
        }
        allowed
    }

    fn way(&self, flow: &NaiveFlow) -> bool {
        let v6 = flow.v6;
        let packet = |from: IpAddr, to: IpAddr, dport: Option<u16>| Packet {
            v6,
            protocol: flow.protocol,
            icmp: flow.icmp,
            from,
            to,
            sport: flow.sport,
            dport,
        };
        let target = self.node_of(&flow.to);
        match &flow.from {
            End::Ext(source) => {
                let first = flow
                    .node_port
                    .as_ref()
                    .map(|(n, _)| n.clone())
                    .or(target.clone())
                    .unwrap();
                let interface = match &flow.service {
                    // The address is no node's: the route back decides.
                    _ => interface_of(*source),
                };
                let before = |after: &Packet| match (&flow.node_port, &flow.service) {
                    (Some((node, port)), _) => {
                        packet(*source, node_address(node, interface, v6), Some(*port))
                    }
                    (None, Some((address, port))) => packet(*source, *address, Some(*port)),
                    (None, None) => *after,
                };
                self.arrive(flow, &first, interface, *source, &before)
            }
            End::Host(node) => {
                let remote = flow.node_port.as_ref().filter(|(n, _)| n != node);
                if remote.is_none() && target.as_deref() == Some(node) {
                    if !matches!(flow.to, End::Host(_)) || self.facts.plane == Plane::Bpf {
                        return true; // EVAL-31
                    }
                    // Over lo: addresses are not known, and generated flows do not ask.
                    let own = node_address(node, "eth0", v6);
                    let lo = packet(own, own, flow.dport);
                    return self.normal(node, "lo", Direction::Egress, &lo)
                        && self.normal(node, "lo", Direction::Ingress, &lo);
                }
                if let Some((other, port)) = remote {
                    let source = node_address(node, "eth0", v6);
                    let sent = packet(source, node_address(other, "eth0", v6), Some(*port));
                    return self.out_of_host(node, "eth0", "eth0", &sent, &sent)
                        && self.arrive(flow, other, "eth0", source, &|_| sent);
                }
                let service = |after: &Packet| match &flow.service {
                    Some((address, port)) => packet(after.from, *address, Some(*port)),
                    None => *after,
                };
                match &flow.to {
                    End::Ext(address) => {
                        let out = interface_of(*address);
                        let sent = packet(node_address(node, out, v6), *address, flow.dport);
                        self.out_of_host(node, out, out, &sent, &sent)
                    }
                    End::Host(other) => {
                        let source = node_address(node, "eth0", v6);
                        let sent = packet(source, node_address(other, "eth0", v6), flow.dport);
                        let first = service(&sent);
                        let raw_out = if flow.service.is_some() {
                            interface_of(first.to)
                        } else {
                            "eth0"
                        };
                        self.out_of_host(node, raw_out, "eth0", &first, &sent)
                            && self.arrive(flow, other, "eth0", source, &|after| *after)
                    }
                    End::Pod(..) => {
                        let other = target.unwrap();
                        let (out, source) = match self.tunnel(v6) {
                            Some(device) => (device, tunnel_address(node)),
                            None => ("eth0", node_address(node, "eth0", v6)),
                        };
                        let sent = packet(source, self.pod_address(&flow.to, v6), flow.dport);
                        let first = service(&sent);
                        let raw_out = if flow.service.is_some() {
                            interface_of(first.to)
                        } else {
                            out
                        };
                        self.out_of_host(node, raw_out, out, &first, &sent)
                            && self.outer(node, &other, v6)
                            && self.arrive(flow, &other, out, source, &|after| *after)
                    }
                }
            }
            End::Pod(..) => {
                let node = self.node_of(&flow.from).unwrap();
                let source = self.pod_address(&flow.from, v6);
                let remote = flow.node_port.as_ref().filter(|(n, _)| *n != node);
                let sent_to = |after: &Packet| match (&flow.node_port, &flow.service) {
                    (Some((n, port)), _) if *n == node => {
                        packet(source, node_address(&node, "eth0", v6), Some(*port))
                    }
                    (None, Some((address, port))) => packet(source, *address, Some(*port)),
                    _ => *after,
                };
                if remote.is_none() && target.as_deref() == Some(&node) {
                    let to_host = matches!(flow.to, End::Host(_));
                    let to = match &flow.to {
                        End::Host(_) => node_address(&node, "eth0", v6),
                        other => self.pod_address(other, v6),
                    };
                    let after = packet(source, to, flow.dport);
                    let Some(accepted) = self.pre_dnat(&node, None, &sent_to(&after), to_host)
                    else {
                        return false;
                    };
                    if to_host {
                        let neighbour = v6
                            && flow.protocol == 58
                            && [130, 131, 132, 133, 135, 136].contains(&flow.icmp.unwrap().0);
                        return neighbour
                            || (self.workload(&flow.from, Direction::Egress, &after)
                                && self.facts.host_accepts);
                    }
                    return (accepted || self.forward(&node, None, Direction::Ingress, &after))
                        && self.workload(&flow.from, Direction::Egress, &after)
                        && self.workload(&flow.to, Direction::Ingress, &after)
                        && self.forward(&node, None, Direction::Egress, &after);
                }
                let (out, next, to, dport) = match (remote, &flow.to) {
                    (Some((other, port)), _) => (
                        "eth0",
                        Some(other.clone()),
                        node_address(other, "eth0", v6),
                        Some(*port),
                    ),
                    (None, End::Ext(address)) => {
                        (interface_of(*address), None, *address, flow.dport)
                    }
                    (None, End::Host(other)) => (
                        "eth0",
                        Some(other.clone()),
                        node_address(other, "eth0", v6),
                        flow.dport,
                    ),
                    (None, End::Pod(..)) => (
                        self.tunnel(v6).unwrap_or("eth0"),
                        target.clone(),
                        self.pod_address(&flow.to, v6),
                        flow.dport,
                    ),
                };
                let after = packet(source, to, dport);
                let Some(accepted) = self.pre_dnat(&node, None, &sent_to(&after), false) else {
                    return false;
                };
                if !(accepted || self.forward(&node, None, Direction::Ingress, &after))
                    || !self.workload(&flow.from, Direction::Egress, &after)
                    || !self.forward(&node, Some(out), Direction::Egress, &after)
                {
                    return false;
                }
                let Some(next) = next else {
                    return true;
                };
                let to_pod = remote.is_none() && matches!(flow.to, End::Pod(..));
                let seen = if to_pod || !self.facts.nat_outgoing {
                    source
                } else {
                    node_address(&node, "eth0", v6)
                };
                if to_pod && !self.outer(&node, &next, v6) {
                    return false;
                }
                let before = |after: &Packet| match remote {
                    Some((other, port)) => {
                        packet(seen, node_address(other, "eth0", v6), Some(*port))
                    }
                    None => *after,
                };
                self.arrive(flow, &next, out, seen, &before)
            }
        }
    }

    /// In by an interface of `node`: to its processes, to a pod of its, or on to another node.
    fn arrive(
        &self,
        flow: &NaiveFlow,
        node: &str,
        interface: &str,
        source: IpAddr,
        before: &dyn Fn(&Packet) -> Packet,
    ) -> bool {
        let v6 = flow.v6;
        let make = |from: IpAddr, to: IpAddr| Packet {
            v6,
            protocol: flow.protocol,
            icmp: flow.icmp,
            from,
            to,
            sport: flow.sport,
            dport: flow.dport,
        };
        let target = self.node_of(&flow.to).unwrap();
        if target == node {
            return match &flow.to {
                End::Host(_) => {
                    let after = make(source, node_address(node, interface, v6));
                    self.into_host(node, interface, &before(&after), &after)
                }
                End::Pod(..) => {
                    let after = make(source, self.pod_address(&flow.to, v6));
                    self.through(node, interface, &before(&after), &after)
                        && self.workload(&flow.to, Direction::Ingress, &after)
                        && self.forward(node, None, Direction::Egress, &after)
                }
                End::Ext(_) => panic!("nothing goes through"),
            };
        }
        let keeps = flow.local || self.facts.plane == Plane::Bpf;
        match &flow.to {
            End::Pod(..) => {
                let device = self.tunnel(v6);
                let out = device.unwrap_or("eth0");
                let after = make(source, self.pod_address(&flow.to, v6));
                let masked = if device.is_some() {
                    tunnel_address(node)
                } else {
                    node_address(node, "eth0", v6)
                };
                let seen = if keeps { source } else { masked };
                self.through(node, interface, &before(&after), &after)
                    && self.forward(node, Some(out), Direction::Egress, &after)
                    && self.outer(node, &target, v6)
                    && self.arrive(flow, &target, out, seen, &|after| *after)
            }
            End::Host(_) => {
                let after = make(source, node_address(&target, "eth0", v6));
                let seen = if keeps {
                    source
                } else {
                    node_address(node, "eth0", v6)
                };
                self.through(node, interface, &before(&after), &after)
                    && self.forward(node, Some("eth0"), Direction::Egress, &after)
                    && self.arrive(flow, &target, "eth0", seen, &|after| *after)
            }
            End::Ext(_) => panic!("nothing goes through"),
        }
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
