//! `palisade gen` writes nothing that is not proven.

use std::fs;

use crate::call::{Room, project};

fn template(path: &str) -> String {
    fs::read_to_string(project(&format!("templates/{path}"))).unwrap()
}

/// Templates that render what the API takes and what must not be, with an intent that notices.
fn broken() -> Vec<(&'static str, String, &'static str)> {
    let ports = "private/allow-ibm-ports-private.yaml.j2";
    let deny = "private/deny-all-private-default.yaml.j2";
    let icmp = "private/allow-icmp-private.yaml.j2";
    vec![
        (
            deny,
            template(deny).replace("action: Deny", "action: Allow"),
            "refuted: nothing else reaches workers on the private network",
        ),
        (
            icmp,
            template(icmp).replace("protocol: ICMP", "protocol: ICMPv6\n    ipVersion: 6"),
            "refuted: health checks reach workers on the private network",
        ),
        (
            ports,
            template(ports).replace("{{ order }}", "99999"),
            "refuted: workers reach name servers on the private network",
        ),
    ]
}

#[test]
fn broken_templates_are_refused_with_a_flow() {
    for (path, text, expected) in broken() {
        let room = Room::new();
        room.write(&format!("mine/{path}"), text);
        for more in ["", "--check", "-o -"] {
            let call = format!("--region us-south --private --templates mine {more}");
            let ran = room.run(&format!("gen {call}"));
            assert_eq!(ran.code, 1, "{path}: {}", ran.stderr);
            assert!(ran.stderr.contains(expected), "{path}: {}", ran.stderr);
            assert_eq!(ran.stdout, "", "{path}");
            assert!(!room.path("generated").exists());
        }
        // The same text as `verify` has.
        let call = "--region us-south --private --templates mine";
        let verified = room.run(&format!("verify {call}"));
        assert_eq!(verified.code, 1);
        let ran = room.run(&format!("gen {call}"));
        assert!(ran.stderr.starts_with(&verified.stdout), "{path}");
        assert!(
            ran.stderr
                .trim_end()
                .ends_with("; `--no-verify` writes all the same"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn without_a_proof_it_is_written_and_said() {
    let room = Room::new();
    for (path, text, _) in broken() {
        room.write(&format!("mine/{path}"), text);
    }
    let ran = room.run("gen --region us-south --private --templates mine --no-verify");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stderr,
        "note: nothing was proven of region us-south: whether the policies let through what must \
         pass and nothing else is not known\ngenerated: 10 files written, 0 unchanged, 0 removed\n"
    );
    assert_eq!(room.files("generated").len(), 11);
}

/// What was written before stays as it was, byte for byte.
#[test]
fn what_is_refused_takes_nothing_away() {
    let room = Room::new();
    assert_eq!(room.run("gen --region us-south --private").code, 0);
    let before = room.files(".");
    let (path, text, _) = broken().remove(0);
    let elsewhere = Room::new();
    elsewhere.write(path, text);
    let templates = elsewhere.path("");
    let ran = room.run(&format!(
        "gen --region us-south --private --templates {}",
        templates.display()
    ));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(room.files("."), before);
}

/// A run that ends while it proves has not begun to write.
#[test]
fn a_run_that_is_ended_while_it_proves_leaves_nothing() {
    let room = Room::new();
    let mut child = room.spawn("gen --region all");
    // All ten take far longer than this, and less than this to begin.
    std::thread::sleep(std::time::Duration::from_millis(40));
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(!room.path("generated").exists());
}
