//! Jobs that run calicoctl in the cluster, for clusters whose API server does not serve Calico's v3
//! API.
//!
//! What calicoctl does to a cluster by itself is in its source: `apply` creates an object, and where
//! it is there already gets and updates it (`calicoctl/resourcemgr/resourcemgr.go`); before that it
//! gets the ClusterInformation to compare versions (`commands/common/version_mismatch.go`), and of a
//! policy the tier (`libcalico-go/lib/clientv3/globalnetworkpolicy.go`). So nothing here writes
//! `crd.projectcalico.org/v1`, and Calico's own validation and defaulting are not passed by.

mod access;
mod carry;
mod job;

use std::collections::BTreeMap;

use crate::finding::InputError;
use crate::resource::{Api, Resource};
use crate::yaml::to_text;

use super::super::{Bundle, RenderedFile};
use super::mark::{SYNC_WAVE, Waves, marked};
use super::{Metadata, by_wave, file_of, labels_of, name_of};
use crate::question::rollout::Wave;

pub use carry::carried;

/// The wave, for Argo CD, of what the Jobs need to run.
const BEFORE_ALL: &str = "-1";

/// The end of the name of the account and its role.
const ACCOUNT: &str = "-calicoctl";

/// What a Job is told that runs calicoctl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calicoctl {
    /// The image, with a tag or a digest. calicoctl refuses a cluster of another version than its own.
    pub image: String,
    /// The namespace that the Jobs run in.
    pub namespace: String,
}

/// Who has the Jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runner {
    /// kubectl, which waits for nothing: one Job applies all waves, one after the other.
    Kubectl,
    /// Flux, which waits for what it applied: a Job for each wave.
    Flux,
    /// Argo CD, which makes a hook anew each time: a Job for each wave.
    Argocd,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What the Jobs need to run.
    Access,
    /// A wave, and its Job unless one Job applies all.
    Wave(Wave),
    /// The Job that applies all waves.
    Job,
}

/// The files, in the order in which they are to be applied. `path` says where they lie.
///
/// # Errors
/// An object that calicoctl does not apply, or one that no ConfigMap has room for.
pub(super) fn files(
    bundle: &Bundle,
    settings: &Calicoctl,
    runner: Runner,
    path: impl Fn(Part) -> String,
) -> Result<Vec<(Part, RenderedFile)>, InputError> {
    let own = |part: String| Own {
        bundle,
        settings,
        runner,
        part,
    };
    let waves = by_wave(bundle)?;
    let all: Vec<&Resource> = waves
        .values()
        .flatten()
        .flat_map(|file| &file.resources)
        .collect();
    refuse_strangers(&all)?;
    let access = access::documents(&own(ACCOUNT.to_owned()), &all)?;
    let remark = "What calicoctl may do: apply the kinds that the bundle holds.";
    let file = file_of(bundle, &path(Part::Access), remark, &access)?;
    let mut files = vec![(Part::Access, file)];
    let mut steps = Vec::new();
    for (wave, members) in waves {
        let mut texts = BTreeMap::new();
        for file in members {
            let file = marked(file, &bundle.folder, Waves::Unsaid)?;
            let name = file.path.rsplit('/').next().unwrap_or_default();
            texts.insert(name.to_owned(), file);
        }
        let own = own(format!("-{}", wave.part()));
        let (mut documents, maps) = carry::config_maps(&own, &texts)?;
        let step = Step { wave, maps };
        if runner == Runner::Kubectl {
            steps.push(step);
        } else {
            documents.push(to_text(&job::job(&own, &[step])?)?);
        }
        let remark = format!("Wave {}: {}.", wave.number(), wave.word());
        let part = Part::Wave(wave);
        let mut file = file_of(bundle, &path(part), &remark, &documents)?;
        file.resources = carry::read_back(&file.input, &texts)?;
        files.push((part, file));
    }
    if runner == Runner::Kubectl && !steps.is_empty() {
        let job = to_text(&job::job(&own(String::new()), &steps)?)?;
        let remark = "Applies the waves by calicoctl, one after the other.";
        files.push((
            Part::Job,
            file_of(bundle, &path(Part::Job), remark, &[job])?,
        ));
    }
    Ok(files)
}

/// A wave, and the ConfigMaps that hold it.
struct Step {
    wave: Wave,
    maps: Vec<String>,
}

/// What holds for the objects of one part of a bundle.
struct Own<'a> {
    bundle: &'a Bundle,
    settings: &'a Calicoctl,
    runner: Runner,
    /// The end of their names.
    part: String,
}

impl Own<'_> {
    /// The name of an object that has `ending` behind the part.
    fn name(&self, ending: &str) -> String {
        name_of(&self.bundle.folder, &format!("{}{ending}", self.part))
    }

    /// The metadata of an object that is there before any Job runs.
    fn metadata(&self, name: String) -> Metadata<'_> {
        Metadata {
            name,
            namespace: Some(&self.settings.namespace),
            labels: labels_of(&self.bundle.folder),
            annotations: match self.runner {
                Runner::Kubectl | Runner::Flux => BTreeMap::new(),
                Runner::Argocd => [(SYNC_WAVE, BEFORE_ALL.to_owned())].into(),
            },
        }
    }

    /// The account that calicoctl runs as.
    fn account(&self) -> String {
        name_of(&self.bundle.folder, ACCOUNT)
    }
}

/// Refuses objects that calicoctl has no word for.
fn refuse_strangers(all: &[&Resource]) -> Result<(), InputError> {
    match all.iter().find(|one| one.api != Api::CalicoV3) {
        None => Ok(()),
        Some(resource) => Err(InputError::new(format!(
            "{} is not of {}, and calicoctl applies nothing else",
            resource.key,
            Api::CALICO_V3
        ))
        .at(resource.place())),
    }
}
