//! From facts and templates to files.
//!
//! [`Plan`] says what is wanted, [`render()`] makes the texts and reads them back, a [`Layout`]
//! arranges them for what applies them, [`Output`] brings them to a folder: all or none, and nothing
//! that is not its own.

mod branch;
mod compare;
mod context;
mod facts;
mod ingress;
mod intents;
mod inventory;
mod isolation;
mod layout;
mod logs;
mod minimise;
mod plan;
mod proof;
mod render;
mod rollout;
mod strict;
mod template;
mod write;

pub use branch::Branch;
pub use compare::{Change, Changes, Folder};
pub use intents::intent_facts;
pub use inventory::INVENTORY;
pub use isolation::ISOLATION;
pub use layout::{
    Argocd, Calicoctl, Destination, Flux, Kustomize, Layout, SourceReference, carried,
};
pub use logs::with_logs;
pub use minimise::{LeftOut, minimise};
pub use write::Output;

pub use plan::{HostEndpoints, Plan, Target, Wanted};
pub use proof::{Baseline, Case, known};
pub use render::{Bundle, Part, RenderedFile, render};
pub use rollout::{Between, Course};
pub use template::Templates;
