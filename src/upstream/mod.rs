//! Facts from those who publish them, made into profiles: one module an upstream, what changes
//! against the profiles in place, and what of those is kept.

mod change;
mod keep;
pub mod kube_samples;
mod remark;
mod text;

pub use change::{Accepted, Change, ListChange, check_losses, compare};
pub use keep::keep;
pub use remark::{Remark, summed};
pub use text::text_of;
