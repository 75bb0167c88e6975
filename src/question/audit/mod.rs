//! What of a set of policies does nothing, and what does too much.
//!
//! A rule or list entry that is found changes no verdict between any two classes of endpoints: not
//! one after the other, but by the union of all that comes before it and by what all that comes
//! behind it decides. All findings together can be removed at once. What is not known counts as it
//! may be: where it hangs on that whether a rule matters, it is not told.
//!
//! | part | what it does |
//! |---|---|
//! | `asked` | where rules are asked, and which packets each is the first to hold |
//! | `behind` | what becomes of packets that a rule passes by |
//! | `dead`, `lists` | rules that change no verdict, and list entries |
//! | `equal` | whether two programs do the same with all packets |
//! | `entries` | what only one entry of a list brings |
//! | `tree` | many spaces asked at once |
//! | `told` | what was found, in sentences |
//! | `idle`, `wide`, `twins`, `dated` | the other findings |

mod asked;
mod behind;
mod dated;
mod dead;
mod entries;
mod equal;
mod idle;
mod lists;
mod told;
mod tree;
mod twins;
mod wide;

pub use dated::dated;
pub use equal::difference;

use crate::engine::Program;
use crate::engine::reach::{Assumptions, Reach};
use crate::engine::space::SpaceError;
use crate::finding::{Code, Finding, InputError};
use crate::profile::PlatformProfile;
use crate::resource::ResourceSet;
use crate::resource::validate::{Rules, validate};

use super::pods::too_many;
use dead::Walk;

/// How many bits the prefix of a public block has at most for a rule to be wide that opens every
/// port to it.
pub const WIDE: u8 = 16;

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What, where, and why.
    pub finding: Finding,
    /// What stands at the place, if it can be removed and no verdict changes.
    pub removal: Option<Removal>,
}

/// What can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Removal {
    /// A rule.
    Rule,
    /// An entry of a list.
    Entry,
}

/// What is looked for besides what changes no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// See [`WIDE`].
    pub wide: u8,
    /// The version of Calico by which ties of orders are judged.
    pub rules: Rules,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            wide: WIDE,
            rules: Rules::default(),
        }
    }
}

/// Everything there is to tell of `program`, which `resources` were compiled to, in no order that
/// means anything.
///
/// # Errors
/// The input's selectors tell too many kinds of pods apart, or the sets of packets outgrow the
/// memory set aside for them.
pub fn audit(
    program: &Program,
    resources: &ResourceSet,
    facts: &PlatformProfile,
    options: Options,
) -> Result<Vec<Found>, InputError> {
    let mut walk = walk(program, facts)?;
    let mut found = look(&mut walk, resources).map_err(too_large)?;
    let is_gone = |rule| walk.gone.contains(&rule);
    found.extend(wide::wide(program, facts, options.wide, is_gone));
    found.extend(idle::idle(&walk.reach));
    found.extend(twins::twins(&mut walk.reach, facts).map_err(too_large)?);
    let ties = validate(resources, options.rules).into_iter();
    let ties = ties.filter(|finding| finding.code == Code::OrderTie);
    found.extend(ties.map(|finding| Found {
        finding,
        removal: None,
    }));
    Ok(found)
}

/// The rules and list entries alone that change no verdict, all of which can be removed together.
///
/// # Errors
/// As [`audit`] says.
pub fn removable(
    program: &Program,
    resources: &ResourceSet,
    facts: &PlatformProfile,
) -> Result<Vec<Found>, InputError> {
    let mut found = look(&mut walk(program, facts)?, resources).map_err(too_large)?;
    found.retain(|found| found.removal.is_some());
    Ok(found)
}

fn walk<'p>(program: &'p Program, facts: &PlatformProfile) -> Result<Walk<'p>, InputError> {
    let assumptions = Assumptions {
        asked: Vec::new(),
        absent: vec![facts.role_label.clone()],
        services: false,
    };
    let reach = Reach::new(program, &assumptions).map_err(|error| too_many(&error, program))?;
    Walk::new(reach).map_err(too_large)
}

fn look(walk: &mut Walk<'_>, resources: &ResourceSet) -> Result<Vec<Found>, SpaceError> {
    walk.go(resources)?;
    Ok(walk.told())
}

fn too_large(error: SpaceError) -> InputError {
    InputError::new(format!("the audit outgrows its memory: {error}")).hint(
        "list the pods there are, or audit parts of the input by themselves: what is told apart is \
         what its selectors and blocks tell apart",
    )
}
