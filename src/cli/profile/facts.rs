//! What those who publish facts say, held against the profiles in place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::bundle::Templates;
use crate::cli::terminal;
use crate::finding::{Error, Input, InputError};
use crate::profile::{
    Day, Digest, FactList, Library, Lock, Name, NameError, Pin, PlatformProfile, RangesProfile,
    RegionProfile, Source,
};
use crate::source::Snapshot;
use crate::upstream::kube_samples::{self, Import, Origin};
use crate::upstream::parity::{Drift, Published, drift, policy_name};
use crate::upstream::{
    Change, compare, compare_ranges, keep, keep_ranges, summed, text_of, text_of_lock,
    text_of_ranges,
};
use crate::yaml::Located;

use super::fetch::{Fetched, Fetcher};
use super::parity::rendered;

/// What the repository of the regions' policies says.
pub(super) struct Regions {
    /// The profiles, with what is kept of those in place.
    pub(super) profiles: Vec<RegionProfile>,
    /// What changes, one a profile.
    pub(super) changes: Vec<Change>,
    /// Where its policies are not what would be rendered.
    pub(super) drifts: Vec<Drift>,
    /// The names of the policies that it has or that are rendered.
    pub(super) policies: BTreeSet<String>,
    /// The state that was read.
    pub(super) pin: Pin,
}

/// What the operator of ranges says.
pub(super) struct Ranges {
    /// The profile, with what is kept of the one in place.
    pub(super) profile: RangesProfile,
    /// What changes.
    pub(super) change: Change,
    /// The state that was read.
    pub(super) pin: Pin,
}

