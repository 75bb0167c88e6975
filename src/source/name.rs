//! How sources are named on a command line.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::finding::InputError;
use crate::profile::Network;

const GIT: &str = "git:";
const LIVE: &str = "live";
const REGION: &str = "region:";

/// The name of a source: where resources are to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceName {
    /// A file, or a folder with its files and those of the folders below.
    Path(PathBuf),
    /// Standard input.
    Stream,
    /// Files of a git revision.
    Git {
        /// The revision, as git takes it.
        revision: String,
        /// The file or folder. A path is from the root of the repository; `./` makes it one from
        /// the folder that the command runs in, which is also what nothing means.
        path: Option<String>,
    },
    /// A running cluster.
    Live {
        /// The context of the kubeconfig; nothing is the current one, or the cluster that the
        /// command runs in.
        context: Option<String>,
    },
    /// What would be rendered for a region.
    Region {
        /// The region.
        region: String,
        /// The network; nothing is both.
        network: Option<Network>,
    },
}

impl SourceName {
    /// The cluster of the current context.
    pub const LIVE: Self = Self::Live { context: None };

    /// The source of the file or folder `path`.
    pub fn of_path(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }

    /// Whether this is a running cluster.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

impl FromStr for SourceName {
    type Err = InputError;

    /// Reads `-`, `git:REF[:PATH]`, `live[:CONTEXT]`, `region:NAME[/NETWORK]`, or a path. A path
    /// that begins like one of the others is written with `./` before it.
    fn from_str(text: &str) -> Result<Self, InputError> {
        if text == "-" {
            return Ok(Self::Stream);
        }
        if let Some(rest) = text.strip_prefix(GIT) {
            return git(text, rest);
        }
        if let Some(rest) = text.strip_prefix(REGION) {
            return region(text, rest);
        }
        match text.strip_prefix(LIVE) {
            Some("") => return Ok(Self::LIVE),
            Some(rest) => {
                // Contexts may hold anything, colons and slashes too.
                if let Some(context) = rest.strip_prefix(':') {
                    if context.is_empty() {
                        return Err(InputError::new(format!("`{text}` names no context"))
                            .hint("`live` alone is the current one"));
                    }
                    let context = Some(context.to_owned());
                    return Ok(Self::Live { context });
                }
            }
            None => {}
        }
        if text.is_empty() {
            return Err(InputError::new("an empty text names no source")
                .hint("the folder that the command runs in is `.`"));
        }
        Ok(Self::Path(PathBuf::from(text)))
    }
}

fn git(text: &str, rest: &str) -> Result<SourceName, InputError> {
    // No name of a branch or tag holds a colon.
    let (revision, path) = match rest.split_once(':') {
        Some((revision, path)) => (revision, Some(path)),
        None => (rest, None),
    };
    if revision.is_empty() {
        return Err(InputError::new(format!("`{text}` names no revision"))
            .hint("a revision is written git:REF or git:REF:PATH, such as git:HEAD~1:generated"));
    }
    Ok(SourceName::Git {
        revision: revision.to_owned(),
        path: path.map(str::to_owned),
    })
}

fn region(text: &str, rest: &str) -> Result<SourceName, InputError> {
    let (region, network) = match rest.split_once('/') {
        Some((region, word)) => {
            let network = Network::BOTH.into_iter().find(|n| n.word() == word);
            let network = network.ok_or_else(|| {
                InputError::new(format!("`{text}`: `{word}` is no network"))
                    .suggest(word, Network::BOTH.map(Network::word))
            })?;
            (region, Some(network))
        }
        None => (rest, None),
    };
    if region.is_empty() {
        return Err(InputError::new(format!("`{text}` names no region"))
            .hint("a region is written region:NAME/NETWORK, such as region:us-south/private"));
    }
    Ok(SourceName::Region {
        region: region.to_owned(),
        network,
    })
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Stream => f.write_str("-"),
            Self::Git { revision, path } => {
                write!(f, "{GIT}{revision}")?;
                path.iter().try_for_each(|path| write!(f, ":{path}"))
            }
            Self::Live { context } => {
                f.write_str(LIVE)?;
                context.iter().try_for_each(|name| write!(f, ":{name}"))
            }
            Self::Region { region, network } => {
                write!(f, "{REGION}{region}")?;
                network.iter().try_for_each(|one| write!(f, "/{one}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_print_as_they_are_read() {
        for text in [
            "policies/a.yaml",
            "./live",
            "-",
            "git:HEAD~1",
            "git:v1.2:generated/eu-de",
            "git:main:./private",
            "live",
            "live:prod/c9a4:admin",
            "lively",
            "region:us-south/private",
            "region:us-south",
        ] {
            let name: SourceName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
        }
        assert_eq!("lively".parse(), Ok(SourceName::Path("lively".into())));
        assert!(
            matches!("git:a:".parse(), Ok(SourceName::Git { path: Some(p), .. }) if p.is_empty())
        );
    }

    #[test]
    fn names_without_a_name_are_refused() {
        for (text, message) in [
            ("git:", "`git:` names no revision"),
            ("git::a", "`git::a` names no revision"),
            ("live:", "`live:` names no context"),
            ("region:", "`region:` names no region"),
            ("region:/public", "`region:/public` names no region"),
            (
                "region:eu-de/privat",
                "`region:eu-de/privat`: `privat` is no network",
            ),
            ("", "an empty text names no source"),
        ] {
            let error = text.parse::<SourceName>().unwrap_err();
            assert_eq!(error.message(), message);
        }
        let error = "region:eu-de/privat".parse::<SourceName>().unwrap_err();
        assert_eq!(error.hint_text(), Some("did you mean `private`?"));
    }
}
