//! What of a cluster bears on how its policies get there.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Input, InputError, Place, Span};
use crate::yaml::Located;

/// How a bundle lies in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayoutWord {
    /// One file a policy.
    #[default]
    Plain,
    /// A kustomization.
    Kustomize,
    /// A kustomization with sync waves, and an Argo CD `Application`.
    Argocd,
    /// A folder for each wave, and Flux `Kustomization`s.
    Flux,
}

/// What applies the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApplyWord {
    /// The API server, which serves `projectcalico.org/v3`.
    #[default]
    Api,
    /// Jobs that run calicoctl.
    Calicoctl,
}

/// How the policies of a cluster get there. Keys say what the arguments of `palisade gen` of the same
/// name do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gitops {
    /// For what applies the files.
    pub layout: Located<LayoutWord>,
    /// For argocd: the address of the Git repository that holds the output folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo_url: Option<Located<String>>,
    /// For argocd: the branch, tag or commit to sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Located<String>>,
    /// For argocd: the project of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Located<String>>,
    /// For argocd: the cluster, by its name or the address of its API server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Located<String>>,
    /// For flux: what Flux reads the files from, KIND/NAME or KIND/NAME.NAMESPACE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Located<String>>,
    /// For argocd and flux: the output folder in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo_path: Option<Located<String>>,
    /// For argocd and flux: the namespace of the objects that they read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller_namespace: Option<Located<String>>,
    /// For argocd and flux: whether what is no longer rendered is removed from the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prune: Option<Located<bool>>,
    /// What applies the objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply: Option<Located<ApplyWord>>,
    /// For calicoctl: its image, with a tag or a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calicoctl_image: Option<Located<String>>,
    /// For calicoctl: the namespace of its Jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calicoctl_namespace: Option<Located<String>>,
}

/// A key of the section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GitopsKey {
    /// How it is written: `repoUrl`.
    pub name: &'static str,
    /// The layouts that it goes with.
    pub layouts: &'static [LayoutWord],
    /// What must apply the objects for it to mean anything; nothing where that makes no difference.
    pub apply: Option<ApplyWord>,
}

const fn key(name: &'static str, layouts: &'static [LayoutWord]) -> GitopsKey {
    GitopsKey {
        name,
        layouts,
        apply: None,
    }
}

const ARGOCD: &[LayoutWord] = &[LayoutWord::Argocd];
const FLUX: &[LayoutWord] = &[LayoutWord::Flux];
const CONTROLLERS: &[LayoutWord] = &[LayoutWord::Argocd, LayoutWord::Flux];
const FOLDERS: &[LayoutWord] = &[LayoutWord::Kustomize, LayoutWord::Argocd, LayoutWord::Flux];

/// Every key of the section but `layout`, with what it goes with.
pub const GITOPS_KEYS: [GitopsKey; 11] = [
    key("repoUrl", ARGOCD),
    key("revision", ARGOCD),
    key("project", ARGOCD),
    key("destination", ARGOCD),
    key("source", FLUX),
    key("repoPath", CONTROLLERS),
    key("controllerNamespace", CONTROLLERS),
    GitopsKey {
        // calicoctl takes nothing away.
        apply: Some(ApplyWord::Api),
        ..key("prune", CONTROLLERS)
    },
    key("apply", FOLDERS),
    GitopsKey {
        apply: Some(ApplyWord::Calicoctl),
        ..key("calicoctlImage", FOLDERS)
    },
    GitopsKey {
        apply: Some(ApplyWord::Calicoctl),
        ..key("calicoctlNamespace", FOLDERS)
    },
];

/// The keys that are addresses.
const ADDRESSES: [&str; 2] = ["repoUrl", "destination"];

impl LayoutWord {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Kustomize => "kustomize",
            Self::Argocd => "argocd",
            Self::Flux => "flux",
        }
    }
}

impl ApplyWord {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Calicoctl => "calicoctl",
        }
    }
}

impl Gitops {
    /// The keys that are texts and given, each with its value.
    pub fn texts(&self) -> Vec<(&'static str, &Located<String>)> {
        let all = [
            ("repoUrl", &self.repo_url),
            ("revision", &self.revision),
            ("project", &self.project),
            ("destination", &self.destination),
            ("source", &self.source),
            ("repoPath", &self.repo_path),
            ("controllerNamespace", &self.controller_namespace),
            ("calicoctlImage", &self.calicoctl_image),
            ("calicoctlNamespace", &self.calicoctl_namespace),
        ];
        let given = all.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
            .collect()
    }

    /// Refuses keys that mean nothing with the layout, or with what applies the objects, and
    /// addresses with secrets in them.
    ///
    /// # Errors
    /// The first such key.
    pub(super) fn check(&self, input: &Arc<Input>) -> Result<(), InputError> {
        for (name, value) in self.texts() {
            if !ADDRESSES.contains(&name) {
                continue;
            }
            if let Some(secret) = secret_in(value) {
                // The line is not shown: it holds what nobody should read.
                let place = Place::new(input, value.span);
                return Err(
                    InputError::new(format!("`{name}` at {place} holds {secret}"))
                        .hint("write the bare address; who reads it has credentials of its own"),
                );
            }
        }
        let apply = self
            .apply
            .as_ref()
            .map(|word| word.value)
            .unwrap_or_default();
        let mut given: Vec<(&str, Span)> = Vec::new();
        given.extend(self.texts().iter().map(|(name, value)| (*name, value.span)));
        given.extend(self.prune.as_ref().map(|prune| ("prune", prune.span)));
        let applied = self.apply.as_ref();
        let applied = applied.filter(|word| word.value != ApplyWord::Api);
        given.extend(applied.map(|word| ("apply", word.span)));
        for key in GITOPS_KEYS {
            let Some((_, span)) = given.iter().find(|(name, _)| *name == key.name) else {
                continue;
            };
            let wrong = |with: String, is: String| {
                InputError::new(format!("`{}` goes with {with}, and {is}", key.name))
                    .at(Place::new(input, *span))
            };
            if !key.layouts.contains(&self.layout.value) {
                let words = key
                    .layouts
                    .iter()
                    .map(|word| format!("`layout: {}`", word.word()));
                let words: Vec<String> = words.collect();
                let is = format!("the layout is {}", self.layout.value.word());
                return Err(wrong(words.join(" and "), is));
            }
            if let Some(wanted) = key.apply.filter(|wanted| *wanted != apply) {
                return Err(wrong(
                    format!("`apply: {}`", wanted.word()),
                    format!("it is {}", apply.word()),
                ));
            }
        }
        Ok(())
    }
}

/// What an address holds that may be a secret: a password, over HTTP anything before `@`, since
/// tokens stand there, or a query or fragment, where they stand too. The user of an SSH address is none.
pub fn secret_in(address: &str) -> Option<&'static str> {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_http = scheme.to_ascii_lowercase().starts_with("http");
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    if user.is_some_and(|user| user.contains(':') || is_http) {
        return Some("a user or a password");
    }
    address
        .contains(['?', '#'])
        .then_some("a query or a fragment")
}
