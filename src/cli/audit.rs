//! `palisade audit`

use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::bundle::{Bundle, Plan, Templates, known, render};
use crate::engine::compile;
use crate::finding::{Error, Finding, Input, InputError, Severity};
use crate::profile::{Day, Library};
use crate::question::audit::{self, Options, WIDE, audit, dated};
use crate::question::subject::{Known, subject};
use crate::report::terminal::Style;
use crate::report::{self, Report};
use crate::resource::validate::{silence, sort};
use crate::resource::{CalicoVersion, ResourceSet};
use crate::source::SourceName;

use super::plan::{self, PlanArguments};
use super::source::SourceArguments;
use super::{Exit, terminal};

/// Say which rules do nothing, and which do too much
///
/// Looks at every rule in every place where it is asked, for all packets between all kinds of
/// endpoints at once. Told are rules and list entries that change no verdict (all of them can be
/// removed together), rules that earlier ones oppose, policies that apply to nothing, rules that
/// open more than they can be meant to, lists of workers and pods that should be the same and are
/// not, orders that tie, and facts past their day. Without SOURCE the set that `palisade gen` renders
/// is looked at.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade audit policies/                        policies of a folder
  palisade audit policies/ --cluster shop.yaml    the same, for the workers of one cluster
  palisade audit --region us-south --private      what would be rendered
  palisade audit --cluster shop.yaml --as-of 2026-03-01
  palisade audit policies/ -o sarif > audit.sarif

Exit codes: 0 nothing to say or only notes, 1 errors or warnings, 2 the call or an input is wrong, 3 a
file cannot be read.")]
pub(super) struct Arguments {
    /// Files, folders with their .yaml, .yml and .json files, `-` for standard input,
    /// `git:REF[:PATH]`, `live[:CONTEXT]` or `region:NAME[/NETWORK]`; else what would be rendered
    #[arg(value_name = "SOURCE")]
    sources: Vec<SourceName>,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    plan: PlanArguments,

    /// Whether the platform's own policies are taken into account
    #[arg(long, value_enum, default_value_t = Baseline::On)]
    baseline: Baseline,

    /// Tell rules that open every port to a public block with a prefix of at most BITS bits
    #[arg(long, value_name = "BITS", default_value_t = WIDE, value_parser = clap::value_parser!(u8).range(0..=32))]
    wide: u8,

    /// The day for which facts are to hold, such as 2026-03-01; without, no day is judged
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,

    /// The version of Calico; else what the input says, else the newest
    #[arg(long, value_name = "VERSION")]
    calico_version: Option<CalicoVersion>,

    /// How to tell
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Baseline {
    /// As far as they are not in the input
    On,
    /// The input says all there is
    Off,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Junit,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let library = arguments.plan.profiles.library()?;
    let mut report = if arguments.sources.is_empty() {
        of_plans(arguments, &library)?
    } else {
        of_sources(arguments, &library)?
    };
    silence(&mut report.findings);
    sort(&mut report.findings);
    report.files.sort();
    report.files.dedup();
    terminal::print(&match arguments.format {
        Format::Text => report::terminal::report(&report, Style::Coloured),
        Format::Json => report::json::render(&report),
        Format::Sarif => report::sarif::render(&report),
        Format::Junit => report::junit::render(&report),
    })?;
    terminal::tell(&report.summary());
    let grave = report.count(Severity::Error) + report.count(Severity::Warning);
    Ok(if grave > 0 {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

fn of_sources(arguments: &Arguments, library: &Library) -> Result<Report, Error> {
    let again = || arguments.plan.profiles.library();
    let given = arguments.source.resources(&arguments.sources, again)?;
    let known = known_of(arguments, library)?.with_samples(&given);
    let mut report = Report {
        files: names(given.iter().map(|resource| &resource.input)),
        findings: findings(arguments, given, &known)?,
    };
    if let Some(region) = arguments.plan.region() {
        report.findings.extend(facts(arguments, library, region)?);
    }
    Ok(report)
}

/// What is known of the cluster whose policies are given.
fn known_of(arguments: &Arguments, library: &Library) -> Result<Known, Error> {
    let baseline = baseline(arguments, library);
    if !arguments.plan.is_plan() {
        let mut known = arguments.plan.known(library.platform()?)?;
        known.baseline = baseline;
        return Ok(known);
    }
    match plan::plans(&arguments.plan, library)?.as_slice() {
        [plan] => Ok(plan.known(baseline)),
        _ => Err(InputError::new("policies that are given are of one region or cluster").into()),
    }
}

fn of_plans(arguments: &Arguments, library: &Library) -> Result<Report, Error> {
    if !arguments.plan.is_plan() {
        let error = InputError::new("what is to be audited?");
        let hint = "name files or folders, or give `--region REGION` or `--cluster FILE`";
        return Err(error.hint(hint).into());
    }
    let mut report = Report::default();
    for plan in plan::plans(&arguments.plan, library)? {
        let (bundles, _) = render(&plan, &Templates::embedded()?)?;
        let files = bundles.iter().flat_map(|bundle| &bundle.files);
        report.files.extend(names(files.map(|file| &file.input)));
        let known = known(&plan, baseline(arguments, library));
        report
            .findings
            .extend(findings(arguments, together(&bundles), &known)?);
        report
            .findings
            .extend(facts(arguments, library, region_of(&plan))?);
    }
    Ok(report)
}

fn region_of(plan: &Plan) -> &str {
    plan.region.region.as_str()
}

fn baseline(arguments: &Arguments, library: &Library) -> Option<crate::bundle::Baseline> {
    (arguments.baseline == Baseline::On).then(|| library.baseline())
}

/// The objects of every network.
fn together(bundles: &[Bundle]) -> ResourceSet {
    let mut set = ResourceSet::default();
    for bundle in bundles {
        for resource in bundle.resources().iter() {
            set.add(resource.clone());
        }
    }
    set
}

fn names<'a>(inputs: impl Iterator<Item = &'a Arc<Input>>) -> Vec<String> {
    inputs.map(|input| input.name.clone()).collect()
}

fn findings(
    arguments: &Arguments,
    resources: ResourceSet,
    known: &Known,
) -> Result<Vec<Finding>, Error> {
    let mut subject = subject(resources, known)?;
    subject.settings.era = arguments.calico_version.map(CalicoVersion::era);
    let program = compile(&subject.resources, &subject.settings);
    let mut options = Options {
        wide: arguments.wide,
        ..Options::default()
    };
    if let Some(version) = arguments.calico_version {
        options.rules.version = version;
    }
    let found = audit(
        &program,
        &subject.resources,
        &known.platform_profile,
        options,
    )?;
    Ok(of(found))
}

fn facts(arguments: &Arguments, library: &Library, region: &str) -> Result<Vec<Finding>, Error> {
    let input = library.region_text(region)?;
    let region = library.region(region)?;
    Ok(of(dated(&region, input, arguments.as_of)))
}

fn of(found: Vec<audit::Found>) -> Vec<Finding> {
    found.into_iter().map(|found| found.finding).collect()
}
