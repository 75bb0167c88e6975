//! Union, intersection and difference.

use rustc_hash::FxHashMap;

use super::level::Level;
use super::table::{Edge, Edges, SpaceError, Table};
use super::{Cube, Space};

/// What may be done with two spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Op {
    /// What is in either.
    Union,
    /// What is in both.
    Intersection,
    /// What is in the first alone.
    Difference,
}

impl Op {
    /// The result where it needs no look below.
    fn settled(self, a: Space, b: Space) -> Option<Space> {
        if a == b {
            return Some(match self {
                Self::Union | Self::Intersection => a,
                Self::Difference => Space::EMPTY,
            });
        }
        if let Some(settled) = self.dominated(a, b) {
            return Some(settled);
        }
        match (self, a, b) {
            (Self::Union | Self::Difference, _, Space::EMPTY)
            | (Self::Intersection, _, Space::EVERYTHING) => Some(a),
            (Self::Union, Space::EMPTY, _) | (Self::Intersection, Space::EVERYTHING, _) => Some(b),
            _ => None,
        }
    }

    /// The result where one side alone decides it. `op(result, result)` is that result again.
    fn dominated(self, a: Space, b: Space) -> Option<Space> {
        let full = Space::EVERYTHING;
        match self {
            Self::Union => (a == full || b == full).then_some(full),
            Self::Intersection => (a == Space::EMPTY || b == Space::EMPTY).then_some(Space::EMPTY),
            Self::Difference => (a == Space::EMPTY || b == full).then_some(Space::EMPTY),
        }
    }

    /// Whether `a` decides whatever `b` is.
    fn is_decided_by_first(self, a: Space) -> bool {
        match self {
            Self::Union => a == Space::EVERYTHING,
            Self::Intersection | Self::Difference => a == Space::EMPTY,
        }
    }

    /// Whether `b` decides whatever `a` is.
    fn is_decided_by_second(self, b: Space) -> bool {
        match self {
            Self::Union | Self::Difference => b == Space::EVERYTHING,
            Self::Intersection => b == Space::EMPTY,
        }
    }

    /// Under what a result is remembered: the order does not matter to union and intersection.
    fn key(self, a: Space, b: Space) -> u64 {
        let (a, b) = match self {
            Self::Union | Self::Intersection if b < a => (b, a),
            _ => (a, b),
        };
        u64::from(a.0) << 32 | u64::from(b.0)
    }
}

/// From `start` on the first operand is `a` and the second is `b`.
#[derive(Debug, Clone, Copy)]
struct Pair {
    start: u128,
    a: Space,
    b: Space,
}

/// How many results one operation remembers: 34 MiB.
const REMEMBERED: usize = 1_835_008;

/// How many cubes are remembered.
const CUBES: usize = 8_192;

/// Results by operands. Forgetting them costs time alone.
#[derive(Debug, Default)]
pub(super) struct Memo {
    union: FxHashMap<u64, Space>,
    intersection: FxHashMap<u64, Space>,
    difference: FxHashMap<u64, Space>,
    /// The spaces of cubes: of the same ones many are made, and that is most of the work.
    pub(super) cubes: FxHashMap<Cube, Space>,
    /// Whether the result of intersection or difference is empty.
    vanishes: FxHashMap<(Op, u64), bool>,
}

impl Memo {
    fn of(&mut self, op: Op) -> &mut FxHashMap<u64, Space> {
        match op {
            Op::Union => &mut self.union,
            Op::Intersection => &mut self.intersection,
            Op::Difference => &mut self.difference,
        }
    }

    pub(super) fn remember_cube(&mut self, cube: &Cube, space: Space) {
        if self.cubes.len() >= CUBES {
            self.cubes.clear();
        }
        self.cubes.insert(cube.clone(), space);
    }

    fn remember(&mut self, op: Op, key: u64, result: Space) {
        let results = self.of(op);
        if results.len() >= REMEMBERED {
            results.clear();
        }
        results.insert(key, result);
    }
}

/// The diagrams and what was found out about them.
#[derive(Debug)]
pub(super) struct Algebra {
    pub(super) table: Table,
    pub(super) memo: Memo,
    /// Vectors that were used and can be again.
    spare: Vec<Vec<Pair>>,
}

