//! What lies in the repository of a user: the example of one, and what holds it to its facts in pull
//! requests, in Argo CD and before commits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[path = "../call/mod.rs"]
mod call;

mod argocd;
mod definitions;
mod example;
mod github;
mod gitlab;
mod report;
mod repository;
