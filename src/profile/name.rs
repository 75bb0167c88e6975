//! Names that may become object names and paths.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};

const LONGEST_LABEL: usize = 63;
const LONGEST_SUBDOMAIN: usize = 253;

/// A DNS-1123 label: lower-case letters, digits and inner dashes, at most 63 characters.
///
/// Regions, zones, clusters, pools and service groups have such names, so none of them can leave
/// the folder that it names a file in.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// A DNS-1123 subdomain: labels joined by dots, at most 253 characters. Calico node names are.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeName(String);

/// Why a text is not a [`Name`] or a [`NodeName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A character that no name has, or a dash or dot at an end.
    #[error(
        "`{0}` is not a name: use lower-case letters, digits and dashes, a letter or digit at both ends"
    )]
    Syntax(String),
    /// Longer than any object's name may be.
    #[error("the name `{0}` is longer than {1} characters")]
    TooLong(String, usize),
}

fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if !is_label(text) {
            return Err(NameError::Syntax(text.to_owned()));
        }
        if text.len() > LONGEST_LABEL {
            return Err(NameError::TooLong(text.to_owned(), LONGEST_LABEL));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for NodeName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if !text.split('.').all(is_label) {
            return Err(NameError::Syntax(text.to_owned()));
        }
        if text.len() > LONGEST_SUBDOMAIN {
            return Err(NameError::TooLong(text.to_owned(), LONGEST_SUBDOMAIN));
        }
        Ok(Self(text.to_owned()))
    }
}

macro_rules! text_type {
    ($type:ident, $description:literal, $pattern:literal) => {
        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": $description,
                    "pattern": $pattern
                })
            }
        }
    };
}

text_type!(
    Name,
    "A DNS-1123 label.",
    "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
);
text_type!(
    NodeName,
    "A DNS-1123 subdomain.",
    "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
);
