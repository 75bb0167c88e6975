//! The specs of Calico policies (VAL-11 to VAL-21).

use crate::finding::{Code, Span};
use crate::resource::{Api, Direction, Policy, Rule, Written};
use crate::yaml::Located;

use super::judge::{Judge, Raw};
use super::selector::Role;

/// The most rules a direction may have, from Calico 3.33 (VAL-18).
const MOST_RULES: usize = 1024;

/// What the resource definitions refuse themselves from 3.32 on.
const REFUSED: Raw = Raw::TAKEN.refused_since(32);

impl Judge<'_> {
    pub(super) fn policy(&mut self, policy: &Policy) {
        if let Some(tier) = &policy.tier {
            self.reference("tier", tier);
        }
        if self.staged(policy) {
            return;
        }
        self.selector(policy.selector.as_ref(), Role::Main);
        let scopes = [&policy.namespace_selector, &policy.service_account_selector];
        for scope in scopes {
            self.selector(scope.as_ref(), Role::PolicyScope);
        }
        self.types(policy);
        self.flags(policy);
        self.hints(policy);
        let directions = [
            (Direction::Ingress, &policy.ingress),
            (Direction::Egress, &policy.egress),
        ];
        for (direction, rules) in directions {
            let Some(rules) = rules else { continue };
            self.rules_governed(policy, direction, rules);
            self.rules(direction, rules);
        }
    }

    /// The rules of one direction of a policy or profile.
    pub(super) fn rules(&mut self, direction: Direction, rules: &Located<Vec<Rule>>) {
        let count = rules.value.len();
        if self.since(33) && count > MOST_RULES {
            let message = format!(
                "{count} {} rules stand here, and at most {MOST_RULES} are taken",
                direction.word().to_lowercase()
            );
            let finding = self.finding(Code::LimitExceeded, rules.span, message);
            let hint = "split the policy, or put the address blocks of many rules into one";
            self.refuse(finding.hint(hint), Raw::TAKEN.refused_since(33));
        }
        for rule in &rules.value {
            self.rule(direction, rule);
        }
    }

    /// VAL-12, MOD-2.
    fn types(&mut self, policy: &Policy) {
        let Some(types) = &policy.types else {
            if self.is_stored() {
                let span = self.span_or_name(policy.span);
                let message = "this policy names no `types`, and nothing fills them in for an \
                               object in storage form: Felix applies it to both directions";
                let finding = self.finding(Code::TypesMissing, span, message);
                self.remark(finding.hint("name the directions that are meant"));
            }
            return;
        };
        if types.value.is_empty() && self.text_at(types.span) == "[]" {
            if self.since(32) {
                let message = "`types` must name at least one direction";
                let finding = self.finding(Code::PolicyTypes, types.span, message);
                self.refuse(
                    finding.hint("leave `types` out, or name what is meant"),
                    REFUSED,
                );
            }
            return;
        }
        self.directions(&types.value, "types", REFUSED);
    }

    /// The entries of a list of directions: known ones, each once.
    fn directions(&mut self, list: &[Located<Written<Direction>>], name: &str, raw: Raw) {
        for (index, entry) in list.iter().enumerate() {
            let earlier = list.iter().take(index);
            let twice = earlier.clone().any(|other| other.value == entry.value);
            let message = match &entry.value {
                Written::Invalid(text) => format!("`{text}` is not a direction"),
                Written::Valid(direction) if twice => {
                    format!("`{}` stands twice in `{name}`", direction.word())
                }
                Written::Valid(_) => continue,
            };
            let finding = self.finding(Code::PolicyTypes, entry.span, message);
            self.refuse(finding.hint("write `Ingress` or `Egress`, each once"), raw);
        }
    }

    /// VAL-14 to VAL-16.
    fn flags(&mut self, policy: &Policy) {
        let set =
            |field: &Option<Located<bool>>| field.as_ref().filter(|f| f.value).map(|f| f.span);
        let untracked = set(&policy.do_not_track);
        let before_dnat = set(&policy.pre_dnat);
        if let (Some(first), Some(second)) = (untracked, before_dnat) {
            let message = "a policy is either `doNotTrack` or `preDNAT`, not both";
            let finding = self.finding(Code::UntrackedPreDnat, second, message);
            let finding = finding.related(self.resource.at(first), "`doNotTrack` is set here");
            self.refuse(finding, REFUSED);
        }
        if before_dnat.is_some() {
            let rules = policy.egress.as_ref().filter(|rules| !rules.is_empty());
            let types = policy.types.iter().flat_map(|types| &types.value);
            let governed = types
                .filter(|entry| entry.value == Written::Valid(Direction::Egress))
                .map(|entry| (entry.span, "`Egress` in its `types`"));
            let places = rules
                .map(|rules| (rules.span, "egress rules"))
                .into_iter()
                .chain(governed);
            for (span, what) in places {
                let message = format!("a `preDNAT` policy has {what}, and it only judges ingress");
                let finding = self.finding(Code::PreDnatEgress, span, message);
                self.refuse(finding, REFUSED);
            }
        }
        let forwards = set(&policy.apply_on_forward).is_some();
        let flagged = [(before_dnat, "preDNAT"), (untracked, "doNotTrack")];
        for (span, flag) in flagged {
            let Some(span) = span.filter(|_| !forwards) else {
                continue;
            };
            let message = format!("a `{flag}` policy needs `applyOnForward: true`");
            let finding = self.finding(Code::ApplyOnForwardMissing, span, message);
            self.refuse(finding.hint("add `applyOnForward: true`"), REFUSED);
        }
    }

    /// VAL-17.
    fn hints(&mut self, policy: &Policy) {
        const KNOWN: &str = "AssumeNeededOnEveryNode";
        let list = policy.performance_hints.iter().flat_map(|list| &list.value);
        for (index, entry) in list.enumerate() {
            let message = if &*entry.value != KNOWN {
                format!("`{}` is not a performance hint", entry.value)
            } else if index > 0 {
                format!("`{KNOWN}` stands twice")
            } else {
                continue;
            };
            let finding = self.finding(Code::PerformanceHint, entry.span, message);
            self.refuse(finding.hint(format!("the only one is `{KNOWN}`")), REFUSED);
        }
    }

    /// MOD-3, VAL-13: the API takes rules that do nothing.
    fn rules_governed(
        &mut self,
        policy: &Policy,
        direction: Direction,
        rules: &Located<Vec<Rule>>,
    ) {
        // Where no types are given, the API derives them from the rules.
        let given = policy.types.as_ref().is_some_and(|types| !types.is_empty());
        // A `preDNAT` policy with egress rules is refused for that.
        let refused =
            direction == Direction::Egress && policy.pre_dnat.as_ref().is_some_and(|f| f.value);
        let governed = policy.governed(Api::CalicoV3).contains(&direction);
        if given && !governed && !refused && !rules.is_empty() {
            self.ineffective(direction, rules.span, "types");
        }
    }

    pub(super) fn ineffective(&mut self, direction: Direction, span: Span, list: &str) {
        let word = direction.word();
        let message = format!(
            "these {} rules do nothing: `{list}` does not name `{word}`",
            word.to_lowercase()
        );
        let finding = self.finding(Code::IneffectiveRules, span, message);
        self.remark(finding.hint(format!("add `{word}` to `{list}`, or take the rules out")));
    }

    /// VAL-21. Says whether that is all there is to judge.
    fn staged(&mut self, policy: &Policy) -> bool {
        let Some(action) = self.staged_action(policy.staged_action.as_ref()) else {
            return false;
        };
        let text = |field: &Option<Located<Box<str>>>| {
            field
                .as_ref()
                .filter(|f| !f.value.is_empty())
                .map(|f| f.span)
        };
        let flag =
            |field: &Option<Located<bool>>| field.as_ref().filter(|f| f.value).map(|f| f.span);
        let rules = |list: &Option<Located<Vec<Rule>>>| {
            list.as_ref().filter(|l| !l.is_empty()).map(|l| l.span)
        };
        let others = [
            ("order", policy.order.as_ref().map(|order| order.span)),
            ("selector", text(&policy.selector)),
            ("namespaceSelector", text(&policy.namespace_selector)),
            (
                "serviceAccountSelector",
                text(&policy.service_account_selector),
            ),
            (
                "types",
                policy
                    .types
                    .as_ref()
                    .filter(|t| !t.is_empty())
                    .map(|t| t.span),
            ),
            ("ingress", rules(&policy.ingress)),
            ("egress", rules(&policy.egress)),
            ("doNotTrack", flag(&policy.do_not_track)),
            ("preDNAT", flag(&policy.pre_dnat)),
            ("applyOnForward", flag(&policy.apply_on_forward)),
            (
                "performanceHints",
                policy
                    .performance_hints
                    .as_ref()
                    .filter(|h| !h.is_empty())
                    .map(|h| h.span),
            ),
        ];
        for (name, span) in others {
            let Some(span) = span else { continue };
            self.deletes_and_says(action, name, span);
        }
        true
    }

    /// The span of a staged action that deletes; what is no action is told.
    pub(super) fn staged_action(&mut self, action: Option<&Located<Box<str>>>) -> Option<Span> {
        let action = action?;
        if !["Set", "Delete", "Learn", "Ignore"].contains(&&*action.value) {
            let message = format!("`{}` is not a staged action", action.value);
            let finding = self.finding(Code::StagedAction, action.span, message);
            self.refuse(
                finding.hint("write `Set`, `Delete`, `Learn` or `Ignore`"),
                Raw::TAKEN,
            );
        }
        (&*action.value == "Delete").then_some(action.span)
    }

    pub(super) fn deletes_and_says(&mut self, action: Span, name: &str, span: Span) {
        let message = format!("a staged policy that deletes has no `{name}`");
        let finding = self.finding(Code::StagedAction, span, message);
        let finding = finding.related(self.resource.at(action), "it deletes");
        self.refuse(finding.hint("leave everything but `tier` out"), Raw::TAKEN);
    }
}
