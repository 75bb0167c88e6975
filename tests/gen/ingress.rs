//! What a cluster profile may not say of ingress, and what comes of what it says.

use std::fs;

use crate::call::{Room, project};

fn example(name: &str) -> String {
    fs::read_to_string(project(&format!("examples/clusters/{name}.yaml"))).unwrap()
}

/// An example, what is replaced in it with what, and what the error says.
const REFUSED: [(&str, &str, &str, &str); 22] = [
    (
        "alb-cloudflare",
        "ips: [198.51.100.91]",
        "ips: [198.51.100.90]",
        "two load balancers claim 198.51.100.90: `alb-fra04` claims TCP port 80\n  --> c.yaml:39:13",
    ),
    (
        "alb-cloudflare",
        "name: alb-fra04",
        "name: alb-fra02",
        "a second load balancer `alb-fra02`\n  --> c.yaml:34:11",
    ),
    (
        "alb-cloudflare",
        "allow: [cloudflare, office]",
        "allow: [office]",
        "`allow` of the load balancer `alb-fra02` keeps its health checks out: they come from \
         103.21.244.0/22 of `cloudflare` too\n  --> c.yaml:33:12",
    ),
    (
        "alb-cloudflare",
        "allow: [cloudflare, office]",
        "deny: [162.158.4.0/24]",
        "`deny` of the load balancer `alb-fra02` keeps its health checks out: they come from \
         162.158.0.0/15 of `cloudflare` too",
    ),
    (
        "alb-cloudflare",
        "allow: [cloudflare, office]",
        "allow: [cloudflar, office]",
        "there is no set `cloudflar`\n  --> c.yaml:33:13\n",
    ),
    (
        "alb-cloudflare",
        "allow: [cloudflare, office]",
        "allow: [services-public-registri]",
        "did you mean `services-public-registry`",
    ),
    (
        "alb-cloudflare",
        "- name: office",
        "- name: cloudflare",
        "the set `cloudflare` has the name of a list of the profiles\n  --> c.yaml:21:9",
    ),
    (
        "alb-cloudflare",
        "nets: [192.0.2.128/25]",
        "nets: [\"2001:db8::/32\"]",
        "the set `office` has no IPv4 block\n  --> c.yaml:33:25",
    ),
    (
        "alb-cloudflare",
        "nets: [192.0.2.128/25]",
        "nets: []",
        "the list is empty\n  --> c.yaml:22:9",
    ),
    (
        "alb-cloudflare",
        "ports: [80, 443]",
        "ports: [80, 31080]",
        "port 31080 of the load balancer `alb-fra02` is a node port\n  --> c.yaml:32:17",
    ),
    (
        "alb-cloudflare",
        "networks: [private, public]",
        "networks: [private]",
        "node ports are on the public network, which the cluster is not on\n  --> c.yaml:25:13",
    ),
    (
        "nlb-allow",
        "networks: [private, public]",
        "networks: [private]",
        "the load balancer `shop` is on the public network, which the cluster is not on",
    ),
    (
        "nlb-allow",
        "ips: [198.51.100.80]",
        "ips: [\"2001:db8::80\"]",
        "2001:db8::80 of the load balancer `shop` is not an IPv4 address\n  --> c.yaml:24:11",
    ),
    (
        "nlb-allow",
        "ips: [198.51.100.80]",
        "ips: [203.0.113.51]",
        "203.0.113.51 of the load balancer `shop` is the address of the worker \
         kube-d1a1b2cd0e3f4g5h6j71-nlballow-default-00000202",
    ),
    (
        "nlb-allow",
        "protocol: TCP",
        "protocol: ICMP",
        "`ICMP` has no ports, and a load balancer takes some\n  --> c.yaml:25:15",
    ),
    (
        "nlb-allow",
        "    allow: [192.0.2.17/32]\n",
        "",
        "the load balancer `shop` has neither `allow` nor `deny`\n  --> c.yaml:21:11",
    ),
    (
        "nlb-allow",
        "allow: [192.0.2.17/32]",
        "allow: [192.0.2.17/32]\n    deny: [192.0.2.18/32]",
        "the load balancer `shop` has both `allow` and `deny`\n  --> c.yaml:28:11",
    ),
    (
        "nlb-allow",
        "allow: [192.0.2.17/32]",
        "allow: [\"2001:db8::/32\"]",
        "nothing of 2001:db8::/32 reaches an IPv4 address",
    ),
    (
        "nlb-allow",
        "allow: [192.0.2.17/32]",
        "allow: [192.0.2.17]",
        "`192.0.2.17` has no prefix length: write `192.0.2.17/32`\n  --> c.yaml:27:13",
    ),
    (
        "edge-workers",
        "31000:31999",
        "10000:10999",
        "the node ports 10000:10999 hold 10250, which is `ports.kubelet` of the platform\n  --> c.yaml:28:12",
    ),
    (
        "edge-workers",
        "public: {edge: edge}",
        "public: {edge: egde}",
        "no worker is of the pool `egde`\n  --> c.yaml:29:20\n",
    ),
    (
        "edge-workers",
        "public: {edge: edge}",
        "public: close",
        "unknown value `close`\n  --> c.yaml:29:13\n",
    ),
];

