//! What verify says of both sides.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{Ran, Room, compared, policy};

/// What `gen` writes for a region, with one policy and without it.
fn rendered() -> Room {
    let room = Room::new();
    for (folder, arguments) in [("with", ""), ("without", "--without vrrp")] {
        let ran = room.run(&format!(
            "gen --region eu-de --private -o {folder} {arguments}"
        ));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    room
}

/// The lines about intents, and the verdict.
fn of_intents(ran: &Ran) -> String {
    let (_, text) = ran.stdout.split_once("region eu-de, ").unwrap();
    text.split("to ignore").next().unwrap().to_owned()
}

#[test]
fn what_no_longer_holds_comes_with_a_flow_and_what_decides() {
    let room = rendered();
    let ran = room.run("diff with without --region eu-de --private");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(of_intents(&ran));
    // A source that is a region says which it is.
    let ran = room.run("diff region:eu-de/private without");
    assert!(ran.stdout.ends_with("HostEndpoint/label-of-its-node\n"));
    assert!(
        ran.stdout.contains("1 removed; 4 intents no longer hold\n"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("no built-in intent"), "{}", ran.stdout);
    // What is told is what verify tells.
    let verified = room.run("verify without --region eu-de --private --baseline on");
    assert!(
        verified.stdout.contains("42 proved, 4 refuted"),
        "{}",
        verified.stdout
    );
}

#[test]
fn what_holds_from_now_on_and_what_fails_as_before_are_told_apart() {
    let room = rendered();
    let ran = room.run("diff without with --region eu-de --private");
    insta::assert_snapshot!("mended", of_intents(&ran));
    // Another policy differs: the intents fail on both sides.
    let order = room.read("without/eu-de/private/allow-icmp-private.yaml");
    room.write(
        "other/allow-icmp-private.yaml",
        order.replace("order: 1500", "order: 1501"),
    );
    for (path, bytes) in room.files("without/eu-de/private") {
        if !path.contains("allow-icmp") && !path.starts_with('.') {
            room.write(&format!("other/{path}"), bytes);
        }
    }
    let ran = room.run("diff without/eu-de/private other --region eu-de --private");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    insta::assert_snapshot!("failing", of_intents(&ran));
}

#[test]
fn every_format_tells_of_intents() {
    let room = rendered();
    let ran = |format: &str| {
        let ran = room.run(&format!(
            "diff with without --region eu-de --private -o {format}"
        ));
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
        ran.stdout
    };
    let markdown = ran("markdown");
    assert!(
        markdown.contains("❌ **from with to without: 1 removed; 4 intents no longer hold**"),
        "{markdown}"
    );
    let (_, intents) = markdown.split_once("region eu-de, ").unwrap();
    insta::assert_snapshot!(
        "markdown",
        intents.split("\n<details><summary>removed").next().unwrap()
    );
    let json: Value = serde_json::from_str(&ran("json")).unwrap();
    let cluster = &json["intents"][0];
    assert_eq!(cluster["target"], "region eu-de");
    assert_eq!(
        cluster["old"],
        serde_json::json!({"proved": 46, "empty": 0, "refuted": 0, "unknown": 0})
    );
    assert_eq!(cluster["new"]["refuted"], 4);
    let proofs = cluster["proofs"].as_array().unwrap();
    let of = |turn: &str| proofs.iter().filter(|proof| proof["turn"] == turn).count();
    assert_eq!((of("holds"), of("broken"), proofs.len()), (42, 4, 46));
    let broken = proofs
        .iter()
        .find(|proof| proof["turn"] == "broken")
        .unwrap();
    assert_eq!(broken["before"], serde_json::json!({"outcome": "proved"}));
    assert_eq!(broken["outcome"], "refuted");
    assert_eq!(
        broken["counters"][0]["packet"],
        "protocol 112 10.255.254.3 -> 10.0.0.0"
    );
    let sarif: Value = serde_json::from_str(&ran("sarif")).unwrap();
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    let broken: Vec<&Value> = results
        .iter()
        .filter(|r| r["ruleId"] == "intent-broken")
        .collect();
    assert_eq!((broken.len(), results.len()), (4, 5));
    insta::assert_json_snapshot!("sarif", broken[0]);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        assert!(
            rules.iter().any(|rule| rule["id"] == result["ruleId"]),
            "{result}"
        );
    }
}

/// Two sources that differ, and a file of intents.
fn own(intents: &str) -> Room {
    let room = Room::new();
    let pods = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n";
    let closed = policy("order: 1\nselector: all()\ntypes: [Egress]\negress: [{action: Deny}]");
    room.write("old.yaml", policy("order: 1\nselector: all()") + pods);
    room.write("new.yaml", closed + pods);
    room.write("intents.yaml", format!("intents:\n{intents}"));
    room
}

const WEB: &str = "- name: web servers send mail\n  expect: allow\n  from: {pods: {namespace: web}}\n  \
    to: {nets: [198.51.100.7/32]}\n  protocol: TCP\n  ports: [25]\n";

#[test]
fn intents_of_a_file_are_asked_without_a_region() {
    let room = own(WEB);
    let ran = room.run("diff old.yaml new.yaml --intents intents.yaml --baseline off");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.stderr);
    let (_, told) = ran.stdout.split_once("the cluster of the input, ").unwrap();
    insta::assert_snapshot!(told.split("to ignore").next().unwrap());
    // Without them nothing is asked, and it is said how to.
    let ran = room.run("diff old.yaml new.yaml");
    let expected = "note: no built-in intent is asked, since nothing says which region this is of: \
        `--region REGION` or `--cluster FILE` does\n";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    let ran = room.run("diff old.yaml new.yaml --no-verify");
    assert!(!ran.stdout.contains("intent"), "{}", ran.stdout);
    assert_eq!(ran.code, 1);
}

