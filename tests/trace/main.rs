//! `palisade trace` and `palisade convert`, as a user runs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons
)]

#[path = "../call/mod.rs"]
mod call;

use call::{Ran, Room, project};

const WORKER: &str = "worker:kube-c9a4m1tf0k8u2p5w7x30-shop-gateway-00000361";

/// Asks about a flow of the example cluster on both networks.
fn shop(question: &str) -> Ran {
    let room = Room::new();
    room.run(&format!(
        "trace {} --cluster {} {question}",
        project("generated/clusters/shop").display(),
        project("examples/clusters/public-gateway.yaml").display()
    ))
}

#[test]
fn the_exit_code_is_the_verdict() {
    // The flow, the exit code, and how the last hook is explained.
    let cases = [
        (
            format!("--from {WORKER} --to ip:166.9.28.17 --port tcp/443"),
            0,
            "Allow by rule 2 of GlobalNetworkPolicy allow-private-service-endpoint",
        ),
        (
            format!("--from {WORKER} --to ip:10.99.0.1 --port tcp/22"),
            1,
            "Deny by rule 1 of GlobalNetworkPolicy deny-all-private-default",
        ),
        (
            format!("--from {WORKER} --to ip:198.51.100.9 --port tcp/8443"),
            0,
            "Allow by rule 1 of GlobalNetworkPolicy allow-cluster-services-public",
        ),
        (
            format!("--from {WORKER} --to ip:192.0.2.9 --port tcp/8443"),
            1,
            "Deny by rule 1 of GlobalNetworkPolicy deny-all-outbound-public",
        ),
        (
            format!("--from ip:192.0.2.9 --to {WORKER} --port tcp/10250 --via public"),
            1,
            "no rule of tier default matches, and its end denies",
        ),
        (
            format!("--from ip:192.0.2.9 --to {WORKER} --port icmp/8/0 --via public"),
            0,
            "Allow by rule 1 of GlobalNetworkPolicy allow-icmp",
        ),
        (
            format!("--from ip:192.0.2.9 --to {WORKER} --port tcp/22 --via public"),
            0,
            "a failsafe port",
        ),
        (
            "--from pod:web{app=x} --to ip:192.0.2.9 --port tcp/443".to_owned(),
            0,
            "Allow by rule 2 of GlobalNetworkPolicy allow-egress-pods-private",
        ),
        (
            "--from pod:web{app=x} --to ip:10.99.0.1 --port tcp/8080".to_owned(),
            1,
            "no rule of tier default matches, and its end denies",
        ),
    ];
    for (question, code, why) in cases {
        let ran = shop(&question);
        assert_eq!(ran.code, code, "{question}\n{}{}", ran.stdout, ran.stderr);
        assert!(
            ran.stdout.contains(why),
            "{question}: {why}\n{}",
            ran.stdout
        );
        let word = if code == 0 { "allow  " } else { "deny  " };
        assert!(ran.stdout.starts_with(word), "{}", ran.stdout);
    }
}

#[test]
fn every_rule_that_was_looked_at_has_its_file_and_line() {
    let ran = shop(&format!(
        "--from {WORKER} --to ip:166.9.28.17 --port tcp/443"
    ));
    let lines: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|l| l.starts_with("       "))
        .collect();
    assert!(lines.len() > 5);
    for line in lines {
        let (_, place) = line.rsplit_once("  ").unwrap();
        let (file, number) = place.rsplit_once(':').unwrap();
        let number: usize = number.parse().unwrap();
        let text = std::fs::read_to_string(file)
            .unwrap_or_else(|_| std::fs::read_to_string(project(file)).unwrap());
        assert!(
            text.lines()
                .nth(number - 1)
                .unwrap()
                .trim_start()
                .starts_with("- "),
            "{line}"
        );
    }
}

#[test]
fn what_hangs_on_the_platforms_own_objects_says_so() {
    let question = format!("--from ip:192.0.2.9 --to {WORKER} --port icmp/8/0 --via public");
    let with = shop(&question);
    assert!(
        with.stdout
            .contains("GlobalNetworkPolicy allow-icmp (order 1500, assumed)"),
        "{}",
        with.stdout
    );
    assert!(with.stdout.ends_with("note: an object of the platform that is only assumed to be there had a part in this (`--baseline off` leaves such out)\n"));
    // Without them there is no host endpoint, and nothing judges the worker.
    let without = shop(&format!("{question} --baseline off"));
    assert!(!without.stdout.contains("assumed"), "{}", without.stdout);
}

