//! The evaluator against the rules that it follows, through the public interface.

#![expect(clippy::expect_used, reason = "what tests share may fail as tests do")]

mod doubts;
mod evaluation;
mod hosts;
mod kubernetes;
mod naive;
mod random;
mod resolution;
mod support;
mod vectors;
