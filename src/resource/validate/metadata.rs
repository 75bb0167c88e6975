//! Names, labels and annotations (VAL-1 to VAL-8, VAL-52, VAL-54; STORE-5, STORE-7, STORE-13).

use crate::finding::Code;
use crate::resource::{Api, Era, Kind, Label};

use super::judge::{Judge, Raw};
use super::name;

/// The tier of a policy that names none.
pub(super) const DEFAULT_TIER: &str = "default";

/// The label in which the API shows a policy's tier.
const TIER_LABEL: &str = "projectcalico.org/tier";

/// The label that Calico itself gives every namespaced endpoint (VAL-8).
const NAMESPACE_LABEL: &str = "projectcalico.org/namespace";

/// The most bytes that the annotations of an object may have together (VAL-7).
const MOST_ANNOTATION_BYTES: usize = 262_144;

/// Names that are exempt from carrying their tier (VAL-3).
const EXEMPT: [&str; 4] = [
    "knp.default.",
    "kanp.adminnetworkpolicy.",
    "kbanp.baselineadminnetworkpolicy.",
    "ossg.",
];

impl Judge<'_> {
    pub(super) fn metadata(&mut self) {
        self.scope();
        if self.object_name() && self.resource.policy().is_some() {
            self.policy_tier();
        }
        let resource = self.resource;
        for label in &resource.metadata.labels {
            self.label(label);
        }
        self.reserved_labels();
        self.annotations(&resource.metadata.annotations);
    }

    /// VAL-52: what lies in no namespace names none; what lies in one should say which.
    fn scope(&mut self) {
        let resource = self.resource;
        let kind = &resource.key.kind;
        match (kind.is_namespaced(), &resource.metadata.namespace) {
            (Some(false), Some(namespace)) => {
                let message = format!("a {kind} lies in no namespace");
                let finding = self.finding(Code::NamespaceScope, namespace.span, message);
                self.refuse(finding.hint("leave `namespace` out"), Raw::TAKEN);
            }
            (Some(true), None) => {
                let message = format!("this {kind} names no namespace");
                let finding = self.finding(Code::DefaultNamespace, self.name_span(), message);
                self.remark(
                    finding
                        .hint("calicoctl puts it into `default`, kubectl where its context points"),
                );
            }
            (_, Some(namespace)) if !name::is_dns_label(&namespace.value) => {
                let text = &namespace.value;
                let message = format!("`{text}` cannot be the name of a namespace");
                let finding = self.finding(Code::ObjectName, namespace.span, message);
                self.refuse(finding.hint(name::hint(text)), Raw::REFUSED);
            }
            _ => {}
        }
    }

    /// VAL-1, VAL-2, VAL-5, VAL-54. Says whether the name is right.
    fn object_name(&mut self) -> bool {
        let resource = self.resource;
        let Some(written) = &resource.metadata.name else {
            return true;
        };
        let text: &str = &written.value;
        let kind = &resource.key.kind;
        let span = written.span;
        if !name::is_dns_subdomain(text) {
            let message = format!("`{text}` cannot be the name of a {kind}");
            let finding = self.finding(Code::ObjectName, span, message);
            self.refuse(finding.hint(name::hint(text)), Raw::REFUSED);
            return false;
        }
        let (fits, hint) = match kind {
            Kind::Tier | Kind::Namespace => (
                name::is_dns_label(text),
                "it is one word without dots, at most 63 characters long",
            ),
            _ if resource.policy().is_some() && resource.api != Api::CalicoV1 => (
                self.is_policy_name(text),
                if self.rules.version.era() == Era::E1 {
                    "before Calico 3.29 it holds no dot"
                } else {
                    "it is one word, or a tier and a word with one dot between"
                },
            ),
            _ => (true, ""),
        };
        if !fits {
            let message = format!("`{text}` cannot be the name of a {kind}");
            let finding = self.finding(Code::ObjectName, span, message).hint(hint);
            self.refuse(finding, Raw::TAKEN);
        }
        if *kind == Kind::Profile {
            self.profile_name(text);
        }
        fits
    }

    /// VAL-54: the profiles that Calico makes up itself.
    fn profile_name(&mut self, text: &str) {
        let virtual_ones = ["kns.", "ksa."];
        if text == "projectcalico-default-allow"
            || virtual_ones.iter().any(|prefix| text.starts_with(prefix))
        {
            let message =
                format!("Calico makes the profile `{text}` itself and lets nobody write it");
            let finding = self.finding(Code::ReservedName, self.name_span(), message);
            self.refuse(finding, Raw::TAKEN);
        }
    }

    /// VAL-2: one word, from 3.29 also two with a dot between.
    fn is_policy_name(&self, text: &str) -> bool {
        let namespaced = self.resource.key.kind.is_namespaced() == Some(true);
        let converted = ["knp.default.", "ossg.default."];
        if namespaced && let Some(rest) = converted.iter().find_map(|p| text.strip_prefix(p)) {
            return name::is_dns_subdomain(rest);
        }
        match text.split_once('.') {
            None => name::is_dns_word(text),
            Some(_) if self.rules.version.era() == Era::E1 => false,
            Some((tier, rest)) => name::is_dns_word(tier) && name::is_dns_word(rest),
        }
    }

    /// Whether the tier that the policy names goes with its name and label.
    fn policy_tier(&mut self) {
        let resource = self.resource;
        let Some(policy) = resource.policy() else {
            return;
        };
        let (Some(written), era) = (&resource.metadata.name, self.rules.version.era()) else {
            return;
        };
        let given = policy.tier.as_ref();
        let tier = given.map_or(DEFAULT_TIER, |tier| &tier.value);
        let text: &str = &written.value;
        if era == Era::E1 {
            if let Some(tier) = given {
                let message = format!("Calico {} has no field `tier`", self.rules.version);
                let finding = self.finding(Code::UnknownField, tier.span, message);
                self.refuse(finding.hint("tiers came with Calico 3.29"), Raw::TAKEN);
            }
            return;
        }
        self.tier_label(tier);
        if EXEMPT.iter().any(|prefix| text.starts_with(prefix)) {
            return;
        }
        let own = text.split_once('.').map_or(DEFAULT_TIER, |(tier, _)| tier);
        let consistent = own == tier;
        if self.is_stored() {
            // STORE-7: Calico 3.29 to 3.31 order a stored policy by its name.
            if era == Era::E2 && !consistent {
                let message = format!(
                    "Calico {} takes this policy for one of tier `{own}`, as its name says, and \
                     `spec.tier` says `{tier}`",
                    self.rules.version
                );
                let finding = self.finding(Code::StoredTier, written.span, message);
                self.remark(finding.hint(format!("name it `{tier}.{}`", bare(text))));
            }
            return;
        }
        if era == Era::E2 && !consistent {
            let message =
                format!("the name of a policy of tier `{tier}` must begin with `{tier}.`");
            let message = if tier == DEFAULT_TIER {
                format!("`{text}` names tier `{own}`, and the policy is in tier `{tier}`")
            } else {
                message
            };
            let hint = if given.is_none() {
                format!("name it `{}`, or set `tier: {own}`", bare(text))
            } else if tier == DEFAULT_TIER {
                format!("name it `{}`", bare(text))
            } else {
                format!("name it `{tier}.{}`", bare(text))
            };
            let finding = self.finding(Code::PolicyNameTier, written.span, message);
            self.refuse(finding.hint(hint), Raw::TAKEN);
        }
        if let Some(rest) = text.strip_prefix("default.") {
            let message =
                format!("`{text}` begins with the prefix that Calico stores policies with");
            let finding = self.finding(Code::DefaultPrefix, written.span, message);
            self.remark(finding.hint(format!("name it `{rest}`")));
        }
    }

    /// STORE-13: what the API sets this label to is the tier, whatever was written.
    fn tier_label(&mut self, tier: &str) {
        let resource = self.resource;
        let labels = &resource.metadata.labels;
        let label = labels.iter().find(|label| &*label.key.value == TIER_LABEL);
        if let Some(label) = label.filter(|label| &*label.value.value != tier) {
            let message = format!(
                "the label says tier `{}`, and the policy is in tier `{tier}`",
                label.value.value
            );
            let finding = self.finding(Code::TierLabel, label.value.span, message);
            self.remark(finding.hint("leave the label out: Calico sets it from `spec.tier`"));
        }
    }

    /// VAL-6. Also of the labels in the selectors of Kubernetes.
    pub(super) fn label(&mut self, label: &Label) {
        let key: &str = &label.key.value;
        if !name::is_qualified(key) {
            let message = format!("`{key}` cannot be the key of a label");
            let finding = self.finding(Code::LabelSyntax, label.key.span, message).hint(
                "letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most 63; \
                 a domain and `/` may stand before it",
            );
            self.refuse(finding, Raw::REFUSED);
        }
        self.label_value(&label.value);
    }

    pub(super) fn label_value(&mut self, value: &crate::yaml::Located<Box<str>>) {
        if !name::is_label_value(&value.value) {
            let message = format!("`{}` cannot be the value of a label", value.value);
            let finding = self.finding(Code::LabelSyntax, value.span, message).hint(
                "letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most 63",
            );
            self.refuse(finding, Raw::REFUSED);
        }
    }

    /// VAL-8.
    fn reserved_labels(&mut self) {
        let resource = self.resource;
        if !matches!(resource.key.kind, Kind::NetworkSet | Kind::GlobalNetworkSet) {
            return;
        }
        let labels = resource.metadata.labels.iter();
        for label in labels.filter(|label| &*label.key.value == NAMESPACE_LABEL) {
            let message =
                format!("Calico sets the label `{NAMESPACE_LABEL}` of a network set itself");
            let finding = self.finding(Code::ReservedName, label.key.span, message);
            self.refuse(finding.hint("leave it out"), Raw::TAKEN);
        }
    }

    /// VAL-7. Also of the annotations of rules.
    pub(super) fn annotations(&mut self, annotations: &[Label]) {
        let mut bytes = 0;
        for annotation in annotations {
            let key: &str = &annotation.key.value;
            bytes += key.len() + annotation.value.value.len();
            if !name::is_qualified(&key.to_ascii_lowercase()) {
                let message = format!("`{key}` cannot be the key of an annotation");
                let finding = self.finding(Code::AnnotationSyntax, annotation.key.span, message);
                self.refuse(finding, Raw::REFUSED);
            }
        }
        if bytes > MOST_ANNOTATION_BYTES
            && let Some(first) = annotations.first()
        {
            let message = format!(
                "the annotations are {bytes} bytes long, and at most {MOST_ANNOTATION_BYTES} are taken"
            );
            let finding = self.finding(Code::AnnotationSyntax, first.key.span, message);
            self.refuse(finding, Raw::REFUSED);
        }
    }

    /// A field that names another object (VAL-11, VAL-38, VAL-42, VAL-46).
    pub(super) fn reference(&mut self, what: &str, field: &crate::yaml::Located<Box<str>>) {
        if !name::is_dns_subdomain(&field.value) {
            let text = &field.value;
            let message = format!("`{text}` cannot be the name of a {what}");
            let finding = self.finding(Code::ReferencedName, field.span, message);
            self.refuse(finding.hint(name::hint(text)), Raw::TAKEN);
        }
    }
}

/// A policy's name without what stands before its first dot.
fn bare(text: &str) -> &str {
    text.split_once('.').map_or(text, |(_, rest)| rest)
}
