//! The profiles at hand: those in the binary, and a folder's that stand in for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::finding::{Input, InputError, Place, nearest};

use super::overlay::{Corrected, Overlay, corrected};
use super::{Digest, Lock, Name, PlatformProfile, RangesProfile, RegionProfile, Sources};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/profiles");

const PLATFORM: &str = "platform.yaml";
const SOURCES: &str = "sources.yaml";
const REGIONS: &str = "regions/";
const RANGES: &str = "ranges/";
const BASELINE: &str = "baseline/";
const ENDING: &str = ".yaml";

/// The baseline file that holds only where the platform makes private host endpoints.
const WITH_PRIVATE: &str = "/private-policies.yaml";

/// Profiles by path below `profiles/`, read when they are asked for.
#[derive(Debug, Clone)]
pub struct Library {
    texts: BTreeMap<String, Arc<Input>>,
    /// The paths of those that are a user's.
    own: BTreeSet<String>,
    /// The lock in the binary, where a user has one too.
    embedded_lock: Option<Arc<Input>>,
    /// What a user corrects of the profile at a path: the texts by their own path.
    overlays: BTreeMap<String, BTreeMap<String, Arc<Input>>>,
}

impl Library {
    /// Where profiles lie, for a sentence.
    pub const PATHS: &str = "`platform.yaml`, `sources.yaml`, `lock.yaml`, `regions/REGION.yaml`, \
                             `ranges/NAME.yaml` and `baseline/NAME.yaml`";

    /// The path below `profiles/` of the lock.
    pub const LOCK: &str = "lock.yaml";

    /// The profiles that there is one of.
    const SINGLE: [&str; 3] = [PLATFORM, SOURCES, Self::LOCK];

    /// Whether a file at `path`, below a folder of profiles, is one.
    pub fn is_profile(path: &str) -> bool {
        let in_folder = |folder: &&str| {
            let name = path
                .strip_prefix(*folder)
                .and_then(|file| file.strip_suffix(ENDING));
            name.is_some_and(|name| name.parse::<Name>().is_ok())
        };
        Self::SINGLE.contains(&path) || [REGIONS, RANGES, BASELINE].iter().any(in_folder)
    }

    /// The refusal of a file at `path`, below the folder of profiles `folder`, where none lies.
    pub fn misplaced(&self, folder: &str, path: &str) -> InputError {
        let error = InputError::new(format!(
            "`{path}` in `{folder}` is not where a profile lies"
        ));
        // The folder above that of the profiles was given.
        let mut parts = path.match_indices('/');
        let above = parts.find_map(|(at, _)| {
            let (above, below) = path.split_at_checked(at)?;
            Self::is_profile(below.strip_prefix('/')?).then_some(above)
        });
        if let Some(above) = above {
            let folder = folder.trim_end_matches('/');
            return error.hint(format!("did you mean the folder `{folder}/{above}`?"));
        }
        match self.nearest_path(path) {
            Some(right) => error.hint(format!("did you mean `{right}`?")),
            None => error.hint(format!("profiles are {}", Self::PATHS)),
        }
    }

    /// Where a profile may lie that someone put at `path`.
    fn nearest_path(&self, path: &str) -> Option<String> {
        let lower = path.to_lowercase();
        let (folder, file) = lower.rsplit_once('/').unwrap_or(("", &lower));
        let (name, _) = file.rsplit_once('.')?;
        let name: Name = name.parse().ok()?;
        let known = |names: Vec<&str>| names.contains(&name.as_str());
        let folder = if folder.is_empty() {
            if known(self.regions()) {
                REGIONS
            } else if known(self.ranges_names()) {
                RANGES
            } else {
                let stems = Self::SINGLE.map(|path| path.strip_suffix(ENDING).unwrap_or(path));
                let near = nearest(name.as_str(), stems).into_iter().next();
                return near.map(|stem| format!("{stem}{ENDING}"));
            }
        } else {
            let folders = [REGIONS, RANGES, BASELINE];
            nearest(&format!("{folder}/"), folders).into_iter().next()?
        };
        Some(format!("{folder}{name}{ENDING}"))
    }

