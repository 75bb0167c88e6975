//! What two sets of resources differ in.
//!
//! Objects are held against each other in their normal form (STORE-12), lists whose order means
//! nothing as sets, and without what [`IgnoreRule`]s take out. What the platform owns is never
//! claimed, and what only a cluster has and nobody manages is told apart from what is missing.

pub(in crate::question) mod flows;
mod form;
mod ignore;
mod in_place;
mod intents;

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{InputError, Origin, Place};
use crate::resource::{Body, Key, Kind, Resource, ResourceSet};
use crate::yaml::to_text;

pub use flows::changed_flows;
pub use ignore::IgnoreRule;
pub use in_place::{InPlace, differing_facts};
pub(in crate::question) use in_place::{in_place, otherwise};
pub use intents::{Turn, Turned, turns};

use form::Forms;

/// The label that says by what an object is managed, and what it says of Palisade.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "palisade");

/// The label that says of which bundle an object is.
pub const BUNDLE: &str = "palisade/bundle";

/// One side of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// How the user named it.
    pub name: String,
    /// Its objects. A folder that holds bundles of several clusters has a part for each of them, by
    /// the path of its folder; elsewhere all are of one part without a name.
    pub parts: BTreeMap<String, ResourceSet>,
    /// Kinds whose objects could not be seen.
    pub unseen: BTreeSet<Kind>,
    /// Whether it is a running cluster: it holds much that nobody manages by files.
    pub is_live: bool,
}

impl Side {
    /// Every object of every part.
    pub(super) fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.parts.values().flat_map(ResourceSet::iter)
    }
}

/// How to compare.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// What is taken out of both sides first, in the order in which it is listed.
    pub ignore: Vec<IgnoreRule>,
    /// Whether objects that only a cluster has and nobody manages count as differences.
    pub all: bool,
    /// Names of policies that Palisade would render, a set for each network.
    pub rendered: Vec<BTreeSet<String>>,
    /// The label by which the platform marks its host endpoints.
    pub role_label: String,
}

/// What two sets of resources differ in.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// How the user named the sides, the old one first.
    pub sides: [String; 2],
    /// What differs, sorted by key.
    pub changes: Vec<Change>,
    /// How many objects are the same on both sides.
    pub same: usize,
    /// Objects that only a cluster has and nobody manages; empty where they are among the changes.
    pub unmanaged: Vec<Key>,
    /// Host endpoints of the platform's own, each with whether the other side has it too.
    pub platform: Vec<(Key, bool)>,
    /// How many objects of kinds were not compared, since nothing that is known of them bears on
    /// policy.
    pub not_compared: BTreeMap<Kind, usize>,
    /// Objects whose kind could not be seen on the other side.
    pub unseen: Vec<Key>,
    /// The rules that were asked for, each with how many values it took out.
    pub ignored: Vec<(IgnoreRule, usize)>,
    /// What changes in flows; nothing where that was not asked.
    pub flows: Option<FlowChanges>,
}

/// What changes in flows from the old side to the new one.
#[derive(Debug, Clone, Default)]
pub struct FlowChanges {
    /// What passes from now on, each space with one flow of it.
    pub opened: Vec<FlowChange>,
    /// What no longer passes.
    pub closed: Vec<FlowChange>,
    /// Of what it is not known any more whether it passes.
    pub blurred: Vec<FlowChange>,
    /// Endpoints that one side alone has: no flow of theirs is compared.
    pub not_compared: Vec<String>,
}

impl FlowChanges {
    /// Whether every flow that is compared is treated as before.
    pub fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.closed.is_empty() && self.blurred.is_empty()
    }
}

/// A space of flows whose verdict changes.
#[derive(Debug, Clone)]
pub struct FlowChange {
    /// The space, in a sentence.
    pub space: String,
    /// One flow of it.
    pub witness: String,
    /// What decided on that flow on the old side.
    pub before: String,
    /// What decides on it on the new one.
    pub after: String,
}

