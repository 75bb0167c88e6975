//! The texts of a repository at one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Input;
use crate::profile::Day;

/// The texts of a repository at one commit, however they were got.
#[derive(Debug)]
pub struct Snapshot {
    /// The repository: the address it was published at where that is known, else the `file://` URL
    /// of where it lies, the same however the user spells that.
    pub repository: String,
    /// The commit.
    pub commit: String,
    /// The day on which it was committed, in UTC.
    pub date: Day,
    /// The folder of the repository that the user pointed at, empty for its root.
    pub inside: String,
    /// The texts that were wanted, by their path in the repository.
    pub texts: BTreeMap<String, Arc<Input>>,
    /// What the user should know about how they were got.
    pub notes: Vec<String>,
}
