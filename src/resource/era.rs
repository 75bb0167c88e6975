//! The eras of Calico whose rules differ.

use std::fmt;
use std::str::FromStr;

/// A span of Calico versions that evaluate policy alike (section 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Era {
    /// Up to 3.28: one implicit tier, stored names always begin with `default.`.
    E1,
    /// 3.29 to 3.31: tiers, taken from the prefix of a policy's name.
    E2,
    /// From 3.32: the tier is `spec.tier`, names are stored as they are.
    #[default]
    E3,
}

/// A text that is not a version of Calico.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of Calico such as `v3.32.1` or `3.29`")]
pub struct EraError(String);

impl Era {
    /// The first minor version of 3 that belongs to E2.
    const TIERS_SINCE: u32 = 29;
    /// The first minor version of 3 that belongs to E3.
    const PLAIN_NAMES_SINCE: u32 = 32;

    /// The era of version `major.minor`.
    pub fn of_version(major: u32, minor: u32) -> Self {
        match (major, minor) {
            (..=2, _) | (3, ..Self::TIERS_SINCE) => Self::E1,
            (3, ..Self::PLAIN_NAMES_SINCE) => Self::E2,
            _ => Self::E3,
        }
    }
}

impl FromStr for Era {
    type Err = EraError;

    /// Reads a version with or without `v`, patch number and suffix: `3.29`, `v3.31.2`,
    /// `v3.33.0-0.dev-117`. A word of `E1`, `E2`, `E3` names the era itself.
    fn from_str(text: &str) -> Result<Self, EraError> {
        match text {
            "E1" => return Ok(Self::E1),
            "E2" => return Ok(Self::E2),
            "E3" => return Ok(Self::E3),
            _ => {}
        }
        let refuse = || EraError(text.to_owned());
        let bare = text.strip_prefix('v').unwrap_or(text);
        let mut parts = bare.splitn(3, '.');
        let mut number = || -> Result<u32, EraError> {
            let part = parts.next().ok_or_else(refuse)?;
            let digits = part.split(['-', '+']).next().unwrap_or_default();
            digits.parse().map_err(|_| refuse())
        };
        let major = number()?;
        let minor = number()?;
        Ok(Self::of_version(major, minor))
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::E1 => "Calico 3.28 and earlier",
            Self::E2 => "Calico 3.29 to 3.31",
            Self::E3 => "Calico 3.32 and later",
        })
    }
}
