//! One concrete packet that begins a connection, and its ends.

use std::net::IpAddr;

use crate::net::Protocol;

use super::address::Family;
use super::imagined::ImaginedPod;
use super::tables::{HostId, InterfaceId, PodId};

/// One end of a flow.
#[derive(Debug, Clone, Copy)]
pub enum Party<'p> {
    /// A pod of the input that is a workload endpoint (RES-6).
    Pod(PodId),
    /// A pod that need not exist.
    Imagined(&'p ImaginedPod),
    /// A node: its processes and the pods that use its network.
    Host(HostId),
    /// What a node passes on to services: packets that come in for its node ports and for load
    /// balancers. The flow says by its address and port where they were sent; where they go from
    /// there is not known, and what pods let in is not asked.
    Service(HostId),
    /// An address outside the cluster.
    Address(IpAddr),
}

impl Party<'_> {
    /// Whether connections without tracking are answered by a node (EVAL-19): its own processes
    /// are on it, and what answers for a load balancer.
    pub(super) fn answers_at_node(self) -> bool {
        matches!(self, Self::Host(_) | Self::Service(_))
    }
}

/// Where a packet was sent before kube-proxy changed its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Original {
    /// The node that changes it: for a node port, the node addressed. Nothing: the first node that
    /// the packet meets, as for cluster addresses and load balancers.
    pub at: Option<HostId>,
    /// The address; nothing: the node's own.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: Option<u16>,
}

/// Whether a service sends packets from outside on to pods of other nodes, and hides the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExternalTrafficPolicy {
    /// It does both.
    #[default]
    Cluster,
    /// It does neither.
    Local,
}

/// The first packet of a connection (EVAL-26, EVAL-28).
#[derive(Debug, Clone, Copy)]
pub struct Flow<'p> {
    /// Where it comes from.
    pub from: Party<'p>,
    /// Where it goes in the end, kube-proxy's changes made.
    pub to: Party<'p>,
    /// The IP family; where an end is an address, that address's.
    pub family: Family,
    /// The protocol's number.
    pub protocol: u8,
    /// The port it comes from; nothing where it does not matter.
    pub source_port: Option<u16>,
    /// The port it goes to in the end.
    pub port: Option<u16>,
    /// ICMP type and code.
    pub icmp: Option<(u8, u8)>,
    /// Which of the first end's addresses it bears, where that end has several.
    pub from_address: Option<IpAddr>,
    /// Which of the last end's addresses it bears, where that end has several.
    pub to_address: Option<IpAddr>,
    /// Where it was sent, if kube-proxy changes that.
    pub original: Option<Original>,
    /// What the service says of packets from outside.
    pub external_traffic_policy: ExternalTrafficPolicy,
    /// The interface by which it leaves or enters its first node, instead of what routes say.
    pub via: Option<InterfaceId>,
}

impl<'p> Flow<'p> {
    /// A flow of `protocol` to `port`. The family is that of the first end that is an address,
    /// else IPv4.
    pub fn new(from: Party<'p>, to: Party<'p>, protocol: Protocol, port: Option<u16>) -> Self {
        let family = |party| match party {
            Party::Address(address) => Some(Family::of(address)),
            Party::Imagined(pod) => pod.address.map(Family::of),
            Party::Pod(_) | Party::Host(_) | Party::Service(_) => None,
        };
        Self {
            from,
            to,
            family: family(to).or_else(|| family(from)).unwrap_or_default(),
            protocol: protocol.number(),
            source_port: None,
            port,
            icmp: None,
            from_address: None,
            to_address: None,
            original: None,
            external_traffic_policy: ExternalTrafficPolicy::Cluster,
            via: None,
        }
    }

    /// The packet that answers this one, as it looks where no connection is tracked (EVAL-19).
    pub fn reply(&self) -> Self {
        Self {
            from: self.to,
            to: self.from,
            source_port: self.port,
            port: self.source_port,
            from_address: self.to_address,
            to_address: self.from_address,
            original: None,
            ..*self
        }
    }
}
