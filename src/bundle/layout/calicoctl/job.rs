//! The Job that applies waves.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::InputError;
use crate::yaml::to_text;

use super::super::super::inventory::digest_of;
use super::super::{DIGITS, Metadata, labels_of};
use super::{Own, Runner, SYNC_WAVE, Step};

/// By which Argo CD takes an object for a hook, and when it takes the last one of its name away.
const HOOK: (&str, &str) = ("argocd.argoproj.io/hook", "Sync");
const HOOK_DELETED: (&str, &str) = (
    "argocd.argoproj.io/hook-delete-policy",
    "BeforeHookCreation",
);

/// Where the texts are in the container.
const FOLDER: &str = "/policies";

/// Where images have calicoctl: those of it alone in `/`, those of all of Calico in `/usr/bin`.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/";

/// Some user that is not root.
const NOBODY: u32 = 65_532;

/// How often a Job tries again, and after how many seconds for each wave it has failed: before Flux
/// stops waiting.
const RETRIES: u32 = 3;
const DEADLINE: u32 = 150;

/// For how many seconds a Job can be looked at that nobody takes away.
const KEPT: u32 = 600;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: Spec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    backoff_limit: u32,
    active_deadline_seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_seconds_after_finished: Option<u32>,
    template: Template<'a>,
}

#[derive(Serialize)]
struct Template<'a> {
    metadata: Labels,
    spec: Pod<'a>,
}

#[derive(Serialize)]
struct Labels {
    labels: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pod<'a> {
    service_account_name: String,
    automount_service_account_token: bool,
    restart_policy: &'static str,
    node_selector: BTreeMap<&'static str, &'static str>,
    security_context: PodSecurity,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    init_containers: Vec<Container<'a>>,
    containers: Vec<Container<'a>>,
    volumes: Vec<Volume>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PodSecurity {
    run_as_non_root: bool,
    run_as_user: u32,
    run_as_group: u32,
    seccomp_profile: SeccompProfile,
}

#[derive(Serialize)]
struct SeccompProfile {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Container<'a> {
    name: String,
    image: &'a str,
    command: [&'static str; 1],
    args: [String; 2],
    env: [Variable; 2],
    security_context: Security,
    resources: Resources,
    volume_mounts: [Mount; 1],
}

#[derive(Serialize)]
struct Variable {
    name: &'static str,
    value: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Security {
    allow_privilege_escalation: bool,
    read_only_root_filesystem: bool,
    capabilities: Capabilities,
}

#[derive(Serialize)]
struct Capabilities {
    drop: [&'static str; 1],
}

#[derive(Serialize)]
struct Resources {
    requests: Amounts,
    limits: Amounts,
}

#[derive(Serialize)]
struct Amounts {
    cpu: &'static str,
    memory: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mount {
    name: String,
    #[serde(rename = "mountPath")]
    path: &'static str,
    read_only: bool,
}

#[derive(Serialize)]
struct Volume {
    name: String,
    projected: Projected,
}

#[derive(Serialize)]
struct Projected {
    sources: Vec<Source>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    config_map: Named,
}

#[derive(Serialize)]
struct Named {
    name: String,
}

/// The Job that takes these steps, one after the other.
pub(super) fn job<'a>(own: &'a Own<'_>, steps: &[Step]) -> Result<Job<'a>, InputError> {
    let spec = spec(own, steps);
    let (name, annotations) = match own.runner {
        // A Job cannot be changed, so its name says what it holds: another content is another Job.
        Runner::Kubectl | Runner::Flux => {
            let digest = digest_of(to_text(&spec)?.as_bytes());
            let digits: String = digest.chars().take(DIGITS).collect();
            (own.name(&format!("-{digits}")), BTreeMap::new())
        }
        Runner::Argocd => {
            let wave = steps.first().map(|step| step.wave.number().to_string());
            let wave = wave.unwrap_or_default();
            let pairs = [HOOK, HOOK_DELETED, (SYNC_WAVE, wave.as_str())];
            let annotations = pairs.map(|(key, value)| (key, value.to_owned()));
            (own.name(""), annotations.into())
        }
    };
    Ok(Job {
        api_version: "batch/v1",
        kind: "Job",
        metadata: Metadata {
            annotations,
            ..own.metadata(name)
        },
        spec,
    })
}

fn spec<'a>(own: &'a Own<'_>, steps: &[Step]) -> Spec<'a> {
    // Containers run at once, those that come before one after the other.
    let mut before: Vec<Container<'_>> = steps.iter().map(|step| container(own, step)).collect();
    let last = before.pop();
    let deadlines = steps.iter().map(|_| DEADLINE);
    Spec {
        backoff_limit: RETRIES,
        active_deadline_seconds: deadlines.sum(),
        ttl_seconds_after_finished: (own.runner == Runner::Kubectl).then_some(KEPT),
        template: Template {
            metadata: Labels {
                labels: labels_of(&own.bundle.folder),
            },
            spec: Pod {
                service_account_name: own.account(),
                automount_service_account_token: true,
                restart_policy: "Never",
                node_selector: [("kubernetes.io/os", "linux")].into(),
                security_context: PodSecurity {
                    run_as_non_root: true,
                    run_as_user: NOBODY,
                    run_as_group: NOBODY,
                    seccomp_profile: SeccompProfile {
                        kind: "RuntimeDefault",
                    },
                },
                init_containers: before,
                containers: last.into_iter().collect(),
                volumes: steps.iter().map(volume).collect(),
            },
        },
    }
}

/// The container that applies a wave.
fn container<'a>(own: &'a Own<'_>, step: &Step) -> Container<'a> {
    Container {
        name: step.wave.part(),
        image: &own.settings.image,
        command: ["calicoctl"],
        args: ["apply".to_owned(), format!("--filename={FOLDER}")],
        env: [
            Variable {
                name: "DATASTORE_TYPE",
                value: "kubernetes",
            },
            Variable {
                name: "PATH",
                value: PATH,
            },
        ],
        security_context: Security {
            allow_privilege_escalation: false,
            read_only_root_filesystem: true,
            capabilities: Capabilities { drop: ["ALL"] },
        },
        resources: Resources {
            requests: Amounts {
                cpu: "50m",
                memory: "64Mi",
            },
            limits: Amounts {
                cpu: "500m",
                memory: "256Mi",
            },
        },
        volume_mounts: [Mount {
            name: step.wave.part(),
            path: FOLDER,
            read_only: true,
        }],
    }
}

/// The texts of a wave, all in one folder.
fn volume(step: &Step) -> Volume {
    let sources = step.maps.iter().map(|name| Source {
        config_map: Named { name: name.clone() },
    });
    Volume {
        name: step.wave.part(),
        projected: Projected {
            sources: sources.collect(),
        },
    }
}
