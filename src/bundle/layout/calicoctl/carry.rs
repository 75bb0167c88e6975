//! Texts of objects in ConfigMaps, and out of them again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Input, InputError, Place, Span};
use crate::question::compare::MANAGED_BY;
use crate::resource::{Resource, normal_form, read};
use crate::yaml::{Node, documents, to_text};

use super::super::super::RenderedFile;
use super::super::super::inventory::digest_of;
use super::super::{DIGITS, Metadata};
use super::Own;

/// How many bytes of texts go into one ConfigMap. The API takes 1 MiB, but `kubectl apply` writes all
/// of it into an annotation as well, in JSON, for which there are 256 KiB.
const ROOM: usize = 120_000;

/// The longest single text, in bytes: one that is longer than [`ROOM`] has a ConfigMap of its own.
const LONGEST: usize = 1_000_000;

/// The head of a ConfigMap; its data are written behind it as blocks, for people to read.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    immutable: bool,
}

/// ConfigMaps that hold all of `texts`, each under its name, and what they are called. A name says
/// what its ConfigMap holds, so a Job sees the texts that it was made for and no others.
pub(super) fn config_maps(
    own: &Own<'_>,
    texts: &BTreeMap<String, RenderedFile>,
) -> Result<(Vec<String>, Vec<String>), InputError> {
    let mut maps = Vec::new();
    let mut names = Vec::new();
    let mut data = String::new();
    let mut size = 0;
    let mut flush = |data: &mut String| {
        if data.is_empty() {
            return Ok(());
        }
        let digest: String = digest_of(data.as_bytes()).chars().take(DIGITS).collect();
        let name = own.name(&format!("-{digest}"));
        let head = to_text(&Head {
            api_version: "v1",
            kind: "ConfigMap",
            metadata: own.metadata(name.clone()),
            immutable: true,
        })?;
        maps.push(format!("{head}data:\n{data}"));
        names.push(name);
        data.clear();
        Ok::<_, InputError>(())
    };
    for (name, file) in texts {
        let text = &file.input.text;
        if text.len() > LONGEST {
            let start = Span::in_text(text, 0..0);
            return Err(InputError::new(format!(
                "the file is {} bytes long, and a ConfigMap has room for {LONGEST}",
                text.len()
            ))
            .at(Place::new(&file.input, start)));
        }
        if size + text.len() > ROOM {
            flush(&mut data)?;
            size = 0;
        }
        size += text.len();
        data.push_str(&format!("  {name}: |\n"));
        for line in text.lines() {
            let indent = if line.is_empty() { "" } else { "    " };
            data.push_str(&format!("{indent}{line}\n"));
        }
    }
    flush(&mut data)?;
    Ok((maps, names))
}

/// The texts that the ConfigMaps of `input` hold which Palisade made, each with its name; nothing
/// where there are none.
pub fn carried(input: &Arc<Input>) -> Vec<Arc<Input>> {
    let all = documents(input);
    let maps = all.iter().flatten().filter(|node| {
        let kind = node.get("kind").and_then(Node::as_str);
        let labels = node.get("metadata").and_then(|data| data.get("labels"));
        let manager = labels.and_then(|labels| labels.get(MANAGED_BY.0));
        kind == Some("ConfigMap") && manager.and_then(Node::as_str) == Some(MANAGED_BY.1)
    });
    let data = maps.filter_map(|node| node.get("data"));
    let entries = data.flat_map(Node::entries);
    entries
        .filter_map(|entry| {
            let name = format!("{}: {}", input.name, entry.key);
            Some(Input::new(name, entry.value.as_str()?))
        })
        .collect()
}

/// The objects in the ConfigMaps of `input`, which must say what the files say that went into them.
pub(super) fn read_back(
    input: &Arc<Input>,
    texts: &BTreeMap<String, RenderedFile>,
) -> Result<Vec<Resource>, InputError> {
    let found: Vec<Resource> = carried(input)
        .iter()
        .flat_map(|text| read(text).0)
        .collect();
    let mut wanted = texts.values().flat_map(|file| &file.resources);
    let mut own = found.iter();
    loop {
        match (wanted.next(), own.next()) {
            (None, None) => return Ok(found),
            (Some(a), Some(b)) if normal_form(a) == normal_form(b) => {}
            (Some(one), _) | (None, Some(one)) => {
                return Err(InputError::new(format!(
                    "{} does not come out of a ConfigMap as it went into it",
                    one.key
                ))
                .at(one.place()));
            }
        }
    }
}
