//! Selectors in the form that is quickest to match.
//!
//! A compiled selector is a decision graph: every test names where to go when it holds and where
//! when it does not. Negation and grouping are in the arrows, so nothing is left of them to
//! evaluate and matching is a loop.

use super::Selector;
use super::expr::Expr;
use super::interner::{Interner, Symbol};

/// A selector over the symbols of an [`Interner`].
#[derive(Debug, Clone)]
pub struct CompiledSelector {
    start: Target,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
struct Step {
    label: Symbol,
    test: Test,
    then: Target,
    otherwise: Target,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Step(usize),
    Verdict(bool),
}

/// What is asked of a label; no question is answered with yes when the label is absent, so the
/// operators of SEL-18 are their opposites with the arrows exchanged.
#[derive(Debug, Clone)]
enum Test {
    Present,
    Equals(Symbol),
    /// Sorted by symbol.
    OneOf(Box<[Symbol]>),
    Contains(Box<str>),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
}

impl CompiledSelector {
    /// Compiles a selector, interning the label names and whole values that it mentions.
    pub fn compile(selector: &Selector, interner: &mut Interner) -> Self {
        let mut compiler = Compiler {
            interner,
            steps: Vec::new(),
        };
        let start = compiler.expr(
            selector.expr(),
            Target::Verdict(true),
            Target::Verdict(false),
        );
        Self {
            start,
            steps: compiler.steps,
        }
    }

    /// Whether the selector matches a set of labels (SEL-16 to SEL-22). Does not allocate.
    ///
    /// `labels` are pairs of name and value sorted by name without duplicates, as
    /// [`Interner::labels`] makes them, and `interner` is the one that made both them and this
    /// selector: symbols of another mean other strings.
    pub fn matches(&self, labels: &[(Symbol, Symbol)], interner: &Interner) -> bool {
        let mut target = self.start;
        loop {
            let index = match target {
                Target::Verdict(verdict) => return verdict,
                Target::Step(index) => index,
            };
            // INVARIANT: the compiler only hands out targets of steps it has pushed, each further
            // back than the step that names it, so this is found and the loop ends.
            let Some(step) = self.steps.get(index) else {
                return false;
            };
            target = if step.holds(labels, interner) {
                step.then
            } else {
                step.otherwise
            };
        }
    }
}

impl Step {
    fn holds(&self, labels: &[(Symbol, Symbol)], interner: &Interner) -> bool {
        let found = labels
            .binary_search_by_key(&self.label, |(name, _)| *name)
            .ok()
            .and_then(|index| labels.get(index));
        let Some((_, value)) = found else {
            return false;
        };
        let text = || interner.text(*value);
        match &self.test {
            Test::Present => true,
            Test::Equals(wanted) => value == wanted,
            Test::OneOf(wanted) => wanted.binary_search(value).is_ok(),
            Test::Contains(part) => text().is_some_and(|text| text.contains(&**part)),
            Test::StartsWith(part) => text().is_some_and(|text| text.starts_with(&**part)),
            Test::EndsWith(part) => text().is_some_and(|text| text.ends_with(&**part)),
        }
    }
}

/// Builds the graph from its ends: the steps after an expression exist before its own.
struct Compiler<'i> {
    interner: &'i mut Interner,
    steps: Vec<Step>,
}

impl Compiler<'_> {
    /// Where to start in order to reach `then` if the expression holds and else `otherwise`.
    fn expr(&mut self, expr: &Expr, then: Target, otherwise: Target) -> Target {
        match expr {
            Expr::All | Expr::Global => then,
            Expr::Has(label) => self.step(label, Test::Present, then, otherwise),
            Expr::Eq { label, value } => {
                let test = Test::Equals(self.interner.intern(value));
                self.step(label, test, then, otherwise)
            }
            Expr::Ne { label, value } => {
                let test = Test::Equals(self.interner.intern(value));
                self.step(label, test, otherwise, then)
            }
            Expr::In { label, values } => {
                let test = self.one_of(values);
                self.step(label, test, then, otherwise)
            }
            Expr::NotIn { label, values } => {
                let test = self.one_of(values);
                self.step(label, test, otherwise, then)
            }
            Expr::Contains { label, value } => self.step(
                label,
                Test::Contains(value.as_str().into()),
                then,
                otherwise,
            ),
            Expr::StartsWith { label, value } => self.step(
                label,
                Test::StartsWith(value.as_str().into()),
                then,
                otherwise,
            ),
            Expr::EndsWith { label, value } => self.step(
                label,
                Test::EndsWith(value.as_str().into()),
                then,
                otherwise,
            ),
            Expr::Not(operand) => self.expr(operand, otherwise, then),
            Expr::And(operands) => operands
                .iter()
                .rev()
                .fold(then, |next, operand| self.expr(operand, next, otherwise)),
            Expr::Or(operands) => operands
                .iter()
                .rev()
                .fold(otherwise, |next, operand| self.expr(operand, then, next)),
        }
    }

    fn one_of(&mut self, values: &[String]) -> Test {
        let mut symbols: Vec<_> = values.iter().map(|v| self.interner.intern(v)).collect();
        symbols.sort_unstable();
        Test::OneOf(symbols.into())
    }

    fn step(&mut self, label: &str, test: Test, then: Target, otherwise: Target) -> Target {
        let label = self.interner.intern(label);
        self.steps.push(Step {
            label,
            test,
            then,
            otherwise,
        });
        Target::Step(self.steps.len() - 1)
    }
}
