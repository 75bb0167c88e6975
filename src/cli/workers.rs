//! `palisade workers`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::finding::{Error, Input, InputError};
use crate::profile::{ClusterProfile, Worker, workers_of};
use crate::question::workers::{host_endpoints, list};
use crate::report::unified;
use crate::source::SourceName;
use crate::source::text::read_text;
use crate::yaml::documents;

use super::library::ProfilesArguments;
use super::source::ClusterArguments;
use super::{Exit, terminal};

/// Print the workers of a cluster as a cluster profile lists them, or as host endpoints
///
/// Workers come from the nodes of the live cluster, or from a file: what `kubectl get nodes -o json`
/// (or `-o yaml`) prints, or a worker list.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade workers >> shop.yaml
  palisade workers live:production --check shop.yaml     are there workers that it lacks?
  kubectl get nodes -o json | palisade workers - --format host-endpoints

Exit codes: 0 printed, or the file has just these workers, 1 `--check` found differences, 2 the call
or an input is wrong, 3 the cluster or a file cannot be read.")]
pub(super) struct Arguments {
    /// `live`, `live:CONTEXT`, a file, or `-` for standard input
    #[arg(value_name = "SOURCE", default_value = "live")]
    source: SourceName,

    /// The context of the live cluster: the same as the source `live:CONTEXT`
    #[arg(long, value_name = "CONTEXT", conflicts_with = "source")]
    context: Option<String>,

    /// Print nothing but how the workers of this cluster profile or worker list differ
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    check: Option<PathBuf>,

    #[command(flatten)]
    cluster: ClusterArguments,

    #[command(flatten)]
    profiles: ProfilesArguments,

    /// What to print
    #[arg(short = 'o', long, value_enum, default_value_t = Format::List)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A worker list: that part of a cluster profile
    List,
    /// A host endpoint for each network that a worker is on
    HostEndpoints,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let source = match &arguments.context {
        Some(_) => SourceName::Live {
            context: arguments.context.clone(),
        },
        None => arguments.source.clone(),
    };
    let workers = workers(arguments, &source)?;
    if let Some(path) = &arguments.check {
        return check(path, &source, &workers);
    }
    terminal::print(&match arguments.format {
        Format::List => list(&workers)?,
        Format::HostEndpoints => {
            let platform = arguments.profiles.library()?.platform()?;
            host_endpoints(&workers, &platform)?
        }
    })?;
    Ok(Exit::Clean)
}

fn workers(arguments: &Arguments, source: &SourceName) -> Result<Vec<Worker>, Error> {
    let input = match source {
        SourceName::Path(path) => read_text(path)?,
        SourceName::Stream => read_text(Path::new("-"))?,
        SourceName::Live { context } => {
            let given = arguments.cluster.nodes(context.as_deref())?;
            for note in &given.notes {
                terminal::tell_note(note);
            }
            let texts: Vec<&str> = given.inputs.iter().map(|i| i.text.as_str()).collect();
            if texts.is_empty() {
                return Err(InputError::new(format!("{source} has no nodes")).into());
            }
            Input::new(source.to_string(), texts.join("\n---\n"))
        }
        SourceName::Git { .. } | SourceName::Region { .. } => {
            return Err(
                InputError::new(format!("`{source}` says nothing about workers"))
                    .hint("give `live`, a file or `-`")
                    .into(),
            );
        }
    };
    Ok(workers_of(&input)?.list)
}

/// Shows how the workers that `path` lists differ from `workers`.
fn check(path: &Path, source: &SourceName, workers: &[Worker]) -> Result<Exit, Error> {
    let input = read_text(path)?;
    let mut known = listed(&input)?;
    known.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    let (old, new) = (list(&known)?, list(workers)?);
    if old == new {
        return Ok(Exit::Clean);
    }
    let source = source.to_string();
    terminal::print(&unified::between((&input.name, &old), (&source, &new)))?;
    let lacks = |one: &[Worker], other: &[Worker]| {
        let has = |worker: &&Worker| other.iter().any(|o| o.name.value == worker.name.value);
        one.iter().filter(|worker| !has(worker)).count()
    };
    terminal::tell(&format!(
        "{source} has {} that {} lacks, and lacks {} that it has",
        amount(lacks(workers, &known)),
        input.name,
        amount(lacks(&known, workers)),
    ));
    Ok(Exit::Findings)
}

fn amount(count: usize) -> String {
    match count {
        1 => "1 worker".to_owned(),
        _ => format!("{count} workers"),
    }
}

/// The workers that a cluster profile, a worker list or a list of nodes says.
fn listed(input: &Arc<Input>) -> Result<Vec<Worker>, InputError> {
    let root = documents(input).into_iter().next().and_then(Result::ok);
    let is_profile = root.is_some_and(|root| root.get("region").is_some());
    if is_profile {
        return Ok(ClusterProfile::read(input)?.workers);
    }
    Ok(workers_of(input)?.list)
}
