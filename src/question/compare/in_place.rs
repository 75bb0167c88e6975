//! The clusters before and after: what is in place where what differs is brought from one side to
//! the other.

use std::collections::BTreeSet;

use crate::resource::{Key, Resource, ResourceSet};

use super::{Comparison, Side, is_compared};

/// What is in place in one part, before and after.
#[derive(Debug, Clone)]
pub struct InPlace {
    /// The part; empty where there is one.
    pub part: String,
    /// Whether something differs that may bear on flows.
    pub differs: bool,
    /// What is there before; nothing where the new side alone has the part.
    pub before: Option<ResourceSet>,
    /// What is there after; nothing where the old side alone has the part.
    pub after: Option<ResourceSet>,
}

impl InPlace {
    /// Every cluster there is, before and after: each side names some of it, and what it does not name
    /// and no change of policies takes away stays. Nothing where the sides do not differ.
    pub fn of(old: &Side, new: &Side, found: &Comparison) -> Vec<Self> {
        let names: BTreeSet<&String> = old.parts.keys().chain(new.parts.keys()).collect();
        let parts = names.into_iter().map(|part| {
            let pair = [old.parts.get(part), new.parts.get(part)];
            let differs = match pair {
                [Some(was), Some(is)] => {
                    let changed = found.changes.iter().any(|change| change.part == *part);
                    changed || facts_differ(was, is)
                }
                _ => true,
            };
            (part, pair, differs)
        });
        let parts: Vec<_> = parts.collect();
        if !parts.iter().any(|(.., differs)| *differs) {
            return Vec::new();
        }
        parts
            .into_iter()
            .map(|(part, pair, differs)| {
                let [before, after] = match pair {
                    [Some(was), Some(is)] => in_place([was, is], found).map(Some),
                    alone => alone.map(Option::<&_>::cloned),
                };
                Self {
                    part: part.clone(),
                    differs,
                    before,
                    after,
                }
            })
            .collect()
    }

    /// Adds an object to both clusters that neither side names.
    pub fn add(&mut self, resource: &Resource) {
        for set in [&mut self.before, &mut self.after].into_iter().flatten() {
            if set.get(&resource.key).is_none() {
                set.add(resource.clone());
            }
        }
    }
}

/// What is in place before and after: what each side names, and of what it does not name all that no
/// change of policies takes away.
pub(in crate::question) fn in_place(
    parts: [&ResourceSet; 2],
    found: &Comparison,
) -> [ResourceSet; 2] {
    let stay: BTreeSet<&Key> = found
        .unmanaged
        .iter()
        .chain(&found.unseen)
        .chain(found.platform.iter().map(|(own, _)| own))
        .collect();
    let is_of_side =
        |resource: &Resource| is_compared([Some(resource), None]) && !stay.contains(&resource.key);
    let [old, new] = parts;
    [(old, new), (new, old)].map(|(own, other)| {
        let mut set = ResourceSet::default();
        for resource in own.iter() {
            set.add(resource.clone());
        }
        for resource in other.iter().filter(|resource| !is_of_side(resource)) {
            if set.get(&resource.key).is_none() {
                set.add(resource.clone());
            }
        }
        set
    })
}

/// Whether the sides write something else of an object that is not compared and may bear on flows, as
/// of a namespace's labels. What that comes to is for the flows to say.
fn facts_differ(old: &ResourceSet, new: &ResourceSet) -> bool {
    let facts = old.iter().filter(|one| !is_compared([Some(one), None]));
    facts.into_iter().any(|one| {
        let other = new.get(&one.key);
        other.is_some_and(|other| written(one) != written(other))
    })
}

fn written(resource: &Resource) -> Option<&str> {
    resource.input.text.get(resource.span.range())
}
