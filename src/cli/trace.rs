//! `palisade trace`

use clap::{Args, ValueEnum};

use crate::engine::{Outcome, compile};
use crate::finding::{Error, InputError};
use crate::profile::Network;
use crate::question::asked::{Asked, Endpoint, Sort};
use crate::question::subject::{Known, subject};
use crate::question::trace::trace;
use crate::report;
use crate::resource::{Body, ResourceSet};
use crate::source::SourceName;

use super::known::{EngineArguments, KnownArguments};
use super::source::SourceArguments;
use super::{Exit, terminal};

/// Say what happens to one flow, and why
///
/// Follows the first packet of a connection through every hook where Calico judges it, and shows
/// under each hook the tiers, policies and rules that were looked at, which of them matched and
/// which decided, with file and line. Besides SOURCE the platform's own policies and host endpoints
/// are taken into account, since they are in every cluster; what hangs on one of them says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Endpoints:
  pod:NAMESPACE/NAME            a pod of the input
  pod:NAMESPACE{label=value,…}  a pod that need not exist
  worker:NAME                   a worker's own processes
  ip:203.0.113.7                an address, in the cluster or not
  nodeport:WORKER:30080         a node port of a worker
  lb:203.0.113.7:443            a load balancer

Sources:
  PATH                          a file, or a folder with its .yaml, .yml and .json files
  -                             standard input
  git:REF[:PATH]                files at a git revision; the work tree is not looked at
  live[:CONTEXT]                a running cluster, by a context of the kubeconfig
  region:NAME[/NETWORK]         what `palisade gen --region NAME` would write

Examples:
  palisade trace generated/clusters/shop --cluster shop.yaml \\
    --from worker:kube-shop-1 --to ip:166.9.12.26 --port tcp/443
  palisade trace policies/ --from 'pod:web{app=front}' --to 'pod:data{app=db}' --port tcp/5432

Exit codes: 0 it passes, 1 it is dropped, 2 the call or an input is wrong, 3 a file cannot be read,
4 it cannot be known from the input.")]
pub(super) struct Arguments {
    /// Where the resources come from: see below
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<SourceName>,

    /// Where the flow begins
    #[arg(long, value_name = "ENDPOINT")]
    from: Endpoint,

    /// Where it is sent
    #[arg(long, value_name = "ENDPOINT")]
    to: Endpoint,

    /// What kind of packet: tcp/443, udp/53, icmp/8/0 (type and code), 112
    #[arg(long, value_name = "PROTOCOL/PORT")]
    port: Sort,

    /// The port that it comes from; else one that kernels choose
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    from_port: Option<u16>,

    /// What stands behind a service address that the input says nothing of
    #[arg(long, value_name = "ENDPOINT")]
    backend: Option<Endpoint>,

    /// The interface of the first worker, or its network, instead of what routes say
    #[arg(long, value_name = "INTERFACE")]
    via: Option<String>,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    known: KnownArguments,

    #[command(flatten)]
    engine: EngineArguments,

    /// How to tell
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let known = arguments.known.read()?;
    let library = || arguments.known.library();
    let given = arguments.source.resources(&arguments.sources, library)?;
    let given = arguments.known.with_nodes(given)?;
    let live = arguments.sources.iter().find(|source| source.is_live());
    if let (Some(live), None) = (live, arguments.engine.calico_version)
        && !says_version(&given)
    {
        terminal::tell_note(&format!(
            "{live} does not say which version of Calico it runs: the newest is taken, and \
             `--calico-version` says another"
        ));
    }
    let mut subject = subject(given, &known)?;
    arguments.engine.tell(&mut subject.settings);
    let program = compile(&subject.resources, &subject.settings);
    for vanished in program.vanished() {
        let place = &vanished.place;
        terminal::tell_note(&format!(
            "{place}: Calico takes {} for missing: {}",
            vanished.key, vanished.reason
        ));
    }
    let answered = trace(&program, &asked(arguments, &known))?;
    terminal::print(&match arguments.format {
        Format::Text => report::trace::text(&answered, Some("`--baseline off` leaves such out")),
        Format::Json => report::trace::json(&answered).map_err(InputError::new)?,
    })?;
    Ok(match answered.outcome {
        Outcome::Allow => Exit::Clean,
        Outcome::Deny => Exit::Findings,
        Outcome::Unknown(_) => Exit::Unknown,
    })
}

/// Whether the resources say which version of Calico runs.
fn says_version(resources: &ResourceSet) -> bool {
    resources.iter().any(|resource| match &resource.body {
        Body::ClusterInformation(information) => information.calico_version.is_some(),
        _ => false,
    })
}

fn asked(arguments: &Arguments, known: &Known) -> Asked {
    let interface = |word: &String| {
        let network = Network::BOTH
            .into_iter()
            .find(|n| n.word() == word.as_str());
        network.map_or_else(
            || word.clone(),
            |network| known.platform_profile.network(network).interface.clone(),
        )
    };
    Asked {
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        sort: arguments.port,
        via: arguments.via.as_ref().map(interface),
        from_port: arguments.from_port,
        backend: arguments.backend.clone(),
        inside: known.inside(),
    }
}
