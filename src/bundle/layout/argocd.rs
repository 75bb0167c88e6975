//! Objects that say their sync wave, and an `Application` that syncs them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::InputError;

use super::super::Bundle;
use super::calicoctl::{Calicoctl, Runner};
use super::kustomize;
use super::mark::Waves;
use super::{Metadata, bundle_of, extra, labels_of, name_of};

/// Where the `Application` lies: the kustomization beside it does not list it, so it does not sync
/// itself.
const APPLICATION: &str = "argocd/application.yaml";

const REMARK: &str = "Apply it once to the cluster that Argo CD runs in; Argo CD does not sync it.";

/// How objects are applied. The API keeps who set which field, so labels that the platform adds stay;
/// what is as it should be is not touched; what goes, goes after all that comes is there; an object
/// that another application holds stops the sync.
const SYNC_OPTIONS: [&str; 4] = [
    "ServerSideApply=true",
    "ApplyOutOfSyncOnly=true",
    "PruneLast=true",
    "FailOnSharedResource=true",
];

/// What an `Application` says besides what the bundle does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argocd {
    /// The project that it is of.
    pub project: String,
    /// The namespace that Argo CD looks for it in.
    pub namespace: String,
    /// The repository that holds the output folder.
    pub repository: String,
    /// The branch, tag or commit that is synced.
    pub revision: String,
    /// The output folder in the repository, written with `/`; empty where that is its root.
    pub folder: String,
    /// The cluster that it is applied to.
    pub destination: Destination,
    /// Whether what is no longer in the folder is removed from the cluster.
    pub prune: bool,
    /// The Jobs by which calicoctl applies the bundle; nothing where the API server takes it.
    pub calicoctl: Option<Calicoctl>,
}

/// A cluster, as Argo CD knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Destination {
    /// By the address of its API server.
    Server(String),
    /// By its name.
    Name(String),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Application<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: Spec<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    project: &'a str,
    source: Source<'a>,
    destination: &'a Destination,
    sync_policy: SyncPolicy,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    #[serde(rename = "repoURL")]
    repository: &'a str,
    target_revision: &'a str,
    path: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncPolicy {
    automated: Automated,
    sync_options: [&'static str; 4],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Automated {
    prune: bool,
    self_heal: bool,
}

/// The files with labels and sync waves, a kustomization of them, and an `Application`.
pub(super) fn arrange(bundle: &Bundle, settings: &Argocd) -> Result<Bundle, InputError> {
    let mut files = match &settings.calicoctl {
        Some(settings) => kustomize::jobs(bundle, settings, Runner::Argocd)?,
        None => kustomize::files(bundle, Waves::Annotated)?,
    };
    let application = Application {
        api_version: "argoproj.io/v1alpha1",
        kind: "Application",
        metadata: Metadata {
            name: name_of(&bundle.folder, ""),
            namespace: Some(&settings.namespace),
            labels: labels_of(&bundle.folder),
            annotations: BTreeMap::new(),
        },
        spec: Spec {
            project: &settings.project,
            source: Source {
                repository: &settings.repository,
                target_revision: &settings.revision,
                path: path(&settings.folder, &bundle.folder),
            },
            destination: &settings.destination,
            sync_policy: SyncPolicy {
                automated: Automated {
                    // What lies there with Jobs is old ConfigMaps and no policy.
                    prune: settings.prune || settings.calicoctl.is_some(),
                    // Whoever opens a way by hand in an emergency keeps it until Git says
                    // otherwise; it shows as out of sync.
                    self_heal: false,
                },
                sync_options: SYNC_OPTIONS,
            },
        },
    };
    files.push(extra(bundle, APPLICATION, REMARK, &[application])?);
    bundle_of(bundle, files)
}

fn path(output: &str, folder: &str) -> String {
    if output.is_empty() {
        folder.to_owned()
    } else {
        format!("{output}/{folder}")
    }
}
