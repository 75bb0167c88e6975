//! `palisade convert`

use clap::Args;

use crate::finding::{Error, InputError};
use crate::resource::{Body, CalicoVersion, Resource, convert, stored_form, unconverted};
use crate::source::SourceName;
use crate::yaml::to_text;

use super::library::ProfilesArguments;
use super::source::SourceArguments;
use super::{Exit, terminal};

/// Print Kubernetes policies as the Calico policies that a cluster will hold
///
/// Calico turns every Kubernetes policy that it enforces into a policy of its own, which `calicoctl
/// get policy` shows: NetworkPolicies, and those for the whole cluster that the version knows.
/// Objects of other kinds are passed over. A note tells what Calico makes nothing of, or something
/// else than it says.
///
/// Example: `palisade convert policies/ --calico-version 3.31`
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, folders with their .yaml, .yml and .json files, `-` for standard input, `git:REF:PATH`
    /// or `live`
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<SourceName>,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    profiles: ProfilesArguments,

    /// The version of Calico, which decides the policies' names, and which it enforces
    #[arg(long, value_name = "VERSION", default_value_t = CalicoVersion::NEWEST)]
    calico_version: CalicoVersion,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let library = || arguments.profiles.library();
    let set = arguments.source.resources(&arguments.sources, library)?;
    let version = arguments.calico_version;
    let mut text = String::new();
    for resource in set.iter() {
        let converted =
            convert(resource, version.era()).filter(|_| version.enforces(&resource.key.kind));
        let Some(converted) = converted else {
            tell_left_out(resource, version);
            continue;
        };
        for rule in unconverted(resource) {
            let place = resource.at(rule.span);
            terminal::tell_note(&format!("{place}: {}: {}", rule.reason, rule.becomes));
        }
        if !text.is_empty() {
            text.push_str("---\n");
        }
        text.push_str(&to_text(&stored_form(&converted))?);
    }
    if text.is_empty() {
        let message =
            format!("the input holds no Kubernetes policy that Calico {version} enforces");
        return Err(InputError::new(message).into());
    }
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

/// Tells that Calico makes nothing of a policy, or that nobody knows what.
fn tell_left_out(resource: &Resource, version: CalicoVersion) {
    let key = &resource.key;
    let reason = if key.kind.is_cluster_wide_policy_of_another_version() {
        format!(
            "nothing says what Calico makes of {}",
            key.kind.api_version()
        )
    } else if !matches!(resource.body, Body::ClusterPolicy(_)) {
        return;
    } else if version.enforces(&key.kind) {
        "it has no subject".to_owned()
    } else {
        format!("Calico {version} enforces no {}", key.kind)
    };
    let place = resource.place();
    terminal::tell_note(&format!("{place}: {key} is not converted: {reason}"));
}
