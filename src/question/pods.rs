//! What can be done where selectors tell too many kinds of pods apart.

use crate::engine::Program;
use crate::engine::reach::TooManyPods;
use crate::finding::InputError;

/// That there are too many kinds of pods that `program` may come to have.
pub(super) fn too_many(error: &TooManyPods, program: &Program) -> InputError {
    let hint = if program.names_pods() {
        "none of the pods of the input has, or is to get, an address of its own, so every kind that \
         could come is looked at: list one that has, or ask about a part of the policies"
    } else {
        "list the pods there are, and only those are looked at: add what `kubectl get pods \
         --all-namespaces -o yaml` prints to the input; of `live`, `--pods` lists them"
    };
    InputError::new(error.to_string()).hint(hint)
}
