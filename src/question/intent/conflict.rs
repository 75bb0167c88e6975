//! Intents that cannot both hold.

use std::collections::BTreeMap;

use crate::engine::space::{Space, SpaceError, Spaces};
use crate::finding::InputError;

use super::{Expect, Intent};

/// What intents about the same groups expect so far.
struct Expected<'a> {
    allowed: Space,
    denied: Space,
    /// The packets of the first `exactly`: every other must have the same.
    exactly: Option<Space>,
    intents: Vec<(&'a Intent, Space)>,
}

/// The first two of `intents` that cannot both hold: they are about the same groups, written
/// alike, and expect different things of one packet. Two groups that merely share ends are not
/// compared: whether they do is not known before a cluster is.
///
/// # Errors
/// The keeper's limit is reached.
pub fn conflict(intents: &[Intent], spaces: &mut Spaces) -> Result<Option<InputError>, SpaceError> {
    let mut groups: BTreeMap<String, Expected<'_>> = BTreeMap::new();
    for intent in intents {
        let space = intent.space(spaces)?;
        let ends = format!("{} -> {}", intent.from, intent.to);
        let expected = groups.entry(ends).or_insert_with(Expected::nothing);
        if expected.is_against(intent.expect, space, spaces) {
            return expected.dispute(intent, space, spaces);
        }
        match intent.expect {
            Expect::Allow => expected.allowed = spaces.union(expected.allowed, space)?,
            Expect::Deny => expected.denied = spaces.union(expected.denied, space)?,
            Expect::Exactly => expected.exactly = Some(space),
        }
        expected.intents.push((intent, space));
    }
    Ok(None)
}

impl Expected<'_> {
    fn nothing() -> Self {
        Self {
            allowed: Space::EMPTY,
            denied: Space::EMPTY,
            exactly: None,
            intents: Vec::new(),
        }
    }

    /// Whether something else is expected of a packet of `space`. All are asked at once: one by
    /// one, many intents about the same groups would take the square of their number.
    fn is_against(&self, expect: Expect, space: Space, spaces: &mut Spaces) -> bool {
        let exactly = self.exactly;
        match expect {
            Expect::Allow => {
                spaces.overlap(space, self.denied)
                    || exactly.is_some_and(|exactly| !spaces.is_subset(space, exactly))
            }
            Expect::Deny => {
                spaces.overlap(space, self.allowed)
                    || exactly.is_some_and(|exactly| spaces.overlap(space, exactly))
            }
            Expect::Exactly => {
                spaces.overlap(space, self.denied)
                    || !spaces.is_subset(self.allowed, space)
                    || exactly.is_some_and(|exactly| exactly != space)
            }
        }
    }

    /// The first intent that cannot hold beside `later`, told.
    fn dispute(
        &self,
        later: &Intent,
        space: Space,
        spaces: &mut Spaces,
    ) -> Result<Option<InputError>, SpaceError> {
        for (first, first_space) in &self.intents {
            let disputed = disputed((first, *first_space), (later, space), spaces)?;
            if let Some(packet) = spaces.witness(disputed) {
                return Ok(Some(told(first, later, &packet.to_string())));
            }
        }
        Ok(None)
    }
}

/// The packets of which two intents expect different things.
fn disputed(
    (one, a): (&Intent, Space),
    (other, b): (&Intent, Space),
    spaces: &mut Spaces,
) -> Result<Space, SpaceError> {
    match (one.expect, other.expect) {
        (Expect::Allow, Expect::Allow) | (Expect::Deny, Expect::Deny) => Ok(Space::EMPTY),
        (Expect::Allow, Expect::Exactly) => spaces.difference(a, b),
        (Expect::Exactly, Expect::Allow) => spaces.difference(b, a),
        (Expect::Exactly, Expect::Exactly) => {
            let only_a = spaces.difference(a, b)?;
            let only_b = spaces.difference(b, a)?;
            spaces.union(only_a, only_b)
        }
        (Expect::Deny, Expect::Allow | Expect::Exactly)
        | (Expect::Allow | Expect::Exactly, Expect::Deny) => spaces.intersection(a, b),
    }
}

fn told(first: &Intent, later: &Intent, packet: &str) -> InputError {
    let error = InputError::new(format!(
        "the intents `{}` ({}) and `{}` ({}) cannot both hold, for one of {packet}",
        first.name, first.expect, later.name, later.expect
    ));
    let error = match &later.place {
        Some(place) => error.at(place.clone()),
        None => error,
    };
    match &first.place {
        Some(place) => error.also(InputError::new("the first one").at(place.clone())),
        None => error,
    }
}
