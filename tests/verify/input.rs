//! What a wrong call and a wrong input get.

use std::fmt::Write as _;

use crate::call::Room;

const POLICIES: &str = include_str!("fixtures/shop.yaml");
const INTENTS: &str = include_str!("fixtures/intents.yaml");

fn room() -> Room {
    let room = Room::new();
    room.write("shop.yaml", POLICIES);
    room.write("intents.yaml", INTENTS);
    room
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    let room = room();
    for (line, expected) in [
        (
            "verify",
            "error: a region or a cluster profile is wanted\n |\n = help: give `--region REGION` or \
             `--cluster FILE`\n",
        ),
        (
            "verify shop.yaml",
            "error: nothing says what must hold of SOURCE\n |\n = help: give `--intents FILE`, or \
             `--region REGION` or `--cluster FILE`, whose facts say it\n",
        ),
        (
            "verify shop.yaml --region all",
            "error: SOURCE is one cluster's, and `--region all` is every region\n",
        ),
        (
            "verify shop.yaml --region us-south --templates mine",
            "error: `--templates` is about what would be rendered, and SOURCE says what there is\n",
        ),
        (
            "verify shop.yaml --intents intents.yaml --private",
            "error: `--private` chooses among what a region or a cluster has, and neither is named\n \
             |\n = help: give `--region REGION` or `--cluster FILE`\n",
        ),
        (
            "verify - --intents -",
            "error: standard input can be read once, and both `SOURCE` and `--intents` are to read \
             it\n",
        ),
        (
            "verify --region us-soth",
            "error: there is no region `us-soth`\n |\n = help: did you mean `us-south` or \
             `us-east`?\n",
        ),
    ] {
        let ran = room.run(line);
        assert_eq!(ran.code, 2, "{line}");
        assert_eq!(ran.stderr, expected, "{line}");
        assert_eq!(ran.stdout, "", "{line}");
    }
}

#[test]
fn files_that_are_not_there_are_no_fault_of_the_input() {
    let room = room();
    for line in [
        "verify nowhere.yaml --intents intents.yaml",
        "verify shop.yaml --intents nowhere.yaml",
    ] {
        let ran = room.run(line);
        assert_eq!(ran.code, 3, "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains("nowhere.yaml"), "{}", ran.stderr);
    }
}

#[test]
fn an_input_that_the_api_would_refuse_proves_nothing() {
    let room = room();
    room.write(
        "shop.yaml",
        POLICIES.replace("action: Allow", "action: Alow"),
    );
    let ran = room.run("verify shop.yaml --intents intents.yaml");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .starts_with("error: `Alow` is not an action\n  --> shop.yaml:33:13\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn intents_that_name_nothing_known_are_refused_with_the_nearest_name() {
    let room = room();
    room.write(
        "intents.yaml",
        INTENTS.replace("namespace: data", "namespace: dat"),
    );
    let ran = room.run("verify shop.yaml --intents intents.yaml");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        "error: the intent `the shop reaches its database` means no flow: there are no pods of web \
         with app == \"front\" that reach pods of dat
 --> intents.yaml:2:9
  |
2 | - name: the shop reaches its database
  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `data`?
"
    );
}

#[test]
fn intents_that_cannot_both_hold_are_shown_both() {
    let room = room();
    let contrary = "- name: nobody reaches the database
  expect: deny
  from: {pods: {namespace: web, selector: app == 'front'}}
  to: {pods: {namespace: data}}
";
    room.write("intents.yaml", format!("{INTENTS}{contrary}"));
    let ran = room.run("verify shop.yaml --intents intents.yaml");
    assert_eq!(ran.code, 2);
    for shown in ["--> intents.yaml:19:", "intents.yaml:2:", "5432"] {
        assert!(ran.stderr.contains(shown), "{shown}: {}", ran.stderr);
    }
}

#[test]
fn an_empty_file_of_intents_is_refused() {
    let room = room();
    room.write("intents.yaml", "intents: []\n");
    let ran = room.run("verify --region us-south --intents intents.yaml");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("the list is empty"), "{}", ran.stderr);
}

#[test]
fn what_selectors_cannot_tell_apart_in_memory_is_refused_with_a_way_out() {
    let room = Room::new();
    let mut policies = String::new();
    for number in 0..40 {
        policies.push_str(&format!(
            "---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p{number}, \
             namespace: a}}\nspec: {{selector: has(l{number}), types: [Ingress], ingress: [{{action: \
             Allow, source: {{selector: has(l{number})}}}}]}}\n"
        ));
    }
    room.write("many.yaml", policies);
    room.write(
        "intents.yaml",
        "intents:\n- {name: x, expect: deny, from: {pods: {}}, to: {pods: {namespace: a}}}\n",
    );
    let ran = room.run("verify many.yaml --intents intents.yaml");
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(
        ran.stderr
            .contains("list the pods there are, and only those are looked at"),
        "{}",
        ran.stderr
    );
}

#[test]
fn all_inputs_may_come_by_standard_input() {
    let room = room();
    let ran = room.run_with(
        "verify - --intents intents.yaml --baseline off",
        POLICIES.as_bytes(),
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let ran = room.run_with(
        "verify shop.yaml --intents - --baseline off",
        INTENTS.as_bytes(),
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
}

#[test]
fn an_interface_that_is_neither_networks_is_told_since_no_intent_speaks_of_it() {
    let room = Room::new();
    room.write(
        "ens.yaml",
        "{apiVersion: projectcalico.org/v3, kind: HostEndpoint, metadata: {name: a, labels: {ibm.role: \
         worker_private}}, spec: {node: w1, interfaceName: ens3, expectedIPs: [10.1.0.1]}}\n",
    );
    let ran = room.run("verify region:us-south/private ens.yaml --region us-south --private");
    let note = "note: worker w1 has a host endpoint on `ens3`, which neither network is (eth0, eth1): \
                no intent about a network speaks of it\n";
    assert!(ran.stderr.starts_with(note), "{}", ran.stderr);
}

#[test]
fn pods_that_are_listed_are_not_to_be_listed_again() {
    let room = room();
    let mut many = String::new();
    for number in 0..9 {
        let _ = write!(
            many,
            "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: p{number}}}, \
             spec: {{selector: has(tier{number}), types: [Ingress]}}}}\n---\n"
        );
    }
    // On the node's own network: no policy for pods is asked about it.
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: web}, spec: {nodeName: w, \
        hostNetwork: true}, status: {podIP: 10.1.0.1}}\n";
    for (text, hint) in [
        (
            many.clone(),
            "list the pods there are, and only those are looked at: ",
        ),
        (
            many + pod,
            "none of the pods of the input has, or is to get, an address of its own",
        ),
    ] {
        room.write("many.yaml", text);
        let ran = room.run("verify many.yaml --region us-south --private");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains("kinds of pods apart"), "{}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
}
