//! Where facts are fetched from, and how long and how much of it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use crate::finding::{Input, InputError, Place, has_credentials};
use crate::yaml::{self, Located};

use super::Name;

/// What every address of a source begins with.
const SCHEME: &str = "https://";

/// The most attempts that make sense: each pause is twice the one before.
const MOST_ATTEMPTS: u32 = 10;

/// Where facts are fetched from: the file `sources.yaml` of the profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sources {
    /// The policies that the facts of the regions are read out of.
    pub kube_samples: Repository,
    /// The ranges of Cloudflare.
    pub cloudflare: PublishedRanges,
    /// How long, how much and how often.
    pub limits: Limits,
}

/// A git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Repository {
    /// Its address, as people open it in a browser.
    pub repository: Url,
}

/// Ranges that an operator publishes as JSON and as texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedRanges {
    /// The profile below `ranges/` that they are written to.
    pub ranges: Name,
    /// Both families as JSON, with the etag of the lists.
    pub api: Url,
    /// The IPv4 ranges, one a line, where the first does not answer.
    pub ipv4: Url,
    /// The IPv6 ranges, one a line, where the first does not answer.
    pub ipv6: Url,
}

/// How long a fetch may take, how much it may bring, and how often it is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Seconds for one answer, all of it.
    pub seconds: Located<u32>,
    /// How often a request is tried that fails in a way which may pass.
    pub attempts: Located<u32>,
    /// Milliseconds before the second try; each later pause is twice as long.
    pub pause_milliseconds: u32,
    /// The most bytes of a list.
    pub list_bytes: Located<u64>,
    /// The most bytes of one answer of a repository.
    pub repository_bytes: Located<u64>,
}

/// The address of something that is fetched: `https` alone, without a name or password in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Url(String);

impl Sources {
    /// Reads where facts are fetched from.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        let sources: Self = yaml::typed(input)?;
        let limits = &sources.limits;
        let wrong = |what: &str, span| {
            Err(
                InputError::new(format!("with `{what}` nothing would ever be fetched"))
                    .at(Place::new(input, span)),
            )
        };
        if limits.seconds.value == 0 {
            return wrong("seconds: 0", limits.seconds.span);
        }
        if limits.list_bytes.value == 0 {
            return wrong("listBytes: 0", limits.list_bytes.span);
        }
        if limits.repository_bytes.value == 0 {
            return wrong("repositoryBytes: 0", limits.repository_bytes.span);
        }
        match limits.attempts.value {
            0 => wrong("attempts: 0", limits.attempts.span),
            1..=MOST_ATTEMPTS => Ok(sources),
            many => Err(InputError::new(format!(
                "{many} attempts would take longer than anybody waits: at most {MOST_ATTEMPTS}"
            ))
            .at(Place::new(input, limits.attempts.span))),
        }
    }
}

impl Limits {
    /// How long one answer may take, all of it.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.seconds.value.into())
    }

    /// The pause before the second try.
    pub fn pause(&self) -> Duration {
        Duration::from_millis(self.pause_milliseconds.into())
    }
}

impl Url {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // First of all: the other sentences show the address.
        if has_credentials(text) {
            return Err("an address of a source holds no name and no password".to_owned());
        }
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| format!("`{text}` is not an address that begins with `{SCHEME}`"))?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_plain = text.chars().all(|c| c.is_ascii_graphic());
        if host.is_empty() || !is_plain {
            return Err(format!("`{text}` is not an address"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Url {
    fn schema_name() -> Cow<'static, str> {
        "Url".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "uri",
            "pattern": "^https://",
            "description": "The address of something that is fetched, without a name or password in it."
        })
    }
}
