//! The arguments that say for what a bundle is laid out.

mod said;

use std::fmt::Display;
use std::path::{Component, Path};
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::bundle::{Argocd, Calicoctl, Destination, Flux, Kustomize, Layout, SourceReference};
use crate::finding::InputError;
use crate::profile::{ApplyWord, LayoutWord, Name, NodeName};

use said::{All, Arguments, Said};

pub(super) use said::Section;

/// What an image must say.
const IMAGE: &str = "write its tag or digest, such as quay.io/calico/ctl:v3.31.2: calicoctl refuses a \
                     cluster of another version than its own";

/// The kinds by which Flux fetches files.
const FLUX_SOURCES: [&str; 4] = [
    "GitRepository",
    "OCIRepository",
    "Bucket",
    "ExternalArtifact",
];

/// How a bundle lies in its folder, and what goes with that.
#[derive(Debug, Args)]
#[command(next_help_heading = "Layout")]
pub(super) struct LayoutArguments {
    /// For what applies the files [default: what the cluster profile says, plain]
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<Word>,

    /// For argocd: the address of the Git repository that holds the output folder
    #[arg(long, value_name = "URL")]
    repo_url: Option<String>,

    /// For argocd: the branch, tag or commit to sync
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,

    /// For argocd: the project of the applications
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// For argocd: the cluster, by its name or the address of its API server
    #[arg(long, value_name = "CLUSTER")]
    destination: Option<String>,

    /// For flux: what Flux reads the files from, KIND/NAME or KIND/NAME.NAMESPACE
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,

    /// For argocd and flux: the output folder in the repository [default: what `-o` says]
    #[arg(long, value_name = "PATH")]
    repo_path: Option<String>,

    /// For argocd and flux: the namespace of the objects that they read [default: argocd,
    /// flux-system]
    #[arg(long, value_name = "NAMESPACE")]
    controller_namespace: Option<String>,

    /// For argocd and flux: remove from the cluster what is no longer rendered
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    prune: Option<bool>,

    /// What applies the objects [default: what the cluster profile says, api]
    #[arg(long, value_name = "WHAT")]
    apply: Option<Applier>,

    /// For calicoctl: its image, with the tag of the cluster's version of Calico, or a digest
    #[arg(long, value_name = "IMAGE")]
    calicoctl_image: Option<String>,

    /// For calicoctl: the namespace of its Jobs [default: kube-system]
    #[arg(long, value_name = "NAMESPACE")]
    calicoctl_namespace: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Applier {
    /// The API server, which must serve projectcalico.org/v3
    Api,
    /// Jobs that run calicoctl
    Calicoctl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    /// One file a policy
    Plain,
    /// A kustomization
    Kustomize,
    /// A kustomization with sync waves, and an Argo CD `Application`
    Argocd,
    /// A folder for each wave, and Flux `Kustomization`s
    Flux,
}

impl LayoutArguments {
    /// The layout that the arguments come to, with what the section of a cluster profile says, for
    /// files below `output`. A stream has no layout, so the section says nothing of it.
    pub(super) fn layout(
        &self,
        output: &Path,
        is_stream: bool,
        section: Option<&Section>,
    ) -> Result<Layout, InputError> {
        let arguments = Arguments {
            layout: self.layout.map(LayoutWord::from),
            apply: self.apply.map(ApplyWord::from),
            prune: self.prune,
            texts: self.texts(),
        };
        let all = All::new(&arguments, section.filter(|_| !is_stream))?;
        if is_stream {
            return streamed(&all, &arguments);
        }
        match all.layout {
            LayoutWord::Plain => Ok(Layout::Plain),
            LayoutWord::Kustomize => Ok(Layout::Kustomize(Kustomize {
                calicoctl: calicoctl(&all)?,
            })),
            LayoutWord::Argocd => Ok(Layout::Argocd(Argocd {
                project: name(&all.want("project")?)?,
                namespace: namespace(&all, "controllerNamespace", "argocd")?,
                repository: repository(&all)?,
                revision: all.want("revision")?.text,
                folder: folder(&all, output)?,
                destination: destination(&all)?,
                prune: all.prune,
                calicoctl: calicoctl(&all)?,
            })),
            LayoutWord::Flux => Ok(Layout::Flux(Flux {
                source: source(&all)?,
                namespace: namespace(&all, "controllerNamespace", "flux-system")?,
                folder: folder(&all, output)?,
                prune: all.prune,
                calicoctl: calicoctl(&all)?,
            })),
        }
    }

