//! Calico and Kubernetes policies, as they were written.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::finding::Span;
use crate::net::{PortRange, Protocol};
use crate::yaml::Located;

use super::{Api, Field, List, Written};

/// The spec of a GlobalNetworkPolicy or NetworkPolicy, staged ones included (section 2.1).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    /// Where the spec stands.
    pub span: Span,
    /// The tier; absent means `default`.
    pub tier: Field<Box<str>>,
    /// The order; absent means last.
    pub order: Field<f64>,
    /// Which endpoints it applies to, as typed (RES-8 works on the typed text).
    pub selector: Field<Box<str>>,
    /// Which namespaces' endpoints it applies to.
    pub namespace_selector: Field<Box<str>>,
    /// Which service accounts' endpoints it applies to.
    pub service_account_selector: Field<Box<str>>,
    /// The directions that it governs; absent differs by how the object is applied (MOD-1, MOD-2).
    pub types: List<Written<Direction>>,
    /// Rules for what comes in.
    pub ingress: Option<Located<Vec<Rule>>>,
    /// Rules for what goes out.
    pub egress: Option<Located<Vec<Rule>>>,
    /// Whether it is asked before connection tracking.
    pub do_not_track: Field<bool>,
    /// Whether it is asked before destinations are translated.
    pub pre_dnat: Field<bool>,
    /// Whether it also judges forwarded traffic.
    pub apply_on_forward: Field<bool>,
    /// Hints that never change a verdict.
    pub performance_hints: List<Box<str>>,
    /// What a staged policy stages.
    pub staged_action: Field<Box<str>>,
}

/// A direction that a policy governs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// What comes in.
    Ingress,
    /// What goes out.
    Egress,
}

impl Direction {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }
}

/// What a matching rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Lets the packet pass.
    Allow,
    /// Drops the packet.
    Deny,
    /// Records the packet and goes on (MOD-8).
    Log,
    /// Goes on to the next tier.
    Pass,
}

impl Action {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
            Self::Log => "Log",
            Self::Pass => "Pass",
        }
    }
}

/// One rule (section 2.2). Every criterion must hold (MOD-6).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rule {
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub action: Field<Written<Action>>,
    /// 4 or 6; absent means both.
    pub ip_version: Field<i64>,
    /// The protocol.
    pub protocol: Field<Written<Protocol>>,
    /// Any protocol but this.
    pub not_protocol: Field<Written<Protocol>>,
    /// The ICMP type and code.
    pub icmp: Field<Icmp>,
    /// Any ICMP type and code but this.
    pub not_icmp: Field<Icmp>,
    /// Where the packet comes from.
    pub source: Option<EntityRule>,
    /// Where it goes.
    pub destination: Option<EntityRule>,
    /// What it asks of HTTP.
    pub http: Field<HttpMatch>,
    /// Annotations of the rule; they decide nothing.
    pub annotations: Vec<super::Label>,
}

/// An ICMP type and code.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Icmp {
    /// The type.
    pub kind: Field<i64>,
    /// The code.
    pub code: Field<i64>,
}

/// What a rule asks of HTTP; the packet filters ignore it (MOD-7).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HttpMatch {
    /// Methods, any of which matches.
    pub methods: List<Box<str>>,
    /// Paths, any of which matches.
    pub paths: Option<Located<Vec<HttpPath>>>,
}

/// One path of an HTTP match.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HttpPath {
    /// Where it stands.
    pub span: Span,
    /// The whole path.
    pub exact: Field<Box<str>>,
    /// How the path begins.
    pub prefix: Field<Box<str>>,
}

/// What a rule asks of one side of a packet (section 2.3).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EntityRule {
    /// Where it stands.
    pub span: Span,
    /// Address blocks, any of which holds the address.
    pub nets: List<Net>,
    /// Address blocks, none of which holds it.
    pub not_nets: List<Net>,
    /// Labels of the endpoint or set that has the address.
    pub selector: Field<Box<str>>,
    /// Labels that it must not have.
    pub not_selector: Field<Box<str>>,
    /// Labels of its namespace.
    pub namespace_selector: Field<Box<str>>,
    /// Ports, any of which matches.
    pub ports: List<Port>,
    /// Ports, none of which matches.
    pub not_ports: List<Port>,
    /// Its service account.
    pub service_accounts: Option<ServiceAccountMatch>,
    /// The service whose endpoint it is.
    pub services: Option<ServiceMatch>,
}

/// An entry of a list of address blocks, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Net {
    /// A block; host bits stand as they were written.
    Block(IpNet),
    /// An address without a prefix length.
    Address(IpAddr),
    /// Neither.
    Invalid(Box<str>),
}

impl Net {
    /// Reads an entry.
    pub fn of(text: &str) -> Self {
        let block = text.parse().map(Self::Block);
        let address = || text.parse().map(Self::Address);
        block
            .or_else(|_| address())
            .unwrap_or_else(|_| Self::Invalid(text.into()))
    }

