//! Log policies as text, read back.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::engine::{PolicyId, Program};
use crate::finding::{Finding, Input, InputError, Severity};
use crate::resource::validate::{Rules, validate};
use crate::resource::{
    Action, Api, Direction, Key, Kind, Resource, ResourceSet, convert, number, read, stored_form,
};
use crate::yaml::to_text;

use super::denied::Tally;
use super::place::{Draft, tier_name};
use super::remainder::{Criteria, remainder};
use super::{Exactness, LogPolicy, PREFIX, Part};

/// The longest name of an object (VAL).
const LONGEST_NAME: usize = 253;

/// What of a policy's spec says to which endpoints and at which hooks it applies.
const KEPT: [&str; 7] = [
    "tier",
    "selector",
    "namespaceSelector",
    "serviceAccountSelector",
    "doNotTrack",
    "preDNAT",
    "applyOnForward",
];

/// The tier that names say nothing of.
const DEFAULT_TIER: &str = "default";

/// The drafts as policies, one for those that select the same endpoints and record the same.
pub(super) fn written(
    resources: &ResourceSet,
    program: &Program,
    found: &Tally,
    drafts: Vec<Draft>,
) -> Result<Vec<LogPolicy>, InputError> {
    let mut groups: Vec<Group> = Vec::new();
    for draft in drafts {
        let Some(spec) = Spec::of(resources, program, found, &draft) else {
            continue;
        };
        let known = groups.iter_mut().find(|known| match draft.part {
            Part::Rules => known.draft.part == Part::Rules && known.spec == spec,
            Part::End => known.draft.part == Part::End && known.spec.applies_as(&spec),
        });
        match known {
            Some(known) => {
                known.of.push(draft.of);
                known.draft.take_in(&draft);
                if let Some(spec) = Spec::of(resources, program, found, &known.draft) {
                    known.spec = spec;
                }
            }
            None => groups.push(Group {
                of: vec![draft.of],
                draft,
                spec,
            }),
        }
    }
    let mut taken: BTreeSet<Key> = resources.iter().map(|r| r.key.clone()).collect();
    let mut policies = Vec::with_capacity(groups.len());
    for group in groups {
        let (spec, part) = (group.spec, group.draft.part);
        let of: Vec<Key> = group
            .of
            .into_iter()
            .filter_map(|id| program.policy(id).map(|policy| policy.key.clone()))
            .collect();
        let Some(first) = of.first() else {
            continue;
        };
        let key = name(first, part, &spec, &mut taken)?;
        policies.push(LogPolicy {
            resource: spec.resource(&key)?,
            of,
            part,
            exactness: Exactness::Exact,
        });
    }
    Ok(policies)
}

/// Policies that share one Log policy.
struct Group {
    of: Vec<PolicyId>,
    draft: Draft,
    spec: Spec,
}

/// What a Log policy says, in several ways to say it.
#[derive(Debug, Clone, PartialEq)]
struct Spec {
    namespace: Option<String>,
    tier: String,
    /// The first that the API takes is written.
    ways: Vec<Map<String, Value>>,
}

impl Spec {
    fn of(
        resources: &ResourceSet,
        program: &Program,
        found: &Tally,
        draft: &Draft,
    ) -> Option<Self> {
        let policy = program.policy(draft.of)?;
        let resource = resources.get(&policy.key)?;
        let held = match convert(resource, program.era()) {
            Some(converted) => Cow::Owned(converted),
            None => Cow::Borrowed(resource),
        };
        let form = stored_form(&held);
        let own = form.get("spec")?.as_object()?;
        let tier = tier_name(program, policy).to_owned();
        let mut spec = Map::new();
        for key in KEPT {
            if let Some(value) = own.get(key) {
                spec.insert(key.to_owned(), value.clone());
            }
        }
        spec.insert("tier".to_owned(), json!(tier));
        spec.insert("order".to_owned(), number(draft.order));
        let words: Vec<&str> = draft.directions.iter().map(|d| d.word()).collect();
        spec.insert("types".to_owned(), json!(words));
        let ways: [bool; 2] = [true, false];
        let ways = ways.map(|exact| {
            let mut spec = spec.clone();
            for direction in &draft.directions {
                let rules = match draft.part {
                    Part::End => vec![log(Map::new())],
                    Part::Rules => {
                        let denying = found.denying.get(&(draft.of, *direction));
                        rules(own, *direction, denying, exact)
                    }
                };
                spec.insert(list_of(*direction).to_owned(), json!(rules));
            }
            spec
        });
        let mut ways = Vec::from(ways);
        ways.dedup();
        Some(Self {
            namespace: resource.key.namespace.clone(),
            tier,
            ways,
        })
    }