#[test]
fn what_cannot_be_meant_is_shown_where_it_stands() {
    for (name, old, new, expected) in REFUSED {
        let room = Room::new();
        let profile = example(name);
        assert!(profile.contains(old), "{name}: {old}");
        room.write("c.yaml", profile.replacen(old, new, 1));
        let ran = room.run("gen --cluster c.yaml");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{new}");
        assert!(
            ran.stderr.contains(expected),
            "{new}: expected {expected:?} in\n{}",
            ran.stderr
        );
        assert!(!room.path("generated").exists(), "{new}");
    }
}

#[test]
fn health_checks_are_closed_where_the_profile_says_so() {
    let room = Room::new();
    let profile = example("alb-cloudflare");
    let closed = "allow: [office]\n    healthChecks: closed";
    room.write(
        "c.yaml",
        profile.replace("allow: [cloudflare, office]", closed),
    );
    let ran = room.run("gen --cluster c.yaml");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let policy =
        room.read("generated/clusters/alb-cloudflare/public/allow-load-balancers-public.yaml");
    let sources: Vec<&str> = policy
        .lines()
        .filter(|line| line.contains("an ALB: "))
        .collect();
    assert_eq!(
        sources,
        [
            "  # alb-fra02, an ALB: office",
            "  # alb-fra04, an ALB: office"
        ]
    );
}

/// EVAL-35: before connection is tracked and destinations are translated a failsafe port is open
/// whatever policies say, so a load balancer there cannot be closed.
#[test]
fn a_load_balancer_at_a_failsafe_port_cannot_be_closed() {
    let room = Room::new();
    room.write(
        "c.yaml",
        example("nlb-allow").replace("ports: [80]", "ports: [6443]"),
    );
    let ran = room.run("gen --cluster c.yaml");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let refuted =
        "refuted: workers pass on to services nothing that is closed on the public network";
    assert!(ran.stderr.contains(refuted), "{}", ran.stderr);
    assert!(!room.path("generated").exists());
}

/// Nobody lists workers: the samples stand for those of the pool and for others.
#[test]
fn edge_workers_need_not_be_listed() {
    let room = Room::new();
    let profile = example("edge-workers");
    let (head, rest) = profile.split_once("workers:\n").unwrap();
    let (_, ingress) = rest.split_once("ingress:").unwrap();
    room.write("c.yaml", format!("{head}ingress:{ingress}"));
    let ran = room.run("verify --verbose --baseline on --cluster c.yaml");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for network in ["private", "public"] {
        for line in [
            format!(
                "everybody reaches node ports at workers of the pool edge on the {network} network"
            ),
            format!(
                "workers outside the pool edge pass on to services nothing that is closed on the {network} network"
            ),
        ] {
            assert!(
                ran.stdout.contains(&format!("  proved  {line}\n")),
                "{line}\n{}",
                ran.stdout
            );
        }
    }
}

