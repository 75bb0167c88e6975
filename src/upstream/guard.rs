//! Blocks that are not expected in the list that they come into.

use crate::finding::InputError;
use crate::net::Cidr;
use crate::profile::{Network, PlatformProfile};

use super::change::{Accepted, Change, ListChange, Objection, refuse};

/// By how many bits a block is shorter than every other one of its list where it is much wider: it
/// holds 256 times as many addresses.
const MUCH: u8 = 8;

/// What comes into lists and is not expected there: addresses of private use in a public list, public
/// ones in a private list, and blocks that are much wider than any that the list held.
pub fn strays(changes: &[Change], platform: &PlatformProfile) -> Vec<Objection> {
    let mut strays = Vec::new();
    for change in changes {
        for list in &change.lists {
            let name = change.accepted(list);
            let mut object = |blocks: Vec<Cidr>, why: &str| {
                if !blocks.is_empty() {
                    let blocks: Vec<String> = blocks.iter().map(ToString::to_string).collect();
                    strays.push(Objection {
                        text: format!("{name} would get {}: {why}", blocks.join(", ")),
                        name: name.clone(),
                    });
                }
            };
            let coming = || list.coming.iter().copied();
            let astray = coming().filter(|block| platform.is_astray(*block, list.network));
            object(
                astray.collect(),
                match list.network {
                    Network::Public => "nobody is reached there on the public network",
                    Network::Private => "that is not on the private network",
                },
            );
            let wide = coming().filter(|block| is_much_wider(*block, list));
            object(
                wide.collect(),
                "that is much wider than any block which the list held",
            );
        }
    }
    strays
}

/// Whether a block is much wider than any of its family that the list held.
fn is_much_wider(block: Cidr, list: &ListChange) -> bool {
    let held = list.held.iter();
    let alike = held.filter(|held| held.is_ipv4() == block.is_ipv4());
    let widest = alike.map(Cidr::prefix_len).min();
    widest.is_some_and(|widest| block.prefix_len().saturating_add(MUCH) <= widest)
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
