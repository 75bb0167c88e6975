//! Which policies apply, in which order, and what their rules come to.

use super::*;

impl Naive<'_> {
    /// EVAL-1, EVAL-2: (exists, order, name) of the tiers that policies name, sorted; and whether
    /// each passes at its end.
    pub(super) fn tiers(&self) -> Vec<(String, bool)> {
        let mut names: Vec<String> = self.policies.iter().map(|p| p.tier.clone()).collect();
        names.sort();
        names.dedup();
        let mut tiers: Vec<(bool, f64, String, bool)> = Vec::new();
        for name in names {
            let given = self.set.iter().find_map(|r| match &r.body {
                Body::Tier(tier) if r.key.name == name => Some((tier.clone(), r.api)),
                _ => None,
            });
            let built_in = match (self.facts.era, name.as_str()) {
                (_, "default") => Some((1_000_000.0, false)),
                (Era::E2, "adminnetworkpolicy") | (Era::E3, "kube-admin") => Some((1000.0, true)),
                (Era::E2, "baselineadminnetworkpolicy") | (Era::E3, "kube-baseline") => {
                    Some((10_000_000.0, true))
                }
                _ => None,
            };
            match (given, built_in) {
                (Some((tier, api)), _) if self.facts.era != Era::E1 => {
                    let missing = if api == Api::CalicoV1 {
                        f64::INFINITY
                    } else {
                        1_000_000.0
                    };
                    let order = tier.order.as_ref().map_or(missing, |o| o.value);
                    let pass = tier.default_action.is_some_and(|a| &*a.value == "Pass");
                    tiers.push((false, order, name, pass));
                }
                (_, Some((order, pass))) => tiers.push((false, order, name, pass)),
                _ => tiers.push((true, f64::INFINITY, name, false)),
            }
        }
        tiers.sort_by(|a, b| {
            a.0.cmp(&b.0)
                .then(a.1.partial_cmp(&b.1).unwrap())
                .then(a.2.as_bytes().cmp(b.2.as_bytes()))
        });
        tiers.into_iter().map(|t| (t.2, t.3)).collect()
    }

    pub(super) fn sorted(&self, tier: &str) -> Vec<&Held> {
        let mut held: Vec<&Held> = self.policies.iter().filter(|p| p.tier == tier).collect();
        let order = |p: &Held| {
            p.resource
                .policy()
                .unwrap()
                .order
                .as_ref()
                .map_or(f64::INFINITY, |o| o.value)
        };
        let tie = |p: &Held| -> String {
            let namespace = p.resource.key.namespace.clone().unwrap_or_default();
            if self.facts.era == Era::E3 {
                let kind = match p.resource.key.kind {
                    Kind::GlobalNetworkPolicy => "GlobalNetworkPolicy",
                    Kind::NetworkPolicy => "NetworkPolicy",
                    Kind::ClusterNetworkPolicy => "KubernetesClusterNetworkPolicy",
                    _ => "KubernetesNetworkPolicy",
                };
                format!("{}/{namespace}/{kind}", p.stored)
            } else if namespace.is_empty() {
                p.stored.clone()
            } else {
                format!("{namespace}/{}", p.stored)
            }
        };
        held.sort_by(|a, b| {
            order(a)
                .partial_cmp(&order(b))
                .unwrap()
                .then(tie(a).as_bytes().cmp(tie(b).as_bytes()))
        });
        held
    }

    pub(super) fn in_list(policy: &Policy, list: List) -> bool {
        let flag = |f: &Option<palisade::yaml::Located<bool>>| f.as_ref().is_some_and(|f| f.value);
        let untracked = flag(&policy.do_not_track);
        let pre_dnat = !untracked && flag(&policy.pre_dnat);
        match list {
            List::Untracked => untracked,
            List::PreDnat => pre_dnat,
            List::Normal => !untracked && !pre_dnat,
            List::Forward => !untracked && !pre_dnat && flag(&policy.apply_on_forward),
        }
    }

    pub(super) fn applies(held: &Held, labels: &Labels, list: List, direction: Direction) -> bool {
        let policy = held.resource.policy().unwrap();
        Self::in_list(policy, list)
            && Self::governs(held).contains(&direction)
            && Selector::parse(&held.text).unwrap().matches(labels)
    }

    /// MOD-1, MOD-2.
    pub(super) fn governs(held: &Held) -> Vec<Direction> {
        let policy = held.resource.policy().unwrap();
        let types: Vec<Direction> = policy
            .types
            .iter()
            .flat_map(|l| l.value.iter())
            .filter_map(|t| t.value.valid().copied())
            .collect();
        if !types.is_empty() {
            return types;
        }
        let both = vec![Direction::Ingress, Direction::Egress];
        if held.resource.api == Api::CalicoV1 {
            return both;
        }
        let (ingress, egress) = (
            !rules(policy, Direction::Ingress).is_empty(),
            !rules(policy, Direction::Egress).is_empty(),
        );
        match (ingress, egress) {
            (_, false) => vec![Direction::Ingress],
            (false, true) => vec![Direction::Egress],
            (true, true) => both,
        }
    }

    /// The chain of section 4.11.
    pub(super) fn chain(
        &self,
        labels: &Labels,
        direction: Direction,
        list: List,
        packet: &Packet,
    ) -> Say {
        let pass_at_end = matches!(list, List::Untracked | List::PreDnat);
        for (tier, passes) in self.tiers() {
            let policies: Vec<&Held> = self
                .sorted(&tier)
                .into_iter()
                .filter(|held| Self::applies(held, labels, list, direction))
                .collect();
            if policies.is_empty() {
                continue;
            }
            let mut passed = false;
            'tier: for held in policies {
                for (index, rule) in rules(held.resource.policy().unwrap(), direction)
                    .iter()
                    .enumerate()
                {
                    if !self.matches(held, direction, index, rule, packet) {
                        continue;
                    }
                    let Written::Valid(action) = rule.action.as_ref().unwrap().value else {
                        panic!("generated actions are right")
                    };
                    match action {
                        Action::Allow => return Say::Allow,
                        Action::Deny => return Say::Deny,
                        Action::Log => {}
                        Action::Pass => {
                            passed = true;
                            break 'tier;
                        }
                    }
                }
            }
            if !passed && !passes && !pass_at_end {
                return Say::Deny;
            }
        }
        Say::Nothing
    }
}
