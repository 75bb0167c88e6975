//! Upstream's policies are what is rendered from their facts, or they are refused.

use git2::Repository;
use palisade::upstream::parity::{check_drift, told};

use crate::command::Desk;
use crate::upstream::{Upstream, name, shown};

/// A day in 2021, and one behind any platform profile.
const LONG_AGO: i64 = 1_622_000_000;
const BY_AND_BY: i64 = 4_102_444_800;

fn one() -> Upstream {
    Upstream::whole(&["aa-one"])
}

/// What a person is told who imports each of these.
fn refusals(cases: &[(&str, Upstream)]) -> String {
    let region = name("aa-one");
    let told = cases.iter().map(|(what, upstream)| {
        let error = check_drift(&upstream.drifts(), &[&region], &[]).expect_err(what);
        format!("## {what}\n{}\n", shown(&error))
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_rendered_from_upstream_is_upstream() {
    let upstream = Upstream::whole(&["aa-one", "bb-two"]);
    assert_eq!(upstream.drifts(), []);
    // The facts of the whole set are those of its parts.
    let profiles = |upstream: Upstream| upstream.import().expect("regions").profiles;
    assert_eq!(
        profiles(upstream),
        profiles(Upstream::of(&["aa-one", "bb-two"]))
    );
}

/// What the API takes for the same is the same: sources that say nothing, the order of nets,
/// quotes, and examples of host endpoints.
#[test]
fn other_words_for_the_same() {
    let mut upstream = one()
        .with(
            "deny-all-private-default.yaml",
            "order: 99900",
            "order: 99900.0",
        )
        .with(
            "allow-egress-pods-private.yaml",
            "      - 10.0.0.0/8\n      - 172.16.0.0/12\n",
            "      - 172.16.0.0/12\n      - 10.0.0.0/8\n",
        )
        .with(
            "allow-vrrp-private.yaml",
            "'worker_private'",
            "\"worker_private\"",
        );
    upstream.files.insert(
        "calico-policies/private-network-isolation/aa-one/generic-privatehostendpoint.yaml"
            .to_owned(),
        "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata:\n  name: <worker>\n\
         spec:\n  node: <worker>\n  interfaceName: eth0\n  expectedIPs:\n  - <ip>\n"
            .to_owned(),
    );
    assert_eq!(upstream.drifts(), []);
}

#[test]
fn policies_that_changed() {
    let cases = [
        ("icmp denied", one().with("allow-icmp-private.yaml", "action: Allow", "action: Deny")),
        ("another protocol", one().with("allow-vrrp-private.yaml", "protocol: 112", "protocol: 113")),
        ("a denial that allows", one().with("deny-all-private-default.yaml", "action: Deny", "action: Allow")),
        (
            "one more rule",
            one().with(
                "allow-k8s-master-to-dashboard.yaml",
                "  egress:\n",
                "  egress:\n  - action: Allow\n    protocol: UDP\n    destination:\n      ports:\n      - 8443\n",
            ),
        ),
        ("one rule less", one().with("allow-konnectivity.yaml", "  egress:\n  - action: Allow\n", "")),
        ("another order", one().with("allow-all-workers-private.yaml", "order: 1950", "order: 1951")),
        ("another selector", one().with("allow-icmp-private.yaml", "worker_private", "worker_public")),
        ("one more type", one().with("deny-all-outbound-public.yaml", "  - Egress\n", "  - Egress\n  - Ingress\n")),
        ("another namespace", one().with("allow-openshift-console.yaml", "  namespace: ", "  namespace: not-")),
        ("another kind", one().with("allow-icmp-private.yaml", "kind: GlobalNetworkPolicy", "kind: StagedGlobalNetworkPolicy")),
        ("another tier", one().with("allow-icmp-private.yaml", "  order: ", "  tier: platform\n  order: ")),
        ("a label", one().with("allow-icmp-private.yaml", "  name: ", "  labels: {a.example/b: c}\n  name: ")),
        ("a field that is not known", one().with("allow-icmp-private.yaml", "  order: ", "  ordre: 1\n  order: ")),
        ("no YAML", one().with("allow-icmp-private.yaml", "  order: ", "  - order: ")),
        (
            "a second policy",
            one().with(
                "allow-icmp-private.yaml",
                "apiVersion: ",
                "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: more}\n---\napiVersion: ",
            ),
        ),
        ("no policy", one().with("allow-icmp-private.yaml", "apiVersion: ", "---\n# apiVersion: ")),
        ("no such file", one().without("deny-all-private-default")),
        (
            "a file by another ending",
            one().moved(|path| path.replace("allow-icmp-private.yaml", "allow-icmp-private.yml")),
        ),
        (
            "many things at once",
            one()
                .with_all("aa-one/allow-openshift-console", "order: 1000", "order: 1")
                .with_all("aa-one/allow-openshift-console", "action: Allow", "action: Log"),
        ),
    ];
    insta::assert_snapshot!(refusals(&cases), @r#"
    ## icmp denied
    error: a policy of upstream's is not as it is rendered from the facts
      --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:12:13
       |
    12 |   - action: Deny
       |             ---- `allow-icmp-private` of aa-one has `"Deny"` at /spec/ingress/0/action, and `"Allow"` is rendered
       |
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## another protocol
    error: a policy of upstream's is not as it is rendered from the facts
      --> calico-policies/private-network-isolation/aa-one/allow-vrrp-private.yaml:14:15
       |
    14 |     protocol: 113
       |               --- `allow-vrrp-private` of aa-one has `113` at /spec/ingress/0/protocol, and `112` is rendered
       |
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-vrrp-private`

    ## a denial that allows
    error: a policy of upstream's is not as it is rendered from the facts
      --> calico-policies/private-network-isolation/aa-one/deny-all-private-default.yaml:14:13
       |
    14 |   - action: Allow
       |             ----- `deny-all-private-default` of aa-one has `"Allow"` at /spec/ingress/0/action, and `"Deny"` is rendered
       |
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/deny-all-private-default`

    ## one more rule
    error: a policy of upstream's is not as it is rendered from the facts
      --> calico-policies/public-network-isolation/aa-one/allow-k8s-master-to-dashboard.yaml:13:5
       |
    13 |   - action: Allow
       |     ------------- `allow-k8s-master-to-dashboard` of aa-one has `{"action":"Allow","destination":{"ports":[8443]},"protocol":"UDP"}` at /spec/egress/0, and nothing is rendered
       |
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-k8s-master-to-dashboard`

    ## one rule less
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/public-network-isolation/aa-one/allow-konnectivity.yaml:9:3
      |
    9 |   order: 1000
      |   ----------- `allow-konnectivity` of aa-one has nothing at /spec/egress, and `[{"action":"Allow"}]` is rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-konnectivity`

    ## another order
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-all-workers-private.yaml:7:10
      |
    7 |   order: 1951
      |          ---- `allow-all-workers-private` of aa-one has `1951` at /spec/order, and `1950` is rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-all-workers-private`

    ## another selector
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:8:13
      |
    8 |   selector: ibm.role == 'worker_public'
      |             --------------------------- `allow-icmp-private` of aa-one has `"ibm.role == \"worker_public\""` at /spec/selector, and `"ibm.role == \"worker_private\""` is rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## one more type
    error: a policy of upstream's is not as it is rendered from the facts
      --> calico-policies/public-network-isolation/aa-one/deny-all-outbound-public.yaml:11:5
       |
    11 |   - Egress
       |     ------ `deny-all-outbound-public` of aa-one has `"Ingress"` at /spec/types/1, and nothing is rendered
       |
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/deny-all-outbound-public`

    ## another namespace
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/public-network-isolation/aa-one/allow-openshift-console.yaml:3:1
      |
    3 | apiVersion: projectcalico.org/v3
      | -------------------------------- `allow-openshift-console` of aa-one holds NetworkPolicy not-kube-system/allow-kube-system-to-olm, which is not rendered
      |
     ::: calico-policies/public-network-isolation/aa-one/allow-openshift-console.yaml:1:1
      |
    1 | # The master reaches the operator lifecycle manager, and the router reaches the console and its own
      | - `allow-openshift-console` of aa-one is rendered with NetworkPolicy kube-system/allow-kube-system-to-olm, which upstream's file does not hold
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-openshift-console`

    ## another kind
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:2:1
      |
    2 | apiVersion: projectcalico.org/v3
      | -------------------------------- `allow-icmp-private` of aa-one holds StagedGlobalNetworkPolicy allow-icmp-private, which is not rendered
      |
     ::: calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:1:1
      |
    1 | # The infrastructure checks the workers' health by ICMP.
      | - `allow-icmp-private` of aa-one is rendered with GlobalNetworkPolicy allow-icmp-private, which upstream's file does not hold
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## another tier
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:7:9
      |
    7 |   tier: platform
      |         -------- `allow-icmp-private` of aa-one has `"platform"` at /spec/tier, and `"default"` is rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## a label
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:5:11
      |
    5 |   labels: {a.example/b: c}
      |           ---------------- `allow-icmp-private` of aa-one has `{"a.example/b":"c"}` at /metadata/labels, and nothing is rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## a field that is not known
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:7:3
      |
    7 |   ordre: 1
      |   ----- `allow-icmp-private` of aa-one is not understood: `spec` has no field `ordre`
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## no YAML
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:8:3
      |
    8 |   selector: ibm.role == 'worker_private'
      |   - `allow-icmp-private` of aa-one is not understood: while parsing a block collection, did not find expected '-' indicator
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## a second policy
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:2:1
      |
    2 | apiVersion: projectcalico.org/v3
      | -------------------------------- `allow-icmp-private` of aa-one holds GlobalNetworkPolicy more, which is not rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## no policy
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml:4:1
      |
    4 | kind: GlobalNetworkPolicy
      | ------------------------- `allow-icmp-private` of aa-one is not understood: this is no Kubernetes object: `apiVersion` or `kind` is missing
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## no such file
    error: a policy of upstream's is not as it is rendered from the facts
     |
     = note: `deny-all-private-default` of aa-one is rendered, but upstream has no such file (calico-policies/private-network-isolation/aa-one/deny-all-private-default.yaml)
     = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/deny-all-private-default`

    ## a file by another ending
    error: 2 policies of upstream's are not as they are rendered from the facts
      |
      = note: `allow-icmp-private` of aa-one is rendered, but upstream has no such file (calico-policies/private-network-isolation/aa-one/allow-icmp-private.yaml)
     --> calico-policies/private-network-isolation/aa-one/allow-icmp-private.yml:2:1
      |
    2 | apiVersion: projectcalico.org/v3
      | -------------------------------- `allow-icmp-private` of aa-one is a file of upstream's that is not known and not rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-icmp-private`

    ## many things at once
    error: a policy of upstream's is not as it is rendered from the facts
      --> calico-policies/public-network-isolation/aa-one/allow-openshift-console.yaml:14:13
       |
    14 |   - action: Log
       |             --- `allow-openshift-console` of aa-one has `"Log"` at /spec/egress/0/action, and `"Allow"` is rendered
       |
      ::: calico-policies/public-network-isolation/aa-one/allow-openshift-console.yaml:23:13
       |
    23 |   - action: Log
       |             --- `allow-openshift-console` of aa-one has `"Log"` at /spec/egress/1/action, and `"Allow"` is rendered
       |
      ::: calico-policies/public-network-isolation/aa-one/allow-openshift-console.yaml:9:10
       |
     9 |   order: 1
       |          - `allow-openshift-console` of aa-one has `1` at /spec/order, and `1000` is rendered
       |
       = note: `allow-openshift-console` of aa-one has 3 more differences
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-openshift-console`
    "#);
}

/// Facts of the platform that stand in policies which hold facts of the region too.
#[test]
fn facts_of_the_platform() {
    let cases = [
        (
            "file storage",
            one().with_all(
                "allow-ibm-ports-private",
                "      - 2049\n",
                "      - 2050\n",
            ),
        ),
        (
            "Istio",
            one().with_all("public-services", "      - 15443\n", "      - 15444\n"),
        ),
        (
            "an order",
            one().with("allow-sys-mgmt-private.yaml", "order: 1800", "order: 1801"),
        ),
        (
            "the metrics server for UDP too",
            one().with(
                "allow-egress-pods-private.yaml",
                "      - 443\n",
                "      - 443\n      - 4443\n",
            ),
        ),
    ];
    insta::assert_snapshot!(refusals(&cases), @r#"
    ## file storage
    error: a policy of upstream's is not as it is rendered from the facts
      --> calico-policies/private-network-isolation/aa-one/allow-ibm-ports-private.yaml:37:9
       |
    37 |       - 2050
       |         ---- `allow-ibm-ports-private` of aa-one has `2050` at /spec/egress/0/destination/ports/2, and `2049` is rendered
       |
      ::: calico-policies/private-network-isolation/aa-one/allow-ibm-ports-private.yaml:46:9
       |
    46 |       - 2050
       |         ---- `allow-ibm-ports-private` of aa-one has `2050` at /spec/egress/1/destination/ports/2, and `2049` is rendered
       |
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-ibm-ports-private`

    ## Istio
    error: 2 policies of upstream's are not as they are rendered from the facts
      --> calico-policies/public-network-isolation/aa-one/allow-public-services-pods.yaml:40:9
       |
    40 |       - 15444
       |         ----- `allow-public-services-pods` of aa-one has `15444` at /spec/egress/2/destination/ports/1, and `15443` is rendered
       |
      ::: calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:55:9
       |
    55 |       - 15444
       |         ----- `allow-public-services` of aa-one has `15444` at /spec/egress/2/destination/ports/1, and `15443` is rendered
       |
      ::: calico-policies/public-network-isolation/aa-one/allow-public-services.yaml:25:9
       |
    25 |       - 15444
       |         ----- `allow-public-services` of aa-one has `15444` at /spec/ingress/0/destination/ports/7, and `15443` is rendered
       |
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-public-services --accept aa-one/allow-public-services-pods`

    ## an order
    error: a policy of upstream's is not as it is rendered from the facts
     --> calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml:7:10
      |
    7 |   order: 1801
      |          ---- `allow-sys-mgmt-private` of aa-one has `1801` at /spec/order, and `1800` is rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-sys-mgmt-private`

    ## the metrics server for UDP too
    error: a policy of upstream's is not as it is rendered from the facts
      --> calico-policies/private-network-isolation/aa-one/allow-egress-pods-private.yaml:20:9
       |
    20 |       - 4443
       |         ---- `allow-egress-pods-private` of aa-one has `4443` at /spec/egress/0/destination/ports/3, and nothing is rendered
       |
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-egress-pods-private`
    "#);
}

/// A layout of 2021: general policies lay outside the regions' folders, and some were not yet.
#[test]
fn history_is_told_and_not_refused() {
    let upstream = one()
        .moved(|path| {
            path.replace(
                "private-network-isolation/",
                "private-network-isolation/calico-v3/",
            )
        })
        .without("allow-vrrp-private")
        .without("allow-konnectivity")
        .with("allow-ibm-ports-private.yaml", "order: 1500", "order: 1400");
    let note = told(&upstream.drifts()).join("\n");
    insta::assert_snapshot!(note, @r#"
    `allow-ibm-ports-private` of aa-one has `1400` at /spec/order, and `1500` is rendered (calico-policies/private-network-isolation/calico-v3/aa-one/allow-ibm-ports-private.yaml:8:10)
    `allow-vrrp-private` of aa-one is rendered, but upstream has no such file (calico-policies/private-network-isolation/calico-v3/aa-one/allow-vrrp-private.yaml)
    `allow-konnectivity` of aa-one is rendered, but upstream has no such file (calico-policies/public-network-isolation/aa-one/allow-konnectivity.yaml)
    "#);

    let desk = Desk::new();
    let repository = Repository::init(desk.path().join("up")).expect("a repository");
    repository
        .remote("origin", "https://example.com/policies")
        .expect("a remote");
    let old = upstream.commit(&repository, LONG_AGO).to_string();
    let update = |arguments: &[&str]| {
        let (code, out, err) = desk.update(&[&["--from", "up"], arguments].concat());
        (code, out, err.replace(&old[..12], "COMMIT"))
    };
    // Whoever only has an old clone does not mean to read history.
    let (code, out, err) = update(&[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("--accept aa-one/allow-vrrp-private"), "{err}");
    assert!(desk.profiles().is_empty());
    let (code, _, err) = update(&["--rev", &old]);
    assert_eq!(code, 0, "{err}");
    insta::assert_snapshot!(err, @r#"
    note: the work tree has changes that are not committed, such as `calico-policies/private-network-isolation/calico-v3/aa-one/allow-all-workers-private.yaml`: the commit COMMIT is read, not they
    note: upstream gives `allow-ibm-ports-private` the order 1400, the platform profile 1500 (COMMIT:calico-policies/private-network-isolation/calico-v3/aa-one/allow-ibm-ports-private.yaml:8:10)
    note: `allow-ibm-ports-private` of aa-one has `1400` at /spec/order, and `1500` is rendered (COMMIT:calico-policies/private-network-isolation/calico-v3/aa-one/allow-ibm-ports-private.yaml:8:10)
    note: `allow-vrrp-private` of aa-one is rendered, but upstream has no such file (calico-policies/private-network-isolation/calico-v3/aa-one/allow-vrrp-private.yaml)
    note: `allow-konnectivity` of aa-one is rendered, but upstream has no such file (calico-policies/public-network-isolation/aa-one/allow-konnectivity.yaml)
    note: the commit of 2021-05-26 is older than the platform profile of 2025-12-11: such differences are told and not refused
    note: the region aa-one is new: set `displayName` and `singleZone` in its profile, upstream does not say them
    note: upstream has no policies for au-syd, br-sao, ca-tor, eu-de, eu-es, eu-gb, jp-osa, jp-tok, us-east, us-south: what is known of it stays as it is
    "#);
    assert_eq!(desk.profiles().len(), 1);
    // A revision that is no history is not told but refused.
    upstream.commit(&repository, BY_AND_BY);
    let (code, _, err) = update(&["--rev", "HEAD"]);
    assert_eq!(code, 2, "{err}");
}

#[test]
fn a_policy_is_accepted_by_its_name() {
    let desk = Desk::new();
    let upstream = Upstream::whole(&["aa-one", "bb-two"]);
    desk.lay(&upstream);
    desk.import(&[]);
    let before = desk.profiles();
    let drifted = upstream
        .with_all("allow-icmp-private", "action: Allow", "action: Deny")
        .without("bb-two/allow-vrrp-private")
        .with_all(
            "aa-one",
            "      - 203.0.113.9/32\n",
            "      - 203.0.113.9/32\n      - 203.0.113.10/32\n",
        );
    desk.lay(&drifted);
    let (code, out, err) = desk.update(&["--from", "copy"]);
    assert_eq!((code, out.as_str()), (2, ""));
    insta::assert_snapshot!(err, @r#"
    error: 3 policies of upstream's are not as they are rendered from the facts
      --> copy/private-network-isolation/aa-one/allow-icmp-private.yaml:12:13
       |
    12 |   - action: Deny
       |             ---- `allow-icmp-private` of aa-one and another region has `"Deny"` at /spec/ingress/0/action, and `"Allow"` is rendered
       |
       = note: `allow-vrrp-private` of bb-two is rendered, but upstream has no such file (calico-policies/private-network-isolation/bb-two/allow-vrrp-private.yaml)
       = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept '*/allow-icmp-private' --accept bb-two/allow-vrrp-private`
    "#);
    assert_eq!(desk.profiles(), before);

    // Some of it is not enough.
    let icmp = ["--from", "copy", "--accept", "*/allow-icmp-private"];
    let (code, _, err) = desk.update(&icmp);
    assert_eq!(code, 2);
    insta::assert_snapshot!(err, @r#"
    error: a policy of upstream's is not as it is rendered from the facts
     |
     = note: `allow-vrrp-private` of bb-two is rendered, but upstream has no such file (calico-policies/private-network-isolation/bb-two/allow-vrrp-private.yaml)
     = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept bb-two/allow-vrrp-private`
    "#);
    let half = ["--from", "copy", "--accept", "aa-one/allow-icmp-private"];
    let (code, _, err) = desk.update(&half);
    assert_eq!(code, 2);
    assert!(
        err.contains("`--accept bb-two/allow-icmp-private --accept bb-two/allow-vrrp-private`"),
        "{err}"
    );
    assert_eq!(desk.profiles(), before);

    let all = [&icmp[..], &["--accept", "bb-two/allow-vrrp-private"]].concat();
    let (code, out, err) = desk.update(&all);
    assert_eq!(code, 0, "{err}");
    insta::assert_snapshot!(format!("{out}{err}"), @r#"
    aa-one services-private-registry: +1
      + 203.0.113.10/32
    aa-one services-public-registry: +1
      + 203.0.113.10/32
    unchanged: bb-two
    2 regions read at 111122223333 (2024-05-06): 1 changed; 2 files written
    note: `allow-icmp-private` of aa-one and another region has `"Deny"` at /spec/ingress/0/action, and `"Allow"` is rendered (copy/private-network-isolation/aa-one/allow-icmp-private.yaml:12:13)
    note: `allow-vrrp-private` of bb-two is rendered, but upstream has no such file (calico-policies/private-network-isolation/bb-two/allow-vrrp-private.yaml)
    note: upstream has no policies for au-syd, br-sao, ca-tor, eu-de, eu-es, eu-gb, jp-osa, jp-tok, us-east, us-south: what is known of it stays as it is
    "#);
    assert_ne!(desk.profiles(), before);
}

/// A file that nobody knows is a policy that nobody renders.
#[test]
fn a_new_policy() {
    let mut upstream = one();
    let folder = "calico-policies/public-network-isolation/aa-one";
    for file in [
        "allow-more.yaml",
        "allow-other.yml",
        "deeper/allow-deep.json",
    ] {
        upstream.files.insert(
            format!("{folder}/{file}"),
            "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: x}\n"
                .to_owned(),
        );
    }
    insta::assert_snapshot!(refusals(&[("new files", upstream)]), @r#"
    ## new files
    error: 3 policies of upstream's are not as they are rendered from the facts
     --> calico-policies/public-network-isolation/aa-one/allow-more.yaml:1:1
      |
    1 | apiVersion: projectcalico.org/v3
      | -------------------------------- `allow-more` of aa-one is a file of upstream's that is not known and not rendered
      |
     ::: calico-policies/public-network-isolation/aa-one/allow-other.yml:1:1
      |
    1 | apiVersion: projectcalico.org/v3
      | -------------------------------- `allow-other` of aa-one is a file of upstream's that is not known and not rendered
      |
     ::: calico-policies/public-network-isolation/aa-one/deeper/allow-deep.json:1:1
      |
    1 | apiVersion: projectcalico.org/v3
      | -------------------------------- `allow-deep` of aa-one is a file of upstream's that is not known and not rendered
      |
      = help: what is not a fact of a region is not imported: `palisade gen` would go on to write what is rendered; if that is right, say so with `--accept aa-one/allow-deep --accept aa-one/allow-more --accept aa-one/allow-other`
    "#);
}
