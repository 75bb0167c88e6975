//! A folder for each wave, and Flux `Kustomization`s that apply one after the other.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::InputError;
use crate::question::rollout::Wave;

use super::super::{Bundle, RenderedFile};
use super::calicoctl::{self, Calicoctl, Part, Runner};
use super::kustomize::kustomization;
use super::mark::{Waves, marked};
use super::{Metadata, bundle_of, by_wave, extra, labels_of, name_of};

/// Where the `Kustomization`s lie: in no folder that they apply.
const KUSTOMIZATIONS: &str = "flux/kustomizations.yaml";

const REMARK: &str = "Have Flux apply this folder, or apply the file once.\n\
                      Each waits until what it depends on is applied.";

/// The folder of what Jobs need to run.
const ACCESS: &str = "0-access";

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
    /// The Jobs by which calicoctl applies the bundle; nothing where the API server takes it.
    pub calicoctl: Option<Calicoctl>,
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
    let folders = match &settings.calicoctl {
        Some(settings) => jobs(bundle, settings)?,
        None => waves(bundle)?,
    };
    let mut files = Vec::new();
    let mut objects: Vec<Kustomization<'_>> = Vec::new();
    for Folder { name, remark, own } in folders {
        let mut names = Vec::new();
        for file in own {
            let within = file.path.strip_prefix(&name);
            let within = within.and_then(|path| path.strip_prefix('/'));
            names.push(within.unwrap_or(&file.path).to_owned());
            files.push(file);
        }
        files.push(kustomization(bundle, &format!("{name}/"), names, &remark)?);
        let before = objects.last().map(|last| last.metadata.name.clone());
        objects.push(object(bundle, settings, &name, before));
    }
    files.push(extra(bundle, KUSTOMIZATIONS, REMARK, &objects)?);
    bundle_of(bundle, files)
}

/// A folder that is applied at one time.
struct Folder {
    name: String,
    remark: String,
    /// Its files.
    own: Vec<RenderedFile>,
}

/// The bundle's own files, wave by wave.
fn waves(bundle: &Bundle) -> Result<Vec<Folder>, InputError> {
    let mut folders = Vec::new();
    for (wave, members) in by_wave(bundle)? {
        let mut own = Vec::new();
        for file in members {
            let mut file = marked(file, &bundle.folder, Waves::Unsaid)?;
            // Host endpoints lie in a folder already, which this one stands for. Those of namespaces
            // stay: two may hold files of one name.
            let path = match wave {
                Wave::HostEndpoint => name_in(&file.path),
                _ => &file.path,
            };
            file.path = format!("{}/{path}", wave.part());
            own.push(file);
        }
        folders.push(folder_of(wave, own));
    }
    Ok(folders)
}

/// Jobs that apply the bundle by calicoctl, wave by wave, and before them what these need.
fn jobs(bundle: &Bundle, settings: &Calicoctl) -> Result<Vec<Folder>, InputError> {
    let files = calicoctl::files(bundle, settings, Runner::Flux, |part| match part {
        Part::Wave(wave) => format!("{}/job.yaml", wave.part()),
        Part::Access | Part::Job => format!("{ACCESS}/access.yaml"),
    })?;
    let folders = files.into_iter().map(|(part, file)| match part {
        Part::Wave(wave) => folder_of(wave, vec![file]),
        Part::Access | Part::Job => Folder {
            name: ACCESS.to_owned(),
            remark: "Before the waves: what their Jobs need to run.".to_owned(),
            own: vec![file],
        },
    });
    Ok(folders.collect())
}

/// The name of the file at `path`.
fn name_in(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn folder_of(wave: Wave, own: Vec<RenderedFile>) -> Folder {
    Folder {
        name: wave.part(),
        remark: format!("Wave {}: {}.", wave.number(), wave.word()),
        own,
    }
}

/// What applies the folder `part` once `before` is applied.
fn object<'a>(
    bundle: &Bundle,
    settings: &'a Flux,
    part: &str,
    before: Option<String>,
) -> Kustomization<'a> {
    let output = &settings.folder;
    let slash = if output.is_empty() { "" } else { "/" };
    Kustomization {
        api_version: "kustomize.toolkit.fluxcd.io/v1",
        kind: "Kustomization",
        metadata: Metadata {
            name: name_of(&bundle.folder, &format!("-{part}")),
            namespace: Some(&settings.namespace),
            labels: labels_of(&bundle.folder),
            annotations: BTreeMap::new(),
        },
        spec: Spec {
            interval: INTERVAL,
            retry_interval: RETRY_INTERVAL,
            timeout: TIMEOUT,
            depends_on: before.map(|name| DependsOn { name }).into_iter().collect(),
            source_ref: &settings.source,
            path: format!("./{output}{slash}{}/{part}", bundle.folder),
            // What lies there with Jobs is old Jobs and ConfigMaps, and no policy.
            prune: settings.prune || settings.calicoctl.is_some(),
            // Flux deletes in no order: who takes the objects of Flux away keeps the policies.
            deletion_policy: settings.prune.then_some("Orphan"),
            // With it Flux looks at the health of all that it applied, so none is listed.
            wait: true,
            force: false,
        },
    }
}
