//! The evaluator against the rules that it follows, through the public interface.

#![expect(clippy::expect_used, reason = "what tests share may fail as tests do")]

mod naive;
mod random;
mod support;
mod vectors;
