//! A set of objects, keyed by kind, namespace and name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::finding::{Code, Finding, Input};

use super::{Key, Resource, read};

/// Objects keyed by kind, namespace and name, sorted: what every source yields and every question
/// takes.
#[derive(Debug, Clone, Default)]
pub struct ResourceSet {
    // Shared: what is the same in several sets is in memory once.
    resources: BTreeMap<Key, Arc<Resource>>,
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
        self.put(Arc::new(resource));
    }

    /// Adds every object of `others`, each as [`ResourceSet::add`] does, without its findings. The
    /// objects are shared, so that this costs little however much they say.
    pub fn add_all(&mut self, others: &Self) {
        for resource in others.resources.values() {
            self.put(Arc::clone(resource));
        }
    }

    /// Takes in what was read apart from this, behind what is here: the objects as
    /// [`ResourceSet::add`] does, and the findings.
    pub fn append(&mut self, read: Self) {
        self.findings.extend(read.findings);
        for resource in read.resources.into_values() {
            self.put(resource);
        }
    }

    /// Adds those objects of `others` that `is_wanted` and whose key is not there, shared.
    pub fn add_missing(&mut self, others: &Self, is_wanted: impl Fn(&Resource) -> bool) {
        for (key, resource) in &others.resources {
            if is_wanted(resource) && !self.resources.contains_key(key) {
                self.resources.insert(key.clone(), Arc::clone(resource));
            }
        }
    }

    fn put(&mut self, resource: Arc<Resource>) {
        match self.resources.entry(resource.key.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(resource);
            }
            Entry::Occupied(mut occupied) => {
                let key = &resource.key;
                let message = format!("a second {key}: only the last one applied will hold");
                let finding = Finding::new(Code::DuplicateObject, resource.place(), message)
                    .related(occupied.get().place(), "the first one");
                self.findings.push(finding);
                occupied.insert(resource);
            }
        }
    }

    /// Takes the object of `key` away.
    pub fn take(&mut self, key: &Key) -> Option<Resource> {
        self.resources.remove(key).map(Arc::unwrap_or_clone)
    }

    /// The object of `key`.
    pub fn get(&self, key: &Key) -> Option<&Resource> {
        self.resources.get(key).map(Arc::as_ref)
    }

    /// All objects, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values().map(Arc::as_ref)
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
