//! A roll-out as Markdown, for the comment on a pull request.

use std::fmt::Write as _;

use crate::question::rollout::{Cut, PhaseProof};
use crate::report::proof::markdown::escaped;

use super::{RolledOut, heading, name, outcome, proved, sign, told};

/// How long a text may be: what GitHub takes in one comment, with room for a line around it.
const LONGEST: usize = 64_000;

/// A table of waves, what is not proven, and the objects of each wave, which unfold. What would
/// make the text too long is left out, and the text says so.
pub fn render(all: &[RolledOut]) -> String {
    let mut out = String::from("### Roll-out\n");
    let mut left_out = 0;
    for part in all.iter().flat_map(parts) {
        if out.len() + part.len() <= LONGEST {
            out.push_str(&part);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "\n{left_out} more parts are left out here; `palisade rollout` tells all."
        );
    }
    out
}

fn parts(rolled: &RolledOut) -> Vec<String> {
    let mark = if rolled.proven.holds() { "✅" } else { "❌" };
    let mut head = format!(
        "\n{} → {}\n\n{mark} {}\n\n| wave | objects | proved | not proved |\n|---|--:|--:|--:|\n",
        escaped(&rolled.from),
        escaped(&rolled.to),
        rolled.summary()
    );
    for proof in &rolled.proven.phases {
        let _ = writeln!(
            head,
            "| {} | {} | {} | {} |",
            heading(proof.phase),
            proof.steps.len(),
            proof.proved,
            proof.cuts.len()
        );
    }
    let mut parts = vec![head];
    for name in &rolled.proven.partly {
        parts.push(format!("\nFollowed in part: {}\n", escaped(name)));
    }
    for proof in &rolled.proven.phases {
        parts.extend(proof.cuts.iter().map(|cut| of_cut(rolled, proof, cut)));
    }
    for (intent, counter) in &rolled.proven.not_after {
        let lines = counter.iter().flat_map(|counter| told(intent, counter));
        let lines: Vec<String> = lines.map(|line| escaped(&line)).collect();
        parts.push(format!(
            "\n- **not there in the end: {}**: {}\n",
            escaped(&intent.name),
            lines.join("; ")
        ));
    }
    let phases = rolled.proven.phases.iter();
    parts.extend(phases.map(|proof| objects(rolled, proof)));
    parts
}

fn of_cut(rolled: &RolledOut, proof: &PhaseProof, cut: &Cut) -> String {
    let state = cut.state.iter().map(|state| rolled.state(state));
    let counter = cut.counter.iter();
    let why = counter.flat_map(|counter| told(&cut.intent, counter));
    let lines: Vec<String> = state.chain(why).map(|line| escaped(&line)).collect();
    format!(
        "\n- **{}: {}** ({}, {}): {}\n",
        outcome(cut),
        escaped(&cut.intent.name),
        cut.whose.word(),
        heading(proof.phase),
        lines.join("; ")
    )
}

fn objects(rolled: &RolledOut, proof: &PhaseProof) -> String {
    let mut out = format!(
        "\n<details><summary>{}</summary>\n\n{}.\n\n",
        heading(proof.phase),
        proved(proof)
    );
    for step in rolled.steps(proof) {
        let _ = writeln!(out, "- `{}` {}", sign(step), escaped(&name(step)));
    }
    out.push_str("\n</details>\n");
    out
}
