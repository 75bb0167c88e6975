//! Where texts and resources come from, and where files go. Reading the outside happens here and
//! nowhere below.

pub mod folder;
pub mod git;
pub mod path;
mod snapshot;
pub mod text;
pub mod write;

pub use snapshot::Snapshot;
