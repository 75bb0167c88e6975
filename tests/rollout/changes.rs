//! From one set to another.

use crate::call::{Room, project};
use crate::{cuts, json, set};

/// The outcome of a roll-out from the set as it is, to it with a change: exit code, the summary on
/// standard error, and the packets that are cut, each with what decided.
fn outcome(change: (&str, &str, &str), back: bool) -> (i32, String, Vec<[String; 3]>) {
    let room = Room::new();
    set(&room, "old", &[]);
    set(&room, "new", &[change]);
    let sources = if back { "new old" } else { "old new" };
    let (ran, told) = json(&room, &format!("{sources} --region eu-de --private"));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let cuts = cuts(&told).map(|(_, cut)| {
        assert_eq!(cut["whose"], "workers");
        [&cut["intent"], &cut["packet"], &cut["decided"]].map(text)
    });
    (ran.code, ran.stderr, cuts.collect())
}

const ADDRESS: (&str, &str, &str) = ("allow-private-services", "      - 166.9.248.76/32\n", "");

#[test]
fn a_list_that_gains_an_address_cuts_nothing() {
    let (code, summary, cuts) = outcome(ADDRESS, true);
    assert_eq!((code, cuts.len()), (0, 0), "{summary}");
    assert_eq!(
        summary,
        "1 object in 1 wave, 42 intents: all of them hold all the time\n"
    );
}

#[test]
fn a_list_that_loses_an_address_cuts_it() {
    let (code, summary, cuts) = outcome(ADDRESS, false);
    assert_eq!(code, 1);
    assert_eq!(
        summary,
        "1 object in 1 wave, 42 intents: 1 cut off workers, 1 not there in the end\n"
    );
    assert_eq!(
        cuts,
        [[
            "workers reach the service registry on the private network",
            "TCP 10.255.254.3:40000 -> 166.9.248.76:443",
            "dropped by GlobalNetworkPolicy deny-all-private-default rule 1 \
             (old/eu-de/private/deny-all-private-default.yaml:19:5)",
        ]]
    );
}

#[test]
fn a_policy_that_gets_another_name_or_order_cuts_nothing() {
    for change in [
        (
            "allow-icmp-private",
            "name: allow-icmp-private",
            "name: allow-health-checks",
        ),
        ("allow-icmp-private", "order: 1500", "order: 1600"),
        ("allow-icmp-private", "order: 1500", "order: 99899"),
    ] {
        for back in [false, true] {
            let (code, summary, cuts) = outcome(change, back);
            assert_eq!((code, cuts.len()), (0, 0), "{change:?} {summary}");
        }
    }
}

#[test]
fn a_policy_that_moves_behind_what_denies_cuts() {
    let change = ("allow-icmp-private", "order: 1500", "order: 99901");
    let (code, summary, cuts) = outcome(change, false);
    assert_eq!(code, 1, "{summary}");
    assert_eq!(cuts.len(), 1);
    assert_eq!(
        cuts[0][0],
        "health checks reach workers on the private network"
    );
    assert_eq!(cuts[0][1], "ICMP 0.0.0.0 -> 10.255.254.3 type 8 code 0");
}

/// What is wanted and not there before need not be there on the way; what of it is there must stay.
#[test]
fn what_of_an_intent_is_there_before_must_stay() {
    let room = Room::new();
    // One address is missing before, and comes in a wave in which another one goes.
    set(&room, "old", &[ADDRESS]);
    set(
        &room,
        "new",
        &[("allow-private-services", "      - 166.9.248.105/32\n", "")],
    );
    let (ran, told) = json(&room, "old new --region eu-de --private");
    assert_eq!(ran.code, 1);
    assert_eq!(
        told["rollouts"][0]["notBefore"],
        serde_json::json!(["workers reach the service registry on the private network"])
    );
    let packets: Vec<_> = cuts(&told).map(|(_, cut)| cut["packet"].clone()).collect();
    assert_eq!(packets, ["TCP 10.255.254.3:40000 -> 166.9.248.105:443"]);
}

/// The reverse of a roll-out: what denies goes first.
#[test]
fn what_goes_goes_from_the_highest_wave_down() {
    let room = Room::new();
    set(&room, "old", &[]);
    let kept = room.read("old/eu-de/private/allow-vrrp-private.yaml");
    room.write("new/allow-vrrp-private.yaml", kept);
    let (ran, told) = json(&room, "old new --region eu-de --private");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let waves: Vec<_> = crate::waves(&told)
        .map(|wave| {
            (
                wave["wave"].as_u64().unwrap(),
                wave["removes"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(waves, [(3, true), (1, true)]);
    // Pods are governed by one policy after the other is gone.
    assert!(cuts(&told).count() > 0);
    for (wave, cut) in cuts(&told) {
        assert_eq!((&wave["wave"], &cut["whose"]), (&1.into(), &"pods".into()));
        assert_eq!(cut["outcome"], "cut");
    }
}

/// EVAL-19: one object under way is asked about a packet and about its answer. With so few objects every
/// state is looked at by itself, and nothing is left that is not known.
#[test]
fn a_load_balancer_that_is_not_tracked_comes_to_a_running_cluster() {
    let room = Room::new();
    let profile = std::fs::read_to_string(project("examples/clusters/nlb2-allow.yaml")).unwrap();
    let (without, _) = profile.split_once("ingress:").unwrap();
    room.write("new.yaml", &profile);
    room.write("old.yaml", without);
    for name in ["old", "new"] {
        let ran = room.run(&format!("gen --cluster {name}.yaml -o {name}"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let (ran, told) = json(
        &room,
        "old/clusters/nlb2-allow new/clusters/nlb2-allow --cluster new.yaml",
    );
    assert_eq!(cuts(&told).count(), 0, "{}", ran.stdout);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stderr,
        "2 objects in 2 waves, 74 intents: all of them hold all the time\n"
    );
}
