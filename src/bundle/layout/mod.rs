//! Layouts: how a bundle lies in its folder, for what applies it from there.
//!
//! A layout gets a rendered bundle and gives one back, with files moved, objects marked and files of
//! its own beside them. It goes before the proof, so what is proven is what is written. One file a
//! layout.

mod argocd;
mod calicoctl;
mod flux;
mod kustomize;
mod mark;
mod plain;
mod stream;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::{Input, InputError, Place, Severity, Span};
use crate::question::compare::{BUNDLE, MANAGED_BY};
use crate::question::rollout::Wave;
use crate::resource::read;
use crate::yaml::to_text;

use super::inventory::digest_of;
use super::{Bundle, RenderedFile};

pub use argocd::{Argocd, Destination};
pub use calicoctl::{Calicoctl, carried};
pub use flux::{Flux, SourceReference};
pub use kustomize::Kustomize;

/// The longest value of a label, and the longest name that fits one: controllers write the names of
/// their objects into labels.
const LONGEST_LABEL: usize = 63;

/// How many digits of a digest stand for what is cut off a label.
const DIGITS: usize = 8;

/// The metadata of an object that a layout adds.
#[derive(Debug, Serialize)]
struct Metadata<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    labels: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, String>,
}

/// How a bundle lies in its folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Layout {
    /// One file a policy, as rendered, for `calicoctl apply -f` or `kubectl apply -f`.
    #[default]
    Plain,
    /// The same with labels, and a kustomization for `kubectl apply -k`.
    Kustomize(Kustomize),
    /// A kustomization whose objects say their sync wave, and an Argo CD `Application` that syncs it.
    Argocd(Argocd),
    /// The objects of that alone, wave by wave, for an Argo CD plug-in that prints them.
    ArgocdStream,
    /// A kustomization for each wave, and Flux `Kustomization`s that apply them in order.
    Flux(Flux),
}

impl Layout {
    /// The bundle as it lies in its folder.
    ///
    /// # Errors
    /// A file that cannot be marked, or whose objects belong to waves that must not be mixed.
    pub fn arrange(&self, bundle: Bundle) -> Result<Bundle, InputError> {
        match self {
            Self::Plain => Ok(plain::arrange(bundle)),
            Self::Kustomize(settings) => kustomize::arrange(&bundle, settings),
            Self::Argocd(settings) => argocd::arrange(&bundle, settings),
            Self::ArgocdStream => stream::arrange(&bundle),
            Self::Flux(settings) => flux::arrange(&bundle, settings),
        }
    }
}

/// The value of the label that says of which bundle an object is: the folder, which may not stand in
/// a label as it is.
fn label_of(folder: &str) -> String {
    shortened(&folder.replace('/', "."), "")
}

/// The name of an object that a controller reads to apply a bundle, or a part of it.
fn name_of(folder: &str, part: &str) -> String {
    shortened(&format!("palisade-{}", folder.replace('/', "-")), part)
}

/// The text with `ending` behind it. Where that is longer than a label may be, the digest of the
/// text stands for the end of the text.
pub(super) fn shortened(text: &str, ending: &str) -> String {
    if text.len() + ending.len() <= LONGEST_LABEL {
        return format!("{text}{ending}");
    }
    let kept: String = text
        .chars()
        .take(LONGEST_LABEL.saturating_sub(ending.len() + DIGITS + 1))
        .collect();
    let digest: String = digest_of(text.as_bytes()).chars().take(DIGITS).collect();
    format!("{kept}-{digest}{ending}")
}

/// The wave of a file: that of its objects. What policies name may lie beside any of them.
///
/// # Errors
/// Objects of several other waves: the file cannot be applied at one time.
fn wave_of(file: &RenderedFile) -> Result<Wave, InputError> {
    let mut found = (Wave::Foundation, None);
    for resource in &file.resources {
        let wave = Wave::of(resource);
        match found {
            (known, Some(first)) if wave != Wave::Foundation && wave != known => {
                let place = |r: &crate::resource::Resource| r.place();
                return Err(InputError::new(format!(
                    "{} belongs to another wave than what lies beside it in {}",
                    resource.key, file.path
                ))
                .at(place(resource))
                .also(InputError::new("the other one").at(place(first)))
                .hint("give each a template of its own, or leave `--layout` out"));
            }
            _ if wave != Wave::Foundation => found = (wave, Some(resource)),
            _ => {}
        }
    }
    Ok(found.0)
}

/// The files of each wave that has some, in the order of waves and then of paths.
fn by_wave(bundle: &Bundle) -> Result<BTreeMap<Wave, Vec<&RenderedFile>>, InputError> {
    let mut waves: BTreeMap<Wave, Vec<&RenderedFile>> = BTreeMap::new();
    for file in &bundle.files {
        waves.entry(wave_of(file)?).or_default().push(file);
    }
    Ok(waves)
}

/// The labels that say that Palisade manages an object, and of which bundle it is.
fn labels_of(folder: &str) -> BTreeMap<&'static str, String> {
    let pairs = [
        (MANAGED_BY.0, MANAGED_BY.1.to_owned()),
        (BUNDLE, label_of(folder)),
    ];
    pairs.into()
}

/// A file that a layout adds: `remark` as a comment, and `documents`.
///
/// # Errors
/// A value that cannot be written, or whose text does not read back.
fn extra<T: Serialize>(
    bundle: &Bundle,
    path: &str,
    remark: &str,
    documents: &[T],
) -> Result<RenderedFile, InputError> {
    let texts: Result<Vec<String>, InputError> = documents.iter().map(to_text).collect();
    file_of(bundle, path, remark, &texts?)
}

/// A file that a layout adds: `remark` as a comment, and the texts of its documents.
///
/// # Errors
/// A text that does not read back.
fn file_of(
    bundle: &Bundle,
    path: &str,
    remark: &str,
    documents: &[String],
) -> Result<RenderedFile, InputError> {
    let mut text = format!(
        "# Made by palisade {}. Do not edit: run `palisade gen` again.\n",
        env!("CARGO_PKG_VERSION")
    );
    for line in remark.lines() {
        text.push_str(&format!("# {line}\n"));
    }
    text.push_str(&documents.join("---\n"));
    let input = Input::new(format!("{}/{path} (rendered)", bundle.folder), text);
    let (_, findings) = read(&input);
    if let Some(wrong) = findings
        .into_iter()
        .find(|finding| finding.severity == Severity::Error)
    {
        return Err(wrong.into_error());
    }
    Ok(RenderedFile {
        path: path.to_owned(),
        input,
        resources: Vec::new(),
    })
}

/// A bundle of these files, sorted by path.
///
/// # Errors
/// Two files of one path.
fn bundle_of(bundle: &Bundle, mut files: Vec<RenderedFile>) -> Result<Bundle, InputError> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut pairs = files.iter().zip(files.iter().skip(1));
    if let Some((one, _)) = pairs.find(|(one, next)| one.path == next.path) {
        let start = Span::in_text(&one.input.text, 0..0);
        return Err(
            InputError::new(format!("two files are called {}", one.path))
                .at(Place::new(&one.input, start))
                .hint("a layout wants the name for itself: leave `--layout` out"),
        );
    }
    Ok(Bundle {
        folder: bundle.folder.clone(),
        network: bundle.network,
        files,
    })
}
