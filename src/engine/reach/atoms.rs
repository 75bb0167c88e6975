//! What selectors ask, label by label: the values that matter, and what is left of a selector once
//! a label is settled.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::selector::Expr;

/// The truth of a selector about labels of which some are settled.
pub(super) enum Status {
    Settled(bool),
    /// It hangs on other labels, and does not ask for this one.
    Same,
    /// It hangs on other labels: this is left of it.
    Open(Expr),
}

/// What is asked of the value of one label.
#[derive(Default)]
pub(super) struct Asked {
    whole: BTreeSet<String>,
    starts: BTreeSet<String>,
    holds: BTreeSet<String>,
    ends: BTreeSet<String>,
}

/// Of how many texts that a value may hold every choice is made. More of them that are told apart
/// are more kinds of pods than are followed.
const MOST_HELD: usize = 9;

impl Asked {
    /// Adds what is asked besides.
    pub(super) fn extend(&mut self, other: Self) {
        self.whole.extend(other.whole);
        self.starts.extend(other.starts);
        self.holds.extend(other.holds);
        self.ends.extend(other.ends);
    }

    /// Whether there are more choices than are made.
    pub(super) fn overflows(&self) -> bool {
        self.holds.len() > MOST_HELD
    }

    /// Values of which every combination of answers has one: those that are asked for, those put
    /// together of what they may start with, hold and end with, and one that is nobody's and none
    /// of `taken`.
    pub(super) fn values(&self, taken: &BTreeSet<String>) -> BTreeSet<String> {
        let mut values = self.whole.clone();
        let apart = self.unused();
        let with_none = |set: &BTreeSet<String>| -> Vec<String> {
            let none = std::iter::once(String::new());
            none.chain(set.iter().cloned()).collect()
        };
        let plain = self.starts.is_empty() && self.holds.is_empty() && self.ends.is_empty();
        if !plain {
            // A letter that nobody asks for keeps the parts apart: none arises where two meet.
            for start in with_none(&self.starts) {
                for middle in self.choices(apart) {
                    for end in with_none(&self.ends) {
                        values.insert(format!("{start}{apart}{middle}{end}"));
                    }
                }
            }
            // What begins and ends with one text may be that text.
            values.extend(self.starts.intersection(&self.ends).cloned());
        }
        let is_free = |text: &String| {
            !taken.contains(text)
                && !self.whole.contains(text)
                && !self
                    .starts
                    .iter()
                    .any(|part| text.starts_with(part.as_str()))
                && !self.holds.iter().any(|part| text.contains(part.as_str()))
                && !self.ends.iter().any(|part| text.ends_with(part.as_str()))
        };
        let words = ["other", "another"].map(str::to_owned);
        let letters = (1..=taken.len() + 1).map(|count| apart.to_string().repeat(count));
        // As many letters that nobody asks for as no name has: there is always such a value,
        // unless every value holds the empty text.
        values.extend(words.into_iter().chain(letters).find(is_free));
        values
    }

    /// Every choice of the texts that a value may hold, each with `apart` behind it.
    fn choices(&self, apart: char) -> Vec<String> {
        let mut choices = vec![String::new()];
        for part in self.holds.iter().take(MOST_HELD) {
            let with: Vec<String> = choices
                .iter()
                .map(|choice| format!("{choice}{part}{apart}"))
                .collect();
            choices.extend(with);
        }
        choices
    }

    /// A letter that no text which is asked for has.
    fn unused(&self) -> char {
        let all = [&self.whole, &self.starts, &self.holds, &self.ends];
        let used: BTreeSet<char> = all
            .into_iter()
            .flatten()
            .flat_map(|text| text.chars())
            .collect();
        let letters = ('a'..='z').rev().chain('0'..='9').chain('A'..='Z');
        let marks = ['-', '_', '.'].into_iter();
        // No label's value has a tilde, so it is nobody's where all else is somebody's.
        letters
            .chain(marks)
            .find(|c| !used.contains(c))
            .unwrap_or('~')
    }
}

