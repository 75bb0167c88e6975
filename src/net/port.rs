//! Ranges of transport ports.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// One port, or an inclusive range of ports written `first:last` as Calico writes it (MOD-11).
///
/// Ports are 1 to 65535: Calico refuses port 0 (VAL-28).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortRange {
    first: u16,
    last: u16,
}

/// Why a text or a pair of numbers is not a [`PortRange`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Not a port number and not a range of them.
    #[error("`{0}` is not a port (1 to 65535) or a range such as `30000:32767`")]
    Syntax(String),
    /// The range runs backwards.
    #[error("`{first}:{last}` runs backwards: write `{last}:{first}`")]
    Backwards {
        /// What stands before the colon.
        first: u16,
        /// What stands after it.
        last: u16,
    },
    /// The dash of other tools was used for a range.
    #[error("`{0}` is no range for Calico: write `{1}` with a colon")]
    Dash(String, String),
}

impl PortRange {
    /// The range of one port, or nothing for port 0.
    pub fn single(port: u16) -> Option<Self> {
        Self::new(port, port).ok()
    }

    /// The range from `first` to `last`, both included.
    ///
    /// # Errors
    /// Port 0, or `last` below `first`.
    pub fn new(first: u16, last: u16) -> Result<Self, PortError> {
        if first == 0 {
            return Err(PortError::Syntax(first.to_string()));
        }
        if last < first {
            return Err(PortError::Backwards { first, last });
        }
        Ok(Self { first, last })
    }

    /// The lowest port.
    pub fn first(self) -> u16 {
        self.first
    }

    /// The highest port.
    pub fn last(self) -> u16 {
        self.last
    }

    /// Whether `port` lies in the range.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl FromStr for PortRange {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        let syntax = || PortError::Syntax(text.to_owned());
        let number = |part: &str| -> Result<u16, PortError> {
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(syntax());
            }
            part.parse().map_err(|_| syntax())
        };
        if let Some((first, last)) = text.split_once(':') {
            return Self::new(number(first)?, number(last)?);
        }
        if let Some((first, last)) = text.split_once('-')
            && let (Ok(first), Ok(last)) = (number(first), number(last))
        {
            return Err(PortError::Dash(text.to_owned(), format!("{first}:{last}")));
        }
        let port = number(text)?;
        Self::new(port, port).map_err(|_| syntax())
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}:{}", self.first, self.last)
        }
    }
}

impl fmt::Debug for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PortRange {
    /// A single port is a number, a range is a string, so that no reader takes `30:40` for a
    /// sexagesimal number.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.first == self.last {
            serializer.serialize_u16(self.first)
        } else {
            serializer.collect_str(self)
        }
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl Visitor<'_> for PortVisitor {
            type Value = PortRange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port (1 to 65535) or a range such as `30000:32767`")
            }

            fn visit_u64<E: serde::de::Error>(self, port: u64) -> Result<PortRange, E> {
                u16::try_from(port)
                    .ok()
                    .and_then(PortRange::single)
                    .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(port), &self))
            }

            fn visit_i64<E: serde::de::Error>(self, port: i64) -> Result<PortRange, E> {
                u64::try_from(port)
                    .map_err(|_| E::invalid_value(Unexpected::Signed(port), &self))
                    .and_then(|port| self.visit_u64(port))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PortRange, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}

impl JsonSchema for PortRange {
    fn schema_name() -> Cow<'static, str> {
        "PortRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A port, or an inclusive range of ports written `first:last`.",
            "oneOf": [
                { "type": "integer", "minimum": 1, "maximum": 65535 },
                { "type": "string", "pattern": "^[0-9]{1,5}(:[0-9]{1,5})?$" }
            ]
        })
    }
}
