//! `palisade gen` refuses what cuts a worker off while it is rolled out.

use std::fs;

use crate::OLD_CLUSTER;
use crate::call::{Room, project};

/// A rule that closes what nobody needs, and makes the policy one of wave 3.
const DENIES: &str = "  - action: Deny\n    protocol: TCP\n    destination:\n      nets:\n      \
                      - 203.0.113.5/32\n      ports:\n      - 9\n";

/// The template of the ports that workers need, with that rule.
fn late(room: &Room) {
    let path = "private/allow-ibm-ports-private.yaml.j2";
    let text = fs::read_to_string(project(&format!("templates/{path}"))).unwrap();
    room.write(&format!("mine/{path}"), text + DENIES);
}

#[test]
fn a_denial_that_may_come_first_is_refused() {
    let room = Room::new();
    late(&room);
    let call = "--region eu-de --private --templates mine";
    for more in ["", "--check", "-o -"] {
        let ran = room.run(&format!("gen {call} {more}"));
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
        assert!(!room.path("generated").exists());
        let expected = "  cut: workers reach name servers on the private network (workers)\n    \
             while GlobalNetworkPolicy deny-all-private-default is in place and \
             GlobalNetworkPolicy allow-ibm-ports-private is not yet\n    \
             TCP 10.255.254.3:40000 -> 10.0.0.0:53 is dropped and should pass\n    \
             dropped by GlobalNetworkPolicy deny-all-private-default rule 1 \
             (eu-de/private/deny-all-private-default.yaml (rendered):19:5)\n";
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        let end = "cut off workers; `--no-verify` writes all the same\n";
        assert!(ran.stderr.ends_with(end), "{}", ran.stderr);
    }
    // The set as such is right: it is the way there that is not.
    assert_eq!(room.run(&format!("verify {call}")).code, 0);
    let ran = room.run(&format!("gen {call} --no-verify"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn a_host_endpoint_before_what_opens_is_refused() {
    let room = Room::new();
    late(&room);
    room.write("old.yaml", OLD_CLUSTER);
    let ran = room.run("gen --cluster old.yaml --templates mine");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let expected = "  cut: workers reach name servers on the private network (workers)\n    \
         while HostEndpoint kube-1-worker-private is in place\n    \
         TCP 10.1.2.3:40000 -> 0.0.0.0:53 is dropped and should pass\n    \
         dropped at the end of tier default\n";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    assert!(!room.path("generated").exists());
}

/// That one host endpoint comes after the other is nothing that another bundle would avoid: it is
/// told, and that is all.
#[test]
fn host_endpoints_of_an_old_cluster_are_written() {
    let room = Room::new();
    room.write("old.yaml", OLD_CLUSTER);
    let ran = room.run("gen --cluster old.yaml");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let note = "workers whose host endpoints are not there yet may not reach those whose are, until \
                all are; `palisade rollout` shows it";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
}
