//! What was proven as Markdown, for the comment on a pull request.

use std::fmt::Write as _;

use crate::question::intent::Intent;
use crate::question::verify::{Proof, ProofOutcome};

use super::{Proofs, Proven, plain, text, uncoloured, wrong};

/// How long a text may be: what GitHub takes in one comment, with room for a line around it.
const LONGEST: usize = 64_000;

/// How much of that the table of cases may take.
const LONGEST_TABLE: usize = 16_000;

/// How much the flow of one intent may take.
const LONGEST_FLOW: usize = 12_000;

/// A table of cases, and a part that unfolds for every intent that does not hold. What would make
/// the text too long is left out, and the text says so.
pub fn render(proofs: &Proofs) -> String {
    let mut out = String::from("### Intents\n\n");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}\n", verdict(proofs));
    write_table(&mut out, proofs);
    let mut left_out = 0;
    for case in &proofs.cases {
        for (intent, proof) in case.failed() {
            let told = details(case, intent, proof);
            if out.len() + told.len() <= LONGEST {
                out.push_str(&told);
            } else {
                left_out += 1;
            }
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            out,
            "\n{left_out} more that do not hold are left out here; `palisade verify` tells all."
        );
    }
    out
}

fn verdict(proofs: &Proofs) -> String {
    let mark = if proofs.hold() { "✅" } else { "❌" };
    format!("{mark} {}", proofs.summary())
}

fn write_table(out: &mut String, proofs: &Proofs) {
    out.push_str("| cluster | proved | empty | refuted | unknown |\n|---|--:|--:|--:|--:|\n");
    let mut left_out = 0;
    for case in &proofs.cases {
        let row = format!(
            "| {} | {} | {} | {} | {} |\n",
            escaped(&case.heading()),
            case.count(ProofOutcome::Proved),
            case.count(ProofOutcome::Empty),
            case.count(ProofOutcome::Refuted),
            case.count(ProofOutcome::Unknown),
        );
        if out.len() + row.len() <= LONGEST_TABLE {
            out.push_str(&row);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let _ = writeln!(out, "\n{left_out} more cases are left out here.");
    }
}

fn details(case: &Proven, intent: &Intent, proof: &Proof) -> String {
    let told = cut(&uncoloured(&text::failed(intent, proof)));
    let fence = fence(&told);
    let first = proof.counters.first();
    let first = first.map_or_else(String::new, |counter| wrong(intent, counter));
    format!(
        "\n<details><summary>{}: <b>{}</b> ({})</summary>\n\n{}\n\n{fence}text\n{told}{fence}\n\n\
         </details>\n",
        proof.outcome.word(),
        escaped(&intent.name),
        escaped(&case.heading()),
        escaped(&first),
    )
}

/// The first lines of a text, and how many are missing.
fn cut(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if out.len() + line.len() >= LONGEST_FLOW {
            let missing = lines.count() + 1;
            let _ = writeln!(out, "… and {missing} more lines");
            break;
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// More backticks than stand together anywhere in `text`.
pub(in crate::report) fn fence(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat((longest + 1).max(3))
}

/// A text that means nothing to Markdown or HTML, on one line.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '@' | '#' | '~' => {
                // By its number: a backslash is shown where the text stands within HTML.
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
