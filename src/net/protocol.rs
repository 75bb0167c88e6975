//! IP protocols as Calico names them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// An IP protocol, by one of Calico's names or by number 1 to 255 (MOD-14).
///
/// A name and its number mean the same packets, but they are not the same value: only the name
/// `ICMP` implies IPv4 (spec section 2.2), and what was written is what is printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Protocol {
    /// `TCP`, protocol 6.
    Tcp,
    /// `UDP`, protocol 17.
    Udp,
    /// `ICMP`, protocol 1, IPv4 only.
    Icmp,
    /// `ICMPv6`, protocol 58, IPv6 only.
    Icmpv6,
    /// `SCTP`, protocol 132.
    Sctp,
    /// `UDPLite`, protocol 136.
    UdpLite,
    /// A protocol given by its number.
    Number(u8),
}

/// Why a text is not a [`Protocol`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a protocol: {hint}")]
pub struct ProtocolError {
    text: String,
    hint: String,
}

const NAMED: [Protocol; 6] = [
    Protocol::Tcp,
    Protocol::Udp,
    Protocol::Icmp,
    Protocol::Icmpv6,
    Protocol::Sctp,
    Protocol::UdpLite,
];

impl Protocol {
    /// The protocol's number in an IP header.
    pub fn number(self) -> u8 {
        match self {
            Self::Icmp => 1,
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Icmpv6 => 58,
            Self::Sctp => 132,
            Self::UdpLite => 136,
            Self::Number(number) => number,
        }
    }

    /// Whether Calico lets a rule on this protocol name ports (MOD-15).
    pub fn has_ports(self) -> bool {
        [Self::Tcp, Self::Udp, Self::Sctp]
            .iter()
            .any(|p| p.number() == self.number())
    }

    /// The protocol of an IP protocol number, by name where Calico has one.
    pub fn of_number(number: u8) -> Self {
        NAMED
            .into_iter()
            .find(|p| p.number() == number)
            .unwrap_or(Self::Number(number))
    }
}

impl FromStr for Protocol {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, ProtocolError> {
        if let Some(named) = NAMED.into_iter().find(|p| p.to_string() == text) {
            return Ok(named);
        }
        match text.parse::<u8>() {
            Ok(number) if number > 0 => return Ok(Self::Number(number)),
            _ => {}
        }
        let hint = NAMED
            .into_iter()
            .find(|p| p.to_string().eq_ignore_ascii_case(text))
            .map_or_else(
                || "use TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number 1 to 255".to_owned(),
                |p| format!("write `{p}`, the case counts"),
            );
        Err(ProtocolError {
            text: text.to_owned(),
            hint,
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp => f.write_str("TCP"),
            Self::Udp => f.write_str("UDP"),
            Self::Icmp => f.write_str("ICMP"),
            Self::Icmpv6 => f.write_str("ICMPv6"),
            Self::Sctp => f.write_str("SCTP"),
            Self::UdpLite => f.write_str("UDPLite"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u8(*number),
            named => serializer.collect_str(named),
        }
    }
}

impl<'de> Deserialize<'de> for Protocol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ProtocolVisitor;

        impl Visitor<'_> for ProtocolVisitor {
            type Value = Protocol;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a protocol name such as `TCP`, or a number 1 to 255")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Protocol, E> {
                match u8::try_from(number) {
                    Ok(number) if number > 0 => Ok(Protocol::Number(number)),
                    _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Protocol, E> {
                u64::try_from(number)
                    .map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
                    .and_then(|number| self.visit_u64(number))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Protocol, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(ProtocolVisitor)
    }
}

impl JsonSchema for Protocol {
    fn schema_name() -> Cow<'static, str> {
        "Protocol".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A protocol by Calico's name, or by number.",
            "oneOf": [
                { "enum": ["TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite"] },
                { "type": "integer", "minimum": 1, "maximum": 255 }
            ]
        })
    }
}
