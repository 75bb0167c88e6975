//! `palisade gen`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::bundle::{Bundle, Change, Changes, Folder, Layout, Output, Plan, Target, minimise};
use crate::finding::{Error, Input, InputError};
use crate::profile::{Library, Network};
use crate::report::proof::{self, text::Detail};
use crate::report::unified;
use crate::resource::ResourceSet;

use super::layout::LayoutArguments;
use super::plan::{self, PlanArguments};
use super::prove::{Held, Job, Of, both, prove, together};
use super::render::TemplateArguments;
use super::{Exit, terminal};

/// The output folder that means standard output.
const STREAM: &str = "-";

/// Write the policies that isolate a cluster
///
/// Renders the complete set of Calico policies for a region, or for one cluster of it, and writes
/// one file a policy: DIR/REGION/NETWORK/POLICY.yaml, or DIR/clusters/NAME/NETWORK/POLICY.yaml
/// with a cluster profile. Before anything is written it is proven that the policies let through
/// what must pass and nothing else, as `palisade verify` does. All files are written or none. What an earlier run wrote and this one
/// no longer renders is removed; a file that Palisade did not write is never touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade gen --region us-south --private        the private network's set of a region
  palisade gen --cluster shop.yaml                both networks of one cluster
  palisade gen --region all --check               are the files on disk what would be written?
  palisade gen --region eu-de --without vrrp,logging
  palisade gen --region eu-de --public -o - | calicoctl apply -f -
  kubectl get nodes -o json | palisade gen --cluster shop.yaml --workers -
  palisade gen --region eu-de --layout flux --source GitRepository/policies

Exit codes: 0 written or nothing to do, 1 `--check` found differences or what must hold does not,
2 the call or an input is wrong, 3 a file or folder cannot be read or written.")]
pub(super) struct Arguments {
    #[command(flatten)]
    plan: PlanArguments,

    /// The folder to write to; `-` prints one stream
    #[arg(short, long, value_name = "DIR", default_value = "generated")]
    output: PathBuf,

    /// Write nothing, and show what is not as it would be written
    #[arg(long)]
    check: bool,

    /// Leave out rules and list entries that change no verdict, once it is proven that all verdicts
    /// stay
    #[arg(long)]
    minimize: bool,

    /// Write without a proof that what must hold of the cluster holds
    #[arg(long)]
    no_verify: bool,

    #[command(flatten)]
    templates: TemplateArguments,

    #[command(flatten)]
    layout: LayoutArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let is_stream = arguments.output == Path::new(STREAM);
    if is_stream && arguments.check {
        return Err(InputError::new("`--check` compares with a folder, and `-o -` is none").into());
    }
    let layout = arguments.layout.layout(&arguments.output, is_stream)?;
    let library = arguments.plan.profiles.library()?;
    let plans = plan::plans(&arguments.plan, &library)?;
    let mut rendered = arguments.templates.render(&plans)?;
    tell_closed(&plans);
    if arguments.minimize {
        rendered = minimised(&plans, &rendered, &library)?;
    }
    let rendered = arranged(&layout, rendered)?;
    if arguments.no_verify {
        tell_skipped(&plans);
    } else if !is_proven(&plans, &rendered, &library)? {
        return Ok(Exit::Findings);
    }
    let bundles = rendered.concat();
    if is_stream {
        return print(&bundles);
    }
    let folders = folders(&plans, &bundles);
    if arguments.check {
        return check(&compare(&Output::look(&arguments.output), &folders)?);
    }
    let output = Output::take(&arguments.output)?;
    let changes = compare(&output, &folders)?;
    output.apply(&changes)?;
    summarise(&arguments.output, &bundles, &changes);
    Ok(Exit::Clean)
}

