//! Products of sets, one a field.

use super::super::address::Family;
use super::level::{Level, Shape};
use super::ranges::{Addresses, Ranges};
use super::table::{Edge, SpaceError, Table};
use super::{Space, Spaces};

/// The packets each of whose fields is in a set of its own.
///
/// A field that is not set may be anything, or be absent. One that is set must be there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Cube {
    /// The family; either where not set.
    pub family: Option<Family>,
    /// The protocols' numbers.
    pub protocols: Option<Ranges>,
    /// Where packets go.
    pub destinations: Option<Addresses>,
    /// To which ports.
    pub destination_ports: Option<Ranges>,
    /// Where they come from.
    pub sources: Option<Addresses>,
    /// From which ports.
    pub source_ports: Option<Ranges>,
    /// Of which ICMP types.
    pub icmp_types: Option<Ranges>,
    /// Of which ICMP codes.
    pub icmp_codes: Option<Ranges>,
}

impl Cube {
    /// Every packet.
    pub fn any() -> Self {
        Self::default()
    }

    /// Packets of this family alone.
    pub fn family(self, family: Family) -> Self {
        Self {
            family: Some(family),
            ..self
        }
    }

    /// Packets of one of these protocols.
    pub fn protocols(self, protocols: impl IntoIterator<Item = u8>) -> Self {
        Self {
            protocols: Some(Ranges::singles(protocols)),
            ..self
        }
    }

    /// Packets to one of these addresses.
    pub fn to(self, addresses: impl Into<Addresses>) -> Self {
        Self {
            destinations: Some(addresses.into()),
            ..self
        }
    }

    /// Packets from one of these addresses.
    pub fn from(self, addresses: impl Into<Addresses>) -> Self {
        Self {
            sources: Some(addresses.into()),
            ..self
        }
    }

    /// Packets to one of these ports, from the first to the last of each pair.
    pub fn to_ports(self, ports: impl IntoIterator<Item = (u16, u16)>) -> Self {
        Self {
            destination_ports: Some(Ranges::of(ports)),
            ..self
        }
    }

    /// Packets from one of these ports, from the first to the last of each pair.
    pub fn from_ports(self, ports: impl IntoIterator<Item = (u16, u16)>) -> Self {
        Self {
            source_ports: Some(Ranges::of(ports)),
            ..self
        }
    }

    /// ICMP packets of this type, and of this code where one is given.
    pub fn icmp(self, kind: u8, code: Option<u8>) -> Self {
        Self {
            icmp_types: Some(Ranges::singles([kind])),
            icmp_codes: code.map(|code| Ranges::singles([code])),
            ..self
        }
    }

    /// The set of a field, if it is set.
    fn field(&self, level: Level, family: Family) -> Option<&Ranges> {
        match level {
            Level::Family | Level::End => None,
            Level::Protocol => self.protocols.as_ref(),
            Level::Destination => self.destinations.as_ref().map(|set| set.ranges(family)),
            Level::DestinationPort => self.destination_ports.as_ref(),
            Level::Source => self.sources.as_ref().map(|set| set.ranges(family)),
            Level::SourcePort => self.source_ports.as_ref(),
            Level::IcmpType => self.icmp_types.as_ref(),
            Level::IcmpCode => self.icmp_codes.as_ref(),
        }
    }
}

impl Spaces {
    /// The space of a cube, made from the last field up without any operation.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn cube(&mut self, cube: &Cube) -> Result<Space, SpaceError> {
        if let Some(known) = self.algebra.memo.cubes.get(cube) {
            return Ok(*known);
        }
        let table = &mut self.algebra.table;
        let mut of = |family| match cube.family {
            Some(other) if other != family => Ok(Space::EMPTY),
            _ => of_family(table, cube, family),
        };
        let mut edges = Outgoing::default();
        edges.push(0, of(Family::V4)?);
        edges.push(1, of(Family::V6)?);
        let space = edges.node(table, Level::Family)?;
        self.algebra.memo.remember_cube(cube, space);
        Ok(space)
    }
}

fn of_family(table: &mut Table, cube: &Cube, family: Family) -> Result<Space, SpaceError> {
    let ports = of_shape(table, cube, family, Shape::Ports)?;
    let icmp = of_shape(table, cube, family, Shape::Icmp)?;
    let other = of_shape(table, cube, family, Shape::Other)?;
    let mut edges = Outgoing::default();
    for (first, last, shape) in Shape::RUNS {
        let to = match shape {
            Shape::Ports => ports,
            Shape::Icmp => icmp,
            Shape::Other => other,
        };
        let (first, last) = (u128::from(first), u128::from(last));
        match &cube.protocols {
            None => edges.push(first, to),
            Some(protocols) => edges.push_within(protocols, first, last, to),
        }
    }
    edges.node(table, Level::Protocol)
}

/// The part of a cube below the protocol, for protocols whose packets have the fields of `shape`.
fn of_shape(
    table: &mut Table,
    cube: &Cube,
    family: Family,
    shape: Shape,
) -> Result<Space, SpaceError> {
    let mut space = Space::EVERYTHING;
    for level in Level::BELOW_PROTOCOL.into_iter().rev() {
        let Some(ranges) = cube.field(level, family) else {
            continue;
        };
        if !shape.has(level) {
            return Ok(Space::EMPTY);
        }
        let mut edges = Outgoing::default();
        edges.push_within(ranges, 0, level.max(family), space);
        space = edges.node(table, level)?;
    }
    Ok(space)
}

/// The ways out of a node in the making.
#[derive(Default)]
struct Outgoing(Vec<Edge>);

impl Outgoing {
    /// From `start` on to `to`. Starts come in order; the later of two at one value counts.
    fn push(&mut self, start: u128, to: Space) {
        self.0.pop_if(|last| last.start == start);
        if self.0.last().is_none_or(|last| last.to != to) {
            self.0.push(Edge { start, to });
        }
    }

    /// From `first` to `last` to `to` where `ranges` has the value, and out where not.
    fn push_within(&mut self, ranges: &Ranges, first: u128, last: u128, to: Space) {
        self.push(first, Space::EMPTY);
        for (start, end) in ranges.within(first, last) {
            self.push(start, to);
            if end < last {
                self.push(end.saturating_add(1), Space::EMPTY);
            }
        }
    }

    fn node(self, table: &mut Table, level: Level) -> Result<Space, SpaceError> {
        table.node(level, self.0.iter().copied())
    }
}
