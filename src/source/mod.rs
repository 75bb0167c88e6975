//! Where texts and resources come from, and where files go. Reading the outside happens here and
//! nowhere below.

pub mod folder;
pub mod git;
pub mod https;
pub mod lines;
#[cfg(feature = "live")]
pub mod live;
mod name;
pub mod path;
pub mod revision;
pub mod smart;
mod snapshot;
pub mod text;
pub mod write;

pub use name::SourceName;
pub use snapshot::Snapshot;
