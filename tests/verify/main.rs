//! Intents held against what is rendered, for all packets at once.

#![expect(clippy::unwrap_used, reason = "what tests share may fail as tests do")]

mod regions;
