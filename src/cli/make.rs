//! What is rendered, arranged and proven before any of it is written.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use crate::bundle::{Bundle, Folder, ISOLATION, Layout, Plan, Target, minimise};
use crate::finding::{Error, Input, InputError};
use crate::profile::{Library, Network};
use crate::report::proof::{self, text::Detail};
use crate::resource::ResourceSet;

use super::layout::LayoutArguments;
use super::parallel::beside;
use super::plan::{self, PlanArguments};
use super::prove::{Held, Job, Of, both, prove, together};
use super::record::RecordArguments;
use super::render::TemplateArguments;
use super::safety::{roll_outs, safe_to_roll_out};
use super::terminal;

/// What is to be made, and how it is laid out.
#[derive(Debug, Args)]
pub(super) struct MakeArguments {
    #[command(flatten)]
    plan: PlanArguments,

    /// Leave out rules and list entries that change no verdict, once it is proven that all verdicts
    /// stay
    #[arg(long)]
    minimize: bool,

    #[command(flatten)]
    record: RecordArguments,

    /// Write without a proof that what must hold of the cluster holds
    #[arg(long)]
    no_verify: bool,

    #[command(flatten)]
    templates: TemplateArguments,

    #[command(flatten)]
    layout: LayoutArguments,
}

/// What was made.
pub(super) struct Made {
    /// Of what.
    pub(super) plans: Vec<Plan>,
    /// The facts that it was made from.
    pub(super) library: Library,
    /// What was proven of it, in a few words; nothing where nobody asked.
    pub(super) proven: Option<String>,
    /// What whoever rolls it out should know, in sentences.
    pub(super) notes: Vec<String>,
    /// The bundles of each plan.
    rendered: Vec<Vec<Bundle>>,
}

impl MakeArguments {
    /// Makes it, for files below `output`; nothing where it does not hold what it must, which the
    /// user was told then.
    pub(super) fn make(&self, output: &Path, is_stream: bool) -> Result<Option<Made>, Error> {
        let library = self.plan.profiles.library()?;
        let (plans, section) = plan::laid_out(&self.plan, &library)?;
        let layout = self.layout.layout(output, is_stream, section.as_ref())?;
        let mut rendered = self.templates.render(&plans)?;
        tell_closed(&plans);
        if self.minimize {
            rendered = minimised(&plans, &rendered, &library)?;
        }
        rendered = self.record.add(&plans, rendered, &library)?;
        let rendered = arranged(&layout, rendered)?;
        let mut proven = None;
        let mut notes = Vec::new();
        if self.no_verify {
            tell_skipped(&plans);
        } else {
            let (held, rolled_out) = beside(
                || prove_all(&plans, &rendered, &library),
                || roll_outs(&plans, &rendered, &library),
            );
            proven = held?;
            if proven.is_none() {
                return Ok(None);
            }
            match safe_to_roll_out(rolled_out)? {
                Some(told) => notes = told,
                None => return Ok(None),
            }
        }
        Ok(Some(Made {
            plans,
            library,
            proven,
            notes,
            rendered,
        }))
    }
}

impl Made {
    /// Every bundle.
    pub(super) fn bundles(&self) -> Vec<Bundle> {
        self.rendered.concat()
    }

    /// What every folder that the plans speak for should hold.
    pub(super) fn folders(&self) -> Vec<Folder> {
        let mut folders: BTreeMap<String, BTreeMap<String, Arc<Input>>> = BTreeMap::new();
        for plan in &self.plans {
            // A cluster's profile says which networks it is on; the folder of another is not its own
            // any more. A region's call speaks only of the networks that it names.
            if matches!(plan.target, Target::Cluster(_)) && plan.speaks_for_all {
                let parts = Network::BOTH.map(Network::word).into_iter();
                for part in parts.chain([ISOLATION]) {
                    folders.insert(format!("{}/{part}", plan.folder()), BTreeMap::new());
                }
            }
        }
        for bundle in self.rendered.iter().flatten() {
            let files = bundle.files.iter();
            let files = files.map(|file| (file.path.clone(), Arc::clone(&file.input)));
            folders.insert(bundle.folder.clone(), files.collect());
        }
        let folders = folders.into_iter();
        folders
            .map(|(path, files)| Folder { path, files })
            .collect()
    }
}

/// What is proven of what was rendered, with the platform's own policies and without. Where it is
/// not what must be, the user is told what speaks against it.
fn prove_all(
    plans: &[Plan],
    rendered: &[Vec<Bundle>],
    library: &Library,
) -> Result<Option<String>, Error> {
    let sets: Vec<ResourceSet> = rendered.iter().map(|bundles| together(bundles)).collect();
    let baseline = library.baseline();
    let jobs: Vec<Job<'_>> = plans
        .iter()
        .zip(&sets)
        .flat_map(|(plan, set)| both(Of::Rendered(plan), set, &baseline))
        .collect();
    let held = Held {
        own: &[],
        tell: &|_| {},
    };
    let proofs = prove(&jobs, held)?;
    if !proofs.hold() {
        terminal::tell(&proof::text::render(&proofs, Detail::Failed));
        terminal::tell(&format!(
            "nothing is written: {}; `--no-verify` writes all the same",
            proofs.summary()
        ));
    }
    Ok(proofs.hold().then(|| proofs.summary()))
}

fn tell_closed(plans: &[Plan]) {
    for plan in plans {
        for what in plan.closed() {
            terminal::tell_note(&format!("{}: {what}", plan.folder()));
        }
    }
}

fn tell_skipped(plans: &[Plan]) {
    let skipped: Vec<String> = plans.iter().map(Plan::described).collect();
    terminal::tell_note(&format!(
        "nothing was proven of {}: whether the policies let through what must pass and nothing \
         else is not known",
        skipped.join(", ")
    ));
}

/// The bundles of each plan without what changes no verdict.
fn minimised(
    plans: &[Plan],
    rendered: &[Vec<Bundle>],
    library: &Library,
) -> Result<Vec<Vec<Bundle>>, Error> {
    let mut all = Vec::with_capacity(rendered.len());
    for (plan, bundles) in plans.iter().zip(rendered) {
        let (less, left_out) = minimise(plan, bundles, &library.baseline())?;
        terminal::tell_note(&format!(
            "{}: left out and proven to change no verdict: {left_out}",
            plan.folder()
        ));
        all.push(less);
    }
    Ok(all)
}

/// The bundles of each plan as they lie in their folders.
fn arranged(layout: &Layout, rendered: Vec<Vec<Bundle>>) -> Result<Vec<Vec<Bundle>>, InputError> {
    let arrange = |bundles: Vec<Bundle>| {
        let bundles = bundles.into_iter();
        bundles.map(|bundle| layout.arrange(bundle)).collect()
    };
    rendered.into_iter().map(arrange).collect()
}
