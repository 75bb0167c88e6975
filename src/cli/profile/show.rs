//! `palisade profile show`

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::{Exit, terminal};
use crate::finding::{Error, InputError, nearest};
use crate::net::Cidr;
use crate::profile::{
    Corrected, Day, Facts, Library, Name, RangesProfile, RegionProfile, Source, Status,
};
use crate::yaml;

use super::{ProfilesArguments, commit_of, json, table, today};

/// Show the facts of a region, or published ranges: every list, where it comes from and how old it is
///
/// Example: `palisade profile show us-south --format yaml`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The region, or the ranges, such as `cloudflare`
    #[arg(value_name = "REGION")]
    region: String,

    #[command(flatten)]
    profiles: ProfilesArguments,

    /// How to print them; yaml is the profile itself
    #[arg(short = 'o', long, value_enum, default_value_t)]
    format: Format,

    /// The day from which ages are counted [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Yaml,
}

/// A region as JSON tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    region: &'a str,
    display_name: &'a str,
    zones: Vec<&'a str>,
    single_zone: Vec<&'a str>,
    as_of: Day,
    lists: Vec<List<'a>>,
    /// What files that extend the region came to.
    #[serde(skip_serializing_if = "<[Corrected]>::is_empty")]
    corrected: &'a [Corrected],
}

/// Published ranges as JSON tells them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownRanges<'a> {
    ranges: &'a str,
    display_name: &'a str,
    as_of: Day,
    lists: Vec<List<'a>>,
    /// What files that extend the ranges came to.
    #[serde(skip_serializing_if = "<[Corrected]>::is_empty")]
    corrected: &'a [Corrected],
}

