//! Entries of lists.

use crate::changes::of_entries;
use crate::judge::{Judge, PRIVATE, PUBLIC};
use palisade::profile::{Network, Platform};

fn judge(networks: &[Network], list: &str) {
    let judge = Judge::of(networks, Platform::Kubernetes);
    let changes = of_entries(&judge.own);
    assert!(changes.len() > 400, "{}", changes.len());
    judge.assert_listed(&changes, list);
}

#[test]
fn of_the_private_set() {
    judge(PRIVATE, include_str!("entries/private.txt"));
}

#[test]
fn of_the_public_set() {
    judge(PUBLIC, include_str!("entries/public.txt"));
}