    /// Whether the other applies to the same endpoints at the same hooks, in whichever directions.
    fn applies_as(&self, other: &Self) -> bool {
        let kept = |spec: &Self| {
            let way = spec.ways.first();
            KEPT.map(|key| way.and_then(|way| way.get(key)).cloned())
        };
        self.namespace == other.namespace && kept(self) == kept(other)
    }

    /// The policy in the first way that the API takes.
    fn resource(&self, key: &Key) -> Result<Resource, InputError> {
        let mut refused = None;
        for spec in &self.ways {
            let mut metadata = Map::new();
            metadata.insert("name".to_owned(), json!(key.name));
            if let Some(namespace) = &key.namespace {
                metadata.insert("namespace".to_owned(), json!(namespace));
            }
            let object = json!({
                "apiVersion": Api::CALICO_V3,
                "kind": key.kind.word(),
                "metadata": metadata,
                "spec": spec,
            });
            let input = Input::new(format!("{key} (made)"), to_text(&object)?);
            let (resources, mut findings) = read(&input);
            let mut set = ResourceSet::default();
            for resource in &resources {
                set.add(resource.clone());
            }
            findings.extend(validate(&set, Rules::default()));
            let wrong = findings.into_iter().find(|f| f.severity == Severity::Error);
            match (wrong, resources.into_iter().next()) {
                (None, Some(resource)) => return Ok(resource),
                (wrong, _) => refused = wrong.or(refused),
            }
        }
        let error = refused.map(Finding::into_error);
        Err(error.unwrap_or_else(|| InputError::new(format!("{key} cannot be written"))))
    }
}

fn list_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

/// `rule` as one that records.
fn log(mut rule: Criteria) -> Value {
    rule.insert("action".to_owned(), json!(Action::Log.word()));
    Value::Object(rule)
}

/// A Log rule for each Deny rule that drops anything; `exact` for what is left of it behind the
/// rules before it, as far as that can be said.
fn rules(
    own: &Map<String, Value>,
    direction: Direction,
    denying: Option<&BTreeMap<u32, BTreeSet<u32>>>,
    exact: bool,
) -> Vec<Value> {
    let list = own.get(list_of(direction)).and_then(Value::as_array);
    let criteria = |index: u32| {
        let rule = list?.get(index as usize)?.as_object()?;
        let mut rule = rule.clone();
        rule.remove("action");
        Some(rule)
    };
    let mut rules = Vec::new();
    for (index, overlapping) in denying.into_iter().flatten() {
        let Some(rule) = criteria(*index) else {
            continue;
        };
        let before: Vec<Criteria> = overlapping.iter().filter_map(|i| criteria(*i)).collect();
        let before: Vec<&Criteria> = before.iter().collect();
        let left = if exact {
            remainder(&rule, &before)
        } else {
            None
        };
        let left = left.unwrap_or_else(|| vec![rule]);
        for rule in left.into_iter().map(log) {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    rules
}

/// A name for the Log policy of `first`, and not one of those that are taken.
fn name(
    first: &Key,
    part: Part,
    spec: &Spec,
    taken: &mut BTreeSet<Key>,
) -> Result<Key, InputError> {
    let tiered = format!("{}.", spec.tier);
    let own = first.name.strip_prefix(&tiered).unwrap_or(&first.name);
    // Up to Calico 3.31 what stands before a dot is a tier (STORE-7).
    let own = own.replace('.', "-");
    let tier = match spec.tier.as_str() {
        DEFAULT_TIER => "",
        _ => &tiered,
    };
    let kind = match spec.namespace {
        Some(_) => Kind::NetworkPolicy,
        None => Kind::GlobalNetworkPolicy,
    };
    let base = format!("{tier}{PREFIX}{}-{own}", part.word());
    let numbered = (2..).map(|number: u32| format!("{base}-{number}"));
    for name in std::iter::once(base.clone()).chain(numbered) {
        if name.len() > LONGEST_NAME {
            break;
        }
        let key = Key {
            kind: kind.clone(),
            namespace: spec.namespace.clone(),
            name,
        };
        if taken.insert(key.clone()) {
            return Ok(key);
        }
    }
    Err(InputError::new(format!(
        "the name `{base}` of the policy that records what {first} denies is longer than \
         {LONGEST_NAME} characters"
    ))
    .hint("give the policy a shorter name"))
}
