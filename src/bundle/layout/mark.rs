//! Labels and annotations on rendered objects.
//!
//! They are written into the objects and not added by what applies them, so that a comparison of
//! files with a cluster sees on both sides of which bundle an object is.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::finding::{Input, InputError, Place, Span};
use crate::question::compare::{BUNDLE, MANAGED_BY};
use crate::question::rollout::Wave;
use crate::resource::{Resource, normal_form, read};
use crate::yaml::{Node, documents, insertion, with_insertions};

use super::super::RenderedFile;
use super::label_of;

/// The annotation by which Argo CD orders what it syncs.
pub(super) const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";

/// Whether objects say their wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waves {
    /// By Argo CD's annotation.
    Annotated,
    /// Not at all.
    Unsaid,
}

/// The file with labels on each object that say that Palisade manages it and of which bundle it is.
/// A label or annotation that a template writes stays as it is.
///
/// # Errors
/// Metadata that no line can be added to.
pub(super) fn marked(
    file: &RenderedFile,
    folder: &str,
    waves: Waves,
) -> Result<RenderedFile, InputError> {
    let bundle = label_of(folder);
    let labels = [MANAGED_BY, (BUNDLE, bundle.as_str())];
    let numbers: Vec<String> = file
        .resources
        .iter()
        .map(|resource| Wave::of(resource).number().to_string())
        .collect();
    let mut nodes = Vec::new();
    for document in documents(&file.input) {
        nodes.push(document?);
    }
    let text = &file.input.text;
    let mut insertions = Vec::new();
    for (resource, number) in file.resources.iter().zip(&numbers) {
        let metadata = nodes
            .iter()
            .find_map(|node| object_at(node, resource.span))
            .and_then(|object| object.get("metadata"))
            .ok_or_else(|| refused(resource))?;
        if waves == Waves::Annotated {
            let pairs = [(SYNC_WAVE, number.as_str())];
            insertions.extend(insertion(text, metadata, "annotations", &pairs));
        }
        insertions.extend(insertion(text, metadata, "labels", &labels));
    }
    let input = Input::new(file.input.name.as_str(), with_insertions(text, &insertions));
    let (resources, _) = read(&input);
    for (index, (old, number)) in file.resources.iter().zip(&numbers).enumerate() {
        let mut wanted = normal_form(old);
        for (key, value) in labels {
            put(&mut wanted, "labels", key, value);
        }
        if waves == Waves::Annotated {
            put(&mut wanted, "annotations", SYNC_WAVE, number);
        }
        let is_so = resources.get(index).map(normal_form) == Some(wanted);
        if !is_so || resources.len() != file.resources.len() {
            return Err(refused(old));
        }
    }
    Ok(RenderedFile {
        path: file.path.clone(),
        input: Arc::clone(&input),
        resources,
    })
}

/// The object that stands at `span`: the document, or an item of the list that it is.
fn object_at(node: &Node, span: Span) -> Option<&Node> {
    if node.span == span {
        return Some(node);
    }
    let items = node.get("items").map_or(&[][..], Node::items);
    items.iter().find(|item| item.span == span)
}

/// Puts a pair into the metadata of a normal form, if its key is not there.
fn put(form: &mut Value, map: &str, key: &str, value: &str) {
    let metadata = form.get_mut("metadata").and_then(Value::as_object_mut);
    let Some(metadata) = metadata else { return };
    let map = metadata.entry(map).or_insert_with(|| json!({}));
    if let Some(map) = map.as_object_mut() {
        map.entry(key).or_insert_with(|| Value::from(value));
    }
}

fn refused(resource: &Resource) -> InputError {
    InputError::new(format!("{} cannot be given labels", resource.key))
        .at(Place::new(&resource.input, resource.span))
        .hint("write its `metadata` as a block, one key a line, or leave `--layout` out")
}
