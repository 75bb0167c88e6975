//! The selector language against the rules SEL-1 to SEL-26, through the public interface.

#![expect(clippy::expect_used, reason = "what tests share may fail as tests do")]

mod building;
mod grammar;
mod hostile;
mod matching;
mod mistakes;
mod properties;
