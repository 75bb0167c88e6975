//! `palisade profile update`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::bundle::Templates;
use crate::cli::library::overlaid;
use crate::cli::{Exit, terminal};
use crate::finding::{Error, InputError};
use crate::profile::{Library, Name, PlatformProfile, RegionProfile};
use crate::source::{Snapshot, folder, git, write};
use crate::upstream::kube_samples::{self, Import, Origin};
use crate::upstream::parity::{Drift, Published, check_drift, drift, policy_name, told};
use crate::upstream::{
    Accepted, Change, check_accepted, check_losses, compare, keep, summed, text_of,
};

use super::parity::rendered;
use super::{changes, short};

/// Read the facts of the regions from IBM-Cloud/kube-samples and write their profiles
///
/// What is not recognised is refused with its place, and then nothing is written: neither is a
/// policy that is not what `palisade gen` would write from the facts. What changes is printed list
/// by list.
///
/// Example: `palisade profile update --from ~/src/kube-samples --rev 7057ed01e998`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A clone of the repository (or a folder in it), a bare repository, a file:// URL, or a copy
    /// of its policies with a `SOURCE.yaml` that says where they were copied from
    #[arg(long, value_name = "PATH|GIT-URL")]
    from: Option<String>,

    /// The revision to read; the work tree is never read. Of one that is older than the platform
    /// profile, policies that differ from what is rendered are told and not refused [default: HEAD]
    #[arg(long)]
    rev: Option<String>,

    /// A region to read, all if none is named (can be repeated)
    #[arg(long, value_name = "REGION")]
    region: Vec<Name>,

    /// The folder whose profiles are compared and written
    #[arg(long, value_name = "DIR", default_value = "profiles")]
    profiles: PathBuf,

    /// A list that may be emptied or lose more than a third of its entries, or a policy that may
    /// differ from what is rendered, of every region where REGION is `*` (can be repeated)
    #[arg(long, value_name = "REGION/LIST|REGION/POLICY")]
    accept: Vec<Accepted>,

    /// Print what would change and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let snapshot = snapshot(arguments)?;
    for note in &snapshot.notes {
        terminal::tell_note(note);
    }
    let library = in_place(&arguments.profiles)?;
    let platform = library.platform()?;
    let import = import(arguments, &snapshot, &platform)?;
    let (profiles, changes) = compared(import.profiles, &library)?;
    let drifts = drifts(&profiles, &import.policies, &platform)?;
    let policies = policies(&import.policies, &platform);
    check_accepted(&changes, &policies, &arguments.accept)?;
    check_losses(&changes, &arguments.accept)?;
    check_drifts(arguments, &snapshot, &platform, &profiles, &drifts)?;
    tell_oddities(arguments, &changes, &library);
    let files = files(&arguments.profiles, &profiles)?;
    let stale = write::differing(&files)?.len();
    if !arguments.dry_run {
        write::write_all(&files)?;
    }
    let source = format!("{} ({})", short(&snapshot.commit), snapshot.date);
    terminal::print(&changes::text(&changes, &source, stale, arguments.dry_run))?;
    Ok(Exit::Clean)
}

/// The texts of upstream, from wherever the user says they are.
fn snapshot(arguments: &Arguments) -> Result<Snapshot, Error> {
    let given = arguments.from.as_deref().ok_or_else(|| {
        InputError::new("`--from` must say where the repository is").hint(
            "run `git clone https://github.com/IBM-Cloud/kube-samples` and give `--from kube-samples`",
        )
    })?;
    let path = Path::new(given);
    // A clone may hold a copy's file too, but its commits say more.
    let is_copy = folder::is_copy(path) && !path.join(".git").exists();
    if !is_copy {
        let revision = arguments.rev.as_deref().unwrap_or(git::HEAD);
        return git::snapshot(given, revision, kube_samples::is_wanted);
    }
    if let Some(revision) = &arguments.rev {
        let message =
            format!("`{given}` is a copy of one commit, so there is no revision `{revision}`");
        return Err(InputError::new(message).hint("leave `--rev` out").into());
    }
    folder::snapshot(path, kube_samples::is_wanted)
}

/// The profiles in place: the folder's, and the embedded ones where it has none.
fn in_place(folder: &Path) -> Result<Library, Error> {
    if folder.exists() {
        Ok(overlaid(folder)?.0)
    } else {
        Ok(Library::embedded())
    }
}

