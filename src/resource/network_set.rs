//! Named sets of addresses.

use super::{List, policy::Net};

/// The spec of a GlobalNetworkSet or NetworkSet (MOD-18).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NetworkSet {
    /// Its address blocks and addresses.
    pub nets: List<Net>,
}
