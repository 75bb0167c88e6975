//! A list of facts, and where it comes from.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use crate::finding::{Input, InputError, Place};
use crate::net::Cidr;
use crate::yaml::Located;

/// Where a list of facts comes from, precisely enough to look it up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The repository or page.
    pub repository: String,
    /// The commit of the repository, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The path in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// How the provider stands behind a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The provider documents it and keeps it current.
    Supported,
    /// The provider has announced its end.
    Deprecated,
    /// It is seen to hold, but the provider does not document it.
    Undocumented,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supported => "supported",
            Self::Deprecated => "deprecated",
            Self::Undocumented => "undocumented",
        })
    }
}

/// A calendar day, written `2025-12-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub Date);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The library also reads `20251211` and times of day; a profile has one spelling.
        let day: Date = text
            .parse()
            .map_err(|_| format!("`{text}` is not a day such as 2025-12-11"))?;
        if day.to_string() == text {
            Ok(Self(day))
        } else {
            Err(format!("`{text}` is not a day such as {day}"))
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date",
            "description": "A calendar day, `YYYY-MM-DD`."
        })
    }
}

/// A list of address blocks with where it comes from and how long it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FactList<T = Cidr> {
    /// Where the list comes from.
    pub source: Source,
    /// The day on which the source said so.
    pub date: Day,
    /// How the provider stands behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The first day on which it holds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Located<Day>>,
    /// The last day on which it holds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Located<Day>>,
    /// The address blocks, sorted. Never empty, no block twice.
    pub nets: Located<Vec<Located<T>>>,
}

/// What every list of facts can tell about itself, whatever its items are.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Where the list comes from.
    pub source: &'a Source,
    /// The day on which the source said so.
    pub date: Day,
    /// How the provider stands behind it.
    pub status: Option<Status>,
    /// The first day on which it holds, where that is known.
    pub valid_from: Option<Day>,
    /// The last day on which it holds, where that is known.
    pub valid_until: Option<Day>,
    /// How many address blocks it has.
    pub len: usize,
}

/// What every kind of list can tell, from fields that each has under the same names: serde can
/// refuse unknown keys only where the fields are the type's own.
macro_rules! facts_of_fields {
    () => {
        /// What the list tells about itself.
        pub fn facts(&self) -> $crate::profile::Facts<'_> {
            $crate::profile::Facts {
                source: &self.source,
                date: self.date,
                status: self.status,
                valid_from: self.valid_from.map(|day| day.value),
                valid_until: self.valid_until.map(|day| day.value),
                len: self.nets.len(),
            }
        }
    };
}

pub(super) use facts_of_fields;

impl<T> FactList<T> {
    facts_of_fields!();
}

impl FactList<Cidr> {
    /// The address blocks.
    pub fn blocks(&self) -> impl Iterator<Item = Cidr> {
        self.nets.iter().map(|net| net.value)
    }
}

/// Refuses an empty list, and an item that stands in it twice.
///
/// `block` says what of an item must be unique.
pub(super) fn check_list<T, K: Eq + Hash + fmt::Display>(
    input: &Arc<Input>,
    list: &Located<Vec<Located<T>>>,
    block: impl Fn(&T) -> K,
) -> Result<(), InputError> {
    if list.is_empty() {
        return Err(InputError::new("the list is empty")
            .at(Place::new(input, list.span))
            .hint("a list that is there has at least one entry"));
    }
    let mut seen = HashMap::new();
    for item in list.iter() {
        let key = block(&item.value);
        if let Some(first) = seen.get(&key) {
            return Err(
                InputError::new(format!("`{key}` stands here a second time"))
                    .at(Place::new(input, item.span))
                    .also(InputError::new("it stood here first").at(Place::new(input, *first))),
            );
        }
        seen.insert(key, item.span);
    }
    Ok(())
}

/// Refuses a list that ends before it begins.
pub(super) fn check_days(
    input: &Arc<Input>,
    from: Option<&Located<Day>>,
    until: Option<&Located<Day>>,
) -> Result<(), InputError> {
    match (from, until) {
        (Some(from), Some(until)) if until.value < from.value => Err(InputError::new(format!(
            "`validUntil` {} comes before `validFrom` {}",
            until.value, from.value
        ))
        .at(Place::new(input, until.span))),
        _ => Ok(()),
    }
}
