//! `palisade explain-log`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::engine::compile;
use crate::finding::{Error, InputError};
use crate::question::explain::{Counted, explain};
use crate::question::subject::subject;
use crate::report;
use crate::source::SourceName;
use crate::source::lines::{TextLine, each_line};

use super::known::{EngineArguments, KnownArguments};
use super::source::SourceArguments;
use super::{Exit, terminal};

/// Say which policy denied the packets that a system log tells of
///
/// Reads the `calico-packet:` lines that Log rules write to a worker's system log, counts them by
/// flow, and follows each flow through the policies of `--source`. A flow is what policies do not
/// tell apart: the port that a packet comes from counts only where a rule asks for it. Lines of
/// something else are passed over.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade explain-log syslog --source generated/clusters/shop --cluster shop.yaml
  journalctl -k | palisade explain-log --source live --pods
  palisade explain-log syslog --source git:HEAD:policies --workers nodes.json -o json

Exit codes: 0 explained, 1 a line of a packet is broken, 2 the call or an input is wrong, 3 something
outside failed.")]
pub(super) struct Arguments {
    /// The log; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    log: PathBuf,

    /// Where the policies come from: a file or folder, `git:REF[:PATH]`, `live[:CONTEXT]` or
    /// `region:NAME[/NETWORK]`; may be given several times
    #[arg(short, long = "source", required = true, value_name = "SOURCE")]
    sources: Vec<SourceName>,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    known: KnownArguments,

    #[command(flatten)]
    engine: EngineArguments,

    /// How to tell
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let is_stream = |source: &SourceName| matches!(source, SourceName::Stream);
    if arguments.log == Path::new("-") && arguments.sources.iter().any(is_stream) {
        let error = InputError::new("the log and the policies cannot both be on standard input");
        return Err(error.hint("name a file for one of them").into());
    }
    let known = arguments.known.read()?;
    let library = || arguments.known.library();
    let given = arguments.source.resources(&arguments.sources, library)?;
    let given = arguments.known.with_nodes(given)?;
    let mut subject = subject(given, &known)?;
    arguments.engine.tell(&mut subject.settings);
    let program = compile(&subject.resources, &subject.settings);
    let mut counted = Counted::new(&program);
    each_line(&arguments.log, |line| match line {
        TextLine::Whole(line) => counted.take(line),
        TextLine::Beginning(line) => counted.take_overlong(line),
    })?;
    let explained = explain(&program, &known, counted.flows());
    terminal::print(&match arguments.format {
        Format::Text => report::explain::text(&explained),
        Format::Json => report::explain::json(&counted, &explained),
    })?;
    tell(arguments, &counted, explained.len());
    Ok(if counted.malformed > 0 {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

fn tell(arguments: &Arguments, counted: &Counted, flows: usize) {
    let name = if arguments.log == Path::new("-") {
        "<stdin>".to_owned()
    } else {
        arguments.log.display().to_string()
    };
    for broken in &counted.told {
        terminal::tell_note(&format!("{name}:{}: {}", broken.line, broken.reason));
    }
    terminal::tell(&report::explain::summary(counted, flows));
}
