//! The policies that IBM publishes in IBM-Cloud/kube-samples, read for the facts of the regions.
//!
//! Nothing here touches a file: a set of texts goes in, profiles or the first refusal come out.
//! Upstream writes most lists several times (for UDP and TCP, for workers and pods, incoming and
//! outgoing) and the copies must agree. Whatever is not recognised is refused with its place, so
//! that no fact is dropped or misread unseen. Policies without facts are handed on as they are, for
//! [`parity`](super::parity) to look at.

mod infrastructure;
mod layout;
mod lists;
mod masters;
mod names;
mod policy;
mod read;
mod region;
mod services;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Input, InputError};
use crate::profile::{Day, Name, PlatformProfile, RegionProfile, Source};

pub use layout::is_wanted;

use super::Remark;
use super::parity::Published;
use layout::Layout;
use region::Reading;

/// What the source is called in the lock.
pub const NAME: &str = "kube-samples";

/// Texts by their path in the repository.
pub type Texts = BTreeMap<String, Arc<Input>>;

/// Where texts come from, as it is written into the profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The repository.
    pub repository: String,
    /// The commit.
    pub commit: String,
    /// The commit's day.
    pub date: Day,
}

impl Origin {
    fn source(&self, path: &str) -> Source {
        Source {
            repository: self.repository.clone(),
            commit: Some(self.commit.clone()),
            path: Some(path.to_owned()),
        }
    }
}

/// What was read.
#[derive(Debug)]
pub struct Import {
    /// The regions, sorted by name. What upstream does not say of them (display names, single-zone
    /// locations, how long a list holds) is still to be taken from what is known already.
    pub profiles: Vec<RegionProfile>,
    /// Every policy file of these regions. Facts are read out of some of them; what the others say
    /// is still to be held against what is rendered.
    pub policies: BTreeMap<Name, Published>,
    /// What is worth telling.
    pub remarks: Vec<Remark>,
}

/// Reads the regions of `texts` that `wanted` names, or all of them where it names none.
///
/// `inside` is the folder of the repository that the user pointed at, empty for its root. It
/// decides where the policies are looked for first.
///
/// # Errors
/// No policies there, no such region, or the first thing in a file that is not recognised.
pub fn import(
    texts: &Texts,
    inside: &str,
    origin: &Origin,
    platform: &PlatformProfile,
    wanted: &[Name],
) -> Result<Import, InputError> {
    let layout = Layout::find(texts, inside)?;
    let known = || layout.regions.iter().map(Name::as_str);
    if let Some(unknown) = wanted.iter().find(|name| !layout.regions.contains(name)) {
        let message = format!("upstream has no region `{unknown}`");
        return Err(InputError::new(message).suggest(unknown.as_str(), known()));
    }
    if layout.regions.is_empty() {
        return Err(InputError::new("no region's policies lie there").hint(
            "they lie in `private-network-isolation/REGION/` and `public-network-isolation/REGION/`",
        ));
    }
    let mut remarks = Vec::new();
    let mut profiles = Vec::new();
    let mut policies = BTreeMap::new();
    for region in &layout.regions {
        if !(wanted.is_empty() || wanted.contains(region)) {
            continue;
        }
        policies.insert(region.clone(), layout.published(region));
        let mut reading = Reading {
            layout: &layout,
            region,
            platform,
            remarks: &mut remarks,
        };
        profiles.push(region::profile(&mut reading, origin)?);
    }
    Ok(Import {
        profiles,
        policies,
        remarks,
    })
}
