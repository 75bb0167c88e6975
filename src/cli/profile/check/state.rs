//! How fresh the facts in use are.

use std::fmt;

use serde::Serialize;

use crate::finding::Error;
use crate::profile::{Day, Facts, Library, Lock, Name, Pin, PlatformProfile, Status};
use crate::upstream::parity::told;
use crate::upstream::{Change, kube_samples, losses, strays};

use crate::cli::profile::facts::{self, Ranges, Regions};
use crate::cli::profile::fetch::Fetcher;
use crate::cli::profile::short;

/// How fresh the facts in use are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checked {
    /// The day for which it is told.
    pub(super) as_of: Day,
    /// The sources.
    pub(super) sources: Vec<Asked>,
    /// The paths of profiles in use that the lock does not pin.
    pub(super) unpinned: Vec<String>,
    /// The lists that are deprecated, or do not hold on that day.
    pub(super) lists: Vec<Doubtful>,
    /// What an update would change, one a profile.
    pub(super) changes: Vec<Change>,
    /// What an update would refuse without a word for it.
    pub(super) refused: Vec<String>,
    /// What a user corrects and would not fit any more after an update, or what else nothing could be
    /// made of then.
    pub(super) unfit: Vec<String>,
    /// Regions that came from the source that was asked, which has them no longer: what is known of
    /// them stays.
    pub(super) gone: Vec<String>,
    /// The bundles that an update would change.
    pub(super) bundles: Vec<Touched>,
    /// Why sources did not answer, for standard error.
    #[serde(skip)]
    pub(super) failures: Vec<Error>,
}

/// A source, as it is pinned and as it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    /// Its name in the lock.
    pub(super) source: String,
    /// Where it is.
    pub(super) from: Vec<String>,
    /// The state that the lock pins, the newest one where there are several.
    pub(super) locked: Option<State>,
    /// The state that it is in.
    pub(super) upstream: Option<State>,
    /// What that comes to.
    pub(super) freshness: Freshness,
    /// Why it did not answer, or why nobody understands what it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failed: Option<String>,
}

/// A state of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    /// The commit or the etag, where it has such a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// The day.
    pub(super) date: Day,
}

/// How fresh what is in use of a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Freshness {
    /// The source says what is in use.
    Current,
    /// The source has another state by now, in which the same facts stand.
    Moved,
    /// The source says something else.
    Stale,
    /// Nobody asked.
    Unasked,
    /// It was asked, and did not answer what can be understood.
    Failed,
}

/// A list that is deprecated, or does not hold on the day that is asked about.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Doubtful {
    /// The region, or the operator of ranges.
    pub(super) profile: String,
    /// The list.
    pub(super) list: String,
    /// What speaks against it.
    pub(super) why: String,
}

/// A bundle that would be another one.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Touched {
    /// Its folder below the output folder.
    pub(super) folder: String,
    /// The policies that would be others, sorted.
    pub(super) policies: Vec<String>,
}

impl Checked {
    /// The facts in use, held against the lock.
    ///
    /// A profile that is not as it is pinned is an error: nobody knows then what is in use.
    pub(super) fn against_lock(library: &Library, as_of: Day) -> Result<Self, Error> {
        let (lock, input) = library.lock()?;
        let unpinned = lock.check(input, library)?;
        let lock = library.pins()?;
        let sources = library.sources()?;
        let ranges = sources.cloudflare.ranges.as_str();
        let mut lists = Vec::new();
        for region in library.regions() {
            let profile = library.region(region)?;
            for (list, facts, _) in profile.lists() {
                lists.extend(doubtful(region, &list, &facts, as_of));
            }
        }
        for name in library.ranges_names() {
            for (list, facts) in library.ranges(name)?.lists() {
                lists.extend(doubtful(name, list, &facts.facts(), as_of));
            }
        }
        let unasked = |source: &str, from: Vec<String>| Asked {
            source: source.to_owned(),
            from,
            locked: lock.of(source).last().map(state_of),
            upstream: None,
            freshness: Freshness::Unasked,
            failed: None,
        };
        let repository = sources.kube_samples.repository.to_string();
        Ok(Self {
            as_of,
            sources: vec![
                unasked(kube_samples::NAME, vec![repository]),
                unasked(ranges, vec![sources.cloudflare.api.to_string()]),
            ],
            unpinned,
            lists,
            changes: Vec::new(),
            refused: Vec::new(),
            unfit: Vec::new(),
            gone: Vec::new(),
            bundles: Vec::new(),
            failures: Vec::new(),
        })
    }

