//! By which hooks a flow goes (section 4.6; for BPF, section 4.10).
//!
//! A way is walked in legs, one for every node that the packet meets and one more on either side
//! of a tunnel. Within a leg the hooks come in the order of the kernel's tables (EVAL-29).

use std::net::IpAddr;
use std::ops::ControlFlow;

use crate::resource::Direction::{Egress, Ingress};

use super::answer::Doubt;
use super::flow::{ExternalTrafficPolicy, Flow, Original, Party};
use super::packet::{Packet, Peer};
use super::program::Program;
use super::settings::DataPlane;
use super::stage::{Hook, Owner, Stage, Visit};
use super::tables::{HostId, InterfaceId};

/// Whether two ends of a flow are on one node, where a node is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placement {
    /// As the nodes say.
    Known,
    /// On one node.
    Together,
    /// On two.
    Apart,
}

/// The way between two nodes.
#[derive(Clone, Copy)]
pub(super) struct Hop {
    /// The interface by which the first is left.
    pub(super) out: Option<InterfaceId>,
    /// The interface by which the second is reached.
    pub(super) into: Option<InterfaceId>,
    /// The protocol and port of the packets that carry the flow's.
    pub(super) carrier: Option<(u8, Option<u16>)>,
}

impl Program {
    /// The placements under which `flow` must be looked at: two where a node is not known.
    pub fn placements(&self, flow: &Flow<'_>) -> &'static [Placement] {
        let inside = |party| !matches!(party, Party::Address(_));
        let known = |party| self.host_of(party).is_some();
        if !inside(flow.from) || !inside(flow.to) || (known(flow.from) && known(flow.to)) {
            &[Placement::Known]
        } else {
            &[Placement::Together, Placement::Apart]
        }
    }

    /// Takes `visit` along the way of `flow`, until it has seen enough. The doubt is of the way
    /// itself: then there is none to walk.
    ///
    /// # Errors
    /// The flow neither begins nor ends in the cluster.
    pub fn walk<'p>(
        &self,
        flow: &Flow<'p>,
        placement: Placement,
        visit: &mut impl Visit<'p>,
    ) -> Result<(), Doubt> {
        if matches!((flow.from, flow.to), (Party::Address(_), Party::Address(_))) {
            return Err(Doubt::Elsewhere);
        }
        let mut walk = Walk {
            program: self,
            flow,
            visit,
            leg: 0,
            placement,
        };
        // A visitor that has seen enough ends the walk early: nothing to tell.
        let _ = walk.run();
        Ok(())
    }

    /// The node of a party; nothing for an address, and where it is not known.
    pub fn host_of(&self, party: Party<'_>) -> Option<HostId> {
        match party {
            Party::Pod(id) => self.pod(id).map(|pod| pod.host),
            Party::Imagined(pod) => pod.host,
            Party::Host(id) | Party::Service(id) => Some(id),
            Party::Address(_) => None,
        }
    }
}

pub(super) struct Walk<'a, 'p, V> {
    pub(super) program: &'a Program,
    pub(super) flow: &'a Flow<'p>,
    visit: &'a mut V,
    pub(super) leg: u8,
    pub(super) placement: Placement,
}

impl<'p, V: Visit<'p>> Walk<'_, 'p, V> {
    fn run(&mut self) -> ControlFlow<()> {
        match self.flow.from {
            Party::Address(address) => {
                let source = Peer::at(Some(address), self.flow.source_port);
                self.start_outside(source)
            }
            Party::Host(host) => self.start_at_host(host),
            Party::Service(host) => self.start_at_service(host),
            Party::Pod(_) | Party::Imagined(_) => self.start_at_pod(),
        }
    }

    fn start_outside(&mut self, source: Peer<'p>) -> ControlFlow<()> {
        let last = self.host_of(self.flow.to);
        let first = self.flow.original.and_then(|o| o.at).or(last);
        let aimed = match self.flow.original {
            Some(original) => original.address,
            None => self.flow.to_address,
        };
        let by_route = || source.address.and_then(|a| self.program.route(first, a));
        let by_address = || aimed.and_then(|a| self.interface_with(first, a));
        let into = match self.flow.to {
            Party::Service(_) => self.interface_of_service(first, aimed),
            _ => self.flow.via.or_else(by_address).or_else(by_route),
        };
        let here = first == last;
        self.arrive(first, into, source, self.flow.original, here)
    }

