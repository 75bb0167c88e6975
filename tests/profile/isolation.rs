//! What is refused of isolated apps, and what is told of them.

use palisade::finding::{Input, InputError};
use palisade::net::Cidr;
use palisade::profile::{ClusterProfile, Library};

const HEAD: &str = "name: c\nregion: us-south\nnetworks: [private]\nisolation:\n";

const APPS: &str = "  namespaces:
  - {name: accounts, labels: {usage: accounts}}
  - {name: finance, labels: {usage: finance}, defaultDeny: [egress]}
  apps:
  - {name: srv1, namespace: accounts, labels: {app: Srv1}, tiers: [frontend, backend]}
  - {name: srv2, namespace: finance, labels: {app: Srv2}}
  allow:
";

fn read(text: &str) -> Result<ClusterProfile, InputError> {
    let input = Input::new("c.yaml", format!("{HEAD}{text}"));
    let profile = ClusterProfile::read(&input)?;
    let platform = Library::embedded().platform().unwrap();
    let pods: Cidr = "172.30.0.0/16".parse().unwrap();
    let isolation = profile.isolation.as_ref().unwrap();
    isolation.check_against(&input, &platform, pods)?;
    Ok(profile)
}

fn told(error: &InputError) -> String {
    let place = |error: &InputError| {
        let place = error
            .place()
            .map(|p| format!("{}:{}: ", p.span.line, p.span.column));
        place.unwrap_or_default()
    };
    let mut text = format!("{}{}", place(error), error.message());
    for other in error.others() {
        text.push_str(&format!("; {}{}", place(other), other.message()));
    }
    if let Some(hint) = error.hint_text() {
        text.push_str(&format!(" ({hint})"));
    }
    text
}

