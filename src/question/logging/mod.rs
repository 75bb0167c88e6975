//! Log policies: what a policy denies, recorded, and no verdict changed.
//!
//! A policy denies in two ways. A Deny rule drops what gets to it and matches (EVAL-7): nothing
//! behind sees that, so the record stands just before the policy. What no rule of the tier decides
//! on, the end of the tier drops, for every policy that governs the endpoint (EVAL-9): the record
//! stands behind the last policy that the endpoint shares with it. Either has the policy's own
//! selector, and no direction that the policy does not govern, so no endpoint is governed that was
//! not before (EVAL-6), and a Log rule decides nothing (MOD-8). Nobody has to believe that: the
//! policies are read back from their text and compiled, and it is proven that every verdict is as
//! before and which packets are recorded.
//!
//! | part | what it does |
//! |---|---|
//! | `denied` | what each policy denies and records, hook by hook |
//! | `place` | the order that a Log policy has |
//! | `remainder` | what of a Deny rule is left behind the rules before it |
//! | `write` | the policies as text, read back |
//! | `wanted` | which policies' denials are wanted |

mod denied;
mod place;
mod remainder;
mod wanted;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::engine::reach::{Assumptions, Reach};
use crate::engine::space::{Space, SpaceError};
use crate::engine::{PolicyId, Program, compile};
use crate::finding::InputError;
use crate::profile::PlatformProfile;
use crate::resource::{Direction, Key, Resource, ResourceSet};

use super::audit::difference;
use super::pods::too_many;
use super::subject::Subject;

use denied::{Cause, Tally};

pub use wanted::{PolicyName, PolicyNameError, Wanted};

/// How the names of Log policies begin.
pub const PREFIX: &str = "log-denied-";

/// A Log policy that records what others deny.
#[derive(Debug, Clone)]
pub struct LogPolicy {
    /// The policy, as it was read back from its text.
    pub resource: Resource,
    /// Whose denials it records, in the order in which they are asked: several where they select
    /// the same endpoints, so that a packet is recorded once.
    pub of: Vec<Key>,
    /// Which of their denials.
    pub part: Part,
    /// What it records, against what they deny.
    pub exactness: Exactness,
}

/// Which denials of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Those of its Deny rules (EVAL-7).
    Rules,
    /// Those of the end of its tier, which drops what no policy decided on (EVAL-9).
    End,
}

/// What is recorded, against what is denied. Proven for all packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exactness {
    /// Every packet that is denied, and no other.
    Exact,
    /// Every packet that is denied, and some that are not: one of them.
    More(String),
    /// Not every packet that is denied: one that is missing.
    Less(String),
}

/// A policy of which something is not recorded, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// The policy.
    pub key: Key,
    /// Why there is nothing, or nothing can be.
    pub reason: String,
    /// Whether it denies something that cannot be recorded; else it denies nothing.
    pub denies: bool,
}

/// What comes of a set of policies.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Log policies, in the order in which they are asked about packets.
    pub policies: Vec<LogPolicy>,
    /// Policies without one, and those that are recorded in part.
    pub silent: Vec<Silent>,
}

impl Part {
    /// The word in the names of Log policies, between [`PREFIX`] and the policy's name.
    fn word(self) -> &'static str {
        match self {
            Self::Rules => "by",
            Self::End => "after",
        }
    }
}

