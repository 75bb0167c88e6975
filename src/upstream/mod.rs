//! Facts from those who publish them, made into profiles: one module an upstream, what changes
//! against the profiles in place, what of those is kept, and whether what is rendered from the
//! facts is what upstream publishes.

mod change;
mod keep;
pub mod kube_samples;
pub mod parity;
mod remark;
mod text;

pub use change::{
    Accepted, Change, EVERY_REGION, ListChange, check_accepted, check_losses, compare,
};
pub use keep::keep;
pub use remark::{Remark, summed};
pub use text::text_of;
