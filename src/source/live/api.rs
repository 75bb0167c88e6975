//! Which of Calico's APIs a server serves (STORE-2).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::finding::OutsideError;
use crate::resource::{Api, Kind};

use super::fetch::{Connection, Failure};
use super::kinds::{Group, Listed};

/// What of Calico's a server serves.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// The form that is read: the user API where it is served, whatever else is; its answers are
    /// checked and complete (STORE-3).
    pub(super) api: Option<Api>,
    /// The plural names of the kinds in that form.
    kinds: BTreeSet<String>,
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
    /// Asks for Calico's user API and, where there is none, for its storage form.
    pub(super) async fn find(connection: &Connection) -> Result<Self, OutsideError> {
        for (api, group) in [
            (Api::CalicoV3, Api::CALICO_V3),
            (Api::CalicoV1, Api::CALICO_V1),
        ] {
            let path = format!("/apis/{group}");
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
                            "Kubernetes lets every user that it knows: the role is \
                             `system:discovery`"
                                .to_owned(),
                        ),
                    });
                }
            };
            let Some(answered) = answered else {
                continue;
            };
            let kinds = answered.resources.into_iter();
            return Ok(Self {
                api: Some(api),
                kinds: kinds.map(|resource| resource.name).collect(),
            });
        }
        Ok(Self::default())
    }

    /// Whether objects of the kind can be there.
    pub(super) fn has(&self, listed: &Listed) -> bool {
        listed.group != Group::Calico || self.kinds.contains(listed.plural)
    }

    /// The `apiVersion` under which the kind is read.
    pub(super) fn version(&self, listed: &Listed) -> &'static str {
        match listed.group {
            Group::Calico if self.api == Some(Api::CalicoV1) => Api::CALICO_V1,
            Group::Calico => Api::CALICO_V3,
            Group::Core => "v1",
            Group::Networking => "networking.k8s.io/v1",
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
            Group::Calico | Group::Networking => "apis",
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
