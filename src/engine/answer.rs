//! Yes, no, or not to be known from the input.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why something cannot be decided from the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// The rule asks something of HTTP, which packet filters do not see (MOD-7).
    Http,
    /// The rule names a service of which no EndpointSlice is given (RES-19).
    ServiceEndpoints,
    /// The rule names a port by name, and the ports of the pod are not known (RES-18).
    NamedPort,
    /// A selector asks for a label of a namespace that is not given (RES-3).
    NamespaceLabels,
    /// A selector asks for a label of a service account that is not given (RES-3).
    ServiceAccountLabels,
    /// The address of an endpoint is not known.
    Address,
    /// The rule asks for a port, and the flow names none (EVAL-45).
    Port,
    /// The rule asks for an ICMP type, and the flow names none (EVAL-43).
    Icmp,
    /// The rule has no action that Calico knows.
    Action,
    /// The node of a pod is not known, and it matters.
    Node,
    /// By which interface the packet goes is not known, and it matters (EVAL-22).
    Interface,
    /// The host's own packet filter decides (EVAL-40, action `Return`).
    HostFirewall,
    /// The flow does not touch the cluster.
    Elsewhere,
    /// The input holds policies under a version of their API that is not evaluated (KNP-11).
    NotModelled,
    /// An object is under way: it is there as it was, or as it will be.
    UnderWay,
}

impl Doubt {
    /// The stable word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::ServiceEndpoints => "service-endpoints",
            Self::NamedPort => "named-port",
            Self::NamespaceLabels => "namespace-labels",
            Self::ServiceAccountLabels => "service-account-labels",
            Self::Address => "address",
            Self::Port => "port",
            Self::Icmp => "icmp",
            Self::Action => "action",
            Self::Node => "node",
            Self::Interface => "interface",
            Self::HostFirewall => "host-firewall",
            Self::Elsewhere => "elsewhere",
            Self::NotModelled => "not-modelled",
            Self::UnderWay => "under-way",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "a rule asks for an HTTP method or path, which a packet filter ignores",
            Self::ServiceEndpoints => "a rule names a service whose EndpointSlices are not given",
            Self::NamedPort => "a rule names a port by name, and the pod's ports are not given",
            Self::NamespaceLabels => "a selector asks for a label of a namespace that is not given",
            Self::ServiceAccountLabels => {
                "a selector asks for a label of a service account that is not given"
            }
            Self::Address => "an address on the way is not known",
            Self::Port => "a rule asks for a port that the flow does not name",
            Self::Icmp => "a rule asks for an ICMP type or code that the flow does not name",
            Self::Action => "a rule has no action that Calico knows",
            Self::Node => "the node of a pod is not known",
            Self::Interface => "no route says by which interface the packet goes",
            Self::HostFirewall => "the host's own packet filter decides",
            Self::Elsewhere => "the flow neither begins nor ends in the cluster",
            Self::NotModelled => {
                "the input holds policies under a version of their API that is not evaluated"
            }
            Self::UnderWay => "it hangs on which objects of the wave are in place",
        })
    }
}

impl Serialize for Doubt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Whether a criterion holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It does not.
    No,
    /// It cannot be known, and why.
    Maybe(Doubt),
    /// It does.
    Yes,
}

impl Answer {
    /// The answer to a question that has one.
    pub fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Both hold.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Maybe(doubt), _) | (_, Self::Maybe(doubt)) => Self::Maybe(doubt),
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// At least one holds.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Maybe(doubt), _) | (_, Self::Maybe(doubt)) => Self::Maybe(doubt),
            (Self::No, Self::No) => Self::No,
        }
    }

    /// It does not hold.
    pub fn negated(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe(doubt) => Self::Maybe(doubt),
            Self::Yes => Self::No,
        }
    }
}
