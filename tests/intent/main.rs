//! Intents: what a file of them says and what is refused, and that the built-in ones hold of the
//! sets that are rendered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines
)]

mod file;
mod flows;
mod holds;
mod place;
