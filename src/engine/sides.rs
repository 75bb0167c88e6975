//! What a packet bears at each part of its way: interfaces, addresses, ports.

use std::net::IpAddr;

use super::address::Family;
use super::flow::{Original, Party};
use super::packet::{Packet, Peer};
use super::tables::{HostId, InterfaceId};
use super::way::{Hop, Placement, Walk};

impl<'p, V> Walk<'_, 'p, V> {
    pub(super) fn host_of(&self, party: Party<'_>) -> Option<HostId> {
        self.program.host_of(party)
    }

    pub(super) fn hop(
        &self,
        from: Option<HostId>,
        to: Option<HostId>,
        remote: Option<Original>,
        to_pod: bool,
    ) -> Hop {
        let program = self.program;
        let facts = program.felix(from);
        let overlay = facts.overlay;
        let carried = |device, carrier| Hop {
            out: Some(device),
            into: Some(device),
            carrier: Some(carrier),
        };
        if to_pod && overlay.wireguard {
            return carried(InterfaceId::WIREGUARD, (17, Some(facts.wireguard_port)));
        }
        if to_pod && overlay.vxlan {
            return carried(InterfaceId::VXLAN, (17, Some(facts.vxlan_port)));
        }
        // IP in IP carries IPv4 alone.
        if to_pod && overlay.ipip && self.flow.family == Family::V4 {
            return carried(InterfaceId::IPIP, (4, None));
        }
        let family = self.flow.family;
        let main = |host: Option<HostId>| {
            let host = host.and_then(|host| program.host(host))?;
            host.main_address(family)
        };
        let aimed = match (remote, self.flow.to) {
            (Some(original), _) => original.address.or_else(|| main(to)),
            (None, Party::Address(address)) => Some(address),
            (None, Party::Host(_)) => self.flow.to_address.or_else(|| main(to)),
            (None, Party::Service(_)) => self.flow.to_address,
            (None, Party::Pod(_) | Party::Imagined(_)) => main(to).or(self.flow.to_address),
        };
        let by_route = || aimed.and_then(|address| program.route(from, address));
        // Only the first node's side is what the caller means.
        let out = if self.leg == 0 && self.host_of(self.flow.from) == from {
            self.flow.via.or_else(by_route)
        } else {
            by_route()
        };
        let into = aimed
            .and_then(|address| self.interface_with(to, address))
            .or_else(|| main(from).and_then(|address| program.route(to, address)));
        Hop {
            out,
            into,
            carrier: None,
        }
    }

    /// The interface of `host` that has `address`.
    pub(super) fn interface_with(
        &self,
        host: Option<HostId>,
        address: IpAddr,
    ) -> Option<InterfaceId> {
        let known = host.and_then(|host| self.program.host(host))?;
        let mut all = known.addresses.iter();
        let own = all.find(|own| own.address == address)?;
        own.interface
    }

    /// The interface by which packets to a service at `address` come to `host`: the one that has
    /// the address, else the one by which the node itself would reach it.
    pub(super) fn interface_of_service(
        &self,
        host: Option<HostId>,
        address: Option<IpAddr>,
    ) -> Option<InterfaceId> {
        let known = |address| self.interface_with(host, address);
        let by_route = |address| self.program.route(host, address);
        self.flow
            .via
            .or_else(|| address.and_then(known))
            .or_else(|| address.and_then(by_route))
    }

    /// Where the packet was sent, if that is changed on a node that it has yet to reach.
    pub(super) fn remote_original(&self, first: Option<HostId>) -> Option<Original> {
        let original = self.flow.original?;
        (original.at.is_some() && original.at != first).then_some(original)
    }

    pub(super) fn is_same(
        &self,
        first: Option<HostId>,
        last: Option<HostId>,
        to: Party<'_>,
    ) -> bool {
        if matches!(to, Party::Address(_)) {
            return false;
        }
        match self.placement {
            Placement::Together if first.is_none() || last.is_none() => true,
            Placement::Known | Placement::Together | Placement::Apart => {
                first.is_some() && first == last
            }
        }
    }

    pub(super) fn address_on(
        &self,
        host: HostId,
        interface: Option<InterfaceId>,
    ) -> Option<IpAddr> {
        self.program
            .host(host)?
            .address_on(interface, self.flow.family)
    }

    /// The address on `interface`; where no interface says which, the one that others know.
    pub(super) fn own_address(
        &self,
        host: HostId,
        interface: Option<InterfaceId>,
    ) -> Option<IpAddr> {
        self.address_on(host, interface).or_else(|| {
            let known = self.program.host(host)?;
            interface
                .is_none()
                .then(|| known.main_address(self.flow.family))?
        })
    }

    pub(super) fn tunnel_address(&self, host: HostId) -> Option<IpAddr> {
        let family = self.flow.family;
        let mut all = self.program.host(host)?.tunnels.iter().copied();
        all.find(|address| Family::of(*address) == family)
    }

    /// The source as it looks once a node has put its own address there.
    pub(super) fn masked(&self, host: Option<HostId>, hop: Hop, port: Option<u16>) -> Peer<'p> {
        let address = host.and_then(|host| match hop.carrier {
            Some(_) => self.tunnel_address(host),
            None => self.address_on(host, hop.out),
        });
        Peer::at(address, port).of_host(host)
    }

    /// Where the packet goes on its next part: to another node's port, or to its end.
    pub(super) fn aim(
        &self,
        remote: Option<Original>,
        next: Option<HostId>,
        into: Option<InterfaceId>,
    ) -> Peer<'p> {
        match remote {
            Some(original) => self.original_peer(original, next, into),
            None => self.party_peer(self.flow.to, self.flow.to_address, self.flow.port, into),
        }
    }

    pub(super) fn original_peer(
        &self,
        original: Original,
        host: Option<HostId>,
        into: Option<InterfaceId>,
    ) -> Peer<'p> {
        let Some(address) = original.address else {
            let address = host.and_then(|host| self.own_address(host, into));
            return Peer::at(address, original.port).of_host(host);
        };
        Peer::at(Some(address), original.port)
    }

    /// Where the packet was sent, where its first node changes that.
    pub(super) fn sent_to(&self, destination: Peer<'p>, host: Option<HostId>) -> Peer<'p> {
        match self.flow.original {
            Some(original) => self.original_peer(original, host, None),
            None => destination,
        }
    }

    pub(super) fn party_peer(
        &self,
        party: Party<'p>,
        given: Option<IpAddr>,
        port: Option<u16>,
        interface: Option<InterfaceId>,
    ) -> Peer<'p> {
        let family = self.flow.family;
        match party {
            Party::Address(address) => Peer::at(Some(address), port),
            // EVAL-21: nobody says where kube-proxy sends it.
            Party::Service(_) => Peer::at(None, None),
            Party::Host(host) => {
                let address = given.or_else(|| self.own_address(host, interface));
                Peer::at(address, port).of_host(Some(host))
            }
            Party::Imagined(pod) => Peer::at(given.or(pod.address), port).of_imagined(pod),
            Party::Pod(id) => {
                let addresses = self.program.pod(id).map_or(&[][..], |pod| &pod.addresses);
                let mut own = addresses.iter().copied();
                let own = own.find(|a| Family::of(*a) == family);
                Peer::at(given.or(own), port)
            }
        }
    }

    pub(super) fn packet(&self, source: Peer<'p>, destination: Peer<'p>) -> Packet<'p> {
        Packet {
            family: self.flow.family,
            protocol: self.flow.protocol,
            icmp: self.flow.icmp,
            source,
            destination,
        }
    }
}
