//! What a selector says, as a tree.

use std::collections::BTreeSet;

use super::error::{SelectorError, SelectorErrorKind};
use super::token::{MAX_LABEL_LENGTH, is_label_char};

/// A selector expression.
///
/// Inside a [`Selector`](super::Selector) it keeps these invariants: groups have two operands or
/// more, nothing is negated twice, sets are sorted bytewise and hold no value twice, and every
/// label and value can be written in the language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// `all()`: always true (SEL-21).
    All,
    /// `global()`: true at this layer; rule peers give it its meaning (SEL-21, RES-13).
    Global,
    /// `has(label)`: the label is present, if only with an empty value (SEL-16).
    Has(String),
    /// `label == "value"` (SEL-17).
    Eq {
        /// The label's name.
        label: String,
        /// The value it must have.
        value: String,
    },
    /// `label != "value"`: also true when the label is absent (SEL-18).
    Ne {
        /// The label's name.
        label: String,
        /// The value it must not have.
        value: String,
    },
    /// `label in {"value", …}` (SEL-17, SEL-20).
    In {
        /// The label's name.
        label: String,
        /// The values of which it must have one, sorted.
        values: Vec<String>,
    },
    /// `label not in {"value", …}`: also true when the label is absent (SEL-18, SEL-20).
    NotIn {
        /// The label's name.
        label: String,
        /// The values of which it must have none, sorted.
        values: Vec<String>,
    },
    /// `label contains "value"` (SEL-17).
    Contains {
        /// The label's name.
        label: String,
        /// The text that must occur in its value.
        value: String,
    },
    /// `label starts with "value"` (SEL-17).
    StartsWith {
        /// The label's name.
        label: String,
        /// The text with which its value must start.
        value: String,
    },
    /// `label ends with "value"` (SEL-17).
    EndsWith {
        /// The label's name.
        label: String,
        /// The text with which its value must end.
        value: String,
    },
    /// `!operand` (SEL-19).
    Not(Box<Expr>),
    /// `(operand && operand …)` (SEL-10).
    And(Vec<Expr>),
    /// `(operand || operand …)` (SEL-10).
    Or(Vec<Expr>),
}

impl Expr {
    /// Negates without ever stacking two negations: the text `!!x` would parse to `x` (SEL-11),
    /// and then canonical text would not be stable (SEL-25).
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Not(operand) => *operand,
            other => Self::Not(Box::new(other)),
        }
    }

    /// How many groups enclose the innermost one, itself included: the depth of parentheses in
    /// canonical text.
    pub(super) fn nesting(&self) -> usize {
        match self {
            Self::Not(operand) => operand.nesting(),
            Self::And(operands) | Self::Or(operands) => {
                1 + operands.iter().map(Self::nesting).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    pub(super) fn collect_labels<'e>(&'e self, names: &mut BTreeSet<&'e str>) {
        match self {
            Self::All | Self::Global => {}
            Self::Has(label)
            | Self::Eq { label, .. }
            | Self::Ne { label, .. }
            | Self::In { label, .. }
            | Self::NotIn { label, .. }
            | Self::Contains { label, .. }
            | Self::StartsWith { label, .. }
            | Self::EndsWith { label, .. } => {
                names.insert(label);
            }
            Self::Not(operand) => operand.collect_labels(names),
            Self::And(operands) | Self::Or(operands) => {
                for operand in operands {
                    operand.collect_labels(names);
                }
            }
        }
    }

    pub(super) fn rename_labels(
        &mut self,
        rename: &mut impl FnMut(&str) -> String,
    ) -> Result<(), SelectorError> {
        match self {
            Self::All | Self::Global => {}
            Self::Has(label)
            | Self::Eq { label, .. }
            | Self::Ne { label, .. }
            | Self::In { label, .. }
            | Self::NotIn { label, .. }
            | Self::Contains { label, .. }
            | Self::StartsWith { label, .. }
            | Self::EndsWith { label, .. } => *label = label_name(&rename(label))?,
            Self::Not(operand) => operand.rename_labels(rename)?,
            Self::And(operands) | Self::Or(operands) => {
                for operand in operands {
                    operand.rename_labels(rename)?;
                }
            }
        }
        Ok(())
    }
}

/// The values of a set in canonical order (SEL-24).
pub(super) fn set(mut values: Vec<String>) -> Vec<String> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Checks a label name that did not come through the lexer (SEL-3).
pub(super) fn label_name(name: &str) -> Result<String, SelectorError> {
    let length = name.len();
    if length > MAX_LABEL_LENGTH {
        return Err(SelectorError::new(
            0..length,
            SelectorErrorKind::LabelTooLong { length },
        ));
    }
    if name.is_empty() || !name.chars().all(is_label_char) {
        return Err(SelectorError::new(
            0..length,
            SelectorErrorKind::InvalidLabel {
                name: name.to_owned(),
            },
        ));
    }
    Ok(name.to_owned())
}

/// Checks a value that did not come through the lexer: one kind of quotes must be left to write
/// around it (SEL-4).
pub(super) fn quotable(value: &str) -> Result<String, SelectorError> {
    if value.contains('"') && value.contains('\'') {
        return Err(SelectorError::new(
            0..value.len(),
            SelectorErrorKind::UnquotableValue,
        ));
    }
    Ok(value.to_owned())
}
