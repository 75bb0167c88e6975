//! What in a folder is Palisade's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::finding::{Input, InputError, Place, Span};

/// The file that says what in its folder is Palisade's own. It is what `sha256sum` writes, and its
/// name has no ending that kubectl or Argo CD would take for an object's.
pub const INVENTORY: &str = ".palisade-inventory";

/// Digest and path of every file that Palisade wrote into a folder. While a write is under way a
/// path has two digests, its old and its new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Inventory {
    digests: BTreeMap<String, BTreeSet<String>>,
}

impl Inventory {
    /// Reads an inventory.
    ///
    /// # Errors
    /// A line that is not a digest and a path, or a path that leaves the folder.
    pub(super) fn read(input: &Arc<Input>) -> Result<Self, InputError> {
        let mut inventory = Self::default();
        let mut start = 0;
        for line in input.text.split_inclusive('\n') {
            let text = line.trim_end();
            let span = Span::in_text(&input.text, start..start + text.len());
            start += line.len();
            let entry = text.split_once("  ").filter(|(digest, path)| {
                digest.len() == 64
                    && digest.bytes().all(|b| b.is_ascii_hexdigit())
                    && is_below(path)
            });
            let Some((digest, path)) = entry else {
                return Err(InputError::new(
                    "this is no line of an inventory: a digest, two spaces, a path",
                )
                .at(Place::new(input, span))
                .hint("restore the file from Git, or remove the folder and write it anew"));
            };
            inventory.add(path, digest.to_owned());
        }
        Ok(inventory)
    }

    pub(super) fn add(&mut self, path: &str, digest: String) {
        self.digests
            .entry(path.to_owned())
            .or_default()
            .insert(digest);
    }

    /// This inventory and the other one together.
    pub(super) fn union(mut self, other: &Self) -> Self {
        for (path, digests) in &other.digests {
            let mine = self.digests.entry(path.clone()).or_default();
            mine.extend(digests.iter().cloned());
        }
        self
    }

    /// Whether the file at `path` is Palisade's.
    pub(super) fn owns(&self, path: &str) -> bool {
        self.digests.contains_key(path)
    }

    /// Whether Palisade wrote `path` with the content of `digest`.
    pub(super) fn wrote(&self, path: &str, digest: &str) -> bool {
        self.digests
            .get(path)
            .is_some_and(|digests| digests.contains(digest))
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.digests.keys().map(String::as_str)
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (path, digests) in &self.digests {
            for digest in digests {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{digest}  {path}");
            }
        }
        text
    }
}

/// Whether `path` is a plain path below a folder.
fn is_below(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0'])
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The SHA-256 of `bytes` in hexadecimal.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
