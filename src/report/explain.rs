//! What recorded packets were denied by, for people and as data.

use std::fmt::Write as _;

use serde::Serialize;

use crate::question::explain::{Counted, Decided, Explained, Malformed};

use super::to_json;
use super::trace::reason;

/// A flow in three lines: how often and what, what decided, and what recorded it.
pub fn text(explained: &[Explained]) -> String {
    let count = |one: &Explained| one.count.to_string();
    let width = explained.iter().map(|one| count(one).len()).max();
    let width = width.unwrap_or_default();
    let mut out = String::new();
    for one in explained {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:>width$}  {}  {}", count(one), one.flow, one.passage);
        for line in lines(&one.decided) {
            let _ = writeln!(out, "{:width$}  {line}", "");
        }
        if !one.recorded_by.is_empty() {
            let by = one.recorded_by.join(", ");
            let _ = writeln!(out, "{:width$}  recorded by {by}", "");
        }
    }
    out
}

fn lines(decided: &Decided) -> Vec<String> {
    let line = match decided {
        Decided::Rule {
            hook,
            policy,
            rule,
            place,
        } => format!("denied by rule {rule} of {policy} at {hook}  {place}"),
        Decided::TierEnd {
            hook,
            tier,
            policies,
        } => format!(
            "denied by the end of tier {tier} at {hook}: no rule of {} allows it",
            policies.join(", ")
        ),
        Decided::Other { hook, why } => format!("denied at {hook}: {}", reason(why)),
        Decided::Several { each } => return each.iter().flat_map(lines).collect(),
        Decided::Allowed => "allowed: nothing that is given denies it".to_owned(),
        Decided::Unknown { reason } => format!("unknown: {reason}"),
    };
    vec![line]
}

/// How it went, in one line.
pub fn summary(counted: &Counted, flows: usize) -> String {
    let amount = |number: u64, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    };
    let mut parts = vec![format!(
        "{} of {} in {}",
        amount(counted.packets, "packet", "packets"),
        amount(flows as u64, "flow", "flows"),
        amount(counted.lines, "line", "lines")
    )];
    if counted.skipped() > 0 {
        let skipped = amount(counted.skipped(), "line is", "lines are");
        parts.push(format!("{skipped} of something else"));
    }
    if counted.malformed > 0 {
        parts.push(amount(
            counted.malformed,
            "line is broken",
            "lines are broken",
        ));
    }
    parts.join("; ")
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    lines: u64,
    packets: u64,
    skipped: u64,
    malformed: u64,
    #[serde(rename = "firstMalformed")]
    first_malformed: &'a [Malformed],
    flows: &'a [Explained],
}

/// The same as data.
pub fn json(counted: &Counted, explained: &[Explained]) -> String {
    to_json(&Document {
        version: 1,
        lines: counted.lines,
        packets: counted.packets,
        skipped: counted.skipped(),
        malformed: counted.malformed,
        first_malformed: &counted.told,
        flows: explained,
    })
}
