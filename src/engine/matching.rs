//! Whether a rule matches a packet.

use std::net::IpAddr;

use super::address::{AddressSet, Cover};
use super::answer::{Answer, Doubt};
use super::packet::{Packet, Peer};
use super::program::Program;
use super::rule::{IcmpTest, NamedPorts, PeerSet, PortTest, Rule, ServiceSet, Side};
use super::settings::DataPlane;
use super::tables::{NetsId, PeerSetId, ServiceSetId};

/// What a rule asks, by the part of it that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// `ipVersion`, or address blocks of the other family only (RES-21).
    Family,
    /// `protocol` or `notProtocol`, or ports of a protocol that has none.
    Protocol,
    /// `icmp` or `notICMP`.
    Icmp,
    /// The source's ports.
    SourcePorts,
    /// The destination's ports.
    DestinationPorts,
    /// The source's address blocks, selectors or service.
    Source,
    /// The destination's address blocks, selectors or service.
    Destination,
    /// `http`.
    Http,
}

impl Program {
    /// Whether `rule` matches `packet`: all that it asks holds (MOD-6).
    pub fn matches(&self, rule: &Rule, packet: &Packet<'_>) -> Answer {
        if !rule.is_of(packet.family) || !asks_protocol(rule, packet.protocol) {
            return Answer::No;
        }
        let mut answer = Answer::Yes;
        for criterion in [
            Criterion::DestinationPorts,
            Criterion::SourcePorts,
            Criterion::Icmp,
            Criterion::Source,
            Criterion::Destination,
            Criterion::Http,
        ] {
            answer = answer.and(self.holds(rule, criterion, packet));
            if answer == Answer::No {
                break;
            }
        }
        answer
    }

    /// The first thing that `rule` asks and `packet` has not.
    pub(super) fn fails_at(&self, rule: &Rule, packet: &Packet<'_>) -> Option<Criterion> {
        [
            Criterion::Family,
            Criterion::Protocol,
            Criterion::Icmp,
            Criterion::DestinationPorts,
            Criterion::SourcePorts,
            Criterion::Source,
            Criterion::Destination,
        ]
        .into_iter()
        .find(|criterion| self.holds(rule, *criterion, packet) == Answer::No)
    }

    #[inline]
    fn holds(&self, rule: &Rule, criterion: Criterion, packet: &Packet<'_>) -> Answer {
        let Packet {
            protocol,
            source,
            destination,
            ..
        } = packet;
        match criterion {
            Criterion::Family => Answer::of(rule.is_of(packet.family)),
            Criterion::Protocol => Answer::of(asks_protocol(rule, *protocol)),
            Criterion::Icmp => self.asks_icmp(rule, packet),
            Criterion::SourcePorts => self.asks_ports(&rule.source, source, *protocol),
            Criterion::DestinationPorts => {
                self.asks_ports(&rule.destination, destination, *protocol)
            }
            Criterion::Source => self.asks_side(&rule.source, source, packet, false),
            Criterion::Destination => self.asks_side(&rule.destination, destination, packet, true),
            Criterion::Http if rule.http => Answer::Maybe(Doubt::Http),
            Criterion::Http => Answer::Yes,
        }
    }

    fn asks_icmp(&self, rule: &Rule, packet: &Packet<'_>) -> Answer {
        if rule.icmp.is_none() && rule.not_icmp.is_none() {
            return Answer::Yes;
        }
        let is_icmp = [1, 58].contains(&packet.protocol);
        let wanted = match (&rule.icmp, packet.icmp) {
            (None, _) => Answer::Yes,
            _ if !is_icmp => Answer::No,
            (Some(_), None) => Answer::Maybe(Doubt::Icmp),
            (Some(test), Some(is)) => Answer::of(test.holds(is)),
        };
        let unwanted = match (&rule.not_icmp, packet.icmp) {
            (None, _) => Answer::No,
            _ if !is_icmp => Answer::No,
            (Some(_), None) => Answer::Maybe(Doubt::Icmp),
            // EVAL-43: nftables wants both to differ, the others the pair.
            (Some(test), Some(is)) if self.data_plane == DataPlane::Nftables => {
                Answer::of(test.touches(is))
            }
            (Some(test), Some(is)) => Answer::of(test.holds(is)),
        };
        wanted.and(unwanted.negated())
    }

