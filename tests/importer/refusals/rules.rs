//! Rules that upstream never had.

use super::{EGRESS_PODS, ENDPOINT, IBM_PORTS, SERVICES, SYS_MGMT, one, told};

#[test]
fn rules_of_another_shape() {
    let cases = [
        ("action", one().with(ENDPOINT, "- action: Allow", "- action: Deny")),
        ("no action", one().with(ENDPOINT, "- action: Allow\n    destination", "- destination")),
        ("protocol of masters", one().with(ENDPOINT, "protocol: UDP", "protocol: SCTP")),
        ("a protocol that is none", one().with(ENDPOINT, "protocol: UDP", "protocol: udp")),
        ("a protocol twice", one().with(ENDPOINT, "protocol: UDP", "protocol: TCP")),
        ("no protocol", one().with(ENDPOINT, "    protocol: UDP\n", "")),
        ("ports of masters", one().with(ENDPOINT, "- 443\n", "- 8443\n")),
        ("fewer ports of masters", one().with(ENDPOINT, "      - 443\n", "")),
        ("ports of masters for pods", one().with(EGRESS_PODS, "- 20000:32767", "- 20000:32768")),
        ("a port that is none", one().with(ENDPOINT, "- 443\n", "- https\n")),
        ("a port twice", one().with(ENDPOINT, "- 443\n", "- 443\n      - 443\n")),
        ("a range that runs backwards", one().with(ENDPOINT, "20000:32767", "32767:20000")),
        ("a source", one().with(ENDPOINT, "    source: {}", "    source:\n      selector: all()")),
        ("incoming traffic", one().with(ENDPOINT, "  order:", "  ingress:\n  - action: Allow\n  order:").with(ENDPOINT, "- Egress", "- Egress\n  - Ingress")),
        ("every address for pods", one().with(EGRESS_PODS, "notNets:", "nets:")),
        ("other private addresses", one().with(EGRESS_PODS, "- 192.168.0.0/16", "- 192.168.0.0/17")),
        ("other pods", one().with(EGRESS_PODS, "selector: projectcalico", "selector: has(x) && projectcalico")),
        ("a rule without ends", one().with(EGRESS_PODS, "  egress:\n", "  egress:\n  - action: Allow\n")),
        ("another pod subnet", one().with(IBM_PORTS, "- 172.30.0.0/16", "- 172.31.0.0/16")),
        ("ports of the Kubernetes API", one().with(IBM_PORTS, "      - 203.0.113.2/32 # For clusters created >3 years ago\n      ports:\n      - 443", "      - 203.0.113.2/32 # For clusters created >3 years ago\n      ports:\n      - 6443")),
        ("ports of subnets", one().with(SYS_MGMT, "    source: {}", "    protocol: TCP\n    source: {}")),
        ("a second list of subnets", one().with(SYS_MGMT, "  ingress:", "  - action: Allow\n    destination:\n      nets:\n      - 192.0.2.0/28\n  ingress:")),
        ("protocol of services", one().with(SERVICES, "protocol: TCP", "protocol: ICMP")),
        ("services without a protocol", one().with(SERVICES, "    protocol: TCP\n", "")),
        ("services without ports", one().with(SERVICES, "      ports:\n      - 8443\n      - 443\n", "")),
        ("Istio by another protocol", one().with(SERVICES, "      - 15443\n    protocol: TCP", "      - 15443\n    protocol: UDP")),
        ("ports alone on the private network", one().with_all("private-services", "\n  order", "\n  - action: Allow\n    destination:\n      ports:\n      - 80\n    protocol: TCP\n  order")),
        ("incoming services", one().with(SERVICES, "  ingress:\n  - action: Allow\n    destination:\n", "  ingress:\n  - action: Allow\n    destination:\n      nets:\n      - 192.0.2.1/32\n")),
    ];
    insta::assert_snapshot!(told(&cases), @r#"
    ## action
    error: the action `Deny` is not known here
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:9:13
      |
    9 |   - action: Deny
      |             ^^^^
      |
      = help: the policies that are read have `Allow`

    ## no action
    error: the key `action` is missing
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:9:5
      |
    9 |   - destination:
      |     ^^^^^^^^^^^^

    ## protocol of masters
    error: no rule of this list is for `SCTP`
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:19:15
       |
    19 |     protocol: SCTP
       |               ^^^^

    ## a protocol that is none
    error: `udp` is not a protocol: write `UDP`, the case counts
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:19:15
       |
    19 |     protocol: udp
       |               ^^^

    ## a protocol twice
    error: a second rule opens the list for TCP
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:31:15
       |
    31 |     protocol: TCP
       |               ^^^

    ## no protocol
    error: a rule that is not one of a protocol, nets and ports
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:9:5
      |
    9 |   - action: Allow
      |     ^^^^^^^^^^^^^

    ## ports of masters
    error: masters are not known to answer on the ports 20000:32767, 8443
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:17:9
       |
    17 |       - 20000:32767
       |         ^^^^^^^^^^^
       |
       = help: the platform profile has 20000:32767, 443

    ## fewer ports of masters
    error: masters are not known to answer on the ports 20000:32767
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:17:9
       |
    17 |       - 20000:32767
       |         ^^^^^^^^^^^
       |
       = help: the platform profile has 20000:32767, 443

    ## ports of masters for pods
    error: masters are not known to answer on the ports 20000:32768
      --> calico-policies/private-network-isolation/aa-one/allow-egress-pods-private.yaml:61:9
       |
    61 |       - 20000:32768
       |         ^^^^^^^^^^^
       |
       = help: the platform profile has 20000:32767

    ## a port that is none
    error: `https` is not a port (1 to 65535) or a range such as `30000:32767`
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:18:9
       |
    18 |       - https
       |         ^^^^^

    ## a port twice
    error: `443` stands here a second time
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:19:9
       |
    19 |       - 443
       |         ^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:18:9
       |
    18 |       - 443
       |         --- it stood here first

    ## a range that runs backwards
    error: `32767:20000` runs backwards: write `20000:32767`
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:17:9
       |
    17 |       - 32767:20000
       |         ^^^^^^^^^^^

    ## a source
    error: a rule that is not one of a protocol, nets and ports
     --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:9:5
      |
    9 |   - action: Allow
      |     ^^^^^^^^^^^^^

    ## incoming traffic
    error: a rule for incoming traffic
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:34:5
       |
    34 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## every address for pods
    error: a rule of a shape that is not known
      --> calico-policies/private-network-isolation/aa-one/allow-egress-pods-private.yaml:46:5
       |
    46 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## other private addresses
    error: a rule of a shape that is not known
      --> calico-policies/private-network-isolation/aa-one/allow-egress-pods-private.yaml:46:5
       |
    46 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## other pods
    error: a rule of a shape that is not known
      --> calico-policies/private-network-isolation/aa-one/allow-egress-pods-private.yaml:41:5
       |
    41 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## a rule without ends
    error: a rule of a shape that is not known
     --> calico-policies/private-network-isolation/aa-one/allow-egress-pods-private.yaml:9:5
      |
    9 |   - action: Allow
      |     ^^^^^^^^^^^^^

    ## another pod subnet
    error: a rule of a shape that is not known
      --> calico-policies/public-network-isolation/aa-one/allow-ibm-ports-public.yaml:59:5
       |
    59 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## ports of the Kubernetes API
    error: a rule of a shape that is not known
      --> calico-policies/public-network-isolation/aa-one/allow-ibm-ports-public.yaml:41:5
       |
    41 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## ports of subnets
    error: this rule is not one of subnets and nothing else
     --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:9:5
      |
    9 |   - action: Allow
      |     ^^^^^^^^^^^^^

    ## a second list of subnets
    error: a second rule of the same direction
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:20:5
       |
    20 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## protocol of services
    error: the protocol `ICMP` is not one of services
      --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:19:15
       |
    19 |     protocol: ICMP
       |               ^^^^

    ## services without a protocol
    error: a rule for services without a protocol
     --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:9:5
      |
    9 |   - action: Allow
      |     ^^^^^^^^^^^^^

    ## services without ports
    error: a rule for services that is not one of nets and ports
     --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:9:5
      |
    9 |   - action: Allow
      |     ^^^^^^^^^^^^^

    ## Istio by another protocol
    error: a rule for services that is not one of nets and ports
      --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:32:5
       |
    32 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## ports alone on the private network
    error: a rule for services that is not one of nets and ports
      --> calico-policies/private-network-isolation/aa-one/allow-private-services.yaml:68:5
       |
    68 |   - action: Allow
       |     ^^^^^^^^^^^^^

    ## incoming services
    error: a rule for incoming traffic that is not of the Istio add-on's shape
      --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:40:5
       |
    40 |   - action: Allow
       |     ^^^^^^^^^^^^^
    "#);
}