/// A list as JSON tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    name: String,
    count: usize,
    date: Day,
    age_days: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Day>,
    source: &'a Source,
    nets: Vec<Cidr>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let library = arguments.profiles.library()?;
    let is_region = library.regions().contains(&arguments.region.as_str());
    if !is_region && library.ranges_names().contains(&arguments.region.as_str()) {
        return run_ranges(arguments, &library);
    }
    let near = nearest(&arguments.region, library.ranges_names());
    if !is_region && !near.is_empty() {
        let name = &arguments.region;
        let message = format!("there is no region `{name}`, nor are there ranges of that name");
        return Err(InputError::new(message)
            .suggest(name, near.iter().copied())
            .into());
    }
    let (profile, corrected) = library.corrected_region(&arguments.region)?;
    let as_of = arguments.as_of.unwrap_or_else(today);
    let text = match arguments.format {
        Format::Text => text(&profile, &corrected, as_of),
        Format::Json => json(&region(&profile, &corrected, as_of))?,
        Format::Yaml if !corrected.is_empty() => yaml::to_text(&profile)?,
        Format::Yaml => library.region_text(&arguments.region)?.text.clone(),
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

fn run_ranges(arguments: &Arguments, library: &Library) -> Result<Exit, Error> {
    let name = &arguments.region;
    let (profile, corrected) = library.corrected_ranges(name)?;
    let as_of = arguments.as_of.unwrap_or_else(today);
    let text = match arguments.format {
        Format::Text => ranges_text(&profile, &corrected, as_of),
        Format::Json => json(&ShownRanges {
            ranges: profile.ranges.as_str(),
            display_name: &profile.display_name,
            as_of,
            lists: lists(lists_of(&profile), as_of),
            corrected: &corrected,
        })?,
        Format::Yaml if !corrected.is_empty() => yaml::to_text(&profile)?,
        Format::Yaml => library.ranges_text(name)?.text.clone(),
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

/// Lists as a profile of either kind has them.
type Lists<'a> = Vec<(String, Facts<'a>, Vec<Cidr>)>;

fn lists_of(profile: &RangesProfile) -> Lists<'_> {
    let lists = profile.lists().into_iter();
    lists
        .map(|(name, list)| (name.to_owned(), list.facts(), list.blocks().collect()))
        .collect()
}

/// Lists as JSON tells them.
fn lists(lists: Lists<'_>, as_of: Day) -> Vec<List<'_>> {
    let lists = lists.into_iter().map(|(name, facts, nets)| List {
        name,
        count: facts.len,
        date: facts.date,
        age_days: age(&facts, as_of),
        status: facts.status,
        valid_from: facts.valid_from,
        valid_until: facts.valid_until,
        source: facts.source,
        nets,
    });
    lists.collect()
}

fn age(facts: &Facts<'_>, as_of: Day) -> i32 {
    (as_of.0 - facts.date.0).get_days()
}

fn region<'a>(profile: &'a RegionProfile, corrected: &'a [Corrected], as_of: Day) -> Shown<'a> {
    Shown {
        region: profile.region.as_str(),
        display_name: &profile.display_name,
        zones: profile.zones.iter().map(|zone| zone.as_str()).collect(),
        single_zone: profile.single_zone.iter().map(Name::as_str).collect(),
        as_of,
        corrected,
        lists: lists(profile.lists(), as_of),
    }
}

/// A name, a table of its lists, and where they come from.
fn head(name: &str, display_name: &str, lists: &Lists<'_>, as_of: Day) -> String {
    let header = ["LIST", "COUNT", "DATE", "AGE", "STATUS", "COMMIT", "SOURCE"];
    let rows = lists.iter().map(|(name, facts, _)| {
        [
            name.clone(),
            facts.len.to_string(),
            facts.date.to_string(),
            format!("{} d", age(facts, as_of)),
            standing(facts),
            commit_of(facts),
            facts
                .source
                .path
                .as_ref()
                .unwrap_or(&facts.source.repository)
                .clone(),
        ]
    });
    let mut text = format!("{name} ({display_name})\n\n");
    text.push_str(&table(header, rows));
    text
}

fn ranges_text(profile: &RangesProfile, corrected: &[Corrected], as_of: Day) -> String {
    let lists = lists_of(profile);
    let mut text = head(
        profile.ranges.as_str(),
        &profile.display_name,
        &lists,
        as_of,
    );
    for corrected in corrected {
        told(&mut text, corrected);
    }
    text
}

fn text(profile: &RegionProfile, corrected: &[Corrected], as_of: Day) -> String {
    let lists = profile.lists();
    let region = profile.region.as_str();
    let mut text = head(region, &profile.display_name, &lists, as_of);
    text.push('\n');
    let mut repositories: Vec<&str> = lists
        .iter()
        .map(|(_, f, _)| f.source.repository.as_str())
        .collect();
    repositories.sort_unstable();
    repositories.dedup();
    line(&mut text, "repository", &repositories);
    let zones: Vec<&str> = profile.zones.iter().map(|zone| zone.as_str()).collect();
    line(&mut text, "zones", &zones);
    let single: Vec<&str> = profile.single_zone.iter().map(Name::as_str).collect();
    if !single.is_empty() {
        line(&mut text, "single-zone locations", &single);
    }
    for corrected in corrected {
        told(&mut text, corrected);
    }
    text
}

/// What a file of the user's own makes of one list.
fn told(text: &mut String, corrected: &Corrected) {
    let Corrected { list, file, .. } = corrected;
    let why = corrected.why.as_ref().map(|why| format!(": {why}"));
    let accepted: Vec<&str> = corrected
        .accepted
        .iter()
        .map(|doubt| doubt.word())
        .collect();
    let _ = writeln!(
        text,
        "\n{list} is corrected by {file}{}",
        why.unwrap_or_default()
    );
    if !accepted.is_empty() {
        let _ = writeln!(text, "  accepted: {}", accepted.join(", "));
    }
    for block in &corrected.removed {
        let _ = writeln!(text, "  - {block}");
    }
    for block in &corrected.added {
        let _ = writeln!(text, "  + {block}");
    }
}

fn line(text: &mut String, what: &str, names: &[&str]) {
    // A string takes whatever is written to it.
    let _ = writeln!(text, "{what}: {}", names.join(", "));
}

/// How the provider stands behind a list and how long it holds, or a dash.
fn standing(facts: &Facts<'_>) -> String {
    let parts = [
        facts.status.map(|status| status.to_string()),
        facts.valid_from.map(|day| format!("from {day}")),
        facts.valid_until.map(|day| format!("until {day}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "-".to_owned()
    } else {
        parts.join(" ")
    }
}