    fn start_at_host(&mut self, host: HostId) -> ControlFlow<()> {
        let flow = self.flow;
        let first = Some(host);
        let remote = self.remote_original(first);
        let last = self.host_of(flow.to);
        if remote.is_none() && self.is_same(first, last, flow.to) {
            return match flow.to {
                Party::Host(_) => self.over_loopback(host),
                // EVAL-31: no policy at all.
                _ => ControlFlow::Continue(()),
            };
        }
        let next = remote.map_or(last, |original| original.at);
        let to_pod = remote.is_none() && !matches!(flow.to, Party::Host(_) | Party::Address(_));
        let hop = self.hop(first, next, remote, to_pod);
        let address = match hop.carrier {
            Some(_) => self.tunnel_address(host),
            None => flow.from_address.or_else(|| self.address_on(host, hop.out)),
        };
        let source = Peer::at(address, flow.source_port).of_host(first);
        let after = self.aim(remote, next, hop.into);
        // EVAL-21: untracked policy sees the destination as it was sent.
        let before = match flow.original {
            Some(original) if remote.is_none() => self.original_peer(original, first, None),
            _ => after,
        };
        let before_out = match before.address {
            Some(address) if remote.is_none() && flow.original.is_some() => flow
                .via
                .or_else(|| self.program.route(first, address))
                .or(hop.out),
            _ => hop.out,
        };
        let untracked = self.packet(source, before);
        self.ask(first, before_out, Hook::Untracked(Egress), untracked)?;
        let packet = self.packet(source, after);
        self.ask(first, hop.out, Hook::Tunnel(Egress), packet)?;
        self.ask(first, hop.out, Hook::Normal(Egress), packet)?;
        self.cross(first, next, hop, source, remote)
    }

    /// The answers of a service whose packets are not tracked, as those of the node's own processes
    /// (EVAL-19): they leave by the interface by which such packets came.
    fn start_at_service(&mut self, host: HostId) -> ControlFlow<()> {
        let flow = self.flow;
        let host = Some(host);
        let out = self.interface_of_service(host, flow.from_address);
        let source = Peer::at(flow.from_address, flow.source_port);
        let packet = self.packet(source, self.aim(None, None, None));
        for hook in [
            Hook::Untracked(Egress),
            Hook::Tunnel(Egress),
            Hook::Normal(Egress),
        ] {
            self.ask(host, out, hook, packet)?;
        }
        ControlFlow::Continue(())
    }

    fn over_loopback(&mut self, host: HostId) -> ControlFlow<()> {
        // The BPF programs are not on the loopback interface.
        if self.program.data_plane() == DataPlane::Bpf {
            return ControlFlow::Continue(());
        }
        let peer = |address: Option<IpAddr>, port| Peer::at(address, port).of_host(Some(host));
        let given = self.flow.to_address.or(self.flow.from_address);
        let own = given.or_else(|| self.own_address(host, None));
        let source = peer(self.flow.from_address.or(own), self.flow.source_port);
        let packet = self.packet(source, peer(own, self.flow.port));
        let loopback = Some(InterfaceId::LOOPBACK);
        self.ask(Some(host), loopback, Hook::Normal(Egress), packet)?;
        self.leg += 1;
        self.ask(Some(host), loopback, Hook::Normal(Ingress), packet)
    }

