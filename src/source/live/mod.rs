//! The objects of a running cluster, through its API server. Nothing is ever written there: the
//! only verb is `list`.
//!
//! `docs/rbac.yaml` is the role that this needs; [`Listed`] is where that is decided.

mod api;
mod config;
mod exec;
mod fetch;
mod kinds;
mod object;
mod proxy;
mod secrets;

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::finding::{Error, Input, OutsideError};
use crate::resource::{Api, Kind};

use super::path::Given;
use api::Served;
use config::Reached;
use fetch::{Connection, Failure};
use object::Object;

pub use fetch::Exchange;
pub use kinds::{Group, Listed};
pub use proxy::ProxyEnvironment;

/// How a cluster is to be read.
#[derive(Debug, Clone)]
pub struct Options {
    /// The kubeconfig; nothing is what `KUBECONFIG` names, else `~/.kube/config`, else the cluster
    /// that the command runs in.
    pub kubeconfig: Option<PathBuf>,
    /// Whether pods are listed too: there may be many, and most questions need none.
    pub pods: bool,
    /// Where a pod finds its credentials.
    pub service_account: PathBuf,
    /// How long to wait for what.
    pub patience: Patience,
    /// Who hears of each request.
    pub tell_request: Option<fn(&Exchange)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            pods: false,
            // Where Kubernetes puts them in every pod.
            service_account: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount"),
            patience: Patience::default(),
            tell_request: None,
        }
    }
}

/// How long to wait for what.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For a program that the kubeconfig says to run for credentials.
    pub program: Duration,
    /// For one answer of the server, all of it.
    pub answer: Duration,
    /// How often one request is tried.
    pub attempts: u32,
    /// The pause before a request is tried again; it doubles each time.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            program: Duration::from_mins(1),
            answer: Duration::from_mins(1),
            attempts: 5,
            pause: Duration::from_millis(250),
        }
    }
}

/// What was read of a cluster.
#[derive(Debug)]
pub struct Cluster {
    /// One text an object, and what could not be seen.
    pub given: Given,
    /// The context by which the cluster was reached; nothing within the cluster itself.
    pub context: Option<String>,
    /// The form in which it serves Calico's objects; nothing where it serves none.
    pub api: Option<Api>,
}

/// Lists what bears on policy in the cluster of `context`, the current one where there is none.
/// `tell` hears how many objects there are so far.
///
/// What the server forbids to list is told in the notes, and the rest is read.
///
/// # Errors
/// No kubeconfig, no such context, credentials that are not to be had or not taken, a server that
/// cannot be reached, is not the one that its certificate should say, or goes on failing: each of
/// them the outside's (exit 3), and none of them with a secret in it.
pub fn read(
    context: Option<&str>,
    options: &Options,
    tell: &dyn Fn(usize),
) -> Result<Cluster, Error> {
    read_kinds(context, options, &kinds::wanted(options.pods), tell)
}

/// As [`read`], the nodes alone.
///
/// # Errors
/// As with [`read`]; besides, that the nodes may not be listed.
pub fn nodes(
    context: Option<&str>,
    options: &Options,
    tell: &dyn Fn(usize),
) -> Result<Cluster, Error> {
    let mut cluster = read_kinds(context, options, &[Listed::NODES], tell)?;
    if cluster.given.unseen.is_empty() {
        return Ok(cluster);
    }
    // The last note is of the only list.
    let note = cluster.given.notes.pop().unwrap_or_default();
    Err(OutsideError::of_source(note).into())
}

fn read_kinds(
    context: Option<&str>,
    options: &Options,
    wanted: &[Listed],
    tell: &dyn Fn(usize),
) -> Result<Cluster, Error> {
    let mut builder = Builder::new_current_thread();
    // Pages are read on threads of their own.
    builder.max_blocking_threads(available_parallelism().map_or(1, NonZero::get));
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| {
        OutsideError::of_source(format!("cannot wait for a cluster's answers: {error}"))
    })?;
    let reached = config::reach(context, options)?;
    let lists = runtime.block_on(lists(&reached, options, wanted, tell))?;
    let mut cluster = Cluster {
        given: Given::default(),
        context: reached.context.clone(),
        api: lists.served.api,
    };
    cluster.given.notes.extend(reached.notes);
    cluster.given.notes.extend(lists.notes);
    cluster.given.unseen = lists.unseen;
    for (_, texts) in lists.of_kinds {
        cluster.given.inputs.extend(texts);
    }
    Ok(cluster)
}

/// What a server listed.
struct Lists {
    served: Served,
    of_kinds: Vec<(Listed, Vec<Arc<Input>>)>,
    notes: Vec<String>,
    unseen: BTreeSet<Kind>,
}

async fn lists(
    reached: &Reached,
    options: &Options,
    wanted: &[Listed],
    tell: &dyn Fn(usize),
) -> Result<Lists, OutsideError> {
    let connection = Connection::open(reached, options)?;
    let calico = wanted.iter().any(|listed| listed.group == Group::Calico);
    let served = if calico {
        Served::find(&connection).await?
    } else {
        Served::default()
    };
    let mut notes = Vec::new();
    let mut unseen = BTreeSet::new();
    if calico && served.api.is_none() {
        let of_calico = wanted.iter().filter(|listed| listed.group == Group::Calico);
        unseen.extend(of_calico.map(|listed| served.kind(listed)));
        notes.push(format!(
            "{} serves no objects of Calico: it has neither {} nor {}",
            reached.source_name(),
            Api::CALICO_V3,
            Api::CALICO_V1
        ));
    }
    let mut running = JoinSet::new();
    for listed in wanted.iter().filter(|listed| served.has(listed)) {
        let path = served.path(listed);
        let (connection, listed) = (connection.clone(), *listed);
        let (source, name) = (reached.source_name(), served.name(&listed));
        let version = served.version(&listed);
        let text = move |object: Object| object.text(&source, &listed, version, &name);
        running.spawn(async move { (listed, connection.list(&path, text).await) });
    }
    let mut of_kinds = Vec::new();
    let mut count = 0;
    while let Some(done) = running.join_next().await {
        let (listed, answered) = done.map_err(|error| {
            OutsideError::of_source(format!("reading the cluster broke off: {error}"))
        })?;
        match answered {
            Ok(items) => {
                count += items.len();
                tell(count);
                of_kinds.push((listed, items));
            }
            Err(Failure::Forbidden) => {
                unseen.insert(served.kind(&listed));
                notes.push(format!(
                    "{} does not let you list {}: the answer is without them",
                    reached.source_name(),
                    served.name(&listed),
                ));
            }
            Err(Failure::Other(error)) => return Err(error),
        }
    }
    // Whichever list came first, the answer is the same.
    of_kinds.sort_by_key(|(listed, _)| *listed);
    notes.sort();
    Ok(Lists {
        served,
        of_kinds,
        notes,
        unseen,
    })
}