    /// The profiles in the binary.
    pub fn embedded() -> Self {
        let mut texts = BTreeMap::new();
        collect(&EMBEDDED, &mut texts);
        Self {
            texts,
            own: BTreeSet::new(),
            embedded_lock: None,
            overlays: BTreeMap::new(),
        }
    }

    /// Puts `texts` (path below `profiles/`, text) in the place of the profiles of the same path,
    /// and adds those that are new. A text that says what it extends corrects single lists of that
    /// profile instead, whatever its own name is.
    ///
    /// # Errors
    /// A text that extends what is not there, with the nearest names, or says wrongly how.
    pub fn overlay(
        mut self,
        texts: impl IntoIterator<Item = (String, Arc<Input>)>,
    ) -> Result<Self, InputError> {
        let mut overlays = Vec::new();
        for (path, input) in texts {
            let folder = [REGIONS, RANGES].into_iter().find(|f| path.starts_with(f));
            let corrects = folder.map(|folder| Ok((folder, Overlay::is_one(&input)?)));
            if let Some((folder, true)) = corrects.transpose()? {
                overlays.push((folder, path, input));
            } else {
                let is_lock = path == Self::LOCK;
                self.own.insert(path.clone());
                let embedded = self.texts.insert(path, input);
                if is_lock {
                    self.embedded_lock = embedded;
                }
            }
        }
        let mut theirs = BTreeMap::new();
        for (_, path, input) in &overlays {
            theirs.insert(path.clone(), Overlay::read(input)?.extends.value);
        }
        for (folder, path, input) in overlays {
            let extends = Overlay::read(&input)?.extends;
            let target = format!("{folder}{}{ENDING}", extends.value);
            if !self.texts.contains_key(&target) {
                let message = format!("there is no profile `{target}` to extend");
                let error = InputError::new(message).at(Place::new(&input, extends.span));
                return Err(match theirs.get(&target) {
                    Some(whole) => error.hint(format!(
                        "that file corrects `{whole}` itself: several files may extend one profile, \
                         and none another such file"
                    )),
                    None => error.suggest(extends.value.as_str(), self.named(folder)),
                });
            }
            self.overlays.entry(target).or_default().insert(path, input);
        }
        Ok(self)
    }

    /// Puts `input` in the place of the profile at `path`. What a user corrects of it stays
    /// corrected.
    pub fn put(&mut self, path: String, input: Arc<Input>) {
        self.texts.insert(path, input);
    }

    /// Whether the profile at `path` is a user's.
    pub fn is_own(&self, path: &str) -> bool {
        self.own.contains(path)
    }

    /// The file that corrects a profile and lies itself where one at `path` would.
    pub fn correcting(&self, path: &str) -> Option<&Arc<Input>> {
        self.overlays.values().find_map(|texts| texts.get(path))
    }

    /// The paths of the profiles of regions and ranges, sorted.
    pub fn fetched(&self) -> impl Iterator<Item = &str> {
        let is_fetched = |path: &&str| [RANGES, REGIONS].iter().any(|f| path.starts_with(f));
        self.texts.keys().map(String::as_str).filter(is_fetched)
    }

    /// The path below `profiles/` of the ranges of an operator.
    pub fn ranges_path(name: &str) -> String {
        format!("{RANGES}{name}{ENDING}")
    }

    /// The path below `profiles/` of a region's profile.
    pub fn region_path(region: &str) -> String {
        format!("{REGIONS}{region}{ENDING}")
    }

    /// The names of all regions, sorted.
    pub fn regions(&self) -> Vec<&str> {
        self.named(REGIONS)
    }

    /// The names of all operators whose ranges are at hand, sorted.
    pub fn ranges_names(&self) -> Vec<&str> {
        self.named(RANGES)
    }

    /// The text of a region's profile.
    ///
    /// # Errors
    /// No such region: the one that serves the place of that name, or the nearest names.
    pub fn region_text(&self, region: &str) -> Result<&Arc<Input>, InputError> {
        self.texts.get(&Self::region_path(region)).ok_or_else(|| {
            let error = InputError::new(format!("there is no region `{region}`"));
            match self.serving(region) {
                Some(regions) => error.hint(format!("did you mean {regions}?")),
                None => error.suggest(region, self.regions()),
            }
        })
    }

