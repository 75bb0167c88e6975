//! How many packets a space has.

use std::fmt;

use rustc_hash::FxHashMap;

use super::super::address::Family;
use super::level::{Level, Shape};
use super::table::Table;
use super::{Space, Spaces};

/// A number of packets.
///
/// Packets of IPv4 are fewer than 2^98, so every space without IPv6 is counted exactly. All of
/// IPv6 is near 2^290; a count over `u128` is known to the 15 digits or so of an `f64` only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Count {
    exact: Option<u128>,
    about: f64,
}

impl Count {
    const NONE: Self = Self {
        exact: Some(0),
        about: 0.0,
    };
    const ONE: Self = Self {
        exact: Some(1),
        about: 1.0,
    };

    /// The number, if it fits.
    pub fn exact(self) -> Option<u128> {
        self.exact
    }

    /// The number, rounded.
    pub fn about(self) -> f64 {
        self.about
    }

    /// How many values there are from `first` to `last`.
    fn of_range(first: u128, last: u128) -> Self {
        let less_one = last.saturating_sub(first);
        #[expect(
            clippy::cast_precision_loss,
            reason = "where digits are lost, `exact` has them or the count is about"
        )]
        let about = less_one as f64 + 1.0;
        Self {
            exact: less_one.checked_add(1),
            about,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            exact: both(self, other, u128::checked_add),
            about: self.about + other.about,
        }
    }

    fn times(self, other: Self) -> Self {
        // What is over `u128` is never multiplied by nothing: no range is empty, and a part that
        // is empty is not counted.
        Self {
            exact: both(self, other, u128::checked_mul),
            about: self.about * other.about,
        }
    }
}

fn both(a: Count, b: Count, op: impl Fn(u128, u128) -> Option<u128>) -> Option<u128> {
    op(a.exact?, b.exact?)
}

impl fmt::Display for Count {
    /// All digits, or `about 1.2e80`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact {
            Some(exact) => write!(f, "{exact}"),
            None => write!(f, "about {:.3e}", self.about),
        }
    }
}

impl Spaces {
    /// How many packets are in a space. Fields that a packet has not do not multiply it.
    pub fn count(&self, space: Space) -> Count {
        let table = &self.algebra.table;
        let mut all = Count::NONE;
        for (number, family) in [(0, Family::V4), (1, Family::V6)] {
            let of_family = table.follow(space, Level::Family, number);
            let mut counted = FxHashMap::default();
            for (first, last, to) in table.intervals(&of_family, Level::Protocol, family) {
                for (shape, protocols) in shapes(first, last) {
                    let mut below = Below {
                        table,
                        family,
                        shape,
                        counted: &mut counted,
                    };
                    let each = below.count(to, &Level::BELOW_PROTOCOL);
                    all = all.plus(each.times(protocols));
                }
            }
        }
        all
    }
}

/// How many protocols of each shape there are from `first` to `last`.
fn shapes(first: u128, last: u128) -> impl Iterator<Item = (Shape, Count)> {
    Shape::RUNS
        .into_iter()
        .filter_map(move |(start, end, shape)| {
            let (start, end) = (u128::from(start).max(first), u128::from(end).min(last));
            (start <= end).then(|| (shape, Count::of_range(start, end)))
        })
}

/// Counts below the protocol, for packets of one family and shape.
struct Below<'c> {
    table: &'c Table,
    family: Family,
    shape: Shape,
    counted: &'c mut FxHashMap<(Space, Shape, Level), Count>,
}

impl Below<'_> {
    /// The packets of `space` by the fields of `levels`, one level a step.
    fn count(&mut self, space: Space, levels: &[Level]) -> Count {
        if space.is_empty() {
            return Count::NONE;
        }
        let Some((level, rest)) = levels.split_first() else {
            return Count::ONE;
        };
        if !self.shape.has(*level) {
            return self.count(space, rest);
        }
        let key = (space, self.shape, *level);
        if let Some(count) = self.counted.get(&key) {
            return *count;
        }
        let mut all = Count::NONE;
        let table = self.table;
        for (first, last, to) in table.intervals(&space, *level, self.family) {
            if !to.is_empty() {
                let each = self.count(to, rest);
                all = all.plus(each.times(Count::of_range(first, last)));
            }
        }
        self.counted.insert(key, all);
        all
    }
}