    #[inline]
    fn asks_ports(&self, side: &Side, peer: &Peer<'_>, protocol: u8) -> Answer {
        let wanted = match &side.ports {
            None => Answer::Yes,
            Some(test) => self.is_port(test, peer, protocol),
        };
        match &side.not_ports {
            None => wanted,
            Some(test) => wanted.and(self.is_port(test, peer, protocol).negated()),
        }
    }

    /// Whether the peer's port is one of `test`'s, by number or by name (RES-18).
    fn is_port(&self, test: &PortTest, peer: &Peer<'_>, protocol: u8) -> Answer {
        let Some(port) = peer.port else {
            return Answer::Maybe(Doubt::Port);
        };
        if test.ranges.iter().any(|range| range.contains(port)) {
            return Answer::Yes;
        }
        let mut answer = Answer::No;
        for id in &test.named {
            if let Some(named) = self.named_ports.get(id.index()) {
                answer = answer.or(Self::is_named(named, peer, protocol, port));
            }
        }
        answer
    }

    fn is_named(named: &NamedPorts, peer: &Peer<'_>, protocol: u8, port: u16) -> Answer {
        if named.protocol.is_some_and(|wanted| wanted != protocol) {
            return Answer::No;
        }
        if let Some(pod) = peer.imagined {
            let counts = named.peers.map_or(Answer::Yes, |id| pod.is_member(id));
            let own = counts.and(pod.ports.has(&named.name, protocol, port));
            if own != Answer::No {
                return own;
            }
        }
        if let Some(address) = peer.address {
            let tuple = (address, protocol, port);
            if named.sure.contains(&tuple) {
                Answer::Yes
            } else if named.perhaps.contains(&tuple) {
                Answer::Maybe(Doubt::NamespaceLabels)
            } else {
                Answer::No
            }
        } else {
            let there = named.hosts.iter().any(|(host, of, number)| {
                Some(*host) == peer.host && *of == protocol && *number == port
            });
            if there {
                Answer::Maybe(Doubt::Address)
            } else {
                Answer::No
            }
        }
    }

    #[inline]
    fn asks_side(
        &self,
        side: &Side,
        peer: &Peer<'_>,
        packet: &Packet<'_>,
        with_port: bool,
    ) -> Answer {
        let mut answer = Answer::Yes;
        if let Some(id) = side.nets {
            answer = self.is_within(id, peer, packet);
            if answer == Answer::No {
                return answer;
            }
        }
        if let Some(id) = side.not_nets {
            answer = answer.and(self.is_within(id, peer, packet).negated());
        }
        if let Some(id) = side.peers {
            answer = answer.and(self.is_peer(id, peer, packet));
        }
        if let Some(id) = side.not_peers {
            answer = answer.and(self.is_peer(id, peer, packet).negated());
        }
        if let Some(id) = side.service {
            answer = answer.and(self.is_served(id, peer, packet, with_port));
        }
        answer
    }

    fn is_within(&self, id: NetsId, peer: &Peer<'_>, packet: &Packet<'_>) -> Answer {
        self.nets
            .get(id.index())
            .map_or(Answer::No, |set| self.is_in(set, peer, packet))
    }

