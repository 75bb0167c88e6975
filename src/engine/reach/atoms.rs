//! What selectors ask, label by label: the values that matter, and what is left of a selector once
//! a label is settled.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::selector::Expr;

/// The truth of a selector about labels of which some are settled.
pub(super) enum Status {
    Settled(bool),
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

impl Asked {
    /// Values of which every combination of answers has one: those that are asked for, those put
    /// together of what they may start with, hold and end with, and one that is nobody's.
    pub(super) fn values(self) -> BTreeSet<String> {
        let mut values = self.whole.clone();
        let with_none = |set: &BTreeSet<String>| -> Vec<String> {
            let none = std::iter::once(String::new());
            none.chain(set.iter().cloned()).collect()
        };
        let mut middles = with_none(&self.holds);
        middles.push(self.holds.iter().cloned().collect());
        for start in with_none(&self.starts) {
            for middle in &middles {
                for end in with_none(&self.ends) {
                    values.insert(format!("{start}{middle}{end}"));
                }
            }
        }
        values.remove("");
        let is_free = |text: &String| {
            !self.whole.contains(text)
                && !self
                    .starts
                    .iter()
                    .any(|part| text.starts_with(part.as_str()))
                && !self.holds.iter().any(|part| text.contains(part.as_str()))
                && !self.ends.iter().any(|part| text.ends_with(part.as_str()))
        };
        let words = ["other", "another", "x", "0"].map(str::to_owned);
        let numbered = (1..).map(|number| format!("other-{number}"));
        // Of so many some is free unless single letters are asked for: then none needs to be.
        let free = words.into_iter().chain(numbered.take(1_000)).find(is_free);
        values.extend(free);
        if self.whole.contains("") {
            values.insert(String::new());
        }
        values
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
pub(super) fn settle(expr: Expr, label: &str, value: Option<&str>) -> Status {
    use Status::{Open, Settled};
    let asks = match &expr {
        Expr::All | Expr::Global => return Settled(true),
        Expr::Not(_) | Expr::And(_) | Expr::Or(_) => true,
        Expr::Has(of)
        | Expr::Eq { label: of, .. }
        | Expr::Ne { label: of, .. }
        | Expr::In { label: of, .. }
        | Expr::NotIn { label: of, .. }
        | Expr::Contains { label: of, .. }
        | Expr::StartsWith { label: of, .. }
        | Expr::EndsWith { label: of, .. } => of == label,
    };
    if !asks {
        return Open(expr);
    }
    let is = |test: &dyn Fn(&str) -> bool| value.is_some_and(test);
    match expr {
        Expr::All | Expr::Global => Settled(true),
        Expr::Has(_) => Settled(value.is_some()),
        Expr::Eq { value: wanted, .. } => Settled(is(&|v| v == wanted)),
        Expr::Ne { value: wanted, .. } => Settled(!is(&|v| v == wanted)),
        Expr::In { values, .. } => Settled(is(&|v| values.iter().any(|w| w == v))),
        Expr::NotIn { values, .. } => Settled(!is(&|v| values.iter().any(|w| w == v))),
        Expr::Contains { value: part, .. } => Settled(is(&|v| v.contains(&part))),
        Expr::StartsWith { value: part, .. } => Settled(is(&|v| v.starts_with(&part))),
        Expr::EndsWith { value: part, .. } => Settled(is(&|v| v.ends_with(&part))),
        Expr::Not(operand) => match settle(*operand, label, value) {
            Settled(holds) => Settled(!holds),
            Open(expr) => Open(Expr::Not(Box::new(expr))),
        },
        Expr::And(operands) => settle_all(operands, label, value, false),
        Expr::Or(operands) => settle_all(operands, label, value, true),
    }
}

/// One operand that is `decides` settles the group.
fn settle_all(operands: Vec<Expr>, label: &str, value: Option<&str>, decides: bool) -> Status {
    let mut open = Vec::with_capacity(operands.len());
    for operand in operands {
        match settle(operand, label, value) {
            Status::Settled(holds) if holds == decides => return Status::Settled(decides),
            Status::Settled(_) => {}
            Status::Open(expr) => open.push(expr),
        }
    }
    match open.len() {
        0 => Status::Settled(!decides),
        1 => open.pop().map_or(Status::Settled(!decides), Status::Open),
        _ if decides => Status::Open(Expr::Or(open)),
        _ => Status::Open(Expr::And(open)),
    }
}
