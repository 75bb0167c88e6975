//! `palisade diff`

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::bundle::Plan;
use crate::finding::{Error, InputError};
use crate::profile::Library;
use crate::question::compare::{IgnoreRule, InPlace, Manner, Verdict, compare};
use crate::question::subject::Known;
use crate::report::compare::{self as report, Compared};
use crate::source::SourceName;

use super::both_sides::{Asked, IntentArguments};
use super::known::BaselineArguments;
use super::plan::{self, PlanArguments};
use super::side::{add_flows, manner, sides};
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
/// opens, what closes, each with one flow and the rule that decides on either side; and what
/// `palisade verify` says of both sides: which intents no longer hold, and which hold from now on.
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
  palisade diff git:main:shop shop --cluster shop.yaml --intents shop-intents.yaml

Exit codes: 0 the sources say the same, 1 they differ, whatever becomes of intents, 2 the call or an input is wrong, 3 a source
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
    intents: IntentArguments,

    #[command(flatten)]
    baseline: BaselineArguments,

    #[command(flatten)]
    plan: PlanArguments,

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
    let streams = [old, new]
        .into_iter()
        .filter(|one| **one == SourceName::Stream);
    let streams = streams.map(|_| ("A or B", Path::new("-")));
    let intents = arguments.intents.intents.iter();
    let intents = intents.map(|path| ("--intents", path.as_path()));
    plan::one_reads_input(streams.chain(intents).chain(arguments.plan.files()))?;
    let asked = Asking::of(arguments, [new, old])?;
    let again = || arguments.plan.profiles.library();
    let mut notes = Vec::new();
    let [old, new] = sides(&arguments.source, [old, new], again, &mut notes)?;
    let mut found = compare(&old, &new, &told(arguments, &asked.library)?)?;
    let mut parts = InPlace::of(&old, &new, &found);
    for node in arguments.plan.nodes()? {
        for part in &mut parts {
            part.add(&node);
        }
    }
    let judged = if parts.is_empty() {
        Vec::new()
    } else {
        let asked = Asked {
            plans: &asked.plans,
            known: &asked.known,
            baseline: asked.known.baseline.clone(),
        };
        arguments.intents.judged(&asked, &parts, &mut notes)?
    };
    if !arguments.no_flows {
        add_flows(&mut found, parts, &asked.known, &mut notes);
    }
    let compared = Compared {
        found: &found,
        judged: &judged,
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

/// What flows and intents go by.
struct Asking {
    library: Library,
    plans: Vec<Plan>,
    known: Known,
}

impl Asking {
    /// What the arguments say, and where they name neither region nor cluster, what the first of the
    /// sources says that is a region.
    fn of(arguments: &Arguments, sources: [&SourceName; 2]) -> Result<Self, Error> {
        let library = arguments.plan.profiles.library()?;
        let baseline = arguments.baseline.of(&library);
        let mut plan = arguments.plan.clone();
        for source in sources {
            if let SourceName::Region { region, network } = source {
                plan = plan.or_region(region, *network);
            }
        }
        let plans = if plan.is_plan() {
            plan::plans(&plan, &library)?
        } else {
            Vec::new()
        };
        let known = match plans.first() {
            Some(plan) => plan.known(baseline),
            None => Known {
                baseline,
                ..plan.known(library.platform()?)?
            },
        };
        Ok(Self {
            library,
            plans,
            known,
        })
    }
}

fn told(arguments: &Arguments, library: &Library) -> Result<Manner, Error> {
    let mut manner = manner(library)?;
    manner.ignore.extend(arguments.ignore.iter().cloned());
    manner.all = arguments.all;
    Ok(manner)
}
