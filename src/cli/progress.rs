//! How far something is that takes a while, on a terminal alone.

use std::io::{self, IsTerminal, Write};

/// A line on a terminal that says how far something is, and is gone when it is done.
pub(super) struct Progress {
    what: &'static str,
    shown: bool,
}

impl Progress {
    /// A line that counts `what`. Where standard error is no terminal, nothing is ever shown.
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            shown: io::stderr().is_terminal(),
        }
    }

    /// Says that `count` are done.
    pub(super) fn show(&self, count: usize) {
        if self.shown {
            // Nobody misses a line that could not be shown.
            let _ = write!(io::stderr(), "\r{count} {}", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
