//! `palisade gen`, as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons
)]

#[path = "../call/mod.rs"]
mod call;

mod bundle;
mod calicoctl;
mod folder;
mod gitops;
mod host_endpoints;
mod hostile;
mod ingress;
mod input;
mod isolation;
mod layout;
mod layout_arguments;
mod minimise;
mod strict;
mod template;
mod wave;
