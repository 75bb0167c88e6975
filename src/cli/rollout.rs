//! `palisade rollout`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::bundle::{Baseline, Between, Course};
use crate::engine::Settings;
use crate::finding::{Error, InputError};
use crate::profile::{Library, PlatformProfile};
use crate::question::compare::{Comparison, Side, compare, differing_facts};
use crate::question::intent::Intent;
use crate::report::rollout::{self as report, RolledOut};
use crate::source::SourceName;

use super::known::EngineArguments;
use super::plan::{self, PlanArguments};
use super::prove::{intents_of, together};
use super::render::TemplateArguments;
use super::side::{manner, sides};
use super::source::SourceArguments;
use super::terminal::Progress;
use super::{Exit, terminal};

/// What there is of a cluster to which nothing was rolled out.
pub(super) const NOTHING: &str = "nothing but the platform's own policies";

/// Prove that nothing is cut off while policies are rolled out
///
/// Shows what is applied and taken away wave by wave, and proves of each wave that what must pass
/// still passes after it, and in whichever order the objects of the wave are applied. What is not
/// proved is shown with one flow and the state of the wave in which it is dropped.
///
/// From A to B; B alone is rolled out to the running cluster (`live`), with `--from-nothing` to one
/// that has nothing of it. Without a source it is what `palisade gen` would write, rolled out to a
/// cluster that has nothing of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade rollout --region us-south                  what would be written, from nothing
  palisade rollout generated/clusters/shop --cluster shop.yaml
  palisade rollout git:main generated/eu-de --region eu-de
  palisade rollout policies --from-nothing --intents mine.yaml

Exit codes: 0 everything that must pass is proved to pass all the time, 1 something is not, 2 the
call or an input is wrong, 3 a source cannot be read.")]
pub(super) struct Arguments {
    /// The old source; or the new one, where it is the only one
    #[arg(value_name = "A")]
    first: Option<SourceName>,

    /// The new source
    #[arg(value_name = "B", requires = "first")]
    second: Option<SourceName>,

    /// Roll the source out to a cluster that has nothing of it
    #[arg(long, conflicts_with = "second", requires = "first")]
    from_nothing: bool,

    #[command(flatten)]
    source: SourceArguments,

    /// A file of intents, besides the built-in ones of the region or cluster
    #[arg(long, value_name = "FILE")]
    intents: Option<PathBuf>,

    /// Whether the platform's own policies are in place
    #[arg(long, value_enum, value_name = "WHETHER", default_value_t = BaselineWord::On)]
    baseline: BaselineWord,

    #[command(flatten)]
    plan: PlanArguments,

    #[command(flatten)]
    templates: TemplateArguments,

    #[command(flatten)]
    engine: EngineArguments,

