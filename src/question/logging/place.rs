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

const BOTH: [Direction; 2] = [Direction::Ingress, Direction::Egress];

/// What records the denials of the policy `id`; or why nothing does.
pub(super) fn drafts(program: &Program, found: &Tally, id: PolicyId) -> Result<Vec<Draft>, Silent> {
    let Some(policy) = program.policy(id) else {
        return Ok(Vec::new());
    };
    let silent = |reason: String| Silent {
        key: policy.key.clone(),
        reason,
    };
    if policy.staged {
        return Err(silent("it is only staged, and denies nothing".to_owned()));
    }
    if !found.reached.contains(&id) {
        return Err(silent(
            "it applies to no worker or pod, or no packet gets there".to_owned(),
        ));
    }
    let directions = |cause| -> Vec<Direction> {
        let has = |direction: &Direction| found.has(id, *direction, cause);
        BOTH.into_iter().filter(has).collect()
    };
    let (by_rules, by_end) = (directions(Cause::Rule), directions(Cause::End));
    if by_rules.is_empty() && by_end.is_empty() {
        return Err(silent(
            "it denies nothing: whatever it does not allow is decided by other policies".to_owned(),
        ));
    }
    let mut drafts = Vec::new();
    if !by_rules.is_empty() {
        let order = before(program, id).ok_or_else(|| {
            let tier = tier_name(program, policy);
            silent(format!(
                "no order is left between it and what is before it in tier {tier}"
            ))
        })?;
        drafts.push(Draft {
            of: id,
            part: Part::Rules,
            directions: by_rules,
            order,
        });
    }
    if !by_end.is_empty() {
        let last = by_end
            .iter()
            .filter_map(|direction| found.last.get(&(id, *direction)))
            .max();
        let last = last.copied().unwrap_or(id);
        let order = behind(program, last).ok_or_else(|| {
            let key = program.policy(last).map(|last| last.key.to_string());
            silent(format!(
                "{} has no order, which puts it at the end of the tier, and nothing can be put \
                 behind it: give it an order",
                key.unwrap_or_default()
            ))
        })?;
        drafts.push(Draft {
            of: id,
            part: Part::End,
            directions: by_end,
            order,
        });
    }
    Ok(drafts)
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
