//! What hangs on address, protocol and port together: named ports, services, failsafes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::address::{AddressSet, Family};
use crate::engine::answer::{Answer, Doubt};
use crate::engine::felix::{Failsafe, Failsafes};
use crate::engine::imagined::PodPorts;
use crate::engine::rule::{NamedPorts, PortTest, Tuple};
use crate::engine::settings::DataPlane;
use crate::engine::space::{Addresses, Cube, Ranges, Space, SpaceError};
use crate::engine::tables::{NamedPortsId, ServiceSetId};
use crate::resource::Direction;

use super::Work;
use super::rule::{answer_cube, maybe, ranges_of, with_ports};
use super::truth::{Bounds, Truth};
use super::view::{At, HeaderEnd, Seen, View};

const TCP: u8 = 6;
const UDP: u8 = 17;

impl Work<'_> {
    /// Whether the port is one of `test`'s, by number or by name (RES-18).
    pub(super) fn ports(
        &mut self,
        test: &PortTest,
        view: &View<'_>,
        family: Family,
    ) -> Result<Truth, SpaceError> {
        let by_number = port_cube(answer_cube(&with_ports()), view, ranges_of(test));
        let mut truth = Truth::sure(self.spaces.cube(&by_number)?);
        for id in &test.named {
            let named = self.named(*id, view, family)?;
            truth = truth.or(named, &mut self.spaces)?;
        }
        Ok(truth)
    }

    fn named(
        &mut self,
        id: NamedPortsId,
        view: &View<'_>,
        family: Family,
    ) -> Result<Truth, SpaceError> {
        let Some(named) = self.program.named_port(id) else {
            return Ok(Truth::NEVER);
        };
        let own = self.named_of_pod(named, view)?;
        let by_address = match view.at {
            At::Unknown => {
                let ports = named.hosts.iter();
                let there = ports.filter(|(host, _, _)| Some(*host) == view.host);
                let mut cubes = Vec::new();
                for (_, protocol, port) in there {
                    let cube = Cube::any().protocols([*protocol]);
                    cubes.push(port_cube(cube, view, Ranges::singles([*port])));
                }
                let space = self.spaces.union_of_cubes(&cubes)?;
                Truth::sure(space).doubted(Doubt::Address)
            }
            At::Header | At::Among(_) => {
                let sure = self.tuples(named.sure.iter(), view, family)?;
                let perhaps = self.tuples(named.perhaps.iter(), view, family)?;
                sure.or(perhaps.doubted(named.doubt), &mut self.spaces)?
            }
        };
        // What a pod that need not exist says of itself goes before what its address says.
        Ok(Truth {
            yes: {
                let rest = self.spaces.difference(by_address.yes, own.possible)?;
                self.spaces.union(own.yes, rest)?
            },
            possible: self.spaces.union(own.possible, by_address.possible)?,
            doubt: own.doubt.or(by_address.doubt),
        })
    }

    fn named_of_pod(&mut self, named: &NamedPorts, view: &View<'_>) -> Result<Truth, SpaceError> {
        let Some((_, pod)) = view.pod else {
            return Ok(Truth::NEVER);
        };
        let counts = named.peers.map_or(Answer::Yes, |id| pod.is_member(id));
        let protocols = named.protocol.map_or(with_ports().to_vec(), |p| vec![p]);
        let has = match &pod.ports {
            PodPorts::Unknown => {
                let space = self.spaces.cube(&answer_cube(&protocols))?;
                Truth::sure(space).doubted(Doubt::NamedPort)
            }
            PodPorts::Called(names) if names.iter().any(|name| **name == *named.name) => {
                Truth::sure(self.spaces.cube(&answer_cube(&protocols))?)
            }
            PodPorts::Called(_) => Truth::NEVER,
            PodPorts::Listed(ports) => {
                let own = ports.iter();
                let own = own
                    .filter(|p| *p.name == *named.name && protocols.contains(&p.protocol))
                    .map(|own| {
                        let cube = Cube::any().protocols([own.protocol]);
                        port_cube(cube, view, Ranges::singles([own.port]))
                    });
                let cubes: Vec<Cube> = own.collect();
                Truth::sure(self.spaces.union_of_cubes(&cubes)?)
            }
        };
        Truth::of(counts).and(has, &mut self.spaces)
    }

    /// The packets whose address, protocol and port on this side are one of `tuples`.
    fn tuples<'t>(
        &mut self,
        tuples: impl Iterator<Item = &'t Tuple>,
        view: &View<'_>,
        family: Family,
    ) -> Result<Truth, SpaceError> {
        let mut by_port: BTreeMap<(u8, u16), Vec<IpAddr>> = BTreeMap::new();
        for (address, protocol, port) in tuples {
            if Family::of(*address) == family {
                by_port
                    .entry((*protocol, *port))
                    .or_default()
                    .push(*address);
            }
        }
        let mut truth = Truth::NEVER;
        for ((protocol, port), addresses) in by_port {
            let cube = Cube::any().protocols([protocol]);
            let cube = port_cube(cube, view, Ranges::singles([port]));
            let set = AddressSet::of(addresses.into_iter().map(IpNet::from));
            let bounds = self.addressing(family).is_in(&set, view);
            let one = self.within(cube, view.end, family, bounds)?;
            truth = truth.or(one, &mut self.spaces)?;
        }
        Ok(truth)
    }

    /// Whether the side is an endpoint of the service (RES-19).
    pub(super) fn service(
        &mut self,
        id: ServiceSetId,
        view: &View<'_>,
        with_port: bool,
        family: Family,
    ) -> Result<Truth, SpaceError> {
        let Some(set) = self.program.service_set(id) else {
            return Ok(Truth::NEVER);
        };
        if !set.known || view.pod.is_some_and(|(_, pod)| pod.is_served(id)) {
            return Ok(maybe(Doubt::ServiceEndpoints));
        }
        if view.at == At::Unknown {
            return Ok(if set.endpoints.is_empty() || view.pod.is_some() {
                Truth::NEVER
            } else {
                maybe(Doubt::Address)
            });
        }
        if with_port {
            return self.tuples(set.endpoints.iter(), view, family);
        }
        let bounds = self.addressing(family).is_in(&set.addresses, view);
        self.within(Cube::any(), view.end, family, bounds)
    }

    /// The packets that failsafes let pass (EVAL-35); `mirrored` also lets their answers pass.
    pub(super) fn failsafes(
        &mut self,
        failsafes: &Failsafes,
        direction: Direction,
        seen: &Seen<'_>,
        mirrored: bool,
    ) -> Result<Truth, SpaceError> {
        // The program's own facts do not move: where they are tells which they are.
        let key = (
            std::ptr::from_ref(failsafes).addr(),
            direction,
            mirrored,
            seen.family,
            [seen.source.key(false), seen.destination.key(false)],
        );
        if let Some(known) = self.safe.get(&key) {
            return Ok(*known);
        }
        let truth = self.failsafes_of(failsafes, direction, seen, mirrored)?;
        self.safe.insert(key, truth);
        Ok(truth)
    }

    fn failsafes_of(
        &mut self,
        failsafes: &Failsafes,
        direction: Direction,
        seen: &Seen<'_>,
        mirrored: bool,
    ) -> Result<Truth, SpaceError> {
        let (own, other, far) = match direction {
            Direction::Ingress => (&failsafes.inbound, &failsafes.outbound, &seen.source),
            Direction::Egress => (&failsafes.outbound, &failsafes.inbound, &seen.destination),
        };
        // EVAL-35: to the port of a host that is reached, on the way in and out alike.
        let straight = self.any_failsafe(own, &seen.destination, far, seen.family)?;
        if !mirrored {
            return Ok(straight);
        }
        let back = self.any_failsafe(other, &seen.source, far, seen.family)?;
        straight.or(back, &mut self.spaces)
    }

    fn any_failsafe(
        &mut self,
        failsafes: &[Failsafe],
        port_of: &View<'_>,
        far: &View<'_>,
        family: Family,
    ) -> Result<Truth, SpaceError> {
        let bpf = self.program.data_plane() == DataPlane::Bpf;
        let mut truth = Truth::NEVER;
        for failsafe in failsafes {
            // EVAL-49: the BPF data plane has no others.
            if bpf && ![TCP, UDP].contains(&failsafe.protocol) {
                continue;
            }
            let cube = Cube::any().protocols([failsafe.protocol]);
            let cube = port_cube(cube, port_of, Ranges::singles([failsafe.port]));
            let net = match failsafe.net {
                None => Bounds::any(),
                Some(net) => {
                    let set = AddressSet::of([net]);
                    match far.at {
                        At::Unknown => Bounds::of(Answer::Maybe(Doubt::Address)),
                        At::Header | At::Among(_) => self.addressing(family).is_in(&set, far),
                    }
                }
            };
            let one = self.within(cube, far.end, family, net)?;
            truth = truth.or(one, &mut self.spaces)?;
        }
        Ok(truth)
    }

    /// The packets of the cube whose address at an end of the header is within the bounds.
    fn within(
        &mut self,
        cube: Cube,
        end: HeaderEnd,
        family: Family,
        bounds: Bounds,
    ) -> Result<Truth, SpaceError> {
        let yes = address_cube(cube.clone(), end, family, bounds.yes);
        let possible = address_cube(cube, end, family, bounds.possible);
        Ok(Truth {
            yes: self.spaces.cube(&yes)?,
            possible: self.spaces.cube(&possible)?,
            doubt: bounds.doubt,
        })
    }

    /// UDP packets to a port.
    pub(super) fn udp_to(&mut self, port: u16, view: &View<'_>) -> Result<Space, SpaceError> {
        let cube = Cube::any().protocols([UDP]);
        let cube = port_cube(cube, view, Ranges::singles([port]));
        self.spaces.cube(&cube)
    }
}

/// The cube, of those ports on the side of `view` alone.
fn port_cube(mut cube: Cube, view: &View<'_>, ports: Ranges) -> Cube {
    match view.end {
        HeaderEnd::Source => cube.source_ports = Some(ports),
        HeaderEnd::Destination => cube.destination_ports = Some(ports),
    }
    cube
}

/// The cube, of those addresses at an end of the header alone.
pub(super) fn address_cube(
    mut cube: Cube,
    end: HeaderEnd,
    family: Family,
    ranges: Option<Ranges>,
) -> Cube {
    let addresses = ranges.map(|ranges| Addresses::of_family(family, ranges));
    match end {
        HeaderEnd::Source => cube.sources = addresses,
        HeaderEnd::Destination => cube.destinations = addresses,
    }
    cube.family = Some(family);
    cube
}
