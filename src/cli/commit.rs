//! `palisade commit`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::bundle::{Branch, Change, Changes, Plan, carried, known};
use crate::finding::{Error, Input, InputError};
use crate::question::compare::{Comparison, InPlace, Side, compare};
use crate::report::compare::{Compared, Part, message};
use crate::resource::ResourceSet;

use super::make::{Made, MakeArguments};
use super::side::{add_flows, manner};
use super::{Exit, change, terminal};

/// Commit the policies that isolate a cluster to a branch
///
/// Renders and proves as `palisade gen` does, and writes what it would write to a branch of a git
/// repository, in one commit whose message says which objects change and what that does to flows. The
/// work tree and the index are not touched, nothing is forced, and where nothing changes there is no
/// commit. What Palisade did not write on the branch is never touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade commit --branch policies --region us-south --private
  palisade commit --branch policies --cluster shop.yaml --dry-run
  palisade commit --branch facts/2025-12 --base origin/main --region all
  palisade commit --repository policies.git --branch main --cluster shop.yaml

Exit codes: 0 committed or nothing to commit, 1 what must hold does not, 2 the call or an input is
wrong, 3 the repository is not as it must be.")]
pub(super) struct Arguments {
    /// The branch; it is made where it is not there
    #[arg(short, long, value_name = "NAME")]
    branch: String,

    /// Where a branch begins that is not there: a branch, tag or commit
    #[arg(long, value_name = "REF")]
    base: Option<String>,

    /// The repository, or a folder in it
    #[arg(long, value_name = "DIR", default_value = ".")]
    repository: PathBuf,

    /// The output folder, from the root of the repository; with `./` before it, from where
    /// `--repository` is
    #[arg(short, long, value_name = "DIR", default_value = "generated")]
    output: String,

    /// Commit nothing, and show the message and every change
    #[arg(long)]
    dry_run: bool,

    /// Say of objects alone what changes, not what that does to flows
    #[arg(long)]
    no_flows: bool,

    #[command(flatten)]
    make: MakeArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let branch = opened(arguments)?;
    let folder = Path::new(branch.folder());
    let Some(made) = arguments.make.make(folder, false)? else {
        return Ok(Exit::Findings);
    };
    let folders = made.folders();
    let changes: Result<Vec<Changes>, Error> = folders
        .iter()
        .map(|folder| branch.compare(folder))
        .collect();
    let changes = changes?;
    let counted = change::counted(&made.bundles(), &changes);
    if changes.iter().all(Changes::is_empty) {
        terminal::tell(&format!(
            "nothing to commit: `{}` is as it would be written on `{}`",
            arguments.output,
            branch.name()
        ));
        return Ok(Exit::Clean);
    }
    for note in branch.notes()?.iter().chain(&made.notes) {
        terminal::tell_note(note);
    }
    change::tell_edited(&changes);
    let message = told(&branch, &made, &changes, !arguments.no_flows)?;
    if arguments.dry_run {
        terminal::print(&format!("{message}\n{}", change::unified(&changes)))?;
        terminal::tell(&format!(
            "{}: {counted}, if it were committed",
            branch.name()
        ));
        return Ok(Exit::Clean);
    }
    let commit = branch.commit(&changes, &message)?;
    terminal::tell(&format!("{}: {counted}, in commit {commit}", branch.name()));
    Ok(Exit::Clean)
}

fn opened(arguments: &Arguments) -> Result<Branch, Error> {
    if arguments.output == "-" {
        return Err(InputError::new("a commit is of a folder, and `-o -` is none").into());
    }
    let base = arguments.base.as_deref();
    let branch = Branch::open(
        &arguments.repository,
        &arguments.branch,
        base.unwrap_or("HEAD"),
        &arguments.output,
    )?;
    if let Some(base) = base.filter(|_| branch.exists()) {
        terminal::tell_note(&format!(
            "the branch `{}` is there already, so the commit goes on top of it and not of `{base}`",
            branch.name()
        ));
    }
    Ok(branch)
}

/// The message of the commit: what changes of the objects of each plan, and in flows.
fn told(branch: &Branch, made: &Made, changes: &[Changes], flows: bool) -> Result<String, Error> {
    let manner = manner(&made.library)?;
    let mut found: Vec<(&Plan, Comparison, Vec<String>)> = Vec::new();
    for plan in &made.plans {
        let [old, new] = sides(branch, plan, changes)?;
        let mut notes = Vec::new();
        let mut one = compare(&old, &new, &manner)?;
        if flows && !one.changes.is_empty() {
            let known = known(plan, Some(made.library.baseline()));
            let parts = InPlace::of(&old, &new, &one);
            add_flows(&mut one, parts, &known, &mut notes);
        }
        found.push((plan, one, notes));
    }
    let parts: Vec<Part<'_>> = found
        .iter()
        .map(|(plan, found, notes)| Part {
            target: plan.described(),
            compared: Compared {
                found,
                judged: &[],
                notes,
            },
        })
        .collect();
    Ok(message(&parts, made.proven.as_deref()))
}

/// What the folder of a plan holds before the changes and after them.
fn sides(branch: &Branch, plan: &Plan, changes: &[Changes]) -> Result<[Side; 2], Error> {
    let folder = Path::new(branch.folder()).join(plan.folder());
    let old: BTreeMap<PathBuf, String> = branch.texts(&folder.to_string_lossy())?;
    let mut new = old.clone();
    for changes in changes
        .iter()
        .filter(|own| own.folder().starts_with(&folder))
    {
        for (path, change) in &changes.files {
            let path = changes.folder().join(path);
            match change {
                Change::Create { new: text } | Change::Update { new: text, .. } => {
                    new.insert(path, text.clone());
                }
                Change::Remove { .. } => {
                    new.remove(&path);
                }
            }
        }
    }
    Ok([("before", old), ("after", new)].map(|(name, texts)| {
        let texts = texts.iter();
        let mut inputs: Vec<_> = texts
            .map(|(path, text)| Input::new(path.display().to_string(), text.as_str()))
            .collect();
        // What Jobs apply is what changes.
        let within: Vec<_> = inputs.iter().flat_map(carried).collect();
        inputs.extend(within);
        Side {
            name: name.to_owned(),
            parts: [(String::new(), ResourceSet::read(&inputs))].into(),
            ..Side::default()
        }
    }))
}
