//! Selectors (VAL-9, VAL-10, VAL-24; SEL-1 to SEL-15).

use crate::finding::{Code, Span};
use crate::resource::selector::{Selector, is_global_only};
use crate::yaml::Located;

use super::judge::{Judge, Raw};

/// The most characters of a selector, from Calico 3.33 (VAL-9).
const LONGEST: usize = 1024;

/// Which selector it is, as far as the rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The `selector` of a policy or of a rule.
    Main,
    /// A policy's `namespaceSelector` or `serviceAccountSelector`.
    PolicyScope,
    /// A rule's `notSelector`.
    Not,
    /// A rule's `namespaceSelector`.
    RuleNamespace,
    /// The `selector` below a rule's `serviceAccounts`.
    ServiceAccount,
}

impl Judge<'_> {
    /// Judges the selector `field`, if it is there.
    pub(super) fn selector(&mut self, field: Option<&Located<Box<str>>>, role: Role) {
        let Some(field) = field else {
            return;
        };
        let text: &str = &field.value;
        let raw = if role == Role::PolicyScope {
            Raw::WIDENED
        } else {
            Raw::DROPPED
        };
        if let Err(error) = Selector::parse(text) {
            let span = self.inside(field, &error.range());
            let mut finding = self.finding(Code::SelectorSyntax, span, error.kind().to_string());
            finding.hint = error.hint().map(str::to_owned);
            self.refuse(finding, raw);
            return;
        }
        self.global(field, role);
        let characters = text.chars().count();
        if self.since(33) && characters > LONGEST && role != Role::ServiceAccount {
            let message = format!(
                "this selector has {characters} characters, and at most {LONGEST} are taken"
            );
            let finding = self.finding(Code::LimitExceeded, field.span, message);
            let hint = "label what it selects, or split the policy";
            self.refuse(finding.hint(hint), Raw::TAKEN.refused_since(33));
        }
    }

    /// VAL-10 and VAL-24: both look at the text, as Calico does.
    fn global(&mut self, field: &Located<Box<str>>, role: Role) {
        let text: &str = &field.value;
        let sought = if self.since(33) {
            "global("
        } else {
            "global()"
        };
        let (refused, message) = match role {
            Role::Main | Role::PolicyScope => (
                text.contains(sought),
                "`global()` may only stand in the `namespaceSelector` of a rule",
            ),
            Role::RuleNamespace => (
                text.contains("global(") && !is_global_only(text),
                "`global()` in a `namespaceSelector` must stand alone",
            ),
            Role::Not | Role::ServiceAccount => (false, ""),
        };
        if refused {
            let at = text.find("global(").unwrap_or_default();
            let span = self.inside(field, &(at..at + "global()".len()));
            let finding = self.finding(Code::GlobalSelector, span, message);
            self.refuse(finding, Raw::TAKEN.refused_since(33));
        }
    }

    /// Where the bytes `range` of a text value stand; the whole value where it was written with
    /// escapes, folded, or over several lines.
    fn inside(&self, field: &Located<Box<str>>, range: &std::ops::Range<usize>) -> Span {
        let written = self.text_at(field.span);
        let value: &str = &field.value;
        let unquoted = written.strip_prefix(['"', '\'']);
        let (skipped, body) = match unquoted {
            Some(body) if !value.starts_with(['"', '\'']) => (1, body),
            _ => (0, written),
        };
        let before = value.get(..range.start).unwrap_or(value);
        let verbatim = body.starts_with(before) && !before.contains('\n');
        if !verbatim {
            return field.span;
        }
        let end = range.end.max(range.start);
        field
            .span
            .within(written, &(range.start + skipped..end + skipped))
    }
}
