//! `palisade profile update`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::library::{by_variable, overlaid};
use crate::cli::{Exit, terminal};
use crate::finding::{Error, InputError};
use crate::profile::{Day, Digest, Library, Lock, Name, PlatformProfile};
use crate::source::{Snapshot, folder, git, write};
use crate::upstream::parity::{check_drift, told};
use crate::upstream::{Accepted, Change, check_accepted, check_guards, kube_samples};

use super::facts::{Ranges, Regions, files, newer, ranges, regions, unfit};
use super::fetch::Fetcher;
use super::{changes, today};

/// The folder of profiles where no argument and no variable names one.
const FOLDER: &str = "profiles";

/// How deep profiles lie below their folder.
const DEEPEST: usize = 1;

/// Fetch the facts from those who publish them and write their profiles and the lock
///
/// The facts of the regions are read out of IBM-Cloud/kube-samples, the ranges out of Cloudflare's
/// API; `sources.yaml` of the profiles says where they are. All files are written or none. What is
/// not recognised is refused with its place, and then nothing is written: neither is a
/// policy that is not what `palisade gen` would write from the facts. What changes is printed list
/// by list.
///
/// Example: `palisade profile update --from ~/src/kube-samples --rev 7057ed01e998`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Fetch nothing and read the regions alone: of a clone of the repository (or a folder in it),
    /// a bare repository, a file:// URL, or a copy of its policies with a `SOURCE.yaml` that says
    /// where they were copied from
    #[arg(long, value_name = "PATH|GIT-URL")]
    from: Option<String>,

    /// The revision to read; the work tree is never read. Of one that is older than the platform
    /// profile, policies that differ from what is rendered are told and not refused [default: HEAD]
    #[arg(long)]
    rev: Option<String>,

    /// Fetch of this source alone
    #[arg(long, value_enum, value_name = "SOURCE", conflicts_with_all = ["from", "region"])]
    source: Option<SourceWord>,

    /// A region to read, all if none is named (can be repeated); no ranges are fetched then
    #[arg(long, value_name = "REGION")]
    region: Vec<Name>,

    /// The folder whose profiles are compared and written [env: PALISADE_PROFILES] [default: profiles]
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,

    /// A list that may be emptied, lose more than a third of its entries or get blocks that are not
    /// expected in it, or a policy that may differ from what is rendered, of every region where
    /// REGION is `*` (can be repeated)
    #[arg(long, value_name = "REGION/LIST|REGION/POLICY")]
    accept: Vec<Accepted>,

    /// The day that ranges get which are new [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,

    /// Print what would change and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Who publishes facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceWord {
    /// The facts of the regions
    KubeSamples,
    /// The ranges of Cloudflare
    Cloudflare,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let folder = arguments.profiles.clone().or_else(by_variable);
    let folder = folder.unwrap_or_else(|| PathBuf::from(FOLDER));
    // Two runs at once would mix their files.
    let held = write::hold(&folder);
    let library = in_place(&folder)?;
    let platform = library.platform()?;
    let (lock, text) = library.lock()?;
    let told = match Told::ask(arguments, &library, &platform, &library.pins()?) {
        Ok(told) => told,
        Err(error) => {
            lock.check(text, &library)?;
            return Err(error);
        }
    };
    // A run that was interrupted left some files that are new already: this one finishes the work.
    lock.check_but(text, &library, |path, digest| told.says(path, digest))?;
    let changes = told.changes();
    told.check(arguments, &platform, &changes)?;
    tell_oddities(arguments, told.regions.as_ref(), &library);
    let (regions, ranges) = (told.regions.as_ref(), told.ranges.as_ref());
    let files = files(&folder, &library, library.own_lock()?, regions, ranges)?;
    let stale = write::differing(&files)?.len();
    if !arguments.dry_run {
        write::write_all(&files)?;
        if held.is_some() {
            sweep(&folder);
        }
    }
    for unfit in unfit(&newer(&library, regions, ranges)?) {
        terminal::tell_note(&format!("with these facts nothing is generated: {unfit}"));
    }
    let read = changes::Read { regions, ranges };
    terminal::print(&changes::text(&changes, &read, stale, arguments.dry_run))?;
    Ok(Exit::Clean)
}

/// Removes what a run left in the folder that was killed. Where that fails, it is in nobody's way.
fn sweep(folder: &Path) {
    let mut leftovers = Vec::new();
    write::find_leftovers(folder, DEEPEST, &mut leftovers);
    for path in leftovers {
        let _ = std::fs::remove_file(path);
    }
}

/// What those say that were asked.
struct Told {
    /// The regions, with whether history was read on purpose.
    regions: Option<Regions>,
    is_history: bool,
    ranges: Option<Ranges>,
}

