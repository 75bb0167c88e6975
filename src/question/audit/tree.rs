//! An ordered list of spaces that answers in few steps what several of them hold.

use std::ops::Range;

use crate::engine::space::{Header, Space, SpaceError, Spaces};

/// A list of spaces with the unions of neighbours, twice as many of them each level.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    levels: Vec<Vec<Space>>,
}

impl Tree {
    /// Of `list`, in its order.
    pub(super) fn of(list: Vec<Space>, spaces: &mut Spaces) -> Result<Self, SpaceError> {
        let mut levels = vec![list];
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let mut next = Vec::with_capacity(last.len().div_ceil(2));
            for two in last.chunks(2) {
                next.push(spaces.union_of(two)?);
            }
            levels.push(next);
        }
        Ok(Self { levels })
    }

    /// What is in any.
    pub(super) fn all(&self) -> Space {
        let top = self.levels.last().and_then(|level| level.first());
        top.copied().unwrap_or(Space::EMPTY)
    }

    /// For each of `parts` what no entry of the list before its own place holds.
    pub(super) fn without_earlier(
        &self,
        parts: Vec<Space>,
        spaces: &mut Spaces,
    ) -> Result<Vec<Space>, SpaceError> {
        let mut parts = parts;
        let mut run = 1_usize;
        for level in &self.levels {
            let twice = run.saturating_mul(2);
            for (two, held) in parts.chunks_mut(twice).zip(level.chunks(2)) {
                let left = held.first().copied().unwrap_or(Space::EMPTY);
                for part in two.iter_mut().skip(run) {
                    *part = spaces.difference(*part, left)?;
                }
            }
            run = twice;
        }
        Ok(parts)
    }

    /// The first entry of `range` that has the packet.
    pub(super) fn first(
        &self,
        range: &Range<usize>,
        header: &Header,
        spaces: &Spaces,
    ) -> Option<usize> {
        let has = |space: Space| spaces.contains(space, header);
        self.find(range, self.levels.len().checked_sub(1)?, 0, &has)
    }

    /// Whether an entry of `range` has a packet of `space`.
    pub(super) fn meets(&self, range: &Range<usize>, space: Space, spaces: &mut Spaces) -> bool {
        let Some(top) = self.levels.len().checked_sub(1) else {
            return false;
        };
        let spaces = std::cell::RefCell::new(spaces);
        let has = |own: Space| spaces.borrow_mut().overlap(own, space);
        self.find(range, top, 0, &has).is_some()
    }

    /// The first entry of `range` below a place of a level that is as asked for.
    fn find(
        &self,
        range: &Range<usize>,
        level: usize,
        at: usize,
        has: &impl Fn(Space) -> bool,
    ) -> Option<usize> {
        let first = at << level;
        let behind = (at + 1) << level;
        if behind <= range.start || first >= range.end {
            return None;
        }
        let space = self.levels.get(level)?.get(at).copied()?;
        if !has(space) {
            return None;
        }
        let Some(below) = level.checked_sub(1) else {
            return Some(at);
        };
        self.find(range, below, at * 2, has)
            .or_else(|| self.find(range, below, at * 2 + 1, has))
    }
}