    /// The arguments that are texts and given, each by the key of its name.
    fn texts(&self) -> Vec<(&'static str, &str)> {
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
            .filter_map(|(key, value)| Some((key, value.as_deref()?)))
            .collect()
    }
}

/// The layout of what is printed.
fn streamed(all: &All, given: &Arguments<'_>) -> Result<Layout, InputError> {
    let says_more = given.prune.is_some() || given.apply.is_some() || !given.texts.is_empty();
    match all.layout {
        LayoutWord::Plain => Ok(Layout::Plain),
        LayoutWord::Argocd if !says_more => Ok(Layout::ArgocdStream),
        LayoutWord::Argocd => Err(InputError::new(
            "what goes into an `Application` is not printed by `-o -`",
        )
        .hint(
            "leave all but `--layout argocd` out: whoever reads the stream has its `Application`",
        )),
        LayoutWord::Kustomize | LayoutWord::Flux => Err(InputError::new(format!(
            "`--layout {}` is one of a folder, and `-o -` is none",
            all.layout.word()
        ))),
    }
}

/// A value that is a name of some form.
fn parsed<T: FromStr<Err: Display>>(said: &Said) -> Result<T, InputError> {
    let parsed = said.text.parse::<T>();
    parsed.map_err(|error| said.error(format!("`{}`: {error}", said.name())))
}

/// A name of an object.
fn name(said: &Said) -> Result<String, InputError> {
    parsed::<NodeName>(said).map(|_| said.text.clone())
}

fn namespace(all: &All, key: &'static str, usual: &str) -> Result<String, InputError> {
    match all.get(key)? {
        Some(said) => parsed::<Name>(&said).map(|name| name.to_string()),
        None => Ok(usual.to_owned()),
    }
}

/// How the address of a repository begins that has a scheme.
const REPOSITORIES: [&str; 3] = ["https://", "http://", "ssh://"];

fn repository(all: &All) -> Result<String, InputError> {
    let url = all.want("repoUrl")?;
    let text = &url.text;
    let has_scheme = REPOSITORIES.iter().any(|scheme| text.starts_with(scheme));
    // As git takes it: USER@HOST:PATH.
    let is_short = !text.contains("://")
        && text
            .split_once('@')
            .is_some_and(|(_, rest)| rest.contains(':'));
    if !has_scheme && !is_short {
        return Err(url
            .error(format!(
                "`{}` is not an address of a Git repository",
                url.shown()
            ))
            .hint("write https://HOST/PATH, ssh://git@HOST/PATH or git@HOST:PATH"));
    }
    Ok(url.text)
}

fn destination(all: &All) -> Result<Destination, InputError> {
    let said = all.want("destination")?;
    Ok(if said.text.contains("://") {
        Destination::Server(said.text)
    } else {
        Destination::Name(said.text)
    })
}

fn source(all: &All) -> Result<SourceReference, InputError> {
    let said = all.want("source")?;
    let Some((kind, name)) = said.text.split_once('/') else {
        return Err(said
            .error(format!(
                "`{}` does not say of which kind it is",
                said.shown()
            ))
            .hint(format!("write it GitRepository/{}", said.text)));
    };
    if !FLUX_SOURCES.contains(&kind) {
        return Err(said
            .error(format!("Flux has no source of kind `{kind}`"))
            .suggest(kind, FLUX_SOURCES));
    }
    let (name, namespace) = match name.split_once('.') {
        Some((name, namespace)) => (name, Some(namespace)),
        None => (name, None),
    };
    for part in [Some(name), namespace].into_iter().flatten() {
        part.parse::<Name>()
            .map_err(|error| said.error(format!("`{}`: {error}", said.name())))?;
    }
    Ok(SourceReference {
        kind: kind.to_owned(),
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
    })
}

/// The output folder in the repository, with `/` and without dots.
fn folder(all: &All, output: &Path) -> Result<String, InputError> {
    let said = all.get("repoPath")?;
    let path = said.as_ref().map_or(output, |said| Path::new(&said.text));
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) if name.to_str().is_some() => {
                parts.extend(name.to_str());
            }
            _ => {
                let tells = |shown: String| {
                    format!("`{shown}` does not say where in the repository the files are")
                };
                let error = match &said {
                    Some(said) => said.error(tells(said.shown())),
                    None => InputError::new(tells(format!("-o {}", path.display()))),
                };
                return Err(error.hint(
                    "give `--repo-path PATH`, the folder as it is called from the top of the repository",
                ));
            }
        }
    }
    Ok(parts.join("/"))
}

/// What the Jobs are told, where calicoctl applies the objects.
fn calicoctl(all: &All) -> Result<Option<Calicoctl>, InputError> {
    if all.apply == ApplyWord::Api {
        return Ok(None);
    }
    let Some(said) = all.get("calicoctlImage")? else {
        return Err(InputError::new("calicoctl wants `--calicoctl-image`").hint(IMAGE));
    };
    Ok(Some(Calicoctl {
        image: image(&said)?,
        namespace: namespace(all, "calicoctlNamespace", "kube-system")?,
    }))
}

/// An image of a version that stays what it is.
fn image(said: &Said) -> Result<String, InputError> {
    let image = &said.text;
    let refused = |what: &str| said.error(format!("`{}` {what}", said.shown())).hint(IMAGE);
    let is_known = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if !image.chars().all(is_known) || !image.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(refused("is not a name of an image"));
    }
    if let Some((_, digest)) = image.split_once('@') {
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        let is_digest = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_digest {
            Ok(image.clone())
        } else {
            Err(refused("has no digest behind `@`"))
        };
    }
    // A colon before the last slash is that of a port.
    let name = image.rsplit('/').next().unwrap_or_default();
    match name.split_once(':') {
        None | Some((_, "")) => Err(refused("names no version")),
        Some((_, "latest")) => Err(refused("is another version every day")),
        Some(_) => Ok(image.clone()),
    }
}

impl From<Word> for LayoutWord {
    fn from(word: Word) -> Self {
        match word {
            Word::Plain => Self::Plain,
            Word::Kustomize => Self::Kustomize,
            Word::Argocd => Self::Argocd,
            Word::Flux => Self::Flux,
        }
    }
}

impl From<Applier> for ApplyWord {
    fn from(word: Applier) -> Self {
        match word {
            Applier::Api => Self::Api,
            Applier::Calicoctl => Self::Calicoctl,
        }
    }
}
