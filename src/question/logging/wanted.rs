//! Which policies' denials are wanted.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::engine::{PolicyId, Program};
use crate::finding::{Input, InputError, Place};
use crate::profile::LogDenied;
use crate::resource::Key;

/// A policy as a user names it: `KIND/NAME`, `KIND/NAMESPACE/NAME`, or a part of that from the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyName {
    kind: Option<String>,
    namespace: Option<String>,
    name: String,
    /// Where the user names it, if that is in a text.
    place: Option<Place>,
}

/// A text that names no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no policy: write NAME, GlobalNetworkPolicy/NAME or NetworkPolicy/NAMESPACE/NAME"
)]
pub struct PolicyNameError(String);

impl FromStr for PolicyName {
    type Err = PolicyNameError;

    fn from_str(text: &str) -> Result<Self, PolicyNameError> {
        let parts: Vec<&str> = text.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(PolicyNameError(text.to_owned()));
        }
        let own = |part: &str| Some(part.to_owned());
        let (kind, namespace, name) = match *parts.as_slice() {
            [name] => (None, None, name),
            [kind, name] if is_kind(kind) => (own(kind), None, name),
            [namespace, name] => (None, own(namespace), name),
            [kind, namespace, name] if is_kind(kind) => (own(kind), own(namespace), name),
            _ => return Err(PolicyNameError(text.to_owned())),
        };
        Ok(Self {
            kind,
            namespace,
            name: name.to_owned(),
            place: None,
        })
    }
}

/// Names of namespaces are in lower case, words of kinds never are; kubectl takes those in any case,
/// so what ends as a kind of policies does is one.
fn is_kind(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.ends_with("networkpolicy")
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.kind, &self.namespace].into_iter().flatten() {
            write!(f, "{part}/")?;
        }
        f.write_str(&self.name)
    }
}

impl PolicyName {
    /// A policy by its name alone.
    pub fn of_name(name: &str) -> Self {
        Self {
            kind: None,
            namespace: None,
            name: name.to_owned(),
            place: None,
        }
    }

    /// Says where it is named.
    pub fn at(self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }

    /// The error, with the place where the policy is named.
    fn told(&self, error: InputError) -> InputError {
        match &self.place {
            Some(place) => error.at(place.clone()),
            None => error,
        }
    }

    /// The policy's own name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn means(&self, key: &Key) -> bool {
        let is_kind = |kind: &String| key.kind.word().eq_ignore_ascii_case(kind);
        self.kind.as_ref().is_none_or(is_kind)
            && (self.namespace.is_none() || self.namespace == key.namespace)
            && self.name == key.name
    }
}

/// Which policies' denials are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Wanted {
    /// Those of every policy that is given. Those that are only assumed to be there are not.
    #[default]
    All,
    /// Those of these.
    Policies(Vec<PolicyName>),
}

impl Wanted {
    /// What the cluster profile `input` says; nothing where nobody's denials are wanted.
    pub fn of_profile(said: &LogDenied, input: &Arc<Input>) -> Option<Self> {
        match said {
            LogDenied::All(all) => all.then_some(Self::All),
            LogDenied::Policies(names) => {
                let named = names.iter().map(|name| {
                    let place = Place::new(input, name.span);
                    PolicyName::of_name(name.as_str()).at(place)
                });
                Some(Self::Policies(named.collect()))
            }
        }
    }

    /// The error that `error` is of the policy of `key`, with the place where it is named.
    pub fn told(&self, key: &Key, error: InputError) -> InputError {
        let names = match self {
            Self::All => &[][..],
            Self::Policies(names) => names,
        };
        match names.iter().find(|name| name.means(key)) {
            Some(name) => name.told(error),
            None => error,
        }
    }

    /// The policies that are meant, in the order in which they are asked.
    ///
    /// # Errors
    /// A name that means none, with the nearest right one.
    pub(super) fn among(&self, program: &Program) -> Result<Vec<PolicyId>, InputError> {
        let Self::Policies(names) = self else {
            let given = program.policies_numbered().filter(|(_, p)| !p.assumed);
            return Ok(given.map(|(id, _)| id).collect());
        };
        let mut chosen = Vec::new();
        for name in names {
            let before = chosen.len();
            let all = program.policies_numbered();
            chosen.extend(all.filter(|(_, p)| name.means(&p.key)).map(|(id, _)| id));
            if chosen.len() == before {
                let known = program.policies().iter().map(|p| p.key.name.as_str());
                let error = InputError::new(format!("no policy `{name}` is enforced"))
                    .suggest(&name.name, known);
                return Err(name.told(error));
            }
        }
        chosen.sort_unstable();
        chosen.dedup();
        Ok(chosen)
    }
}
