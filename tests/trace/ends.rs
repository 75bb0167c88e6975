//! What is evaluated of the input, and what the ends of a flow are taken for.

use crate::call::Room;

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

#[test]
fn knp_11_a_policy_for_the_whole_cluster_counts_in_the_versions_that_enforce_it() {
    let room = Room::new();
    room.write(
        "cnp.yaml",
        "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: lock}\nspec:\n  tier: Admin\n  priority: 1\n  subject: {namespaces: {}}\n  ingress:\n  - action: Deny\n    from: [{namespaces: {}}]\n",
    );
    let question = "trace cnp.yaml --from pod:a{} --to pod:web{} --port tcp/80";
    let new = room.run(question);
    assert_eq!((new.code, new.stderr.as_str()), (1, ""), "{}", new.stdout);
    assert!(
        new.stdout
            .contains("Deny by rule 1 of ClusterNetworkPolicy lock"),
        "{}",
        new.stdout
    );
    let old = room.run(&format!("{question} --calico-version 3.31"));
    assert_eq!(
        (old.code, old.stderr.as_str()),
        (
            0,
            "note: cnp.yaml:1:1: Calico takes ClusterNetworkPolicy lock for missing: Calico 3.29 to 3.31 enforces no policies of this kind\n"
        )
    );
}
