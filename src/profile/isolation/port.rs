//! Ports of rules between apps.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

use crate::net::PortRange;
use crate::resource::validate::is_port_name;

/// A port of a rule between apps.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AppPort {
    /// By number.
    Range(PortRange),
    /// By the name that containers give it (MOD-13). Which number that is differs from pod to pod.
    Name(String),
}

impl fmt::Display for AppPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(range) => range.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Serialize for AppPort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Range(range) => range.serialize(serializer),
            Self::Name(name) => name.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AppPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl Visitor<'_> for PortVisitor {
            type Value = AppPort;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a port (1 to 65535), a range such as `8000:8099` or the name of a port",
                )
            }

            fn visit_u64<E: serde::de::Error>(self, port: u64) -> Result<AppPort, E> {
                let single = u16::try_from(port).ok().and_then(PortRange::single);
                single
                    .map(AppPort::Range)
                    .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(port), &self))
            }

            fn visit_i64<E: serde::de::Error>(self, port: i64) -> Result<AppPort, E> {
                u64::try_from(port)
                    .map_err(|_| E::invalid_value(Unexpected::Signed(port), &self))
                    .and_then(|port| self.visit_u64(port))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AppPort, E> {
                if is_port_name(text) && !text.starts_with(|c: char| c.is_ascii_digit()) {
                    return Ok(AppPort::Name(text.to_owned()));
                }
                if text.starts_with(|c: char| c.is_ascii_digit()) {
                    return text.parse().map(AppPort::Range).map_err(E::custom);
                }
                Err(E::custom(format!(
                    "`{text}` is not a port (1 to 65535), a range such as `8000:8099` or the name \
                     of a port, which is in lower case"
                )))
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}

impl JsonSchema for AppPort {
    fn schema_name() -> Cow<'static, str> {
        "AppPort".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A port, an inclusive range of ports written `first:last`, or the name that containers give a port.",
            "oneOf": [
                { "type": "integer", "minimum": 1, "maximum": 65535 },
                { "type": "string", "pattern": "^([0-9]{1,5}(:[0-9]{1,5})?|[a-z][a-z0-9-]{0,14})$" }
            ]
        })
    }
}
