//! Where Log policies stand: before the policy whose rules deny, and behind the last one that may
//! still allow.

use std::cmp::Ordering;

use crate::engine::{Policy, PolicyId, Program};
use crate::resource::Direction;

use super::denied::{Cause, Tally};
use super::{Part, Silent};

/// A Log policy that is to be written.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// Whose denials.
    pub(super) of: PolicyId,
    pub(super) part: Part,
    /// In which directions there are any.
    pub(super) directions: Vec<Direction>,
    /// Its order.
    pub(super) order: f64,
}

impl Draft {
    /// Records what `other` does, too: in its directions, and behind all that this one or it is
    /// behind.
    pub(super) fn take_in(&mut self, other: &Self) {
        let has = |direction: &Direction| {
            self.directions.contains(direction) || other.directions.contains(direction)
        };
        self.directions = BOTH.into_iter().filter(has).collect();
        self.order = self.order.max(other.order);
    }
}

const BOTH: [Direction; 2] = [Direction::Ingress, Direction::Egress];

/// What records the denials of the policy `id`, and why something or all of them is not recorded.
pub(super) fn drafts(
    program: &Program,
    found: &Tally,
    id: PolicyId,
) -> (Vec<Draft>, Option<Silent>) {
    let Some(policy) = program.policy(id) else {
        return (Vec::new(), None);
    };
    let silent = |reason: String, denies: bool| Silent {
        key: policy.key.clone(),
        reason,
        denies,
    };
    let nothing = |reason: &str| (Vec::new(), Some(silent(reason.to_owned(), false)));
    if policy.staged {
        return nothing("it is only staged, and denies nothing");
    }
    if !found.reached.contains(&id) {
        return nothing("it applies to no worker or pod, or no packet gets there");
    }
    let directions = |cause| -> Vec<Direction> {
        let has = |direction: &Direction| found.has(id, *direction, cause);
        BOTH.into_iter().filter(has).collect()
    };
    let (by_rules, by_end) = (directions(Cause::Rule), directions(Cause::End));
    if by_rules.is_empty() && by_end.is_empty() {
        return nothing(
            "it denies nothing: whatever it does not allow is decided by other policies",
        );
    }
    let mut drafts = Vec::new();
    let mut missing = Vec::new();
    let mut place = |part, directions: Vec<Direction>, order: Result<f64, String>| match order {
        Ok(order) => drafts.push(Draft {
            of: id,
            part,
            directions,
            order,
        }),
        Err(reason) => missing.push(reason),
    };
    if !by_rules.is_empty() {
        let order = before(program, id).ok_or_else(|| {
            let tier = tier_name(program, policy);
            format!(
                "what its rules deny cannot be recorded: no order is left between it and what is \
                 before it in tier {tier}"
            )
        });
        place(Part::Rules, by_rules, order);
    }
    if !by_end.is_empty() {
        let last = by_end
            .iter()
            .filter_map(|direction| found.last.get(&(id, *direction)))
            .max();
        let last = last.copied().unwrap_or(id);
        let order = behind(program, last).ok_or_else(|| no_end(program, last));
        place(Part::End, by_end, order);
    }
    let silent = (!missing.is_empty()).then(|| silent(missing.join("; "), true));
    (drafts, silent)
}

/// Why what is left to the end of the tier behind the policy `last` cannot be recorded.
fn no_end(program: &Program, last: PolicyId) -> String {
    let what = "what is left to the end of the tier cannot be recorded";
    let Some(last) = program.policy(last) else {
        return what.to_owned();
    };
    let key = &last.key;
    if last.order.is_none() {
        return format!(
            "{what}: {key} has no order, which puts it at the end of the tier, and nothing can be \
             put behind it: give it an order"
        );
    }
    let tier = tier_name(program, last);
    format!("{what}: no order is left behind that of {key} in tier {tier}: give it a lesser one")
}

pub(super) fn tier_name<'p>(program: &'p Program, policy: &Policy) -> &'p str {
    program
        .tier(policy.tier)
        .map_or("", |tier| tier.name.as_str())
}

/// An order before that of the policy, behind all that has a lesser one (EVAL-3).
fn before(program: &Program, id: PolicyId) -> Option<f64> {
    let policy = program.policy(id)?;
    let own = policy.order.unwrap_or(f64::INFINITY);
    let orders = orders(program, policy);
    let lesser = orders.into_iter().filter(|order| *order < own);
    let lesser = lesser.fold(f64::NEG_INFINITY, f64::max);
    between(lesser, own, own - 1.0)
}

/// An order behind that of the policy, before all that has a greater one.
fn behind(program: &Program, id: PolicyId) -> Option<f64> {
    let policy = program.policy(id)?;
    let own = policy.order?;
    let orders = orders(program, policy);
    let greater = orders.into_iter().filter(|order| *order > own);
    let greater = greater.fold(f64::INFINITY, f64::min);
    between(own, greater, own + 1.0)
}

/// The orders of all policies of the tier.
fn orders(program: &Program, policy: &Policy) -> Vec<f64> {
    let same = program.policies().iter().filter(|p| p.tier == policy.tier);
    same.map(|p| p.order.unwrap_or(f64::INFINITY)).collect()
}

/// A number between two others: the wanted one, else the middle.
fn between(low: f64, high: f64, wanted: f64) -> Option<f64> {
    let fits = |number: &f64| {
        number.is_finite()
            && low.partial_cmp(number) == Some(Ordering::Less)
            && number.partial_cmp(&high) == Some(Ordering::Less)
    };
    let middle = low + (high - low) / 2.0;
    // Where neither end says anything, any number does.
    [wanted, middle, low + 1.0, 0.0].into_iter().find(fits)
}
