//! What a cluster lets in for its services: node ports and load balancers.
//!
//! | part | what it holds |
//! |---|---|
//! | here | the words of a cluster profile |
//! | `check` | what is wrong with them by themselves |
//! | `resolve` | their names looked up, and what is wrong with them in their region |

mod check;
mod facts;
mod resolve;

pub(super) use check::check_sets;
pub use facts::{HealthCheckFacts, IngressFacts, IngressPolicy, IngressRules};
pub(crate) use resolve::blocks;
pub use resolve::{Balancer, Ingress, NodePorts, SourceNets, Surroundings};

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use crate::net::{Cidr, CidrError, PortRange, Protocol};
use crate::yaml::Located;

use super::{Name, Network};

/// A list whose place and whose items' places are known.
type List<T> = Located<Vec<Located<T>>>;

/// What a cluster lets in for its services. What is not named here stays as the platform has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressProfile {
    /// Who reaches node ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_ports: Option<NodePortsProfile>,
    /// Who reaches which load balancer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load_balancers: Vec<LoadBalancer>,
}

/// Who reaches node ports, by network. A network that is not named stays as the platform has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodePortsProfile {
    /// The cluster's own range, where it is not the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Located<PortRange>>,
    /// By the private network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<Located<NodePortAccess>>,
    /// By the public network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<Located<NodePortAccess>>,
}

impl NodePortsProfile {
    /// What is said of `network`.
    pub fn on(&self, network: Network) -> Option<&Located<NodePortAccess>> {
        match network {
            Network::Private => self.private.as_ref(),
            Network::Public => self.public.as_ref(),
        }
    }
}

/// Who reaches node ports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodePortAccess {
    /// Nobody.
    Closed,
    /// These sources, and nobody else.
    Allow(List<SourceWord>),
    /// Everybody at the workers of this pool, and nobody at others.
    Edge(Located<Name>),
}

/// What a load balancer is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum LoadBalancerKind {
    /// A network load balancer of version 1.0, which translates destinations by iptables.
    #[serde(rename = "nlb-1.0")]
    Nlb1,
    /// A network load balancer of version 2.0, which distributes packets by IPVS and answers past
    /// the worker that took the connection.
    #[serde(rename = "nlb-2.0")]
    Nlb2,
    /// An application load balancer of Ingress.
    #[serde(rename = "alb")]
    Alb,
}

impl LoadBalancerKind {
    /// Whether its packets must not be tracked, so that what it lets in has to be said before
    /// connection tracking, and its answers too (EVAL-19).
    pub fn is_untracked(self) -> bool {
        self == Self::Nlb2
    }
}

impl fmt::Display for LoadBalancerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nlb1 => "NLB 1.0",
            Self::Nlb2 => "NLB 2.0",
            Self::Alb => "ALB",
        })
    }
}

/// A load balancer, and who reaches it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadBalancer {
    /// What it is called.
    pub name: Located<Name>,
    /// The network on which its addresses are.
    pub network: Located<Network>,
    /// What it is.
    pub kind: LoadBalancerKind,
    /// Its addresses, of IPv4.
    pub ips: List<IpAddr>,
    /// The protocol that it takes.
    pub protocol: Located<Protocol>,
    /// The ports on which it takes it.
    pub ports: List<PortRange>,
    /// Who reaches it; nobody else does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<List<SourceWord>>,
    /// Who does not reach it; everybody else does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deny: Option<List<SourceWord>>,
    /// Whether its lists may keep the platform's health checks from it; they may not unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_checks: Option<HealthChecks>,
}

/// Whether the platform's health checks reach a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthChecks {
    /// They do; lists that keep them out are refused.
    Open,
    /// They need not.
    Closed,
}

/// Addresses under a name, to be used where sources are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedSet {
    /// The name, which is no list's of the profiles.
    pub name: Located<Name>,
    /// The addresses.
    pub nets: List<Cidr>,
}

/// Where packets come from: an address block, or the name of a set of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SourceWord {
    /// A block.
    Net(Cidr),
    /// A set of the cluster's own, ranges that are published (`cloudflare`), or a list of the
    /// region's profile (`services-private-registry`).
    Set(Name),
}

impl fmt::Display for SourceWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(net) => net.fmt(f),
            Self::Set(name) => name.fmt(f),
        }
    }
}

impl Serialize for SourceWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SourceWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        match text.parse::<Cidr>() {
            Ok(net) => Ok(Self::Net(net)),
            // What looks like an address is meant as one.
            Err(CidrError::Syntax { .. }) if !text.contains(['/', ':', '.']) => {
                text.parse().map(Self::Set).map_err(D::Error::custom)
            }
            Err(error) => Err(D::Error::custom(error)),
        }
    }
}

impl JsonSchema for SourceWord {
    fn schema_name() -> Cow<'static, str> {
        "SourceWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An address block in CIDR notation, or the name of a set of them."
        })
    }
}