/// An object that differs.
#[derive(Debug, Clone)]
pub struct Change {
    /// Of which part it is; empty where there is one part.
    pub part: String,
    /// Which.
    pub key: Key,
    /// Where it stands on the old side, and what it says there; nothing where it is added.
    pub old: Option<Stated>,
    /// The same of the new side; nothing where it is removed.
    pub new: Option<Stated>,
}

/// What one side says of an object.
#[derive(Debug, Clone)]
pub struct Stated {
    /// Where.
    pub place: Place,
    /// What, as YAML of the form that was compared.
    pub text: String,
}

/// What is to be done with an object to get from the old side to the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Make it.
    Added,
    /// Take it away.
    Removed,
    /// Change it.
    Changed,
}

impl What {
    /// Every one, in the order of summaries.
    pub const ALL: [Self; 3] = [Self::Added, Self::Removed, Self::Changed];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

impl Change {
    /// What is to be done.
    pub fn what(&self) -> What {
        match (&self.old, &self.new) {
            (None, _) => What::Added,
            (_, None) => What::Removed,
            _ => What::Changed,
        }
    }
}

/// How a comparison ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The sides say the same.
    Same,
    /// They do not.
    Differs,
    /// They do as far as can be seen, and not everything can.
    Unseen,
}

impl Comparison {
    /// How it ends.
    pub fn verdict(&self) -> Verdict {
        let flows = self.flows.as_ref().is_some_and(|flows| !flows.is_empty());
        if !self.changes.is_empty() || flows {
            Verdict::Differs
        } else if self.unseen.is_empty() {
            Verdict::Same
        } else {
            Verdict::Unseen
        }
    }

    /// How many objects `what` is to be done with.
    pub fn count(&self, what: What) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.what() == what).count()
    }
}

/// Compares two sides: what changes from `old` to `new`.
///
/// # Errors
/// An object that cannot be written as YAML, which none is that was read.
pub fn compare(old: &Side, new: &Side, manner: &Manner) -> Result<Comparison, InputError> {
    let mut rules = manner.ignore.clone();
    if is_labelled_side(old) != is_labelled_side(new) {
        rules.extend(IgnoreRule::of_layouts());
    }
    let mut forms = Forms::new(&rules, [old, new]);
    let mut found = Comparison {
        sides: [old.name.clone(), new.name.clone()],
        changes: Vec::new(),
        same: 0,
        unmanaged: Vec::new(),
        platform: Vec::new(),
        not_compared: BTreeMap::new(),
        unseen: Vec::new(),
        ignored: Vec::new(),
        flows: None,
    };
    let parts: BTreeSet<&String> = old.parts.keys().chain(new.parts.keys()).collect();
    for part in parts {
        let views = [old, new].map(|side| View {
            side,
            part: side.parts.get(part),
        });
        compare_part(part, &views, manner, &mut forms, &mut found)?;
    }
    found.ignored = forms.ignored();
    Ok(found)
}

/// A part of a side, beside what holds for the whole of it.
struct View<'a> {
    side: &'a Side,
    part: Option<&'a ResourceSet>,
}

impl<'a> View<'a> {
    fn iter(&self) -> impl Iterator<Item = &'a Resource> {
        self.part.into_iter().flat_map(ResourceSet::iter)
    }

    fn get(&self, key: &Key) -> Option<&'a Resource> {
        self.part.and_then(|part| part.get(key))
    }
}

