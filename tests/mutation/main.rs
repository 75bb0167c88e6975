//! What is done to the policies of a region on purpose is noticed by some built-in intent, and what
//! none notices stands in a list with the reason why that is right.
//!
//! Every proof here is exact, for all packets at once, with the platform's own policies in place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines
)]

#[allow(dead_code)]
#[path = "../verify/place.rs"]
mod place;

mod changes;
mod entries;
mod ingress;
mod isolation;
mod judge;
mod listed;
mod named;
mod rules;
