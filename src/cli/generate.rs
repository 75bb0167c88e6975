//! `palisade gen`

use std::path::{Path, PathBuf};

use clap::Args;

use crate::bundle::{Bundle, Changes, Folder, Output};
use crate::finding::{Error, InputError};

use super::make::MakeArguments;
use super::{Exit, change, terminal};

/// The output folder that means standard output.
const STREAM: &str = "-";

/// Write the policies that isolate a cluster
///
/// Renders the complete set of Calico policies for a region, or for one cluster of it, and writes
/// one file a policy: DIR/REGION/NETWORK/POLICY.yaml, or DIR/clusters/NAME/NETWORK/POLICY.yaml
/// with a cluster profile. Before anything is written it is proven that the policies let through
/// what must pass and nothing else, as `palisade verify` does. All files are written or none. What an earlier run wrote and this one
/// no longer renders is removed; a file that Palisade did not write is never touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade gen --region us-south --private        the private network's set of a region
  palisade gen --cluster shop.yaml                both networks of one cluster
  palisade gen --region all --check               are the files on disk what would be written?
  palisade gen --region eu-de --without vrrp,logging
  palisade gen --region eu-de --public -o - | calicoctl apply -f -
  kubectl get nodes -o json | palisade gen --cluster shop.yaml --workers -
  palisade gen --region eu-de --layout flux --source GitRepository/policies

Exit codes: 0 written or nothing to do, 1 `--check` found differences or what must hold does not,
2 the call or an input is wrong, 3 a file or folder cannot be read or written.")]
pub(super) struct Arguments {
    /// The folder to write to; `-` prints one stream
    #[arg(short, long, value_name = "DIR", default_value = "generated")]
    output: PathBuf,

    /// Write nothing, and show what is not as it would be written
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    make: MakeArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let is_stream = arguments.output == Path::new(STREAM);
    if is_stream && arguments.check {
        return Err(InputError::new("`--check` compares with a folder, and `-o -` is none").into());
    }
    let Some(made) = arguments.make.make(&arguments.output, is_stream)? else {
        return Ok(Exit::Findings);
    };
    let bundles = made.bundles();
    if is_stream {
        return print(&bundles);
    }
    let folders = made.folders();
    if arguments.check {
        return check(&compare(&Output::look(&arguments.output), &folders)?);
    }
    let output = Output::take(&arguments.output)?;
    let changes = compare(&output, &folders)?;
    output.apply(&changes)?;
    for note in &made.notes {
        terminal::tell_note(note);
    }
    change::tell_edited(&changes);
    terminal::tell(&format!(
        "{}: {}",
        arguments.output.display(),
        change::counted(&bundles, &changes)
    ));
    Ok(Exit::Clean)
}

/// Everything as one stream of documents.
fn print(bundles: &[Bundle]) -> Result<Exit, Error> {
    let mut stream = String::new();
    for file in bundles.iter().flat_map(|bundle| &bundle.files) {
        if !stream.is_empty() {
            stream.push_str("---\n");
        }
        stream.push_str(&file.input.text);
    }
    terminal::print(&stream)?;
    Ok(Exit::Clean)
}

fn compare(output: &Output, folders: &[Folder]) -> Result<Vec<Changes>, Error> {
    folders
        .iter()
        .map(|folder| output.compare(folder))
        .collect()
}

/// Shows what is not as it would be written.
fn check(changes: &[Changes]) -> Result<Exit, Error> {
    let differing = changes.iter().filter(|folder| !folder.is_empty());
    for folder in differing.filter(|folder| folder.files.is_empty()) {
        let path = folder.folder().display();
        terminal::tell_note(&if folder.has_inventory() {
            format!("texts of an interrupted run lie in {path}")
        } else {
            format!("the inventory of {path} is not up to date")
        });
    }
    terminal::print(&change::unified(changes))?;
    let differences = change::differences(changes);
    if differences == 0 {
        return Ok(Exit::Clean);
    }
    terminal::tell(&format!(
        "{differences} {} not as it would be written; `palisade gen` without `--check` writes it",
        if differences == 1 {
            "file is"
        } else {
            "files are"
        }
    ));
    Ok(Exit::Findings)
}
