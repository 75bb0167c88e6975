//! Which ways there are between two classes of endpoints: members that stand for all, and the
//! addresses of those for which they stand.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::engine::address::Family;
use crate::engine::flow::{Flow, Party};
use crate::engine::program::Program;
use crate::engine::space::{Addresses, Ranges};
use crate::engine::tables::{HostId, InterfaceId};
use crate::engine::way::Placement;
use crate::net::Protocol;

use super::Work;
use super::ends::{End, Ends, Spot};

/// The members of two ends that stand for all.
#[derive(Clone, Copy)]
pub(super) struct Pair<'e> {
    pub(super) from: Party<'e>,
    pub(super) to: Party<'e>,
    pub(super) placement: Placement,
    pub(super) together: Option<bool>,
}

/// What flows of one way have in common.
pub(super) struct Course<'e> {
    pub(super) pair: Pair<'e>,
    pub(super) family: Family,
    pub(super) to_address: Option<IpAddr>,
    pub(super) interface: Option<InterfaceId>,
    /// The addresses of the two ends; nothing for those that the way itself tells.
    pub(super) sources: Option<Ranges>,
    pub(super) destinations: Ranges,
}

impl<'e> Course<'e> {
    /// One flow of it.
    pub(super) fn flow(&self) -> Flow<'e> {
        Flow {
            family: self.family,
            source_port: Some(1),
            to_address: self.to_address,
            ..Flow::new(self.pair.from, self.pair.to, Protocol::Tcp, Some(1))
        }
    }
}

impl Work<'_> {
    /// The courses that flows of one family take between two ends.
    pub(super) fn courses<'e>(
        &self,
        ends: &'e Ends,
        from: &'e End,
        to: &'e End,
        family: Family,
    ) -> Vec<Course<'e>> {
        let program = self.program;
        let mut courses = Vec::new();
        let all = |end: &End| ends.addresses(end, program, family);
        if lacks_family(ends, from, program, family) {
            return courses;
        }
        match (from, to) {
            (End::Outside, End::Services(_)) => courses = self.inwards(ends, to, family),
            (End::Outside, End::Outside) | (End::Services(_), _) | (_, End::Services(_)) => {}
            (End::Outside, _) => {
                let Some(pair) = self.inward(to) else {
                    return courses;
                };
                let host = program.host_of(pair.to);
                for (interface, address, destinations) in self.targets(ends, to, pair.to, family) {
                    let pieces = match interface {
                        Some(_) => vec![(interface, ends.outside.ranges(family).clone())],
                        None => self.pieces(ends, host, family),
                    };
                    for (interface, sources) in pieces {
                        let Some(member) = first(&sources, family) else {
                            continue;
                        };
                        courses.push(Course {
                            pair: Pair {
                                from: Party::Address(member),
                                ..pair
                            },
                            family,
                            to_address: address,
                            interface,
                            sources: Some(sources),
                            destinations: destinations.clone(),
                        });
                    }
                }
            }
            (_, End::Outside) => {
                let Some(pair) = self.inward(from) else {
                    return courses;
                };
                let host = program.host_of(pair.to);
                for (interface, destinations) in self.pieces(ends, host, family) {
                    let Some(member) = first(&destinations, family) else {
                        continue;
                    };
                    courses.push(Course {
                        pair: Pair {
                            from: pair.to,
                            to: Party::Address(member),
                            ..pair
                        },
                        family,
                        to_address: None,
                        interface,
                        sources: own_sources(from, all(from)),
                        destinations,
                    });
                }
            }
            _ => {
                for pair in self.pairs(from, to) {
                    for (interface, address, destinations) in
                        self.targets(ends, to, pair.to, family)
                    {
                        courses.push(Course {
                            pair: Pair { ..pair },
                            family,
                            to_address: address,
                            interface,
                            sources: own_sources(from, all(from)),
                            destinations,
                        });
                    }
                }
            }
        }
        courses
    }

    /// Packets from outside that a node passes on to services: those for its own addresses come by
    /// the interfaces that have them, others by the one through which it reaches their address.
    fn inwards<'e>(&self, ends: &'e Ends, to: &'e End, family: Family) -> Vec<Course<'e>> {
        let sources = ends.outside.ranges(family).clone();
        let (Some(pair), Some(from)) = (self.inward(to), first(&sources, family)) else {
            return Vec::new();
        };
        let host = self.program.host_of(pair.to);
        let others = self.pieces(ends, host, family).into_iter();
        let others = others.filter_map(|(interface, destinations)| {
            Some((interface, first(&destinations, family)?, destinations))
        });
        let own = host.map_or_else(Vec::new, |host| {
            self.targets(ends, to, Party::Host(host), family)
        });
        // A tunnel's address is on no interface that packets from outside come in by.
        let own = own
            .into_iter()
            .filter_map(|(interface, address, ranges)| Some((Some(interface?), address?, ranges)));
        let course = |(interface, address, destinations)| Course {
            pair: Pair {
                from: Party::Address(from),
                ..pair
            },
            family,
            to_address: Some(address),
            interface,
            sources: Some(sources.clone()),
            destinations,
        };
        others.chain(own).map(course).collect()
    }

    /// A member of an end that is reached from outside, or reaches out.
    fn inward<'e>(&self, end: &'e End) -> Option<Pair<'e>> {
        let hosts = Ends::hosts(end, self.program);
        let member = Ends::party(end, hosts.first().copied(), self.program)?;
        Some(Pair {
            from: member,
            to: member,
            placement: Placement::Known,
            together: None,
        })
    }

    /// Members of two ends on one node and on two, as far as there are such.
    fn pairs<'e>(&self, from: &'e End, to: &'e End) -> Vec<Pair<'e>> {
        let program = self.program;
        let here = Ends::hosts(from, program);
        let there = Ends::hosts(to, program);
        let on = |end: &'e End, host: Option<HostId>| Ends::party(end, host, program);
        let mut pairs = Vec::new();
        let mut add = |from: Option<Party<'e>>, to: Option<Party<'e>>, placement, together| {
            if let (Some(from), Some(to)) = (from, to) {
                pairs.push(Pair {
                    from,
                    to,
                    placement,
                    together: Some(together),
                });
            }
        };
        let (Some(a), Some(b)) = (here.first().copied(), there.first().copied()) else {
            let (a, b) = (here.first().copied(), there.first().copied());
            for (placement, together) in [(Placement::Together, true), (Placement::Apart, false)] {
                add(on(from, a), on(to, b), placement, together);
            }
            return pairs;
        };
        let shared = here.iter().find(|host| there.binary_search(host).is_ok());
        if let Some(shared) = shared.copied() {
            add(
                on(from, Some(shared)),
                on(to, Some(shared)),
                Placement::Known,
                true,
            );
        }
        let other = if a == b {
            let second = there.get(1).map(|b| (a, *b));
            second.or_else(|| here.get(1).map(|a| (*a, b)))
        } else {
            Some((a, b))
        };
        if let Some((a, b)) = other {
            add(on(from, Some(a)), on(to, Some(b)), Placement::Known, false);
        }
        pairs
    }

    /// Where packets to a member of an end go: for nodes, to each of their addresses.
    fn targets(
        &self,
        ends: &Ends,
        end: &End,
        member: Party<'_>,
        family: Family,
    ) -> Vec<(Option<InterfaceId>, Option<IpAddr>, Ranges)> {
        let program = self.program;
        let all = || ends.addresses(end, program, family);
        let Party::Host(id) = member else {
            return vec![(None, None, all())];
        };
        let Some(host) = program.host(id) else {
            return Vec::new();
        };
        let own = host.addresses.iter().enumerate();
        let own = own.map(|(index, own)| (Spot::Own(index), own.address, own.interface));
        let tunnels = host.tunnels.iter().enumerate();
        let tunnels = tunnels.map(|(index, address)| (Spot::Tunnel(index), *address, None));
        let all = own.chain(tunnels);
        let of_family = all.filter(|(_, address, _)| Family::of(*address) == family);
        of_family
            .map(|(spot, address, interface)| {
                let set = ends.at_spot(id, spot, program);
                let ranges = Addresses::from(&set).ranges(family).clone();
                (interface, Some(address), ranges)
            })
            .collect()
    }

    /// The addresses outside the cluster by the interface through which `host` reaches them; by none
    /// those that the nodes it may be reach through different ones.
    fn pieces(
        &self,
        ends: &Ends,
        host: Option<HostId>,
        family: Family,
    ) -> Vec<(Option<InterfaceId>, Ranges)> {
        let outside = ends.outside.ranges(family);
        let tables = self.program.route_tables(host);
        let mut tables = tables.map(|routes| pieces_of(routes, outside.clone(), family));
        let Some(first) = tables.next() else {
            return vec![(None, outside.clone())];
        };
        tables.fold(first, |known, other| {
            let mut pieces = Vec::new();
            for (one, left) in &known {
                for (two, right) in &other {
                    let interface = one.filter(|_| one == two);
                    add(&mut pieces, interface, left.intersection(right));
                }
            }
            pieces
        })
    }
}

