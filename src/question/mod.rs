//! Questions that are asked of resources: one file a question.

pub mod subject;
pub mod trace;
