//! `palisade lint`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::finding::{Code, Error, InputError, Severity};
use crate::report::terminal::Style;
use crate::report::{self, Report};
use crate::resource::CalicoVersion;
use crate::resource::validate::{Rules, Scope, lint, sort};
use crate::source::path;

use super::{Exit, terminal};

/// Say what is wrong with Calico and Kubernetes policies
///
/// Objects are held to the rules of the APIs that take them, for one version of Calico. What
/// those take without a word although it can hardly be meant is told too. Each finding has a code;
/// `--explain` shows its page. A comment `# palisade:ignore CODE` beside a value or on the line
/// above silences a code there.
///
/// Ends with 0 where there is nothing to say or only notes, with 1 where there are errors or
/// warnings, with 2 where a file is no YAML or JSON text, with 3 where one could not be read.
///
/// Example: `palisade lint policies/ --calico-version 3.31`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, folders with their .yaml, .yml and .json files, or `-` for standard input
    #[arg(required_unless_present = "explain", value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The version of Calico that shall take the objects
    #[arg(long, value_name = "VERSION", default_value_t = CalicoVersion::NEWEST)]
    calico_version: CalicoVersion,

    /// How to tell
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Leave out what is less grave
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = Least::Note)]
    min_severity: Least,

    /// Take all paths for one set of objects, not each folder for one of its own
    #[arg(long)]
    together: bool,

    /// Show the page of a code
    #[arg(long, value_name = "CODE", conflicts_with = "paths")]
    explain: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Junit,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Least {
    Error,
    Warning,
    Note,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    if let Some(word) = &arguments.explain {
        terminal::print(page(word)?)?;
        return Ok(Exit::Clean);
    }
    let given = path::read(&arguments.paths);
    let rules = Rules {
        version: arguments.calico_version,
    };
    let scope = if arguments.together {
        Scope::Everything
    } else {
        Scope::Folder
    };
    let mut findings = lint(&given.inputs, rules, scope);
    findings.extend_from_slice(&given.unread);
    findings.retain(|finding| finding.severity <= least(arguments.min_severity));
    sort(&mut findings);
    let report = Report {
        files: given.names().into_iter().map(str::to_owned).collect(),
        findings,
    };
    terminal::print(&match arguments.format {
        Format::Text => report::terminal::report(&report, Style::Coloured),
        Format::Json => report::json::render(&report),
        Format::Sarif => report::sarif::render(&report),
        Format::Junit => report::junit::render(&report),
    })?;
    terminal::tell(&report.summary());
    Ok(exit(&report, given.outside_failed))
}

/// What went wrong outside is graver than input that is no YAML, and that than findings.
fn exit(report: &Report, outside_failed: bool) -> Exit {
    let broken = [Code::YamlSyntax, Code::UnreadableFile];
    let codes = report.findings.iter().map(|finding| finding.code);
    if outside_failed {
        Exit::Outside
    } else if codes.into_iter().any(|code| broken.contains(&code)) {
        Exit::Refused
    } else if report.count(Severity::Error) + report.count(Severity::Warning) > 0 {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

fn page(word: &str) -> Result<&'static str, Error> {
    let unknown = || {
        let known = Code::ALL.iter().map(|code| code.word());
        InputError::new(format!("there is no code `{word}`")).suggest(word, known)
    };
    let code = Code::of(word).ok_or_else(unknown)?;
    Ok(code.page())
}

fn least(severity: Least) -> Severity {
    match severity {
        Least::Error => Severity::Error,
        Least::Warning => Severity::Warning,
        Least::Note => Severity::Note,
    }
}
