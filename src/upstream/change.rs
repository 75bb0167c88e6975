//! What an import changes, and which losses need a person's word.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::finding::InputError;
use crate::net::{Cidr, PortRange};
use crate::profile::{Name, Network, RegionProfile, ServiceGroup};
use crate::yaml::Located;

/// What changes in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The region.
    pub region: Name,
    /// Whether it had no profile.
    pub is_new: bool,
    /// The lists that have other entries, in the profile's order; those that vanish come last.
    pub lists: Vec<ListChange>,
    /// Whether the same services or ports stand in another order.
    pub is_reordered: bool,
    /// The name of every list that is or was there.
    pub known: BTreeSet<String>,
}

/// What changes in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListChange {
    /// The list's name.
    pub name: String,
    /// Entries that come, sorted.
    pub added: Vec<String>,
    /// Entries that go, sorted.
    pub removed: Vec<String>,
    /// The address blocks that go. An entry may change and keep its block.
    pub lost: Vec<Cidr>,
    /// How many entries there were.
    pub before: usize,
    /// How many there are now.
    pub after: usize,
}

/// A list of a region that may lose more than a third, written `REGION/LIST`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    /// The region.
    pub region: String,
    /// The list.
    pub list: String,
}

impl FromStr for Accepted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once('/')
            .filter(|(region, list)| !region.is_empty() && !list.is_empty() && !list.contains('/'));
        let (region, list) = parts.ok_or_else(|| {
            "it is written REGION/LIST, such as `us-south/control-plane-private`".to_owned()
        })?;
        Ok(Self {
            region: region.to_owned(),
            list: list.to_owned(),
        })
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.region, self.list)
    }
}

impl Change {
    /// Whether no fact changes. The commit that the facts come from may.
    pub fn is_empty(&self) -> bool {
        !self.is_new && self.lists.is_empty() && !self.is_reordered
    }
}

impl ListChange {
    /// Whether the list is emptied or loses more than a third of its address blocks.
    fn needs_word(&self) -> bool {
        !self.lost.is_empty() && (self.after == 0 || 3 * self.lost.len() > self.before)
    }
}

/// A list's entries as they are printed, with the address block of those that are one.
type Entries = BTreeMap<String, Option<Cidr>>;

/// What changes when `new` takes the place of `old`.
pub fn compare(old: Option<&RegionProfile>, new: &RegionProfile) -> Change {
    let after = lists(new);
    let before = old.map(lists).unwrap_or_default();
    let vanished = before.keys().filter(|name| !after.contains_key(*name));
    let none = Entries::new();
    let changed = after
        .keys()
        .chain(vanished)
        .filter_map(|name| {
            let old = before.get(name).unwrap_or(&none);
            let new = after.get(name).unwrap_or(&none);
            list_change(name, old, new)
        })
        .collect::<Vec<_>>();
    Change {
        region: new.region.value.clone(),
        is_new: old.is_none(),
        is_reordered: changed.is_empty() && old.is_some_and(|old| order(old) != order(new)),
        lists: in_order(changed, new),
        known: facts(new).chain(old.into_iter().flat_map(facts)).collect(),
    }
}

/// The names of the lists of facts.
fn facts(profile: &RegionProfile) -> impl Iterator<Item = String> {
    profile.lists().into_iter().map(|(name, _, _)| name)
}

/// What stands in an order that counts: the services, and the ports of each.
fn order(profile: &RegionProfile) -> Vec<(Network, &Name, Vec<PortRange>)> {
    let ports = |group: &ServiceGroup| group.ports.iter().map(|port| port.value).collect();
    let groups = profile.services.iter();
    groups
        .map(|group| (group.network, &group.name.value, ports(group)))
        .collect()
}

/// The changed lists in the order in which the profile has them; others behind.
fn in_order(mut changed: Vec<ListChange>, profile: &RegionProfile) -> Vec<ListChange> {
    let order: Vec<String> = facts(profile).collect();
    changed.sort_by_key(|change| {
        let of_list = |name: &String| change.name == *name || change.name == ports_of(name);
        order.iter().position(of_list).unwrap_or(order.len())
    });
    changed
}

