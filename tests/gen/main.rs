//! `palisade gen`, as a user runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../call/mod.rs"]
mod call;

mod bundle;
mod folder;
mod host_endpoints;
mod hostile;
mod input;
mod template;