fn import(
    arguments: &Arguments,
    snapshot: &Snapshot,
    platform: &PlatformProfile,
) -> Result<Import, InputError> {
    let origin = Origin {
        repository: snapshot.repository.clone(),
        commit: snapshot.commit.clone(),
        date: snapshot.date,
    };
    let import = kube_samples::import(
        &snapshot.texts,
        &snapshot.inside,
        &origin,
        platform,
        &arguments.region,
    )?;
    for remark in summed(&import.remarks) {
        terminal::tell_note(&remark);
    }
    Ok(import)
}

/// Where upstream's policies are not those that would be rendered from the facts read of them.
fn drifts(
    profiles: &[RegionProfile],
    policies: &BTreeMap<Name, Published>,
    platform: &PlatformProfile,
) -> Result<Vec<Drift>, InputError> {
    let templates = Templates::embedded()?;
    let mut drifts = Vec::new();
    for profile in profiles {
        let region = &profile.region.value;
        if let Some(published) = policies.get(region) {
            let rendered = rendered(profile, platform, &templates)?;
            drifts.extend(drift(region, published, &rendered));
        }
    }
    Ok(drifts)
}

/// The names of the policies that upstream has or that are rendered.
fn policies(policies: &BTreeMap<Name, Published>, platform: &PlatformProfile) -> BTreeSet<String> {
    let known = platform.policies.iter().map(|policy| policy.name.as_str());
    let theirs = policies
        .values()
        .flat_map(|published| published.files.keys());
    let theirs = theirs.map(|(_, path)| policy_name(path));
    known.chain(theirs).map(str::to_owned).collect()
}

/// Refuses policies that drifted, unless they are accepted or history is read on purpose. Then they
/// are told.
fn check_drifts(
    arguments: &Arguments,
    snapshot: &Snapshot,
    platform: &PlatformProfile,
    profiles: &[RegionProfile],
    drifts: &[Drift],
) -> Result<(), InputError> {
    let is_history = arguments.rev.is_some() && snapshot.date < platform.date;
    if !is_history {
        let regions: Vec<&Name> = profiles.iter().map(|p| &p.region.value).collect();
        check_drift(drifts, &regions, &arguments.accept)?;
    }
    for drift in told(drifts) {
        terminal::tell_note(&drift);
    }
    if is_history && !drifts.is_empty() {
        terminal::tell_note(&format!(
            "the commit of {} is older than the platform profile of {}: such differences are told \
             and not refused",
            snapshot.date, platform.date
        ));
    }
    Ok(())
}

/// The profiles with what is kept of those in place, and what changes against them.
fn compared(
    mut profiles: Vec<RegionProfile>,
    library: &Library,
) -> Result<(Vec<RegionProfile>, Vec<Change>), Error> {
    let known = library.regions();
    let mut changes = Vec::new();
    for profile in &mut profiles {
        let name = profile.region.as_str();
        let old = if known.contains(&name) {
            Some(library.region(name)?)
        } else {
            None
        };
        if let Some(old) = &old {
            keep(profile, old);
        }
        changes.push(compare(old.as_ref(), profile));
    }
    Ok((profiles, changes))
}

/// Tells what a person has to look after: regions that came and regions that went.
fn tell_oddities(arguments: &Arguments, changes: &[Change], library: &Library) {
    for change in changes.iter().filter(|change| change.is_new) {
        terminal::tell_note(&format!(
            "the region {0} is new: set `displayName` and `singleZone` in its profile, upstream does not say them",
            change.region
        ));
    }
    if arguments.region.is_empty() {
        let is_read = |name: &&str| changes.iter().any(|c| c.region.as_str() == *name);
        let mut gone = library.regions();
        gone.retain(|name| !is_read(name));
        if !gone.is_empty() {
            terminal::tell_note(&format!(
                "upstream has no policies for {}: what is known of it stays as it is",
                gone.join(", ")
            ));
        }
    }
}

fn files(folder: &Path, profiles: &[RegionProfile]) -> Result<Vec<(PathBuf, Vec<u8>)>, InputError> {
    profiles
        .iter()
        .map(|profile| {
            let path = folder.join(Library::region_path(profile.region.as_str()));
            Ok((path, text_of(profile)?.into_bytes()))
        })
        .collect()
}
