//! `palisade log-denied`

use clap::Args;

use crate::finding::{Error, InputError};
use crate::question::logging::{Exactness, PolicyName, Recorded, Silent, Wanted, log_denied};
use crate::question::subject::subject;
use crate::source::SourceName;

use super::known::{EngineArguments, KnownArguments};
use super::source::SourceArguments;
use super::{Exit, terminal};

/// Print Log policies that record what policies deny
///
/// For every policy that denies something, Kubernetes' or Calico's, a policy with the same selector
/// that records it in the workers' system log: before the policy for what its Deny rules drop, and
/// behind the last policy of the same endpoints for what is left to the end of the tier. It is
/// proven that no verdict changes, and that what is recorded is what is denied; where that cannot
/// be had, a note says whether more or less is recorded, and which packet.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  palisade log-denied policies/                              every policy of a folder
  palisade log-denied live --policy NetworkPolicy/default/access-nginx
  palisade log-denied generated/us-south --policy deny-all-private-default | kubectl apply -f -

Exit codes: 0 printed, 2 the call or an input is wrong, or nothing is denied, 3 something outside
failed.")]
pub(super) struct Arguments {
    /// Files, folders with their .yaml, .yml and .json files, `-` for standard input,
    /// `git:REF[:PATH]`, `live[:CONTEXT]` or `region:NAME[/NETWORK]`
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<SourceName>,

    /// Only what these policies deny: NAME, KIND/NAME or KIND/NAMESPACE/NAME; else every policy of
    /// SOURCE
    #[arg(long, value_name = "POLICY", value_delimiter = ',', num_args = 1..)]
    policy: Vec<PolicyName>,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    known: KnownArguments,

    #[command(flatten)]
    engine: EngineArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let known = arguments.known.read()?;
    let library = || arguments.known.library();
    let given = arguments.source.resources(&arguments.sources, library)?;
    let given = arguments.known.with_nodes(given)?;
    let known = known.with_samples(&given);
    let mut subject = subject(given, &known)?;
    arguments.engine.tell(&mut subject.settings);
    let wanted = match arguments.policy.as_slice() {
        [] => Wanted::All,
        names => Wanted::Policies(names.to_vec()),
    };
    let recorded = log_denied(&subject, &wanted, &known.platform_profile)?;
    refuse_nothing(&wanted, &recorded)?;
    tell(&recorded);
    terminal::print(&text(&recorded))?;
    Ok(Exit::Clean)
}

/// Refuses a call that comes to nothing: a policy that was named and denies nothing, or no policy at
/// all that does.
pub(super) fn refuse_nothing(wanted: &Wanted, recorded: &Recorded) -> Result<(), InputError> {
    let is_recorded = |key| {
        let mut policies = recorded.policies.iter();
        policies.any(|policy| policy.of.contains(key))
    };
    let mut without = recorded.silent.iter().filter(|one| !is_recorded(&one.key));
    if let (Wanted::Policies(_), Some(first)) = (wanted, without.next()) {
        let error = InputError::new(format!("nothing to record of {first}"));
        return Err(wanted.told(&first.key, error));
    }
    if recorded.policies.is_empty() {
        let mut error = InputError::new(if recorded.silent.iter().any(|silent| silent.denies) {
            "nothing of what the input denies can be recorded"
        } else {
            "no policy of the input denies anything"
        });
        for silent in &recorded.silent {
            error = error.also(InputError::new(silent.to_string()));
        }
        return Err(error);
    }
    Ok(())
}

/// Tells of what is recorded otherwise than it is denied or cannot be, and how many policies have
/// nothing.
pub(super) fn tell(recorded: &Recorded) {
    for policy in &recorded.policies {
        if policy.exactness != Exactness::Exact {
            let told = policy.described();
            terminal::tell_note(&format!("{}: {}", policy.resource.key, told.join(" ")));
        }
    }
    let (denying, silent): (Vec<&Silent>, Vec<&Silent>) =
        recorded.silent.iter().partition(|silent| silent.denies);
    for one in denying {
        terminal::tell_note(&one.to_string());
    }
    let silent = silent.len();
    if silent > 0 {
        let policies = match silent {
            1 => "1 policy has".to_owned(),
            _ => format!("{silent} policies have"),
        };
        terminal::tell_note(&format!(
            "{policies} nothing to record; `--policy NAME` says why"
        ));
    }
}

/// The policies as one stream of documents.
fn text(recorded: &Recorded) -> String {
    let mut text = String::new();
    for policy in &recorded.policies {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        for line in policy.described() {
            text.push_str(&format!("# {line}\n"));
        }
        text.push_str(&policy.resource.input.text);
    }
    text
}
