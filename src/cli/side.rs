//! Sources as the sides of a comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::Templates;
use crate::finding::{Code, Error, Finding, Input, InputError, Severity};
use crate::profile::{Library, Network};
use crate::question::compare::{Comparison, IgnoreRule, InPlace, Manner, Side, changed_flows};
use crate::question::subject::Known;
use crate::resource::{Kind, ResourceSet};
use crate::source::SourceName;
use crate::source::path::Given;

use super::source::{SourceArguments, refuse_unread, without_unfilled};

/// What of a text leaves it unknown which objects it has.
const BROKEN: [Code; 3] = [Code::YamlSyntax, Code::NotAnObject, Code::UnreadableFile];

/// The most that is told of a side that is not as the API takes it.
const MOST_DOUBTS: usize = 10;

/// Objects by the folder that they lie in, with what is wrong with them.
type Parts = BTreeMap<String, (ResourceSet, Vec<Finding>)>;

/// Reads two sources as the sides of a comparison. What the user should know goes to `notes`.
///
/// What cannot be read ends the command. What the API would refuse does not: it is what one may
/// want to compare with. Where two folders of a source hold the same object, they are bundles of
/// several clusters, and both sides are compared folder by folder.
pub(super) fn sides(
    arguments: &SourceArguments,
    names: [&SourceName; 2],
    library: impl Fn() -> Result<Library, Error>,
    notes: &mut Vec<String>,
) -> Result<[Side; 2], Error> {
    let [old, new] = names;
    let first = gathered(arguments, old, &library, notes)?;
    let second = gathered(arguments, new, &library, notes)?;
    let mut read = [by_folder(old, &first), by_folder(new, &second)];
    let repeated = read.iter().position(holds_several);
    if let Some(at) = repeated
        && let Some(name) = names.get(at)
        && !names.iter().all(|name| has_folders(name))
    {
        return Err(InputError::new(format!(
            "{name} holds objects of the same name in several folders, as of several clusters"
        ))
        .hint("name the folder of one")
        .into());
    }
    if repeated.is_none() {
        read = read.map(together);
    }
    let [of_old, of_new] = read;
    Ok([
        side(old, first.unseen, of_old, notes)?,
        side(new, second.unseen, of_new, notes)?,
    ])
}

/// How sources are usually compared.
pub(super) fn manner(library: &Library) -> Result<Manner, Error> {
    let templates = Templates::embedded()?;
    Ok(Manner {
        ignore: IgnoreRule::usual(),
        all: false,
        rendered: Network::BOTH
            .into_iter()
            .map(|network| templates.policy_names(network))
            .collect(),
        role_label: library.platform()?.role_label,
    })
}

/// Adds to a comparison what changes of flows. That it cannot be had is told: the objects differ all
/// the same.
pub(super) fn add_flows(
    found: &mut Comparison,
    parts: Vec<InPlace>,
    known: &Known,
    notes: &mut Vec<String>,
) {
    match changed_flows(parts, known) {
        // Where nothing differs there is nothing to say of flows either.
        Ok(flows) if found.changes.is_empty() && flows.is_empty() => {}
        Ok(flows) => found.flows = Some(flows),
        Err(error) => notes.push(format!("flows are not compared: {}", error.message())),
    }
}

/// What each folder of a source holds, and what is wrong with it. Sources without folders are one.
fn by_folder(name: &SourceName, given: &Given) -> Parts {
    let mut texts: BTreeMap<String, Vec<&Arc<Input>>> = BTreeMap::new();
    for input in &given.inputs {
        let folder = if has_folders(name) {
            folder_of(&input.name, &given.root)
        } else {
            String::new()
        };
        texts.entry(folder).or_default().push(input);
    }
    let texts = texts.into_iter();
    texts
        .map(|(folder, inputs)| {
            let read = ResourceSet::read(inputs);
            let findings = read.findings().to_vec();
            (folder, (read, findings))
        })
        .collect()
}

/// Whether two folders hold an object of one name.
fn holds_several(parts: &Parts) -> bool {
    let mut seen = BTreeSet::new();
    let mut all = parts.values().flat_map(|(read, _)| read.iter());
    parts.len() > 1 && !all.all(|resource| seen.insert(&resource.key))
}

/// All folders as one.
fn together(parts: Parts) -> Parts {
    let mut parts = parts.into_iter();
    let Some((_, (mut all, mut findings))) = parts.next() else {
        return Parts::new();
    };
    for (_, (read, more)) in parts {
        for resource in read.iter() {
            all.add(resource.clone());
        }
        findings.extend(more);
    }
    [(String::new(), (all, findings))].into()
}

/// Whether the source is of files in folders.
fn has_folders(name: &SourceName) -> bool {
    matches!(name, SourceName::Path(_) | SourceName::Git { .. })
}

fn gathered(
    arguments: &SourceArguments,
    name: &SourceName,
    library: impl FnOnce() -> Result<Library, Error>,
    notes: &mut Vec<String>,
) -> Result<Given, Error> {
    let mut given = arguments.given(name, library)?;
    refuse_unread(&given)?;
    if let Some(first) = given.unread.first() {
        return Err(first.clone().into_error().into());
    }
    notes.append(&mut given.notes);
    Ok(given)
}

fn side(
    name: &SourceName,
    unseen: BTreeSet<Kind>,
    read: Parts,
    notes: &mut Vec<String>,
) -> Result<Side, InputError> {
    let mut parts = BTreeMap::new();
    let mut doubts = Vec::new();
    for (part, (read, findings)) in read {
        for finding in findings {
            if finding.severity != Severity::Error {
                continue;
            }
            if !name.is_live() && BROKEN.contains(&finding.code) {
                return Err(finding.into_error());
            }
            doubts.push(format!("{}: {}", finding.place, finding.message));
        }
        let kept = if name.is_live() {
            read
        } else {
            without_unfilled(&read).1
        };
        parts.insert(part, kept);
    }
    let more = doubts.len().saturating_sub(MOST_DOUBTS);
    doubts.truncate(MOST_DOUBTS);
    notes.append(&mut doubts);
    if more > 0 {
        notes.push(format!("{name}: {more} more that the API would refuse"));
    }
    Ok(Side {
        name: name.to_string(),
        parts,
        unseen,
        is_live: name.is_live(),
    })
}

/// The folder that the text called `name` lies in, below `root`; empty where that is the root, or
/// where the source is the one file.
fn folder_of(name: &str, root: &str) -> String {
    let below = name.strip_prefix(root).unwrap_or_default();
    let folder = below.rsplit_once('/').map(|(folder, _)| folder);
    folder.unwrap_or_default().to_owned()
}
