//! Which of the APIs that not every cluster has a server serves (STORE-2).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::finding::OutsideError;
use crate::resource::{Api, Kind};

use super::fetch::{Connection, Failure};
use super::kinds::{Group, Listed};

/// The groups of Kubernetes' policies for the whole cluster, and the version of each.
const CLUSTER_WIDE: [(Group, &str); 2] = [
    (Group::PolicyAlpha1, ALPHA_1),
    (Group::PolicyAlpha2, ALPHA_2),
];

const ALPHA_1: &str = "policy.networking.k8s.io/v1alpha1";
const ALPHA_2: &str = "policy.networking.k8s.io/v1alpha2";

/// What a server serves of what not every cluster has.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// The form in which Calico's objects are read: the user API where it is served, whatever else
    /// is; its answers are checked and complete (STORE-3).
    pub(super) api: Option<Api>,
    /// The plural names of the kinds in those groups that there are.
    kinds: BTreeMap<Group, BTreeSet<String>>,
}

/// What a server says of the kinds in one version of a group.
#[derive(Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
}

impl Served {
    /// Asks for Calico's user API and, where there is none, for its storage form; and for
    /// Kubernetes' policies for the whole cluster.
    pub(super) async fn find(connection: &Connection) -> Result<Self, OutsideError> {
        let mut served = Self::default();
        for (api, version) in [
            (Api::CalicoV3, Api::CALICO_V3),
            (Api::CalicoV1, Api::CALICO_V1),
        ] {
            if let Some(kinds) = kinds(connection, version).await? {
                served.api = Some(api);
                served.kinds.insert(Group::Calico, kinds);
                break;
            }
        }
        for (group, version) in CLUSTER_WIDE {
            if let Some(kinds) = kinds(connection, version).await? {
                served.kinds.insert(group, kinds);
            }
        }
        Ok(served)
    }

    /// Whether objects of the kind can be there.
    pub(super) fn has(&self, listed: &Listed) -> bool {
        match listed.group {
            Group::Core | Group::Networking => true,
            group => {
                let kinds = self.kinds.get(&group);
                kinds.is_some_and(|kinds| kinds.contains(listed.plural))
            }
        }
    }

    /// The `apiVersion` under which the kind is read.
    pub(super) fn version(&self, listed: &Listed) -> &'static str {
        match listed.group {
            Group::Calico if self.api == Some(Api::CalicoV1) => Api::CALICO_V1,
            Group::Calico => Api::CALICO_V3,
            Group::Core => "v1",
            Group::Networking => "networking.k8s.io/v1",
            Group::PolicyAlpha1 => ALPHA_1,
            Group::PolicyAlpha2 => ALPHA_2,
        }
    }

    /// The kind of what is read.
    pub(super) fn kind(&self, listed: &Listed) -> Kind {
        Kind::of(self.version(listed), listed.kind).0
    }

    /// The path under which the kind is listed, of all namespaces.
    pub(super) fn path(&self, listed: &Listed) -> String {
        let root = match listed.group {
            Group::Core => "api",
            _ => "apis",
        };
        format!("/{root}/{}/{}", self.version(listed), listed.plural)
    }

    /// The kind as kubectl names it: `hostendpoints.projectcalico.org`.
    pub(super) fn name(&self, listed: &Listed) -> String {
        match self.version(listed).split_once('/') {
            Some((group, _)) => format!("{}.{group}", listed.plural),
            None => listed.plural.to_owned(),
        }
    }
}

/// The plural names of the kinds in the group and version `version`; nothing where it is not served.
async fn kinds(
    connection: &Connection,
    version: &str,
) -> Result<Option<BTreeSet<String>>, OutsideError> {
    let path = format!("/apis/{version}");
    let answered: Option<Resources> = match connection.find(&path).await {
        Ok(answered) => answered,
        Err(Failure::Other(error)) => return Err(error),
        Err(Failure::Forbidden) => {
            return Err(OutsideError::Source {
                message: format!(
                    "{} does not let you ask which APIs it serves ({path})",
                    connection.name()
                ),
                hint: Some(
                    "Kubernetes lets every user that it knows: the role is `system:discovery`"
                        .to_owned(),
                ),
            });
        }
    };
    let kinds = answered.map(|answered| answered.resources.into_iter());
    Ok(kinds.map(|kinds| kinds.map(|resource| resource.name).collect()))
}
