//! Ports by name beside ports by number: what is done to either on both sides is noticed, and so is a
//! name that nobody asked for.

use palisade::bundle::{Case, Plan, Templates, render};
use palisade::finding::Input;
use palisade::profile::Library;
use palisade::question::verify::ProofOutcome;
use palisade::resource::{ResourceSet, read};

use crate::isolation::plan_of;

const HEAD: &str = "\
name: c
region: us-south
networks: [private]
isolation:
  defaultDeny: [ingress, egress]
  apps:
  - {name: web, namespace: shop, labels: {app: web}}
  - {name: api, namespace: shop, labels: {app: api}}
  - {name: job, namespace: shop, labels: {app: job}}
";

const RULES: &str = "  allow:
  - {from: [web], to: [api], ports: [http, '9090:9099']}
  - {from: [job], to: [api], ports: [admin, 9095, 7000]}
";

/// The policies that are rendered, each text with what is done to it.
fn changed(plan: &Plan, change: impl Fn(&str, String) -> String) -> ResourceSet {
    let (bundles, _) = render(plan, &Templates::embedded().unwrap()).unwrap();
    let mut set = ResourceSet::default();
    for file in bundles.iter().flat_map(|bundle| &bundle.files) {
        let text = change(&file.path, file.input.text.clone());
        let (resources, findings) = read(&Input::new(file.path.clone(), text));
        assert!(findings.is_empty(), "{}: {findings:?}", file.path);
        for resource in resources {
            set.add(resource);
        }
    }
    set
}

/// The worst outcome of all intents, and the names of those that do not hold.
fn outcome(plan: &Plan, set: ResourceSet) -> (ProofOutcome, Vec<String>) {
    let baseline = Library::embedded().baseline();
    let case = Case::rendered(plan, set, Some(baseline), &[], |_| {}).unwrap();
    let proofs = case.prove(&plan.platform_profile, |_| {}).unwrap();
    let failed = case.intents.iter().zip(&proofs);
    let failed = failed.filter(|(_, proof)| !proof.outcome.holds());
    let failed = failed.map(|(intent, _)| intent.name.clone()).collect();
    let worst = proofs.iter().map(|proof| proof.outcome).max().unwrap();
    (worst, failed)
}

const HTTP: &str = "    - protocol: TCP\n      port: http\n";
const RANGE: &str = "    - protocol: TCP\n      port: 9090\n      endPort: 9099\n";

/// Of both policies that speak of what web sends to api, rule by rule.
fn of_both(path: &str, text: String, from: &str, to: &str) -> String {
    if path.ends_with("allow-to-api.yaml") || path.ends_with("allow-from-web.yaml") {
        assert!(text.contains(from), "{path}: {text}");
        text.replace(from, to)
    } else {
        text
    }
}

#[test]
fn what_is_rendered_is_proven() {
    for kind in ["", "  as: calico\n"] {
        for deny in [
            "",
            "  deny: [{from: [web], to: [api], ports: [admin, 9091]}]\n",
        ] {
            if kind.is_empty() && !deny.is_empty() {
                continue;
            }
            let plan = plan_of(&Library::embedded(), &format!("{HEAD}{kind}{RULES}{deny}"));
            let (worst, failed) = outcome(&plan, changed(&plan, |_, text| text));
            assert_eq!(failed, [""; 0], "{kind}{deny}");
            assert!(worst.holds(), "{kind}{deny}");
        }
    }
}