#[test]
fn json_says_the_same_as_data() {
    let ran = shop(&format!(
        "--from {WORKER} --to ip:10.99.0.1 --port tcp/22 -o json"
    ));
    assert_eq!(ran.code, 1);
    let data: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(data["verdict"], "deny");
    assert_eq!(data["from"], WORKER);
    assert_eq!(data["to"], "ip:10.99.0.1");
    assert_eq!(data["port"], "tcp/22");
    let stages = data["toEach"][0]["ways"][0]["stages"].as_array().unwrap();
    let last = stages.last().unwrap();
    assert_eq!(last["hook"], "normal-egress");
    assert_eq!(last["why"]["by"], "rule");
    assert_eq!(
        last["why"]["policy"],
        "GlobalNetworkPolicy deny-all-private-default"
    );
}

#[test]
fn a_flow_through_a_service_shows_both_addresses() {
    let room = Room::new();
    room.write(
        "cluster.yaml",
        r"
apiVersion: v1
kind: Node
metadata:
  name: n1
status:
  addresses: [{type: InternalIP, address: 10.1.0.1}]
---
apiVersion: v1
kind: Namespace
metadata: {name: web}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: web, labels: {app: front}}
spec: {nodeName: n1, containers: [{name: c}]}
status: {phase: Running, podIP: 172.30.1.5}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: web}
spec:
  type: NodePort
  clusterIP: 172.21.4.4
  selector: {app: front}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: front-1, namespace: web, labels: {kubernetes.io/service-name: front}}
addressType: IPv4
endpoints: [{addresses: [172.30.1.5], nodeName: n1}]
ports: [{port: 8080, protocol: TCP}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: only-8080, namespace: web}
spec:
  podSelector: {matchLabels: {app: front}}
  ingress: [{ports: [{port: 8080}]}]
