//! A roll-out for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::question::rollout::{Cut, Whose};
use crate::report::proof::plain;

use super::{RolledOut, heading, name, outcome, proved, sign, told};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const UNSURE: Style = AnsiColor::Yellow.on_default().bold();
const HEADING: Style = Style::new().bold();

/// What is done in each wave, and of each what is proved and what is not; with `verbose` also
/// each intent that does not hold before.
pub fn render(rolled: &RolledOut, verbose: bool) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{HEADING}{} -> {}{HEADING:#}",
        plain(&rolled.from),
        plain(&rolled.to)
    );
    let not_before = &rolled.proven.not_before;
    if !not_before.is_empty() {
        let are = match not_before.len() {
            1 => "1 intent does".to_owned(),
            more => format!("{more} intents do"),
        };
        let _ = writeln!(
            out,
            "not there before: {are} not hold of every packet yet; what of them does must stay"
        );
        if verbose {
            for name in not_before {
                let _ = writeln!(out, "  {}", plain(name));
            }
        }
    }
    for name in &rolled.proven.partly {
        let _ = writeln!(
            out,
            "{UNSURE}followed in part{UNSURE:#}: {}: addresses and ports do not tell which of its \
             packets pass before, and whether these stay is not known",
            plain(name)
        );
    }
    for proof in &rolled.proven.phases {
        let _ = writeln!(out, "\n{HEADING}{}{HEADING:#}", heading(proof.phase));
        for step in rolled.steps(proof) {
            let _ = writeln!(out, "  {} {}", sign(step), plain(&name(step)));
        }
        let _ = writeln!(out, "  {GOOD}proved{GOOD:#}: {}", proved(proof));
        for gained in &proof.gained {
            let _ = writeln!(out, "  holds from here on: {}", plain(gained));
        }
        for cut in &proof.cuts {
            write_cut(&mut out, rolled, cut);
        }
    }
    for (intent, counter) in &rolled.proven.not_after {
        let _ = writeln!(
            out,
            "\n{BAD}not there in the end{BAD:#}: {}",
            plain(&intent.name)
        );
        for line in counter.iter().flat_map(|counter| told(intent, counter)) {
            let _ = writeln!(out, "    {}", plain(&line));
        }
    }
    out
}

fn write_cut(out: &mut String, rolled: &RolledOut, cut: &Cut) {
    let style = match (&cut.state, cut.whose) {
        (Some(_), Whose::Workers) => BAD,
        _ => UNSURE,
    };
    let _ = writeln!(
        out,
        "  {style}{}{style:#}: {} ({})",
        outcome(cut),
        plain(&cut.intent.name),
        cut.whose.word()
    );
    if let Some(state) = &cut.state {
        let _ = writeln!(out, "    {}", plain(&rolled.state(state)));
    }
    let counter = cut.counter.iter();
    for line in counter.flat_map(|counter| told(&cut.intent, counter)) {
        let _ = writeln!(out, "    {}", plain(&line));
    }
}
