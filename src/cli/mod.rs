//! The command line: arguments, exit codes, and one file a command.

mod audit;
mod completion;
mod convert;
mod exit;
mod generate;
mod known;
mod library;
mod lint;
mod plan;
mod profile;
mod prove;
mod render;
mod terminal;
mod trace;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use exit::Exit;

use crate::finding::{Code, Error, InputError, OutsideError, Place, Severity};
use crate::resource::validate::{Rules, validate};
use crate::resource::{Api, Body, Resource, ResourceSet};
use crate::source::path;

/// Calico policies that isolate an IBM Cloud cluster, from facts, proven before they are written.
#[derive(Debug, Parser)]
#[command(
    name = "palisade",
    version,
    max_term_width = 100,
    propagate_version = true
)]
#[command(subcommand_required = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Gen(Box<generate::Arguments>),
    Verify(Box<verify::Arguments>),
    Lint(lint::Arguments),
    Trace(Box<trace::Arguments>),
    Audit(Box<audit::Arguments>),
    Convert(convert::Arguments),
    Profile(profile::Arguments),
    Completion(completion::Arguments),
}

/// Runs the command that `arguments` (the program's name first) ask for, and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return Exit::of_usage(&error),
    };
    let result = match arguments.command {
        Command::Gen(arguments) => generate::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Profile(arguments) => profile::run(&arguments),
        Command::Completion(arguments) => completion::run(&arguments),
    };
    result.unwrap_or_else(|error: Error| {
        terminal::tell_error(&error);
        Exit::of_error(&error)
    })
}

/// The resources of files and folders. What cannot be read, and what the API would refuse, ends
/// the command: an answer without it, or with it, would be about something else.
fn resources(paths: &[PathBuf]) -> Result<ResourceSet, Error> {
    let given = path::read(paths);
    if given.outside_failed {
        let failed = given.unread.first();
        let message = failed.map_or_else(String::new, |finding| finding.message.clone());
        return Err(OutsideError::Unread { message }.into());
    }
    let read = ResourceSet::read(&given.inputs);
    let (unfilled, set) = without_unfilled(&read);
    // What storage form holds was let in by nobody; the evaluator knows what Calico makes of it.
    let admitted = of(set.iter().filter(|resource| resource.api != Api::CalicoV1));
    let judged = validate(&admitted, Rules::default());
    let mut wrong = given
        .unread
        .iter()
        .chain(read.findings())
        .filter(|finding| !unfilled.contains(&finding.place))
        .chain(&judged)
        .filter(|finding| finding.severity == Severity::Error);
    match wrong.next() {
        Some(first) => {
            let error = first.clone().into_error();
            let more = wrong.count();
            Err(if more > 0 {
                let also = InputError::new(format!("{more} more; `palisade lint` tells all"));
                error.also(also)
            } else {
                error
            }
            .into())
        }
        None => Ok(set),
    }
}

/// The set without its host endpoints whose names are still placeholders, as samples have them, and
/// where these stand. In a cluster the platform's own are there instead.
fn without_unfilled(read: &ResourceSet) -> (Vec<Place>, ResourceSet) {
    let mut unfilled = Vec::new();
    let mut kept = ResourceSet::default();
    for resource in read.iter() {
        let alone = of([resource]);
        let judged = if matches!(resource.body, Body::HostEndpoint(_)) {
            validate(&alone, Rules::default())
        } else {
            Vec::new()
        };
        match judged
            .iter()
            .find(|finding| finding.code == Code::ObjectName)
        {
            Some(first) => {
                let place = resource.place();
                terminal::tell_note(&format!(
                    "{place}: {} is left out, as the API refuses it: {}",
                    resource.key, first.message
                ));
                unfilled.push(place);
            }
            None => kept.add(resource.clone()),
        }
    }
    (unfilled, kept)
}

fn of<'r>(resources: impl IntoIterator<Item = &'r Resource>) -> ResourceSet {
    let mut set = ResourceSet::default();
    for resource in resources {
        set.add(resource.clone());
    }
    set
}
