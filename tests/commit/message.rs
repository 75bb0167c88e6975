//! What the message of a commit says.

use palisade::report::compare::LONGEST_MESSAGE;

use crate::repository::{Place, SET};

fn message(place: &Place) -> String {
    let message = place.last("policies").message().unwrap().to_owned();
    // The version of the tool is no matter of this test.
    message.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn a_change_says_what_it_opens_and_closes() {
    let place = Place::new();
    place.run(&format!("--branch policies {SET} --without vrrp"));
    place.room.write(
        "mine/private/allow-icmp-private.yaml.j2",
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: {{ name }}\n\
         spec:\n  tier: default\n  order: {{ order }}\n  selector: {{ workers }}\n  types: [Ingress]\n  \
         ingress:\n  - action: Allow\n    protocol: TCP\n    source:\n      nets: [198.51.100.0/24]\n    \
         destination:\n      ports: [8443]\n",
    );
    let ran = place.run(&format!(
        "--branch policies {SET} --without logging-syslog --templates mine --no-verify"
    ));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(message(&place));
}

#[test]
fn what_changes_no_object_says_so() {
    let place = Place::new();
    place.run(&format!("--branch policies {SET}"));
    let path = "generated/us-east/private/allow-icmp-private.yaml";
    let text =
        place.files("policies", "generated")["us-east/private/allow-icmp-private.yaml"].clone();
    let text = format!("# Somebody's remark.\n{}", String::from_utf8(text).unwrap());
    place.edit("policies", &[(path, Some(&text))]);
    let ran = place.run(&format!("--branch policies {SET}"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(message(&place), @r"
    palisade: no object that is compared changes in region us-east

    region us-east
      files change, and no object that is compared

    Proven before it was committed: 90 intents in 2 cases: 90 proved.
    Made by palisade VERSION.
    ");
}

#[test]
fn a_long_message_is_cut_and_says_so() {
    let place = Place::new();
    let ran = place.run("--branch policies --region all --no-verify");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let message = message(&place);
    assert!(message.len() <= LONGEST_MESSAGE, "{}", message.len());
    let subject = message.lines().next().unwrap();
    assert!(
        subject.starts_with("palisade: ") && subject.ends_with(" in 10 targets"),
        "{subject}"
    );
    assert!(subject.chars().count() <= 72, "{subject}");
    let cut = " more lines are cut off here; `palisade diff` of the two commits tells all.\n\n\
               Nothing was proven of it (`--no-verify`).\n";
    assert!(message.contains(cut), "{message}");
}

#[test]
fn what_many_workers_come_to_is_counted_where_it_is_cut() {
    let place = Place::new();
    let workers: Vec<String> = (0..50)
        .map(|n| format!("- {{name: kube-w{n:02}, privateIP: 10.94.87.{n}}}\n"))
        .collect();
    place
        .room
        .write("workers.yaml", format!("workers:\n{}", workers.concat()));
    let ran = place.run(&format!(
        "--branch policies {SET} --workers workers.yaml --host-endpoints always --no-verify --no-flows"
    ));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let message = message(&place);
    assert!(
        message.starts_with("palisade: 60 added in region us-east\n"),
        "{message}"
    );
    assert!(message.contains("\n  added (60):\n"), "{message}");
    assert!(
        message.contains("\n    20 more are cut off here\n"),
        "{message}"
    );
    assert!(!message.contains("newly"), "{message}");
}

#[test]
fn what_jobs_apply_is_what_changes() {
    let place = Place::new();
    let line = format!(
        "--branch policies {SET} --no-verify --layout kustomize --apply calicoctl \
         --calicoctl-image r.example/ctl:v3.31.2"
    );
    assert_eq!(place.run(&line).code, 0);
    let ran = place.run(&format!("{line} --without vrrp"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let message = message(&place);
    assert!(
        message.starts_with(
            "palisade: 1 removed in region us-east\n\nregion us-east\n  removed (1):\n    \
             GlobalNetworkPolicy allow-vrrp-private\n  newly denied ("
        ),
        "{message}"
    );
}