    fn start_at_pod(&mut self) -> ControlFlow<()> {
        let flow = self.flow;
        let first = self.host_of(flow.from);
        let source = self.party_peer(flow.from, flow.from_address, flow.source_port, None);
        let remote = self.remote_original(first);
        let last = self.host_of(flow.to);
        let pod_side = Some(InterfaceId::POD);
        if remote.is_none() && self.is_same(first, last, flow.to) {
            let first = first.or(last);
            let destination = self.aim(None, first, None);
            let after = self.packet(source, destination);
            let before = self.packet(source, self.sent_to(destination, first));
            let to_host = matches!(flow.to, Party::Host(_));
            self.ask_ending(first, pod_side, Hook::PreDnat, before, to_host)?;
            if to_host {
                self.ask_pod(flow.from, first, Egress, after, true)?;
                return self.ask_ending(first, None, Hook::ToHost, after, true);
            }
            self.ask(first, pod_side, Hook::Forward(Ingress), after)?;
            self.ask_pod(flow.from, first, Egress, after, false)?;
            self.ask_pod(flow.to, first, Ingress, after, false)?;
            return self.ask(first, pod_side, Hook::Forward(Egress), after);
        }
        let next = remote.map_or(last, |original| original.at);
        let to_pod = remote.is_none() && !matches!(flow.to, Party::Host(_) | Party::Address(_));
        let hop = self.hop(first, next, remote, to_pod);
        let destination = self.aim(remote, next, hop.into);
        let after = self.packet(source, destination);
        let before = match remote {
            Some(_) => after,
            None => self.packet(source, self.sent_to(destination, first)),
        };
        self.ask(first, pod_side, Hook::PreDnat, before)?;
        self.ask(first, pod_side, Hook::Forward(Ingress), after)?;
        self.ask_pod(flow.from, first, Egress, after, false)?;
        self.ask(first, hop.out, Hook::Forward(Egress), after)?;
        // Behind its node the packet bears the node's address, but for other pods.
        let seen = if to_pod || !self.program.nat_outgoing {
            source
        } else {
            self.masked(first, hop, flow.source_port)
        };
        self.cross(first, next, hop, seen, remote)
    }

    /// Brings the packet from one node to the next, if there is one, and on from there.
    fn cross(
        &mut self,
        from: Option<HostId>,
        to: Option<HostId>,
        hop: Hop,
        source: Peer<'p>,
        original: Option<Original>,
    ) -> ControlFlow<()> {
        if original.is_none() && matches!(self.flow.to, Party::Address(_)) {
            return ControlFlow::Continue(());
        }
        if let Some((protocol, port)) = hop.carrier {
            self.carry(from, to, protocol, port)?;
        }
        self.leg += 1;
        let here = original.is_none() || to == self.host_of(self.flow.to);
        self.arrive(to, hop.into, source, original, here)
    }

    /// The packets around those of an overlay: from one node's own address to the other's.
    fn carry(
        &mut self,
        from: Option<HostId>,
        to: Option<HostId>,
        protocol: u8,
        port: Option<u16>,
    ) -> ControlFlow<()> {
        let family = self.flow.family;
        let main = |host: Option<HostId>| {
            let host = host.and_then(|host| self.program.host(host))?;
            host.main_address(family)
        };
        let (near, far) = (main(from), main(to));
        let out = far.and_then(|address| self.program.route(from, address));
        let into = far
            .and_then(|address| self.interface_with(to, address))
            .or_else(|| near.and_then(|address| self.program.route(to, address)));
        let packet = Packet {
            family,
            protocol,
            icmp: None,
            source: Peer::at(near, None).of_host(from),
            destination: Peer::at(far, port).of_host(to),
        };
        self.leg += 1;
        for (host, interface, hook) in [
            (from, out, Hook::Untracked(Egress)),
            (from, out, Hook::Tunnel(Egress)),
            (from, out, Hook::Normal(Egress)),
        ] {
            self.put(host, interface, hook, packet, false, true)?;
        }
        self.leg += 1;
        for hook in [
            Hook::Untracked(Ingress),
            Hook::PreDnat,
            Hook::Tunnel(Ingress),
            Hook::Normal(Ingress),
        ] {
            self.put(to, into, hook, packet, true, true)?;
        }
        ControlFlow::Continue(())
    }

