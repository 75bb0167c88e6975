//! The fields of a packet, in the order in which a diagram asks for them.

use super::super::address::Family;

/// A field, or the end of the questions.
///
/// The order is part of what a space is: a node asks for one field and leads to nodes of later
/// fields alone. Destinations come before sources, because rules tell packets apart by them most,
/// and what is asked first is shared least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Level {
    /// IPv4 is 0, IPv6 is 1.
    Family,
    /// The protocol's number.
    Protocol,
    /// The destination's address.
    Destination,
    /// The destination's port.
    DestinationPort,
    /// The source's address.
    Source,
    /// The source's port.
    SourcePort,
    /// ICMP's type.
    IcmpType,
    /// ICMP's code.
    IcmpCode,
    /// Nothing is left to ask.
    End,
}

impl Level {
    /// The fields below the protocol, in order.
    pub(super) const BELOW_PROTOCOL: [Self; 6] = [
        Self::Destination,
        Self::DestinationPort,
        Self::Source,
        Self::SourcePort,
        Self::IcmpType,
        Self::IcmpCode,
    ];

    /// The highest value of the field in packets of `family`. The lowest is 0 always.
    pub(super) fn max(self, family: Family) -> u128 {
        match self {
            Self::Family => 1,
            Self::Protocol | Self::IcmpType | Self::IcmpCode => u128::from(u8::MAX),
            Self::DestinationPort | Self::SourcePort => u128::from(u16::MAX),
            Self::Destination | Self::Source => match family {
                Family::V4 => u128::from(u32::MAX),
                Family::V6 => u128::MAX,
            },
            Self::End => 0,
        }
    }
}

/// What a packet has besides addresses: its protocol decides, whatever its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Shape {
    /// Ports: TCP, UDP and SCTP.
    Ports,
    /// A type and a code: ICMP and ICMPv6.
    Icmp,
    /// Nothing that a space tells apart.
    Other,
}

impl Shape {
    /// Every protocol, in runs of one shape.
    pub(super) const RUNS: [(u8, u8, Self); 11] = [
        (0, 0, Self::Other),
        (1, 1, Self::Icmp),
        (2, 5, Self::Other),
        (6, 6, Self::Ports),
        (7, 16, Self::Other),
        (17, 17, Self::Ports),
        (18, 57, Self::Other),
        (58, 58, Self::Icmp),
        (59, 131, Self::Other),
        (132, 132, Self::Ports),
        (133, 255, Self::Other),
    ];

    /// The shape of packets of a protocol.
    pub(super) fn of(protocol: u8) -> Self {
        match protocol {
            6 | 17 | 132 => Self::Ports,
            1 | 58 => Self::Icmp,
            _ => Self::Other,
        }
    }

    /// Whether packets of this shape have the field.
    pub(super) fn has(self, level: Level) -> bool {
        match level {
            Level::DestinationPort | Level::SourcePort => self == Self::Ports,
            Level::IcmpType | Level::IcmpCode => self == Self::Icmp,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Protocol;

    #[test]
    fn the_runs_are_every_protocol_once_and_ports_are_where_rules_may_name_them() {
        let mut next = 0_u16;
        for (first, last, shape) in Shape::RUNS {
            assert_eq!(u16::from(first), next);
            next = u16::from(last) + 1;
            for protocol in first..=last {
                assert_eq!(Shape::of(protocol), shape);
                let has_ports = Protocol::of_number(protocol).has_ports();
                assert_eq!(shape == Shape::Ports, has_ports, "{protocol}");
            }
        }
        assert_eq!(next, 256);
    }
}
