//! A packet as one hook sees it.

use std::net::IpAddr;

use super::address::Family;
use super::imagined::ImaginedPod;
use super::tables::HostId;

/// One side of a packet.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'p> {
    /// The address, if known.
    pub address: Option<IpAddr>,
    /// The port, if the protocol has ports and the flow names it.
    pub port: Option<u16>,
    /// The pod that need not exist whose address it is: rules know it by its labels.
    pub imagined: Option<&'p ImaginedPod>,
    /// The node whose address it is.
    pub host: Option<HostId>,
}

impl<'p> Peer<'p> {
    /// An address and a port.
    pub fn at(address: Option<IpAddr>, port: Option<u16>) -> Self {
        Self {
            address,
            port,
            imagined: None,
            host: None,
        }
    }

    /// The same, known to be a node's.
    pub fn of_host(self, host: Option<HostId>) -> Self {
        Self { host, ..self }
    }

    /// The same, known to be that pod's.
    pub fn of_imagined(self, pod: &'p ImaginedPod) -> Self {
        Self {
            imagined: Some(pod),
            ..self
        }
    }
}

/// A packet as one hook sees it: before or after its destination was changed, inside another
/// packet or around one.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'p> {
    /// The IP family.
    pub family: Family,
    /// The protocol's number.
    pub protocol: u8,
    /// ICMP type and code.
    pub icmp: Option<(u8, u8)>,
    /// Where it comes from.
    pub source: Peer<'p>,
    /// Where it goes.
    pub destination: Peer<'p>,
}
