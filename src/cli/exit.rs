//! How a command ends.

use std::process::ExitCode;

use crate::finding::Error;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and nothing to say.
    Clean,
    /// 1: differences or findings.
    Findings,
    /// 2: the input or the call is wrong.
    Refused,
    /// 3: something outside failed.
    Outside,
    /// 4: the answer cannot be known from the input.
    Unknown,
}

impl Exit {
    /// How a command ends that failed with `error`.
    pub fn of_error(error: &Error) -> Self {
        match error {
            Error::Input(_) => Self::Refused,
            Error::Outside(_) => Self::Outside,
        }
    }

    /// Prints what the argument parser has to say, and ends as it says: help and version are no
    /// errors.
    pub fn of_usage(error: &clap::Error) -> Self {
        match error.print() {
            _ if error.use_stderr() => Self::Refused,
            // A reader that has seen enough is no failure.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Self::Outside,
            _ => Self::Clean,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Refused => 2,
            Exit::Outside => 3,
            Exit::Unknown => 4,
        })
    }
}