fn ports_of(list: &str) -> String {
    format!("{list} (ports)")
}

/// Every list of a profile by its name: those of address blocks, the zones, the groups' ports.
fn lists(profile: &RegionProfile) -> BTreeMap<String, Entries> {
    let mut lists = BTreeMap::new();
    let zones = &profile.infrastructure.zones.nets;
    for (name, _, blocks) in profile.lists() {
        // A block's zone is a fact too, but only a block can be lost.
        let entry = |block: Cidr| {
            let zone = zones.iter().find(|zone| zone.net == block);
            let text = match zone.filter(|_| name == "infrastructure-zones") {
                Some(zone) => format!("{block} ({})", zone.zone),
                None => block.to_string(),
            };
            (text, Some(block))
        };
        lists.insert(name.clone(), blocks.into_iter().map(entry).collect());
    }
    for group in &profile.services {
        let name = format!("services-{}-{}", group.network, group.name.value);
        let entry = |port: &Located<_>| (format!("{} {}", group.protocol, port.value), None);
        lists.insert(ports_of(&name), group.ports.iter().map(entry).collect());
    }
    let entry = |zone: &Located<Name>| (zone.to_string(), None);
    lists.insert(
        "zones".to_owned(),
        profile.zones.iter().map(entry).collect(),
    );
    lists
}

fn list_change(name: &str, old: &Entries, new: &Entries) -> Option<ListChange> {
    let only = |one: &Entries, other: &Entries| -> Vec<String> {
        let mut only: Vec<(&String, &Option<Cidr>)> = one
            .iter()
            .filter(|(text, _)| !other.contains_key(*text))
            .collect();
        // By address where there is one: texts sort 10 before 9.
        only.sort_by_key(|(text, block)| (**block, (*text).clone()));
        only.into_iter().map(|(text, _)| text.clone()).collect()
    };
    let change = ListChange {
        name: name.to_owned(),
        added: only(new, old),
        removed: only(old, new),
        lost: {
            let kept: BTreeSet<Cidr> = new.values().flatten().copied().collect();
            let all: BTreeSet<Cidr> = old.values().flatten().copied().collect();
            all.difference(&kept).copied().collect()
        },
        before: old.len(),
        after: new.len(),
    };
    (!change.added.is_empty() || !change.removed.is_empty()).then_some(change)
}

/// Refuses changes that empty a list or take more than a third of it, unless `accepted` names it.
///
/// # Errors
/// The lists that would lose so much, with what they would lose and how to say that it is right;
/// or an accepted list that is not there.
pub fn check_losses(changes: &[Change], accepted: &[Accepted]) -> Result<(), InputError> {
    let known: Vec<String> = changes
        .iter()
        .flat_map(|c| c.known.iter().map(|list| format!("{}/{list}", c.region)))
        .collect();
    for name in accepted.iter().map(ToString::to_string) {
        if !known.contains(&name) {
            let message = format!("`--accept {name}` names no list of the regions that are read");
            return Err(InputError::new(message).suggest(&name, known.iter().map(String::as_str)));
        }
    }
    let mut flags = Vec::new();
    let mut losses = Vec::new();
    for change in changes {
        for list in change.lists.iter().filter(|list| list.needs_word()) {
            let name = Accepted {
                region: change.region.to_string(),
                list: list.name.clone(),
            };
            if accepted.contains(&name) {
                continue;
            }
            let blocks: Vec<String> = list.lost.iter().map(ToString::to_string).collect();
            losses.push(InputError::new(format!(
                "{name} would lose {} of its {}: {}",
                list.lost.len(),
                list.before,
                blocks.join(", ")
            )));
            flags.push(format!("--accept {name}"));
        }
    }
    let message = match losses.len() {
        0 => return Ok(()),
        1 => "upstream takes away more than a third of a list".to_owned(),
        n => format!("upstream takes away more than a third of {n} lists"),
    };
    let error = losses
        .into_iter()
        .fold(InputError::new(message), InputError::also);
    Err(error.hint(format!(
        "if that is right, say so with `{}`",
        flags.join(" ")
    )))
}
