//! Versions of Calico, and what they decide.

use std::fmt;
use std::str::FromStr;

use super::{Era, Kind, is_converted};

/// A version of Calico: `3.31.2`, or `3.31` for whatever is the newest of that line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CalicoVersion {
    /// The major number.
    pub major: u16,
    /// The minor number.
    pub minor: u16,
    /// The patch number; nothing stands for the newest there is.
    pub patch: Option<u16>,
}

/// A text that is not a [`CalicoVersion`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of Calico such as `3.31.2` or `3.31`")]
pub struct CalicoVersionError(String);

impl CalicoVersion {
    /// The newest version whose rules are known.
    pub const NEWEST: Self = Self {
        major: 3,
        minor: 33,
        patch: None,
    };

    /// Which meaning policies have.
    pub fn era(self) -> Era {
        if self.at_least(3, 32) {
            Era::E3
        } else if self.at_least(3, 29) {
            Era::E2
        } else {
            Era::E1
        }
    }

    /// Whether this is `major.minor` or newer.
    pub fn at_least(self, major: u16, minor: u16) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// Whether Calico of this version enforces Kubernetes policies of `kind`: those for the whole
    /// cluster by era, of which the baseline came with 3.30 (KNP-11). Any other kind stands in
    /// every version.
    pub fn enforces(self, kind: &Kind) -> bool {
        match kind {
            Kind::BaselineAdminNetworkPolicy if !self.at_least(3, 30) => false,
            kind if kind.is_cluster_wide_kubernetes_policy() => is_converted(kind, self.era()),
            _ => true,
        }
    }

    /// Whether `notNets` that hold every address are refused: the check was carried back to
    /// running lines (VAL-34).
    pub fn refuses_all_but_everything(self) -> bool {
        let patched = |first: u16| self.patch.is_none_or(|patch| patch >= first);
        match (self.major, self.minor) {
            (3, 29) => patched(6),
            (3, 30) => patched(3),
            _ => self.at_least(3, 31),
        }
    }
}

impl Default for CalicoVersion {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl FromStr for CalicoVersion {
    type Err = CalicoVersionError;

    /// Reads `v3.31.2`, with or without the `v` and the patch number. What a build adds behind
    /// (`-0.dev`, `+ibm`, `_1`) is read and forgotten.
    fn from_str(text: &str) -> Result<Self, CalicoVersionError> {
        let refuse = || CalicoVersionError(text.to_owned());
        let bare = text.strip_prefix('v').unwrap_or(text);
        let end = bare.find(['-', '+', '_']).unwrap_or(bare.len());
        let numbers: Result<Vec<u16>, _> = bare
            .split_at(end)
            .0
            .split('.')
            .map(|part| {
                // `parse` alone would let a sign pass.
                let digits = part.bytes().all(|b| b.is_ascii_digit());
                if digits { part.parse() } else { "".parse() }
            })
            .collect();
        let numbers = numbers.map_err(|_| refuse())?;
        let (major, minor, patch) = match *numbers.as_slice() {
            [major, minor] => (major, minor, None),
            [major, minor, patch] => (major, minor, Some(patch)),
            _ => return Err(refuse()),
        };
        // The v3 API came with Calico 3: nothing that is linted existed before.
        if major < 3 {
            return Err(refuse());
        }
        Ok(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for CalicoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            Some(patch) => write!(f, ".{patch}"),
            None => Ok(()),
        }
    }
}
