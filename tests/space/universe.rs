//! A universe small enough to list: every field is cut into a few cells, and random cubes are
//! made of whole cells. A set is then a bitmap of the cells' product.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade::engine::Family;
use palisade::engine::space::{Addresses, Cube, Header, Ranges, Space, Spaces};
use proptest::prelude::*;

type Range = (u128, u128);

/// Protocols: five by themselves, and all that have neither ports nor ICMP's fields.
pub const PROTOCOLS: [&[Range]; 6] = [
    &[(6, 6)],
    &[(17, 17)],
    &[(132, 132)],
    &[(1, 1)],
    &[(58, 58)],
    &[(0, 0), (2, 5), (7, 16), (18, 57), (59, 131), (133, 255)],
];
const V4: [Range; 3] = [
    (0, 0),
    (1, u32::MAX as u128 - 1),
    (u32::MAX as u128, u32::MAX as u128),
];
const V6: [Range; 3] = [(0, 0), (1, u128::MAX - 1), (u128::MAX, u128::MAX)];
const PORTS: [Range; 3] = [(0, 0), (1, 65_534), (65_535, 65_535)];
const TYPES: [Range; 2] = [(0, 7), (8, 255)];
const CODES: [Range; 2] = [(0, 0), (1, 255)];

/// One cell: for each field the number of the part that it is in. Fields that the packets lack
/// are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    family: usize,
    protocol: usize,
    to: usize,
    to_port: usize,
    from: usize,
    from_port: usize,
    kind: usize,
    code: usize,
}

impl Cell {
    fn has_ports(self) -> bool {
        self.protocol < 3
    }

    fn has_icmp(self) -> bool {
        self.protocol == 3 || self.protocol == 4
    }

    fn addresses(self) -> [Range; 3] {
        if self.family == 0 { V4 } else { V6 }
    }

    /// How many packets are in the cell.
    #[expect(
        clippy::cast_precision_loss,
        reason = "it is compared by its first digits"
    )]
    pub fn size(self) -> f64 {
        self.sizes().iter().map(|size| *size as f64).product()
    }

    /// The same for a cell of IPv4.
    pub fn exact(self) -> u128 {
        self.sizes().iter().product()
    }

    fn sizes(self) -> Vec<u128> {
        let size = |(first, last): Range| last - first + 1;
        let mut sizes = vec![
            PROTOCOLS[self.protocol].iter().copied().map(size).sum(),
            size(self.addresses()[self.to]),
            size(self.addresses()[self.from]),
        ];
        if self.has_ports() {
            sizes.extend([size(PORTS[self.to_port]), size(PORTS[self.from_port])]);
        }
        if self.has_icmp() {
            sizes.extend([size(TYPES[self.kind]), size(CODES[self.code])]);
        }
        sizes
    }

    /// The first and the last packet of the cell.
    pub fn ends(self) -> [Header; 2] {
        let protocols = PROTOCOLS[self.protocol];
        [
            self.header(protocols[0].0, |range| range.0),
            self.header(protocols[protocols.len() - 1].1, |range| range.1),
        ]
    }

    fn header(self, protocol: u128, end: impl Fn(Range) -> u128) -> Header {
        let address = |part: usize| match self.family {
            0 => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(end(V4[part])).unwrap())),
            _ => IpAddr::V6(Ipv6Addr::from_bits(end(V6[part]))),
        };
        let port = |part: usize| u16::try_from(end(PORTS[part])).unwrap();
        let byte = |range| u8::try_from(end(range)).unwrap();
        Header {
            protocol: u8::try_from(protocol).unwrap(),
            source: address(self.from),
            destination: address(self.to),
            ports: self
                .has_ports()
                .then(|| (port(self.from_port), port(self.to_port))),
            icmp: self
                .has_icmp()
                .then(|| (byte(TYPES[self.kind]), byte(CODES[self.code]))),
        }
    }

    /// The cube that is this cell.
    pub fn cube(self) -> Cube {
        let family = if self.family == 0 {
            Family::V4
        } else {
            Family::V6
        };
        let one = |range| Some(Ranges::of([range]));
        let address =
            |part: usize| Addresses::of_family(family, Ranges::of([self.addresses()[part]]));
        Cube {
            family: Some(family),
            protocols: Some(Ranges::of(PROTOCOLS[self.protocol].iter().copied())),
            destinations: Some(address(self.to)),
            sources: Some(address(self.from)),
            destination_ports: self.has_ports().then(|| one(PORTS[self.to_port])).flatten(),
            source_ports: self
                .has_ports()
                .then(|| one(PORTS[self.from_port]))
                .flatten(),
            icmp_types: self.has_icmp().then(|| one(TYPES[self.kind])).flatten(),
            icmp_codes: self.has_icmp().then(|| one(CODES[self.code])).flatten(),
        }
    }
}