#[test]
fn where_nothing_differs_nothing_is_asked() {
    let room = own(WEB);
    // `new.yaml` does not hold the intent; the sides are the same.
    let ran = room.run("diff new.yaml new.yaml --intents intents.yaml");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout
            .starts_with("new.yaml and new.yaml say the same\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn an_intent_that_means_nothing_on_the_new_side_is_refused() {
    let room = own(WEB);
    let only = |pods: &str| {
        policy("order: 1\nselector: all()")
            + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: "
            + pods
            + "}\nspec: {nodeName: w}\nstatus: {podIP: 172.30.0.9}\n"
    };
    room.write("web.yaml", only("web"));
    room.write("data.yaml", only("data").replace("order: 1", "order: 2"));
    let ran = room.run("diff web.yaml data.yaml --intents intents.yaml --baseline off");
    // What one side alone names of pods is taken for the same on both.
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    room.write(
        "intents.yaml",
        format!(
            "intents:\n{}",
            WEB.replace("namespace: web", "namespace: wbe")
        ),
    );
    let ran = room.run("diff web.yaml data.yaml --intents intents.yaml --baseline off");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("did you mean `web`?"), "{}", ran.stderr);
}

#[test]
fn folders_of_several_clusters_are_asked_each_for_its_own() {
    let room = rendered();
    for folder in ["old", "new"] {
        for region in ["eu-de", "us-east"] {
            let ran = room.run(&format!("gen --region {region} -o {folder}"));
            assert_eq!(ran.code, 0, "{}", ran.stderr);
        }
    }
    std::fs::remove_file(room.path("new/eu-de/private/allow-vrrp-private.yaml")).unwrap();
    let ran = room.run("diff old new --region all");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let headings: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|l| l.starts_with("region "))
        .collect();
    let expected = "region eu-de, private and public network, with the platform's own policies: 78 \
        intents, 74 hold, 4 no longer hold";
    // Nothing is asked of what does not differ.
    assert_eq!(headings, [expected]);
    let nowhere = "note: no intent is asked of what has no folder in the sources: region au-syd, ";
    assert!(ran.stdout.contains(nowhere), "{}", ran.stdout);
    let ran = room.run("diff with without --region all");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let ran = room.run("diff old new --intents intents.yaml");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    room.write("intents.yaml", format!("intents:\n{WEB}"));
    let ran = room.run("diff old new --intents intents.yaml");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn a_comment_about_many_intents_is_cut_and_says_so() {
    let mut intents = String::new();
    for number in 0..300 {
        let one = WEB.replace("web servers", &format!("web servers {number}"));
        let _ = write!(intents, "{one}");
    }
    let room = own(&intents);
    let ran = room.run("diff old.yaml new.yaml --intents intents.yaml --baseline off -o markdown");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.len() <= 65_000, "{}", ran.stdout.len());
    assert!(ran.stdout.contains("300 intents no longer hold"));
    assert!(ran.stdout.contains("> ✂️ **Cut**: "), "{}", ran.stdout);
    let count = |part: &str| ran.stdout.matches(part).count();
    assert_eq!(count("<details>"), count("</details>"));
    assert_eq!(count("```") % 2, 0);
}

#[test]
fn standard_input_is_read_once() {
    let ran = compared("", "", "--intents - --cluster -");
    assert_eq!(ran.code, 2);
    let expected = "standard input can be read once, and both `--intents` and `--cluster`";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}
