//! Files that hold another object than the policy that is expected.

use super::{EGRESS_PODS, ENDPOINT, one, told};

#[test]
fn objects_of_another_shape() {
    let cases = [
        (
            "kind",
            one().with(ENDPOINT, "GlobalNetworkPolicy", "NetworkPolicy"),
        ),
        (
            "API version",
            one().with(ENDPOINT, "projectcalico.org/v3", "crd.projectcalico.org/v1"),
        ),
        ("name", one().with(ENDPOINT, "name: allow-", "name: deny-")),
        (
            "selector",
            one().with(ENDPOINT, "worker_private'", "worker_privat'"),
        ),
        (
            "selector of pods",
            one().with(
                EGRESS_PODS,
                "  selector: projectcalico.org/orchestrator == 'k8s'\n  types",
                "  selector: all()\n  types",
            ),
        ),
        (
            "a key of the object",
            one().with(ENDPOINT, "metadata:\n", "status: {}\nmetadata:\n"),
        ),
        (
            "a key of the metadata",
            one().with(ENDPOINT, "metadata:\n", "metadata:\n  labels: {}\n"),
        ),
        (
            "a key of the policy",
            one().with(ENDPOINT, "  order:", "  preDNAT: true\n  order:"),
        ),
        (
            "a key of the rule",
            one().with(ENDPOINT, "    protocol: TCP", "    protocl: TCP"),
        ),
        (
            "a key of a side",
            one().with(
                ENDPOINT,
                "    source: {}",
                "    source:\n      notPorts: [1]",
            ),
        ),
        ("no order", one().with(ENDPOINT, "  order: 1900\n", "")),
        (
            "an order that is none",
            one().with(ENDPOINT, "order: 1900", "order: first"),
        ),
        (
            "a type without rules",
            one().with(ENDPOINT, "  - Egress", "  - Egress\n  - Ingress"),
        ),
        (
            "rules without their type",
            one().with(ENDPOINT, "  - Egress", "  - Ingress"),
        ),
        (
            "another type",
            one().with(ENDPOINT, "  - Egress", "  - Egress\n  - Forward"),
        ),
        (
            "a second document",
            one().with(ENDPOINT, "  - Egress\n", "  - Egress\n---\nkind: More\n"),
        ),
        ("nothing", one().with_all(ENDPOINT, "\n", "\n# ")),
        ("no YAML", one().with(ENDPOINT, "metadata:", "metadata: [")),
        (
            "no mapping",
            one().with(ENDPOINT, "spec:", "spec: no\nother:"),
        ),
    ];
    insta::assert_snapshot!(told(&cases), @r#"
    ## kind
    error: the kind `NetworkPolicy` is not known here
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:4:7
      |
    4 | kind: NetworkPolicy
      |       ^^^^^^^^^^^^^
      |
      = help: the policies that are read have `GlobalNetworkPolicy`

    ## API version
    error: the API version `crd.projectcalico.org/v1` is not known here
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:3:13
      |
    3 | apiVersion: crd.projectcalico.org/v1
      |             ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: the policies that are read have `projectcalico.org/v3`

    ## name
    error: the file of `allow-private-service-endpoint` holds `deny-private-service-endpoint`
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:6:9
      |
    6 |   name: deny-private-service-endpoint
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    ## selector
    error: the selector `ibm.role == 'worker_privat'` is not known here
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:34:13
       |
    34 |   selector: ibm.role == 'worker_privat'
       |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: the policy is known to have `ibm.role == 'worker_private'`

    ## selector of pods
    error: the selector `all()` is not known here
      --> calico-policies/private-network-isolation/aa-one/allow-egress-pods-private.yaml:76:13
       |
    76 |   selector: all()
       |             ^^^^^
       |
       = help: the policy is known to have `projectcalico.org/orchestrator == 'k8s'`

    ## a key of the object
    error: upstream's policies have no key `status` here
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:5:1
      |
    5 | status: {}
      | ^^^^^^
      |
      = help: known are `apiVersion`, `kind`, `metadata`, `spec`

    ## a key of the metadata
    error: upstream's policies have no key `labels` here
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:6:3
      |
    6 |   labels: {}
      |   ^^^^^^
      |
      = help: known are `name`

    ## a key of the policy
    error: upstream's policies have no key `preDNAT` here
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:33:3
       |
    33 |   preDNAT: true
       |   ^^^^^^^
       |
       = help: known are `egress`, `ingress`, `order`, `selector`, `types`

    ## a key of the rule
    error: upstream's policies have no key `protocl` here
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:31:5
       |
    31 |     protocl: TCP
       |     ^^^^^^^
       |
       = help: did you mean `protocol`?

    ## a key of a side
    error: upstream's policies have no key `notPorts` here
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:21:7
       |
    21 |       notPorts: [1]
       |       ^^^^^^^^
       |
       = help: did you mean `ports` or `notNets`?

    ## no order
    error: the key `order` is missing
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:8:3
      |
    8 |   egress:
      |   ^^^^^^^

    ## an order that is none
    error: `first` is not an order such as 1500
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:33:10
       |
    33 |   order: first
       |          ^^^^^

    ## a type without rules
    error: the policy has the type `Ingress`, but no such rule
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:36:5
       |
    36 |   - Egress
       |     ^^^^^^

    ## rules without their type
    error: the policy has rules for `Egress`, but not that type
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:36:5
       |
    36 |   - Ingress
       |     ^^^^^^^

    ## another type
    error: `Forward` is no type of upstream's policies
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:37:5
       |
    37 |   - Forward
       |     ^^^^^^^

    ## a second document
    error: a second document stands here
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:38:1
       |
    38 | kind: More
       | ^^^^^^^^^^

    ## nothing
    error: `calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml` holds no policy

    ## no YAML
    error: while parsing a flow mapping, did not find expected ',' or '}'
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:7:5
      |
    7 | spec:
      |     ^

    ## no mapping
    error: upstream's policies have no key `other` here
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:8:1
      |
    8 | other:
      | ^^^^^
      |
      = help: known are `apiVersion`, `kind`, `metadata`, `spec`
    "#);
}
