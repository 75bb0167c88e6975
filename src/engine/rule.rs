//! Compiled rules and what they refer to.

use std::net::IpAddr;

use rustc_hash::FxHashSet;

use crate::finding::Span;
use crate::net::PortRange;
use crate::resource::Direction;
use crate::resource::selector::Selector;

use super::address::{AddressSet, Family};
use super::answer::Doubt;
use super::tables::{HostId, NamedPortsId, NetsId, PeerSetId, PolicyId, ProfileId, ServiceSetId};

/// What a rule does with a packet that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The endpoint lets it pass (EVAL-7).
    Allow,
    /// It is dropped.
    Deny,
    /// The next tier is asked.
    Pass,
    /// It is recorded; the next rule is asked (MOD-8).
    Log,
    /// The rule has no action that Calico knows.
    Unclear,
}

/// Whose rule it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleOwner {
    /// A policy's.
    Policy(PolicyId),
    /// A profile's.
    Profile(ProfileId),
}

/// A rule. All that it asks must hold (MOD-6).
#[derive(Debug, Clone)]
pub struct Rule {
    /// Whose it is.
    pub owner: RuleOwner,
    /// In which of its lists.
    pub direction: Direction,
    /// At which place of the list, from 0.
    pub index: u32,
    /// Where it stands in the owner's text.
    pub span: Span,
    /// What it does.
    pub effect: Effect,
    /// The families for which it exists (RES-21, RES-22).
    pub families: Families,
    /// The protocol's number.
    pub protocol: Option<u8>,
    /// Any protocol but this (EVAL-44).
    pub not_protocol: Option<u8>,
    /// Whether a side asks for ports: then only protocols with ports match (EVAL-42).
    pub needs_ports: bool,
    /// The ICMP type and code.
    pub icmp: Option<IcmpTest>,
    /// Any ICMP type and code but this.
    pub not_icmp: Option<IcmpTest>,
    /// Whether it asks something of HTTP (MOD-7).
    pub http: bool,
    /// What it asks of the source.
    pub source: Side,
    /// What it asks of the destination.
    pub destination: Side,
}

impl Rule {
    /// Whether the rule exists for `family`.
    pub fn is_of(&self, family: Family) -> bool {
        match family {
            Family::V4 => self.families.v4,
            Family::V6 => self.families.v6,
        }
    }
}

/// IP families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

/// An ICMP type, and a code where one is asked for (EVAL-43).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IcmpTest {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: Option<u8>,
}

/// What a rule asks of one side of a packet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Side {
    /// Blocks, one of which holds the address.
    pub nets: Option<NetsId>,
    /// Blocks, none of which holds it.
    pub not_nets: Option<NetsId>,
    /// Endpoints and sets, one of which has the address (RES-11 to RES-16).
    pub peers: Option<PeerSetId>,
    /// Endpoints and sets, none of which has it (RES-16).
    pub not_peers: Option<PeerSetId>,
    /// Ports, one of which it is.
    pub ports: Option<PortTest>,
    /// Ports, none of which it is.
    pub not_ports: Option<PortTest>,
    /// The service of which it is an endpoint.
    pub service: Option<ServiceSetId>,
}

/// Numbered and named ports, any of which matches (RES-18).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PortTest {
    /// Ports by number.
    pub ranges: Box<[PortRange]>,
    /// Ports by name.
    pub named: Box<[NamedPortsId]>,
}

/// An address, protocol and port.
pub type Tuple = (IpAddr, u8, u16);

/// What a selector of a rule resolves to (RES-17).
#[derive(Debug, Clone)]
pub struct PeerSet {
    /// The effective selector.
    pub selector: Selector,
    /// Addresses and blocks of everything that it matches.
    pub sure: AddressSet,
    /// Those of what it may match: labels are missing.
    pub perhaps: AddressSet,
    /// Blocks of the network sets among `sure`.
    pub sets: AddressSet,
    /// Nodes of the host endpoints that it matches.
    pub hosts: Box<[HostId]>,
    /// Why it is not known what is in `perhaps`.
    pub doubt: Doubt,
}

/// The ports that endpoints give one name (RES-18).
#[derive(Debug, Clone)]
pub struct NamedPorts {
    /// The name.
    pub name: Box<str>,
    /// The protocol; nothing for any.
    pub protocol: Option<u8>,
    /// The endpoints that count; nothing for all.
    pub peers: Option<PeerSetId>,
    /// Where the ports are.
    pub sure: FxHashSet<Tuple>,
    /// Where they may be.
    pub perhaps: FxHashSet<Tuple>,
    /// Those of host endpoints, by node.
    pub hosts: Box<[(HostId, u8, u16)]>,
    /// Why it is not known what is in `perhaps`.
    pub doubt: Doubt,
}

/// The endpoints of a service (RES-19).
#[derive(Debug, Clone)]
pub struct ServiceSet {
    /// The service's namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Whether an EndpointSlice of it is given.
    pub known: bool,
    /// Its endpoints with their ports.
    pub endpoints: FxHashSet<Tuple>,
    /// Its endpoints' addresses.
    pub addresses: AddressSet,
}
