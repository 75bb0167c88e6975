//! Intents that every cluster has, from the facts alone.
//!
//! Who reaches what for which purpose is said here a second time, beside the templates and without
//! a look at them. What passes although nobody needs it, since the published sets leave it open
//! (a port of every address), is said too: the `exactly` intents are of the sets as they are. Of strict
//! sets it is said what the platform profile narrows these ports to.

mod ingress;
mod isolation;
mod pods;
mod said;
mod workers;

use crate::finding::InputError;
use crate::net::Protocol;
use crate::profile::Network;

use super::{Expect, Facts, Group, Intent, Part};

/// The component of VRRP.
const VRRP: &str = "vrrp";

/// The component of the managed Istio add-on, which is on the public network alone.
const ISTIO: &str = "istio";

/// IP in IP (EVAL-36, EVAL-37).
const IP_IN_IP: u8 = 4;

/// The intents that follow from `facts`: first what workers need and nothing besides, by network,
/// then what comes in for services, what pods need, and what isolates apps. Their names are unique.
///
/// What is said of workers holds where policies judge them: where they have host endpoints, the
/// platform's or others with its labels.
///
/// # Errors
/// A selector among the facts is none. Profiles that were read have no such selector.
pub fn built_in(facts: &Facts<'_>) -> Result<Vec<Intent>, InputError> {
    let mut intents = Vec::new();
    for network in Network::BOTH {
        if facts.has(network) {
            intents.extend(workers::reach(facts, network));
            for takers in ingress::takers(facts, network)? {
                intents.extend(workers::answer(facts, network, &takers));
            }
        }
    }
    for network in Network::BOTH {
        if facts.has(network) {
            intents.extend(ingress::of(facts, network)?);
        }
    }
    intents.extend(workers::each_other(facts)?);
    intents.extend(pods::of(facts)?);
    intents.extend(isolation::of(facts)?);
    Ok(intents)
}

/// What one group of ends needs from another.
struct Need {
    /// What it is called.
    name: String,
    /// What it is for.
    why: String,
    /// The packets.
    parts: Vec<Part>,
    /// Whether others want them of the cluster's services.
    for_services: bool,
}

impl Need {
    fn new(name: impl Into<String>, why: impl Into<String>, parts: Vec<Part>) -> Self {
        Self {
            name: name.into(),
            why: why.into(),
            parts,
            for_services: false,
        }
    }
}

/// Between whom needs are.
#[derive(Clone)]
struct Between {
    from: Group,
    to: Group,
    about: Option<Network>,
    /// Packets of which nothing is said.
    except: Vec<Part>,
}

impl Between {
    fn intent(
        &self,
        expect: Expect,
        name: String,
        why: impl Into<String>,
        parts: Vec<Part>,
    ) -> Intent {
        Intent {
            name,
            expect,
            from: self.from.clone(),
            to: self.to.clone(),
            parts,
            except: self.except.clone(),
            place: None,
            about: self.about,
            for_services: matches!(self.to, Group::Services { .. }),
            why: why.into(),
        }
    }

    /// Every need is met, and what passes besides is in `besides`.
    fn exactly(
        &self,
        needs: Vec<Need>,
        besides: Vec<Part>,
        name: String,
        why: &str,
    ) -> Vec<Intent> {
        let mut all: Vec<Part> = needs.iter().flat_map(|need| need.parts.clone()).collect();
        all.extend(besides);
        let mut intents: Vec<Intent> = self.allow(needs);
        intents.push(self.intent(Expect::Exactly, name, why, all));
        intents
    }

    /// Every need is met.
    fn allow(&self, needs: Vec<Need>) -> Vec<Intent> {
        let one = |need: Need| {
            let for_services = need.for_services;
            let mut intent = self.intent(Expect::Allow, need.name, need.why, need.parts);
            intent.for_services |= for_services;
            intent
        };
        // A strict set may leave nothing of a need on a network.
        let needs = needs.into_iter().filter(|need| !need.parts.is_empty());
        needs.map(one).collect()
    }
}

/// The protocols of what has a port on the platform, unless a fact says which.
const BOTH: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];