#[test]
fn where_no_worker_says_its_pool_the_error_says_so() {
    let room = Room::new();
    let profile = example("edge-workers");
    let lines = profile.lines().filter(|line| !line.contains("  pool: "));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    assert_ne!(profile, text);
    room.write("c.yaml", text);
    let ran = room.run("gen --cluster c.yaml");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    for expected in [
        "error: no worker is of the pool `edge`\n  --> c.yaml:26:21\n",
        "= help: no listed worker says its `pool`: add it to those of this one\n",
    ] {
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
    assert!(!room.path("generated").exists());
}

/// Where the set brings host endpoints itself, policies find the pool by their labels as they do by
/// the platform's.
#[test]
fn host_endpoints_of_the_set_name_the_pool_that_policies_ask_for() {
    let room = Room::new();
    room.write("c.yaml", example("edge-workers"));
    let ran = room.run("gen --cluster c.yaml --host-endpoints always");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let folder = "generated/clusters/edge-workers";
    let file = format!(
        "{folder}/public/host-endpoints/kube-d5a1b2cd0e3f4g5h6j75-edge-edge-00000303-worker-public.yaml"
    );
    let labels = "  labels:\n    ibm.role: worker_public\n    \
                  ibm-cloud.kubernetes.io/worker-pool-name: edge\nspec:\n";
    assert!(room.read(&file).contains(labels), "{}", room.read(&file));
    let node = "kube-d5a1b2cd0e3f4g5h6j75-edge";
    for (worker, verdict) in [("edge-00000303", "allow"), ("compute-00000101", "deny")] {
        let ran = room.run(&format!(
            "trace {folder} --cluster c.yaml --from ip:8.8.8.8 --to nodeport:{node}-{worker}:31080 \
             --port tcp --backend worker:{node}-{worker} -o json"
        ));
        let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(told["verdict"], verdict, "{worker}: {told:#}");
    }
}

/// Behind the platform's own policy nothing would be closed any more, and the proof says so.
#[test]
fn node_ports_that_are_closed_too_late_are_noticed() {
    let room = Room::new();
    let platform = fs::read_to_string(project("profiles/platform.yaml")).unwrap();
    let late = platform.replace(
        "rules: closed-node-ports, order: 1100",
        "rules: closed-node-ports, order: 1501",
    );
    assert_ne!(platform, late);
    room.write("facts/platform.yaml", late);
    room.write("c.yaml", example("nodeports-closed"));
    let ran = room.run("gen --profiles facts --cluster c.yaml");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for refuted in [
        "refuted: nothing else reaches workers on the public network",
        "refuted: workers pass on to services nothing that is closed on the public network",
    ] {
        assert!(ran.stderr.contains(refuted), "{}", ran.stderr);
    }
    assert!(!room.path("generated").exists());
}

/// The orders of ingress lie before that of the platform's own policy for node ports.
#[test]
fn what_is_closed_is_asked_before_the_platforms_own_policy() {
    let platform = fs::read_to_string(project("profiles/platform.yaml")).unwrap();
    let baseline = fs::read_to_string(project("profiles/baseline/policies.yaml")).unwrap();
    let (_, own) = baseline.split_once("name: allow-node-port-dnat").unwrap();
    let (_, own) = own.split_once("order: ").unwrap();
    let own: u32 = own.split_whitespace().next().unwrap().parse().unwrap();
    let orders = |rules: &str| -> Vec<u32> {
        let lines = platform
            .lines()
            .filter(|line| line.contains(&format!("rules: {rules},")));
        lines
            .map(|line| {
                let (_, order) = line.split_once("order: ").unwrap();
                order.trim_end_matches('}').parse().unwrap()
            })
            .collect()
    };
    assert_eq!(orders("load-balancers"), [500, 500]);
    assert_eq!(orders("untracked-load-balancers"), [500, 500]);
    assert_eq!(orders("closed-load-balancers"), [800, 800]);
    assert_eq!(orders("node-ports"), [1000, 1000]);
    assert_eq!(orders("closed-node-ports"), [1100, 1100]);
    assert_eq!(own, 1500);
}