impl LogPolicy {
    /// What it is for, in sentences.
    pub fn described(&self) -> Vec<String> {
        let of: Vec<String> = self.of.iter().map(ToString::to_string).collect();
        let of = of.join(", ");
        let what = match (self.part, self.of.len()) {
            (Part::Rules, 1) => format!("Records what {of} denies by its rules."),
            (Part::Rules, _) => format!("Records what each of {of} denies by its rules."),
            (Part::End, 1) => {
                format!("Records what {of} leaves to the end of the tier, which denies it.")
            }
            (Part::End, _) => {
                format!("Records what {of} together leave to the end of the tier, which denies it.")
            }
        };
        let more = match &self.exactness {
            Exactness::Exact => None,
            Exactness::More(one) => Some(format!(
                "It records more than that: {one} is recorded, and is allowed or may be."
            )),
            Exactness::Less(one) => Some(format!("It records less than that: {one} is missing.")),
        };
        std::iter::once(what).chain(more).collect()
    }
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

/// The policies that record what the `wanted` policies of `subject` deny, each proven: with them no
/// verdict is another, and what each records is held against what is denied.
///
/// Log policies that an earlier call made are taken for absent.
///
/// # Errors
/// A wanted policy is not there; a policy's name leaves no room for a longer one; the proof fails;
/// the selectors tell too many kinds of pods apart, or the sets of packets outgrow the memory set
/// aside for them.
pub fn log_denied(
    subject: &Subject,
    wanted: &Wanted,
    facts: &PlatformProfile,
) -> Result<Recorded, InputError> {
    let bare = without_records(subject);
    let program = compile(&bare.resources, &bare.settings);
    let found = tally(&program, facts)?;
    let chosen = wanted.among(&program)?;
    let mut recorded = Recorded::default();
    let mut drafts = Vec::new();
    for id in chosen {
        let (own, silent) = place::drafts(&program, &found, id);
        drafts.extend(own);
        recorded.silent.extend(silent);
    }
    recorded.policies = write::written(&bare.resources, &program, &found, drafts)?;
    let after = with(&bare, &recorded.policies);
    let changed = compile(&after.resources, &after.settings);
    if let Some(what) = difference(&program, &changed, facts)? {
        return Err(unproven(&what));
    }
    judge(&changed, facts, &mut recorded.policies)?;
    Ok(recorded)
}

/// Holds what each of `policies` records against what is denied where they are in place besides
/// `subject`, and puts them into the order in which they are asked.
///
/// # Errors
/// As [`log_denied`] says.
pub fn exactness_of(
    subject: &Subject,
    policies: &mut [LogPolicy],
    facts: &PlatformProfile,
) -> Result<(), InputError> {
    let after = with(&without_records(subject), policies);
    judge(&compile(&after.resources, &after.settings), facts, policies)
}

/// Refuses Log policies that change a verdict of `subject`, which has none of them.
///
/// # Errors
/// They change one; or as [`log_denied`] says.
pub fn prove_silent(
    subject: &Subject,
    policies: &[LogPolicy],
    facts: &PlatformProfile,
) -> Result<(), InputError> {
    let bare = without_records(subject);
    let after = with(&bare, policies);
    let before = compile(&bare.resources, &bare.settings);
    let after = compile(&after.resources, &after.settings);
    match difference(&before, &after, facts)? {
        Some(what) => Err(unproven(&what)),
        None => Ok(()),
    }
}

fn unproven(what: &str) -> InputError {
    InputError::new(format!(
        "it is not proven that verdicts stay as they are with the Log policies: {what}"
    ))
}

/// The subject without Log policies that were made here.
fn without_records(subject: &Subject) -> Subject {
    let mut resources = ResourceSet::default();
    for resource in subject.resources.iter().filter(|r| !is_record(r)) {
        resources.add(resource.clone());
    }
    Subject {
        resources,
        settings: subject.settings.clone(),
    }
}

/// Whether the object is a Log policy that was made here.
pub fn is_record(resource: &Resource) -> bool {
    let Some(policy) = resource.policy() else {
        return false;
    };
    let own = resource.key.name.rsplit('.').next().unwrap_or_default();
    let lists = [&policy.ingress, &policy.egress];
    let mut rules = lists.into_iter().flatten().flat_map(|list| &list.value);
    let records = |rule: &crate::resource::Rule| {
        let action = rule.action.as_ref().and_then(|a| a.value.valid());
        action == Some(&crate::resource::Action::Log)
    };
    own.starts_with(PREFIX) && rules.all(records)
}

fn with(subject: &Subject, policies: &[LogPolicy]) -> Subject {
    let mut with = subject.clone();
    for policy in policies {
        with.resources.add(policy.resource.clone());
    }
    with
}

fn tally(program: &Program, facts: &PlatformProfile) -> Result<Tally, InputError> {
    let mut reach = reach(program, facts)?;
    denied::tally(&mut reach).map_err(too_large)
}

fn reach<'p>(program: &'p Program, facts: &PlatformProfile) -> Result<Reach<'p>, InputError> {
    let assumptions = Assumptions {
        asked: Vec::new(),
        absent: vec![facts.role_label.clone()],
        services: true,
    };
    Reach::new(program, &assumptions).map_err(|error| too_many(&error, program))
}

