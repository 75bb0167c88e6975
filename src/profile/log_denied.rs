//! Whether what a cluster's policies deny is recorded.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::yaml::Located;

use super::Name;

/// Whose denials are recorded: `true` for every policy's, or the names of some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogDenied {
    /// Every policy's, or nobody's.
    All(bool),
    /// Those of the policies of these names.
    Policies(Vec<Located<Name>>),
}

impl LogDenied {
    /// Nobody's.
    pub const NONE: Self = Self::All(false);

    /// Whether nothing is recorded.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

impl Default for LogDenied {
    fn default() -> Self {
        Self::NONE
    }
}

impl Serialize for LogDenied {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All(all) => serializer.serialize_bool(*all),
            Self::Policies(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for LogDenied {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = LogDenied;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or a list of policies' names")
            }

            fn visit_bool<E: serde::de::Error>(self, all: bool) -> Result<LogDenied, E> {
                Ok(LogDenied::All(all))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<LogDenied, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(names)).map(LogDenied::Policies)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for LogDenied {
    fn schema_name() -> Cow<'static, str> {
        "LogDenied".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = generator.subschema_for::<Name>();
        json_schema!({
            "description": "Whose denials are recorded: `true` for every policy's, or the names of some.",
            "oneOf": [
                {"type": "boolean"},
                {"type": "array", "items": name},
            ],
        })
    }
}
