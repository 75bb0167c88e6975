//! Rules that say what of objects is not compared.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::finding::InputError;
use crate::resource::Kind;

/// The parts of objects that rules speak of.
const PARTS: [&str; 3] = ["label", "annotation", "field"];

/// What Palisade never takes for drift, besides what the normal form makes alike: what the API,
/// kubectl, Argo CD, Flux and Helm write down for themselves, and the labels that the platform
/// copies from nodes onto its host endpoints.
const USUAL: [&str; 13] = [
    "annotation:argocd.argoproj.io/tracking-id",
    "annotation:kubectl.kubernetes.io/*",
    "annotation:meta.helm.sh/*",
    "label:app.kubernetes.io/instance",
    "label:argocd.argoproj.io/instance",
    "label:kustomize.toolkit.fluxcd.io/*",
    "label:projectcalico.org/tier",
    "HostEndpoint/label:*.kubernetes.io/*",
    "HostEndpoint/label:kubernetes.io/*",
    "HostEndpoint/label:arch",
    "HostEndpoint/label:privateVLAN",
    "HostEndpoint/label:publicVLAN",
    "HostEndpoint/label-of-its-node",
];

/// What layouts write into objects for whoever applies them. Where only one side is of such a layout,
/// these tell nothing.
const OF_LAYOUTS: [&str; 3] = [
    "annotation:argocd.argoproj.io/sync-wave",
    "label:app.kubernetes.io/managed-by",
    "label:palisade/bundle",
];

/// Something of objects that is not compared: `[KIND/]label:KEY`, `[KIND/]annotation:KEY` or
/// `[KIND/]field:spec.NAME`. A `*` in a key stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreRule {
    kind: Option<Kind>,
    part: Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Label(Glob),
    Annotation(Glob),
    /// A path of names into the object.
    Field(Vec<String>),
    /// On a host endpoint, a label that its node has too.
    OfNode,
}

/// A text in which `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Glob(String);

impl Glob {
    fn fits(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        for part in parts {
            match rest.split_once(part) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl IgnoreRule {
    /// What Palisade never takes for drift.
    pub fn usual() -> Vec<Self> {
        // INVARIANT: a test reads every one of them.
        USUAL.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// What layouts write into objects.
    pub(super) fn of_layouts() -> Vec<Self> {
        let texts = OF_LAYOUTS.iter();
        texts.filter_map(|text| text.parse().ok()).collect()
    }

    /// Takes what the rule means out of `form`, an object of `kind`, and says how many values that
    /// were. `of_node` are the labels of the node that a host endpoint is on.
    pub(super) fn apply(&self, form: &mut Value, kind: &Kind, of_node: &[(&str, &str)]) -> usize {
        // Calico and Kubernetes both have a kind of the word NetworkPolicy.
        if self
            .kind
            .as_ref()
            .is_some_and(|own| own.word() != kind.word())
        {
            return 0;
        }
        match &self.part {
            Part::Label(glob) => drop_from(form, "labels", |key, _| glob.fits(key)),
            Part::Annotation(glob) => drop_from(form, "annotations", |key, _| glob.fits(key)),
            Part::OfNode => drop_from(form, "labels", |key, value| {
                of_node.contains(&(key, value.as_str().unwrap_or_default()))
            }),
            Part::Field(path) => usize::from(drop_field(form, path)),
        }
    }

    /// Whether the rule means the label `key` of host endpoints alone.
    pub(super) fn is_of_host_endpoints(&self, key: &str) -> bool {
        self.kind == Some(Kind::HostEndpoint)
            && matches!(&self.part, Part::Label(glob) if glob.fits(key))
    }
}

fn drop_from(form: &mut Value, list: &str, drop: impl Fn(&str, &Value) -> bool) -> usize {
    let Some(metadata) = form.get_mut("metadata").and_then(Value::as_object_mut) else {
        return 0;
    };
    let Some(entries) = metadata.get_mut(list).and_then(Value::as_object_mut) else {
        return 0;
    };
    let before = entries.len();
    entries.retain(|key, value| !drop(key, value));
    let count = before - entries.len();
    if entries.is_empty() {
        metadata.remove(list);
    }
    count
}

fn drop_field(form: &mut Value, path: &[String]) -> bool {
    let Some((last, above)) = path.split_last() else {
        return false;
    };
    let mut at = Some(form);
    for name in above {
        at = at.and_then(|value| value.get_mut(name));
    }
    let fields: Option<&mut Map<String, Value>> = at.and_then(Value::as_object_mut);
    fields.is_some_and(|fields| fields.remove(last).is_some())
}

impl FromStr for IgnoreRule {
    type Err = InputError;

    fn from_str(text: &str) -> Result<Self, InputError> {
        let refuse = |what: String| {
            InputError::new(format!("`{text}` is no rule of what to ignore: {what}")).hint(
                "rules are [KIND/]label:KEY, [KIND/]annotation:KEY and [KIND/]field:spec.NAME",
            )
        };
        let (kind, rest) = match text.split_once('/') {
            // Keys have slashes too; a kind stands before the part's name.
            Some((kind, rest)) if !kind.contains(':') => (Some(kind), rest),
            _ => (None, text),
        };
        let kind = match kind {
            None => None,
            Some(word) => {
                let known = Kind::READ.iter().find(|kind| kind.word() == word);
                let words = Kind::READ.iter().map(Kind::word);
                Some(known.cloned().ok_or_else(|| {
                    refuse(format!("there is no kind `{word}`")).suggest(word, words)
                })?)
            }
        };
        if rest == "label-of-its-node" && kind == Some(Kind::HostEndpoint) {
            let part = Part::OfNode;
            return Ok(Self { kind, part });
        }
        let Some((part, key)) = rest.split_once(':').filter(|(_, key)| !key.is_empty()) else {
            return Err(refuse("it names nothing".to_owned()));
        };
        let part = match part {
            "label" => Part::Label(Glob(key.to_owned())),
            "annotation" => Part::Annotation(Glob(key.to_owned())),
            "field" => {
                let path: Vec<String> = key.split('.').map(str::to_owned).collect();
                // Without its name or kind an object is none.
                if path.len() < 2 || path.first().is_none_or(|first| first != "spec") {
                    return Err(refuse("a field is one of `spec`".to_owned()));
                }
                Part::Field(path)
            }
            other => {
                return Err(refuse(format!("there is no part `{other}`")).suggest(other, PARTS));
            }
        };
        Ok(Self { kind, part })
    }
}

impl fmt::Display for IgnoreRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = &self.kind {
            write!(f, "{kind}/")?;
        }
        match &self.part {
            Part::Label(glob) => write!(f, "label:{}", glob.0),
            Part::Annotation(glob) => write!(f, "annotation:{}", glob.0),
            Part::Field(path) => write!(f, "field:{}", path.join(".")),
            Part::OfNode => f.write_str("label-of-its-node"),
        }
    }
}

impl Serialize for IgnoreRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_rule_is_read_and_prints_as_it_is_written() {
        let rules = IgnoreRule::usual();
        let printed: Vec<String> = rules.iter().map(ToString::to_string).collect();
        assert_eq!(printed, USUAL);
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (glob, text, fits) in [
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/", true),
            ("*.k.io/*", "x.k.io/y", true),
            ("*.k.io/*", "k.io/y", false),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*a", "a", false),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(Glob(glob.to_owned()).fits(text), fits, "{glob} {text}");
        }
    }
}
