//! Standard output and standard error.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style as Ansi};

use crate::finding::{Error, Finding, OutsideError};
use crate::report::Report;
use crate::report::terminal::{self, Style};

const NOTE: Ansi = AnsiColor::Cyan.on_default().bold();

/// Writes `text` to standard output. Nothing is wrong where the reader has gone away: `head` has
/// seen enough.
pub(super) fn print(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(OutsideError::Stream {
            action: "write to standard output",
            source: error,
        }
        .into()),
        _ => Ok(()),
    }
}

/// Tells something that is no error, on standard error.
pub(super) fn tell_note(text: &str) {
    // A closed standard error is nobody to tell.
    let _ = writeln!(anstream::stderr().lock(), "{NOTE}note{NOTE:#}: {text}");
}

/// Tells how things stand, on standard error.
pub(super) fn tell(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Tells findings that stop nothing on standard error, coloured where that is a terminal.
pub(super) fn tell_findings(findings: &[Finding]) {
    let report = Report {
        findings: findings.to_vec(),
        ..Report::default()
    };
    let _ = write!(
        anstream::stderr().lock(),
        "{}",
        terminal::report(&report, Style::Coloured)
    );
}

/// Tells an error on standard error, coloured where that is a terminal.
pub(super) fn tell_error(error: &Error) {
    // The stream drops the colours where they are not wanted.
    let text = terminal::error(error, Style::Coloured);
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Only what takes longer than this is told of while it runs.
const LONG: Duration = Duration::from_millis(500);

/// How often the line is written anew.
const OFTEN: Duration = Duration::from_millis(100);

/// How far a long run is: one line on standard error that is written over, and gone at the end.
/// Nothing where that is no terminal.
pub(super) struct Progress {
    is_terminal: bool,
    due: Instant,
    shown: bool,
}

impl Progress {
    /// Of a run that begins now.
    pub(super) fn new() -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            due: Instant::now() + LONG,
            shown: false,
        }
    }

    /// Shows `text`, unless it is too early for it.
    pub(super) fn tell(&mut self, text: impl FnOnce() -> String) {
        if self.is_terminal && Instant::now() >= self.due {
            let _ = write!(anstream::stderr().lock(), "\r\x1b[K{}", text());
            self.due = Instant::now() + OFTEN;
            self.shown = true;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(anstream::stderr().lock(), "\r\x1b[K");
        }
    }
}
