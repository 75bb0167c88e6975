//! From one packet of a way back to one flow.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::flow::{Flow, Party};
use crate::engine::imagined::ImaginedPod;
use crate::engine::program::Program;
use crate::engine::space::{Addresses, Header, Space};
use crate::engine::tables::{HostId, InterfaceId, PodId};

use super::Reach;
use super::ends::End;
use super::way::Way;

/// One end of a witness.
#[derive(Debug, Clone)]
enum WitnessEnd {
    Host(HostId),
    Service(HostId),
    Pod(PodId),
    Imagined(Box<ImaginedPod>),
    Address(IpAddr),
}

/// One concrete flow of a way.
#[derive(Debug, Clone)]
pub struct Witness {
    /// Its packet.
    pub header: Header,
    from: WitnessEnd,
    to: WitnessEnd,
    via: Option<InterfaceId>,
}

impl Witness {
    /// The flow, to be evaluated or traced by the program of the [`Reach`] that gave the witness.
    pub fn flow(&self) -> Flow<'_> {
        let header = &self.header;
        let mut flow = Flow::new(
            party(&self.from),
            party(&self.to),
            crate::net::Protocol::of_number(header.protocol),
            header.ports.map(|(_, port)| port),
        );
        flow.family = header.family();
        flow.source_port = header.ports.map(|(port, _)| port);
        flow.icmp = header.icmp;
        flow.via = self.via;
        if matches!(self.to, WitnessEnd::Host(_) | WitnessEnd::Service(_)) {
            flow.to_address = Some(header.destination);
        }
        flow
    }
}

fn party(end: &WitnessEnd) -> Party<'_> {
    match end {
        WitnessEnd::Host(id) => Party::Host(*id),
        WitnessEnd::Service(id) => Party::Service(*id),
        WitnessEnd::Pod(id) => Party::Pod(*id),
        WitnessEnd::Imagined(pod) => Party::Imagined(pod),
        WitnessEnd::Address(address) => Party::Address(*address),
    }
}

impl Reach<'_> {
    /// One flow of `space`, which is part of the way; nothing where there is none.
    pub fn witness(&self, way: &Way, space: Space) -> Option<Witness> {
        let header = self.work.spaces.witness(space)?;
        self.flow_of(way, header)
    }

    /// The flow of a way that has this packet; nothing where no member of its ends has the
    /// addresses.
    pub fn flow_of(&self, way: &Way, header: Header) -> Option<Witness> {
        let program = self.work.program;
        let (source, target) = (self.end(way.from)?, self.end(way.to)?);
        let from_address = way.knows_source.then_some(header.source);
        let to = Self::member(target, Some(header.destination), None, program)?;
        let beside = match (&to, way.together) {
            (WitnessEnd::Host(host), Some(together)) => Some((*host, together)),
            (WitnessEnd::Pod(id), Some(together)) => {
                program.pod(*id).map(|pod| (pod.host, together))
            }
            (WitnessEnd::Imagined(pod), Some(together)) => pod.host.map(|host| (host, together)),
            _ => None,
        };
        let from = Self::member(source, from_address, beside, program)?;
        // A pod that need not exist is put where the way wants it.
        let to = match (to, &from, way.together) {
            (WitnessEnd::Imagined(_), from, Some(together)) => {
                let host = match from {
                    WitnessEnd::Host(host) | WitnessEnd::Service(host) => Some(*host),
                    WitnessEnd::Pod(id) => program.pod(*id).map(|pod| pod.host),
                    WitnessEnd::Imagined(pod) => pod.host,
                    WitnessEnd::Address(_) => None,
                };
                let beside = host.map(|host| (host, together));
                Self::member(target, Some(header.destination), beside, program)?
            }
            (to, _, _) => to,
        };
        Some(Witness {
            header,
            from,
            to,
            via: None,
        })
    }

    fn member(
        end: &End,
        address: Option<IpAddr>,
        beside: Option<(HostId, bool)>,
        program: &Program,
    ) -> Option<WitnessEnd> {
        let fits = |host: Option<HostId>| match (host, beside) {
            (Some(host), Some((other, together))) => (host == other) == together,
            _ => true,
        };
        match end {
            End::Workers(hosts) => {
                let has = |id: &&HostId| {
                    let host = program.host(**id);
                    let known = host.map_or(&[][..], |host| &host.addresses);
                    let tunnels = host.map_or(&[][..], |host| &host.tunnels);
                    address.is_none_or(|address| {
                        known.iter().any(|own| own.address == address) || tunnels.contains(&address)
                    })
                };
                let mut hosts = hosts.iter().filter(has).filter(|id| fits(Some(**id)));
                hosts.next().copied().map(WitnessEnd::Host)
            }
            End::Pods(pods) => {
                let has = |id: &&PodId| {
                    program.pod(**id).is_some_and(|pod| {
                        address.is_none_or(|address| pod.addresses.contains(&address))
                            && fits(Some(pod.host))
                    })
                };
                pods.iter().find(has).copied().map(WitnessEnd::Pod)
            }
            End::Imagined { pods, .. } => {
                let pod = pods
                    .iter()
                    .find(|pod| fits(pod.host))
                    .or_else(|| pods.first())?;
                let mut pod = pod.clone();
                pod.address = address;
                pod.sketch.address = address;
                Some(WitnessEnd::Imagined(Box::new(pod)))
            }
            // One that has the address where it is a node's, any otherwise.
            End::Services(hosts) => {
                let has = |id: &&HostId| {
                    let own = program.host(**id).map(|host| host.addresses.iter());
                    own.is_some_and(|mut own| own.any(|own| Some(own.address) == address))
                };
                let host = hosts.iter().find(has).or_else(|| hosts.first());
                host.copied().map(WitnessEnd::Service)
            }
            End::Outside => address.map(WitnessEnd::Address),
        }
    }
}

/// The addresses of an end's members on one node.
pub(super) fn of_host(end: &End, host: HostId, program: &Program) -> Addresses {
    let addresses: Vec<IpAddr> = match end {
        End::Workers(_) => program.host(host).map_or_else(Vec::new, |host| {
            let own = host.addresses.iter().map(|own| own.address);
            own.chain(host.tunnels.iter().copied()).collect()
        }),
        End::Pods(pods) => {
            let pods = pods.iter().filter_map(|id| program.pod(*id));
            let here = pods.filter(|pod| pod.host == host);
            here.flat_map(|pod| pod.addresses.clone()).collect()
        }
        End::Imagined { .. } | End::Services(_) | End::Outside => Vec::new(),
    };
    Addresses::of(addresses.into_iter().map(IpNet::from))
}