fn too_large(error: SpaceError) -> InputError {
    InputError::new(format!("the proof outgrows its memory: {error}"))
        .hint("list the pods there are, or look at parts of the input by themselves")
}

/// Holds what each of `policies`, which `program` has, records against what is denied.
fn judge(
    program: &Program,
    facts: &PlatformProfile,
    policies: &mut [LogPolicy],
) -> Result<(), InputError> {
    let mut reach = reach(program, facts)?;
    let found = denied::tally(&mut reach).map_err(too_large)?;
    let numbers: BTreeMap<&Key, PolicyId> = program
        .policies_numbered()
        .map(|(id, policy)| (&policy.key, id))
        .collect();
    policies.sort_by_key(|policy| numbers.get(&policy.resource.key).copied());
    for policy in policies {
        let of: Vec<PolicyId> = policy
            .of
            .iter()
            .filter_map(|key| numbers.get(key).copied())
            .collect();
        if let Some(own) = numbers.get(&policy.resource.key) {
            policy.exactness =
                exactness(&mut reach, &found, *own, &of, policy.part).map_err(too_large)?;
        }
    }
    Ok(())
}

/// The packets that any of the policies denies, by place.
fn together(
    reach: &mut Reach<'_>,
    found: &Tally,
    of: &[PolicyId],
    direction: Direction,
    cause: Cause,
) -> Result<BTreeMap<usize, Space>, SpaceError> {
    let mut all = BTreeMap::new();
    for id in of {
        for (place, space) in found.part(*id, direction, cause) {
            let known = all.entry(place).or_insert(Space::EMPTY);
            *known = reach.spaces().union(*known, space)?;
        }
    }
    Ok(all)
}

/// Holds what the Log policy `own` records against what `of` deny. What may be allowed, for all that
/// is known, counts as recorded beside.
fn exactness(
    reach: &mut Reach<'_>,
    found: &Tally,
    own: PolicyId,
    of: &[PolicyId],
    part: Part,
) -> Result<Exactness, SpaceError> {
    let (may, must) = match part {
        Part::Rules => (Cause::Rule, Cause::SureRule),
        Part::End => (Cause::End, Cause::End),
    };
    let mut less = None;
    for direction in [Direction::Ingress, Direction::Egress] {
        let logged = found.part(own, direction, Cause::Log);
        let denied = together(reach, found, of, direction, may)?;
        let surely = together(reach, found, of, direction, must)?;
        let places: BTreeSet<usize> = logged.keys().chain(denied.keys()).copied().collect();
        for place in places {
            let at =
                |parts: &BTreeMap<usize, Space>| parts.get(&place).copied().unwrap_or(Space::EMPTY);
            let (logged, denied, surely) = (at(&logged), at(&denied), at(&surely));
            let spaces = reach.spaces();
            let missing = spaces.difference(denied, logged)?;
            if let Some(one) = spaces.witness(missing) {
                less.get_or_insert(one.to_string());
            }
            let beside = spaces.difference(logged, surely)?;
            if let Some(one) = spaces.witness(beside) {
                return Ok(Exactness::More(one.to_string()));
            }
        }
    }
    Ok(less.map_or(Exactness::Exact, Exactness::Less))
}
