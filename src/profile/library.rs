//! The profiles at hand: those in the binary, and a folder's that stand in for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::finding::{Input, InputError};

use super::{PlatformProfile, RangesProfile, RegionProfile};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/profiles");

const PLATFORM: &str = "platform.yaml";
const REGIONS: &str = "regions/";
const RANGES: &str = "ranges/";
const BASELINE: &str = "baseline/";

/// The baseline file that holds only where the platform makes private host endpoints.
const WITH_PRIVATE: &str = "/private-policies.yaml";

/// Profiles by path below `profiles/`, read when they are asked for.
#[derive(Debug, Clone)]
pub struct Library {
    texts: BTreeMap<String, Arc<Input>>,
}

impl Library {
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
    /// No such region: the nearest names.
    pub fn region_text(&self, region: &str) -> Result<&Arc<Input>, InputError> {
        self.texts.get(&Self::region_path(region)).ok_or_else(|| {
            InputError::new(format!("there is no region `{region}`"))
                .suggest(region, self.regions())
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
