//! One file a policy, as it was rendered.

use super::super::Bundle;

/// The bundle as it is.
pub(super) fn arrange(bundle: Bundle) -> Bundle {
    bundle
}
