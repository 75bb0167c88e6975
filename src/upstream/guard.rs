//! What of an update is not taken over unless a person says so.

use crate::finding::InputError;
use crate::profile::{PlatformProfile, strays as strays_of};

use super::change::{Accepted, Change, Objection, losses};

/// What comes into lists and is not expected there: addresses that have no place in a list on its
/// network, and blocks that are much wider than any that the list held.
pub fn strays(changes: &[Change], platform: &PlatformProfile) -> Vec<Objection> {
    let mut strays = Vec::new();
    for change in changes {
        for list in &change.lists {
            let name = change.accepted(list);
            let found = strays_of(platform, list.network, &list.held, &list.coming);
            strays.extend(found.iter().map(|stray| Objection {
                text: stray.told(&name.to_string()),
                name: name.clone(),
            }));
        }
    }
    strays
}

/// Refuses what the guards speak against, unless `accepted` names the list: that it is emptied or loses
/// more than a third, and blocks that are not expected in it. One word accepts all of a list, so all of it
/// is told at once.
///
/// # Errors
/// The lists, with what would go or come and how to say that it is right.
pub fn check_guards(
    changes: &[Change],
    platform: &PlatformProfile,
    accepted: &[Accepted],
) -> Result<(), InputError> {
    let open = |objections: Vec<Objection>| -> Vec<Objection> {
        let open = |objection: &Objection| !accepted.contains(&objection.name);
        objections.into_iter().filter(open).collect()
    };
    let (losses, strays) = (open(losses(changes)), open(strays(changes, platform)));
    let lost = match losses.len() {
        0 => None,
        1 => Some("takes away more than a third of a list".to_owned()),
        n => Some(format!("takes away more than a third of {n} lists")),
    };
    let strange = "has blocks that are not expected in their lists".to_owned();
    let strange = (!strays.is_empty()).then_some(strange);
    let said: Vec<String> = lost.into_iter().chain(strange).collect();
    let objections = losses.into_iter().chain(strays).collect();
    refuse(objections, &format!("upstream {}", said.join(", and ")))
}

/// Refuses `objections`, where there are any, with the sentence `said`.
fn refuse(objections: Vec<Objection>, said: &str) -> Result<(), InputError> {
    if objections.is_empty() {
        return Ok(());
    }
    let mut flags: Vec<String> = Vec::new();
    for objection in &objections {
        let flag = format!("--accept {}", objection.name);
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }
    let texts = objections.into_iter().map(|o| InputError::new(o.text));
    let error = texts.fold(InputError::new(said), InputError::also);
    Err(error.hint(format!(
        "if that is right, say so with `{}`",
        flags.join(" ")
    )))
}
