//! Three-valued answers about many packets at once: where something holds, and where it may.

use crate::engine::answer::{Answer, Doubt};
use crate::engine::space::{Ranges, Space, SpaceError, Spaces};

/// The packets for which something surely holds, and those for which it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Truth {
    /// Where it surely holds.
    pub(super) yes: Space,
    /// Where it holds or may hold.
    pub(super) possible: Space,
    /// Why it is not known where the two differ.
    pub(super) doubt: Option<Doubt>,
}

impl Truth {
    /// It holds for no packet.
    pub(super) const NEVER: Self = Self::sure(Space::EMPTY);
    /// It holds for every packet.
    pub(super) const ALWAYS: Self = Self::sure(Space::EVERYTHING);

    /// It holds for the packets of `space` and no others.
    pub(super) const fn sure(space: Space) -> Self {
        Self {
            yes: space,
            possible: space,
            doubt: None,
        }
    }

    /// The same answer for every packet.
    pub(super) fn of(answer: Answer) -> Self {
        match answer {
            Answer::No => Self::NEVER,
            Answer::Yes => Self::ALWAYS,
            Answer::Maybe(doubt) => Self {
                yes: Space::EMPTY,
                possible: Space::EVERYTHING,
                doubt: Some(doubt),
            },
        }
    }

    /// Whether it is known for every packet.
    pub(super) fn is_sure(self) -> bool {
        self.yes == self.possible
    }

    /// Where it holds may only be known to be possible, for this reason.
    pub(super) fn doubted(self, doubt: Doubt) -> Self {
        Self {
            yes: Space::EMPTY,
            doubt: self.doubt.or(Some(doubt)),
            ..self
        }
    }

    /// Both hold.
    pub(super) fn and(self, other: Self, spaces: &mut Spaces) -> Result<Self, SpaceError> {
        Ok(Self {
            yes: spaces.intersection(self.yes, other.yes)?,
            possible: spaces.intersection(self.possible, other.possible)?,
            doubt: self.doubt.or(other.doubt),
        })
    }

    /// At least one holds.
    pub(super) fn or(self, other: Self, spaces: &mut Spaces) -> Result<Self, SpaceError> {
        Ok(Self {
            yes: spaces.union(self.yes, other.yes)?,
            possible: spaces.union(self.possible, other.possible)?,
            doubt: self.doubt.or(other.doubt),
        })
    }

    /// It does not hold.
    pub(super) fn negated(self, spaces: &mut Spaces) -> Result<Self, SpaceError> {
        Ok(Self {
            yes: spaces.complement(self.possible)?,
            possible: spaces.complement(self.yes)?,
            doubt: self.doubt,
        })
    }
}

/// The values of one field for which something surely holds, and those for which it may.
///
/// Nothing instead of a set means every value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Where it surely holds.
    pub(super) yes: Option<Ranges>,
    /// Where it holds or may hold.
    pub(super) possible: Option<Ranges>,
    /// Why it is not known where the two differ.
    pub(super) doubt: Option<Doubt>,
}

impl Bounds {
    /// It holds whatever the value.
    pub(super) fn any() -> Self {
        Self {
            yes: None,
            possible: None,
            doubt: None,
        }
    }

    /// It holds for the values of `ranges` and no others.
    pub(super) fn sure(ranges: Ranges) -> Self {
        Self {
            yes: Some(ranges.clone()),
            possible: Some(ranges),
            doubt: None,
        }
    }

    /// The same answer for every value.
    pub(super) fn of(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::any(),
            Answer::No => Self::sure(Ranges::default()),
            Answer::Maybe(doubt) => Self {
                yes: Some(Ranges::default()),
                possible: None,
                doubt: Some(doubt),
            },
        }
    }

    /// Both hold.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            yes: both(self.yes, other.yes),
            possible: both(self.possible, other.possible),
            doubt: self.doubt.or(other.doubt),
        }
    }

    /// At least one holds.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            yes: either(self.yes, other.yes),
            possible: either(self.possible, other.possible),
            doubt: self.doubt.or(other.doubt),
        }
    }

    /// It does not hold; `max` is the highest value.
    pub(super) fn negated(self, max: u128) -> Self {
        let not = |ranges: Option<Ranges>| match ranges {
            None => Some(Ranges::default()),
            Some(ranges) if ranges.is_empty() => None,
            Some(ranges) => Some(ranges.complement(max)),
        };
        Self {
            yes: not(self.possible),
            possible: not(self.yes),
            doubt: self.doubt,
        }
    }
}

/// What is in both sets.
pub(super) fn both(one: Option<Ranges>, other: Option<Ranges>) -> Option<Ranges> {
    match (one, other) {
        (None, set) | (set, None) => set,
        (Some(one), Some(other)) => Some(one.intersection(&other)),
    }
}

fn either(one: Option<Ranges>, other: Option<Ranges>) -> Option<Ranges> {
    match (one, other) {
        (None, _) | (_, None) => None,
        (Some(one), Some(other)) => Some(one.union(&other)),
    }
}
