//! Sources as the sides of a comparison.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Code, Error, Finding, Input, InputError, Severity};
use crate::profile::Library;
use crate::question::compare::Side;
use crate::resource::ResourceSet;
use crate::source::SourceName;
use crate::source::path::Given;

use super::source::{SourceArguments, refuse_unread, without_unfilled};

/// What of a text leaves it unknown which objects it has.
const BROKEN: [Code; 3] = [Code::YamlSyntax, Code::NotAnObject, Code::UnreadableFile];

/// The most that is told of a side that is not as the API takes it.
const MOST_DOUBTS: usize = 10;

/// Reads two sources as the sides of a comparison. What the user should know goes to `notes`.
///
/// What cannot be read ends the command. What the API would refuse does not: it is what one may
/// want to compare with. Where a folder holds the same object more than once, it holds bundles of
/// several clusters, and both sides are compared folder by folder.
pub(super) fn sides(
    arguments: &SourceArguments,
    names: [&SourceName; 2],
    library: impl Fn() -> Result<Library, Error>,
    notes: &mut Vec<String>,
) -> Result<[Side; 2], Error> {
    let [old, new] = names;
    let given = [
        gathered(arguments, old, &library, notes)?,
        gathered(arguments, new, &library, notes)?,
    ];
    let read = given
        .each_ref()
        .map(|given| ResourceSet::read(&given.inputs));
    let twice = |finding: &&Finding| finding.code == Code::DuplicateObject;
    let mut repeated = read.iter().zip(names).filter_map(|(read, name)| {
        let found = read.findings().iter().find(twice);
        found.map(|finding| (name, finding))
    });
    let Some((name, finding)) = repeated.next() else {
        let [first, second] = read.map(|read| [(String::new(), read)].into());
        let [of_old, of_new] = given;
        return Ok([
            side(old, &of_old, first, notes)?,
            side(new, &of_new, second, notes)?,
        ]);
    };
    if !names.iter().all(|name| has_folders(name)) {
        return Err(finding
            .clone()
            .into_error()
            .hint(format!(
                "{name} seems to hold several clusters: name the folder of one"
            ))
            .into());
    }
    let [first, second] = given;
    Ok([
        side(old, &first, by_folder(&first), notes)?,
        side(new, &second, by_folder(&second), notes)?,
    ])
}

/// The objects of each folder.
fn by_folder(given: &Given) -> BTreeMap<String, ResourceSet> {
    let mut texts: BTreeMap<String, Vec<&Arc<Input>>> = BTreeMap::new();
    for input in &given.inputs {
        let folder = folder_of(&input.name, &given.root);
        texts.entry(folder).or_default().push(input);
    }
    let texts = texts.into_iter();
    texts
        .map(|(folder, inputs)| (folder, ResourceSet::read(inputs)))
        .collect()
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
    given: &Given,
    read: BTreeMap<String, ResourceSet>,
    notes: &mut Vec<String>,
) -> Result<Side, InputError> {
    let mut parts = BTreeMap::new();
    let mut doubts = Vec::new();
    for (part, read) in read {
        for finding in read.findings() {
            if finding.severity != Severity::Error {
                continue;
            }
            if !name.is_live() && BROKEN.contains(&finding.code) {
                return Err(finding.clone().into_error());
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
        unseen: given.unseen.clone(),
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