    /// Holds the facts in use against those who publish them, and gives the profiles as they would
    /// be after an update. Each source is asked by itself: one that does not answer takes nothing from
    /// what another says.
    pub(super) fn against_upstream(&mut self, library: &Library) -> Result<Library, Error> {
        let lock = library.pins()?;
        let platform = library.platform()?;
        let sources = library.sources()?;
        let name = &sources.cloudflare.ranges;
        let fetcher = match Fetcher::new(&sources) {
            Ok(fetcher) => fetcher,
            Err(error) => {
                self.failed(&[kube_samples::NAME, name.as_str()], error);
                return Ok(library.clone());
            }
        };
        let regions = self.regions(&fetcher, library, &lock, &platform);
        let ranges = self.ranges(&fetcher, name, library, &lock);
        self.changes.retain(|change| !change.is_empty());
        let objections = losses(&self.changes).into_iter();
        let objections = objections.chain(strays(&self.changes, &platform));
        self.refused
            .extend(objections.map(|objection| objection.text));
        Ok(facts::newer(library, regions.as_ref(), ranges.as_ref())?)
    }

    /// What the repository of the regions says, where that is news.
    fn regions(
        &mut self,
        fetcher: &Fetcher<'_>,
        library: &Library,
        lock: &Lock,
        platform: &PlatformProfile,
    ) -> Option<Regions> {
        let asked = is_at_tip(fetcher, library, lock).and_then(|at_tip| {
            if let Some(state) = at_tip {
                return Ok(Told::Nothing(state));
            }
            let snapshot = fetcher.snapshot(None)?;
            facts::regions(&snapshot, library, platform, &[]).map(Told::Regions)
        });
        match asked {
            Err(error) => {
                self.failed(&[kube_samples::NAME], error);
                None
            }
            Ok(Told::Nothing(state)) => {
                self.found(kube_samples::NAME, state, Freshness::Current);
                None
            }
            Ok(Told::Regions(regions)) => {
                let Regions {
                    changes,
                    drifts,
                    pin,
                    ..
                } = &regions;
                let is_same = drifts.is_empty() && changes.iter().all(Change::is_empty);
                let freshness = freshness(is_same, lock.of(kube_samples::NAME).last(), pin);
                self.found(kube_samples::NAME, state_of(pin), freshness);
                self.refused.extend(told(drifts));
                self.changes.extend(changes.iter().cloned());
                self.gone = gone(library, lock, pin);
                Some(regions)
            }
        }
    }

    /// What the operator of the ranges `name` says.
    fn ranges(
        &mut self,
        fetcher: &Fetcher<'_>,
        name: &Name,
        library: &Library,
        lock: &Lock,
    ) -> Option<Ranges> {
        match facts::ranges(fetcher, name, library, lock, self.as_of) {
            Err(error) => {
                self.failed(&[name.as_str()], error);
                None
            }
            Ok(ranges) => {
                let pinned = lock.of(name.as_str()).last();
                let is_same = freshness(ranges.change.is_empty(), pinned, &ranges.pin);
                self.found(name.as_str(), state_of(&ranges.pin), is_same);
                self.changes.push(ranges.change.clone());
                Some(ranges)
            }
        }
    }

    /// Notes that these sources did not answer.
    fn failed(&mut self, sources: &[&str], error: Error) {
        let failed = |asked: &&mut Asked| sources.contains(&asked.source.as_str());
        for asked in self.sources.iter_mut().filter(failed) {
            asked.freshness = Freshness::Failed;
            asked.failed = Some(error.to_string());
        }
        self.failures.push(error);
    }