",
    );
    let ran = room.run("trace cluster.yaml --from ip:192.0.2.9 --to nodeport:n1:30080 --port tcp");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout
            .contains("behind nodeport:n1:30080 is pod:web/front (172.30.1.5:8080)"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("192.0.2.9:50000 -> 10.1.0.1:30080"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("-> 172.30.1.5:8080 (Pod web/front)"),
        "{}",
        ran.stdout
    );
    let ran = room.run("trace cluster.yaml --from pod:web{app=x} --to ip:172.21.4.4 --port tcp/80");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let ran = room.run("trace cluster.yaml --from pod:web{app=x} --to pod:web/front --port tcp/80");
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn what_cannot_be_known_is_neither_allowed_nor_denied() {
    let room = Room::new();
    room.write(
        "http.yaml",
        "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: a, namespace: web}\nspec:\n  selector: all()\n  types: [Ingress]\n  ingress:\n  - action: Allow\n    protocol: TCP\n    http: {methods: [GET]}\n    destination: {ports: [80]}\n",
    );
    let ran = room.run("trace http.yaml --from ip:192.0.2.1 --to pod:web{} --port tcp/80");
    assert_eq!(ran.code, 4, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.starts_with(
            "unknown (a rule asks for an HTTP method or path, which a packet filter ignores)"
        ),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_wrong_question_names_the_nearest_right_one() {
    let room = Room::new();
    room.write("p.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: node-one}\nstatus: {addresses: [{type: InternalIP, address: 10.1.0.1}]}\n");
    room.write("broken.yaml", "a: [\n");
    let cases = [
        (
            "p.yaml --from worker:node-on --to ip:192.0.2.1 --port tcp/1",
            2,
            "no worker `node-on` is known\n |\n = help: did you mean `node-one`?",
        ),
        (
            "p.yaml --from pod:a/b --to ip:192.0.2.1 --port tcp/1",
            2,
            "no pod `a/b` is known",
        ),
        (
            "p.yaml --from pods:a/b --to ip:192.0.2.1 --port tcp/1",
            2,
            "`pods:a/b` is no endpoint",
        ),
        (
            "p.yaml --from pod:a --to ip:192.0.2.1 --port tcp/1",
            2,
            "a pod is pod:NAMESPACE/NAME or pod:NAMESPACE{label=value",
        ),
        (
            "p.yaml --from ip:1.2.3 --to ip:192.0.2.1 --port tcp/1",
            2,
            "an address is such as ip:203.0.113.7",
        ),
        (
            "p.yaml --from ip:192.0.2.1 --to nodeport:node-one:0 --port tcp",
            2,
            "a node port is nodeport:WORKER:30080",
        ),
        (
            "p.yaml --from ip:192.0.2.1 --to nodeport:node-one:30080 --port tcp",
            2,
            "the input knows no endpoint behind `nodeport:node-one:30080`",
        ),
        (
            "p.yaml --from nodeport:node-one:1 --to ip:192.0.2.1 --port tcp",
            2,
            "no connection begins at a service",
        ),
        (
            "p.yaml --from ip:192.0.2.1 --to worker:node-one --port tpc/1",
            2,
            "`tpc/1` is no kind of packet",
        ),
        (
            "p.yaml --from ip:192.0.2.1 --to worker:node-one --port tcp/0",
            2,
            "`tcp/0` is no kind of packet",
        ),
        (
            "broken.yaml --from ip:192.0.2.1 --to ip:192.0.2.2 --port tcp/1",
            2,
            "broken.yaml:",
        ),
        (
            "nowhere --from ip:192.0.2.1 --to ip:192.0.2.2 --port tcp/1",
            3,
            "nowhere",
        ),
    ];
    for (question, code, expected) in cases {
        let ran = room.run(&format!("trace {question}"));
        assert_eq!(ran.code, code, "{question}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{question}");
        assert!(ran.stderr.contains(expected), "{question}: {}", ran.stderr);
    }
}

#[test]
fn a_node_port_without_its_service_can_be_told_what_is_behind() {
    let room = Room::new();
    room.write(
        "deny.yaml",
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: deny-nodeports}\nspec:\n  order: 1100\n  selector: ibm.role == 'worker_public'\n  applyOnForward: true\n  preDNAT: true\n  types: [Ingress]\n  ingress:\n  - action: Deny\n    protocol: TCP\n    destination: {ports: ['30000:32767']}\n",
    );
    room.write(
        "workers.yaml",
        "workers:\n- {name: w1, privateIP: 10.1.0.1, publicIP: 203.0.113.1}\n",
    );
    let ran = room.run(
        "trace deny.yaml --workers workers.yaml --from ip:192.0.2.9 --to nodeport:w1:30080 --via public --backend pod:web{app=x} --port tcp/8080",
    );
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout
            .contains("dropped: Deny by rule 1 of GlobalNetworkPolicy deny-nodeports"),
        "{}",
        ran.stdout
    );
}

#[test]
fn convert_prints_what_the_cluster_will_hold() {
    let room = Room::new();
    room.write(
        "k.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: access-nginx, namespace: web}\nspec:\n  podSelector: {matchLabels: {run: nginx}}\n  ingress:\n  - from: [{podSelector: {matchLabels: {run: access}}}]\n    ports: [{port: 80}, {port: 81}]\n",
    );
    let ran = room.run("convert k.yaml --calico-version 3.31");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    // KNP-1, KNP-3, KNP-5, KNP-6, KNP-8.
    assert_eq!(
        ran.stdout,
        "apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata:
  name: knp.default.access-nginx
  namespace: web
spec:
  ingress:
  - action: Allow
    destination:
      ports:
      - 80:81
    protocol: TCP
    source:
      selector: projectcalico.org/orchestrator == 'k8s' && run == 'access'
  order: 1000
  selector: projectcalico.org/orchestrator == 'k8s' && run == 'nginx'
  tier: default
  types:
  - Ingress
"
    );
    // KNP-11: what is missing in the output is told.
    room.write(
        "admin.yaml",
        "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: a}\nspec: {priority: 1}\n",
    );
    let with_admin = room.run("convert k.yaml admin.yaml --calico-version 3.31");
    assert_eq!(with_admin.stdout, ran.stdout);
    assert_eq!(
        (with_admin.code, with_admin.stderr.as_str()),
        (
            0,
            "note: admin.yaml:1:1: AdminNetworkPolicy a is not converted: cluster-wide policies are not modelled\n"
        )
    );
    room.write(
        "none.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    );
    let ran = room.run("convert none.yaml");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("the input holds no Kubernetes NetworkPolicy"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_converted_is_calicos_in_every_version_and_lints_clean() {
    let room = Room::new();
    room.write(
        "k.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: web}\nspec:\n  podSelector: {matchExpressions: [{key: e, operator: NotIn, values: [x]}]}\n",
    );
    let newest = room.run("convert k.yaml");
    assert!(
        newest.stdout.starts_with(
            "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata:\n  name: a\n"
        ),
        "{}",
        newest.stdout
    );
    assert!(
        newest
            .stdout
            .contains("  selector: projectcalico.org/orchestrator == 'k8s' && e not in { 'x' }\n"),
        "{}",
        newest.stdout
    );
    let linted = room.run_with("lint -", newest.stdout.as_bytes());
    assert_eq!(linted.code, 0, "{}", linted.stdout);
}

#[test]
fn what_the_api_would_refuse_is_not_evaluated() {
    let policy = |rule: &str| {
        format!(
            "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: p1}}\nspec:\n  namespaceSelector: all()\n  types: [Ingress]\n  ingress: [{rule}]\n"
        )
    };
    for rule in [
        "{action: Allow, protocol: TCP, destination: {ports: {port: 3111}}}",
        "{action: Allow, source: {nets: 10.0.0.0/8}}",
        "{action: Allow, source: {selector: [a]}}",
        "{action: Allow, source: {nets: [bogus]}}",
        "{action: Allow, source: {nest: [10.0.0.0/8]}}",
    ] {
        let room = Room::new();
        room.write("p.yaml", policy(rule));
        let ran = room.run("trace p.yaml --from ip:203.0.113.7 --to pod:web{} --port tcp/80");
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{rule}");
        assert!(ran.stderr.contains("p.yaml:7:"), "{}", ran.stderr);
    }
    // In storage form nobody refuses a bad block: Felix leaves it out (RES-23).
    let room = Room::new();
    let stored = policy("{action: Allow, source: {nets: [bogus]}}")
        .replace("projectcalico.org/v3", "crd.projectcalico.org/v1");
    room.write("p.yaml", stored);
    let ran = room.run("trace p.yaml --from ip:203.0.113.7 --to pod:web{} --port tcp/80");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn host_endpoints_that_nobody_filled_in_are_left_out() {
    let blank = "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {name: <worker>-private, labels: {ibm.role: worker_private}}\nspec: {node: <worker>, interfaceName: eth0, expectedIPs: [<address>]}\n";
    let deny = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: no-22}\nspec: {order: 1, selector: ibm.role == 'worker_private', types: [Egress], egress: [{action: Deny, protocol: TCP, destination: {ports: [22]}}]}\n";
    let room = Room::new();
    room.write("hep.yaml", format!("{blank}---\n{blank}"));
    room.write("deny.yaml", deny);
    room.write("w.yaml", "workers:\n- {name: w1, privateIP: 10.1.0.1}\n");
    let ran = room.run(
        "trace hep.yaml deny.yaml --workers w.yaml --from worker:w1 --to ip:10.94.1.9 --port tcp/22",
    );
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(
        ran.stderr,
        "note: hep.yaml:6:1: HostEndpoint <worker>-private is left out, as the API refuses it: `<worker>-private` cannot be the name of a HostEndpoint\n"
    );
    // One that was filled in wrongly is a mistake like any other.
    room.write("hep.yaml", blank.replace("<worker>", "w1"));
    let ran = room.run(
        "trace hep.yaml deny.yaml --workers w.yaml --from worker:w1 --to ip:10.94.1.9 --port tcp/22",
    );
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn addresses_inside_the_cluster_are_not_taken_for_machines_outside() {
    let cases = [
        (
            "--from pod:web{} --to ip:172.21.0.1 --port tcp/443",
            "172.21.0.1 lies in 172.21.0.0/16",
        ),
        (
            "--from pod:web{} --to ip:172.30.9.9 --port tcp/443",
            "172.30.9.9 lies in 172.30.0.0/16",
        ),
        (
            "--from ip:172.30.9.9 --to pod:web{} --port tcp/443",
            "172.30.9.9 lies in 172.30.0.0/16",
        ),
        (
            "--from pod:web{} --to ip:172.20.0.1 --port tcp/2040",
            "172.20.0.1 lies in 172.20.0.0/24",
        ),
        (
            "--from worker:w1 --to ip:2001:db8::1 --port tcp/443",
            "w1 has no IPv6 address",
        ),
        (
            "--from worker:w1 --to ip:192.0.2.1 --port tcp/443 --via publik",
            "no interface `publik` is known",
        ),
        (
            "--from ip:192.0.2.1 --to nodeport:w1:30080 --port tcp/1",
            "`--port` gives port 1, and `nodeport:w1:30080` has its own",
        ),
        (
            "--from ip:192.0.2.1 --to worker:w1 --port icmp/8",
            "`icmp/8` is no kind of packet",
        ),
    ];
    for (question, expected) in cases {
        let room = Room::new();
        room.write(
            "p.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n",
        );
        room.write(
            "w.yaml",
            "workers:\n- {name: w1, privateIP: 10.1.0.1, publicIP: 203.0.113.1}\n",
        );
        let ran = room.run(&format!("trace p.yaml --workers w.yaml {question}"));
        assert_eq!(ran.code, 2, "{question}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(expected), "{question}: {}", ran.stderr);
    }
}

#[test]
fn a_worker_is_one_however_it_is_told() {
    let node = "apiVersion: v1\nkind: Node\nmetadata:\n  name: 10.1.0.1\n  labels: {ibm-cloud.kubernetes.io/worker-id: kube-w1, ibm-cloud.kubernetes.io/internal-ip: 10.1.0.1, ibm-cloud.kubernetes.io/external-ip: 203.0.113.1, zone: dal10}\n";
    let deny = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: deny-zone}\nspec: {order: 1, selector: zone == 'dal10', types: [Egress], egress: [{action: Deny}]}\n";
    let room = Room::new();
    room.write("node.yaml", node);
    room.write("deny.yaml", deny);
    room.write(
        "list.yaml",
        "workers:\n- {name: kube-w1, privateIP: 10.1.0.1, publicIP: 203.0.113.1}\n",
    );
    room.write("old.yaml", "name: c\nregion: us-south\nnetworks: [private]\nversion: \"1.15\"\nworkers:\n- {name: kube-w1, privateIP: 10.1.0.1}\n");
    let question = "--from worker:kube-w1 --to ip:192.0.2.1 --port tcp/443";
    // The platform copies a node's labels onto its host endpoints, wherever they are told.
    for sources in [
        "deny.yaml node.yaml",
        "deny.yaml --workers node.yaml",
        "deny.yaml node.yaml --workers node.yaml",
        "deny.yaml node.yaml --workers list.yaml",
    ] {
        let ran = room.run(&format!("trace {sources} {question}"));
        assert_eq!(ran.code, 1, "{sources}: {}{}", ran.stdout, ran.stderr);
    }
    // Without host endpoints it is a worker still, and nothing judges it.
    for sources in [
        "deny.yaml --workers list.yaml --baseline off",
        "deny.yaml --cluster old.yaml",
    ] {
        let ran = room.run(&format!("trace {sources} {question}"));
        assert_eq!(ran.code, 0, "{sources}: {}{}", ran.stdout, ran.stderr);
    }
    // An endpoint for every interface does not keep the platform from making its own (EVAL-22).
    room.write("auto.yaml", "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {name: auto-hep}\nspec: {node: kube-w1, interfaceName: '*', expectedIPs: [203.0.113.1], profiles: [projectcalico-default-allow]}\n");
    let ran = room.run(&format!("trace deny.yaml node.yaml auto.yaml {question}"));
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn an_untracked_service_needs_its_answer_allowed() {
    // EVAL-19, with the port that kernels choose (EVAL-45).
    let policy = |egress: &str| {
        format!(
            "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: untracked}}\nspec:\n  order: 1\n  selector: ibm.role == 'worker_public'\n  applyOnForward: true\n  doNotTrack: true\n  types: [Ingress, Egress]\n  ingress: [{{action: Allow, protocol: TCP, destination: {{ports: [8080]}}}}]\n  egress: {egress}\n---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: no-answers}}\nspec: {{order: 2, selector: ibm.role == 'worker_public', types: [Egress], egress: [{{action: Deny, protocol: TCP, source: {{ports: [8080]}}}}]}}\n"
        )
    };
    for (egress, code) in [
        ("[]", 1),
        (
            "[{action: Allow, protocol: TCP, source: {ports: [8080]}}]",
            0,
        ),
    ] {
        let room = Room::new();
        room.write("p.yaml", policy(egress));
        room.write(
            "w.yaml",
            "workers:\n- {name: w1, privateIP: 10.1.0.1, publicIP: 203.0.113.1}\n",
        );
        let ran = room.run(
            "trace p.yaml --workers w.yaml --from ip:192.0.2.1 --to ip:203.0.113.1 --port tcp/8080",
        );
        assert_eq!(ran.code, code, "{egress}: {}{}", ran.stdout, ran.stderr);
    }
}
