//! Spaces as text.

use std::fmt;

use super::super::address::Family;
use super::header::address;
use super::level::Level;
use super::ranges::{Addresses, Ranges};
use super::{Cube, Rows};
use crate::net::{Cidr, Protocol};

/// How many entries of one list are written before the rest is counted.
const LISTED: usize = 8;

impl fmt::Display for Rows {
    /// One cube a line. A longer list in a cube is cut short; `{:#}` writes all of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cubes.is_empty() && self.complete {
            return f.write_str("nothing");
        }
        let mut lines = Vec::with_capacity(self.cubes.len() + 1);
        for cube in &self.cubes {
            lines.push(if f.alternate() {
                format!("{cube:#}")
            } else {
                cube.to_string()
            });
        }
        if !self.complete {
            lines.push("… and more".to_owned());
        }
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Cube {
    /// `TCP, UDP from 192.0.2.0/24 to 10.0.0.0/8 port 53, 8000:8080`; `{:#}` writes lists whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = if f.alternate() { usize::MAX } else { LISTED };
        match &self.protocols {
            None => f.write_str("any protocol")?,
            Some(protocols) => f.write_str(&listed(protocols, Level::Protocol, most))?,
        }
        if let Some(types) = &self.icmp_types {
            write!(f, " type {}", listed(types, Level::IcmpType, most))?;
        }
        if let Some(codes) = &self.icmp_codes {
            write!(f, " code {}", listed(codes, Level::IcmpCode, most))?;
        }
        let to_any = self.destinations.is_none() && self.destination_ports.is_none();
        let from_any = self.sources.is_none() && self.source_ports.is_none();
        if !from_any {
            f.write_str(" from ")?;
            self.side(f, self.sources.as_ref(), self.source_ports.as_ref(), most)?;
        }
        if !to_any || from_any {
            f.write_str(" to ")?;
            let (set, ports) = (&self.destinations, &self.destination_ports);
            self.side(f, set.as_ref(), ports.as_ref(), most)?;
        }
        Ok(())
    }
}

impl Cube {
    fn side(
        &self,
        f: &mut fmt::Formatter<'_>,
        addresses: Option<&Addresses>,
        ports: Option<&Ranges>,
        most: usize,
    ) -> fmt::Result {
        let named = self.destinations.is_some() || self.sources.is_some();
        match (addresses, self.family) {
            (Some(addresses), family) => f.write_str(&blocks(addresses, family, most))?,
            (None, Some(Family::V4)) if !named => f.write_str("any IPv4 address")?,
            (None, Some(Family::V6)) if !named => f.write_str("any IPv6 address")?,
            // The other side tells the family.
            (None, _) => f.write_str("any address")?,
        }
        if let Some(ports) = ports {
            write!(f, " port {}", listed(ports, Level::DestinationPort, most))?;
        }
        Ok(())
    }
}

/// Numbers of a field, or all but some where that is shorter.
fn listed(values: &Ranges, level: Level, most: usize) -> String {
    let max = level.max(Family::V4);
    let others = values.complement(max);
    let name = |number: u128| match (level, u8::try_from(number)) {
        (Level::Protocol, Ok(number)) => match Protocol::of_number(number) {
            Protocol::Number(number) => number.to_string(),
            named => named.to_string(),
        },
        _ => number.to_string(),
    };
    let names = |values: &Ranges| -> Vec<String> {
        let range = |(first, last): (u128, u128)| {
            if first == last {
                name(first)
            } else {
                format!("{first}:{last}")
            }
        };
        values.iter().map(range).collect()
    };
    if values.is_empty() {
        return "none".to_owned();
    }
    if others.is_empty() {
        return "any".to_owned();
    }
    let (is, is_not) = (names(values), names(&others));
    // `0:79, 81:65535` says less than what is missing from it.
    if is_not.len() < is.len() {
        let any = if level == Level::Protocol {
            "any protocol"
        } else {
            "any"
        };
        format!("{any} but {}", cut(is_not.into_iter(), most))
    } else {
        cut(is.into_iter(), most)
    }
}

/// Addresses as the fewest blocks, or all but some where that is shorter.
fn blocks(addresses: &Addresses, family: Option<Family>, most: usize) -> String {
    let families = match family {
        Some(Family::V4) => &[Family::V4][..],
        Some(Family::V6) => &[Family::V6][..],
        None => &[Family::V4, Family::V6][..],
    };
    let mut texts = Vec::new();
    for family in families {
        let ranges = addresses.ranges(*family);
        let others = ranges.complement(Level::Destination.max(*family));
        let name = match family {
            Family::V4 => "any IPv4 address",
            Family::V6 => "any IPv6 address",
        };
        if ranges.is_empty() {
            continue;
        }
        if others.is_empty() {
            texts.push(name.to_owned());
            continue;
        }
        // No more of a list than is compared and written is made.
        let count = cidrs(ranges, *family).count();
        if cidrs(&others, *family).take(count).count() < count {
            texts.push(format!("{name} but {}", cut(cidrs(&others, *family), most)));
        } else {
            texts.push(cut(cidrs(ranges, *family), most));
        }
    }
    if texts.is_empty() {
        return "no address".to_owned();
    }
    texts.join(", ")
}

/// The first `most` of a list, and how many more there are.
fn cut(list: impl Iterator<Item = impl fmt::Display>, most: usize) -> String {
    let mut list = list.peekable();
    let shown: Vec<String> = list
        .by_ref()
        .take(most)
        .map(|entry| entry.to_string())
        .collect();
    let text = shown.join(", ");
    match list.count() {
        0 => text,
        more => format!("{text}, … ({more} more)"),
    }
}

impl Addresses {
    /// The fewest blocks that together are the set, in order, IPv4 before IPv6.
    pub fn cidrs(&self) -> impl Iterator<Item = Cidr> {
        let v4 = cidrs(self.ranges(Family::V4), Family::V4);
        v4.chain(cidrs(self.ranges(Family::V6), Family::V6))
    }
}

/// The fewest blocks that together are `ranges`, in order.
fn cidrs(ranges: &Ranges, family: Family) -> impl Iterator<Item = Cidr> {
    let bits: u32 = match family {
        Family::V4 => 32,
        Family::V6 => 128,
    };
    ranges.iter().flat_map(move |(first, last)| {
        let mut next = Some(first);
        std::iter::from_fn(move || {
            let start = next.filter(|start| *start <= last)?;
            // The widest block that starts here and ends in the range.
            let fits = (last - start)
                .checked_add(1)
                .map_or(128, |count| count.ilog2());
            let host_bits = start.trailing_zeros().min(fits).min(bits);
            let size = 1_u128.checked_shl(host_bits);
            next = size.and_then(|size| start.checked_add(size));
            let prefix = u8::try_from(bits - host_bits).ok()?;
            let net = ipnet::IpNet::new(address(family, start)?, prefix).ok()?;
            Some(Cidr::truncated(net))
        })
    })
}
