//! `palisade verify`, and the proofs that `palisade gen` asks for before it writes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines
)]

#[path = "../call/mod.rs"]
mod call;

mod clusters;
mod formats;
mod generating;
mod input;
mod place;
mod regions;
mod strict;