/// Reads the regions of a snapshot that `wanted` names, or all.
pub(super) fn regions(
    snapshot: &Snapshot,
    library: &Library,
    platform: &PlatformProfile,
    wanted: &[Name],
) -> Result<Regions, Error> {
    let origin = Origin {
        repository: snapshot.repository.clone(),
        commit: snapshot.commit.clone(),
        date: snapshot.date,
    };
    let import =
        kube_samples::import(&snapshot.texts, &snapshot.inside, &origin, platform, wanted)?;
    for remark in summed(&import.remarks) {
        terminal::tell_note(&remark);
    }
    let Import {
        profiles, policies, ..
    } = import;
    let (profiles, changes) = compared(profiles, library)?;
    let commit = snapshot.commit.parse().map_err(InputError::new)?;
    Ok(Regions {
        drifts: drifts(&profiles, &policies, platform)?,
        policies: names(&policies, platform),
        pin: Pin {
            source: kube_samples::NAME
                .parse()
                .map_err(|error: NameError| InputError::new(error.to_string()))?,
            from: vec![snapshot.repository.clone()],
            commit: Some(commit),
            etag: None,
            date: snapshot.date,
            profiles: profiles
                .iter()
                .map(|profile| {
                    let path = Library::region_path(profile.region.as_str());
                    (path, Located::nowhere(Digest::of_region(profile)))
                })
                .collect(),
        },
        profiles,
        changes,
    })
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
            Some(library.published_region(name)?)
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
fn names(policies: &BTreeMap<Name, Published>, platform: &PlatformProfile) -> BTreeSet<String> {
    let known = platform.policies.iter().map(|policy| policy.name.as_str());
    let theirs = policies
        .values()
        .flat_map(|published| published.files.keys());
    let theirs = theirs.map(|(_, path)| policy_name(path));
    known.chain(theirs).map(str::to_owned).collect()
}

/// Asks for the ranges of the operator `name`. What is new has the day `as_of`.
pub(super) fn ranges(
    fetcher: &Fetcher<'_>,
    name: &Name,
    library: &Library,
    lock: &Lock,
    as_of: Day,
) -> Result<Ranges, Error> {
    let path = Library::ranges_path(name.as_str());
    let old = if library.ranges_names().contains(&name.as_str()) {
        Some(library.published_ranges(name.as_str())?)
    } else {
        None
    };
    let pinned = lock.pinned(&path).map(|(pin, _)| pin);
    // What one address calls the state of its lists is no word of another's.
    let known = pinned.filter(|pin| fetcher.asks_for_ranges_at(&pin.from));
    let etag = known.and_then(|pin| pin.etag.as_ref());
    let fetched = fetcher.ranges(etag, terminal::tell_note)?;
    let (fetched, old) = match (fetched, old, pinned) {
        (None, Some(old), Some(pin)) => {
            return Ok(Ranges {
                change: compare_ranges(Some(&old), &old),
                profile: old,
                pin: Pin {
                    profiles: pin.profiles.clone(),
                    ..pin.clone()
                },
            });
        }
        (Some(fetched), old, _) => (fetched, old),
        (None, ..) => {
            let message = "the ranges are said to be unchanged, and none are known";
            return Err(InputError::new(message).into());
        }
    };
    Ok(read_ranges(name, fetched, old.as_ref(), as_of))
}

fn read_ranges(name: &Name, fetched: Fetched, old: Option<&RangesProfile>, as_of: Day) -> Ranges {
    let Fetched { published, from } = fetched;
    let list = |nets: Vec<crate::net::Cidr>, from: Option<&String>| FactList {
        source: Source {
            repository: from.cloned().unwrap_or_default(),
            commit: None,
            path: None,
        },
        date: as_of,
        status: None,
        valid_from: None,
        valid_until: None,
        nets: Located::nowhere(nets.into_iter().map(Located::nowhere).collect()),
    };
    let mut profile = RangesProfile {
        ranges: name.clone(),
        display_name: name.to_string(),
        ipv4: list(published.ipv4, from.first()),
        ipv6: list(published.ipv6, from.last()),
    };
    if let Some(old) = old {
        keep_ranges(&mut profile, old);
    }
    let path = Library::ranges_path(name.as_str());
    let digest = Located::nowhere(Digest::of_ranges(&profile));
    Ranges {
        change: compare_ranges(old, &profile),
        pin: Pin {
            source: name.clone(),
            from,
            commit: None,
            etag: published.etag,
            date: profile.ipv4.date.max(profile.ipv6.date),
            profiles: BTreeMap::from([(path, digest)]),
        },
        profile,
    }
}

/// The files of a folder that are to be written: the profiles, and the lock with their states.
pub(super) fn files(
    folder: &Path,
    library: &Library,
    lock: Lock,
    regions: Option<&Regions>,
    ranges: Option<&Ranges>,
) -> Result<Vec<(PathBuf, Vec<u8>)>, InputError> {
    let mut texts = texts(regions, ranges)?;
    let pins = regions.map(|r| &r.pin).into_iter();
    let pins = pins.chain(ranges.map(|r| &r.pin)).cloned();
    let lock = pins.fold(lock, Lock::with);
    texts.push((Library::LOCK.to_owned(), text_of_lock(&lock)?));
    let mut files = Vec::with_capacity(texts.len());
    for (path, text) in texts {
        if let Some(overlay) = library.correcting(&path) {
            return Err(InputError::new(format!(
                "`{}` says what it extends, and the whole profile is to be written there",
                overlay.name
            ))
            .hint("give the file that corrects another name: it says itself what it extends"));
        }
        files.push((folder.join(path), text.into_bytes()));
    }
    Ok(files)
}

/// The profiles of `library` with what was read in their place.
pub(super) fn newer(
    library: &Library,
    regions: Option<&Regions>,
    ranges: Option<&Ranges>,
) -> Result<Library, InputError> {
    let mut newer = library.clone();
    for (path, text) in texts(regions, ranges)? {
        newer.put(path.clone(), Input::new(path, text));
    }
    Ok(newer)
}

/// Why what a user corrects does not fit the profiles that it corrects.
pub(super) fn unfit(library: &Library) -> Vec<String> {
    let regions = library.regions().into_iter();
    let regions = regions.filter_map(|name| library.region(name).err());
    let ranges = library.ranges_names().into_iter();
    let ranges = ranges.filter_map(|name| library.ranges(name).err());
    regions
        .chain(ranges)
        .map(|error| error.to_string())
        .collect()
}

/// The texts of the profiles by their path below `profiles/`.
fn texts(
    regions: Option<&Regions>,
    ranges: Option<&Ranges>,
) -> Result<Vec<(String, String)>, InputError> {
    let mut texts = Vec::new();
    for profile in regions.into_iter().flat_map(|regions| &regions.profiles) {
        let path = Library::region_path(profile.region.as_str());
        texts.push((path, text_of(profile)?));
    }
    if let Some(Ranges { profile, .. }) = ranges {
        let path = Library::ranges_path(profile.ranges.as_str());
        texts.push((path, text_of_ranges(profile)?));
    }
    Ok(texts)
}
