//! What an import changes, and which losses need a person's word.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::finding::InputError;
use crate::net::{Cidr, PortRange};
use crate::profile::{
    Name, Network, RangesProfile, RegionProfile, ServiceGroup, is_great_loss, told_loss,
};
use crate::yaml::Located;

/// What changes in a region, or in the ranges of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The region or the operator.
    pub profile: Name,
    /// Whether it had no profile.
    pub is_new: bool,
    /// The lists that have other entries, in the profile's order; those that vanish come last.
    pub lists: Vec<ListChange>,
    /// Whether the same services or ports stand in another order.
    pub is_reordered: bool,
    /// The name of every list that is or was there.
    #[serde(skip)]
    pub known: BTreeSet<String>,
}

/// What changes in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListChange {
    /// The list's name.
    pub name: String,
    /// Entries that come, sorted.
    pub added: Vec<String>,
    /// Entries that go, sorted.
    pub removed: Vec<String>,
    /// Whether it is one of address blocks, and not of ports or zones.
    #[serde(skip)]
    pub is_of_blocks: bool,
    /// The network on which its addresses are.
    #[serde(skip)]
    pub network: Network,
    /// The address blocks that it had.
    #[serde(skip)]
    pub held: Vec<Cidr>,
    /// The address blocks that come.
    #[serde(skip)]
    pub coming: Vec<Cidr>,
    /// What is lost, sorted: the address blocks that go, since an entry may change and keep its
    /// block, and of other lists the entries that go.
    #[serde(skip)]
    pub lost: Vec<String>,
    /// How many entries there were.
    pub before: usize,
    /// How many there are now.
    pub after: usize,
}

/// What a person accepts by its name: that a list loses more than a third or gets blocks that are not
/// expected in it, or that a policy of upstream's is not as it is rendered. It is written
/// `REGION/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    /// The region, the operator of ranges, or [`EVERY_REGION`].
    pub region: String,
    /// The list or the policy.
    pub name: String,
}

/// The word for every region that is read.
pub const EVERY_REGION: &str = "*";

impl FromStr for Accepted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once('/')
            .filter(|(region, name)| !region.is_empty() && !name.is_empty() && !name.contains('/'));
        let (region, name) = parts.ok_or_else(|| {
            "it is written REGION/LIST or REGION/POLICY, such as `us-south/control-plane-private`"
                .to_owned()
        })?;
        Ok(Self {
            region: region.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.region, self.name)
    }
}

impl Change {
    /// Whether no fact changes. The commit that the facts come from may.
    pub fn is_empty(&self) -> bool {
        !self.is_new && self.lists.is_empty() && !self.is_reordered
    }

    /// The name by which a person accepts what changes in a list.
    pub(super) fn accepted(&self, list: &ListChange) -> Accepted {
        Accepted {
            region: self.profile.to_string(),
            name: list.name.clone(),
        }
    }
}

impl ListChange {
    /// Whether the list is emptied or loses more than a third. A group that vanishes takes its
    /// ports with it, and the word for the group is enough.
    fn needs_word(&self) -> bool {
        let vanishes_with_its_group = self.after == 0 && self.name.ends_with(PORTS);
        !vanishes_with_its_group && is_great_loss(self.lost.len(), self.before, self.after)
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
            let entries = after.get(name).unwrap_or(&none);
            // A list that is gone was on the network that its name tells.
            list_change(name, RegionProfile::network_of(name), old, entries)
        })
        .collect::<Vec<_>>();
    Change {
        profile: new.region.value.clone(),
        is_new: old.is_none(),
        is_reordered: changed.is_empty() && old.is_some_and(|old| order(old) != order(new)),
        lists: in_order(changed, new),
        known: after.keys().chain(before.keys()).cloned().collect(),
    }
}

/// What changes when `new` takes the place of `old`, both the ranges of one operator.
pub fn compare_ranges(old: Option<&RangesProfile>, new: &RangesProfile) -> Change {
    let entries = |profile: &RangesProfile, at: usize| -> Entries {
        let lists = profile.lists();
        let blocks = lists
            .get(at)
            .into_iter()
            .flat_map(|(_, list)| list.blocks());
        blocks
            .map(|block| (block.to_string(), Some(block)))
            .collect()
    };
    let lists = new.lists().into_iter().enumerate();
    let changed = lists.filter_map(|(at, (name, _))| {
        let before = old.map(|old| entries(old, at)).unwrap_or_default();
        list_change(name, RangesProfile::NETWORK, &before, &entries(new, at))
    });
    Change {
        profile: new.ranges.clone(),
        is_new: old.is_none(),
        is_reordered: false,
        lists: changed.collect(),
        known: new.lists().map(|(name, _)| name.to_owned()).into(),
    }
}

