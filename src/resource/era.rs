//! The eras of Calico whose rules differ.

use std::fmt;

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

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::E1 => "Calico 3.28 and earlier",
            Self::E2 => "Calico 3.29 to 3.31",
            Self::E3 => "Calico 3.32 and later",
        })
    }
}
