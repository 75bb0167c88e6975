//! Blocks that are not expected in the list that they come into.

use crate::finding::InputError;
use crate::profile::{PlatformProfile, strays as strays_of};

use super::change::{Accepted, Change, Objection, refuse};

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

/// Refuses blocks that are not expected in the list that they come into, unless `accepted` names the
/// list.
///
/// # Errors
/// The lists, with what would come and how to say that it is right.
pub fn check_strays(
    changes: &[Change],
    platform: &PlatformProfile,
    accepted: &[Accepted],
) -> Result<(), InputError> {
    refuse(strays(changes, platform), accepted, |_| {
        "upstream has blocks that are not expected in their lists".to_owned()
    })
}
