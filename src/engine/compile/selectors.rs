//! Effective selectors, each known once, and what they answer about labels.

use rustc_hash::FxHashMap;

use crate::engine::answer::{Answer, Doubt};
use crate::resource::selector::{CompiledSelector, Expr, Interner, Selector, Symbol};

use super::labels::{Effective, is_account_label, is_namespace_label};

/// The number of a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SelectorNo(pub(super) usize);

pub(super) struct KnownSelector {
    pub(super) selector: Selector,
    compiled: CompiledSelector,
    asks_namespace: bool,
    asks_account: bool,
}

/// Every selector of the input, once.
#[derive(Default)]
pub(super) struct Selectors {
    pub(super) interner: Interner,
    pub(super) all: Vec<KnownSelector>,
    by_text: FxHashMap<Box<str>, Option<SelectorNo>>,
    by_selector: FxHashMap<Selector, SelectorNo>,
}

impl Selectors {
    /// The selector that `text` is; nothing where it does not parse.
    pub(super) fn parse(&mut self, text: &str) -> Option<SelectorNo> {
        if let Some(known) = self.by_text.get(text) {
            return *known;
        }
        let number = Selector::parse(text)
            .ok()
            .map(|selector| self.add(selector));
        self.by_text.insert(text.into(), number);
        number
    }

    fn add(&mut self, selector: Selector) -> SelectorNo {
        if let Some(number) = self.by_selector.get(&selector) {
            return *number;
        }
        let number = SelectorNo(self.all.len());
        let labels = selector.labels();
        self.all.push(KnownSelector {
            compiled: CompiledSelector::compile(&selector, &mut self.interner),
            asks_namespace: labels.iter().any(|label| is_namespace_label(label)),
            asks_account: labels.iter().any(|label| is_account_label(label)),
            selector: selector.clone(),
        });
        self.by_selector.insert(selector, number);
        number
    }

    pub(super) fn get(&self, number: SelectorNo) -> Option<&Selector> {
        self.all.get(number.0).map(|known| &known.selector)
    }

    /// The names of all labels that any selector asks for.
    pub(super) fn mentioned(&self) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = self
            .all
            .iter()
            .flat_map(|known| known.selector.labels())
            .filter_map(|label| self.interner.symbol(label))
            .collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// Whether a selector matches labels.
    pub(super) fn ask(&self, number: SelectorNo, labels: &Labels) -> Answer {
        let Some(known) = self.all.get(number.0) else {
            return Answer::No;
        };
        let doubtful = (known.asks_namespace && labels.unknown_namespace)
            || (known.asks_account && labels.unknown_account);
        if !doubtful {
            return Answer::of(known.compiled.matches(&labels.pairs, &self.interner));
        }
        ask_expr(known.selector.expr(), &|name| {
            let symbol = self.interner.symbol(name);
            let value = symbol.and_then(|symbol| {
                let at = labels.pairs.binary_search_by_key(&symbol, |(key, _)| *key);
                let (_, value) = labels.pairs.get(at.ok()?)?;
                self.interner.text(*value)
            });
            given(
                value,
                name,
                labels.unknown_namespace,
                labels.unknown_account,
            )
        })
    }
}

/// Labels in the form that compiled selectors match.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Labels {
    pub(super) pairs: Vec<(Symbol, Symbol)>,
    pub(super) unknown_namespace: bool,
    pub(super) unknown_account: bool,
}

/// Whether a selector matches labels that are no interner's.
pub(super) fn ask_effective(selector: &Selector, effective: &Effective) -> Answer {
    ask_expr(selector.expr(), &|name| {
        let value = effective.labels.iter().find(|(key, _)| key == name);
        given(
            value.map(|(_, value)| value.as_str()),
            name,
            effective.unknown_namespace,
            effective.unknown_account,
        )
    })
}

/// A label's value, nothing, or why it is not known.
enum Given<'a> {
    Value(&'a str),
    Nothing,
    NotKnown(Doubt),
}

fn given<'a>(
    value: Option<&'a str>,
    name: &str,
    no_namespace: bool,
    no_account: bool,
) -> Given<'a> {
    match value {
        Some(value) => Given::Value(value),
        None if no_namespace && is_namespace_label(name) => Given::NotKnown(Doubt::NamespaceLabels),
        None if no_account && is_account_label(name) => {
            Given::NotKnown(Doubt::ServiceAccountLabels)
        }
        None => Given::Nothing,
    }
}

/// Matches with labels that may not be known: what does not hang on them is certain.
fn ask_expr<'a>(expr: &Expr, get: &dyn Fn(&str) -> Given<'a>) -> Answer {
    let test = |label: &str, holds: &dyn Fn(&str) -> bool| match get(label) {
        Given::Value(value) => Answer::of(holds(value)),
        Given::Nothing => Answer::No,
        Given::NotKnown(doubt) => Answer::Maybe(doubt),
    };
    match expr {
        Expr::All | Expr::Global => Answer::Yes,
        Expr::Has(label) => test(label, &|_| true),
        Expr::Eq { label, value } => test(label, &|v| v == value),
        Expr::Ne { label, value } => test(label, &|v| v == value).negated(),
        Expr::In { label, values } => test(label, &|v| values.iter().any(|w| w == v)),
        Expr::NotIn { label, values } => test(label, &|v| values.iter().any(|w| w == v)).negated(),
        Expr::Contains { label, value } => test(label, &|v| v.contains(value.as_str())),
        Expr::StartsWith { label, value } => test(label, &|v| v.starts_with(value.as_str())),
        Expr::EndsWith { label, value } => test(label, &|v| v.ends_with(value.as_str())),
        Expr::Not(operand) => ask_expr(operand, get).negated(),
        Expr::And(operands) => operands.iter().fold(Answer::Yes, |answer, operand| {
            answer.and(ask_expr(operand, get))
        }),
        Expr::Or(operands) => operands.iter().fold(Answer::No, |answer, operand| {
            answer.or(ask_expr(operand, get))
        }),
    }
}
