//! The facts that a template sees, which remember which of them it used.
//!
//! A file's header has a digest of the facts that the file was made from, and of no others: a
//! change of facts then changes the files that show it, and a pull request shows nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::Value;
use minijinja::value::{Object, Serde};
use serde::Serialize;

use crate::finding::InputError;

use super::inventory::digest_of;

/// How much of a digest is shown: enough to tell two sets of facts apart.
const SHOWN_DIGEST: usize = 16;

/// Facts by the name under which templates see them.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts(BTreeMap<String, Fact>);

#[derive(Debug, Clone)]
struct Fact {
    json: serde_json::Value,
    value: Value,
}

impl Facts {
    /// The fields of `source`, each a fact.
    ///
    /// # Errors
    /// `source` is no mapping.
    pub(super) fn of(source: &impl Serialize) -> Result<Self, InputError> {
        match serde_json::to_value(source) {
            Ok(serde_json::Value::Object(fields)) => {
                let facts = fields.into_iter().map(|(name, json)| {
                    let value = Value::from(Serde(&json));
                    (name, Fact { json, value })
                });
                Ok(Self(facts.collect()))
            }
            Ok(_) => Err(InputError::new("facts are fields")),
            Err(error) => Err(InputError::new(error.to_string())),
        }
    }
}

/// What one template sees: facts that all share, and its own.
#[derive(Debug)]
pub(super) struct View {
    shared: Arc<Facts>,
    own: Facts,
    used: Mutex<BTreeSet<String>>,
}

impl View {
    pub(super) fn new(shared: &Arc<Facts>, own: Facts) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            own,
            used: Mutex::default(),
        })
    }

    fn fact(&self, name: &str) -> Option<&Fact> {
        self.own.0.get(name).or_else(|| self.shared.0.get(name))
    }

    /// The digest of the facts that were used so far.
    pub(super) fn digest(&self) -> String {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let facts: BTreeMap<&str, &serde_json::Value> = used
            .iter()
            .filter_map(|name| Some((name.as_str(), &self.fact(name)?.json)))
            .collect();
        let text = serde_json::json!(facts).to_string();
        let mut digest = digest_of(text.as_bytes());
        digest.truncate(SHOWN_DIGEST);
        digest
    }
}

impl Object for View {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        let fact = self.fact(name)?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(name) {
            used.insert(name.to_owned());
        }
        Some(fact.value.clone())
    }
}
