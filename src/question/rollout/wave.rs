//! Waves: at which step of the roll-out an object is applied.
//!
//! Waves are applied in ascending order and removed in descending order. The order keeps what only
//! opens before what takes hold of workers, and that before what only closes. It does not say that
//! no flow is cut on the way: a policy that allows something still denies the rest at the end of its
//! tier (EVAL-9), and that is asked of a proof and not of a wave.

use crate::resource::{Action, Body, Direction, Policy, Resource, Rule, normal_form};

/// A step of the roll-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wave {
    /// What policies name: tiers and network sets. The API refuses a policy in a tier that is not
    /// there, and a set that is missing is empty.
    Foundation,
    /// Policies that open something in every direction that they govern and deny nothing by a rule.
    Allow,
    /// Host endpoints. One that no policy applies to drops everything but failsafes (EVAL-12), so
    /// what opens comes first.
    HostEndpoint,
    /// Policies that close: with a rule that denies, or without one that opens in a direction that
    /// they govern.
    Deny,
}

impl Wave {
    /// Every wave, the first one first.
    pub const ALL: [Self; 4] = [
        Self::Foundation,
        Self::Allow,
        Self::HostEndpoint,
        Self::Deny,
    ];

    /// The wave of an object.
    pub fn of(resource: &Resource) -> Self {
        let closes = match &resource.body {
            Body::HostEndpoint(_) => return Self::HostEndpoint,
            // EVAL-8: nothing asks them.
            _ if resource.key.kind.is_staged() => false,
            Body::Policy(policy) => closes(policy, &governed(resource)),
            Body::KubernetesPolicy(policy) => governed(resource).iter().any(|direction| {
                let rules = match direction {
                    Direction::Ingress => &policy.ingress,
                    Direction::Egress => &policy.egress,
                };
                rules.as_ref().is_none_or(|rules| rules.value.is_empty())
            }),
            Body::ClusterPolicy(policy) => {
                let rules = [&policy.ingress, &policy.egress];
                let mut rules = rules.into_iter().flatten().flat_map(|rules| &rules.value);
                rules.any(|rule| !opens_by_word(rule.action.as_ref().map(|a| &*a.value)))
            }
            _ => return Self::Foundation,
        };
        if closes { Self::Deny } else { Self::Allow }
    }

    /// Its number: 0 to 3.
    pub fn number(self) -> u8 {
        match self {
            Self::Foundation => 0,
            Self::Allow => 1,
            Self::HostEndpoint => 2,
            Self::Deny => 3,
        }
    }

    /// Number and word, as they stand in names of folders and objects: `1-allow`.
    pub fn part(self) -> String {
        format!("{}-{}", self.number(), self.word())
    }

    /// Its word, as it stands in names of folders and objects: `allow`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Foundation => "foundation",
            Self::Allow => "allow",
            Self::HostEndpoint => "host-endpoints",
            Self::Deny => "deny",
        }
    }
}

/// Whether the policy denies by a rule or, being asked to the end of its tier, by having none that
/// opens in a direction that it governs (EVAL-7, EVAL-9).
fn closes(policy: &Policy, governed: &[Direction]) -> bool {
    let rules = |direction| match direction {
        Direction::Ingress => policy.ingress.as_ref(),
        Direction::Egress => policy.egress.as_ref(),
    };
    let all = |direction| rules(direction).into_iter().flat_map(|rules| &rules.value);
    let both = [Direction::Ingress, Direction::Egress];
    if both.into_iter().flat_map(all).any(denies) {
        return true;
    }
    let is_set = |flag: &Option<crate::yaml::Located<bool>>| flag.as_ref().is_some_and(|f| f.value);
    // EVAL-17: in the lists before connection tracking and before translation no match goes on.
    if is_set(&policy.do_not_track) || is_set(&policy.pre_dnat) {
        return false;
    }
    let opens = |direction: &Direction| all(*direction).any(opens);
    !governed.iter().all(opens)
}

/// An action that is none counts as one that denies: what is not understood waits.
fn denies(rule: &Rule) -> bool {
    !matches!(
        action(rule),
        Some(Action::Allow | Action::Pass | Action::Log)
    )
}

fn opens(rule: &Rule) -> bool {
    matches!(action(rule), Some(Action::Allow | Action::Pass))
}

fn action(rule: &Rule) -> Option<Action> {
    rule.action
        .as_ref()
        .and_then(|action| action.value.valid().copied())
}

fn opens_by_word(action: Option<&str>) -> bool {
    matches!(action, Some("Allow" | "Accept" | "Pass"))
}

/// The directions that a policy governs, filled in where it does not say (MOD-1, MOD-2).
fn governed(resource: &Resource) -> Vec<Direction> {
    let form = normal_form(resource);
    let spec = form.get("spec");
    let types = spec.and_then(|spec| spec.get("types").or_else(|| spec.get("policyTypes")));
    let words = types.and_then(serde_json::Value::as_array);
    let words = words.into_iter().flatten().filter_map(|word| word.as_str());
    words
        .filter_map(|word| match word {
            "Ingress" => Some(Direction::Ingress),
            "Egress" => Some(Direction::Egress),
            _ => None,
        })
        .collect()
}