/// Whether what was rendered is what must be, with the platform's own policies and without. If
/// not, the user is told what speaks against it.
fn is_proven(plans: &[Plan], rendered: &[Vec<Bundle>], library: &Library) -> Result<bool, Error> {
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
    Ok(proofs.hold())
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

/// Everything as one stream of documents.
fn print(bundles: &[Bundle]) -> Result<Exit, Error> {
    let mut stream = String::new();
    for file in bundles.iter().flat_map(|bundle| &bundle.files) {
        if !stream.is_empty() {
            stream.push_str("---\n");
        }
        stream.push_str(&file.input.text);
    }
    terminal::print(&stream)?;
    Ok(Exit::Clean)
}

/// What every folder that the plans speak for should hold.
fn folders(plans: &[Plan], bundles: &[Bundle]) -> Vec<Folder> {
    let mut folders: BTreeMap<String, BTreeMap<String, Arc<Input>>> = BTreeMap::new();
    for plan in plans {
        // A cluster's profile says which networks it is on; the folder of another is not its own
        // any more. A region's call speaks only of the networks that it names.
        if matches!(plan.target, Target::Cluster(_)) && plan.speaks_for_all {
            for network in Network::BOTH {
                folders.insert(format!("{}/{network}", plan.folder()), BTreeMap::new());
            }
        }
    }
    for bundle in bundles {
        let files = bundle.files.iter();
        let files = files.map(|file| (file.path.clone(), Arc::clone(&file.input)));
        folders.insert(bundle.folder.clone(), files.collect());
    }
    let folders = folders.into_iter();
    folders
        .map(|(path, files)| Folder { path, files })
        .collect()
}

fn compare(output: &Output, folders: &[Folder]) -> Result<Vec<Changes>, Error> {
    folders
        .iter()
        .map(|folder| output.compare(folder))
        .collect()
}

/// Shows what is not as it would be written.
fn check(changes: &[Changes]) -> Result<Exit, Error> {
    let mut differences = 0;
    let mut text = String::new();
    for folder in changes {
        for (path, change) in &folder.files {
            let path = folder.folder().join(path).display().to_string();
            let (old, new) = match change {
                Change::Create { new } => ("", new.as_str()),
                Change::Update { old, new, .. } => (old.as_str(), new.as_str()),
                Change::Remove { old, .. } => (old.as_str(), ""),
            };
            text.push_str(&unified::diff(&path, old, new));
            differences += 1;
        }
        if folder.files.is_empty() && !folder.is_empty() {
            let path = folder.folder().display();
            terminal::tell_note(&if folder.has_inventory() {
                format!("texts of an interrupted run lie in {path}")
            } else {
                format!("the inventory of {path} is not up to date")
            });
            differences += 1;
        }
    }
    terminal::print(&text)?;
    if differences == 0 {
        return Ok(Exit::Clean);
    }
    terminal::tell(&format!(
        "{differences} {} not as it would be written; `palisade gen` without `--check` writes it",
        if differences == 1 {
            "file is"
        } else {
            "files are"
        }
    ));
    Ok(Exit::Findings)
}

fn summarise(output: &Path, bundles: &[Bundle], changes: &[Changes]) {
    let mut written = 0;
    let mut removed = 0;
    for folder in changes {
        for (path, change) in &folder.files {
            let path = folder.folder().join(path);
            let path = path.display();
            match change {
                Change::Create { .. } => written += 1,
                Change::Update { edited, .. } => {
                    written += 1;
                    if *edited {
                        terminal::tell_note(&format!(
                            "{path} had been edited by hand; it is as generated again"
                        ));
                    }
                }
                Change::Remove { edited, .. } => {
                    removed += 1;
                    if *edited {
                        terminal::tell_note(&format!(
                            "{path} had been edited by hand; it is no longer rendered and gone"
                        ));
                    }
                }
            }
        }
    }
    let files: usize = bundles.iter().map(|bundle| bundle.files.len()).sum();
    let unchanged = files.saturating_sub(written);
    terminal::tell(&format!(
        "{}: {} written, {unchanged} unchanged, {removed} removed",
        output.display(),
        if written == 1 {
            "1 file".to_owned()
        } else {
            format!("{written} files")
        },
    ));
}