/// `rest` by the interface through which one table of routes brings it.
fn pieces_of(
    routes: &[(IpNet, InterfaceId)],
    mut rest: Ranges,
    family: Family,
) -> Vec<(Option<InterfaceId>, Ranges)> {
    let mut routes = routes.to_vec();
    // The longest prefix counts, of equal ones the first: sorting keeps their order.
    routes.sort_by_key(|(net, _)| std::cmp::Reverse(net.prefix_len()));
    let mut pieces = Vec::new();
    let max = match family {
        Family::V4 => u128::from(u32::MAX),
        Family::V6 => u128::MAX,
    };
    for (net, interface) in routes {
        let block = Addresses::of([net]).ranges(family).clone();
        add(&mut pieces, Some(interface), rest.intersection(&block));
        rest = rest.intersection(&block.complement(max));
    }
    add(&mut pieces, None, rest);
    pieces
}

fn add(
    pieces: &mut Vec<(Option<InterfaceId>, Ranges)>,
    interface: Option<InterfaceId>,
    ranges: Ranges,
) {
    if ranges.is_empty() {
        return;
    }
    match pieces.iter_mut().find(|(known, _)| *known == interface) {
        Some((_, known)) => *known = known.union(&ranges),
        None => pieces.push((interface, ranges)),
    }
}

/// Whether an end has addresses, and none of the family: no packet of that is its own.
fn lacks_family(ends: &Ends, end: &End, program: &Program, family: Family) -> bool {
    let other = match family {
        Family::V4 => Family::V6,
        Family::V6 => Family::V4,
    };
    ends.addresses(end, program, family).is_empty()
        && !ends.addresses(end, program, other).is_empty()
}

/// The source addresses of flows from an end; nothing for nodes, whose way decides.
fn own_sources(end: &End, all: Ranges) -> Option<Ranges> {
    match end {
        End::Workers(_) | End::Services(_) => None,
        End::Pods(_) | End::Imagined { .. } | End::Outside => Some(all),
    }
}

fn first(ranges: &Ranges, family: Family) -> Option<IpAddr> {
    let (first, _) = ranges.iter().next()?;
    match family {
        Family::V4 => u32::try_from(first)
            .ok()
            .map(|bits| IpAddr::V4(bits.into())),
        Family::V6 => Some(IpAddr::V6(first.into())),
    }
}
