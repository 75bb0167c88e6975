//! Typed Kubernetes and Calico resources.

pub mod selector;
