//! `palisade verify`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::bundle::{Baseline, Plan};
use crate::finding::{Error, InputError};
use crate::profile::Library;
use crate::report::proof::{self, Proofs, text::Detail};
use crate::resource::ResourceSet;
use crate::source::SourceName;

use super::known::EngineArguments;
use super::plan::{self, PlanArguments};
use super::prove::{Held, Job, Of, intents_of, prove, together};
use super::render::TemplateArguments;
use super::source::SourceArguments;
use super::{Exit, terminal};

/// Prove what policies let through, for all packets at once
///
/// Holds intents against every packet between every two kinds of endpoints: those that a region's
/// or a cluster's facts make (`--region`, `--cluster`), and those of a file (`--intents`). For each
/// one it is proved that it holds, or one flow is shown that speaks against it, with the way that
/// `palisade trace` would show. Without SOURCE it is about what `palisade gen` would write.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade verify --region us-south               both networks' sets, as they would be written
  palisade verify --region all
  palisade verify generated/clusters/shop --cluster shop.yaml --intents shop-intents.yaml
  kubectl get pods,namespaces,nodes -A -o yaml | palisade verify policies/ - --intents mine.yaml

Exit codes: 0 everything is proved, 1 an intent is refuted or not known to hold, 2 the call or an
input is wrong, 3 a file cannot be read.")]
pub(super) struct Arguments {
    /// Files, folders with their .yaml, .yml and .json files, `-` for standard input,
    /// `git:REF[:PATH]`, `live[:CONTEXT]` or `region:NAME[/NETWORK]`; else what would be rendered
    #[arg(value_name = "SOURCE")]
    sources: Vec<SourceName>,

    #[command(flatten)]
    source: SourceArguments,

    /// A file of intents, besides the built-in ones of the region or cluster
    #[arg(long, value_name = "FILE")]
    intents: Option<PathBuf>,

    /// Whether the platform's own policies are in place
    #[arg(long, value_enum, value_name = "WHETHER", default_value_t = BaselineWord::Both)]
    baseline: BaselineWord,

    #[command(flatten)]
    plan: PlanArguments,

    #[command(flatten)]
    templates: TemplateArguments,

    #[command(flatten)]
    engine: EngineArguments,

    /// How to tell
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BaselineWord {
    /// Once with them, once without
    Both,
    /// With them, as far as they are not in the input
    On,
    /// Without them; the platform's host endpoints are there all the same
    Off,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
    Sarif,
    Junit,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    arguments.check()?;
    let library = arguments.plan.profiles.library()?;
    let own = intents_of(arguments.intents.as_deref())?;
    let tell = |settings: &mut _| arguments.engine.tell(settings);
    let held = Held {
        own: &own,
        tell: &tell,
    };
    let proofs = if arguments.sources.is_empty() {
        of_rendered(arguments, &library, held)?
    } else {
        of_given(arguments, &library, held)?
    };
    terminal::print(&match arguments.format {
        Format::Text => {
            let detail = if arguments.source.is_verbose() {
                Detail::All
            } else {
                Detail::Failed
            };
            proof::text::render(&proofs, detail)
        }
        Format::Json => proof::json::render(&proofs),
        Format::Markdown => proof::markdown::render(&proofs),
        Format::Sarif => proof::sarif::render(&proofs),
        Format::Junit => proof::junit::render(&proofs),
    })?;
    terminal::tell(&proofs.summary());
    Ok(if proofs.hold() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

fn of_rendered(arguments: &Arguments, library: &Library, held: Held<'_>) -> Result<Proofs, Error> {
    let plans = plan::plans(&arguments.plan, library)?;
    let rendered = arguments.templates.render(&plans)?;
    let mut sets: Vec<ResourceSet> = rendered.iter().map(|bundles| together(bundles)).collect();
    for set in &mut sets {
        arguments.plan.add_nodes(set)?;
    }
    let jobs: Vec<Job<'_>> = plans
        .iter()
        .zip(&sets)
        .flat_map(|(plan, set)| arguments.jobs(Of::Rendered(plan), set, library))
        .collect();
    prove(&jobs, held)
}

fn of_given(arguments: &Arguments, library: &Library, held: Held<'_>) -> Result<Proofs, Error> {
    let plan = arguments.plan_of_given(library)?;
    let known = match &plan {
        Some(_) => None,
        None => Some(arguments.plan.known(library.platform()?)?),
    };
    let again = || arguments.plan.profiles.library();
    let mut given = arguments.source.resources(&arguments.sources, again)?;
    arguments.plan.add_nodes(&mut given)?;
    let of = plan.as_ref().map(Of::Given);
    let of = of.or_else(|| known.as_ref().map(Of::Known));
    let jobs = of.map(|of| arguments.jobs(of, &given, library));
    prove(&jobs.unwrap_or_default(), held)
}

impl Arguments {
    /// Refuses arguments that make no sense together.
    fn check(&self) -> Result<(), InputError> {
        let streams = self.sources.iter().filter(|s| **s == SourceName::Stream);
        let sources = streams.map(|_| ("SOURCE", Path::new("-")));
        let intents = self
            .intents
            .iter()
            .map(|path| ("--intents", path.as_path()));
        plan::one_reads_input(sources.chain(intents).chain(self.plan.files()))?;
        if self.sources.is_empty() {
            return Ok(());
        }
        if self.templates.templates.is_some() {
            return Err(InputError::new(
                "`--templates` is about what would be rendered, and SOURCE says what there is",
            ));
        }
        if self.plan.is_every_region() {
            return Err(InputError::new(
                "SOURCE is one cluster's, and `--region all` is every region",
            ));
        }
        if !self.plan.is_plan() && self.intents.is_none() {
            return Err(InputError::new("nothing says what must hold of SOURCE").hint(
                "give `--intents FILE`, or `--region REGION` or `--cluster FILE`, whose facts say it",
            ));
        }
        Ok(())
    }

    /// The plan whose facts say what must hold of what is given, if one is named.
    fn plan_of_given(&self, library: &Library) -> Result<Option<Plan>, Error> {
        if !self.plan.is_plan() {
            return Ok(None);
        }
        let mut plans = plan::plans(&self.plan, library)?;
        Ok(plans.pop())
    }

    /// A cluster with the platform's own policies, one without, or both.
    fn jobs<'a>(&self, of: Of<'a>, resources: &'a ResourceSet, library: &Library) -> Vec<Job<'a>> {
        let with = self.baseline != BaselineWord::Off;
        let without = self.baseline != BaselineWord::On;
        let baselines: [Option<Option<Baseline>>; 2] = [
            with.then(|| Some(library.baseline())),
            without.then_some(None),
        ];
        let job = |baseline| Job {
            of,
            resources,
            baseline,
        };
        baselines.into_iter().flatten().map(job).collect()
    }
}
