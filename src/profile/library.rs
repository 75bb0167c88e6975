//! The profiles at hand: those in the binary, and a folder's that stand in for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::finding::{Input, InputError, nearest};

use super::{Name, PlatformProfile, RangesProfile, RegionProfile};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/profiles");

const PLATFORM: &str = "platform.yaml";
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
}

impl Library {
    /// Where profiles lie, for a sentence.
    pub const PATHS: &str =
        "`platform.yaml`, `regions/REGION.yaml`, `ranges/NAME.yaml` and `baseline/NAME.yaml`";

    /// Whether a file at `path`, below a folder of profiles, is one.
    pub fn is_profile(path: &str) -> bool {
        let in_folder = |folder: &&str| {
            let name = path
                .strip_prefix(*folder)
                .and_then(|file| file.strip_suffix(ENDING));
            name.is_some_and(|name| name.parse::<Name>().is_ok())
        };
        path == PLATFORM || [REGIONS, RANGES, BASELINE].iter().any(in_folder)
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
                let near = nearest(&lower, [PLATFORM]).into_iter().next();
                return near.map(str::to_owned);
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
        Self { texts }
    }

    /// Puts `texts` (path below `profiles/`, text) in the place of the profiles of the same path,
    /// and adds those that are new.
    pub fn overlay(mut self, texts: impl IntoIterator<Item = (String, Arc<Input>)>) -> Self {
        self.texts.extend(texts);
        self
    }

    /// The path below `profiles/` of a region's profile.
    pub fn region_path(region: &str) -> String {
        format!("{REGIONS}{region}.yaml")
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

    /// The profile of a region.
    ///
    /// # Errors
    /// No such region, or what is wrong with its profile.
    pub fn region(&self, region: &str) -> Result<RegionProfile, InputError> {
        let input = self.region_text(region)?;
        let profile = RegionProfile::read(input)?;
        if profile.region.as_str() != region {
            return Err(InputError::new(format!(
                "the file is named for region `{region}`, but says `{}`",
                profile.region.value
            ))
            .at(crate::finding::Place::new(input, profile.region.span)));
        }
        Ok(profile)
    }

    /// The platform profile.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn platform(&self) -> Result<PlatformProfile, InputError> {
        let input = self
            .texts
            .get(PLATFORM)
            .ok_or_else(|| InputError::new(format!("there is no `{PLATFORM}`")))?;
        PlatformProfile::read(input)
    }

    /// The ranges of an operator.
    ///
    /// # Errors
    /// No such operator, or what is wrong with its profile.
    pub fn ranges(&self, name: &str) -> Result<RangesProfile, InputError> {
        let input = self
            .texts
            .get(&format!("{RANGES}{name}.yaml"))
            .ok_or_else(|| {
                InputError::new(format!("there are no ranges `{name}`"))
                    .suggest(name, self.ranges_names())
            })?;
        RangesProfile::read(input)
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
            .filter_map(|path| path.strip_prefix(folder)?.strip_suffix(".yaml"))
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
