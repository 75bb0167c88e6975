//! Labels as Kubernetes has them (VAL-6).

use std::sync::Arc;

use crate::finding::{Input, InputError, Place};
use crate::resource::validate::{is_label_value, is_qualified};

use super::Labels;

/// Refuses labels that no object can have.
pub(super) fn check_labels(input: &Arc<Input>, labels: &Labels) -> Result<(), InputError> {
    for (key, value) in labels {
        let refuse = |what: String| {
            let error = InputError::new(what).at(Place::new(input, value.span));
            Err(error.hint(
                "letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most 63 \
                 characters; a key may have a domain and `/` before it",
            ))
        };
        if !is_qualified(key) {
            return refuse(format!("`{key}` is not the key of a label"));
        }
        if !is_label_value(value) {
            return refuse(format!("`{}` is not the value of a label", value.value));
        }
    }
    Ok(())
}
