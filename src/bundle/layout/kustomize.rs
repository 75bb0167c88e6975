//! A kustomization in the folder, for `kubectl apply -k`.

use serde::Serialize;

use crate::finding::InputError;

use super::super::{Bundle, RenderedFile};
use super::calicoctl::{self, Calicoctl, Part, Runner};
use super::mark::{Waves, marked};
use super::{bundle_of, by_wave, extra};

/// The file that says what a kustomization is made of.
pub(super) const KUSTOMIZATION: &str = "kustomization.yaml";

const REMARK: &str =
    "In the order of the roll-out: what opens, then host endpoints, then what closes.";

/// A kustomization.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kustomization {
    api_version: &'static str,
    kind: &'static str,
    resources: Vec<String>,
    sort_options: SortOptions,
}

/// In which order a kustomization is built.
#[derive(Debug, Serialize)]
struct SortOptions {
    order: &'static str,
}

/// What a kustomization is made of besides the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kustomize {
    /// The Jobs by which calicoctl applies the bundle; nothing where the API server takes it.
    pub calicoctl: Option<Calicoctl>,
}

/// The files with labels, and a kustomization of them.
pub(super) fn arrange(bundle: &Bundle, settings: &Kustomize) -> Result<Bundle, InputError> {
    let files = match &settings.calicoctl {
        Some(settings) => jobs(bundle, settings, Runner::Kubectl)?,
        None => files(bundle, Waves::Unsaid)?,
    };
    bundle_of(bundle, files)
}

/// Jobs that apply the bundle by calicoctl, and a kustomization that lists them wave by wave.
pub(super) fn jobs(
    bundle: &Bundle,
    settings: &Calicoctl,
    runner: Runner,
) -> Result<Vec<RenderedFile>, InputError> {
    let parts = calicoctl::files(bundle, settings, runner, |part| match part {
        Part::Access => "calicoctl/access.yaml".to_owned(),
        Part::Wave(wave) => format!("calicoctl/{}.yaml", wave.part()),
        Part::Job => "calicoctl/job.yaml".to_owned(),
    })?;
    let listed = parts.iter().map(|(_, file)| file.path.clone()).collect();
    let mut files = vec![kustomization(bundle, "", listed, REMARK)?];
    files.extend(parts.into_iter().map(|(_, file)| file));
    Ok(files)
}

/// The files with labels, and a kustomization that lists them wave by wave.
pub(super) fn files(bundle: &Bundle, waves: Waves) -> Result<Vec<RenderedFile>, InputError> {
    let listed = by_wave(bundle)?;
    let resources = listed.values().flatten().map(|file| file.path.clone());
    let mut files = vec![kustomization(bundle, "", resources.collect(), REMARK)?];
    for file in &bundle.files {
        files.push(marked(file, &bundle.folder, waves)?);
    }
    Ok(files)
}

/// The file of a kustomization of `resources` in the folder `below` the bundle's, which is empty or
/// ends with `/`. It is built in the order that is listed.
pub(super) fn kustomization(
    bundle: &Bundle,
    below: &str,
    resources: Vec<String>,
    remark: &str,
) -> Result<RenderedFile, InputError> {
    let document = Kustomization {
        api_version: "kustomize.config.k8s.io/v1beta1",
        kind: "Kustomization",
        resources,
        // Without it kustomize sorts by kinds, which knows no waves.
        sort_options: SortOptions { order: "fifo" },
    };
    extra(
        bundle,
        &format!("{below}{KUSTOMIZATION}"),
        remark,
        &[document],
    )
}