/// Every cell.
pub fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for family in 0..2 {
        for protocol in 0..PROTOCOLS.len() {
            for to in 0..3 {
                for from in 0..3 {
                    let cell = Cell {
                        family,
                        protocol,
                        to,
                        from,
                        ..Cell::default()
                    };
                    if cell.has_ports() {
                        for both in 0..9 {
                            cells.push(Cell {
                                to_port: both / 3,
                                from_port: both % 3,
                                ..cell
                            });
                        }
                    } else if cell.has_icmp() {
                        for both in 0..4 {
                            cells.push(Cell {
                                kind: both / 2,
                                code: both % 2,
                                ..cell
                            });
                        }
                    } else {
                        cells.push(cell);
                    }
                }
            }
        }
    }
    cells
}

/// For each field which of its cells are meant; nothing where the field is not set.
#[derive(Debug, Clone)]
pub struct Parts {
    family: Option<usize>,
    protocols: Option<Vec<bool>>,
    to: Option<Vec<bool>>,
    to_ports: Option<Vec<bool>>,
    from: Option<Vec<bool>>,
    from_ports: Option<Vec<bool>>,
    kinds: Option<Vec<bool>>,
    codes: Option<Vec<bool>>,
}

fn chosen(parts: &[bool], ranges: &[Range]) -> Ranges {
    let chosen = parts.iter().zip(ranges).filter(|(is, _)| **is);
    Ranges::of(chosen.map(|(_, range)| *range))
}

impl Parts {
    /// The same by the library's hand.
    pub fn cube(&self) -> Cube {
        let addresses = |parts: &Vec<bool>| {
            Addresses::of_family(Family::V4, chosen(parts, &V4))
                .union(&Addresses::of_family(Family::V6, chosen(parts, &V6)))
        };
        let ranges = |parts: &Option<Vec<bool>>, ranges: &[Range]| {
            parts.as_ref().map(|parts| chosen(parts, ranges))
        };
        Cube {
            family: self.family.map(|n| [Family::V4, Family::V6][n]),
            protocols: self.protocols.as_ref().map(|parts| {
                let chosen = parts.iter().zip(PROTOCOLS).filter(|(is, _)| **is);
                Ranges::of(chosen.flat_map(|(_, ranges)| ranges.iter().copied()))
            }),
            destinations: self.to.as_ref().map(addresses),
            sources: self.from.as_ref().map(addresses),
            destination_ports: ranges(&self.to_ports, &PORTS),
            source_ports: ranges(&self.from_ports, &PORTS),
            icmp_types: ranges(&self.kinds, &TYPES),
            icmp_codes: ranges(&self.codes, &CODES),
        }
    }

