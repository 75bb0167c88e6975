//! `palisade profile list`

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::{Exit, terminal};
use crate::finding::Error;
use crate::profile::{Day, Facts, Library, Network};

use super::{ProfilesArguments, commit_of, json, table};

/// List the regions whose facts are at hand
///
/// The date is that of the region's oldest list.
///
/// Example: `palisade profile list --format json`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    profiles: ProfilesArguments,

    /// How to print them
    #[arg(short = 'o', long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

/// What a line tells of a region.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    region: String,
    display_name: String,
    zones: Vec<String>,
    control_plane: Counts,
    services: usize,
    date: Day,
    commit: String,
}

#[derive(Serialize)]
struct Counts {
    private: usize,
    public: usize,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let library = arguments.profiles.library()?;
    let rows = library
        .regions()
        .into_iter()
        .map(|region| row(&library, region))
        .collect::<Result<Vec<_>, _>>()?;
    let text = match arguments.format {
        Format::Text => text(rows),
        Format::Json => json(&rows)?,
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

fn row(library: &Library, region: &str) -> Result<Row, Error> {
    let profile = library.region(region)?;
    let lists = profile.lists();
    let facts = || lists.iter().map(|(_, facts, _)| facts);
    let masters = |network| profile.control_plane(network).facts();
    let private = masters(Network::Private);
    Ok(Row {
        region: region.to_owned(),
        display_name: profile.display_name.clone(),
        zones: profile.zones.iter().map(|zone| zone.to_string()).collect(),
        control_plane: Counts {
            private: private.len,
            public: masters(Network::Public).len,
        },
        services: profile.services.len(),
        date: facts()
            .map(|facts| facts.date)
            .min()
            .unwrap_or(private.date),
        commit: one_commit(facts()),
    })
}

/// The commit that all lists come from.
fn one_commit<'a>(mut facts: impl Iterator<Item = &'a Facts<'a>>) -> String {
    let first = facts.next().map(commit_of).unwrap_or_default();
    if facts.all(|facts| commit_of(facts) == first) {
        first
    } else {
        "several".to_owned()
    }
}

fn text(rows: Vec<Row>) -> String {
    let header = [
        "REGION", "NAME", "PRIVATE", "PUBLIC", "SERVICES", "DATE", "COMMIT",
    ];
    let rows = rows.into_iter().map(|row| {
        [
            row.region,
            row.display_name,
            row.control_plane.private.to_string(),
            row.control_plane.public.to_string(),
            row.services.to_string(),
            row.date.to_string(),
            row.commit,
        ]
    });
    table(header, rows)
}
