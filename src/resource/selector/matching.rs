//! Evaluation of an expression over a set of labels (SEL-16 to SEL-22).

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::expr::Expr;

/// A set of labels: own and inherited ones alike (SEL-22, RES-1).
pub trait Labels {
    /// The value of the label called `name`, if there is one. Names are case-sensitive (SEL-3).
    fn get(&self, name: &str) -> Option<&str>;
}

impl<K: Borrow<str> + Ord, V: AsRef<str>> Labels for BTreeMap<K, V> {
    fn get(&self, name: &str) -> Option<&str> {
        BTreeMap::get(self, name).map(AsRef::as_ref)
    }
}

/// Pairs of name and value in any order; of a name that occurs twice the first counts (RES-1).
impl<K: AsRef<str>, V: AsRef<str>> Labels for [(K, V)] {
    fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(key, _)| key.as_ref() == name)
            .map(|(_, value)| value.as_ref())
    }
}

/// As for a slice of pairs.
impl<K: AsRef<str>, V: AsRef<str>, const N: usize> Labels for [(K, V); N] {
    fn get(&self, name: &str) -> Option<&str> {
        Labels::get(self.as_slice(), name)
    }
}

impl<L: Labels + ?Sized> Labels for &L {
    fn get(&self, name: &str) -> Option<&str> {
        (**self).get(name)
    }
}

impl Expr {
    /// Whether the expression is true of a set of labels. Does not allocate.
    pub fn matches(&self, labels: &(impl Labels + ?Sized)) -> bool {
        let test = |label: &str, test: &dyn Fn(&str) -> bool| labels.get(label).is_some_and(test);
        match self {
            Self::All | Self::Global => true,
            Self::Has(label) => labels.get(label).is_some(),
            Self::Eq { label, value } => labels.get(label) == Some(value),
            Self::Ne { label, value } => labels.get(label) != Some(value),
            Self::In { label, values } => test(label, &|v| contains_value(values, v)),
            Self::NotIn { label, values } => !test(label, &|v| contains_value(values, v)),
            Self::Contains { label, value } => test(label, &|v| v.contains(value.as_str())),
            Self::StartsWith { label, value } => test(label, &|v| v.starts_with(value.as_str())),
            Self::EndsWith { label, value } => test(label, &|v| v.ends_with(value.as_str())),
            Self::Not(operand) => !operand.matches(labels),
            Self::And(operands) => operands.iter().all(|operand| operand.matches(labels)),
            Self::Or(operands) => operands.iter().any(|operand| operand.matches(labels)),
        }
    }
}

fn contains_value(sorted: &[String], value: &str) -> bool {
    sorted
        .binary_search_by(|candidate| candidate.as_str().cmp(value))
        .is_ok()
}
