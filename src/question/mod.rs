//! Questions that are asked of resources: one file a question. `asked` is how a flow is written,
//! `intent` what must hold of flows, `subject` what is put beside the input before anything is
//! asked.

pub mod asked;
pub mod audit;
pub mod compare;
pub mod explain;
pub mod flows;
pub mod intent;
pub mod logging;
mod pods;
pub mod rollout;
pub mod subject;
pub mod trace;
pub mod verify;
pub mod workers;
