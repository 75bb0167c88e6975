//! `palisade profile`

mod changes;
mod check;
mod facts;
mod fetch;
mod list;
mod parity;
mod show;
mod update;

use clap::{Args, Subcommand};

use crate::finding::Error;
use crate::profile::{Day, Facts};

use super::Exit;
use super::library::ProfilesArguments;

/// How much of a commit's name is shown.
const SHORT: usize = 12;

/// Show the facts, hold them against those who publish them, or read them anew from there
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Update(update::Arguments),
    Check(check::Arguments),
    List(list::Arguments),
    Show(show::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    match &arguments.command {
        Command::Update(arguments) => update::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
    }
}

/// The day it is in UTC.
fn today() -> Day {
    Day(jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date())
}

/// The first digits of a commit's name.
fn short(commit: &str) -> String {
    commit.chars().take(SHORT).collect()
}

/// The commit that a list comes from, shortened, or a dash.
fn commit_of(facts: &Facts<'_>) -> String {
    facts.source.commit.as_deref().map_or("-".to_owned(), short)
}

/// A table as kubectl prints them: columns set apart by space alone.
fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    format!("{}\n", table.trim_fmt())
}

/// `value` as indented JSON.
fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        crate::finding::InputError::new(format!("cannot be written as JSON: {error}"))
    })?;
    Ok(format!("{text}\n"))
}
