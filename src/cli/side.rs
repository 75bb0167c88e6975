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

use super::parallel;
use super::source::{SourceArguments, refuse_unread, without_unfilled};

/// What of a text leaves it unknown which objects it has.
const BROKEN: [Code; 3] = [Code::YamlSyntax, Code::NotAnObject, Code::UnreadableFile];

/// The most that is told of a side that is not as the API takes it.
const MOST_DOUBTS: usize = 10;

/// How many texts are read in one go. It does not go by the processors, since what is found in which
/// order must not.
const TOGETHER: usize = 500;

/// Objects by the folder that they lie in, with what is wrong with them.
type Parts = BTreeMap<String, (ResourceSet, Vec<Finding>)>;

/// Reads two sources as the sides of a comparison. What the user should know goes to `notes`.
///
/// What cannot be read ends the command. What the API would refuse does not: it is what one may
/// want to compare with. Where two folders of a source hold the same object, they are bundles of
/// several clusters, and both sides are compared cluster by cluster.
pub(super) fn sides(
    arguments: &SourceArguments,
    names: [&SourceName; 2],
    library: impl Fn() -> Result<Library, Error>,
    notes: &mut Vec<String>,
) -> Result<[Side; 2], Error> {
    let [old, new] = names;
    let first = gathered(arguments, old, &library, notes)?;
    let second = gathered(arguments, new, &library, notes)?;
    let read = [by_folder(old, &first), by_folder(new, &second)];
    let repeated = read.iter().position(|parts| holds_several(parts, ""));
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
    let [of_old, of_new] = by_cluster(read);
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
    let folders = texts.iter();
    let chunks: Vec<(&String, &[&Arc<Input>])> = folders
        .flat_map(|(folder, inputs)| inputs.chunks(TOGETHER).map(move |chunk| (folder, chunk)))
        .collect();
    // By every processor there is: of most folders, each is one chunk.
    let read = parallel::each(&chunks, |(_, chunk)| {
        ResourceSet::read(chunk.iter().copied())
    });
    let mut sets: BTreeMap<&String, ResourceSet> = BTreeMap::new();
    for ((folder, _), read) in chunks.iter().zip(read) {
        sets.entry(folder).or_default().append(read);
    }
    let sets = sets.into_iter();
    sets.map(|(folder, read)| {
        let findings = read.findings().to_vec();
        (folder.clone(), (read, findings))
    })
    .collect()
}

/// Whether two folders at or below `top` hold an object of one name.
fn holds_several(parts: &Parts, top: &str) -> bool {
    let mut seen = BTreeSet::new();
    let own = parts.iter().filter(|(folder, _)| is_within(folder, top));
    let mut all = own.flat_map(|(_, (read, _))| read.iter());
    !all.all(|resource| seen.insert(&resource.key))
}

/// Whether `folder` is `top` or below it.
fn is_within(folder: &str, top: &str) -> bool {
    let below = folder.strip_prefix(top);
    below.is_some_and(|below| top.is_empty() || below.is_empty() || below.starts_with('/'))
}

/// The folders of each cluster as one: the widest that hold no object twice on either side. The
/// networks of a cluster are in several folders, and so are waves, and flows pass through all of
/// them.
fn by_cluster(read: [Parts; 2]) -> [Parts; 2] {
    let mut tops = Vec::new();
    widest(&read, "", &mut tops);
    read.map(|mut parts| {
        let of_tops = tops.iter().map(|(top, alone)| {
            let is_own = |folder: &String| match alone {
                true => folder == top,
                false => is_within(folder, top),
            };
            let own = parts.extract_if(.., |folder, _| is_own(folder));
            (top.clone(), together(own))
        });
        of_tops.collect()
    })
}

/// The widest folders at or below `top` that hold no object twice, each with whether what is below
/// it is apart.
fn widest(read: &[Parts; 2], top: &str, found: &mut Vec<(String, bool)>) {
    if !read.iter().any(|parts| holds_several(parts, top)) {
        found.push((top.to_owned(), false));
        return;
    }
    let mut below = BTreeSet::new();
    let folders = read.iter().flat_map(Parts::keys);
    for folder in folders.filter(|folder| is_within(folder, top)) {
        let rest = folder.strip_prefix(top).unwrap_or_default();
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        below.insert(rest.split_once('/').map_or(rest, |(first, _)| first));
    }
    for name in below {
        match (top, name) {
            (_, "") => found.push((top.to_owned(), true)),
            ("", _) => widest(read, name, found),
            _ => widest(read, &format!("{top}/{name}"), found),
        }
    }
}

/// All folders as one.
fn together(
    parts: impl Iterator<Item = (String, (ResourceSet, Vec<Finding>))>,
) -> (ResourceSet, Vec<Finding>) {
    let mut all = ResourceSet::default();
    let mut findings = Vec::new();
    for (_, (read, more)) in parts {
        all.add_all(&read);
        findings.extend(more);
    }
    (all, findings)
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