/// Adds what a selector asks of each label.
pub(super) fn collect(expr: &Expr, of: &mut BTreeMap<String, Asked>) {
    let at = |of: &mut BTreeMap<String, Asked>, label: &String, add: &dyn Fn(&mut Asked)| {
        add(of.entry(label.clone()).or_default());
    };
    match expr {
        Expr::All | Expr::Global => {}
        Expr::Has(label) => {
            at(of, label, &|_| {});
        }
        Expr::Eq { label, value } | Expr::Ne { label, value } => {
            at(of, label, &|asked| {
                asked.whole.insert(value.clone());
            });
        }
        Expr::In { label, values } | Expr::NotIn { label, values } => {
            at(of, label, &|asked| {
                asked.whole.extend(values.iter().cloned());
            });
        }
        Expr::Contains { label, value } => {
            at(of, label, &|asked| {
                asked.holds.insert(value.clone());
            });
        }
        Expr::StartsWith { label, value } => {
            at(of, label, &|asked| {
                asked.starts.insert(value.clone());
            });
        }
        Expr::EndsWith { label, value } => {
            at(of, label, &|asked| {
                asked.ends.insert(value.clone());
            });
        }
        Expr::Not(operand) => collect(operand, of),
        Expr::And(operands) | Expr::Or(operands) => {
            for operand in operands {
                collect(operand, of);
            }
        }
    }
}

/// What is left of a selector once a label is settled.
pub(super) fn settle(expr: &Expr, label: &str, value: Option<&str>) -> Status {
    use Status::{Open, Same, Settled};
    let is_of = |of: &String| of == label;
    let answer = |of: &String, holds: bool| if is_of(of) { Settled(holds) } else { Same };
    let is = |test: &dyn Fn(&str) -> bool| value.is_some_and(test);
    match expr {
        Expr::All | Expr::Global => Settled(true),
        Expr::Has(of) => answer(of, value.is_some()),
        Expr::Eq {
            label: of,
            value: wanted,
        } => answer(of, is(&|v| v == wanted)),
        Expr::Ne {
            label: of,
            value: wanted,
        } => answer(of, !is(&|v| v == wanted)),
        Expr::In { label: of, values } => answer(of, is(&|v| values.iter().any(|w| w == v))),
        Expr::NotIn { label: of, values } => answer(of, !is(&|v| values.iter().any(|w| w == v))),
        Expr::Contains {
            label: of,
            value: part,
        } => answer(of, is(&|v| v.contains(part))),
        Expr::StartsWith {
            label: of,
            value: part,
        } => answer(of, is(&|v| v.starts_with(part))),
        Expr::EndsWith {
            label: of,
            value: part,
        } => answer(of, is(&|v| v.ends_with(part))),
        Expr::Not(operand) => match settle(operand, label, value) {
            Settled(holds) => Settled(!holds),
            Same => Same,
            Open(expr) => Open(Expr::Not(Box::new(expr))),
        },
        Expr::And(operands) => settle_all(operands, label, value, false),
        Expr::Or(operands) => settle_all(operands, label, value, true),
    }
}

/// One operand that is `decides` settles the group. Nothing is copied while all operands are the
/// same: most selectors do not ask for most labels.
fn settle_all(operands: &[Expr], label: &str, value: Option<&str>, decides: bool) -> Status {
    let mut left: Option<Vec<Expr>> = None;
    for (index, operand) in operands.iter().enumerate() {
        let before = || operands.iter().take(index).cloned().collect();
        match settle(operand, label, value) {
            Status::Settled(holds) if holds == decides => return Status::Settled(decides),
            Status::Settled(_) => {
                left.get_or_insert_with(before);
            }
            Status::Same => {
                if let Some(left) = &mut left {
                    left.push(operand.clone());
                }
            }
            Status::Open(expr) => left.get_or_insert_with(before).push(expr),
        }
    }
    let Some(mut left) = left.or_else(|| operands.is_empty().then(Vec::new)) else {
        return Status::Same;
    };
    match left.len() {
        0 => Status::Settled(!decides),
        1 => left.pop().map_or(Status::Settled(!decides), Status::Open),
        _ if decides => Status::Open(Expr::Or(left)),
        _ => Status::Open(Expr::And(left)),
    }
}
