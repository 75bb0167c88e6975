//! Facts from those who publish them, made into profiles: one module an upstream, what changes
//! against the profiles in place, what of those is kept, and whether what is rendered from the
//! facts is what upstream publishes.

mod change;
pub mod cloudflare;
mod guard;
mod keep;
pub mod kube_samples;
pub mod parity;
mod remark;
mod text;

pub use change::{
    Accepted, Change, EVERY_REGION, ListChange, Objection, check_accepted, compare, compare_ranges,
    losses,
};
pub use guard::{check_guards, strays};
pub use keep::{keep, keep_ranges};
pub use remark::{Remark, summed};
pub use text::{text_of, text_of_lock, text_of_ranges};
