//! `palisade trace`, as a user runs it.

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

mod ends;

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

/// Nobody says on which worker such a pod is, and all of them reach the outside by the same network.
#[test]
fn a_closed_load_balancer_is_closed_whichever_worker_its_pod_is_on() {
    let room = Room::new();
    let ran = room.run(&format!(
        "trace {} --cluster {} --from ip:8.8.8.8 --to lb:198.51.100.90:443 --port tcp/443 \
         --backend pod:x{{a=b}}",
        project("generated/clusters/alb-cloudflare").display(),
        project("examples/clusters/alb-cloudflare.yaml").display()
    ));
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    for expected in [
        "2. pre-dnat by eth1\n",
        "dropped: Deny by rule 1 of GlobalNetworkPolicy restrict-load-balancers-public",
    ] {
        assert!(ran.stdout.contains(expected), "{}", ran.stdout);
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
