//! Intents held against what is rendered, for all packets at once.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share may fail as tests do"
)]

mod regions;