    fn found(&mut self, source: &str, state: State, freshness: Freshness) {
        let mut sources = self.sources.iter_mut();
        if let Some(asked) = sources.find(|asked| asked.source == source) {
            asked.upstream = Some(state);
            asked.freshness = freshness;
        }
    }

    /// Whether there is nothing to do, as far as is known.
    pub(super) fn is_fresh(&self) -> bool {
        let is_stale = |asked: &Asked| asked.freshness == Freshness::Stale;
        self.lists.is_empty() && self.unfit.is_empty() && !self.sources.iter().any(is_stale)
    }
}

/// What the repository of the regions says.
enum Told {
    /// That it is in the state that is pinned.
    Nothing(State),
    Regions(Regions),
}

/// The regions in use that came from the address of `pin` and are none of those that it has now.
fn gone(library: &Library, lock: &Lock, pin: &Pin) -> Vec<String> {
    let is_gone = |region: &&str| {
        let path = Library::region_path(region);
        let pinned = lock.pinned(&path);
        pinned.is_some_and(|(old, _)| old.from == pin.from) && !pin.profiles.contains_key(&path)
    };
    let regions = library.regions().into_iter().filter(is_gone);
    regions.map(str::to_owned).collect()
}

/// The state of the regions' repository, where all regions in use are pinned to the commit at its
/// tip: nothing else need be fetched then.
fn is_at_tip(
    fetcher: &Fetcher<'_>,
    library: &Library,
    lock: &Lock,
) -> Result<Option<State>, Error> {
    let is_pinned = |region: &&str| lock.pinned(&Library::region_path(region)).is_some();
    if !library.regions().iter().all(is_pinned) {
        return Ok(None);
    }
    let tip = fetcher.tip()?;
    let is_there = |pin: &Pin| {
        pin.commit
            .as_ref()
            .is_some_and(|commit| commit.as_str() == tip)
    };
    let mut pins = lock.of(kube_samples::NAME);
    Ok(if pins.all(is_there) {
        lock.of(kube_samples::NAME).last().map(state_of)
    } else {
        None
    })
}

fn freshness(is_same: bool, pinned: Option<&Pin>, now: &Pin) -> Freshness {
    match pinned {
        _ if !is_same => Freshness::Stale,
        Some(pin) if state_of(pin).name == state_of(now).name => Freshness::Current,
        _ => Freshness::Moved,
    }
}

fn state_of(pin: &Pin) -> State {
    let commit = pin.commit.as_ref().map(ToString::to_string);
    State {
        name: commit.or_else(|| pin.etag.as_ref().map(ToString::to_string)),
        date: pin.date,
    }
}

fn doubtful(profile: &str, list: &str, facts: &Facts<'_>, as_of: Day) -> Option<Doubtful> {
    let until = facts.valid_until.filter(|until| *until < as_of);
    let from = facts.valid_from.filter(|from| *from > as_of);
    let why = match (until, from, facts.status) {
        (Some(until), ..) => format!("expired, it held until {until}"),
        (_, Some(from), _) => format!("holds from {from} only"),
        (.., Some(Status::Deprecated)) => match facts.valid_until {
            Some(until) => format!("deprecated, it holds until {until}"),
            None => "deprecated".to_owned(),
        },
        _ => return None,
    };
    Some(Doubtful {
        profile: profile.to_owned(),
        list: list.to_owned(),
        why,
    })
}

impl Asked {
    /// Its name, and why it did not answer.
    pub(super) fn failure(&self) -> Option<(&str, &str)> {
        Some((&self.source, self.failed.as_deref()?))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} ({})", short(name), self.date),
            None => self.date.fmt(f),
        }
    }
}

impl Freshness {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Moved => "moved, same facts",
            Self::Stale => "stale",
            Self::Unasked => "not asked",
            Self::Failed => "failed",
        }
    }
}
