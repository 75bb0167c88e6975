//! YAML and JSON in: bounded, and with a position for every value. The one door for text, of
//! profiles and of resources alike.
//!
//! Two ways lead through it. [`typed()`] reads a file of known shape (a profile) into checked types
//! and stops at the first error. [`documents`] reads anyone's text into a tree of [`Node`]s that
//! know where they stand, goes on behind a broken document, and leaves judgement to the caller.

mod comment;
mod edit;
mod insert;
mod json;
mod located;
mod node;
mod read;
mod scalar;
mod typed;

pub use comment::{Comment, comments};
pub use edit::without_items;
pub use insert::{Insertion, insertion, with_insertions};
pub use located::Located;
pub use node::{Entry, Kind, Node};
pub use read::{Document, documents};
pub use scalar::{Scalar, Value, is_plain_safe};
pub use typed::{to_text, typed};

/// The longest text that is read, in bytes. A file of policies is a few hundred kilobytes; what
/// is longer is a mistake or an attack.
pub const LONGEST_TEXT: usize = 64 * 1024 * 1024;

/// The most values that one text may hold once its aliases are followed.
pub const MOST_NODES: usize = 5_000_000;

/// How deep values may nest. Kubernetes objects stay below 20.
pub const DEEPEST: usize = 128;
