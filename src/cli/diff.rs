//! `palisade diff`

use clap::{Args, ValueEnum};

use crate::finding::{Error, InputError};
use crate::question::compare::{IgnoreRule, Manner, Verdict, changed_flows, compare};
use crate::report::compare::{self as report, Compared};
use crate::source::SourceName;

use super::known::KnownArguments;
use super::side::{manner, sides};
use super::source::SourceArguments;
use super::{Exit, terminal};

/// Show what changes from one source to another
///
/// Compares what objects mean, not how they are written: names and labels as the v3 API shows them,
/// defaults filled in, lists whose order means nothing as sets. One source alone is compared with
/// the live cluster: what would change if it were applied.
///
/// Objects that only a cluster has and that Palisade does not manage are counted and not shown, and
/// host endpoints that the platform made are never compared. Then comes what that does to flows: what
/// opens, what closes, each with one flow and the rule that decides on either side.
#[derive(Debug, Args)]
#[command(after_help = "\
Sources:
  PATH                      a file, or a folder with its .yaml, .yml and .json files
  -                         standard input
  git:REF[:PATH]            files at a git revision; the work tree is not looked at
  live[:CONTEXT]            a running cluster, by a context of the kubeconfig
  region:NAME[/NETWORK]     what `palisade gen --region NAME` would write

Examples:
  palisade diff generated/clusters/shop            what would change in the cluster
  palisade diff git:main generated --format markdown
  palisade diff live:staging live:production
  palisade diff region:eu-de/private policies --ignore 'annotation:team.example/*'

Exit codes: 0 the sources say the same, 1 they differ, 2 the call or an input is wrong, 3 a source
cannot be read, 4 nothing differs as far as can be seen, and not everything can.")]
pub(super) struct Arguments {
    /// The old source; or the new one, where it is the only one
    #[arg(value_name = "A")]
    first: SourceName,

    /// The new source
    #[arg(value_name = "B")]
    second: Option<SourceName>,

    /// Show objects too that only a cluster has and nobody manages
    #[arg(long)]
    all: bool,

    /// Do not compare this, besides what is usually ignored: [KIND/]label:KEY,
    /// [KIND/]annotation:KEY or [KIND/]field:spec.NAME; `*` stands for any text (can be repeated)
    #[arg(long, value_name = "RULE")]
    ignore: Vec<IgnoreRule>,

    #[command(flatten)]
    source: SourceArguments,

    /// Compare the objects alone, not what they do to flows
    #[arg(long)]
    no_flows: bool,

    #[command(flatten)]
    known: KnownArguments,

    /// How to tell
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
    Sarif,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let (old, new) = match &arguments.second {
        Some(second) => (&arguments.first, second),
        None if arguments.first.is_live() => {
            return Err(InputError::new(format!(
                "`{}` alone would be compared with itself",
                arguments.first
            ))
            .hint("give another source before it or behind it")
            .into());
        }
        None => (&SourceName::LIVE, &arguments.first),
    };
    if *old == SourceName::Stream && *new == SourceName::Stream {
        return Err(InputError::new("standard input can be one side, not both").into());
    }
    let library = || arguments.known.library();
    let mut notes = Vec::new();
    let [old, new] = sides(&arguments.source, [old, new], library, &mut notes)?;
    let mut found = compare(&old, &new, &asked(arguments)?)?;
    if !arguments.no_flows {
        match changed_flows(&old, &new, &found, &arguments.known.read()?) {
            // Where nothing differs there is nothing to say of flows either.
            Ok(flows) if found.changes.is_empty() && flows.is_empty() => {}
            Ok(flows) => found.flows = Some(flows),
            // The objects differ all the same, and that is told.
            Err(error) => notes.push(format!("flows are not compared: {}", error.message())),
        }
    }
    let compared = Compared {
        found: &found,
        notes: &notes,
    };
    terminal::print(&match arguments.format {
        Format::Text => report::text(&compared),
        Format::Json => report::json(&compared),
        Format::Markdown => report::markdown(&compared),
        Format::Sarif => report::sarif(&compared),
    })?;
    Ok(match found.verdict() {
        Verdict::Same => Exit::Clean,
        Verdict::Differs => Exit::Findings,
        Verdict::Unseen => Exit::Unknown,
    })
}

fn asked(arguments: &Arguments) -> Result<Manner, Error> {
    let mut manner = manner(&arguments.known.library()?)?;
    manner.ignore.extend(arguments.ignore.iter().cloned());
    manner.all = arguments.all;
    Ok(manner)
}
