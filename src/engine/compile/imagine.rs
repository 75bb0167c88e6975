//! Pods that need not exist, as one program sees them.

use crate::engine::answer::Answer;
use crate::engine::imagined::{ImaginedPod, PodPorts, PodSketch};
use crate::engine::program::Program;
use crate::engine::tables::Applied;
use crate::engine::topology::{Policy, policy_id};
use crate::resource::{Body, Resource};

use super::Profiles;
use super::class::class_of;
use super::cluster::{labels_of, namespace_of};
use super::endpoint::named_ports;
use super::labels::{self, Effective};
use super::selectors::ask_effective;

/// A pod that need not exist with all its labels.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Labelled {
    sketch: PodSketch,
    effective: Effective,
}

impl Labelled {
    /// What `sketch` tells of, with the labels that it inherits as far as they are known.
    pub(in crate::engine) fn of(program: &Program, sketch: &PodSketch) -> Self {
        let account = sketch.service_account.as_deref().unwrap_or("default");
        let own = sketch.labels.iter();
        let effective = labels::of_pod(
            own.map(|(key, value)| (key.as_str(), value.as_str())),
            &sketch.namespace,
            account,
            &program.namespaces,
            &program.service_accounts,
        );
        Self {
            sketch: sketch.clone(),
            effective,
        }
    }

    /// What `sketch` tells of, in a namespace and with a service account of which `settled` are
    /// the labels that every such pod has, and `inherited` those that are chosen for it.
    pub(in crate::engine) fn inheriting(
        sketch: PodSketch,
        settled: &[(String, String)],
        inherited: Vec<(String, String)>,
    ) -> Self {
        // Of a label that occurs twice the first counts, and the settled ones go before a pod's
        // own (RES-2).
        let mut all = settled.to_vec();
        let own = sketch.labels.iter();
        all.extend(own.map(|(key, value)| (key.clone(), value.clone())));
        all.extend(inherited);
        Self {
            sketch,
            effective: Effective {
                labels: all,
                ..Effective::default()
            },
        }
    }

    /// Its effective labels.
    pub(in crate::engine) fn labels(&self) -> &[(String, String)] {
        &self.effective.labels
    }

    /// Whether the labels of its namespace are not known.
    pub(in crate::engine) fn lacks_namespace(&self) -> bool {
        self.effective.unknown_namespace
    }

    /// Whether the labels of its service account are not known.
    pub(in crate::engine) fn lacks_account(&self) -> bool {
        self.effective.unknown_account
    }
}

pub(in crate::engine) fn imagine(program: &Program, sketch: &PodSketch) -> ImaginedPod {
    imagine_labelled(program, &Labelled::of(program, sketch))
}

/// The pod as the program sees it.
pub(in crate::engine) fn imagine_labelled(program: &Program, labelled: &Labelled) -> ImaginedPod {
    let Labelled { sketch, effective } = labelled;
    let policies: Vec<&Policy> = program.policies.iter().collect();
    let applied: Vec<Applied> = policies
        .iter()
        .enumerate()
        .filter_map(|(index, policy)| {
            let answer = ask_effective(&policy.selector, effective);
            (answer != Answer::No).then_some(Applied {
                policy: policy_id(index),
                certain: answer == Answer::Yes,
            })
        })
        .collect();
    let members = program.peer_sets.iter();
    let members = members.map(|set| ask_effective(&set.selector, effective));
    let served = program.services.iter().map(|set| {
        // A service that is known by its slices alone may select anything of its namespace.
        *set.namespace == *sketch.namespace
            && program
                .service_selectors
                .get(&(set.namespace.to_string(), set.name.to_string()))
                .is_none_or(|selector| {
                    let mut labels = selector.iter();
                    labels.all(|(key, value)| sketch.labels.get(key) == Some(value))
                })
    });
    ImaginedPod {
        host: sketch
            .node
            .as_deref()
            .and_then(|node| program.find_host(node)),
        address: sketch.address,
        ports: PodPorts::of(sketch),
        class: class_of(
            &applied,
            vec![Some(Profiles::NAMESPACE)],
            true,
            &policies,
            &program.tiers,
        ),
        members: members.collect(),
        served: served.collect(),
        labels: effective.labels.clone(),
        sketch: sketch.clone(),
    }
}

/// What a Pod object says of the pod that it will be.
pub(in crate::engine) fn sketch_of(resource: &Resource) -> Option<PodSketch> {
    let Body::Pod(pod) = &resource.body else {
        return None;
    };
    let phase = pod.phase.as_ref().map(|phase| &*phase.value);
    if pod.host_network || matches!(phase, Some("Failed" | "Succeeded")) {
        return None;
    }
    let text = |field: &crate::resource::Field<Box<str>>| {
        field.as_ref().map(|field| field.value.to_string())
    };
    Some(PodSketch {
        namespace: namespace_of(resource).to_owned(),
        labels: labels_of(&resource.metadata).into_iter().collect(),
        service_account: text(&pod.service_account),
        node: text(&pod.node_name),
        address: pod.ips.iter().find_map(|ip| ip.value.valid().copied()),
        ports: Some(named_ports(pod)),
    })
}
