//! A folder for each wave, and Flux `Kustomization`s that apply one after the other.

use serde::Serialize;

use crate::finding::InputError;
use crate::question::compare::{BUNDLE, MANAGED_BY};

use super::super::Bundle;
use super::super::wave::Wave;
use super::kustomize::kustomization;
use super::mark::{Waves, marked};
use super::{Metadata, bundle_of, by_wave, extra, label_of, name_of};

/// Where the `Kustomization`s lie: in no folder that they apply.
const KUSTOMIZATIONS: &str = "flux/kustomizations.yaml";

const REMARK: &str = "Have Flux apply this folder, or apply the file once.\n\
                      Each waits until what it depends on is applied.";

/// How often Flux looks whether the cluster is as it should be, how soon it tries again after a
/// failure, and for how long it waits for what it applied.
const INTERVAL: &str = "10m";
const RETRY_INTERVAL: &str = "1m";
const TIMEOUT: &str = "3m";

/// What the `Kustomization`s say besides what the bundle does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flux {
    /// What they are read from.
    pub source: SourceReference,
    /// The namespace that they are in.
    pub namespace: String,
    /// The output folder in the source, written with `/`; empty where that is its root.
    pub folder: String,
    /// Whether what is no longer in the folders is removed from the cluster.
    pub prune: bool,
}

/// An object that Flux fetches files by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceReference {
    /// Its kind: `GitRepository`, `OCIRepository`, `Bucket` or `ExternalArtifact`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; absent means that of the `Kustomization`s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kustomization<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: Spec<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    interval: &'static str,
    retry_interval: &'static str,
    timeout: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<DependsOn>,
    source_ref: &'a SourceReference,
    path: String,
    prune: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_policy: Option<&'static str>,
    wait: bool,
    force: bool,
}

#[derive(Debug, Serialize)]
struct DependsOn {
    name: String,
}

/// The files with labels in a folder for each wave, a kustomization of each, and the objects by
/// which Flux applies them.
pub(super) fn arrange(bundle: &Bundle, settings: &Flux) -> Result<Bundle, InputError> {
    let mut files = Vec::new();
    let mut objects: Vec<Kustomization<'_>> = Vec::new();
    for (wave, members) in by_wave(bundle)? {
        let part = format!("{}-{}", wave.number(), wave.word());
        let mut names = Vec::new();
        for file in members {
            let mut file = marked(file, &bundle.folder, Waves::Unsaid)?;
            let name = match wave {
                // They lie in a folder of this name already.
                Wave::HostEndpoint => file.path.rsplit('/').next().unwrap_or_default(),
                _ => &file.path,
            };
            names.push(name.to_owned());
            file.path = format!("{part}/{name}");
            files.push(file);
        }
        let remark = format!("Wave {}: {}.", wave.number(), wave.word());
        files.push(kustomization(bundle, &format!("{part}/"), names, &remark)?);
        let before = objects.last().map(|last| last.metadata.name.clone());
        objects.push(object(bundle, settings, &part, before));
    }
    files.push(extra(bundle, KUSTOMIZATIONS, REMARK, &objects)?);
    bundle_of(bundle, files)
}

/// What applies the folder `part` once `before` is applied.
fn object<'a>(
    bundle: &Bundle,
    settings: &'a Flux,
    part: &str,
    before: Option<String>,
) -> Kustomization<'a> {
    let labels = [
        (MANAGED_BY.0, MANAGED_BY.1.to_owned()),
        (BUNDLE, label_of(&bundle.folder)),
    ];
    let output = &settings.folder;
    let slash = if output.is_empty() { "" } else { "/" };
    Kustomization {
        api_version: "kustomize.toolkit.fluxcd.io/v1",
        kind: "Kustomization",
        metadata: Metadata {
            name: name_of(&bundle.folder, &format!("-{part}")),
            namespace: &settings.namespace,
            labels: labels.into(),
        },
        spec: Spec {
            interval: INTERVAL,
            retry_interval: RETRY_INTERVAL,
            timeout: TIMEOUT,
            depends_on: before.map(|name| DependsOn { name }).into_iter().collect(),
            source_ref: &settings.source,
            path: format!("./{output}{slash}{}/{part}", bundle.folder),
            prune: settings.prune,
            // Flux deletes in no order: who takes the objects of Flux away keeps the policies.
            deletion_policy: settings.prune.then_some("Orphan"),
            // With it Flux looks at the health of all that it applied, so none is listed.
            wait: true,
            force: false,
        },
    }
}
