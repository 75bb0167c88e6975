//! The arguments that say for what a bundle is laid out.

use std::path::{Component, Path};

use clap::{Args, ValueEnum};

use crate::bundle::{Argocd, Destination, Flux, Layout, SourceReference};
use crate::finding::InputError;

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
    /// For what applies the files
    #[arg(long, value_name = "LAYOUT", default_value = "plain")]
    layout: Word,

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
    #[arg(long)]
    prune: bool,
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
    /// The layout that the arguments come to, for files below `output`.
    pub(super) fn layout(&self, output: &Path, is_stream: bool) -> Result<Layout, InputError> {
        self.refuse_strangers()?;
        if is_stream {
            return self.streamed();
        }
        match self.layout {
            Word::Plain => Ok(Layout::Plain),
            Word::Kustomize => Ok(Layout::Kustomize),
            Word::Argocd => Ok(Layout::Argocd(Argocd {
                project: self.name("--project", self.project.as_deref())?,
                namespace: self.namespace("argocd")?,
                repository: self.repository()?,
                revision: self.text("--revision", self.revision.as_deref())?,
                folder: self.folder(output)?,
                destination: self.destination()?,
                prune: self.prune,
            })),
            Word::Flux => Ok(Layout::Flux(Flux {
                source: self.source()?,
                namespace: self.namespace("flux-system")?,
                folder: self.folder(output)?,
                prune: self.prune,
            })),
        }
    }

    /// The layout of what is printed.
    fn streamed(&self) -> Result<Layout, InputError> {
        match self.layout {
            Word::Plain => Ok(Layout::Plain),
            Word::Argocd if self.says_nothing_of_a_controller() => Ok(Layout::ArgocdStream),
            Word::Argocd => Err(InputError::new(
                "what goes into an `Application` is not printed by `-o -`",
            )
            .hint("leave all but `--layout argocd` out: whoever reads the stream has its `Application`")),
            Word::Kustomize | Word::Flux => Err(InputError::new(format!(
                "`--layout {}` is one of a folder, and `-o -` is none",
                self.layout.text()
            ))),
        }
    }

    fn says_nothing_of_a_controller(&self) -> bool {
        !self.prune
            && [
                &self.repo_url,
                &self.revision,
                &self.project,
                &self.destination,
                &self.repo_path,
                &self.controller_namespace,
            ]
            .into_iter()
            .all(Option::is_none)
    }

    /// Refuses arguments that the layout has no use for.
    fn refuse_strangers(&self) -> Result<(), InputError> {
        let argocd = &[Word::Argocd][..];
        let both = &[Word::Argocd, Word::Flux][..];
        let given = [
            ("--repo-url", self.repo_url.is_some(), argocd),
            ("--revision", self.revision.is_some(), argocd),
            ("--project", self.project.is_some(), argocd),
            ("--destination", self.destination.is_some(), argocd),
            ("--source", self.source.is_some(), &[Word::Flux][..]),
            ("--repo-path", self.repo_path.is_some(), both),
            (
                "--controller-namespace",
                self.controller_namespace.is_some(),
                both,
            ),
            ("--prune", self.prune, both),
        ];
        let stranger = given
            .into_iter()
            .find(|(_, is_given, layouts)| *is_given && !layouts.contains(&self.layout));
        match stranger {
            None => Ok(()),
            Some((flag, _, layouts)) => {
                let words: Vec<String> = layouts
                    .iter()
                    .map(|word| format!("`--layout {}`", word.text()))
                    .collect();
                Err(InputError::new(format!(
                    "`{flag}` goes with {}, and the layout is {}",
                    words.join(" and "),
                    self.layout.text()
                )))
            }
        }
    }

    /// A text that must be given and stands on one line without spaces.
    fn text(&self, flag: &str, value: Option<&str>) -> Result<String, InputError> {
        let Some(value) = value else {
            return Err(InputError::new(format!(
                "`--layout {}` wants `{flag}`",
                self.layout.text()
            )));
        };
        if value.is_empty() || value.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(InputError::new(format!(
                "`{flag}` is empty or holds spaces: {value:?}"
            )));
        }
        Ok(value.to_owned())
    }

    /// A name of an object.
    fn name(&self, flag: &str, value: Option<&str>) -> Result<String, InputError> {
        let text = self.text(flag, value)?;
        let parsed = text.parse::<crate::profile::NodeName>();
        parsed
            .map(|_| text)
            .map_err(|error| InputError::new(format!("`{flag}`: {error}")))
    }

    fn namespace(&self, usual: &str) -> Result<String, InputError> {
        let value = self.controller_namespace.as_deref().unwrap_or(usual);
        let parsed = value.parse::<crate::profile::Name>();
        parsed
            .map(|name| name.to_string())
            .map_err(|error| InputError::new(format!("`--controller-namespace`: {error}")))
    }

    fn repository(&self) -> Result<String, InputError> {
        let url = self.text("--repo-url", self.repo_url.as_deref())?;
        if has_secret(&url) {
            // The address is not shown: it holds what nobody should read.
            return Err(InputError::new(
                "`--repo-url` holds a user or a password, which would be written into Git",
            )
            .hint("give Argo CD the credentials of the repository, and here its bare address"));
        }
        Ok(url)
    }

    fn destination(&self) -> Result<Destination, InputError> {
        let text = self.text("--destination", self.destination.as_deref())?;
        if has_secret(&text) {
            return Err(InputError::new(
                "`--destination` holds a user or a password",
            ));
        }
        Ok(if text.contains("://") {
            Destination::Server(text)
        } else {
            Destination::Name(text)
        })
    }

    fn source(&self) -> Result<SourceReference, InputError> {
        let text = self.text("--source", self.source.as_deref())?;
        let Some((kind, name)) = text.split_once('/') else {
            return Err(InputError::new(format!(
                "`--source {text}` does not say of which kind it is"
            ))
            .hint(format!("write it GitRepository/{text}")));
        };
        if !FLUX_SOURCES.contains(&kind) {
            return Err(
                InputError::new(format!("Flux has no source of kind `{kind}`"))
                    .suggest(kind, FLUX_SOURCES),
            );
        }
        let (name, namespace) = match name.split_once('.') {
            Some((name, namespace)) => (name, Some(namespace)),
            None => (name, None),
        };
        for part in [Some(name), namespace].into_iter().flatten() {
            part.parse::<crate::profile::Name>()
                .map_err(|error| InputError::new(format!("`--source`: {error}")))?;
        }
        Ok(SourceReference {
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
        })
    }

    /// The output folder in the repository, with `/` and without dots.
    fn folder(&self, output: &Path) -> Result<String, InputError> {
        let (flag, path) = match &self.repo_path {
            Some(path) => ("--repo-path", Path::new(path)),
            None => ("-o", output),
        };
        let mut parts = Vec::new();
        for component in path.components() {
            match component {
                Component::CurDir => {}
                Component::Normal(name) if name.to_str().is_some() => {
                    parts.extend(name.to_str());
                }
                _ => {
                    return Err(InputError::new(format!(
                        "`{flag} {}` does not say where in the repository the files are",
                        path.display()
                    ))
                    .hint("give `--repo-path PATH`, the folder as it is called from the top of the repository"));
                }
            }
        }
        Ok(parts.join("/"))
    }
}

impl Word {
    fn text(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Kustomize => "kustomize",
            Self::Argocd => "argocd",
            Self::Flux => "flux",
        }
    }
}

/// Whether an address holds what nobody should read: a password, or over HTTP anything before `@`,
/// since tokens stand there. The user of an SSH address is none.
fn has_secret(address: &str) -> bool {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        None => false,
        Some((user, _)) => user.contains(':') || scheme.starts_with("http"),
    }
}
