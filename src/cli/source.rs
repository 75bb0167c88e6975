//! The arguments that say where resources come from, and reading them.

use std::path::{Path, PathBuf};

use clap::{ArgAction, Args};

use crate::bundle::{Plan, Templates, render};
use crate::finding::{
    Code, Error, Finding, Input, InputError, Origin, OutsideError, Place, Severity,
};
use crate::profile::{Library, Network};
use crate::resource::validate::{Rules, validate};
use crate::resource::{Api, Body, Resource, ResourceSet};
#[cfg(feature = "live")]
use crate::source::live;
use crate::source::path::Given;
use crate::source::{SourceName, path, revision};

#[cfg(feature = "live")]
use super::progress::Progress;
use super::terminal;

/// The most that is told of a cluster's objects that are not understood.
const MOST_TOLD: usize = 10;

/// How a live cluster is reached.
#[derive(Debug, Args)]
pub(super) struct ClusterArguments {
    /// The kubeconfig of `live`; else what KUBECONFIG names, else ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Tell more: each request to a live cluster, on standard error, and of proofs what holds too
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
}

/// How sources that are no files are reached.
#[derive(Debug, Args)]
pub(super) struct SourceArguments {
    #[command(flatten)]
    cluster: ClusterArguments,

    /// List the pods of `live` too
    #[arg(long)]
    pods: bool,
}

impl SourceArguments {
    /// Whether more is to be told.
    pub(super) fn is_verbose(&self) -> bool {
        self.cluster.verbose > 0
    }

    /// The texts of a source. `library` is asked for where it renders.
    pub(super) fn given(
        &self,
        name: &SourceName,
        library: impl FnOnce() -> Result<Library, Error>,
    ) -> Result<Given, Error> {
        match name {
            SourceName::Path(path) => {
                let mut given = path::read(std::slice::from_ref(path));
                given.root = path::root_of(path);
                Ok(given)
            }
            SourceName::Stream => Ok(path::read(&[PathBuf::from("-")])),
            SourceName::Git {
                revision: at,
                path: below,
            } => revision::read(Path::new("."), at, below.as_deref()),
            SourceName::Region { region, network } => rendered(&library()?, region, *network),
            SourceName::Live { context } => self.live(context.as_deref()),
        }
    }

    /// The resources of sources. What cannot be read, and what the API would refuse, ends the
    /// command: an answer without it, or with it, would be about something else.
    pub(super) fn resources(
        &self,
        names: &[SourceName],
        library: impl Fn() -> Result<Library, Error>,
    ) -> Result<ResourceSet, Error> {
        admitted(&self.all(names, library)?)
    }

    /// The texts of all of `names`.
    fn all(
        &self,
        names: &[SourceName],
        library: impl Fn() -> Result<Library, Error>,
    ) -> Result<Given, Error> {
        // Files and folders together: no file is read twice.
        let files: Vec<PathBuf> = names
            .iter()
            .filter_map(|name| match name {
                SourceName::Path(path) => Some(path.clone()),
                SourceName::Stream => Some(PathBuf::from("-")),
                _ => None,
            })
            .collect();
        let mut all = path::read(&files);
        for name in names {
            if !matches!(name, SourceName::Path(_) | SourceName::Stream) {
                all.extend(self.given(name, &library)?);
            }
        }
        Ok(all)
    }
}

impl SourceArguments {
    /// The objects of a running cluster.
    #[cfg(feature = "live")]
    fn live(&self, context: Option<&str>) -> Result<Given, Error> {
        let progress = Progress::new("objects read");
        let options = self.cluster.options(self.pods);
        let cluster = live::read(context, &options, &|count| progress.show(count))?;
        Ok(cluster.given)
    }

    /// The objects of a running cluster.
    #[cfg(not(feature = "live"))]
    fn live(&self, _: Option<&str>) -> Result<Given, Error> {
        Err(self.cluster.refuse_live())
    }
}

#[cfg(feature = "live")]
impl ClusterArguments {
    /// The nodes of a running cluster.
    pub(super) fn nodes(&self, context: Option<&str>) -> Result<Given, Error> {
        let progress = Progress::new("nodes read");
        let options = self.options(false);
        let cluster = live::nodes(context, &options, &|count| progress.show(count))?;
        Ok(cluster.given)
    }

