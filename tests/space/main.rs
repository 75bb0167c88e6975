//! The algebra of packets against a bitmap of a small universe, and its laws.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what tests share may fail as tests do"
)]

mod edges;
mod laws;
mod lists;
mod order;
mod rows;
mod universe;