fn compare_part(
    part: &str,
    views: &[View<'_>; 2],
    manner: &Manner,
    forms: &mut Forms<'_>,
    found: &mut Comparison,
) -> Result<(), InputError> {
    let keys: BTreeSet<&Key> = views
        .iter()
        .flat_map(|view| view.iter().map(|resource| &resource.key))
        .collect();
    for key in keys {
        let pair = views.each_ref().map(|view| view.get(key));
        if !is_compared(pair) {
            // Of a cluster's own nodes and pods nobody expects it.
            let counts = pair
                .iter()
                .flatten()
                .any(|r| r.input.origin != Origin::Live);
            if counts {
                *found.not_compared.entry(key.kind.clone()).or_default() += 1;
            }
            continue;
        }
        let missing = pair.iter().zip(views).find(|(one, _)| one.is_none());
        if missing.is_some_and(|(_, view)| view.side.unseen.contains(&key.kind)) {
            found.unseen.push(key.clone());
            continue;
        }
        if pair
            .iter()
            .flatten()
            .any(|r| forms.is_platforms(r, &manner.role_label))
        {
            let both = pair.iter().all(Option::is_some);
            found.platform.push((key.clone(), both));
            continue;
        }
        if !manner.all && is_unmanaged(pair, views, manner) {
            found.unmanaged.push(key.clone());
            continue;
        }
        let [old, new] = pair;
        let [was, is] = forms.of_pair(pair);
        let (was, is) = (old.zip(was), new.zip(is));
        if let (Some((_, was)), Some((_, is))) = (&was, &is)
            && was == is
        {
            found.same += 1;
            continue;
        }
        let stated = |side: Option<(&Resource, serde_json::Value)>| {
            side.map(|(resource, form)| {
                Ok::<_, InputError>(Stated {
                    place: resource.place(),
                    text: to_text(&form)?,
                })
            })
            .transpose()
        };
        found.changes.push(Change {
            part: part.to_owned(),
            key: key.clone(),
            old: stated(was)?,
            new: stated(is)?,
        });
    }
    Ok(())
}

/// Whether the objects are of a kind whose meaning is known whole.
pub(in crate::question) fn is_compared(pair: [Option<&Resource>; 2]) -> bool {
    let mut bodies = pair.into_iter().flatten().map(|resource| &resource.body);
    bodies.any(|body| {
        matches!(
            body,
            Body::Policy(_)
                | Body::KubernetesPolicy(_)
                | Body::ClusterPolicy(_)
                | Body::NetworkSet(_)
                | Body::HostEndpoint(_)
                | Body::Tier(_)
        )
    })
}

/// Whether an object is in a cluster alone and nobody manages it: neither does its label say so, nor
/// would Palisade render a policy of its name beside those of the other side.
fn is_unmanaged(pair: [Option<&Resource>; 2], views: &[View<'_>; 2], manner: &Manner) -> bool {
    let [old, new] = views;
    let (resource, other) = match pair {
        [Some(resource), None] => (resource, new),
        [None, Some(resource)] => (resource, old),
        _ => return false,
    };
    // Two clusters are compared for all that they hold.
    if resource.input.origin != Origin::Live || other.side.is_live {
        return false;
    }
    if is_labelled(resource) {
        let bundle = resource.metadata.label(BUNDLE);
        let of_bundle = |one: &Resource| one.metadata.label(BUNDLE) == bundle;
        if bundle.is_none() || other.iter().any(of_bundle) {
            return false;
        }
        // A side without labels, such as a render, says of no object which bundle it is of: then
        // names tell.
        if other.iter().any(is_labelled) {
            return true;
        }
    }
    let is_policy = resource.key.kind == Kind::GlobalNetworkPolicy;
    let name = &resource.key.name;
    let networks = manner.rendered.iter().filter(|names| names.contains(name));
    let rendered_beside = networks.into_iter().any(|names| {
        let mut others = other.iter();
        others.any(|one| one.key.kind == Kind::GlobalNetworkPolicy && names.contains(&one.key.name))
    });
    !(is_policy && rendered_beside)
}

/// Whether something of a side says of itself that Palisade manages it. What is rendered or laid out
/// plainly does not.
fn is_labelled_side(side: &Side) -> bool {
    side.resources().any(is_labelled)
}

/// Whether an object says of itself that Palisade manages it.
fn is_labelled(resource: &Resource) -> bool {
    resource.metadata.label(MANAGED_BY.0) == Some(MANAGED_BY.1)
}
