//! An address block without host bits.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};

/// An IPv4 or IPv6 address block in CIDR notation, with every host bit zero.
///
/// The order is by family, then address, then prefix length, so a sorted list reads as people
/// expect and is the same on every machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr(IpNet);

/// Why a text is not a [`Cidr`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// The text is an address without a prefix length.
    #[error("`{text}` has no prefix length: write `{suggestion}`")]
    BareAddress {
        /// What was written.
        text: String,
        /// The block of that one address.
        suggestion: Cidr,
    },
    /// Bits beyond the prefix are set, so it is unclear what was meant.
    #[error("`{text}` has host bits set: the block is `{suggestion}`")]
    HostBits {
        /// What was written.
        text: String,
        /// The block that contains the address.
        suggestion: Cidr,
    },
    /// The text is no address block at all.
    #[error("`{text}` is not an address block such as `192.0.2.0/24` or `2001:db8::/32`")]
    Syntax {
        /// What was written.
        text: String,
    },
}

impl Cidr {
    /// The block that holds `address` and nothing else (`/32` or `/128`).
    pub fn host(address: IpAddr) -> Self {
        Self(IpNet::from(address))
    }

    /// The block of `net`, host bits cleared.
    pub fn truncated(net: IpNet) -> Self {
        Self(net.trunc())
    }

    /// The lowest address of the block.
    pub fn first(&self) -> IpAddr {
        self.0.network()
    }

    /// The highest address of the block.
    pub fn last(&self) -> IpAddr {
        self.0.broadcast()
    }

    /// Length of the prefix in bits, 0 to 32 or 0 to 128.
    pub fn prefix_len(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether the block is of IPv4 addresses.
    pub fn is_ipv4(&self) -> bool {
        matches!(self.0, IpNet::V4(_))
    }

    /// Whether the block holds every address of its family.
    pub fn is_everything(&self) -> bool {
        self.0.prefix_len() == 0
    }

    /// Whether `address` lies in the block. An address of the other family never does.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Whether every address of `other` lies in this block.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether the two blocks share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The same block in the address library's form.
    pub fn to_net(self) -> IpNet {
        self.0
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        if let Ok(net) = text.parse::<IpNet>() {
            let block = net.trunc();
            // The library also reads spellings such as `10.0.0.0/08`; one block has one spelling
            // here, so that equal lists are equal text.
            if block == net {
                return Ok(Self(net));
            }
            return Err(CidrError::HostBits {
                text: text.to_owned(),
                suggestion: Self(block),
            });
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Err(CidrError::BareAddress {
                text: text.to_owned(),
                suggestion: Self::host(address),
            });
        }
        Err(CidrError::Syntax {
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Cidr {
    fn schema_name() -> Cow<'static, str> {
        "Cidr".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An IPv4 or IPv6 address block in CIDR notation, host bits zero.",
            "pattern": "^[0-9a-fA-F:.]+/[0-9]{1,3}$"
        })
    }
}
