//! Policies, rules and orders.

use std::collections::BTreeSet;

use palisade::profile::{Network, Platform};

use crate::changes::{all_at_once, of_kubernetes_policies, of_orders, of_rules};
use crate::judge::{Judge, PRIVATE, PUBLIC};
use crate::listed::listed;

/// What may be done to the set's own policies is noticed but for what `list` lists, and every intent
/// but those of `never` is refuted by something done to these or to the platform's own; those too,
/// but for `cannot`, where every rule that allows is gone or every policy.
fn judge(networks: &[Network], platform: Platform, list: &str, never: &str, cannot: &[&str]) {
    let judge = Judge::of(networks, platform);
    let orders = || of_orders(&judge.all, &judge.own);
    let mut changes = of_rules(&judge.own);
    changes.extend(orders());
    assert!(changes.len() > 60, "{}", changes.len());
    judge.assert_listed(&changes, list);

    changes = of_rules(&judge.all);
    changes.extend(of_kubernetes_policies(&judge.all));
    changes.extend(orders());
    let left = judge.never_refuted(&changes, judge.intents.iter().collect());
    let names: BTreeSet<&str> = left.iter().map(|intent| intent.name.as_str()).collect();
    let expected: BTreeSet<&str> = listed(never).into_keys().collect();
    assert_eq!(names, expected);
    let left = judge.never_refuted(&all_at_once(&judge.all), left);
    let names: Vec<&str> = left.iter().map(|intent| intent.name.as_str()).collect();
    assert_eq!(names, cannot);
}

/// No policy could break these: TCP 6443 is a failsafe port (EVAL-33), and no policy judges what a
/// worker sends to pods.
const MONITORING_PRIVATELY: &str = "workers reach the service monitoring on the private network";
const MONITORING_PUBLICLY: &str = "workers reach the service monitoring on the public network";
const TO_PODS: &str = "workers reach pods";

#[test]
fn of_the_private_set() {
    let list = include_str!("rules/private.txt");
    let never = include_str!("never/private.txt");
    judge(
        PRIVATE,
        Platform::Kubernetes,
        list,
        never,
        &[MONITORING_PRIVATELY, TO_PODS],
    );
}

#[test]
fn of_the_public_set() {
    let list = include_str!("rules/public.txt");
    let never = include_str!("never/public.txt");
    judge(
        PUBLIC,
        Platform::Kubernetes,
        list,
        never,
        &[MONITORING_PUBLICLY, TO_PODS],
    );
}

#[test]
fn of_the_public_set_on_openshift() {
    let list = include_str!("rules/openshift.txt");
    let never = include_str!("never/openshift.txt");
    judge(
        PUBLIC,
        Platform::Openshift,
        list,
        never,
        &[MONITORING_PUBLICLY, TO_PODS],
    );
}

#[test]
fn of_both_sets_together() {
    let list = include_str!("rules/both.txt");
    let never = include_str!("never/both.txt");
    judge(
        &Network::BOTH,
        Platform::Kubernetes,
        list,
        never,
        &[MONITORING_PRIVATELY, MONITORING_PUBLICLY, TO_PODS],
    );
}
