//! Which state of each source the profiles hold.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::finding::{Input, InputError, Place};
use crate::yaml::{self, Located};

use super::{Day, Library, Name, RangesProfile, RegionProfile};

/// What a digest begins with: how it was made.
const ALGORITHM: &str = "sha256:";

/// How many hexadecimal digits a SHA-256 has.
const DIGEST_DIGITS: usize = 64;

/// The most characters of an etag.
const LONGEST_ETAG: usize = 128;

/// How many hexadecimal digits the name of a commit has: a SHA-1, or a SHA-256.
const COMMIT_DIGITS: [usize; 2] = [40, 64];

/// Which state of each source the profiles hold: the file `lock.yaml` of the profiles. It is written
/// by `palisade profile update`, together with them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lock {
    /// The states, by source and by day. A source stands here several times where its profiles were
    /// not all read at once.
    pub sources: Vec<Pin>,
}

/// One state of one source, and the profiles that hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pin {
    /// The source's name, such as `kube-samples`.
    pub source: Name,
    /// The addresses that were read.
    pub from: Vec<String>,
    /// The commit, where the source is a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// What the source calls this state of its lists, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// The day of the commit, or the day on which the lists were first seen so.
    pub date: Day,
    /// The profiles, by their path below `profiles/`, each with the digest of the facts in it.
    pub profiles: BTreeMap<String, Located<Digest>>,
}

/// The whole name of a git commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commit(String);

/// What a source calls a state of its lists: of letters, digits and a few signs, so that it can go into a
/// header and into a lock as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(String);

/// A SHA-256 of the facts in a profile, as they come from its source: lists, zones and ports. What a
/// person adds (names, single-zone locations, how long a list holds) is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        let lock: Self = yaml::typed(input)?;
        let mut seen: BTreeMap<&str, crate::finding::Span> = BTreeMap::new();
        for pin in &lock.sources {
            for (path, digest) in &pin.profiles {
                if let Some(first) = seen.insert(path, digest.span) {
                    return Err(InputError::new(format!("`{path}` is pinned a second time"))
                        .at(Place::new(input, digest.span))
                        .also(
                            InputError::new("it is pinned here first").at(Place::new(input, first)),
                        ));
                }
            }
        }
        Ok(lock)
    }

    /// Holds the profiles in use against the lock, whose text is `input`, and names those that no lock
    /// pins. The lock in the binary speaks of the profiles in the binary alone.
    ///
    /// # Errors
    /// A profile that is pinned and not there, or whose facts are not those that are pinned.
    pub fn check(&self, input: &Arc<Input>, library: &Library) -> Result<Vec<String>, InputError> {
        self.check_but(input, library, |_, _| false)
    }

    /// As [`Lock::check`], but takes the facts of a profile that `is_known` vouches for, by its path and
    /// their digest, although they are not those that are pinned.
    ///
    /// # Errors
    /// As of [`Lock::check`].
    pub fn check_but(
        &self,
        input: &Arc<Input>,
        library: &Library,
        is_known: impl Fn(&str, &Digest) -> bool,
    ) -> Result<Vec<String>, InputError> {
        let is_own = library.is_own(Library::LOCK);
        for (path, pinned) in self.sources.iter().flat_map(|pin| &pin.profiles) {
            if !is_own && library.is_own(path) {
                continue;
            }
            let refuse =
                |message: String| InputError::new(message).at(Place::new(input, pinned.span));
            match library.digest(path)? {
                Some(digest) if digest == pinned.value || is_known(path, &digest) => {}
                Some(digest) => {
                    return Err(refuse(format!(
                        "the facts of `{path}` are not those that the lock pins: their digest is {digest}"
                    ))
                    .hint(
                        "put them back; a correction of your own belongs into a file that says what it `extends`, and a profile that you keep by hand is not pinned: take this line out",
                    ));
                }
                None => {
                    return Err(refuse(format!(
                        "the lock pins `{path}`, and there is no such profile"
                    ))
                    .suggest(path, library.fetched()));
                }
            }
        }
        let pins = library.pins()?;
        let unpinned = library.fetched().filter(|path| pins.pinned(path).is_none());
        Ok(unpinned.map(str::to_owned).collect())
    }

    /// The lock without the profiles that `keep` does not pick by their paths.
    pub fn only(mut self, keep: impl Fn(&str) -> bool) -> Self {
        for pin in &mut self.sources {
            pin.profiles.retain(|path, _| keep(path));
        }
        self.sources.retain(|pin| !pin.profiles.is_empty());
        self
    }

    /// The state that the profile at `path` holds, with the digest of its facts.
    pub fn pinned(&self, path: &str) -> Option<(&Pin, &Located<Digest>)> {
        let mut pins = self.sources.iter();
        pins.find_map(|pin| Some((pin, pin.profiles.get(path)?)))
    }

    /// The states of a source, the oldest first.
    pub fn of<'a>(&'a self, source: &'a str) -> impl Iterator<Item = &'a Pin> {
        let pins = self.sources.iter();
        pins.filter(move |pin| pin.source.as_str() == source)
    }

    /// The lock with the profiles of `new` in that state and in no other.
    pub fn with(mut self, new: Pin) -> Self {
        for pin in &mut self.sources {
            pin.profiles
                .retain(|path, _| !new.profiles.contains_key(path));
        }
        let is_same = |pin: &&mut Pin| {
            let state = |pin: &Pin| (pin.source.clone(), pin.from.clone(), pin.commit.clone());
            state(pin) == state(&new) && (&pin.etag, pin.date) == (&new.etag, new.date)
        };
        match self.sources.iter_mut().find(is_same) {
            Some(pin) => pin.profiles.extend(new.profiles),
            None => self.sources.push(new),
        }
        self.sources.retain(|pin| !pin.profiles.is_empty());
        // The newest state of a source stands last.
        self.sources
            .sort_by_key(|pin| (pin.source.clone(), pin.date, pin.commit.clone()));
        self
    }
}

