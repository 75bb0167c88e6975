//! Objects for a stream that Argo CD reads: nothing lies in a folder, so all that orders them stands
//! in them.

use crate::finding::InputError;

use super::super::Bundle;
use super::by_wave;
use super::mark::{Waves, marked};

/// The files with labels and sync waves, wave by wave. There is no kustomization and no
/// `Application`: whoever reads the stream has an `Application` already.
///
/// # Errors
/// A file that cannot be marked, or whose objects belong to waves that must not be mixed.
pub(super) fn arrange(bundle: &Bundle) -> Result<Bundle, InputError> {
    let mut files = Vec::with_capacity(bundle.files.len());
    for file in by_wave(bundle)?.into_values().flatten() {
        files.push(marked(file, &bundle.folder, Waves::Annotated)?);
    }
    Ok(Bundle {
        folder: bundle.folder.clone(),
        network: bundle.network,
        files,
    })
}
