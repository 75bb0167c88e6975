//! What differs for flows although no policy says so, and what does not.

use crate::compared;

/// A policy for pods of namespaces with `env: prod`, and one that closes the rest.
fn namespaced(labels: &str, order: u32) -> String {
    format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: web, labels: {{{labels}}}}}}}\n---\n\
         {{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: prod}}, spec: \
         {{order: 1, namespaceSelector: env == 'prod', types: [Egress], egress: [{{action: Allow, \
         destination: {{nets: [198.51.100.0/24]}}}}]}}}}\n---\n\
         {{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: rest}}, spec: \
         {{order: {order}, selector: has(projectcalico.org/namespace), types: [Egress], egress: \
         [{{action: Deny}}]}}}}\n"
    )
}

/// A policy for workers that closes the Kubernetes API, and Felix's failsafes.
fn failsafes(ports: &str, order: u32) -> String {
    format!(
        "{{apiVersion: projectcalico.org/v3, kind: FelixConfiguration, metadata: {{name: default}}, spec: \
         {{failsafeInboundHostPorts: [{ports}]}}}}\n---\n\
         {{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: x}}, spec: \
         {{order: {order}, selector: has(ibm.role), types: [Ingress], ingress: [{{action: Deny, protocol: \
         TCP, destination: {{ports: [6443]}}}}, {{action: Allow}}]}}}}\n"
    )
}

#[test]
fn a_label_of_a_namespace_opens_what_policies_hang_on_it() {
    // Beside another change, and by itself.
    for order in [2, 3] {
        let ran = compared(&namespaced("", 2), &namespaced("env: prod", order), "");
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.stdout);
        let opened: Vec<&str> = ran
            .stdout
            .lines()
            .filter(|l| l.starts_with("opens: "))
            .collect();
        assert_eq!(
            opened,
            [
                "opens: pods web{} -> addresses outside the cluster: any protocol but 4, UDP to \
                 198.51.100.0/24; UDP to 198.51.100.0/24 port any but 4789"
            ],
            "{}",
            ran.stdout
        );
    }
    let same = compared(&namespaced("env: prod", 2), &namespaced("env: prod", 2), "");
    assert_eq!(
        (same.code, same.stderr.as_str()),
        (0, ""),
        "{}",
        same.stdout
    );
}

#[test]
fn a_failsafe_port_opens_what_policies_close() {
    let api = "{protocol: tcp, port: 6443}";
    for order in [1, 2] {
        let ran = compared(&failsafes("", 1), &failsafes(api, order), "");
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.stdout);
        assert!(ran.stdout.contains("port 6443"), "{}", ran.stdout);
        assert!(
            ran.stdout.contains("    after:  passes as a failsafe port"),
            "{}",
            ran.stdout
        );
    }
}
