//! One object before its judge: what breaks a rule becomes a finding, worded for the form in
//! which the object is given.

use crate::finding::{Code, Finding, Severity, Span};
use crate::resource::{Api, Resource};

use super::Rules;

/// What becomes of an object in storage form that breaks a rule (VAL intro): Calico's validator
/// never sees such an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw {
    /// The minor number of the version whose resource definitions refuse it after all.
    refused_since: Option<u16>,
    felix: Felix,
}

#[derive(Debug, Clone, Copy)]
enum Felix {
    /// Felix treats the whole object as if it were not there (VAL-55).
    Drops,
    /// Felix leaves the selector out, so that the policy applies to more (RES-9).
    Widens,
    /// Felix leaves the entry out of its list (RES-23).
    LeavesOut,
    /// Felix takes it as it is.
    Takes,
}

impl Raw {
    /// Felix drops the object.
    pub(super) const DROPPED: Self = Self::of(Felix::Drops);
    /// Felix drops the selector.
    pub(super) const WIDENED: Self = Self::of(Felix::Widens);
    /// Felix drops the entry.
    pub(super) const LEFT_OUT: Self = Self::of(Felix::LeavesOut);
    /// Nobody minds.
    pub(super) const TAKEN: Self = Self::of(Felix::Takes);
    /// The Kubernetes API server refuses it in any form.
    pub(super) const REFUSED: Self = Self::TAKEN.refused_since(0);

    const fn of(felix: Felix) -> Self {
        Self {
            refused_since: None,
            felix,
        }
    }

    /// As this, but from Calico 3.`minor` on the resource definitions refuse it.
    pub(super) const fn refused_since(self, minor: u16) -> Self {
        Self {
            refused_since: Some(minor),
            felix: self.felix,
        }
    }
}

/// One object, the rules it is held to, and what was found.
pub(super) struct Judge<'a> {
    pub(super) resource: &'a Resource,
    pub(super) rules: Rules,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl<'a> Judge<'a> {
    /// Whether the object is given in Calico's storage form.
    pub(super) fn is_stored(&self) -> bool {
        self.resource.api == Api::CalicoV1
    }

    /// Whether the version is 3.`minor` or newer.
    pub(super) fn since(&self, minor: u16) -> bool {
        self.rules.version.at_least(3, minor)
    }

    /// Where the name of the object stands.
    pub(super) fn name_span(&self) -> Span {
        let metadata = &self.resource.metadata;
        metadata.name.as_ref().map_or(metadata.span, |n| n.span)
    }

    /// `span`, or where the name stands if that is nowhere: a spec that is not there.
    pub(super) fn span_or_name(&self, span: Span) -> Span {
        if span == Span::default() {
            self.name_span()
        } else {
            span
        }
    }

    /// What stands at `span` of the object's text.
    pub(super) fn text_at(&self, span: Span) -> &'a str {
        let text = &self.resource.input.text;
        text.get(span.range()).unwrap_or_default()
    }

    /// A finding about the object.
    pub(super) fn finding(&self, code: Code, span: Span, message: impl Into<String>) -> Finding {
        Finding::new(code, self.resource.at(span), message)
    }

    /// Tells something that the API takes.
    pub(super) fn remark(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Tells something that the API refuses; where the object is in storage form, what happens
    /// instead.
    pub(super) fn refuse(&mut self, mut finding: Finding, raw: Raw) {
        let refused = raw.refused_since.is_some_and(|minor| self.since(minor));
        if self.is_stored() && !refused {
            let instead = match raw.felix {
                Felix::Drops => "Felix drops the whole object",
                Felix::Widens => "Felix ignores the selector, and the policy applies to more",
                Felix::LeavesOut => "Felix leaves it out of the list",
                Felix::Takes => {
                    finding.severity = Severity::Warning;
                    "only objects of projectcalico.org/v3 are held to that"
                }
            };
            finding.message = format!("{}; in storage form {instead}", finding.message);
        }
        self.findings.push(finding);
    }

    /// Tells that a required field is missing or empty.
    pub(super) fn missing(&mut self, span: Span, message: impl Into<String>, raw: Raw) {
        let finding = self.finding(Code::MissingField, span, message);
        self.refuse(finding, raw);
    }
}
