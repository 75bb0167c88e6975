//! What verify says of both sides, for people.

use std::fmt::Write as _;

use crate::question::compare::{Turn, Turned, turns};
use crate::question::intent::Intent;
use crate::question::trace::decided_by;
use crate::question::verify::{Counter, Proof, ProofOutcome};
use crate::report::proof::{Proven, plain, wrong};

/// What verify says of one cluster on both sides.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What it says of the old side; nothing where that was not asked.
    pub before: Option<Proven>,
    /// What it says of the new side.
    pub after: Proven,
}

impl Judged {
    /// Every intent with what becomes of it, in the order in which they are asked.
    pub(super) fn turns(&self) -> Vec<Turned<'_>> {
        let before = self.before.iter().flat_map(Proven::all);
        turns(before, self.after.all())
    }

    /// The intents of which there is something to tell, what no longer holds first.
    pub(super) fn told(&self) -> Vec<Turned<'_>> {
        let mut told = self.turns();
        told.retain(|turned| turned.turn != Turn::Holds);
        told.sort_by_key(|turned| turned.turn);
        told
    }

    /// How many intents came to what, in one line: `region us-south, private network, with the
    /// platform's own policies: 46 intents, 45 hold, 1 no longer holds`.
    pub(super) fn heading(&self) -> String {
        let turns = self.turns();
        let count = |turn| turns.iter().filter(|turned| turned.turn == turn).count();
        let hold = turns.iter().filter(|turned| turned.after.outcome.holds());
        let mut text = format!(
            "{}: {}, {}",
            self.after.heading(),
            amount(turns.len(), "intent", "intents"),
            amount(hold.count(), "holds", "hold")
        );
        for (turn, one, many) in [
            (Turn::Broken, "no longer holds", "no longer hold"),
            (Turn::Failing, "does not, as before", "do not, as before"),
            (Turn::Mended, "did not before", "did not before"),
        ] {
            let number = count(turn);
            if number > 0 {
                // Writing to a String cannot fail.
                let _ = write!(text, ", {}", amount(number, one, many));
            }
        }
        text
    }
}

fn amount(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What becomes of an intent, in words before its name.
pub(super) fn word(turned: &Turned<'_>) -> &'static str {
    let unknown = turned.after.outcome == ProofOutcome::Unknown;
    match (turned.turn, unknown) {
        (Turn::Broken, false) => "no longer holds",
        (Turn::Broken, true) => "no longer known to hold",
        (Turn::Failing, false) => "does not hold",
        (Turn::Failing, true) => "not known to hold",
        (Turn::Mended, _) => "holds from now on",
        (Turn::Holds, _) => "holds",
    }
}

/// The proof that speaks against an intent: the new side's, or the old one's where it is mended.
pub(super) fn against<'a>(turned: &Turned<'a>) -> Option<&'a Proof> {
    match turned.turn {
        Turn::Broken | Turn::Failing => Some(turned.after),
        Turn::Mended => turned.before,
        Turn::Holds => None,
    }
}

/// What is wrong with a flow that speaks against `intent`, and what decides on it.
pub(super) fn told_of(intent: &Intent, counter: &Counter) -> [String; 2] {
    [wrong(intent, counter), decided_by(&counter.answered)]
}

/// An intent of which there is something to tell, in lines.
pub(super) fn block(turned: &Turned<'_>) -> String {
    let mut text = String::new();
    let was = match (turned.turn, turned.before) {
        (Turn::Failing, Some(before)) if before.outcome == turned.after.outcome => ", as before",
        (Turn::Failing, Some(before)) if before.outcome == ProofOutcome::Unknown => {
            ", and was not known to before"
        }
        (Turn::Failing, Some(_)) => ", and did not before",
        _ => "",
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{}{was}: {}",
        word(turned),
        plain(&turned.intent.name)
    );
    let counters = against(turned).map_or(&[][..], |proof| &proof.counters);
    for counter in counters {
        let [wrong, decided] = told_of(turned.intent, counter);
        let before = if turned.turn == Turn::Mended {
            "before: "
        } else {
            ""
        };
        let _ = writeln!(text, "  {before}{wrong}");
        let _ = writeln!(text, "    {decided}");
    }
    text
}

/// Every cluster's heading, with what there is to tell of its intents below.
pub(super) fn text(judged: &[Judged]) -> String {
    let mut text = String::new();
    for one in judged {
        let _ = writeln!(text, "{}", one.heading());
        for turned in one.told() {
            text.push_str(&block(&turned));
        }
    }
    text
}

/// How many intents of all clusters do not hold any more, in words; nothing where none.
pub(super) fn broken(judged: &[Judged]) -> Option<String> {
    let all = judged.iter().flat_map(Judged::turns);
    match all.filter(|turned| turned.turn == Turn::Broken).count() {
        0 => None,
        1 => Some("1 intent no longer holds".to_owned()),
        more => Some(format!("{more} intents no longer hold")),
    }
}