impl Digest {
    /// Of the facts of a region.
    pub fn of_region(profile: &RegionProfile) -> Self {
        let mut text = String::new();
        let zones: Vec<&str> = profile.zones.iter().map(|zone| zone.as_str()).collect();
        fact(&mut text, "zones", &zones);
        for (name, _, nets) in profile.lists() {
            let nets: Vec<String> = nets.iter().map(ToString::to_string).collect();
            fact(&mut text, &name, &nets);
        }
        let subnets = profile.infrastructure.zones.nets.iter();
        let subnets: Vec<&str> = subnets.map(|net| net.zone.as_str()).collect();
        fact(&mut text, "zones of the subnets", &subnets);
        for group in &profile.services {
            let name = format!("{} {} {}", group.network, group.name.value, group.protocol);
            let ports: Vec<String> = group.ports.iter().map(|port| port.to_string()).collect();
            fact(&mut text, &name, &ports);
        }
        Self::of(&text)
    }

    /// Of the ranges of an operator.
    pub fn of_ranges(profile: &RangesProfile) -> Self {
        let mut text = String::new();
        for (name, list) in profile.lists() {
            let nets: Vec<String> = list.blocks().map(|net| net.to_string()).collect();
            fact(&mut text, name, &nets);
        }
        Self::of(&text)
    }

    fn of(text: &str) -> Self {
        let digits = Sha256::digest(text.as_bytes()).iter().fold(
            String::with_capacity(DIGEST_DIGITS),
            |mut digits, byte| {
                // A string takes whatever is written to it.
                let _ = write!(digits, "{byte:02x}");
                digits
            },
        );
        Self(digits)
    }
}

/// Adds one line: no name and no value of a profile has a blank or a line break.
fn fact<T: AsRef<str>>(text: &mut String, name: &str, values: &[T]) {
    text.push_str(name);
    text.push(':');
    for value in values {
        text.push(' ');
        text.push_str(value.as_ref());
    }
    text.push('\n');
}

fn is_hexadecimal(text: &str, digits: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == digits && text.bytes().all(is_digit)
}

impl Commit {
    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Etag {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Etag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
        if (1..=LONGEST_ETAG).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("this is no etag: letters, digits and `-_.:/+=` alone".to_owned())
        }
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Commit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if COMMIT_DIGITS
            .iter()
            .any(|digits| is_hexadecimal(text, *digits))
        {
            Ok(Self(text.to_owned()))
        } else {
            let [usual, _] = COMMIT_DIGITS;
            Err(format!(
                "`{text}` is not the whole name of a commit: {usual} hexadecimal digits"
            ))
        }
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_prefix(ALGORITHM)
            .filter(|digits| is_hexadecimal(digits, DIGEST_DIGITS))
            .map(|digits| Self(digits.to_owned()))
            .ok_or_else(|| {
                format!("`{text}` is not `{ALGORITHM}` and {DIGEST_DIGITS} hexadecimal digits")
            })
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}{}", self.0)
    }
}

/// What is written and read as its text.
macro_rules! as_text {
    ($type:ident, $pattern:literal, $says:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
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
                json_schema!({"type": "string", "pattern": $pattern, "description": $says})
            }
        }
    };
}

as_text!(
    Commit,
    "^([0-9a-f]{40}|[0-9a-f]{64})$",
    "The whole name of a git commit."
);
as_text!(
    Etag,
    "^[-0-9A-Za-z_.:/+=]{1,128}$",
    "What a source calls a state of its lists."
);
as_text!(
    Digest,
    "^sha256:[0-9a-f]{64}$",
    "A SHA-256 of the facts in a profile."
);
