//! Calls and inputs that are refused, and intents of a file.

use crate::call::Room;
use crate::{cuts, json, set};

#[test]
fn calls_that_make_no_sense() {
    let room = Room::new();
    room.write("a.yaml", "");
    for (line, message) in [
        ("a.yaml", "error: nothing says what must pass"),
        (
            "a.yaml a.yaml --region all",
            "error: a source is one cluster's, and `--region all` is every region",
        ),
        (
            "live --region eu-de",
            "error: `live` alone would be rolled out to itself",
        ),
        (
            "a.yaml --templates x --region eu-de",
            "error: `--templates` is about what would be rendered",
        ),
        (
            "--verbose",
            "error: a region or a cluster profile is wanted",
        ),
        (
            "a.yaml a.yaml --from-nothing --region eu-de",
            "error: the argument",
        ),
        (
            "- - --region eu-de",
            "error: standard input can be read once",
        ),
    ] {
        let ran = room.run(&format!("rollout {line}"));
        assert_eq!(ran.code, 2, "{line}: {}", ran.stderr);
        assert!(ran.stderr.starts_with(message), "{line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

const INTENTS: &str = "\
intents:
- name: workers reach the office
  expect: allow
  from: {workers: {network: private}}
  to: {nets: [10.99.0.0/24]}
  protocol: TCP
  ports: [8443]
- name: workers do not reach the cellar
  expect: deny
  from: {workers: {network: private}}
  to: {nets: [10.98.0.0/24]}
";

/// What a user wants to pass must pass all the time; what must not is verify's to say.
#[test]
fn intents_of_a_file() {
    let room = Room::new();
    room.write("mine.yaml", INTENTS);
    set(&room, "sets", &[]);
    let (ran, told) = json(&room, "sets --from-nothing --intents mine.yaml");
    assert_eq!(ran.code, 1);
    assert_eq!(told["rollouts"][0]["intents"], 1);
    let [(wave, cut)] = cuts(&told).collect::<Vec<_>>()[..] else {
        panic!("{told:#}");
    };
    assert_eq!(wave["wave"], 3);
    assert_eq!(cut["intent"], "workers reach the office");
    assert_eq!(
        ran.stderr,
        "10 objects in 2 waves, 1 intent: 1 cut off workers, 1 not there in the end\n"
    );
}