#[test]
fn rules_that_say_nothing_or_name_nobody_are_refused() {
    let mut wrong = Vec::new();
    for (rule, expected) in [
        (
            "{from: [srv3], to: [srv1]}",
            "12:13: there is no app `srv3` (did you mean `srv1` or `srv2`?)",
        ),
        (
            "{from: [srv2], to: [srv1/backnd]}",
            "12:25: `srv1` has no tier `backnd` (did you mean `backend`?)",
        ),
        (
            "{from: [srv1], to: [srv2/db]}",
            "12:25: `srv2` has no tier `db` (it has no tiers: list them under `tiers`)",
        ),
        (
            "{from: [srv1, srv1], to: [srv2]}",
            "12:19: `srv1` stands here a second time; 12:13: it stood here first",
        ),
        (
            "{from: [], to: [srv2]}",
            "12:12: the list is empty (a list that is there has at least one entry)",
        ),
        (
            "{from: [srv1], to: [srv2], ports: [80, 80]}",
            "12:44: `80` stands here a second time; 12:40: it stood here first",
        ),
        (
            "{from: [srv1], to: [srv2], ports: []}",
            "12:39: the list is empty (a list that is there has at least one entry)",
        ),
        (
            "{from: [srv1], to: [srv2], ports: [70000]}",
            "12:40: integer `70000` is not a port (1 to 65535), a range such as `8000:8099` or the name of a port",
        ),
        (
            "{from: [srv1], to: [srv2], ports: [HTTP]}",
            "12:40: `HTTP` is not a port (1 to 65535), a range such as `8000:8099` or the name of a port, which is in lower case",
        ),
        (
            "{from: [srv1], to: [srv2], protocol: ICMP}",
            "12:42: policies of Kubernetes are about TCP, UDP and SCTP, not about ICMP (write `as: calico`: its policies are about any protocol)",
        ),
        (
            "{from: [{nets: [10.0.0.0/8], pods: {a: b}}], to: [srv2]}",
            "12:13: `nets` are addresses outside the cluster, and stand in an entry of their own",
        ),
        (
            "{from: [{namespace: a, namespaces: {usage: b}}], to: [srv2]}",
            "12:13: `namespace` names one, and `namespaces` means all that have the labels: give one of them",
        ),
        (
            "{from: [{nets: [10.0.0.0/8], except: [11.0.0.0/8]}], to: [srv2]}",
            "12:43: 11.0.0.0/8 is no part of any of the `nets`",
        ),
        (
            "{from: [{nets: [172.16.0.0/12]}], to: [srv1]}",
            "12:21: 172.16.0.0/12 overlaps the pod subnet 172.30.0.0/16 (name pods by their labels, and leave the subnet out with `except`)",
        ),
        (
            "{from: [{pods: {-tier: a}}], to: [srv2]}",
            "12:28: `-tier` is not the key of a label (letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most 63 characters; a key may have a domain and `/` before it)",
        ),
        (
            "{from: [srv1], to: [{nets: [192.0.2.0/24]}]}",
            "12:25: the senders are not closed, so there is nothing to allow them (close their namespace with `defaultDeny: [egress]`; addresses that every pod may reach are `services` of the cluster)",
        ),
        (
            "{from: [srv1], to: [{namespace: other}]}",
            "12:25: nobody is kept from these pods: they are of no described namespace (describe them as an app, or close the senders with `defaultDeny: [egress]`)",
        ),
    ] {
        let error = read(&format!("{APPS}  - {rule}\n")).unwrap_err();
        wrong.extend((told(&error) != expected).then(|| format!("{rule}\n  {}", told(&error))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn apps_that_contradict_each_other_are_refused() {
    let mut wrong = Vec::new();
    let allow = "  allow:\n  - {from: [a], to: [b]}\n";
    for (text, expected) in [
        (
            "  apps:\n  - {name: a, namespace: n}\n  - {name: a, namespace: m}\n".to_owned(),
            "7:12: a second app `a`; 6:12: the first one",
        ),
        (
            "  apps:\n  - {name: a, namespace: n}\n".to_owned(),
            "6:12: nothing is said of the app `a`: no rule names it, and its namespace is open (name it in a rule, close its namespace with `defaultDeny`, or take it out)",
        ),
        (
            "  apps: []\n".to_owned(),
            "5:9: the list is empty (a list that is there has at least one entry)",
        ),
        (
            "  apps:\n  - {name: anyone, namespace: n}\n".to_owned(),
            "6:12: `anyone` is everybody and no app",
        ),
        (
            "  apps:\n  - {name: a, namespace: kube-system}\n  - {name: b, namespace: n}\n".to_owned() + allow,
            "6:26: the platform's own pods are in `kube-system`, and isolating them would break the cluster (rules may name pods of it: `{namespace: …, pods: {…}}`)",
        ),
        (
            "  apps:\n  - {name: a, namespace: n, labels: {tier: x}, tiers: [y]}\n".to_owned(),
            "6:44: `a` has tiers, so the label `tier` cannot be one of the app",
        ),
        (
            "  defaultDeny: [ingress, ingress]\n  apps: [{name: a, namespace: n}]\n".to_owned(),
            "5:26: `ingress` stands here a second time; 5:17: it stood here first",
        ),
        (
            "  order: 900\n  apps: [{name: a, namespace: n}]\n".to_owned(),
            "5:10: policies of Kubernetes have no order (write `as: calico`: its policies have an order and rules that deny)",
        ),
        (
            "  as: calico\n  order: 1400\n  defaultDeny: [ingress]\n  apps: [{name: a, namespace: n}]\n".to_owned(),
            "6:10: the order 1400 is not between 990 and 1400 (denials stand before what is allowed, and behind it what closes the rest)",
        ),
        (
            "  apps: [{name: a, namespace: n}]\n  deny:\n  - {from: [a], to: [a]}\n".to_owned(),
            "7:5: policies of Kubernetes have no rules that deny (write `as: calico`: its policies have an order and rules that deny)",
        ),
        (
            "  as: calico\n  apps: [{name: a, namespace: n}]\n  deny:\n  - {from: [anyone], to: [a]}\n".to_owned(),
            "8:27: nobody is allowed to talk to these pods, so everybody may, and a denial would close them to all (allow who may, with `from: [anyone]` where all others may)",
        ),
        (
            "  as: cilium\n  apps: [{name: a, namespace: n}]\n".to_owned(),
            "5:7: unknown value `cilium` (known are `kubernetes`, `calico`)",
        ),
    ] {
        let error = read(&text).unwrap_err();
        wrong.extend((told(&error) != expected).then(|| format!("{text}\n  {}", told(&error))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// They are findings and not errors: what they name may exist all the same.
#[test]
fn labels_and_namespaces_that_nobody_described_are_told() {
    for (rule, expected) in [
        (
            "{from: [{namespaces: {usage: finanze}}], to: [srv1]}",
            "12:34: no listed namespace has the label `usage: finanze` (did you mean `usage: finance`?)",
        ),
        (
            "{from: [{namespace: accounts, pods: {Tier: frontend}}], to: [srv1/backend]}",
            "12:48: no described app has the label `Tier: frontend` (did you mean `tier: frontend`?)",
        ),
        (
            "{from: [{namespace: elsewhere, pods: {any: label}}], to: [srv1]}",
            "",
        ),
        (
            "{from: [{namespaces: {usage: finance}, pods: {app: Srv2}}], to: [srv1]}",
            "",
        ),
    ] {
        let text = format!("{HEAD}{APPS}  - {rule}\n");
        let input = Input::new("c.yaml", text);
        let profile = ClusterProfile::read(&input).unwrap();
        let found = profile.isolation.unwrap().unknown(&input);
        let found: Vec<String> = found.into_iter().map(|f| told(&f.into_error())).collect();
        assert_eq!(found.join("\n"), expected, "{rule}");
    }
    let apps = APPS.replace("namespace: accounts", "namespace: acounts");
    let text = format!("{HEAD}{apps}  - {{from: [srv2], to: [srv1]}}\n");
    let input = Input::new("c.yaml", text);
    let profile = ClusterProfile::read(&input).unwrap();
    let found = profile.isolation.unwrap().unknown(&input);
    let found: Vec<String> = found.into_iter().map(|f| told(&f.into_error())).collect();
    let expected = "9:29: no namespace `acounts` is listed (did you mean `accounts`?)";
    assert_eq!(found, [expected]);
}
