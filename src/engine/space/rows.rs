//! A space as few disjoint cubes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::super::address::Family;
use super::level::Level;
use super::ranges::{Addresses, Ranges};
use super::table::Table;
use super::{Cube, Space, Spaces};

/// Disjoint cubes that together are a space, in an order that depends on nothing but the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The cubes.
    pub cubes: Vec<Cube>,
    /// Whether they are all of the space: not where there were more than was asked for.
    pub complete: bool,
}

impl Spaces {
    /// The space as cubes, at most `limit` of them before they are merged.
    ///
    /// The ways through a diagram, those that differ in one field and then go the same way taken
    /// as one, are disjoint cubes already. Two that differ in one field alone are then merged,
    /// for as long as there are such: not always the fewest rows there could be, but few, and
    /// always the same.
    pub fn rows(&self, space: Space, limit: usize) -> Rows {
        let mut walk = Walk {
            table: &self.algebra.table,
            family: Family::V4,
            found: Vec::new(),
            limit,
            complete: true,
        };
        for (number, family) in [(0, Family::V4), (1, Family::V6)] {
            walk.family = family;
            let of_family = walk.table.follow(space, Level::Family, number);
            walk.protocols(of_family);
        }
        Rows {
            cubes: merged(walk.found),
            complete: walk.complete,
        }
    }
}

struct Walk<'t> {
    table: &'t Table,
    family: Family,
    found: Vec<Cube>,
    limit: usize,
    complete: bool,
}

impl Walk<'_> {
    fn protocols(&mut self, space: Space) {
        for (to, protocols) in self.ways(space, Level::Protocol) {
            let cube = Cube {
                family: Some(self.family),
                protocols: open(protocols, Level::Protocol, self.family),
                ..Cube::any()
            };
            // A field is set in a cube only where a node asks for it, and no node asks packets
            // for what they have not: every shape can be walked alike.
            self.below(to, &Level::BELOW_PROTOCOL, &cube);
        }
    }

    /// One step a field, so no deeper than there are fields.
    fn below(&mut self, space: Space, levels: &[Level], cube: &Cube) {
        let Some((level, rest)) = levels.split_first() else {
            self.find(cube.clone());
            return;
        };
        if self.table.level(space) != *level {
            return self.below(space, rest, cube);
        }
        for (to, values) in self.ways(space, *level) {
            if !self.complete {
                return;
            }
            let mut next = cube.clone();
            set(&mut next, *level, self.family, values);
            self.below(to, rest, &next);
        }
    }

    /// The ways out of a node that do not lead to nothing, by where they lead, in the order of
    /// their first value.
    fn ways(&self, space: Space, level: Level) -> Vec<(Space, Ranges)> {
        let mut ways: BTreeMap<Space, Vec<(u128, u128)>> = BTreeMap::new();
        for (first, last, to) in self.table.intervals(&space, level, self.family) {
            if !to.is_empty() {
                ways.entry(to).or_default().push((first, last));
            }
        }
        let mut ways: Vec<(Space, Ranges)> = ways
            .into_iter()
            .map(|(to, values)| (to, Ranges::of(values)))
            .collect();
        // Not in the order of the handles: that is the order in which spaces were made.
        ways.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        ways
    }

    fn find(&mut self, cube: Cube) {
        if self.found.len() < self.limit {
            self.found.push(cube);
        } else {
            self.complete = false;
        }
    }
}

/// A set of values for a field that may be anything if all are in it.
fn open(values: Ranges, level: Level, family: Family) -> Option<Ranges> {
    (!values.is_full(level.max(family))).then_some(values)
}

fn set(cube: &mut Cube, level: Level, family: Family, values: Ranges) {
    let values = open(values, level, family);
    let addresses = |values: Option<Ranges>| values.map(|v| Addresses::of_family(family, v));
    match level {
        Level::Protocol => cube.protocols = values,
        Level::Destination => cube.destinations = addresses(values),
        Level::DestinationPort => cube.destination_ports = values,
        Level::Source => cube.sources = addresses(values),
        Level::SourcePort => cube.source_ports = values,
        Level::IcmpType => cube.icmp_types = values,
        Level::IcmpCode => cube.icmp_codes = values,
        Level::Family | Level::End => {}
    }
}

/// Takes a field out of a cube: what is left is what two cubes must share to be merged by it.
fn take(cube: &mut Cube, level: Level, family: Family) -> Option<Ranges> {
    let of = |set: Option<Addresses>| set.map(|set| set.ranges(family).clone());
    match level {
        Level::Protocol => cube.protocols.take(),
        Level::Destination => of(cube.destinations.take()),
        Level::DestinationPort => cube.destination_ports.take(),
        Level::Source => of(cube.sources.take()),
        Level::SourcePort => cube.source_ports.take(),
        Level::IcmpType => cube.icmp_types.take(),
        Level::IcmpCode => cube.icmp_codes.take(),
        Level::Family | Level::End => None,
    }
}

/// The order in which fields are tried: first those that make the longest lists in a row.
const MERGED_BY: [Level; 7] = [
    Level::Destination,
    Level::Source,
    Level::DestinationPort,
    Level::SourcePort,
    Level::Protocol,
    Level::IcmpCode,
    Level::IcmpType,
];

fn merged(mut cubes: Vec<Cube>) -> Vec<Cube> {
    // Every round but the last leaves fewer cubes.
    loop {
        let before = cubes.len();
        for level in MERGED_BY {
            cubes = merged_by(cubes, level);
        }
        if cubes.len() == before {
            break;
        }
    }
    let mut cubes = without_family(cubes);
    cubes.sort_unstable();
    cubes
}

fn merged_by(cubes: Vec<Cube>, level: Level) -> Vec<Cube> {
    // By family first, and each cube has one: sets of addresses are of that family.
    let mut by_rest: BTreeMap<Cube, Option<Ranges>> = BTreeMap::new();
    for mut cube in cubes {
        let family = cube.family.unwrap_or_default();
        let values = take(&mut cube, level, family);
        match by_rest.entry(cube) {
            Entry::Vacant(entry) => {
                entry.insert(values);
            }
            Entry::Occupied(mut entry) => {
                let joined = match (entry.get(), &values) {
                    (Some(a), Some(b)) => Some(a.union(b)),
                    // One may be anything there: it holds the other.
                    _ => None,
                };
                entry.insert(joined);
            }
        }
    }
    by_rest
        .into_iter()
        .map(|(mut cube, values)| {
            // Only packets that have the field are in cubes that name it, so to name all values
            // and to name none is the same here.
            if let Some(values) = values {
                let family = cube.family.unwrap_or_default();
                set(&mut cube, level, family, values);
            }
            cube
        })
        .collect()
}

/// Merges what is the same in both families, which only cubes of any address can be.
fn without_family(cubes: Vec<Cube>) -> Vec<Cube> {
    let mut families: BTreeMap<Cube, Vec<Option<Family>>> = BTreeMap::new();
    let mut kept = Vec::with_capacity(cubes.len());
    for mut cube in cubes {
        if cube.destinations.is_some() || cube.sources.is_some() {
            kept.push(cube);
        } else {
            let family = cube.family.take();
            families.entry(cube).or_default().push(family);
        }
    }
    for (cube, of) in families {
        let family = match *of {
            [one] => one,
            _ => None,
        };
        kept.push(Cube { family, ..cube });
    }
    kept
}