    /// Whether the peer's address is in the set, where it may be anything that it can be.
    fn is_in(&self, set: &AddressSet, peer: &Peer<'_>, packet: &Packet<'_>) -> Answer {
        if let Some(address) = peer.address {
            return Answer::of(set.contains(address));
        }
        let family = packet.family;
        if set.is_empty(family) {
            return Answer::No;
        }
        if set.is_everything(family) {
            return Answer::Yes;
        }
        if peer.imagined.is_none() || self.pod_subnets.is_empty(family) {
            return Answer::Maybe(Doubt::Address);
        }
        match set.covers(&self.pod_subnets, family) {
            Cover::Nothing => Answer::No,
            Cover::Part => Answer::Maybe(Doubt::Address),
            Cover::All => Answer::Yes,
        }
    }

    /// Whether the peer is one of what a selector matches (RES-17). A pod that need not exist is
    /// one by its labels; it also is where a set holds its address.
    fn is_peer(&self, id: PeerSetId, peer: &Peer<'_>, packet: &Packet<'_>) -> Answer {
        let Some(set) = self.peer_sets.get(id.index()) else {
            return Answer::No;
        };
        let by_labels = peer.imagined.map_or(Answer::No, |pod| pod.is_member(id));
        if by_labels == Answer::Yes {
            return by_labels;
        }
        let by_address = match peer.address {
            Some(address) => set.holds(address),
            None => Self::is_host_peer(set, peer).or(self.is_in(&set.sets, peer, packet)),
        };
        by_labels.or(by_address)
    }

    /// A node whose address is not known may have one that is expected of its host endpoints.
    fn is_host_peer(set: &PeerSet, peer: &Peer<'_>) -> Answer {
        match peer.host {
            Some(host) if set.hosts.contains(&host) => Answer::Maybe(Doubt::Address),
            _ => Answer::No,
        }
    }

    /// Whether the peer is an endpoint of the service (RES-19).
    fn is_served(
        &self,
        id: ServiceSetId,
        peer: &Peer<'_>,
        packet: &Packet<'_>,
        with_port: bool,
    ) -> Answer {
        let Some(set) = self.services.get(id.index()) else {
            return Answer::No;
        };
        if !set.known {
            return Answer::Maybe(Doubt::ServiceEndpoints);
        }
        if peer.imagined.is_some_and(|pod| pod.is_served(id)) {
            return Answer::Maybe(Doubt::ServiceEndpoints);
        }
        let Some(address) = peer.address else {
            return if set.endpoints.is_empty() || peer.imagined.is_some() {
                Answer::No
            } else {
                Answer::Maybe(Doubt::Address)
            };
        };
        if !with_port {
            return Answer::of(set.addresses.contains(address));
        }
        match peer.port {
            Some(port) => Answer::of(set.endpoints.contains(&(address, packet.protocol, port))),
            None => set.somewhere(address, packet.protocol),
        }
    }
}

impl PeerSet {
    fn holds(&self, address: IpAddr) -> Answer {
        if self.sure.contains(address) {
            Answer::Yes
        } else if self.perhaps.contains(address) {
            Answer::Maybe(self.doubt)
        } else {
            Answer::No
        }
    }
}

impl ServiceSet {
    fn somewhere(&self, address: IpAddr, protocol: u8) -> Answer {
        let mut all = self.endpoints.iter();
        if all.any(|(at, of, _)| *at == address && *of == protocol) {
            Answer::Maybe(Doubt::Port)
        } else {
            Answer::No
        }
    }
}

impl IcmpTest {
    /// The type, and the code where one is asked for.
    fn holds(self, (kind, code): (u8, u8)) -> bool {
        self.kind == kind && self.code.is_none_or(|wanted| wanted == code)
    }

    /// The type or the code.
    fn touches(self, (kind, code): (u8, u8)) -> bool {
        self.kind == kind || self.code == Some(code)
    }
}

/// EVAL-42, EVAL-44.
#[inline]
fn asks_protocol(rule: &Rule, protocol: u8) -> bool {
    rule.protocol.is_none_or(|wanted| wanted == protocol)
        && rule.not_protocol != Some(protocol)
        && (!rule.needs_ports || [6, 17, 132].contains(&protocol))
}