/// The names of the lists of address blocks.
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

/// How the name of a group's list of ports ends. No group's own name has a dot.
const PORTS: &str = ".ports";

fn ports_of(list: &str) -> String {
    format!("{list}{PORTS}")
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
        let entry = |port: &Located<_>| (format!("{} {}", group.protocol, port.value), None);
        lists.insert(
            ports_of(&group.list_name()),
            group.ports.iter().map(entry).collect(),
        );
    }
    let entry = |zone: &Located<Name>| (zone.to_string(), None);
    lists.insert(
        "zones".to_owned(),
        profile.zones.iter().map(entry).collect(),
    );
    lists
}

fn list_change(name: &str, network: Network, old: &Entries, new: &Entries) -> Option<ListChange> {
    let only = |one: &Entries, other: &Entries| -> Vec<String> {
        let mut only: Vec<(&String, &Option<Cidr>)> = one
            .iter()
            .filter(|(text, _)| !other.contains_key(*text))
            .collect();
        // By address where there is one: texts sort 10 before 9.
        only.sort_by_key(|(text, block)| (**block, (*text).clone()));
        only.into_iter().map(|(text, _)| text.clone()).collect()
    };
    let blocks = |entries: &Entries| entries.values().flatten().copied().collect::<BTreeSet<_>>();
    let held = blocks(old);
    let change = ListChange {
        name: name.to_owned(),
        network,
        coming: blocks(new).difference(&held).copied().collect(),
        held: held.into_iter().collect(),
        added: only(new, old),
        removed: only(old, new),
        is_of_blocks: old.values().chain(new.values()).any(Option::is_some),
        lost: lost(old, new),
        before: old.len(),
        after: new.len(),
    };
    (!change.added.is_empty() || !change.removed.is_empty()).then_some(change)
}

/// What `old` has and `new` has not: address blocks, whatever else their entries say, and other
/// entries.
fn lost(old: &Entries, new: &Entries) -> Vec<String> {
    let kept: BTreeSet<Cidr> = new.values().flatten().copied().collect();
    let all: BTreeSet<Cidr> = old.values().flatten().copied().collect();
    let blocks = all.difference(&kept).map(ToString::to_string);
    let others = old
        .iter()
        .filter(|(text, block)| block.is_none() && !new.contains_key(*text))
        .map(|(text, _)| text.clone());
    blocks.chain(others).collect()
}

/// Refuses what is accepted although it is not there: `changes` are the regions that are read,
/// `policies` the names of the policies that any of them may have.
///
/// # Errors
/// The first such name, with the nearest right ones.
pub fn check_accepted(
    changes: &[Change],
    policies: &BTreeSet<String>,
    accepted: &[Accepted],
) -> Result<(), InputError> {
    for accepted in accepted {
        let name = accepted.to_string();
        let lists: BTreeSet<&String> = if accepted.region == EVERY_REGION {
            let mut lists = changes.iter().flat_map(|change| &change.known);
            if lists.any(|list| *list == accepted.name) {
                let message = format!("`--accept {name}` names a list without its region");
                return Err(InputError::new(message).hint("lists are accepted region by region"));
            }
            BTreeSet::new()
        } else {
            let mut regions = changes.iter();
            let Some(change) = regions.find(|c| c.profile.as_str() == accepted.region) else {
                let message = format!("`--accept {name}` names no region that is read");
                let known = changes.iter().map(|change| change.profile.as_str());
                return Err(InputError::new(message).suggest(&accepted.region, known));
            };
            change.known.iter().collect()
        };
        let known: Vec<&str> = lists
            .into_iter()
            .chain(policies)
            .map(String::as_str)
            .collect();
        if !known.contains(&accepted.name.as_str()) {
            let message = if accepted.region == EVERY_REGION {
                format!("`--accept {name}` names no policy of the regions that are read")
            } else {
                format!("`--accept {name}` names no list and no policy of the region")
            };
            return Err(InputError::new(message).suggest(&accepted.name, known));
        }
    }
    Ok(())
}

/// Why an update is not taken over unless a person says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The name by which it is accepted.
    pub name: Accepted,
    /// What speaks against it, in a sentence that begins with the name.
    pub text: String,
}

/// The lists that are emptied or lose more than a third.
pub fn losses(changes: &[Change]) -> Vec<Objection> {
    let lists = changes.iter().flat_map(|change| {
        let lists = change.lists.iter().filter(|list| list.needs_word());
        lists.map(|list| (change.accepted(list), list))
    });
    lists
        .map(|(name, list)| Objection {
            text: told_loss(&name.to_string(), &list.lost, list.before),
            name,
        })
        .collect()
}
