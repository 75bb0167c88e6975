//! `palisade commit`, as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[path = "../call/mod.rs"]
mod call;

mod held;
mod message;
mod refused;
mod repository;
mod written;
