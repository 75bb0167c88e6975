//! The keeper of spaces.

use super::ops::{Algebra, Memo, Op};
use super::table::SpaceError;
use super::{Cube, Space};

/// Makes spaces and keeps them.
///
/// What is made is kept until the keeper is dropped, so that spaces which have much in common
/// cost little more than one of them. The memory is bounded: beyond a number of ranges every
/// operation that needs more is an error.
#[derive(Debug)]
pub struct Spaces {
    pub(super) algebra: Algebra,
}

impl Default for Spaces {
    fn default() -> Self {
        Self::new()
    }
}

impl Spaces {
    /// The limit of [`Spaces::new`]. A process with a keeper that is filled up to it peaks at 120 MiB
    /// where few nodes have most ranges, and at 370 MiB where each has two or three
    /// (`examples/space-memory.rs`).
    pub const LIMIT: usize = 6_000_000;

    /// A keeper that holds up to [`Spaces::LIMIT`] ranges.
    pub fn new() -> Self {
        Self::with_limit(Self::LIMIT)
    }

    /// A keeper that holds up to `limit` ranges.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            algebra: Algebra::new(limit),
        }
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.algebra.table.nodes()
    }

    /// How many ranges they have: what the limit is about.
    pub fn ranges(&self) -> usize {
        self.algebra.table.ranges()
    }

    /// Forgets results that would speed up later operations on the same spaces. The spaces stay.
    pub fn forget(&mut self) {
        self.algebra.memo = Memo::default();
    }

    /// What is in `a` or `b`.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn union(&mut self, a: Space, b: Space) -> Result<Space, SpaceError> {
        self.algebra.apply(Op::Union, a, b)
    }

    /// What is in `a` and `b`.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn intersection(&mut self, a: Space, b: Space) -> Result<Space, SpaceError> {
        self.algebra.apply(Op::Intersection, a, b)
    }

    /// What is in `a` and not in `b`.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn difference(&mut self, a: Space, b: Space) -> Result<Space, SpaceError> {
        self.algebra.apply(Op::Difference, a, b)
    }

    /// What is not in `space`.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn complement(&mut self, space: Space) -> Result<Space, SpaceError> {
        self.difference(Space::EVERYTHING, space)
    }

    /// What is in any of `spaces`. Takes them by twos: one after the other would copy the union
    /// so far for each.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn union_of(&mut self, spaces: &[Space]) -> Result<Space, SpaceError> {
        let mut round = spaces.to_vec();
        while round.len() > 1 {
            let mut next = Vec::with_capacity(round.len().div_ceil(2));
            for two in round.chunks(2) {
                next.push(match *two {
                    [a, b] => self.union(a, b)?,
                    _ => two.first().copied().unwrap_or(Space::EMPTY),
                });
            }
            round = next;
        }
        Ok(round.first().copied().unwrap_or(Space::EMPTY))
    }

    /// What is in any of `cubes`.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn union_of_cubes<'c>(
        &mut self,
        cubes: impl IntoIterator<Item = &'c Cube>,
    ) -> Result<Space, SpaceError> {
        let spaces: Result<Vec<Space>, SpaceError> =
            cubes.into_iter().map(|cube| self.cube(cube)).collect();
        self.union_of(&spaces?)
    }

    /// Whether all of `a` is in `b`. Makes no space.
    pub fn is_subset(&mut self, a: Space, b: Space) -> bool {
        self.algebra.vanishes(Op::Difference, a, b)
    }

    /// Whether `a` and `b` have a packet in common. Makes no space.
    pub fn overlap(&mut self, a: Space, b: Space) -> bool {
        !self.algebra.vanishes(Op::Intersection, a, b)
    }
}
