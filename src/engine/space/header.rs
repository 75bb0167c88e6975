//! One packet, and one packet of a space.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::address::Family;
use super::level::{Level, Shape};
use super::{Space, Spaces};
use crate::net::Protocol;

/// What a space knows of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Header {
    /// The protocol's number.
    pub protocol: u8,
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes; of the same family.
    pub destination: IpAddr,
    /// Source and destination port, if the protocol has ports.
    pub ports: Option<(u16, u16)>,
    /// Type and code, if the protocol is ICMP or ICMPv6.
    pub icmp: Option<(u8, u8)>,
}

impl Header {
    /// The family of the packet's addresses.
    pub fn family(&self) -> Family {
        Family::of(self.destination)
    }

    /// Whether there is such a packet: addresses of one family, and the fields that its protocol
    /// gives it and no others.
    pub fn is_sound(&self) -> bool {
        let shape = Shape::of(self.protocol);
        Family::of(self.source) == self.family()
            && self.ports.is_some() == (shape == Shape::Ports)
            && self.icmp.is_some() == (shape == Shape::Icmp)
    }

    /// The value of a field. One that the packet lacks is asked for by no diagram.
    fn value(&self, level: Level) -> u128 {
        let ports = self.ports.unwrap_or_default();
        let icmp = self.icmp.unwrap_or_default();
        match level {
            Level::Family => u128::from(self.family() == Family::V6),
            Level::Protocol => self.protocol.into(),
            Level::Destination => bits(self.destination),
            Level::DestinationPort => ports.1.into(),
            Level::Source => bits(self.source),
            Level::SourcePort => ports.0.into(),
            Level::IcmpType => icmp.0.into(),
            Level::IcmpCode => icmp.1.into(),
            Level::End => 0,
        }
    }
}

impl fmt::Display for Header {
    /// `TCP 10.0.0.1:40000 -> [2001:db8::1]:443`, `ICMP 10.0.0.1 -> 10.0.0.2 type 8 code 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Protocol::of_number(self.protocol) {
            Protocol::Number(number) => write!(f, "protocol {number} ")?,
            named => write!(f, "{named} ")?,
        }
        if let Some((source, destination)) = self.ports {
            let from = std::net::SocketAddr::new(self.source, source);
            let to = std::net::SocketAddr::new(self.destination, destination);
            return write!(f, "{from} -> {to}");
        }
        write!(f, "{} -> {}", self.source, self.destination)?;
        if let Some((kind, code)) = self.icmp {
            write!(f, " type {kind} code {code}")?;
        }
        Ok(())
    }
}

impl Spaces {
    /// Whether a packet is in a space. One that there is not ([`Header::is_sound`]) is in none.
    pub fn contains(&self, space: Space, header: &Header) -> bool {
        if !header.is_sound() {
            return false;
        }
        let table = &self.algebra.table;
        let mut at = space;
        // Every step is to a later field.
        loop {
            let level = table.level(at);
            if level == Level::End {
                return at.is_everything();
            }
            at = table.follow(at, level, header.value(level));
        }
    }

    /// A packet of the space, always the same one for the same set: IPv4 before IPv6, TCP before
    /// UDP before ICMP before the lowest other protocol, then the lowest value of each field.
    ///
    /// A field whose values reach down to 0 or 1 is most often one that may be anything. There a
    /// value is taken that people recognise, if it is in that range: addresses that are set aside
    /// for documentation, port 80 to and 40000 from, an echo request.
    pub fn witness(&self, space: Space) -> Option<Header> {
        // Every way that does not end at once in nothing ends somewhere in something: a node all
        // of whose ways lead to nothing is nothing itself.
        let mut at = space;
        let mut take = |level, family, prefer: &[u128]| self.step(&mut at, level, family, prefer);
        let family = match take(Level::Family, Family::V4, &[0])? {
            0 => Family::V4,
            _ => Family::V6,
        };
        let protocols: [u128; 3] = match family {
            Family::V4 => [6, 17, 1],
            Family::V6 => [6, 17, 58],
        };
        let protocol = u8::try_from(take(Level::Protocol, family, &protocols)?).ok()?;
        let shape = Shape::of(protocol);
        let mut below = |level: Level, familiar: u128| {
            if shape.has(level) {
                take(level, family, &[familiar])
            } else {
                Some(0)
            }
        };
        let [to, from]: [u128; 2] = match family {
            Family::V4 => [
                Ipv4Addr::new(198, 51, 100, 1).to_bits().into(),
                Ipv4Addr::new(192, 0, 2, 1).to_bits().into(),
            ],
            Family::V6 => [
                Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1).to_bits(),
                Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1).to_bits(),
            ],
        };
        let destination = below(Level::Destination, to)?;
        let destination_port = below(Level::DestinationPort, 80)?;
        let source = below(Level::Source, from)?;
        let source_port = below(Level::SourcePort, 40_000)?;
        let echo = if family == Family::V4 { 8 } else { 128 };
        let kind = below(Level::IcmpType, echo)?;
        let code = below(Level::IcmpCode, 0)?;
        Some(Header {
            protocol,
            source: address(family, source)?,
            destination: address(family, destination)?,
            ports: match shape {
                Shape::Ports => Some((
                    u16::try_from(source_port).ok()?,
                    u16::try_from(destination_port).ok()?,
                )),
                _ => None,
            },
            icmp: match shape {
                Shape::Icmp => Some((u8::try_from(kind).ok()?, u8::try_from(code).ok()?)),
                _ => None,
            },
        })
    }

    /// Goes on from `at` by one field and tells its value.
    fn step(&self, at: &mut Space, level: Level, family: Family, prefer: &[u128]) -> Option<u128> {
        let table = &self.algebra.table;
        let from = *at;
        // Protocols are preferred wherever they are; values of other fields where the range looks
        // like one that nobody chose.
        if level <= Level::Protocol {
            for value in prefer {
                let to = table.follow(from, level, *value);
                if !to.is_empty() {
                    *at = to;
                    return Some(*value);
                }
            }
        }
        let (first, last, to) = table
            .intervals(&from, level, family)
            .find(|(_, _, to)| !to.is_empty())?;
        *at = to;
        if level <= Level::Protocol || first > 1 {
            return Some(first);
        }
        let familiar = prefer.iter().find(|value| (first..=last).contains(*value));
        Some(familiar.copied().unwrap_or(first))
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address of a family with these bits; nothing for bits that the family has not.
pub(super) fn address(family: Family, bits: u128) -> Option<IpAddr> {
    match family {
        Family::V4 => Some(IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).ok()?))),
        Family::V6 => Some(IpAddr::V6(Ipv6Addr::from_bits(bits))),
    }
}
