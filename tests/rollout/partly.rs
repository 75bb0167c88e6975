//! Intents of which a part holds before, labels that a comparison ignores, and facts that differ.

use serde_json::{Value, json as value};

use crate::call::Room;
use crate::{cuts, json};

/// A policy of all pods that lets this pass.
fn opens(name: &str, selector: &str, what: &str) -> String {
    format!(
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: {name}}}\nspec:\n  \
         order: 10\n  selector: \"{selector}\"\n  types: [Egress]\n  egress:\n  - {{action: Allow, \
         protocol: TCP, destination: {{{what}}}}}\n---\n"
    )
}

fn intent(rest: &str) -> String {
    format!(
        "intents:\n- name: it passes\n  expect: allow\n  from: {{pods: {{}}}}\n  protocol: TCP\n{rest}"
    )
}

fn rolled_out(old: &str, new: &str, intents: &str) -> (i32, String, Value) {
    let room = Room::new();
    room.write("old.yaml", old);
    room.write("new.yaml", new);
    room.write("intents.yaml", intents);
    let (ran, told) = json(&room, "old.yaml new.yaml --intents intents.yaml");
    (ran.code, ran.stderr, told)
}

/// What passes before must pass all the time, also where it is a part of an address block or of a
/// range of ports that the intent names as one.
#[test]
fn what_passes_of_a_block_or_a_range_must_stay() {
    for (was, is, comes, rest, packet) in [
        (
            "nets: [10.1.0.0/16]",
            "nets: [10.2.0.0/16]",
            "nets: [10.0.0.0/8]",
            "  to: {nets: [10.0.0.0/9]}\n",
            "TCP 172.30.0.0:40000 -> 10.1.0.0:80",
        ),
        (
            "ports: [\"8000:8050\"]",
            "ports: [\"8051:8100\"]",
            "ports: [\"8000:8050\"]",
            "  to: {nets: [10.1.1.1/32]}\n  ports: [\"8000:8100\"]\n",
            "TCP 172.30.0.0:40000 -> 10.1.1.1:8000",
        ),
    ] {
        let old = opens("px", "all()", was);
        let new = opens("px", "all()", is) + &opens("py", "all()", comes);
        let (code, _, told) = rolled_out(&old, &new, &intent(rest));
        assert_eq!(code, 1, "{rest}");
        let found: Vec<(&Value, &Value)> = cuts(&told)
            .map(|(_, cut)| (&cut["packet"], &cut["state"]))
            .collect();
        let state = value!({
            "done": ["GlobalNetworkPolicy px"],
            "open": ["GlobalNetworkPolicy py"],
            "missing": ["GlobalNetworkPolicy py"],
        });
        assert_eq!(found, [(&packet.into(), &state)], "{rest}");
    }
}

/// Pods that have it and pods that have it not cannot be told apart by addresses: that it stays is
/// not claimed.
#[test]
fn what_kinds_of_pods_have_in_part_is_told() {
    let old = opens("px", "app == 'a'", "nets: [10.1.0.0/16]")
        + &opens("py", "app != 'a'", "nets: [10.2.0.0/16]");
    let new = opens("px", "all()", "nets: [10.1.0.0/16]");
    let (code, summary, told) = rolled_out(
        &old,
        &new,
        &intent("  to: {nets: [10.1.2.3/32]}\n  ports: [443]\n"),
    );
    assert_eq!(code, 1);
    assert_eq!(told["rollouts"][0]["partly"], value!(["it passes"]));
    assert_eq!(
        summary,
        "2 objects in 2 waves, 1 intent: 1 followed in part\n"
    );
}

/// A label that comparisons ignore is one that a selector may ask for.
#[test]
fn an_ignored_label_that_a_policy_asks_for_is_a_step() {
    let policy = opens(
        "px",
        "all()",
        "selector: \"app.kubernetes.io/instance == 'db'\"",
    );
    let set = |labels: &str| {
        format!(
            "{policy}apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {{name: s, \
             labels: {{{labels}}}}}\nspec: {{nets: [203.0.113.0/24]}}\n"
        )
    };
    let old = set("x: y, app.kubernetes.io/instance: db");
    let (code, _, told) = rolled_out(
        &old,
        &set("x: y"),
        &intent("  to: {nets: [203.0.113.128/25]}\n"),
    );
    assert_eq!(code, 1);
    let found: Vec<&Value> = cuts(&told).map(|(_, cut)| &cut["packet"]).collect();
    assert_eq!(found, ["TCP 172.30.0.0:40000 -> 203.0.113.128:80"]);
}

/// Namespaces are no step; that one differs is told.
#[test]
fn facts_that_differ_are_told() {
    let with = |label: &str| {
        opens("px", "all()", "nets: [10.1.0.0/16]")
            + &format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{t: {label}}}}}\n"
            )
    };
    let (code, told, _) = rolled_out(
        &with("a"),
        &with("b"),
        &intent("  to: {nets: [10.1.0.0/16]}\n"),
    );
    assert_eq!(code, 0, "{told}");
    assert!(
        told.starts_with(
            "note: Namespace shop is not the same on both sides and no step of a roll-out: it is taken \
             as old.yaml has it\n"
        ),
        "{told}"
    );
}

#[test]
fn intents_that_want_nothing_to_pass_are_refused() {
    let (old, new) = (
        opens("px", "all()", "ports: [1]"),
        opens("px", "all()", "ports: [2]"),
    );
    let room = Room::new();
    room.write("old.yaml", old);
    room.write("new.yaml", new);
    room.write(
        "i.yaml",
        intent("  to: {nets: [10.0.0.0/9]}\n").replace("allow", "deny"),
    );
    let ran = room.run("rollout old.yaml new.yaml --intents i.yaml");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("no intent says what must pass"),
        "{}",
        ran.stderr
    );
}
