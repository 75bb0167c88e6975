//! Which policies apply to which endpoints (EVAL-6, EVAL-16, EVAL-17).

use rustc_hash::FxHashMap;

use crate::engine::answer::Answer;
use crate::engine::answer::Doubt;
use crate::engine::chain::{Chain, ChainTier, Form, Line};
use crate::engine::tables::{Applied, Class, ClassId, ProfileId};
use crate::engine::topology::{Policy, PolicyKind, Tier, policy_id};
use crate::resource::Direction;

use super::Profiles;
use super::endpoint::Topology;
use super::peer::{Group, Members, What};
use super::policy::Draft;
use super::rule::Rules;
use super::selectors::SelectorNo;

/// What endpoints of one class have in common: policies, profiles, and whether they are pods.
type ClassKey = (Vec<Applied>, Vec<Option<ProfileId>>, bool);

/// Gives every endpoint its class.
pub(super) fn assign(
    topology: &mut Topology,
    members: &Members,
    groups: &[Group],
    tiers: &[Tier],
    drafts: &[Draft],
    profiles: &Profiles,
    rules: &Rules,
) -> Vec<Class> {
    let mut classes = Vec::new();
    let mut known: FxHashMap<ClassKey, ClassId> = FxHashMap::default();
    let policies: Vec<&Policy> = drafts.iter().map(|draft| &draft.policy).collect();
    for group in groups {
        let ends = |index: &usize| members.all.get(*index).map(|member| member.what);
        let whats: Vec<What> = group.members.iter().filter_map(ends).collect();
        if whats.iter().all(|what| *what == What::Set) {
            continue;
        }
        let applied = applied(group, drafts, rules);
        for what in whats {
            let (own, is_pod) = match what {
                What::Pod(_) => (vec![Some(Profiles::NAMESPACE)], true),
                What::HostEndpoint(id, _) => (topology.profiles_of(id, profiles), false),
                What::Set => continue,
            };
            let next = ClassId::new(classes.len());
            let key = (applied.clone(), own.clone(), is_pod);
            let class = *known.entry(key).or_insert(next);
            if class == next {
                classes.push(class_of(&applied, own, is_pod, &policies, tiers));
            }
            match what {
                What::Pod(id) => topology.set_pod_class(id, class),
                What::HostEndpoint(id, _) => topology.set_endpoint_class(id, class),
                What::Set => {}
            }
        }
    }
    classes
}

/// The policies that select the members of a group, in order.
fn applied(group: &Group, drafts: &[Draft], rules: &Rules) -> Vec<Applied> {
    let mut answers: FxHashMap<SelectorNo, Answer> = FxHashMap::default();
    let mut applied = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let answer = *answers
            .entry(draft.selector)
            .or_insert_with(|| rules.selectors.ask(draft.selector, &group.labels));
        if answer != Answer::No {
            applied.push(Applied {
                policy: policy_id(index),
                certain: answer == Answer::Yes,
            });
        }
    }
    applied
}

/// What `applied` comes to for a pod or a host endpoint.
pub(super) fn class_of(
    applied: &[Applied],
    profiles: Vec<Option<ProfileId>>,
    is_pod: bool,
    policies: &[&Policy],
    tiers: &[Tier],
) -> Class {
    let build = |direction, override_passes, counts: &dyn Fn(&Policy) -> bool| {
        chain(applied, policies, tiers, direction, override_passes, counts)
    };
    let both = |override_passes, counts: &dyn Fn(&Policy) -> bool| {
        [Direction::Ingress, Direction::Egress]
            .map(|direction| build(direction, override_passes, counts))
    };
    // MOD-4: policies of the two early hooks do not count for pods, applyOnForward changes
    // nothing there.
    let is_normal =
        |policy: &Policy| matches!(policy.kind, PolicyKind::Normal | PolicyKind::Forward);
    let is = |kind: PolicyKind| move |policy: &Policy| policy.kind == kind;
    let normal = both(false, &is_normal);
    if is_pod {
        return Class {
            policies: applied.into(),
            profiles: profiles.into(),
            normal,
            ..Class::default()
        };
    }
    let forward = both(false, &is(PolicyKind::Forward));
    Class {
        policies: applied.into(),
        profiles: profiles.into(),
        untracked: both(true, &is(PolicyKind::Untracked)),
        pre_dnat: build(Direction::Ingress, true, &is(PolicyKind::PreDnat)),
        normal,
        has_forward: forward.iter().any(|chain| !chain.tiers.is_empty()),
        forward,
    }
}

fn chain(
    applied: &[Applied],
    policies: &[&Policy],
    tiers: &[Tier],
    direction: Direction,
    override_passes: bool,
    counts: &dyn Fn(&Policy) -> bool,
) -> Chain {
    let mut found: Vec<ChainTier> = Vec::new();
    let mut rest = applied
        .iter()
        .filter_map(|applied| Some((*applied, *policies.get(applied.policy.index())?)))
        .filter(|(_, policy)| policy.governs(direction) && counts(policy))
        .peekable();
    while let Some((_, first)) = rest.peek() {
        let tier = first.tier;
        let mut of_tier = Vec::new();
        while let Some(next) = rest.next_if(|(_, policy)| policy.tier == tier) {
            of_tier.push(next);
        }
        let enforced = || of_tier.iter().filter(|(_, policy)| !policy.staged);
        // EVAL-8: a tier of staged policies alone is as good as absent.
        if enforced().next().is_none() {
            continue;
        }
        let mut lines = Vec::new();
        let mut forms: Vec<Form> = Vec::new();
        for (applied, policy) in enforced() {
            let first = lines.len();
            let labels = (!applied.certain).then_some(Doubt::NamespaceLabels);
            lines.extend(policy.rules(direction).map(|rule| Line {
                rule,
                doubt: labels.or(policy.under_way.map(|_| Doubt::UnderWay)),
                assumed: policy.assumed,
            }));
            if let Some(step) = policy.under_way {
                forms.push(Form {
                    step,
                    lines: first..lines.len(),
                    certain: applied.certain,
                });
            }
        }
        let is_settled = |(_, policy): &&(Applied, &Policy)| policy.under_way.is_none();
        // Of two forms of one policy exactly one is there.
        let stays = |form: &Form| {
            let same = forms.iter().filter(|f| f.certain && f.step == form.step);
            same.count() > 1
        };
        found.push(ChainTier {
            tier,
            passes: override_passes || tiers.get(tier.index()).is_some_and(|tier| tier.passes),
            certain: enforced().filter(is_settled).any(|(a, _)| a.certain)
                || forms.iter().any(stays),
            settled: enforced().any(|one| is_settled(&one)),
            assumed: enforced().all(|(_, policy)| policy.assumed),
            lines: lines.into(),
            forms: forms.into(),
            policies: of_tier.iter().map(|(applied, _)| *applied).collect(),
        });
    }
    Chain {
        tiers: found.into(),
    }
}
