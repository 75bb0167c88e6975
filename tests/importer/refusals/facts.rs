//! Facts that cannot be right: addresses, copies, headings, missing files.

use crate::upstream::Upstream;

use super::{EGRESS_PODS, ENDPOINT, SERVICES, SERVICES_PODS, SYS_MGMT, one, told};

#[test]
fn addresses_that_are_none() {
    let cases = [
        ("host bits", one().with(ENDPOINT, "192.0.2.64/26", "192.0.2.65/26")),
        ("no block", one().with(ENDPOINT, "192.0.2.9/32", "192.0.2.9 (*)")),
        ("a length that is none", one().with(ENDPOINT, "192.0.2.9/32", "192.0.2.9/33")),
        ("every address", one().with(SERVICES, "203.0.113.9/32", "0.0.0.0/0")),
        ("a block twice", one().with(ENDPOINT, "- 192.0.2.10/32", "- 192.0.2.9/32")),
        ("a mapping", one().with(ENDPOINT, "- 192.0.2.10/32", "- net: 192.0.2.10/32")),
        ("an empty list", one().with(SERVICES_PODS, "\n      # IBM Log Analysis with LogDNA: ours\n      - 203.0.113.40/32\n      - 203.0.113.41/32 ", " []")),
        ("nothing for a list", one().with(SERVICES_PODS, "\n      - 203.0.113.40/32\n      - 203.0.113.41/32 ", "")),
        ("no list", one().with(SERVICES_PODS, "nets:\n      # IBM Log Analysis with LogDNA: ours\n      - 203.0.113.40/32\n      - 203.0.113.41/32 ", "nets: 203.0.113.40/32")),
        ("no address among bare ones", one().with("private-ips.md", "192.0.2.10\n", "\n  see above\n")),
    ];
    insta::assert_snapshot!(told(&cases), @r#"
    ## host bits
    error: `192.0.2.65/26` has host bits set: the block is `192.0.2.64/26`
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:15:9
       |
    15 |       - 192.0.2.65/26
       |         ^^^^^^^^^^^^^

    ## no block
    error: `192.0.2.9 (*)` is not an address block such as `192.0.2.0/24` or `2001:db8::/32`
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:13:9
       |
    13 |       - 192.0.2.9 (*)
       |         ^^^^^^^^^^^^^

    ## a length that is none
    error: `192.0.2.9/33` is not an address block such as `192.0.2.0/24` or `2001:db8::/32`
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:13:9
       |
    13 |       - 192.0.2.9/33
       |         ^^^^^^^^^^^^

    ## every address
    error: `0.0.0.0/0` is every address, which upstream never means
      --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:15:9
       |
    15 |       - 0.0.0.0/0
       |         ^^^^^^^^^

    ## a block twice
    error: `192.0.2.9/32` stands here a second time
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:14:9
       |
    14 |       - 192.0.2.9/32
       |         ^^^^^^^^^^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:13:9
       |
    13 |       - 192.0.2.9/32
       |         ------------ it stood here first

    ## a mapping
    error: a mapping stands where an address block was expected
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:14:9
       |
    14 |       - net: 192.0.2.10/32
       |         ^^^^^^^^^^^^^^^^^^

    ## an empty list
    error: the list is empty
      --> calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:23:13
       |
    23 |       nets: []
       |             ^^

    ## nothing for a list
    error: the list is empty
      --> calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:23:11
       |
    23 |       nets:
       |           ^

    ## no list
    error: the text `203.0.113.40/32` stands where a list was expected
      --> calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:23:13
       |
    23 |       nets: 203.0.113.40/32
       |             ^^^^^^^^^^^^^^^

    ## no address among bare ones
    error: `see above` is not an address
     --> calico-policies/private-network-isolation/aa-one/private-ips.md:3:3
      |
    3 |   see above
      |   ^^^^^^^^^
    "#);
}

/// Upstream's lists have some hundreds of entries; what is compared pairwise must stay short.
#[test]
fn lists_without_end() {
    let many = |line: &dyn Fn(u32) -> String| (0..20_000).map(line).collect::<Vec<_>>().concat();
    let address = |n: u32| format!("198.18.{}.{}", n / 256, n % 256);
    let nets = many(&|n| format!("      - {}/32\n", address(n)));
    let rules = many(&|_| "  - action: Allow\n".to_owned());
    let addresses = many(&|n| address(n) + "\n");
    for (upstream, message) in [
        (
            one().with(ENDPOINT, "      - 192.0.2.10/32\n", &nets),
            "the list has 20002 entries, and at most 10000 are read",
        ),
        (
            one().with(ENDPOINT, "  egress:\n", &format!("  egress:\n{rules}")),
            "the list has 20002 entries, and at most 500 are read",
        ),
        (
            one().with("private-ips.md", "192.0.2.10\n", &addresses),
            "at most 10000 addresses are read",
        ),
    ] {
        let refusal = upstream.refusal();
        assert!(
            refusal.starts_with(&format!("error: {message}\n")),
            "{refusal}"
        );
    }
}

#[test]
fn copies_that_disagree() {
    let cases = [
        ("masters, UDP and TCP", one().with(ENDPOINT, "      - 192.0.2.10/32\n", "")),
        ("masters, workers and pods", one().with(EGRESS_PODS, "192.0.2.10/32", "192.0.2.11/32")),
        ("masters, too many bare addresses", one().with("private-ips.md", "192.0.2.10\n", "192.0.2.10\n192.0.2.11\n")),
        ("masters, too few bare addresses", one().with("private-ips.md", "192.0.2.10\n", "")),
        ("Kubernetes API, networks", one().with_all("ibm-ports-private", "203.0.113.1/32", "203.0.113.3/32")),
        ("subnets, outgoing and incoming", one().with(SYS_MGMT, "192.0.2.160/28", "192.0.2.208/28")),
        ("subnets, headings", one().with(SYS_MGMT, "abc09, xyz01", "abc09, xyz02")),
        ("services, blocks", one().with(SERVICES_PODS, "203.0.113.9/32", "203.0.113.10/32")),
        ("services, ports", one().with(SERVICES_PODS, "- 8443", "- 8444")),
        ("services, one too few for pods", one().with("allow-private-services-pods.yaml", "    protocol: UDP", "    protocol: TCP")),
        ("services, one too many for pods", one().with(SERVICES_PODS, "  egress:", "  egress:\n  - action: Allow\n    destination:\n      nets:\n      # More: ours\n      - 192.0.2.1/32\n      ports: [7]\n    protocol: TCP")),
    ];
    insta::assert_snapshot!(told(&cases), @r#"
    ## masters, UDP and TCP
    error: two copies of the list of control-plane addresses on the private network disagree: `192.0.2.10/32` is in this one alone
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:25:9
       |
    25 |       - 192.0.2.10/32
       |         ^^^^^^^^^^^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:11:7
       |
    11 |       nets:
       |       ---- nothing is in this one alone

    ## masters, workers and pods
    error: two copies of the list of control-plane addresses on the private network disagree: `192.0.2.11/32` is in this one alone
      --> calico-policies/private-network-isolation/aa-one/allow-egress-pods-private.yaml:58:9
       |
    58 |       - 192.0.2.11/32
       |         ^^^^^^^^^^^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:14:9
       |
    14 |       - 192.0.2.10/32
       |         ------------- `192.0.2.10/32` is in this one alone

    ## masters, too many bare addresses
    error: `192.0.2.11` is not in the list of control-plane addresses on the private network that the policies have
      --> calico-policies/private-network-isolation/aa-one/private-ips.md:3:1
       |
     3 | 192.0.2.11
       | ^^^^^^^^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:11:7
       |
    11 |       nets:
       |       ---- the list

    ## masters, too few bare addresses
    error: `192.0.2.10/32` is not in `calico-policies/private-network-isolation/aa-one/private-ips.md`, the other copy of the control-plane addresses on the private network
      --> calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml:14:9
       |
    14 |       - 192.0.2.10/32
       |         ^^^^^^^^^^^^^

    ## Kubernetes API, networks
    error: two copies of the list of addresses of the Kubernetes API disagree: `203.0.113.1/32` is in this one alone
      --> calico-policies/public-network-isolation/aa-one/allow-ibm-ports-public.yaml:44:9
       |
    44 |       - 203.0.113.1/32 # For clusters created <3 years ago
       |         ^^^^^^^^^^^^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-ibm-ports-private.yaml:44:9
       |
    44 |       - 203.0.113.3/32 # For clusters created <3 years ago
       |         -------------- `203.0.113.3/32` is in this one alone

    ## subnets, outgoing and incoming
    error: two copies of the list of infrastructure subnets disagree: `192.0.2.160/28` is in this one alone
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:31:9
       |
    31 |       - 192.0.2.160/28 # abc01
       |         ^^^^^^^^^^^^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:18:9
       |
    18 |       - 192.0.2.208/28 # abc01
       |         -------------- `192.0.2.208/28` is in this one alone

    ## subnets, headings
    error: the two copies of the infrastructure subnets have different headings
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:24:7
       |
    24 |       nets:
       |       ^^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:11:7
       |
    11 |       nets:
       |       ---- the other copy

    ## services, blocks
    error: two copies of the list of the public service group `registry` disagree: `203.0.113.10/32` is in this one alone
      --> calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:15:9
       |
    15 |       - 203.0.113.10/32
       |         ^^^^^^^^^^^^^^^
       |
      ::: calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:15:9
       |
    15 |       - 203.0.113.9/32
       |         -------------- `203.0.113.9/32` is in this one alone

    ## services, ports
    error: workers may reach this service, but pods may not
     --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:9:5
      |
    9 |   - action: Allow
      |     ^^^^^^^^^^^^^
      |
     ::: calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:6:9
      |
    6 |   name: allow-public-services-pods
      |         -------------------------- the rules for pods

    ## services, one too few for pods
    error: workers may reach this service, but pods may not
      --> calico-policies/private-network-isolation/aa-one/allow-private-services.yaml:59:5
       |
    59 |   - action: Allow
       |     ^^^^^^^^^^^^^
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-private-services-pods.yaml:6:9
       |
     6 |   name: allow-private-services-pods
       |         --------------------------- the rules for pods

    ## services, one too many for pods
    error: pods may reach this service, but workers may not
     --> calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:9:5
      |
    9 |   - action: Allow
      |     ^^^^^^^^^^^^^
      |
     ::: calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:6:9
      |
    6 |   name: allow-public-services
      |         --------------------- the rules for workers
    "#);
}

#[test]
fn headings_that_do_not_say_what_they_must() {
    let cases = [
        ("a service without a heading", one().with_all("public-services", "      # IBM Log Analysis with LogDNA: ours\n", "")),
        ("a heading without a word", one().with_all("public-services", "# IBM Log Analysis with LogDNA: ours", "# 日志: ours")),
        ("subnets without a heading", one().with_all("sys-mgmt", "      # Required nets for all clusters: abc09, xyz01\n", "")),
        ("required subnets without zones", one().with_all("sys-mgmt", "for all clusters: abc09, xyz01", "for all clusters")),
        ("another heading of subnets", one().with_all("sys-mgmt", "# Nets for ABC zones", "# Subnets of ABC")),
        ("a heading of nothing", one().with_all("sys-mgmt", "      # Nets for ABC zones\n", "      # Nets for XYZ zones\n      # Nets for ABC zones\n")),
        ("a subnet without its zone", one().with_all("sys-mgmt", " # abc02", "")),
        ("a zone that is none", one().with_all("sys-mgmt", "# abc02", "# soon")),
        ("more zones than subnets", one().with_all("sys-mgmt", "# Nets for ABC zones", "# Nets for ABC zones: abc02, abc01, abc03")),
        ("two zones for a subnet", one().with_all("sys-mgmt", "# Nets for ABC zones", "# Nets for ABC zones: abc01, abc02")),
        ("no subnets of zones", one().with_all("sys-mgmt", "\n      # Nets for ABC zones\n      - 192.0.2.176/28 # abc02\n      - 192.0.2.160/28 # abc01", "")),
    ];
    insta::assert_snapshot!(told(&cases), @r#"
    ## a service without a heading
    error: no heading says which service these nets are of
      --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:23:7
       |
    23 |       nets:
       |       ^^^^
       |
       = help: every group of upstream's begins with a comment such as `# Service: region`

    ## a heading without a word
    error: no name can be made of this heading
      --> calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:24:7
       |
    24 |       # 日志: ours
       |       ^^^^^^^^^^^^

    ## subnets without a heading
    error: this subnet stands below no heading, so nothing says whose it is
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:12:9
       |
    12 |       - 192.0.2.128/28
       |         ^^^^^^^^^^^^^^

    ## required subnets without zones
    error: the heading of required subnets does not list their zones
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:12:7
       |
    12 |       # Required nets for all clusters
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    ## another heading of subnets
    error: a heading of infrastructure subnets that is not known: `Subnets of ABC`
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:16:7
       |
    16 |       # Subnets of ABC
       |       ^^^^^^^^^^^^^^^^
       |
       = help: known are `Required nets for …: zones` and `Nets for … zones`

    ## a heading of nothing
    error: no subnet stands below this heading
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:16:7
       |
    16 |       # Nets for XYZ zones
       |       ^^^^^^^^^^^^^^^^^^^^

    ## a subnet without its zone
    error: neither the heading nor a comment behind it says this subnet's zone
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:17:9
       |
    17 |       - 192.0.2.176/28
       |         ^^^^^^^^^^^^^^

    ## a zone that is none
    error: `soon` is not a zone such as `dal10`
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:17:24
       |
    17 |       - 192.0.2.176/28 # soon
       |                        ^^^^^^

    ## more zones than subnets
    error: the heading lists 3 zones, but 2 subnets stand below it
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:16:7
       |
    16 |       # Nets for ABC zones: abc02, abc01, abc03
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    ## two zones for a subnet
    error: the heading gives this subnet to `abc01`, the comment to `abc02`
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:17:24
       |
    17 |       - 192.0.2.176/28 # abc02
       |                        ^^^^^^^

    ## no subnets of zones
    error: the list has no subnets of the region's zones
      --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:11:7
       |
    11 |       nets:
       |       ^^^^
    "#);
}

#[test]
fn files_that_are_missing() {
    let cases = [
        ("a policy", one().without("allow-public-services-pods.yaml")),
        ("a network", one().without("public-network-isolation")),
        (
            "no region",
            Upstream {
                files: [(
                    "private-network-isolation/README.md".to_owned(),
                    String::new(),
                )]
                .into(),
            },
        ),
        (
            "no policies",
            Upstream {
                files: [("README.md".to_owned(), String::new())].into(),
            },
        ),
        (
            "policies elsewhere",
            one().moved(|path| format!("vendor/{path}")),
        ),
        (
            "a region's folder with no name of one",
            one().moved(|path| path.replace("aa-one", "Aa_one")),
        ),
    ];
    insta::assert_snapshot!(told(&cases), @r#"
    ## a policy
    error: upstream has no `calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml`
     |
     = help: leave aa-one out by naming the others with `--region`

    ## a network
    error: upstream has no `calico-policies/public-network-isolation/aa-one/allow-public-service-endpoint.yaml`
     |
     = help: leave aa-one out by naming the others with `--region`

    ## no region
    error: no region's policies lie there
     |
     = help: they lie in `private-network-isolation/REGION/` and `public-network-isolation/REGION/`

    ## no policies
    error: there is neither `private-network-isolation` nor `public-network-isolation`
     |
     = help: give a checkout of IBM-Cloud/kube-samples, or its `calico-policies` folder

    ## policies elsewhere
    error: there is neither `private-network-isolation` nor `public-network-isolation`
     |
     = help: they lie in `vendor/calico-policies/`: give the path of that folder

    ## a region's folder with no name of one
    error: a region's folder: `Aa_one` is not a name: use lower-case letters, digits and dashes, a letter or digit at both ends
    "#);
}
