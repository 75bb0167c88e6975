//! Kubernetes' policies for the whole cluster, as they were written (KNP-11).
//!
//! AdminNetworkPolicy and BaselineAdminNetworkPolicy of `policy.networking.k8s.io/v1alpha1`, and
//! ClusterNetworkPolicy of `v1alpha2`, which took their place. They say alike what they say, so
//! one shape holds all three; which fields a kind has is in its reader.

use crate::finding::Span;
use crate::yaml::Located;

use super::{Field, LabelSelector, List, Net};

/// The spec of an AdminNetworkPolicy, BaselineAdminNetworkPolicy or ClusterNetworkPolicy.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterPolicy {
    /// Where the spec stands.
    pub span: Span,
    /// `Admin` or `Baseline`; only a ClusterNetworkPolicy has it.
    pub tier: Field<Box<str>>,
    /// 0 to 1000, the smaller the earlier; a BaselineAdminNetworkPolicy has none.
    pub priority: Field<i64>,
    /// The pods that it applies to.
    pub subject: Option<ClusterSubject>,
    /// Rules for what comes in.
    pub ingress: Option<Located<Vec<ClusterRule>>>,
    /// Rules for what goes out.
    pub egress: Option<Located<Vec<ClusterRule>>>,
}

/// The pods that a policy applies to: the API wants exactly one of the two.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterSubject {
    /// Where it stands.
    pub span: Span,
    /// Every pod of these namespaces.
    pub namespaces: Option<LabelSelector>,
    /// Some pods of some namespaces.
    pub pods: Option<NamespacedPods>,
}

/// Pods by their labels and by those of their namespaces. What is absent selects everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NamespacedPods {
    /// Where it stands.
    pub span: Span,
    /// Labels of the namespace.
    pub namespace_selector: Option<LabelSelector>,
    /// Labels of the pod.
    pub pod_selector: Option<LabelSelector>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterRule {
    /// Where it stands.
    pub span: Span,
    /// What people call it.
    pub name: Field<Box<str>>,
    /// What it does, as it was written: a ClusterNetworkPolicy says `Accept` for `Allow`.
    pub action: Field<Box<str>>,
    /// Whom the packet comes from or goes to (`from`, `to`).
    pub peers: Option<Located<Vec<ClusterPeer>>>,
    /// Protocols and ports that it goes to (`ports`, `protocols`); absent means every protocol.
    pub ports: Option<Located<Vec<ClusterPort>>>,
}

/// One peer: the API wants exactly one of its fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterPeer {
    /// Where it stands.
    pub span: Span,
    /// Every pod of these namespaces.
    pub namespaces: Option<LabelSelector>,
    /// Some pods of some namespaces.
    pub pods: Option<NamespacedPods>,
    /// Nodes, by their labels; only in egress rules.
    pub nodes: Option<LabelSelector>,
    /// Address blocks; only in egress rules.
    pub networks: List<Net>,
    /// Domain names; only in egress rules.
    pub domain_names: List<Box<str>>,
}

/// One entry of `ports` or `protocols`: the API wants exactly one question in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterPort {
    /// Where it stands.
    pub span: Span,
    /// What is asked, in the order in which Calico looks for it.
    pub asks: Vec<Located<PortQuestion>>,
}

/// What an entry of `ports` or `protocols` asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum PortQuestion {
    /// Ports of a protocol by their numbers.
    Numbers(PortNumbers),
    /// A port by the name that a pod gives it.
    Named(Box<str>),
}

/// Ports of one protocol. With neither a number nor a range, a ClusterNetworkPolicy means all of
/// them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PortNumbers {
    /// The protocol; absent means TCP.
    pub protocol: Field<Box<str>>,
    /// One port.
    pub number: Field<i64>,
    /// Several ports.
    pub range: Option<PortNumberRange>,
}

/// A range of ports, both ends included.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PortNumberRange {
    /// Where it stands.
    pub span: Span,
    /// The first port.
    pub start: Field<i64>,
    /// The last port.
    pub end: Field<i64>,
}