    /// The regions that serve `place`, for a question: the one whose single-zone location it is,
    /// else the one that people call so, else those that have the zone.
    fn serving(&self, place: &str) -> Option<String> {
        let place = place.to_lowercase();
        let regions = self.regions().into_iter();
        // A profile that is wrong is told when it is asked for.
        let profiles: Vec<RegionProfile> = regions.filter_map(|r| self.region(r).ok()).collect();
        let joined = |why: &dyn Fn(&RegionProfile) -> Option<String>| {
            let found = profiles.iter().filter_map(|profile| {
                let why = why(profile)?;
                Some(format!("`{}` ({why})", profile.region.value))
            });
            let found: Vec<String> = found.collect();
            (!found.is_empty()).then(|| found.join(" or "))
        };
        let is_place = |name: &Name| *name.as_str() == place;
        let serves = || format!("which serves {place}");
        joined(&|profile| profile.single_zone.iter().any(is_place).then(serves))
            .or_else(|| {
                joined(&|profile| {
                    let name = &profile.display_name;
                    (name.to_lowercase() == place).then(|| name.clone())
                })
            })
            .or_else(|| {
                joined(&|profile| {
                    profile
                        .zones
                        .iter()
                        .any(|z| is_place(&z.value))
                        .then(serves)
                })
            })
    }

    /// The profile of a region, as a user corrects it.
    ///
    /// # Errors
    /// No such region, or what is wrong with its profile or with what corrects it.
    pub fn region(&self, region: &str) -> Result<RegionProfile, InputError> {
        Ok(self.corrected_region(region)?.0)
    }

    /// The profile of a region, and what a user corrected of it.
    ///
    /// # Errors
    /// No such region, or what is wrong with its profile or with what corrects it.
    pub fn corrected_region(
        &self,
        region: &str,
    ) -> Result<(RegionProfile, Vec<Corrected>), InputError> {
        let profile = self.published_region(region)?;
        let overlays = self.overlays_of(&Self::region_path(region));
        corrected(profile, self.region_text(region)?, overlays, || {
            self.platform()
        })
    }

    /// The profile of a region without what a user corrects of it.
    ///
    /// # Errors
    /// No such region, or what is wrong with its profile.
    pub fn published_region(&self, region: &str) -> Result<RegionProfile, InputError> {
        let input = self.region_text(region)?;
        let profile = RegionProfile::read(input)?;
        if profile.region.as_str() != region {
            return Err(InputError::new(format!(
                "the file is named for region `{region}`, but says `{}`",
                profile.region.value
            ))
            .at(Place::new(input, profile.region.span)));
        }
        Ok(profile)
    }

