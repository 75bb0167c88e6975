//! What there is to tell a user: where, how grave, what, and what would be right.
//!
//! Nothing here formats for a terminal or a machine: that is `report`.

mod error;
mod nearest;
mod place;

pub use error::{Error, InputError, OutsideError};
pub use nearest::nearest;
pub use place::{Input, Place, Span};
