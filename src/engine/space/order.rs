//! Ordered lists of which the first that holds a packet decides.

use super::table::SpaceError;
use super::{Space, Spaces};

/// What each entry of an ordered list decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// For each entry the packets that it holds and none before it does. No two share a packet.
    pub parts: Vec<Space>,
    /// What no entry holds.
    pub rest: Space,
}

/// What an ordered list decides, by decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// For each decision the packets that it is taken for. No two share a packet.
    pub parts: Vec<Space>,
    /// What no entry holds.
    pub rest: Space,
}

impl Spaces {
    /// Which entry of `list` holds a packet first.
    ///
    /// Neighbouring runs of entries are put together, twice as long each round: what the right run
    /// owns loses what the left one holds. To go from entry to entry would copy the union so far,
    /// with its thousands of ranges, for each.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn first_match(&mut self, list: &[Space]) -> Result<Owned, SpaceError> {
        let mut parts = list.to_vec();
        let mut held = list.to_vec();
        let mut run = 1_usize;
        while held.len() > 1 {
            for (two, held) in parts.chunks_mut(run.saturating_mul(2)).zip(held.chunks(2)) {
                let left = held.first().copied().unwrap_or(Space::EMPTY);
                for part in two.iter_mut().skip(run) {
                    *part = self.difference(*part, left)?;
                }
            }
            let mut next = Vec::with_capacity(held.len().div_ceil(2));
            for two in held.chunks(2) {
                next.push(self.union_of(two)?);
            }
            held = next;
            run = run.saturating_mul(2);
        }
        let all = held.first().copied().unwrap_or(Space::EMPTY);
        Ok(Owned {
            parts,
            rest: self.complement(all)?,
        })
    }

    /// What an ordered list of spaces decides, where each entry names one of `decisions`
    /// decisions by number. An entry that names none of them decides for nobody: what it holds
    /// first is in no part and not in the rest.
    ///
    /// This is [`Spaces::first_match`] put together by decision, and far cheaper where there are
    /// many entries and few decisions: which of some neighbours with one decision comes first does not
    /// matter.
    ///
    /// # Errors
    /// The keeper's limit is reached.
    pub fn decide(
        &mut self,
        list: &[(Space, usize)],
        decisions: usize,
    ) -> Result<Decided, SpaceError> {
        let mut runs = Vec::new();
        for neighbours in list.chunk_by(|one, next| one.1 == next.1) {
            let spaces: Vec<Space> = neighbours.iter().map(|(space, _)| *space).collect();
            let held = self.union_of(&spaces)?;
            let decision = neighbours.first().map(|(_, decision)| *decision);
            let part = |number| match decision {
                Some(decision) if decision == number => held,
                _ => Space::EMPTY,
            };
            runs.push(Run {
                parts: (0..decisions).map(part).collect(),
                held,
            });
        }
        while runs.len() > 1 {
            let mut next = Vec::with_capacity(runs.len().div_ceil(2));
            let mut rest = runs.into_iter();
            while let Some(left) = rest.next() {
                next.push(match rest.next() {
                    Some(right) => self.after(left, &right)?,
                    None => left,
                });
            }
            runs = next;
        }
        let run = runs.pop().unwrap_or_else(|| Run {
            parts: vec![Space::EMPTY; decisions],
            held: Space::EMPTY,
        });
        Ok(Decided {
            rest: self.complement(run.held)?,
            parts: run.parts,
        })
    }

    /// One run of entries and, for what it does not hold, another.
    fn after(&mut self, left: Run, right: &Run) -> Result<Run, SpaceError> {
        let mut parts = left.parts;
        for (part, below) in parts.iter_mut().zip(&right.parts) {
            let own = self.difference(*below, left.held)?;
            *part = self.union(*part, own)?;
        }
        Ok(Run {
            parts,
            held: self.union(left.held, right.held)?,
        })
    }
}

/// What some neighbouring entries decide.
struct Run {
    parts: Vec<Space>,
    held: Space,
}
