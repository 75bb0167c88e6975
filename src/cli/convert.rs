//! `palisade convert`

use clap::Args;

use crate::finding::{Error, InputError};
use crate::resource::{CalicoVersion, Kind, convert, stored_form};
use crate::source::SourceName;
use crate::yaml::to_text;

use super::library::ProfilesArguments;
use super::source::SourceArguments;
use super::{Exit, terminal};

/// Print Kubernetes policies as the Calico policies that a cluster will hold
///
/// Calico turns every Kubernetes NetworkPolicy into a policy of its own, which `calicoctl get policy`
/// shows. Objects of other kinds are passed over, with a note where Calico enforces them too.
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

    /// The version of Calico, which decides the policies' names
    #[arg(long, value_name = "VERSION", default_value_t = CalicoVersion::NEWEST)]
    calico_version: CalicoVersion,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let library = || arguments.profiles.library();
    let set = arguments.source.resources(&arguments.sources, library)?;
    for resource in set.iter() {
        if resource.key.kind.is_cluster_wide_kubernetes_policy() {
            terminal::tell_note(&format!(
                "{}: {} is not converted: cluster-wide policies are not modelled",
                resource.place(),
                resource.key
            ));
        }
    }
    let policies = set.iter().filter(|resource| {
        matches!(
            resource.key.kind,
            Kind::KubernetesNetworkPolicy | Kind::StagedKubernetesNetworkPolicy
        )
    });
    let mut text = String::new();
    for policy in policies {
        let Some(converted) = convert(policy, arguments.calico_version.era()) else {
            continue;
        };
        if !text.is_empty() {
            text.push_str("---\n");
        }
        text.push_str(&to_text(&stored_form(&converted))?);
    }
    if text.is_empty() {
        return Err(InputError::new("the input holds no Kubernetes NetworkPolicy").into());
    }
    terminal::print(&text)?;
    Ok(Exit::Clean)
}
