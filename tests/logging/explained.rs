//! What a log tells: which policy decided, how often, and what cannot be said.

use crate::call::Room;

const POLICIES: &str = "\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: p}
spec:
  order: 100
  selector: ibm.role == 'worker_public'
  types: [Ingress, Egress]
  ingress:
  - {action: Allow, protocol: TCP, destination: {ports: [443]}}
  - {action: Log}
  - {action: Deny}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: access-nginx, namespace: default}
spec:
  podSelector: {matchLabels: {run: nginx}}
  ingress:
  - from: [{podSelector: {matchLabels: {run: access}}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Pod
metadata: {name: nginx, namespace: default, labels: {run: nginx}}
spec: {nodeName: w1}
status: {phase: Running, podIP: 172.30.1.7}
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: default, labels: {run: other}}
spec: {nodeName: w1}
status: {phase: Running, podIP: 172.30.1.8}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: w1-public, labels: {ibm.role: worker_public}}
spec: {node: w1, interfaceName: eth1, expectedIPs: [203.0.113.130]}
";

const WORKERS: &str = "\
workers:
- {name: w1, privateIP: 10.94.87.12, publicIP: 203.0.113.130}
";

fn line(text: &str) -> String {
    format!("Sep  5 14:34:40 w1 kernel: [1.0] calico-packet: {text}\n")
}

fn tcp(interfaces: &str, source: &str, destination: &str, spt: u16, dpt: u16) -> String {
    line(&format!(
        "{interfaces} SRC={source} DST={destination} LEN=60 PROTO=TCP SPT={spt} DPT={dpt} WINDOW=1 SYN"
    ))
}

fn room(log: &str) -> Room {
    let room = Room::new();
    room.write("policies.yaml", POLICIES);
    room.write("workers.yaml", WORKERS);
    room.write("syslog", log);
    room
}

const CALL: &str = "explain-log syslog --source policies.yaml --workers workers.yaml";

#[test]
fn which_policy_decided() {
    let mut log = String::from("Sep  5 14:34:39 w1 kernel: eth1: link up\n");
    for port in 0..3 {
        log += &tcp(
            "IN=eth1 OUT=",
            "198.51.100.7",
            "203.0.113.130",
            40_000 + port,
            22_000,
        );
    }
    log += &tcp("IN=eth1 OUT=", "198.51.100.7", "203.0.113.130", 40_000, 443);
    log += &tcp("IN=cali1 OUT=cali2", "172.30.1.8", "172.30.1.7", 40_000, 80);
    log += &tcp("IN=cali1 OUT=cali2", "172.30.1.8", "172.30.1.7", 40_001, 80);
    log += &tcp(
        "IN= OUT=eth1",
        "203.0.113.130",
        "198.51.100.9",
        40_000,
        9000,
    );
    log += &tcp(
        "IN=cali9 OUT=eth1",
        "172.30.9.9",
        "198.51.100.9",
        40_000,
        9000,
    );
    log += &line("IN=eth1 OUT= SRC=198.51.100.7 DST=203.0.113.130 PROTO=TCP SPT=1");
    let ran = room(&log).run(&format!("{CALL} --baseline off"));
    let expected = "\
3  TCP 198.51.100.7 -> 203.0.113.130:22000  into the worker, public network
   denied by rule 3 of GlobalNetworkPolicy p at normal-ingress  policies.yaml:11
   recorded by GlobalNetworkPolicy p
2  TCP 172.30.1.8 -> 172.30.1.7:80  from pod to pod
   denied by the end of tier default at workload-ingress: no rule of NetworkPolicy default/access-nginx allows it
1  TCP 172.30.9.9 -> 198.51.100.9:9000  from a pod, public network
   unknown: 172.30.9.9 lies in 172.30.0.0/16, which is inside the cluster, and the input has nothing there
1  TCP 198.51.100.7 -> 203.0.113.130:443  into the worker, public network
   allowed: nothing that is given denies it
1  TCP 203.0.113.130 -> 198.51.100.9:9000  out of the worker, public network
   denied by the end of tier default at normal-egress: no rule of GlobalNetworkPolicy p allows it
";
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.stderr,
        "note: syslog:10: it has no `DPT=`: it may be cut off\n\
         8 packets of 5 flows in 10 lines; 1 line is of something else; 1 line is broken\n"
    );
}

