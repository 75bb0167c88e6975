//! The clusters before and after: what is in place where what differs is brought from one side to
//! the other.

use std::collections::BTreeSet;

use crate::resource::{Key, Resource, ResourceSet, normal_form};

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
                    changed || !otherwise([was, is], [old, new]).is_empty()
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
        set.add_all(own);
        set.add_missing(other, |resource| !is_of_side(resource));
        set
    })
}

/// The objects that are not compared and that both sides write otherwise, as namespaces with their
/// labels.
pub fn differing_facts(old: &Side, new: &Side) -> Vec<Key> {
    let pairs = old.parts.iter();
    let pairs = pairs.filter_map(|(part, was)| Some((was, new.parts.get(part)?)));
    let mut keys: Vec<Key> = Vec::new();
    for (was, is) in pairs {
        let is_fact = |key: &&&Key| {
            let one = was.get(key);
            one.is_some_and(|one| !is_compared([Some(one), None]))
        };
        let own = otherwise([was, is], [old, new]);
        keys.extend(own.iter().filter(is_fact).map(|key| (*key).clone()));
    }
    keys
}

/// What both sides have and write otherwise though it is no change: objects that are not compared,
/// as namespaces with their labels, and of files also those of which only what is ignored differs.
/// A selector may ask for it, and what that comes to is for the flows to say. What a cluster adds to
/// labels is no file's to have.
pub(in crate::question) fn otherwise<'a>(
    [was, is]: [&'a ResourceSet; 2],
    sides: [&Side; 2],
) -> Vec<&'a Key> {
    let is_live = sides.iter().any(|side| side.is_live);
    let pairs = was.iter().filter_map(|one| Some((one, is.get(&one.key)?)));
    let differ = pairs.filter(|(one, other)| {
        if !is_compared([Some(one), None]) {
            return written(one) != written(other);
        }
        !is_live && written(one) != written(other) && normal_form(one) != normal_form(other)
    });
    differ.map(|(one, _)| &one.key).collect()
}

fn written(resource: &Resource) -> Option<&str> {
    resource.input.text.get(resource.span.range())
}