#[test]
fn what_both_sides_open_more_or_less_is_noticed() {
    let plan = plan_of(&Library::embedded(), &format!("{HEAD}{RULES}"));
    let more = |text: &str| format!("{HTTP}{text}");
    for (told, from, to) in [
        ("one port more", RANGE, RANGE.replace("9099", "9100")),
        ("many ports more", RANGE, RANGE.replace("9090", "8000")),
        ("one port less", RANGE, RANGE.replace("9090", "9091")),
        ("no numbers", RANGE, String::new()),
        ("every port", RANGE, "    - protocol: TCP\n".to_owned()),
        ("no name", HTTP, String::new()),
        ("another name", HTTP, HTTP.replace("http", "https")),
        (
            "a name more",
            HTTP,
            more("    - protocol: TCP\n      port: metrics\n"),
        ),
        (
            "a number more",
            HTTP,
            more("    - protocol: TCP\n      port: 22\n"),
        ),
        (
            "the name is every port",
            HTTP,
            "    - protocol: TCP\n".to_owned(),
        ),
    ] {
        let set = changed(&plan, |path, text| of_both(path, text, from, &to));
        let (worst, failed) = outcome(&plan, set);
        assert_eq!(worst, ProofOutcome::Refuted, "{told}: {failed:?}");
    }
    // Of a protocol of which nothing is asked by name it is not known what passes: that never holds.
    let udp = more("    - protocol: UDP\n      port: http\n");
    let set = changed(&plan, |path, text| of_both(path, text, HTTP, &udp));
    let (worst, failed) = outcome(&plan, set);
    assert_eq!(worst, ProofOutcome::Unknown);
    assert!(
        failed.contains(&"no other pods reach api of shop by other protocols".to_owned()),
        "{failed:?}"
    );
}

/// What is asked for by name is open to those of the name alone: each of two senders has its own.
#[test]
fn names_of_two_senders_are_kept_apart() {
    let plan = plan_of(&Library::embedded(), &format!("{HEAD}{RULES}"));
    let name = |name: &str| HTTP.replace("http", name);
    // web takes the name of job as well, at the receiver and at the sender.
    let set = changed(&plan, |path, text| {
        of_both(path, text, HTTP, &(name("http") + &name("admin")))
    });
    let (worst, failed) = outcome(&plan, set);
    assert_eq!(worst, ProofOutcome::Refuted);
    assert!(
        failed.contains(&"no other pods reach api of shop by TCP admin".to_owned()),
        "{failed:?}"
    );
}

/// A name that is denied goes before a number that is allowed.
#[test]
fn a_denial_by_name_is_held_to_its_name() {
    let rules = "  as: calico\n  allow: [{from: [web], to: [api], ports: ['9090:9099']}]\n  \
                 deny: [{from: [web], to: [api], ports: [admin, 9091]}]\n";
    let plan = plan_of(&Library::embedded(), &format!("{HEAD}{rules}"));
    let denies = |path: &str| path.contains("/deny-to-");
    let of = |from: &'static str, to: &'static str| {
        let set = changed(&plan, |path, text| {
            if denies(path) {
                assert!(text.contains(from), "{text}");
                text.replace(from, to)
            } else {
                text
            }
        });
        outcome(&plan, set).0
    };
    assert!(of("admin", "admin").holds());
    for (from, to) in [
        ("      - admin\n", ""),
        ("- admin", "- root"),
        ("- admin", "- admin\n      - root"),
        ("- 9091", "- 9092"),
        ("- 9091", "- 9091\n      - 9092"),
    ] {
        assert_eq!(of(from, to), ProofOutcome::Refuted, "{from} -> {to}");
    }
}

#[test]
fn more_names_than_can_be_told_apart_are_refused() {
    let names: Vec<String> = (0..7).map(|n| format!("port-{n}")).collect();
    let rules = format!(
        "  allow: [{{from: [web], to: [api], ports: [{}]}}]\n",
        names.join(", ")
    );
    let plan = plan_of(&Library::embedded(), &format!("{HEAD}{rules}"));
    let set = changed(&plan, |_, text| text);
    let error = Case::rendered(&plan, set, None, &[], |_| {}).unwrap_err();
    assert_eq!(
        error.message(),
        "rules name more than 6 ports of the same pods: port-0, port-1, port-2, port-3, port-4, \
         port-5, port-6"
    );
}