#[test]
fn data_and_exit_codes() {
    let log = tcp("IN=eth1 OUT=", "198.51.100.7", "203.0.113.130", 1, 9000);
    let room = room(&log);
    let ran = room.run(&format!("{CALL} -o json"));
    assert_eq!(ran.code, 0, "{ran:?}");
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["packets"], 1);
    let flow = &json["flows"][0];
    assert_eq!(flow["count"], 1);
    assert_eq!(flow["firstLine"], 1);
    assert_eq!(flow["flow"]["in"], "eth1");
    assert_eq!(flow["passage"]["way"], "in");
    assert_eq!(flow["passage"]["network"], "public");
    assert_eq!(flow["decided"]["by"], "rule");
    assert_eq!(flow["decided"]["policy"], "GlobalNetworkPolicy p");
    assert_eq!(flow["recordedBy"][0], "GlobalNetworkPolicy p");
    for (line, code) in [
        ("explain-log syslog", 2),
        ("explain-log missing --source policies.yaml", 3),
        ("explain-log syslog --source missing.yaml", 3),
        ("explain-log --source -", 2),
    ] {
        assert_eq!(room.run(line).code, code, "{line}");
    }
}

#[test]
fn lines_of_any_kind_are_survived() {
    let mut log = b"\xff\xfe calico-packet: \xff\n\0\0\0\n".to_vec();
    log.extend(b"calico-packet: ");
    log.extend(vec![b'x'; 200_000]);
    log.extend(b"\r\n");
    log.extend(
        tcp("IN=eth1 OUT=", "198.51.100.7", "203.0.113.130", 1, 9000)
            .trim_end()
            .bytes(),
    );
    let room = room("");
    room.write("syslog", log);
    let ran = room.run(CALL);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr.ends_with(
            "1 packet of 1 flow in 4 lines; 1 line is of something else; 2 lines are broken\n"
        ),
        "{ran:?}"
    );
}

#[test]
fn a_source_port_counts_where_a_rule_asks_for_it() {
    let log = tcp("IN=eth1 OUT=", "198.51.100.7", "203.0.113.130", 20, 9000)
        + &tcp("IN=eth1 OUT=", "198.51.100.7", "203.0.113.130", 21, 9000);
    let room = room(&log);
    let count = |room: &Room| {
        room.run(&format!("{CALL} -o json"))
            .stdout
            .matches("firstLine")
            .count()
    };
    assert_eq!(count(&room), 1);
    let asking = POLICIES.replace("destination: {ports: [443]}", "source: {ports: [20]}");
    room.write("policies.yaml", asking);
    assert_eq!(count(&room), 2);
}

const TWO_WORKERS: &str = "\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: out}
spec:
  selector: run == 'a'
  types: [Egress]
  egress:
  - {action: Log}
  - {action: Deny, protocol: TCP, destination: {ports: [9]}}
  - {action: Allow}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: in}
spec:
  selector: run == 'b'
  types: [Ingress]
  ingress:
  - {action: Log}
  - {action: Deny}
---
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: default, labels: {run: a}}
spec: {nodeName: w1}
status: {phase: Running, podIP: 172.30.1.7}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: default, labels: {run: b}}
spec: {nodeName: w2}
status: {phase: Running, podIP: 172.30.2.8}
";

/// Either worker writes of a packet between two, and only the policies of its own pod count there
/// (EVAL-11).
#[test]
fn the_interfaces_say_whose_worker_wrote_it() {
    let elsewhere = |hook: &str| {
        format!(
            "unknown: by what is given {hook} drops it, which is not where `IN=` and `OUT=` say \
             that it was recorded"
        )
    };
    let by_out = "denied by rule 2 of GlobalNetworkPolicy out at workload-egress  policies.yaml:9";
    let by_in = "denied by rule 2 of GlobalNetworkPolicy in at workload-ingress  policies.yaml:20";
    let cases = [
        (
            "IN=tunl0 OUT=cali11",
            80,
            "to a pod",
            by_in.to_owned(),
            Some("in"),
        ),
        (
            "IN=cali11 OUT=tunl0",
            80,
            "from a pod",
            elsewhere("workload-ingress"),
            Some("out"),
        ),
        (
            "IN=cali11 OUT=tunl0",
            9,
            "from a pod",
            by_out.to_owned(),
            Some("out"),
        ),
        (
            "IN=tunl0 OUT=cali11",
            9,
            "to a pod",
            elsewhere("workload-egress"),
            None,
        ),
    ];
    for (interfaces, port, way, decided, recorded_by) in cases {
        let room = room(&tcp(interfaces, "172.30.1.7", "172.30.2.8", 40_000, port));
        room.write("policies.yaml", TWO_WORKERS);
        room.write(
            "workers.yaml",
            format!("{WORKERS}- {{name: w2, privateIP: 10.94.87.13, publicIP: 203.0.113.131}}\n"),
        );
        let ran = room.run(&format!("{CALL} --baseline off"));
        let by = recorded_by.map(|by| format!("   recorded by GlobalNetworkPolicy {by}\n"));
        let expected = format!(
            "1  TCP 172.30.1.7 -> 172.30.2.8:{port}  {way}\n   {decided}\n{}",
            by.unwrap_or_default()
        );
        assert_eq!(ran.stdout, expected, "{interfaces} {port}: {}", ran.stderr);
    }
}

