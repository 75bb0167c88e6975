//! `palisade completion`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::finding::Error;

use super::{Exit, terminal};

/// Print the completion script of a shell
///
/// Example, for bash: `source <(palisade completion bash)`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let mut script = Vec::new();
    let mut command = super::Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "palisade", &mut script);
    terminal::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}