    fn holds(&self, cell: Cell) -> bool {
        let is = |parts: &Option<Vec<bool>>, part: usize| parts.as_ref().is_none_or(|p| p[part]);
        let has = |parts: &Option<Vec<bool>>, has: bool, part: usize| {
            parts.as_ref().is_none_or(|p| has && p[part])
        };
        self.family.is_none_or(|family| family == cell.family)
            && is(&self.protocols, cell.protocol)
            && is(&self.to, cell.to)
            && is(&self.from, cell.from)
            && has(&self.to_ports, cell.has_ports(), cell.to_port)
            && has(&self.from_ports, cell.has_ports(), cell.from_port)
            && has(&self.kinds, cell.has_icmp(), cell.kind)
            && has(&self.codes, cell.has_icmp(), cell.code)
    }
}

/// A set, as it may be put together.
#[derive(Debug, Clone)]
pub enum Set {
    Cube(Parts),
    Union(Box<Set>, Box<Set>),
    Intersection(Box<Set>, Box<Set>),
    Difference(Box<Set>, Box<Set>),
    Complement(Box<Set>),
}

impl Set {
    pub fn space(&self, spaces: &mut Spaces) -> Space {
        let result = match self {
            Self::Cube(parts) => spaces.cube(&parts.cube()),
            Self::Union(a, b) => {
                let (a, b) = (a.space(spaces), b.space(spaces));
                spaces.union(a, b)
            }
            Self::Intersection(a, b) => {
                let (a, b) = (a.space(spaces), b.space(spaces));
                spaces.intersection(a, b)
            }
            Self::Difference(a, b) => {
                let (a, b) = (a.space(spaces), b.space(spaces));
                spaces.difference(a, b)
            }
            Self::Complement(a) => {
                let a = a.space(spaces);
                spaces.complement(a)
            }
        };
        result.unwrap()
    }

    /// Whether each cell is in the set.
    pub fn bitmap(&self, cells: &[Cell]) -> Vec<bool> {
        let both = |a: &Self, b: &Self, op: fn(bool, bool) -> bool| {
            let (a, b) = (a.bitmap(cells), b.bitmap(cells));
            a.into_iter().zip(b).map(|(a, b)| op(a, b)).collect()
        };
        match self {
            Self::Cube(parts) => cells.iter().map(|cell| parts.holds(*cell)).collect(),
            Self::Union(a, b) => both(a, b, |a, b| a || b),
            Self::Intersection(a, b) => both(a, b, |a, b| a && b),
            Self::Difference(a, b) => both(a, b, |a, b| a && !b),
            Self::Complement(a) => a.bitmap(cells).into_iter().map(|is| !is).collect(),
        }
    }
}

fn some_of(count: usize) -> impl Strategy<Value = Option<Vec<bool>>> {
    prop_oneof![
        1 => Just(None),
        1 => prop::collection::vec(prop::bool::weighted(0.6), count).prop_map(Some),
    ]
}

pub fn parts() -> impl Strategy<Value = Parts> {
    (
        prop_oneof![2 => Just(None), 1 => (0_usize..2).prop_map(Some)],
        some_of(PROTOCOLS.len()),
        some_of(3),
        prop_oneof![1 => Just(None), 1 => some_of(3)],
        some_of(3),
        prop_oneof![3 => Just(None), 1 => some_of(3)],
        prop_oneof![4 => Just(None), 1 => some_of(2)],
        prop_oneof![4 => Just(None), 1 => some_of(2)],
    )
        .prop_map(
            |(family, protocols, to, to_ports, from, from_ports, kinds, codes)| Parts {
                family,
                protocols,
                to,
                to_ports,
                from,
                from_ports,
                kinds,
                codes,
            },
        )
}

pub fn set() -> impl Strategy<Value = Set> {
    parts().prop_map(Set::Cube).prop_recursive(4, 24, 2, |set| {
        let two = (set.clone(), set.clone());
        prop_oneof![
            3 => two.clone().prop_map(|(a, b)| Set::Union(a.into(), b.into())),
            1 => two.clone().prop_map(|(a, b)| Set::Intersection(a.into(), b.into())),
            1 => two.prop_map(|(a, b)| Set::Difference(a.into(), b.into())),
            1 => set.prop_map(|a| Set::Complement(a.into())),
        ]
    })
}
