//! `palisade profile check`

mod bundles;
mod markdown;
mod state;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::{Exit, terminal};
use crate::finding::Error;
use crate::profile::Day;

use super::{ProfilesArguments, json, today};
use state::Checked;

/// Hold the facts in use against the lock and against those who publish them
///
/// Tells which sources say something else by now, what would go and what would come, which lists
/// are deprecated or hold no more, and whose policies would change. Nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade profile check
  palisade profile check --offline --as-of 2026-01-31
  palisade profile check --cluster shop.yaml --format markdown

Exit codes: 0 the facts are fresh, 1 they are not, 2 the call, a profile or the lock is wrong, 3 a
source cannot be asked or understood, whatever the others and the lock say, which is told
nevertheless.")]
pub(super) struct Arguments {
    #[command(flatten)]
    profiles: ProfilesArguments,

    /// The cluster profile of a cluster whose policies are looked at besides those of every region
    /// (can be repeated)
    #[arg(short, long, value_name = "FILE")]
    cluster: Vec<PathBuf>,

    /// The day on which lists are to hold [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,

    /// Fetch nothing: compare with the lock alone
    #[arg(long)]
    offline: bool,

    /// How to print it
    #[arg(short = 'o', long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Markdown,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let library = arguments.profiles.library()?;
    let as_of = arguments.as_of.unwrap_or_else(today);
    let mut checked = Checked::against_lock(&library, as_of)?;
    if !arguments.offline {
        let newer = checked.against_upstream(&library)?;
        (checked.bundles, checked.unfit) = bundles::changed(&library, &newer, &arguments.cluster)?;
    }
    terminal::print(&match arguments.format {
        Format::Text => text::render(&checked),
        Format::Json => json(&checked)?,
        Format::Markdown => markdown::render(&checked),
    })?;
    for failure in &checked.failures {
        terminal::tell_error(failure);
    }
    // What is not known outweighs what is: whoever asks again has both.
    Ok(match (checked.failures.is_empty(), checked.is_fresh()) {
        (false, _) => Exit::Outside,
        (_, true) => Exit::Clean,
        (_, false) => Exit::Findings,
    })
}
