//! The evaluator against the rules that it follows, through the public interface.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share may fail as tests do"
)]
#![expect(clippy::too_many_lines, reason = "tables of cases are long")]

mod address;
mod audit;
mod cluster_wide;
mod doubts;
mod evaluation;
mod hooks;
mod hosts;
mod kubernetes;
mod maker;
mod naive;
mod peers;
mod random;
mod reach;
mod resolution;
mod routes;
mod services;
mod size;
mod support;
mod under_way;
mod vectors;
