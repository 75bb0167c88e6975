//! Intents that cannot both hold.

use std::collections::BTreeMap;

use crate::engine::space::{Space, SpaceError, Spaces};
use crate::finding::InputError;

use super::{Expect, Intent, Named, PartSpaces};

/// Two of `intents` that cannot both hold: they are about the same groups, written alike, and
/// expect different things of one packet. Two groups that merely share ends are not compared:
/// whether they do is not known before a cluster is.
///
/// # Errors
/// The keeper's limit is reached.
pub fn conflict(intents: &[Intent], spaces: &mut Spaces) -> Result<Option<InputError>, SpaceError> {
    let mut groups: BTreeMap<String, Vec<(&Intent, Space)>> = BTreeMap::new();
    let mut known = PartSpaces::default();
    for intent in intents {
        let ends = format!("{} -> {}", intent.from, intent.to);
        // What a receiver calls its ports is not known before it is.
        let space = intent.space(spaces, &mut known, &Named::new())?;
        groups.entry(ends).or_default().push((intent, space));
    }
    for alike in groups.values() {
        if !can_hold(alike, spaces)? {
            return first_two(alike, spaces);
        }
    }
    Ok(None)
}

/// Whether intents about the same groups can hold together. All are asked at once: by twos, many
/// would take the square of their number.
fn can_hold(alike: &[(&Intent, Space)], spaces: &mut Spaces) -> Result<bool, SpaceError> {
    let of = |expect: Expect| -> Vec<Space> {
        let those = alike.iter().filter(|(intent, _)| intent.expect == expect);
        those.map(|(_, space)| *space).collect()
    };
    let allowed = spaces.union_of(&of(Expect::Allow))?;
    let denied = spaces.union_of(&of(Expect::Deny))?;
    if spaces.overlap(allowed, denied) {
        return Ok(false);
    }
    let exactly = of(Expect::Exactly);
    let Some(first) = exactly.first() else {
        return Ok(true);
    };
    Ok(exactly.iter().all(|other| other == first)
        && spaces.is_subset(allowed, *first)
        && !spaces.overlap(denied, *first))
}

/// The first two that cannot both hold, told.
fn first_two(
    alike: &[(&Intent, Space)],
    spaces: &mut Spaces,
) -> Result<Option<InputError>, SpaceError> {
    for (index, later) in alike.iter().enumerate() {
        for first in alike.iter().take(index) {
            let disputed = disputed(*first, *later, spaces)?;
            if let Some(packet) = spaces.witness(disputed) {
                return Ok(Some(told(first.0, later.0, &packet.to_string())));
            }
        }
    }
    Ok(None)
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