    /// The block that it means, host bits cleared; nothing where it is no block.
    pub fn block(&self) -> Option<IpNet> {
        match self {
            Self::Block(block) => Some(block.trunc()),
            Self::Address(address) => Some(IpNet::from(*address)),
            Self::Invalid(_) => None,
        }
    }
}

/// An entry of a list of ports, as it was written (MOD-11).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Port {
    /// A port or a range of ports.
    Range(PortRange),
    /// A port by the name that an endpoint gives it.
    Named(Box<str>),
    /// Neither.
    Invalid(Box<str>),
}

/// What a rule asks of a service account.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServiceAccountMatch {
    /// Where it stands.
    pub span: Span,
    /// Names, any of which matches.
    pub names: List<Box<str>>,
    /// Labels of the account.
    pub selector: Field<Box<str>>,
}

/// The service whose endpoints a rule means.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServiceMatch {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: Field<Box<str>>,
    /// Its namespace (RES-20).
    pub namespace: Field<Box<str>>,
}

/// The spec of a Kubernetes NetworkPolicy.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KubernetesPolicy {
    /// Where the spec stands.
    pub span: Span,
    /// The pods it applies to.
    pub pod_selector: Option<LabelSelector>,
    /// The directions that it governs.
    pub policy_types: List<Written<Direction>>,
    /// Rules for what comes in.
    pub ingress: Option<Located<Vec<KubernetesRule>>>,
    /// Rules for what goes out.
    pub egress: Option<Located<Vec<KubernetesRule>>>,
    /// What a staged policy stages.
    pub staged_action: Field<Box<str>>,
}

/// One rule of a Kubernetes NetworkPolicy.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KubernetesRule {
    /// Where it stands.
    pub span: Span,
    /// Whom the packet comes from or goes to (`from`, `to`).
    pub peers: Option<Located<Vec<KubernetesPeer>>>,
    /// The ports that it goes to.
    pub ports: Option<Located<Vec<KubernetesPort>>>,
}

/// One peer of such a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KubernetesPeer {
    /// Where it stands.
    pub span: Span,
    /// Pods.
    pub pod_selector: Option<LabelSelector>,
    /// Namespaces.
    pub namespace_selector: Option<LabelSelector>,
    /// An address block.
    pub ip_block: Field<Net>,
    /// Blocks of it that are left out.
    pub except: List<Net>,
}

/// One port of such a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KubernetesPort {
    /// Where it stands.
    pub span: Span,
    /// The protocol; absent means TCP.
    pub protocol: Field<Box<str>>,
    /// The port, by number or name.
    pub port: Field<Port>,
    /// The last port of a range.
    pub end_port: Field<i64>,
}

/// A Kubernetes label selector.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelSelector {
    /// Where it stands.
    pub span: Span,
    /// Labels that must have these values.
    pub match_labels: Vec<super::Label>,
    /// Further requirements.
    pub match_expressions: Vec<LabelRequirement>,
}

/// One requirement of a label selector.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelRequirement {
    /// Where it stands.
    pub span: Span,
    /// The label's key.
    pub key: Field<Box<str>>,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: Field<Box<str>>,
    /// The values of `In` and `NotIn`.
    pub values: List<Box<str>>,
}

impl Policy {
    /// The directions that the policy governs: those of `types`, and where it names none, what
    /// the API fills in (MOD-1) or, for an object in storage form, both (MOD-2).
    pub fn governed(&self, api: Api) -> Vec<Direction> {
        let given: BTreeSet<Direction> = self
            .types
            .iter()
            .flat_map(|list| &list.value)
            .filter_map(|kind| kind.value.valid().copied())
            .collect();
        let has = |rules: &Option<Located<Vec<Rule>>>| {
            rules.as_ref().is_some_and(|rules| !rules.is_empty())
        };
        if !given.is_empty() {
            given.into_iter().collect()
        } else if api == Api::CalicoV1 {
            vec![Direction::Ingress, Direction::Egress]
        } else if !has(&self.egress) {
            vec![Direction::Ingress]
        } else if !has(&self.ingress) {
            vec![Direction::Egress]
        } else {
            vec![Direction::Ingress, Direction::Egress]
        }
    }
}

impl KubernetesPolicy {
    /// The directions that the policy governs: those of `policyTypes`, and where it names none,
    /// what the API server fills in (KNP-2).
    pub fn governed(&self) -> Vec<Direction> {
        let given: BTreeSet<Direction> = self
            .policy_types
            .iter()
            .flat_map(|list| &list.value)
            .filter_map(|kind| kind.value.valid().copied())
            .collect();
        if !given.is_empty() {
            return given.into_iter().collect();
        }
        let egress = self.egress.as_ref().is_some_and(|rules| !rules.is_empty());
        if egress {
            vec![Direction::Ingress, Direction::Egress]
        } else {
            vec![Direction::Ingress]
        }
    }
}