    /// How to tell
    #[arg(short = 'o', long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BaselineWord {
    /// With them, as far as they are not in the sources
    On,
    /// Without them; the platform's host endpoints are there all the same
    Off,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    arguments.check()?;
    let library = arguments.plan.profiles.library()?;
    let own = intents_of(arguments.intents.as_deref())?;
    let told = match &arguments.first {
        None => of_rendered(arguments, &library, &own)?,
        Some(first) => vec![of_sources(arguments, first, &library, &own)?],
    };
    terminal::print(&match arguments.format {
        Format::Text => {
            let texts = told.iter();
            let texts: Vec<String> = texts
                .map(|rolled| report::text::render(rolled, arguments.source.is_verbose()))
                .collect();
            texts.join("\n")
        }
        Format::Json => report::json::render(&told),
        Format::Markdown => report::markdown::render(&told),
    })?;
    for rolled in &told {
        terminal::tell(&rolled.summary());
    }
    Ok(if told.iter().all(|rolled| rolled.proven.holds()) {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

fn of_rendered(
    arguments: &Arguments,
    library: &Library,
    own: &[Intent],
) -> Result<Vec<RolledOut>, Error> {
    let plans = plan::plans(&arguments.plan, library)?;
    let rendered = arguments.templates.render(&plans)?;
    let mut told = Vec::with_capacity(plans.len());
    for (plan, bundles) in plans.iter().zip(&rendered) {
        let mut goal = together(bundles);
        arguments.plan.add_nodes(&mut goal)?;
        let between = Between::Nothing(&goal);
        let baseline = arguments.baseline(library);
        let tell = |settings: &mut Settings| arguments.engine.tell(settings);
        let course = Course::of_plan(plan, between, baseline, own, tell)?;
        let names = [arguments.nothing(), plan.described()];
        told.push(look_at(course, names, &plan.platform_profile)?);
    }
    Ok(told)
}

fn of_sources(
    arguments: &Arguments,
    first: &SourceName,
    library: &Library,
    own: &[Intent],
) -> Result<RolledOut, Error> {
    let again = || arguments.plan.profiles.library();
    if arguments.from_nothing {
        let names = std::slice::from_ref(first);
        let mut goal = arguments.source.resources(names, again)?;
        arguments.plan.add_nodes(&mut goal)?;
        let names = [arguments.nothing(), first.to_string()];
        return of_given(arguments, library, own, Between::Nothing(&goal), names);
    }
    let (old, new) = match &arguments.second {
        Some(second) => (first, second),
        None => (&SourceName::LIVE, first),
    };
    let mut notes = Vec::new();
    let [mut old, new] = sides(&arguments.source, [old, new], again, &mut notes)?;
    for part in old.parts.values_mut() {
        arguments.plan.add_nodes(part)?;
    }
    for note in &notes {
        terminal::tell_note(note);
    }
    for key in differing_facts(&old, &new) {
        terminal::tell_note(&format!(
            "{key} is not the same on both sides and no step of a roll-out: it is taken as {} has it",
            old.name
        ));
    }
    let found = differences(&old, &new, library)?;
    let names = [old.name.clone(), new.name.clone()];
    let between = Between::Sides([&old, &new], &found);
    of_given(arguments, library, own, between, names)
}

fn differences(old: &Side, new: &Side, library: &Library) -> Result<Comparison, Error> {
    Ok(compare(old, new, &manner(library)?)?)
}

fn of_given(
    arguments: &Arguments,
    library: &Library,
    own: &[Intent],
    between: Between<'_>,
    names: [String; 2],
) -> Result<RolledOut, Error> {
    let baseline = arguments.baseline(library);
    let tell = |settings: &mut Settings| arguments.engine.tell(settings);
    if arguments.plan.is_plan() {
        let plans = plan::plans(&arguments.plan, library)?;
        if let [plan] = plans.as_slice() {
            let course = Course::of_plan(plan, between, baseline, own, tell)?;
            return look_at(course, names, &plan.platform_profile);
        }
    }
    let platform = library.platform()?;
    let mut known = arguments.plan.known(platform.clone())?;
    known.baseline = Some(baseline.unwrap_or_default());
    let course = Course::of(known, between, own, tell)?;
    look_at(course, names, &platform)
}

fn look_at(
    course: Course,
    [from, to]: [String; 2],
    facts: &PlatformProfile,
) -> Result<RolledOut, Error> {
    let mut progress = Progress::new();
    let phases = course.rollout.phases().len();
    let proven = course.prove(facts, |done| {
        progress.tell(|| format!("{done} of {phases} waves looked at"));
    })?;
    drop(progress);
    if proven.intents == 0 {
        return Err(InputError::new("no intent says what must pass")
            .hint("a roll-out is proven of `allow` and `exactly` intents; `deny` ones are none of its")
            .into());
    }
    Ok(RolledOut {
        from,
        to,
        proven,
        rollout: course.rollout,
    })
}

impl Arguments {
    /// Refuses arguments that make no sense together.
    fn check(&self) -> Result<(), InputError> {
        let names = [&self.first, &self.second];
        let streams = names.into_iter().flatten();
        let streams = streams.filter(|name| **name == SourceName::Stream);
        let streams = streams.map(|_| ("SOURCE", std::path::Path::new("-")));
        let intents = self.intents.iter();
        let intents = intents.map(|path| ("--intents", path.as_path()));
        plan::one_reads_input(streams.chain(intents).chain(self.plan.files()))?;
        let Some(first) = &self.first else {
            return Ok(());
        };
        if self.templates.templates.is_some() {
            return Err(InputError::new(
                "`--templates` is about what would be rendered, and the sources say what there is",
            ));
        }
        if self.plan.is_every_region() {
            return Err(InputError::new(
                "a source is one cluster's, and `--region all` is every region",
            ));
        }
        if first.is_live() && self.second.is_none() && !self.from_nothing {
            return Err(
                InputError::new(format!("`{first}` alone would be rolled out to itself"))
                    .hint("give another source before it or behind it"),
            );
        }
        if !self.plan.is_plan() && self.intents.is_none() {
            return Err(InputError::new("nothing says what must pass").hint(
                "give `--region REGION` or `--cluster FILE`, whose facts say it, or `--intents FILE`",
            ));
        }
        Ok(())
    }

    fn baseline(&self, library: &Library) -> Option<Baseline> {
        (self.baseline == BaselineWord::On).then(|| library.baseline())
    }

    /// What there is where nothing was rolled out.
    fn nothing(&self) -> String {
        match self.baseline {
            BaselineWord::On => NOTHING.to_owned(),
            BaselineWord::Off => "nothing".to_owned(),
        }
    }
}