    /// The platform profile.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn platform(&self) -> Result<PlatformProfile, InputError> {
        PlatformProfile::read(self.single(PLATFORM)?)
    }

    /// The ranges of an operator, as a user corrects them.
    ///
    /// # Errors
    /// No such operator, or what is wrong with its profile or with what corrects it.
    pub fn ranges(&self, name: &str) -> Result<RangesProfile, InputError> {
        Ok(self.corrected_ranges(name)?.0)
    }

    /// The ranges of an operator, and what a user corrected of them.
    ///
    /// # Errors
    /// No such operator, or what is wrong with its profile or with what corrects it.
    pub fn corrected_ranges(
        &self,
        name: &str,
    ) -> Result<(RangesProfile, Vec<Corrected>), InputError> {
        let profile = self.published_ranges(name)?;
        let overlays = self.overlays_of(&Self::ranges_path(name));
        corrected(profile, self.ranges_text(name)?, overlays, || {
            self.platform()
        })
    }

    /// The ranges of an operator without what a user corrects of them.
    ///
    /// # Errors
    /// No such operator, or what is wrong with its profile.
    pub fn published_ranges(&self, name: &str) -> Result<RangesProfile, InputError> {
        let input = self.ranges_text(name)?;
        let profile = RangesProfile::read(input)?;
        if profile.ranges.as_str() != name {
            return Err(InputError::new(format!(
                "the file is named for the ranges `{name}`, but says `{}`",
                profile.ranges
            ))
            .at(Place::new(
                input,
                crate::finding::Span::in_text(&input.text, 0..0),
            )));
        }
        Ok(profile)
    }

    /// The text of the ranges of an operator.
    ///
    /// # Errors
    /// No such operator: the nearest names.
    pub fn ranges_text(&self, name: &str) -> Result<&Arc<Input>, InputError> {
        self.texts.get(&Self::ranges_path(name)).ok_or_else(|| {
            InputError::new(format!("there are no ranges `{name}`"))
                .suggest(name, self.ranges_names())
        })
    }

    /// Where facts are fetched from.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn sources(&self) -> Result<Sources, InputError> {
        Sources::read(self.single(SOURCES)?)
    }

    /// Which states of their sources the profiles hold, and the text that says so.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn lock(&self) -> Result<(Lock, &Arc<Input>), InputError> {
        let input = self.single(Self::LOCK)?;
        Ok((Lock::read(input)?, input))
    }

    /// Which states the profiles in use hold: a user's own by the lock beside them, those in the binary
    /// by the lock there.
    ///
    /// # Errors
    /// What is wrong with a lock.
    pub fn pins(&self) -> Result<Lock, InputError> {
        let (lock, _) = self.lock()?;
        let Some(embedded) = &self.embedded_lock else {
            let is_own = self.is_own(Self::LOCK);
            return Ok(lock.only(|path| is_own || !self.is_own(path)));
        };
        let embedded = Lock::read(embedded)?;
        let embedded = embedded.only(|path| !self.is_own(path) && lock.pinned(path).is_none());
        Ok(embedded.sources.into_iter().fold(lock, Lock::with))
    }

    /// The lock that lies beside a user's own profiles, as far as it speaks of them: what is in the
    /// binary changes with the binary. It is empty where there is none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn own_lock(&self) -> Result<Lock, InputError> {
        if self.is_own(Self::LOCK) {
            Ok(self.lock()?.0.only(|path| self.is_own(path)))
        } else {
            Ok(Lock::default())
        }
    }

    /// The digest of the published facts in the profile at `path`; nothing where no profile of
    /// facts that are fetched lies there.
    ///
    /// # Errors
    /// What is wrong with the profile.
    pub fn digest(&self, path: &str) -> Result<Option<Digest>, InputError> {
        if !self.texts.contains_key(path) {
            return Ok(None);
        }
        let name = |folder| path.strip_prefix(folder)?.strip_suffix(ENDING);
        Ok(match (name(REGIONS), name(RANGES)) {
            (Some(region), _) => Some(Digest::of_region(&self.published_region(region)?)),
            (_, Some(ranges)) => Some(Digest::of_ranges(&self.published_ranges(ranges)?)),
            _ => None,
        })
    }

    fn single(&self, path: &str) -> Result<&Arc<Input>, InputError> {
        let text = self.texts.get(path);
        text.ok_or_else(|| InputError::new(format!("there is no `{path}`")))
    }

    fn overlays_of<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a Arc<Input>> + use<'a> {
        self.overlays
            .get(path)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// The policies that the platform itself applies, each text with whether it holds only where
    /// the platform makes private host endpoints.
    pub fn baseline(&self) -> Vec<(Arc<Input>, bool)> {
        let texts = self
            .texts
            .iter()
            .filter(|(path, _)| path.starts_with(BASELINE));
        texts
            .map(|(path, input)| (Arc::clone(input), path.ends_with(WITH_PRIVATE)))
            .collect()
    }

    fn named(&self, folder: &str) -> Vec<&str> {
        self.texts
            .keys()
            .filter_map(|path| path.strip_prefix(folder)?.strip_suffix(ENDING))
            .collect()
    }
}

fn collect(dir: &Dir<'_>, texts: &mut BTreeMap<String, Arc<Input>>) {
    for file in dir.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            texts.insert(
                path.to_owned(),
                Input::new(format!("profiles/{path}"), text),
            );
        }
    }
    for inner in dir.dirs() {
        collect(inner, texts);
    }
}
