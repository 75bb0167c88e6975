//! The importer: what it reads of upstream's policies, what it refuses, what it writes.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what tests share may fail as tests do"
)]
#![expect(
    clippy::too_many_lines,
    reason = "tables of cases are long, and so is what is told of them"
)]

mod command;
mod history;
mod losses;
mod parity;
mod reading;
mod refusals;
mod repository;
mod showing;
mod upstream;
mod watchful;
mod writing;
