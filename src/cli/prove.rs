//! Clusters held to their intents, several at once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::bundle::{Baseline, Bundle, Case, Plan};
use crate::engine::Settings;
use crate::finding::{Error, InputError};
use crate::profile::PlatformProfile;
use crate::question::intent::{self, Intent};
use crate::question::subject::Known;
use crate::report::proof::{Proofs, Proven};
use crate::resource::ResourceSet;
use crate::source::text::read_text;

use super::parallel::each;
use super::terminal::{self, Progress};

/// One cluster that is to be looked at.
pub(super) struct Job<'a> {
    /// Whose it is.
    pub(super) of: Of<'a>,
    /// What is in place.
    pub(super) resources: &'a ResourceSet,
    /// The platform's own policies, where they are in place too.
    pub(super) baseline: Option<Baseline>,
}

/// Whose a cluster is.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// That of a plan, with the built-in intents of its facts; in place is what was rendered.
    Rendered(&'a Plan),
    /// The same, and in place is what was given.
    Given(&'a Plan),
    /// One of which only this is known.
    Known(&'a Known),
}

/// What holds in every cluster.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    /// Intents besides the built-in ones.
    pub(super) own: &'a [Intent],
    /// What the evaluator is told.
    pub(super) tell: &'a (dyn Fn(&mut Settings) + Sync),
}

/// The two clusters of everything rendered for a plan: with the platform's own policies, and
/// without.
pub(super) fn both<'a>(
    of: Of<'a>,
    resources: &'a ResourceSet,
    baseline: &Baseline,
) -> [Job<'a>; 2] {
    [Some(baseline.clone()), None].map(|baseline| Job {
        of,
        resources,
        baseline,
    })
}

/// The intents of a file of the user's own.
pub(super) fn intents_of(path: Option<&Path>) -> Result<Vec<Intent>, Error> {
    match path {
        Some(path) => Ok(intent::read(&read_text(path)?)?),
        None => Ok(Vec::new()),
    }
}

/// Everything that was rendered for one plan.
pub(super) fn together(bundles: &[Bundle]) -> ResourceSet {
    let mut set = ResourceSet::default();
    for resource in bundles.iter().flat_map(|bundle| &bundle.files) {
        for resource in &resource.resources {
            set.add(resource.clone());
        }
    }
    set
}

/// Looks at every cluster. What comes back is in the order of `jobs`, however many are looked at at
/// once.
pub(super) fn prove(jobs: &[Job<'_>], held: Held<'_>) -> Result<Proofs, Error> {
    let mut proofs = Proofs::default();
    let mut notes = BTreeSet::new();
    for found in one_by_one(jobs, held) {
        let (proven, own) = found?;
        proofs.cases.push(proven);
        notes.extend(own);
    }
    for note in notes {
        terminal::tell_note(&note);
    }
    Ok(proofs)
}

/// What a look at one cluster comes to: what was proven, and what the user should know of it.
pub(super) type Found = Result<(Proven, Vec<String>), InputError>;

/// Looks at every cluster by itself, in the order of `jobs`.
pub(super) fn one_by_one(jobs: &[Job<'_>], held: Held<'_>) -> Vec<Found> {
    let progress = Mutex::new(Progress::new());
    let begun = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let told = |_| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        let case = begun.load(Ordering::Relaxed);
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.tell(|| format!("case {case} of {}, {done} intents looked at", jobs.len()));
    };
    each(jobs, |job| {
        begun.fetch_add(1, Ordering::Relaxed);
        look_at(job, held, told)
    })
}

fn look_at(job: &Job<'_>, held: Held<'_>, told: impl FnMut(usize)) -> Found {
    let resources = job.resources.clone();
    let baseline = job.baseline.clone();
    let case = match job.of {
        Of::Rendered(plan) => Case::rendered(plan, resources, baseline, held.own, held.tell)?,
        Of::Given(plan) => Case::new(plan, resources, baseline, held.own, held.tell)?,
        Of::Known(known) => {
            let known = Known {
                baseline,
                ..known.clone()
            };
            Case::of(known, resources, held.own.to_vec(), held.tell)?
        }
    };
    let facts = job.of.facts();
    let proofs = case.prove(facts, told)?;
    let vanished = case.program.vanished().iter().map(|vanished| {
        format!(
            "{}: Calico takes {} for missing: {}",
            vanished.place, vanished.key, vanished.reason
        )
    });
    let notes = vanished.chain(case.on_no_network(facts)).collect();
    let lists_pods = !case.program.pods().is_empty();
    let proven = Proven {
        target: job.of.target(),
        networks: job.of.networks(),
        baseline: case.baseline,
        sampled: case.sampled,
        guarded: case.guarded,
        absent: (!lists_pods).then(|| facts.role_label.clone()),
        intents: case.intents,
        proofs,
    };
    Ok((proven, notes))
}

impl Of<'_> {
    fn facts(&self) -> &PlatformProfile {
        match self {
            Self::Rendered(plan) | Self::Given(plan) => &plan.platform_profile,
            Self::Known(known) => &known.platform_profile,
        }
    }

    fn target(&self) -> String {
        match self {
            Self::Rendered(plan) | Self::Given(plan) => plan.described(),
            Self::Known(_) => "the cluster of the input".to_owned(),
        }
    }

    fn networks(&self) -> Vec<crate::profile::Network> {
        match self {
            Self::Rendered(plan) | Self::Given(plan) => plan.networks.clone(),
            Self::Known(_) => Vec::new(),
        }
    }
}
