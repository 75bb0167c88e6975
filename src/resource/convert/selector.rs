//! Kubernetes label selectors as the texts of Calico's (KNP-3, KNP-4).

use crate::resource::LabelSelector;

/// The term that keeps a pod selector to pods (KNP-3).
const PODS: &str = "projectcalico.org/orchestrator == 'k8s'";

/// The text of a pod selector (KNP-3).
pub(super) fn pod_selector(selector: Option<&LabelSelector>) -> String {
    let mut all = vec![PODS.to_owned()];
    all.extend(selector.into_iter().flat_map(terms));
    all.join(" && ")
}

/// The text of a namespace selector that is present (KNP-4).
pub(super) fn namespace_selector(selector: &LabelSelector) -> String {
    let terms = terms(selector);
    if terms.is_empty() {
        "all()".to_owned()
    } else {
        terms.join(" && ")
    }
}

fn terms(selector: &LabelSelector) -> Vec<String> {
    let mut labels: Vec<(&str, &str)> = selector
        .match_labels
        .iter()
        .map(|label| (&*label.key.value, &*label.value.value))
        .collect();
    labels.sort_unstable();
    let mut terms: Vec<String> = labels
        .into_iter()
        .map(|(key, value)| format!("{key} == '{value}'"))
        .collect();
    for requirement in &selector.match_expressions {
        let key = requirement.key.as_ref().map_or("", |key| &*key.value);
        let values = || {
            let values = requirement.values.as_ref().map_or(&[][..], |v| &v.value);
            let quoted: Vec<String> = values.iter().map(|v| format!("'{}'", v.value)).collect();
            if quoted.is_empty() {
                // Calico puts quotes around a list of none too.
                return "''".to_owned();
            }
            quoted.join(", ")
        };
        match requirement.operator.as_ref().map(|o| &*o.value) {
            Some("In") => terms.push(format!("{key} in {{ {} }}", values())),
            Some("NotIn") => terms.push(format!("{key} not in {{ {} }}", values())),
            Some("Exists") => terms.push(format!("has({key})")),
            Some("DoesNotExist") => terms.push(format!("! has({key})")),
            // The Kubernetes API refuses any other word.
            _ => {}
        }
    }
    terms
}
