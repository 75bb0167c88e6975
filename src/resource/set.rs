//! A set of objects, keyed by kind, namespace and name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Code, Finding, Input};

use super::{Key, Resource, read};

/// Objects keyed by kind, namespace and name, sorted: what every source yields and every question
/// takes.
#[derive(Debug, Clone, Default)]
pub struct ResourceSet {
    resources: BTreeMap<Key, Resource>,
    findings: Vec<Finding>,
}

impl ResourceSet {
    /// Reads every object of every text, in order. What is wrong with them, and objects that
    /// stand twice, are findings.
    pub fn read<'a>(inputs: impl IntoIterator<Item = &'a Arc<Input>>) -> Self {
        let mut set = Self::default();
        for input in inputs {
            let (resources, findings) = read(input);
            set.findings.extend(findings);
            for resource in resources {
                set.add(resource);
            }
        }
        set
    }

    /// Adds an object. Where one of its key is there already, the new one takes its place, as it
    /// would when applied, and a finding shows both.
    pub fn add(&mut self, resource: Resource) {
        let place = resource.place();
        let key = resource.key.clone();
        if let Some(earlier) = self.resources.insert(key.clone(), resource) {
            self.findings.push(
                Finding::new(
                    Code::DuplicateObject,
                    place,
                    format!("a second {key}: only the last one applied will hold"),
                )
                .related(earlier.place(), "the first one"),
            );
        }
    }

    /// Takes the object of `key` away.
    pub fn take(&mut self, key: &Key) -> Option<Resource> {
        self.resources.remove(key)
    }

    /// The object of `key`.
    pub fn get(&self, key: &Key) -> Option<&Resource> {
        self.resources.get(key)
    }

    /// All objects, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// What was wrong when the objects were read, in the order of reading.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