impl Told {
    /// Asks whom the arguments name; everyone where they name nobody.
    fn ask(
        arguments: &Arguments,
        library: &Library,
        platform: &PlatformProfile,
        lock: &Lock,
    ) -> Result<Self, Error> {
        let sources = library.sources()?;
        let wants_ranges = arguments.from.is_none()
            && arguments.region.is_empty()
            && arguments.source != Some(SourceWord::KubeSamples);
        let wants_regions = arguments.source != Some(SourceWord::Cloudflare);
        if arguments.rev.is_some() && !wants_regions {
            let message = "`--rev` is one of the regions' repository, which is not read";
            return Err(InputError::new(message).into());
        }
        let fetcher = || Fetcher::new(&sources);
        let snapshot = match &arguments.from {
            _ if !wants_regions => None,
            Some(given) => Some(snapshot(given, arguments.rev.as_deref())?),
            None => Some(fetcher()?.snapshot(arguments.rev.as_deref())?),
        };
        let mut told = Self {
            regions: None,
            is_history: false,
            ranges: None,
        };
        if let Some(snapshot) = &snapshot {
            for note in &snapshot.notes {
                terminal::tell_note(note);
            }
            told.is_history = arguments.rev.is_some() && snapshot.date < platform.date;
            told.regions = Some(regions(snapshot, library, platform, &arguments.region)?);
        }
        if wants_ranges {
            let name = &sources.cloudflare.ranges;
            let as_of = arguments.as_of.unwrap_or_else(today);
            told.ranges = Some(ranges(&fetcher()?, name, library, lock, as_of)?);
        }
        Ok(told)
    }

    /// Whether these are the facts of the profile at `path`, by their digest.
    fn says(&self, path: &str, digest: &Digest) -> bool {
        let pins = self.regions.iter().map(|regions| &regions.pin);
        let mut pins = pins.chain(self.ranges.iter().map(|ranges| &ranges.pin));
        pins.any(|pin| {
            pin.profiles
                .get(path)
                .is_some_and(|new| new.value == *digest)
        })
    }

    fn changes(&self) -> Vec<Change> {
        let regions = self.regions.iter().flat_map(|regions| &regions.changes);
        let ranges = self.ranges.iter().map(|ranges| &ranges.change);
        regions.chain(ranges).cloned().collect()
    }

    /// Refuses what a person has to say a word for and has not.
    fn check(
        &self,
        arguments: &Arguments,
        platform: &PlatformProfile,
        changes: &[Change],
    ) -> Result<(), InputError> {
        let policies = self.regions.as_ref().map(|regions| &regions.policies);
        let policies = policies.cloned().unwrap_or_default();
        check_accepted(changes, &policies, &arguments.accept)?;
        check_guards(changes, platform, &arguments.accept)?;
        match &self.regions {
            Some(regions) => self.check_drifts(regions, platform, &arguments.accept),
            None => Ok(()),
        }
    }

    /// Refuses policies that drifted, unless they are accepted or history is read on purpose. Then
    /// they are told.
    fn check_drifts(
        &self,
        regions: &Regions,
        platform: &PlatformProfile,
        accepted: &[Accepted],
    ) -> Result<(), InputError> {
        let Regions {
            drifts, profiles, ..
        } = regions;
        if !self.is_history {
            let regions: Vec<&Name> = profiles.iter().map(|p| &p.region.value).collect();
            check_drift(drifts, &regions, accepted)?;
        }
        for drift in told(drifts) {
            terminal::tell_note(&drift);
        }
        if self.is_history && !drifts.is_empty() {
            terminal::tell_note(&format!(
                "the commit of {} is older than the platform profile of {}: such differences are \
                 told and not refused",
                regions.pin.date, platform.date
            ));
        }
        Ok(())
    }
}

/// The texts of upstream, from where the user says they are.
fn snapshot(given: &str, revision: Option<&str>) -> Result<Snapshot, Error> {
    let path = Path::new(given);
    // A clone may hold a copy's file too, but its commits say more.
    let is_copy = folder::is_copy(path) && !path.join(".git").exists();
    if !is_copy {
        let revision = revision.unwrap_or(git::HEAD);
        return git::snapshot(given, revision, kube_samples::is_wanted);
    }
    if let Some(revision) = revision {
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

/// Tells what a person has to look after: regions that came and regions that went.
fn tell_oddities(arguments: &Arguments, regions: Option<&Regions>, library: &Library) {
    let Some(Regions { changes, .. }) = regions else {
        return;
    };
    for change in changes.iter().filter(|change| change.is_new) {
        terminal::tell_note(&format!(
            "the region {0} is new: set `displayName` and `singleZone` in its profile, upstream does not say them",
            change.profile
        ));
    }
    if arguments.region.is_empty() {
        let is_read = |name: &&str| changes.iter().any(|c| c.profile.as_str() == *name);
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
