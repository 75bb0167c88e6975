//! The command line: arguments, exit codes, and one file a command.

mod audit;
mod both_sides;
mod change;
mod commit;
mod completion;
mod convert;
mod diff;
mod exit;
mod explain_log;
mod generate;
mod known;
mod layout;
mod library;
mod lint;
mod log_denied;
mod make;
mod parallel;
mod plan;
mod profile;
#[cfg(feature = "live")]
mod progress;
mod prove;
mod record;
mod render;
mod rollout;
mod safety;
mod side;
mod source;
mod terminal;
mod trace;
mod verify;
mod workers;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub use exit::Exit;

use crate::finding::Error;

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
    Commit(Box<commit::Arguments>),
    Verify(Box<verify::Arguments>),
    Lint(lint::Arguments),
    Trace(Box<trace::Arguments>),
    Audit(Box<audit::Arguments>),
    Diff(Box<diff::Arguments>),
    Rollout(Box<rollout::Arguments>),
    Workers(workers::Arguments),
    LogDenied(Box<log_denied::Arguments>),
    ExplainLog(Box<explain_log::Arguments>),
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
        Command::Commit(arguments) => commit::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Rollout(arguments) => rollout::run(&arguments),
        Command::Workers(arguments) => workers::run(&arguments),
        Command::LogDenied(arguments) => log_denied::run(&arguments),
        Command::ExplainLog(arguments) => explain_log::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Profile(arguments) => profile::run(&arguments),
        Command::Completion(arguments) => completion::run(&arguments),
    };
    result.unwrap_or_else(|error: Error| {
        terminal::tell_error(&error);
        Exit::of_error(&error)
    })
}
