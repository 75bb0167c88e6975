//! The Calico selector language (SEL-1 to SEL-26): parse it, print it, match labels with it.
//!
//! ```
//! use palisade::resource::selector::Selector;
//!
//! let selector: Selector = "role == 'web' && tier not in {'test', 'dev'}".parse()?;
//! assert_eq!(selector.to_string(), r#"(role == "web" && tier not in {"dev", "test"})"#);
//! assert!(selector.matches(&[("role", "web"), ("tier", "prod")]));
//! # Ok::<(), palisade::resource::selector::SelectorError>(())
//! ```
//!
//! Text becomes tokens (`token`), tokens become an [`Expr`] (`parse`), and a [`Selector`] keeps the
//! expression next to its canonical text (`print`), by which selectors compare. One selector can
//! be matched directly against any [`Labels`]; whoever matches many selectors against many label
//! sets interns the strings once with an [`Interner`] and uses a [`CompiledSelector`].
//!
//! # Hostile input
//!
//! Calico's own parser sets no bound to nesting (SEL-14). Here a selector may nest
//! [`MAX_NESTING`] groups, so that parsing, printing, matching and dropping, which all recurse,
//! stay far from the end of the stack. Length is not bounded: chains of `&&`, `||` and `!` do not
//! recurse, and the 1024 characters of VAL-9 are the validator's to check.

mod compiled;
mod error;
mod expr;
mod hint;
mod interner;
mod matching;
mod parse;
mod print;
mod token;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Not;
use std::str::FromStr;

pub use compiled::CompiledSelector;
pub use error::{SelectorError, SelectorErrorKind};
pub use expr::Expr;
pub use interner::{Interner, Symbol};
pub use matching::Labels;
pub use parse::MAX_NESTING;
pub use token::MAX_LABEL_LENGTH;

/// A parsed selector.
///
/// Two selectors are equal, hash alike and sort together when their canonical texts do (SEL-25):
/// a syntactic comparison that knows neither commutativity nor De Morgan.
#[derive(Clone)]
pub struct Selector {
    expr: Expr,
    canonical: Box<str>,
}

impl Selector {
    /// Parses a selector. Empty and blank text means `all()` (SEL-15).
    ///
    /// # Errors
    ///
    /// The first place where `text` departs from the grammar (SEL-1 to SEL-14), or where it nests
    /// deeper than [`MAX_NESTING`].
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        parse::parse(text).map(Self::from_expr)
    }

    /// `all()`: matches every label set (SEL-21).
    pub fn all() -> Self {
        Self::from_expr(Expr::All)
    }

    /// `has(label)`: the label is present (SEL-16).
    ///
    /// # Errors
    ///
    /// `label` is not a label name (SEL-3); the error's range lies within `label`.
    pub fn has(label: &str) -> Result<Self, SelectorError> {
        Ok(Self::from_expr(Expr::Has(expr::label_name(label)?)))
    }

    /// `label == "value"` (SEL-17).
    ///
    /// # Errors
    ///
    /// `label` is not a label name (SEL-3), or `value` holds both kinds of quotes and so cannot be
    /// written (SEL-4); the error's range lies within the argument at fault.
    pub fn eq(label: &str, value: &str) -> Result<Self, SelectorError> {
        Ok(Self::from_expr(Expr::Eq {
            label: expr::label_name(label)?,
            value: expr::quotable(value)?,
        }))
    }

    /// `label in {"value", …}` (SEL-17); an empty set matches nothing (SEL-20).
    ///
    /// # Errors
    ///
    /// As for [`Selector::eq`].
    pub fn is_in<'v>(
        label: &str,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Result<Self, SelectorError> {
        let values = values
            .into_iter()
            .map(expr::quotable)
            .collect::<Result<_, _>>()?;
        Ok(Self::from_expr(Expr::In {
            label: expr::label_name(label)?,
            values: expr::set(values),
        }))
    }

    /// `(self && other)`: a new group, even where an operand is one already, as Calico builds
    /// effective selectors (RES-5 to RES-15).
    ///
    /// The result nests one deeper than its operands. Where that exceeds [`MAX_NESTING`] it still
    /// prints and matches, but its text no longer parses here.
    pub fn and(self, other: Self) -> Self {
        Self::from_expr(Expr::And(vec![self.expr, other.expr]))
    }

    /// The same selector with every label name replaced, as Calico prefixes `pcns.` and `pcsa.`
    /// (RES-5).
    ///
    /// # Errors
    ///
    /// `rename` returned something that is not a label name (SEL-3). A prefix does that to a name
    /// near the limit of [`MAX_LABEL_LENGTH`]; Calico then writes a selector that it cannot parse.
    pub fn map_labels(
        &self,
        mut rename: impl FnMut(&str) -> String,
    ) -> Result<Self, SelectorError> {
        let mut expr = self.expr.clone();
        expr.rename_labels(&mut rename)?;
        Ok(Self::from_expr(expr))
    }

    /// The names of all labels that the selector mentions.
    pub fn labels(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.expr.collect_labels(&mut names);
        names
    }

    /// What the selector says, as a tree.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// The canonical text (SEL-24), which is also what `Display` writes.
    pub fn as_str(&self) -> &str {
        &self.canonical
    }

    /// Whether the selector matches a set of labels (SEL-16 to SEL-22). Does not allocate.
    pub fn matches(&self, labels: &(impl Labels + ?Sized)) -> bool {
        self.expr.matches(labels)
    }

    fn from_expr(expr: Expr) -> Self {
        let canonical = expr.to_string().into_boxed_str();
        Self { expr, canonical }
    }
}

/// `!selector` (SEL-19); a negation is undone rather than doubled (SEL-11).
impl Not for Selector {
    type Output = Self;

    fn not(self) -> Self {
        Self::from_expr(self.expr.negated())
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Self::parse(text)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.canonical)
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selector").field(&self.canonical).finish()
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Selector {}

impl Hash for Selector {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl PartialOrd for Selector {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Selector {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

/// The canonical text of a selector, for comparison of what people typed (SEL-23).
///
/// Surrounding whitespace of any kind is dropped, so a trailing line feed passes here although
/// [`Selector::parse`] refuses it. Text that does not parse is returned as it stands, trimmed.
pub fn normalise(text: &str) -> String {
    let trimmed = text.trim();
    Selector::parse(trimmed).map_or_else(|_| trimmed.to_owned(), |s| s.canonical.into())
}

/// Whether the text is `global()` standing alone, blanks aside: the one form in which a rule's
/// `namespaceSelector` may use that function (VAL-24).
///
/// This looks at the text because the expression cannot tell: `(global())` and `!!global()` parse
/// to the same one and are refused.
pub fn is_global_only(text: &str) -> bool {
    parse::is_global_alone(text)
}
