//! Intents that cannot both hold.

use crate::engine::space::{Space, SpaceError, Spaces};
use crate::finding::InputError;

use super::{Expect, Intent};

/// The first two of `intents` that cannot both hold: they are about the same groups, written
/// alike, and expect different things of one packet. Two groups that merely share ends are not
/// compared: whether they do is not known before a cluster is.
///
/// # Errors
/// The keeper's limit is reached.
pub fn conflict(intents: &[Intent], spaces: &mut Spaces) -> Result<Option<InputError>, SpaceError> {
    let meant: Vec<(&Intent, Space)> = intents
        .iter()
        .map(|intent| Ok((intent, intent.space(spaces)?)))
        .collect::<Result<_, SpaceError>>()?;
    for (index, (later, later_space)) in meant.iter().enumerate() {
        for (first, first_space) in meant.iter().take(index) {
            if first.from != later.from || first.to != later.to {
                continue;
            }
            let disputed = disputed((first, *first_space), (later, *later_space), spaces)?;
            if let Some(packet) = spaces.witness(disputed) {
                return Ok(Some(told(first, later, &packet.to_string())));
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
