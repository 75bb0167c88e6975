//! What becomes of intents from the old side to the new one.

use std::collections::BTreeMap;

use crate::question::intent::Intent;
use crate::question::verify::{Proof, ProofOutcome};

/// What becomes of an intent, what a reader looks for first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Turn {
    /// It held, and does not any more, or is not known to.
    Broken,
    /// It does not hold, or is not known to, and neither was before.
    Failing,
    /// It holds, and did not before, or was not known to.
    Mended,
    /// It holds on both sides; or on the new one, where the old one was not asked.
    Holds,
}

impl Turn {
    /// Every one, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Broken, Self::Failing, Self::Mended, Self::Holds];

    /// The stable word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Failing => "failing",
            Self::Mended => "mended",
            Self::Holds => "holds",
        }
    }

    fn of(before: Option<ProofOutcome>, after: ProofOutcome) -> Self {
        match (before.map(ProofOutcome::holds), after.holds()) {
            (Some(true), false) => Self::Broken,
            (_, false) => Self::Failing,
            (Some(false), true) => Self::Mended,
            (_, true) => Self::Holds,
        }
    }
}

/// An intent with what is known of it on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Turned<'a> {
    /// What becomes of it.
    pub turn: Turn,
    /// The intent.
    pub intent: &'a Intent,
    /// What is known of it on the old side; nothing where that was not asked.
    pub before: Option<&'a Proof>,
    /// What is known of it on the new side.
    pub after: &'a Proof,
}

/// What an intent is known by: its name, and where it stands in a file of intents.
type Known<'a> = (&'a str, Option<u32>);

fn known(intent: &Intent) -> Known<'_> {
    let place = intent.place.as_ref();
    (&intent.name, place.map(|place| place.span.start))
}

/// Every intent that is asked of the new side, in the order of `after`, with what was known of it on
/// the old one.
pub fn turns<'a>(
    before: impl IntoIterator<Item = (&'a Intent, &'a Proof)>,
    after: impl IntoIterator<Item = (&'a Intent, &'a Proof)>,
) -> Vec<Turned<'a>> {
    let before = before.into_iter();
    let before: BTreeMap<Known<'_>, &Proof> = before
        .map(|(intent, proof)| (known(intent), proof))
        .collect();
    let after = after.into_iter();
    after
        .map(|(intent, proof)| {
            let was = before.get(&known(intent)).copied();
            Turned {
                turn: Turn::of(was.map(|proof| proof.outcome), proof.outcome),
                intent,
                before: was,
                after: proof,
            }
        })
        .collect()
}