    fn options(&self, pods: bool) -> live::Options {
        live::Options {
            kubeconfig: self.kubeconfig.clone(),
            pods,
            tell_request: (self.verbose > 0).then_some(tell_request),
            ..live::Options::default()
        }
    }
}

#[cfg(feature = "live")]
fn tell_request(exchange: &live::Exchange) {
    let live::Exchange { url, outcome, took } = exchange;
    terminal::tell(&format!("GET {url}  {outcome}, {} ms", took.as_millis()));
}

#[cfg(not(feature = "live"))]
impl ClusterArguments {
    /// The nodes of a running cluster.
    pub(super) fn nodes(&self, _: Option<&str>) -> Result<Given, Error> {
        Err(self.refuse_live())
    }

    fn refuse_live(&self) -> Error {
        let asked = match &self.kubeconfig {
            Some(path) => format!("`--kubeconfig {}`", path.display()),
            None => "`live`".to_owned(),
        };
        let message = format!("{asked}: this `palisade` was built without the feature `live`");
        InputError::new(message).into()
    }
}

/// What would be rendered for a region.
fn rendered(library: &Library, region: &str, network: Option<Network>) -> Result<Given, Error> {
    let networks = network.map_or_else(|| Network::BOTH.to_vec(), |network| vec![network]);
    let plan = Plan::usual(library.region(region)?, library.platform()?, networks);
    let (bundles, notes) = render(&plan, &Templates::embedded()?)?;
    let mut inputs = Vec::new();
    for bundle in &bundles {
        for file in &bundle.files {
            let name = format!("region:{}/{}", bundle.folder, file.path);
            inputs.push(Input::new(name, file.input.text.as_str()));
        }
    }
    Ok(Given {
        inputs,
        notes,
        ..Given::default()
    })
}

/// Ends the command where the outside failed to give a file.
pub(super) fn refuse_unread(given: &Given) -> Result<(), OutsideError> {
    if !given.outside_failed {
        return Ok(());
    }
    let failed = given.unread.first();
    let message = failed.map_or_else(String::new, |finding| finding.message.clone());
    Err(OutsideError::Unread { message })
}

/// The resources of `given`, where every one of them is what its API lets in.
pub(super) fn admitted(given: &Given) -> Result<ResourceSet, Error> {
    for note in &given.notes {
        terminal::tell_note(note);
    }
    refuse_unread(given)?;
    let read = ResourceSet::read(&given.inputs);
    let (unfilled, set) = without_unfilled(&read);
    // What storage form holds was let in by nobody, and what a cluster holds was let in already;
    // the evaluator knows what Calico makes of it.
    let admitted = of(set
        .iter()
        .filter(|resource| resource.api != Api::CalicoV1 && resource.input.origin != Origin::Live));
    let judged = validate(&admitted, Rules::default());
    let of_live = |finding: &&Finding| finding.place.input.origin == Origin::Live;
    tell_of_live(read.findings().iter().filter(of_live));
    let mut wrong = given
        .unread
        .iter()
        .chain(read.findings().iter().filter(|finding| !of_live(finding)))
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

/// Tells what is not understood of a cluster's objects. Its server let them in and may know more than
/// this does, so that the answer is of the rest.
fn tell_of_live<'f>(findings: impl Iterator<Item = &'f Finding>) {
    let mut wrong = findings.filter(|finding| finding.severity == Severity::Error);
    for finding in wrong.by_ref().take(MOST_TOLD) {
        terminal::tell_note(&format!(
            "{}: {}; the answer takes no account of it",
            finding.place, finding.message
        ));
    }
    let more = wrong.count();
    if more > 0 {
        terminal::tell_note(&format!(
            "{more} more of the cluster's objects that the answer takes no account of"
        ));
    }
}

/// The set without its host endpoints whose names are still placeholders, as samples have them, and
/// where these stand. In a cluster the platform's own are there instead.
pub(super) fn without_unfilled(read: &ResourceSet) -> (Vec<Place>, ResourceSet) {
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