    /// A packet comes in by an interface that is no pod's.
    fn arrive(
        &mut self,
        host: Option<HostId>,
        into: Option<InterfaceId>,
        source: Peer<'p>,
        original: Option<Original>,
        here: bool,
    ) -> ControlFlow<()> {
        let flow = self.flow;
        let last = self.host_of(flow.to);
        let local = here || self.is_same(host, last, flow.to);
        let hop = (!local).then(|| {
            let to_pod = !matches!(flow.to, Party::Host(_));
            self.hop(host, last, None, to_pod)
        });
        let beyond = hop.map_or(into, |hop| hop.into);
        let destination = self.aim(None, last, beyond);
        let after = self.packet(source, destination);
        let before = match (original, flow.to) {
            (Some(original), _) => self.packet(source, self.original_peer(original, host, into)),
            (None, Party::Service(_)) => self.packet(source, Peer::at(flow.to_address, flow.port)),
            (None, _) => after,
        };
        let ends_here = local && matches!(flow.to, Party::Host(_));
        self.ask_ending(host, into, Hook::Untracked(Ingress), before, ends_here)?;
        self.ask_ending(host, into, Hook::PreDnat, before, ends_here)?;
        if ends_here {
            self.ask_ending(host, into, Hook::Tunnel(Ingress), after, true)?;
            return self.ask_ending(host, into, Hook::Normal(Ingress), after, true);
        }
        self.ask(host, into, Hook::Forward(Ingress), after)?;
        if matches!(flow.to, Party::Service(_)) {
            return ControlFlow::Continue(());
        }
        let Some(hop) = hop else {
            self.ask_pod(flow.to, host, Ingress, after, false)?;
            return self.ask(host, Some(InterfaceId::POD), Hook::Forward(Egress), after);
        };
        self.ask(host, hop.out, Hook::Forward(Egress), after)?;
        let keeps = flow.external_traffic_policy == ExternalTrafficPolicy::Local
            || self.program.data_plane() == DataPlane::Bpf;
        let seen = if keeps {
            source
        } else {
            self.masked(host, hop, flow.source_port)
        };
        self.cross(host, last, hop, seen, None)
    }

    fn ask(
        &mut self,
        host: Option<HostId>,
        interface: Option<InterfaceId>,
        hook: Hook,
        packet: Packet<'p>,
    ) -> ControlFlow<()> {
        self.put(host, interface, hook, packet, false, false)
    }

    fn ask_ending(
        &mut self,
        host: Option<HostId>,
        interface: Option<InterfaceId>,
        hook: Hook,
        packet: Packet<'p>,
        ends_here: bool,
    ) -> ControlFlow<()> {
        self.put(host, interface, hook, packet, ends_here, false)
    }

    fn ask_pod(
        &mut self,
        party: Party<'p>,
        host: Option<HostId>,
        direction: crate::resource::Direction,
        packet: Packet<'p>,
        ends_here: bool,
    ) -> ControlFlow<()> {
        let owner = match party {
            Party::Pod(id) => Owner::Pod(id),
            Party::Imagined(pod) => Owner::Imagined(pod),
            Party::Host(_) | Party::Service(_) | Party::Address(_) => {
                return ControlFlow::Continue(());
            }
        };
        self.visit.stage(&Stage {
            host,
            interface: Some(InterfaceId::POD),
            hook: Hook::Workload(direction),
            owner,
            packet,
            leg: self.leg,
            ends_here,
            outer: false,
        })
    }

    fn put(
        &mut self,
        host: Option<HostId>,
        interface: Option<InterfaceId>,
        hook: Hook,
        packet: Packet<'p>,
        ends_here: bool,
        outer: bool,
    ) -> ControlFlow<()> {
        let known = host
            .and_then(|id| self.program.host(id))
            .filter(|h| h.mapped);
        let owner = match (hook, known, interface) {
            (Hook::Tunnel(_) | Hook::Workload(_) | Hook::ToHost, _, _) => Owner::Nobody,
            (_, Some(host), Some(interface)) => self.program.sole_owner(host, interface, hook),
            _ if self.program.host_endpoints().is_empty() => Owner::Nobody,
            _ => Owner::Unclear,
        };
        self.visit.stage(&Stage {
            host,
            interface,
            hook,
            owner,
            packet,
            leg: self.leg,
            ends_here,
            outer,
        })
    }
}