impl Algebra {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            table: Table::new(limit),
            memo: Memo::default(),
            spare: Vec::new(),
        }
    }

    /// The result of `op`. Every step down is to a later field, so the depth is their number.
    pub(super) fn apply(&mut self, op: Op, a: Space, b: Space) -> Result<Space, SpaceError> {
        if let Some(settled) = op.settled(a, b) {
            return Ok(settled);
        }
        let key = op.key(a, b);
        if let Some(result) = self.memo.of(op).get(&key) {
            return Ok(*result);
        }
        let (level, mut pairs) = self.pairs(op, a, b);
        for pair in &mut pairs {
            pair.a = self.apply(op, pair.a, pair.b)?;
        }
        pairs.dedup_by(|next, kept| next.a == kept.a);
        let edges = pairs.iter().map(|pair| Edge {
            start: pair.start,
            to: pair.a,
        });
        let result = self.table.node(level, edges)?;
        self.spare.push(pairs);
        self.memo.remember(op, key, result);
        Ok(result)
    }

    /// Whether the result of `op` is empty, without making it: this never outgrows the table.
    pub(super) fn vanishes(&mut self, op: Op, a: Space, b: Space) -> bool {
        if let Some(settled) = op.settled(a, b) {
            return settled == Space::EMPTY;
        }
        let key = op.key(a, b);
        if let Some(result) = self.memo.of(op).get(&key) {
            return *result == Space::EMPTY;
        }
        if let Some(vanishes) = self.memo.vanishes.get(&(op, key)) {
            return *vanishes;
        }
        let (_, pairs) = self.pairs(op, a, b);
        let vanishes = pairs.iter().all(|pair| self.vanishes(op, pair.a, pair.b));
        self.spare.push(pairs);
        if self.memo.vanishes.len() >= REMEMBERED {
            self.memo.vanishes.clear();
        }
        self.memo.vanishes.insert((op, key), vanishes);
        vanishes
    }

    /// What meets what, by the first field that either asks for.
    fn pairs(&mut self, op: Op, a: Space, b: Space) -> (Level, Vec<Pair>) {
        let level = self.table.level(a).min(self.table.level(b));
        let mut pairs = self.spare.pop().unwrap_or_default();
        pairs.clear();
        meet(
            op,
            self.table.edges(&a, level),
            self.table.edges(&b, level),
            &mut pairs,
        );
        (level, pairs)
    }
}

/// Goes along both nodes at once. Where one of them decides by itself, the other's ranges are
/// skipped unseen: a narrow rule against all rules before it costs what the narrow one has.
fn meet(op: Op, a: Edges<'_>, b: Edges<'_>, pairs: &mut Vec<Pair>) {
    let (mut at_a, mut at_b) = (0, 0);
    let mut start = 0;
    while let (Some(to_a), Some(to_b)) = (a.to.get(at_a), b.to.get(at_b)) {
        let (a_now, b_now) = match op.dominated(*to_a, *to_b) {
            Some(result) => (result, result),
            None => (*to_a, *to_b),
        };
        let is_new = pairs
            .last()
            .is_none_or(|last| (last.a, last.b) != (a_now, b_now));
        if is_new {
            pairs.push(Pair {
                start,
                a: a_now,
                b: b_now,
            });
        }
        let next_a = a.starts.get(at_a + 1).copied();
        let next_b = b.starts.get(at_b + 1).copied();
        if op.is_decided_by_first(*to_a) {
            let Some(next) = next_a else { break };
            start = next;
            at_a += 1;
            at_b += passed(b.starts, at_b + 1, next);
        } else if op.is_decided_by_second(*to_b) {
            let Some(next) = next_b else { break };
            start = next;
            at_b += 1;
            at_a += passed(a.starts, at_a + 1, next);
        } else {
            let next = match (next_a, next_b) {
                (Some(a), Some(b)) => a.min(b),
                (Some(next), None) | (None, Some(next)) => next,
                (None, None) => break,
            };
            start = next;
            at_a += usize::from(next_a == Some(next));
            at_b += usize::from(next_b == Some(next));
        }
    }
}

/// How many of `starts` after the first `from` are `value` or less. Looks twice as far at each
/// step, for most often the answer is 0 or 1.
fn passed(starts: &[u128], from: usize, value: u128) -> usize {
    let rest = starts.get(from..).unwrap_or_default();
    let (mut passed, mut step) = (0, 1);
    while let Some(start) = rest.get(passed + step - 1)
        && *start <= value
    {
        passed += step;
        step *= 2;
    }
    let end = rest.len().min(passed + step - 1);
    let open = rest.get(passed..end).unwrap_or_default();
    passed + open.partition_point(|start| *start <= value)
}
