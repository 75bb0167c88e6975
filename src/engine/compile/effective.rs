//! Effective selectors as text, built as Calico builds them (RES-5, RES-7 to RES-16).
//!
//! Calico works on texts here, and what it does shows: it replaces `all()` wherever it stands,
//! and a part that does not parse is as good as absent.

use crate::resource::selector::Selector;
use crate::resource::{EntityRule, Field, Policy, ServiceAccountMatch};

use super::labels::{NAMESPACE, OF_NAMESPACE, OF_SERVICE_ACCOUNT, SERVICE_ACCOUNT};

const ALL: &str = "all()";
const GLOBAL: &str = "global()";

fn written(field: &Field<Box<str>>) -> &str {
    field.as_ref().map_or("", |field| &field.value)
}

/// RES-5: the canonical text with every label name prefixed; nothing where it does not parse.
fn prefixed(text: &str, prefix: &str) -> String {
    let parsed = Selector::parse(text).ok();
    let renamed = parsed.and_then(|selector| {
        let rename = |label: &str| format!("{prefix}{label}");
        selector.map_labels(rename).ok()
    });
    renamed.map_or_else(String::new, |selector| selector.as_str().to_owned())
}

fn appended(current: String, text: &str, prefix: &str) -> String {
    let part = prefixed(text, prefix);
    match (current.is_empty(), part.is_empty()) {
        (_, true) => current,
        (true, false) => part,
        (false, false) => format!("({current}) && {part}"),
    }
}

/// What a GlobalNetworkPolicy applies to (RES-8, RES-9).
pub(super) fn of_global_policy(policy: &Policy) -> String {
    let mut selector = written(&policy.selector).to_owned();
    let namespaces = written(&policy.namespace_selector);
    if !namespaces.is_empty() {
        selector = appended(selector, namespaces, OF_NAMESPACE);
        selector = selector.replace(ALL, &format!("has({NAMESPACE})"));
    }
    let accounts = written(&policy.service_account_selector);
    if !accounts.is_empty() {
        selector = appended(selector, accounts, OF_SERVICE_ACCOUNT);
        selector = selector.replace(ALL, &format!("has({SERVICE_ACCOUNT})"));
    }
    selector
}

/// What a NetworkPolicy applies to (RES-7, RES-9).
pub(super) fn of_policy(policy: &Policy, namespace: &str) -> String {
    let own = format!("{NAMESPACE} == '{namespace}'");
    let selector = match written(&policy.selector) {
        "" => own,
        selector => format!("({selector}) && {own}"),
    };
    let accounts = written(&policy.service_account_selector);
    appended(selector, accounts, OF_SERVICE_ACCOUNT)
}

/// What one side of a rule matches: with a positive part, that, what `notSelector` matches left
/// out; without, nothing and what must not be matched (RES-16). Empty texts for what is absent.
pub(super) struct PeerText {
    pub(super) positive: String,
    pub(super) negative: String,
}

/// RES-10 to RES-16; `namespace` is the policy's, empty for those of the whole cluster.
pub(super) fn of_peer(side: &EntityRule, namespace: &str) -> PeerText {
    let namespaces = written(&side.namespace_selector);
    let not = written(&side.not_selector);
    let scope = if !namespaces.is_empty() {
        prefixed(namespaces, OF_NAMESPACE)
            // RES-12.
            .replace(ALL, &format!("has({NAMESPACE})"))
            // RES-13.
            .replace(GLOBAL, &format!("!has({NAMESPACE})"))
    } else if !namespace.is_empty() {
        format!("{NAMESPACE} == '{namespace}'")
    } else {
        String::new()
    };
    let accounts = side.service_accounts.as_ref().map(of_accounts);
    let accounts = accounts.unwrap_or_default();
    let selector = written(&side.selector);
    let own = match (accounts.is_empty(), selector.is_empty()) {
        (true, _) => selector.to_owned(),
        (false, true) => accounts,
        (false, false) => format!("({accounts}) && ({selector})"),
    };
    let asks = !own.is_empty() || !not.is_empty() || !namespaces.is_empty();
    let positive = match (scope.is_empty() || !asks, own.is_empty()) {
        (true, _) => own,
        (false, true) => scope,
        (false, false) => format!("({scope}) && ({own})"),
    };
    match (positive.is_empty(), not.is_empty()) {
        (true, _) => PeerText {
            positive,
            negative: not.to_owned(),
        },
        (false, true) => PeerText {
            positive,
            negative: String::new(),
        },
        (false, false) => PeerText {
            positive: format!("({positive}) && (!({not}))"),
            negative: String::new(),
        },
    }
}

/// RES-15.
fn of_accounts(accounts: &ServiceAccountMatch) -> String {
    let selector = prefixed_if_any(written(&accounts.selector));
    let names = accounts
        .names
        .as_ref()
        .map_or(&[][..], |names| &names.value);
    if names.is_empty() {
        return selector;
    }
    let names: Vec<&str> = names.iter().map(|name| &*name.value).collect();
    let text = format!("{SERVICE_ACCOUNT} in {{ '{}' }}", names.join("', '"));
    // A quote in a name breaks the text: then Calico drops all of it.
    let Ok(named) = Selector::parse(&text) else {
        return String::new();
    };
    if selector.is_empty() {
        named.as_str().to_owned()
    } else {
        format!("({selector}) && ({named})")
    }
}

fn prefixed_if_any(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        prefixed(text, OF_SERVICE_ACCOUNT)
    }
}
