//! Packets, as intents describe them.

use rustc_hash::FxHashMap;

use crate::engine::Family;
use crate::engine::space::{Addresses, Cube, Ranges, Space, SpaceError, Spaces};
use crate::net::{Cidr, PortRange, Protocol};

/// Packets that have all that is said of them. What is not said may be anything, or be absent.
///
/// A list that is there is never empty. `ports`, `source_ports` and `names` go with a protocol that has ports, `icmp` with
/// ICMP or ICMPv6.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Part {
    /// Where they come from.
    pub sources: Option<Vec<Cidr>>,
    /// Where they go.
    pub destinations: Option<Vec<Cidr>>,
    /// Their protocol.
    pub protocol: Option<Protocol>,
    /// To which ports they go.
    pub ports: Option<Vec<PortRange>>,
    /// From which ports they come.
    pub source_ports: Option<Vec<PortRange>>,
    /// By which names their receiver calls the port to which they go: any of these.
    pub names: Option<Vec<String>>,
    /// Which ICMP packets they are.
    pub icmp: Option<Icmp>,
}

/// A kind of ICMP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Icmp {
    /// The type.
    pub kind: u8,
    /// The code; any where not given.
    pub code: Option<u8>,
}

impl Part {
    /// Every packet.
    pub fn any() -> Self {
        Self::default()
    }

    /// Packets of this protocol.
    pub fn of(protocol: Protocol) -> Self {
        Self {
            protocol: Some(protocol),
            ..Self::default()
        }
    }

    /// Packets to these ports alone.
    pub fn to_ports(self, ports: impl IntoIterator<Item = PortRange>) -> Self {
        Self {
            ports: Some(ports.into_iter().collect()),
            ..self
        }
    }

    /// Packets to ports that their receiver calls by one of these names alone.
    pub fn to_named(self, names: impl IntoIterator<Item = String>) -> Self {
        Self {
            names: Some(names.into_iter().collect()),
            ..self
        }
    }

    /// Packets to these addresses alone.
    pub fn to(self, nets: impl IntoIterator<Item = Cidr>) -> Self {
        Self {
            destinations: Some(nets.into_iter().collect()),
            ..self
        }
    }

    /// Packets from these addresses alone.
    pub fn from(self, nets: impl IntoIterator<Item = Cidr>) -> Self {
        Self {
            sources: Some(nets.into_iter().collect()),
            ..self
        }
    }

    /// The packets of both parts; nothing where there are none, as far as protocol and ports tell.
    /// What both say of addresses, of names or of ICMP is taken from the first.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        let protocol = match (self.protocol, other.protocol) {
            (Some(one), Some(two)) if one.number() != two.number() => return None,
            (one, two) => one.or(two),
        };
        let ports = match (&self.ports, &other.ports) {
            (Some(one), Some(two)) => {
                let both = one.iter().flat_map(|a| {
                    let meet = |b: &PortRange| {
                        let first = a.first().max(b.first());
                        PortRange::new(first, a.last().min(b.last())).ok()
                    };
                    two.iter().filter_map(meet)
                });
                let both: Vec<PortRange> = both.collect();
                if both.is_empty() {
                    return None;
                }
                Some(both)
            }
            (one, two) => one.clone().or_else(|| two.clone()),
        };
        Some(Self {
            sources: self.sources.clone().or_else(|| other.sources.clone()),
            destinations: self
                .destinations
                .clone()
                .or_else(|| other.destinations.clone()),
            protocol,
            ports,
            source_ports: self
                .source_ports
                .clone()
                .or_else(|| other.source_ports.clone()),
            names: self.names.clone().or_else(|| other.names.clone()),
            icmp: self.icmp.or(other.icmp),
        })
    }

    /// Its packets, a cube for each family, whatever their receiver calls the port. There is none of a
    /// family of which it has no packets: `ICMP` is of IPv4 and `ICMPv6` of IPv6 where they are
    /// written by name (section 2.2), and a list of addresses is of the families of its blocks
    /// (RES-21).
    pub fn cubes(&self) -> Vec<Cube> {
        let of_both = |nets: &Vec<Cidr>| addresses(nets);
        let sources = self.sources.as_ref().map(of_both);
        let destinations = self.destinations.as_ref().map(of_both);
        let mut cube = Cube::any();
        if let Some(protocol) = self.protocol {
            cube = cube.protocols([protocol.number()]);
        }
        if let Some(ports) = &self.ports {
            cube = cube.to_ports(ports.iter().map(|range| (range.first(), range.last())));
        }
        if let Some(ports) = &self.source_ports {
            let ranges = ports.iter().map(|range| (range.first(), range.last()));
            cube.source_ports = Some(Ranges::of(ranges));
        }
        if let Some(icmp) = self.icmp {
            cube = cube.icmp(icmp.kind, icmp.code);
        }
        let families: &[Family] = match self.protocol {
            Some(Protocol::Icmp) => &[Family::V4],
            Some(Protocol::Icmpv6) => &[Family::V6],
            _ => &[Family::V4, Family::V6],
        };
        let lists = [&sources, &destinations];
        let has = |family: &&Family| {
            let mut lists = lists.iter().copied().flatten();
            lists.all(|list| !list.ranges(**family).is_empty())
        };
        let of = |list: &Option<Addresses>, family: Family| {
            let ranges = list.as_ref().map(|list| list.ranges(family).clone());
            ranges.map(|ranges| Addresses::of_family(family, ranges))
        };
        let families = families.iter().filter(has);
        families
            .map(|family| Cube {
                sources: of(&sources, *family),
                destinations: of(&destinations, *family),
                ..cube.clone().family(*family)
            })
            .collect()
    }
}

/// The packets of parts, each found out once: many intents say the same of some of their packets. Of one
/// keeper only.
#[derive(Debug, Default)]
pub struct PartSpaces(FxHashMap<Part, Space>);

impl PartSpaces {
    /// The packets of a part, whatever their receiver calls the port.
    pub(super) fn of(&mut self, part: &Part, spaces: &mut Spaces) -> Result<Space, SpaceError> {
        if let Some(known) = self.0.get(part) {
            return Ok(*known);
        }
        let space = spaces.union_of_cubes(&part.cubes())?;
        self.0.insert(part.clone(), space);
        Ok(space)
    }
}

/// The addresses of all of the blocks.
pub(super) fn addresses(nets: &[Cidr]) -> Addresses {
    Addresses::of(nets.iter().map(|net| net.to_net()))
}
