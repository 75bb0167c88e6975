//! Palisade turns facts about an IBM Cloud region and a Kubernetes cluster into the complete set
//! of Calico policies that isolates that cluster, and answers questions about any such set.
//!
//! The crate is laid out in floors: a module imports only from the floors below it. See
//! `docs/architecture.md` for the words used here and the way data flows.

pub mod bundle;
pub mod cli;
pub mod engine;
pub mod finding;
pub mod net;
pub mod profile;
pub mod question;
pub mod report;
pub mod resource;
pub mod source;
pub mod upstream;
pub mod yaml;
