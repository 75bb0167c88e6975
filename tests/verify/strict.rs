//! Strict sets are proven of strict facts, and of no others.

use std::collections::BTreeSet;

use palisade::bundle::{Case, Plan, Templates};
use palisade::profile::{Library, Network};
use palisade::question::intent::Expect;
use palisade::question::verify::ProofOutcome;
use palisade::resource::ResourceSet;

use crate::place::{proven, region_plan, rendered};

fn strict(library: &Library, region: &str, networks: &[Network]) -> Plan {
    Plan {
        strict: true,
        ..region_plan(library, region, networks)
    }
}

/// As many intents in every region, of each choice of networks, with the platform's own policies and
/// without: fewer than of the ordinary sets, since what a strict set closes nobody needs.
#[test]
fn the_strict_sets_of_every_region_are_proven() {
    let library = Library::embedded();
    let templates = Templates::embedded().unwrap();
    for region in library.regions() {
        let counts = [
            &[Network::Private][..],
            &[Network::Public],
            &[Network::Private, Network::Public],
        ]
        .map(|networks| {
            let plan = strict(&library, region, networks);
            let set = rendered(&plan, &templates);
            [true, false].map(|baseline| proven(&library, &plan, &set, baseline))
        });
        assert_eq!(counts, [[45, 43], [41, 34], [73, 66]], "{region}");
    }
}

/// The names of the intents of `plan` that `set` does not hold, with what they expect.
fn refuted(library: &Library, plan: &Plan, set: &ResourceSet) -> Vec<(Expect, String)> {
    let texts = Some(library.baseline());
    let case = Case::rendered(plan, set.clone(), texts, &[], |_| {}).unwrap();
    let proofs = case.prove(&plan.platform_profile, |_| {}).unwrap();
    let pairs = case.intents.iter().zip(&proofs);
    pairs
        .filter(|(_, proof)| proof.outcome == ProofOutcome::Refuted)
        .map(|(intent, _)| (intent.expect, intent.name.clone()))
        .collect()
}

#[test]
fn the_ordinary_set_is_too_wide_for_strict_facts_and_the_strict_one_too_narrow_for_others() {
    let library = Library::embedded();
    let templates = Templates::embedded().unwrap();
    let ordinary = region_plan(&library, "eu-es", &Network::BOTH);
    let strict = strict(&library, "eu-es", &Network::BOTH);
    let wide = refuted(&library, &strict, &rendered(&ordinary, &templates));
    // Nothing that is needed is missing: what speaks against it is all that it opens besides.
    let names: Vec<&str> = wide.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "workers reach nothing else on the private network",
            "nothing else reaches workers on the private network",
            "workers reach nothing else on the public network",
            "nothing else reaches workers on the public network",
            "workers reach each other on the public network as anyone does",
            "pods reach nothing else outside the cluster",
            "pods reach of workers only what they reach elsewhere",
        ]
    );
    assert!(wide.iter().all(|(expect, _)| *expect != Expect::Allow));

    let narrow = refuted(&library, &ordinary, &rendered(&strict, &templates));
    let names: BTreeSet<&str> = narrow.iter().map(|(_, name)| name.as_str()).collect();
    for name in [
        "workers reach nothing else on the private network",
        "nothing else reaches workers on the private network",
        "workers reach nothing else on the public network",
        "nothing else reaches workers on the public network",
        "workers reach each other on the public network as anyone does",
        "pods reach nothing else outside the cluster",
        "workers reach web services of every address on the public network",
        "health checks reach workers on the private network",
        "pods reach every address that is not private",
    ] {
        assert!(names.contains(name), "{name}: {names:?}");
    }
    assert_eq!(narrow.len(), 29);
}