const CLOSED: &str = "\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: only-office}
spec:
  order: 500
  selector: ibm.role == 'worker_public' && pool != 'edge'
  applyOnForward: true
  preDNAT: true
  types: [Ingress]
  ingress:
  - {action: Allow, protocol: TCP, source: {nets: [192.0.2.0/24]}, destination: {nets: [198.51.100.90/32], ports: [80]}}
  - {action: Log, destination: {nets: [198.51.100.90/32]}}
  - {action: Deny, destination: {nets: [198.51.100.90/32]}}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: w1-public, labels: {ibm.role: worker_public, pool: POOL}}
spec: {node: w1, interfaceName: eth1, expectedIPs: [203.0.113.130]}
---
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: w2-public, labels: {ibm.role: worker_public, pool: compute}}
spec: {node: w2, interfaceName: eth1, expectedIPs: [203.0.113.131]}
";

/// What comes in for a load balancer is judged before its destination changes (EVAL-21), so no
/// Service needs to be known. Which worker wrote the line is not said: where they differ, each is told.
#[test]
fn a_load_balancer_needs_no_service() {
    let by_rule =
        "denied by rule 3 of GlobalNetworkPolicy only-office at pre-dnat  policies.yaml:13";
    let allowed = "allowed: nothing that is given denies it";
    let recorded = "   recorded by GlobalNetworkPolicy only-office\n";
    let office = format!("   {allowed}\n");
    let denied = format!("   {by_rule}\n{recorded}");
    let either = format!("   {allowed}\n   {by_rule}\n{recorded}");
    for (pool, source, port, expected) in [
        ("compute", "198.51.100.7", 80, &denied),
        ("compute", "192.0.2.7", 80, &office),
        ("compute", "192.0.2.7", 443, &denied),
        // Another worker's packet comes in as anybody's.
        ("compute", "203.0.113.131", 443, &denied),
        ("edge", "198.51.100.7", 80, &either),
    ] {
        let room = room(&tcp("IN=eth1 OUT=", source, "198.51.100.90", 40_000, port));
        room.write("policies.yaml", CLOSED.replace("POOL", pool));
        room.write(
            "workers.yaml",
            format!("{WORKERS}- {{name: w2, privateIP: 10.94.87.13, publicIP: 203.0.113.131}}\n"),
        );
        let ran = room.run(&format!("{CALL} --baseline off"));
        let expected = format!(
            "1  TCP {source} -> 198.51.100.90:{port}  into the worker, public network\n{expected}"
        );
        assert_eq!(ran.stdout, expected, "{pool} {port}: {}", ran.stderr);
    }
}

/// EVAL-23: a worker whose `*` host endpoint is governed as another's is may have the interface where
/// that one has not.
#[test]
fn a_worker_that_lacks_the_interface_stands_for_none_that_has_it() {
    let shut = "\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: shut}
spec:
  order: 1
  selector: has(host)
  preDNAT: true
  applyOnForward: true
  types: [Ingress]
  ingress: [{action: Log}, {action: Deny}]
";
    let node = |name: &str, number: u8, public: &str| {
        format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\n\
             status: {{addresses: [{{type: InternalIP, address: 10.0.0.{number}}}{public}]}}\n\
             ---\napiVersion: projectcalico.org/v3\nkind: HostEndpoint\n\
             metadata: {{name: h-{name}, labels: {{host: a}}}}\n\
             spec: {{node: {name}, interfaceName: \"*\", expectedIPs: [10.0.0.{number}]}}\n"
        )
    };
    let public = ", {type: ExternalIP, address: 169.60.0.2}";
    for (first, second) in [("", public), (public, "")] {
        let room = room(&tcp("IN=eth1 OUT=", "8.8.4.4", "169.61.9.9", 40_000, 443));
        let nodes = node("n1", 1, first) + &node("n2", 2, second);
        room.write("policies.yaml", format!("{shut}{nodes}"));
        let ran = room.run("explain-log syslog --source policies.yaml --baseline off");
        let expected = "\
1  TCP 8.8.4.4 -> 169.61.9.9:443  into the worker, public network
   denied by rule 2 of GlobalNetworkPolicy shut at pre-dnat  policies.yaml:10
   recorded by GlobalNetworkPolicy shut
";
        assert_eq!(ran.stdout, expected, "{nodes}{}", ran.stderr);
    }
}
