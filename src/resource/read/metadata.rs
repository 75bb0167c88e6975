//! Metadata, and what storage form does to it (STORE-4 to STORE-9).

use crate::finding::{Code, Span};
use crate::resource::{Api, Kind, Label, Metadata};
use crate::yaml::Located;

use super::fields::{Fields, Reader};

/// The annotation in which storage form keeps the v3 metadata (STORE-8).
const V3_METADATA: &str = "projectcalico.org/metadata";

/// The prefix of stored policy names in the default tier (STORE-4, STORE-5).
const DEFAULT_TIER: &str = "default.";

/// Names that are stored as they are (STORE-4).
const UNPREFIXED: [&str; 2] = ["knp.", "ossg."];

impl Reader<'_> {
    pub(super) fn metadata(&mut self, object: Fields<'_>, api: Api) -> Option<Metadata> {
        let Some(node) = object.get("metadata") else {
            self.tell(
                Code::NotAnObject,
                object.span(),
                "this object has no `metadata`",
            );
            return None;
        };
        // The server's own fields are legion; only what users write is checked.
        let fields = self.open(node, "metadata")?;
        for entry in node.entries() {
            let wrong_case = ["name", "namespace", "labels", "annotations"]
                .into_iter()
                .find(|known| entry.key.eq_ignore_ascii_case(known) && **known != *entry.key);
            if let Some(right) = wrong_case {
                let place = crate::finding::Place::new(self.input, entry.key_span);
                let message = format!("`metadata` has no field `{}`", entry.key);
                self.push(
                    crate::finding::Finding::new(Code::UnknownField, place, message)
                        .hint(format!("did you mean `{right}`?")),
                );
            }
        }
        let mut metadata = Metadata {
            span: node.span,
            name: self.text(fields, "name"),
            recorded_name: None,
            namespace: self.text(fields, "namespace"),
            labels: self.labels(fields, "labels"),
            annotations: self.labels(fields, "annotations"),
        };
        if api == Api::CalicoV1 {
            merge_stored(&mut metadata);
        }
        Some(metadata)
    }
}

/// The name under which the v3 API shows the object.
pub(super) fn v3_name(kind: &Kind, api: Api, metadata: &Metadata) -> Option<String> {
    let written = &*metadata.name.as_ref()?.value;
    if api != Api::CalicoV1 || !kind.is_policy() {
        return Some(written.to_owned());
    }
    if let Some(recorded) = &metadata.recorded_name {
        return Some(recorded.to_string());
    }
    if UNPREFIXED.iter().any(|prefix| written.starts_with(prefix)) {
        return Some(written.to_owned());
    }
    let bare = written.strip_prefix(DEFAULT_TIER).unwrap_or(written);
    Some(bare.to_owned())
}

fn stored(metadata: &Metadata) -> Option<serde_json::Value> {
    serde_json::from_str(metadata.annotation(V3_METADATA)?).ok()
}

/// Lays the labels and annotations of the v3 metadata over those of the stored object (STORE-9).
fn merge_stored(metadata: &mut Metadata) {
    let Some(stored) = stored(metadata) else {
        return;
    };
    let span = metadata
        .annotations
        .iter()
        .find(|annotation| &*annotation.key.value == V3_METADATA)
        .map_or(metadata.span, |annotation| annotation.value.span);
    let name = stored.get("name").and_then(|name| name.as_str());
    metadata.recorded_name = name.map(Box::from);
    overlay(&mut metadata.labels, stored.get("labels"), span);
    overlay(&mut metadata.annotations, stored.get("annotations"), span);
    metadata
        .annotations
        .retain(|annotation| &*annotation.key.value != V3_METADATA);
}

fn overlay(labels: &mut Vec<Label>, stored: Option<&serde_json::Value>, span: Span) {
    let Some(stored) = stored.and_then(|stored| stored.as_object()) else {
        return;
    };
    for (key, value) in stored {
        let Some(value) = value.as_str() else {
            continue;
        };
        labels.retain(|label| &*label.key.value != key);
        labels.push(Label {
            key: Located {
                value: key.as_str().into(),
                span,
            },
            value: Located {
                value: value.into(),
                span,
            },
        });
    }
}
