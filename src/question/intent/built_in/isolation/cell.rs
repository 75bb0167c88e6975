//! Pods of a namespace of which the same rules speak.

use std::collections::BTreeMap;

use crate::finding::InputError;
use crate::profile::{AppRule, Isolation, Subject};

use super::name::pods_of;

/// How many cells of a namespace are followed.
const MOST_CELLS: usize = 1024;

type Labels = BTreeMap<String, String>;

/// Pods of a namespace of which the same rules speak.
#[derive(Clone, Default)]
pub(super) struct Cell<'a> {
    /// The labels that they have.
    has: Labels,
    /// Labels of which they do not have all.
    lacks: Vec<Labels>,
    /// What is said of them.
    inside: Vec<&'a Subject<'a>>,
}

/// The cells of a namespace of whose pods `subjects` speak.
///
/// # Errors
/// There are too many.
pub(super) fn cells<'a>(
    namespace: &str,
    subjects: &'a [Subject<'a>],
) -> Result<Vec<Cell<'a>>, InputError> {
    let mut cells = vec![Cell::default()];
    for subject in subjects.iter().filter(|own| own.namespace == namespace) {
        cells = cells
            .into_iter()
            .flat_map(|cell| cell.cut(subject))
            .collect();
        if cells.len() > MOST_CELLS {
            return Err(InputError::new(format!(
                "the apps of `{namespace}` overlap in more than {MOST_CELLS} ways"
            ))
            .hint("give each app labels that no other has"));
        }
    }
    Ok(cells)
}

fn covers(less: &Labels, more: &Labels) -> bool {
    less.iter().all(|(key, value)| more.get(key) == Some(value))
}

impl<'a> Cell<'a> {
    /// Those of its pods of which `subject` speaks, and the others.
    fn cut(self, subject: &'a Subject<'a>) -> Vec<Self> {
        if !subject.may_have(&self.has) {
            return vec![self];
        }
        let mut parts = Vec::new();
        let mut both = self.clone();
        let labels = subject.labels.iter();
        both.has
            .extend(labels.map(|(key, value)| (key.clone(), value.clone())));
        if !both.lacks.iter().any(|lack| covers(lack, &both.has)) {
            both.inside.push(subject);
            parts.push(both);
        }
        if !subject.covers(&self.has) {
            let mut rest = self;
            rest.lacks.push(subject.labels.clone());
            parts.push(rest);
        }
        parts
    }

    /// Whether no rule speaks of its pods.
    pub(super) fn is_rest(&self) -> bool {
        self.inside.is_empty()
    }

    /// The rules that speak of its pods.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'a AppRule> {
        let mut known: Vec<&AppRule> = Vec::new();
        for rule in self.inside.iter().flat_map(|subject| &subject.rules) {
            if !known.iter().any(|other| std::ptr::eq(*other, *rule)) {
                known.push(rule);
            }
        }
        known.into_iter()
    }

    /// The selector of its pods among those of the namespace; nothing where all are meant.
    pub(super) fn text(&self) -> Option<String> {
        let has = self
            .has
            .iter()
            .map(|(key, value)| format!("{key} == '{value}'"));
        let lacks = self.lacks.iter().filter(|labels| {
            let mut labels = labels.iter();
            labels.all(|(key, value)| self.has.get(key).is_none_or(|own| own == value))
        });
        let lacks = lacks.map(|labels| {
            let terms = labels
                .iter()
                .map(|(key, value)| format!("{key} == '{value}'"));
            format!("!({})", terms.collect::<Vec<_>>().join(" && "))
        });
        let terms: Vec<String> = has.chain(lacks).collect();
        (!terms.is_empty()).then(|| terms.join(" && "))
    }

    /// What its pods are called, for a sentence.
    pub(super) fn told(&self, isolation: &Isolation, namespace: &str) -> String {
        if self.is_rest() {
            let other = if self.lacks.is_empty() { "" } else { "other " };
            return format!("{other}pods of {namespace}");
        }
        let names: Vec<String> = self
            .inside
            .iter()
            .map(|subject| pods_of(isolation, namespace, &subject.labels))
            .collect();
        names.join(" that are ")
    }
}
