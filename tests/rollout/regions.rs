//! What is rendered, rolled out to a cluster that has nothing of it.

use serde_json::Value;

use crate::call::{Room, project};
use crate::{OLD_CLUSTER, cuts, json, waves};

/// Pods are open before the first policy governs them, and closed by it to what a later one of the
/// same wave opens. Each of these has a state of the wave in which it is so.
fn only_pods_are_cut(told: &Value) {
    for (wave, cut) in cuts(told) {
        assert_eq!(cut["whose"], "pods", "{cut:#}");
        assert_eq!(cut["outcome"], "cut", "{cut:#}");
        assert_eq!(wave["wave"], 1, "{cut:#}");
    }
}

#[test]
fn no_worker_of_any_region_is_cut_off() {
    let room = Room::new();
    for (line, amounts) in [
        ("--region all", [75, 48, 25]),
        ("--region all --private", [42, 32, 10]),
    ] {
        let (ran, told) = json(&room, line);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        only_pods_are_cut(&told);
        let rollouts = told["rollouts"].as_array().unwrap();
        assert_eq!(rollouts.len(), 10);
        for rollout in rollouts {
            let waves = rollout["waves"].as_array().unwrap();
            let numbers: Vec<_> = waves.iter().map(|wave| &wave["wave"]).collect();
            assert_eq!(numbers, [1, 3]);
            let [intents, first, cut] = amounts;
            let told = (
                rollout["intents"].as_u64().unwrap(),
                waves[0]["proved"].as_u64().unwrap(),
                waves[0]["cuts"].as_array().unwrap().len(),
                waves[1]["proved"].as_u64().unwrap(),
            );
            assert_eq!(
                told,
                (intents, first, usize::try_from(cut).unwrap(), intents)
            );
            assert_eq!(rollout["notAfter"].as_array().unwrap().len(), 0);
        }
    }
}

#[test]
fn no_worker_is_cut_off_by_what_is_wanted() {
    let room = Room::new();
    for line in [
        "--region eu-de --public",
        "--region eu-de --baseline off",
        "--region eu-de --strict",
        "--region eu-de --without services,istio",
        "--region eu-de --calico-version 3.28 --data-plane bpf",
        "--region eu-de --platform openshift",
    ] {
        let (_, told) = json(&room, line);
        only_pods_are_cut(&told);
        assert!(waves(&told).count() >= 2, "{line}");
    }
    for name in [
        "private-only",
        "public-gateway",
        "alb-cloudflare",
        "edge-workers",
        "isolated-namespaces",
        "nlb-allow",
        "nlb-deny",
        "nlb2-allow",
        "nodeports-closed",
    ] {
        let path = project(&format!("examples/clusters/{name}.yaml"));
        let (_, told) = json(&room, &format!("--cluster {}", path.display()));
        only_pods_are_cut(&told);
    }
}

/// RES-17: of two workers one has its host endpoint first, and its rules do not find the other one.
#[test]
fn host_endpoints_that_come_one_after_the_other_do_not_know_each_other() {
    let room = Room::new();
    room.write("old.yaml", OLD_CLUSTER);
    let (ran, told) = json(&room, "--cluster old.yaml");
    assert_eq!(ran.code, 1);
    let of_workers: Vec<&Value> = cuts(&told)
        .filter(|(_, cut)| cut["whose"] == "workers")
        .map(|(wave, cut)| {
            assert_eq!(
                (&wave["wave"], &wave["name"]),
                (&2.into(), &"host-endpoints".into())
            );
            cut
        })
        .collect();
    let [cut] = of_workers.as_slice() else {
        panic!("{of_workers:#?}");
    };
    assert_eq!(
        cut["intent"],
        "workers reach each other on the private network"
    );
    assert_eq!(
        cut["state"],
        serde_json::json!({
            "done": ["HostEndpoint kube-1-worker-private"],
            "open": ["HostEndpoint kube-2-worker-private"],
            "missing": ["HostEndpoint kube-2-worker-private"],
        })
    );
    assert_eq!(cut["packet"], "TCP 10.1.2.3:40000 -> 10.1.2.4:0");
    assert_eq!(cut["decided"], "dropped at the end of tier default");
}
