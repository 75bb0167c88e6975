//! What a wrong call and a wrong cluster profile get: a clear error, exit 2, nothing written.

use std::fs;

use crate::call::{Room, project};

fn refused(line: &str, profile: &str, expected: &str) {
    let room = Room::new();
    room.write("c.yaml", profile);
    let ran = room.run(line);
    assert_eq!(ran.code, 2, "{line}: {}", ran.stderr);
    assert_eq!(ran.stdout, "", "{line}");
    assert!(
        ran.stderr.contains(expected),
        "{line}: expected {expected:?} in\n{}",
        ran.stderr
    );
    assert!(!room.path("generated").exists(), "{line}");
}

#[test]
fn a_wrong_call_names_the_nearest_right_thing() {
    const CASES: [(&str, &str); 13] = [
        ("gen", "a region or a cluster profile is wanted"),
        (
            "gen --region us-soth",
            "there is no region `us-soth`\n |\n = help: did you mean `us-south`",
        ),
        (
            "gen --region ../us-south",
            "there is no region `../us-south`",
        ),
        ("gen --region us-south --with vrp", "did you mean `vrrp`?"),
        (
            "gen --region us-south --without registy",
            "did you mean `registry`?",
        ),
        (
            "gen --region us-south --without core",
            "the set does not work without `core`",
        ),
        (
            "gen --region us-south --with vrrp --without vrrp",
            "`vrrp` is asked for with and without",
        ),
        ("gen --region us-south --with ../x", "`../x` is not a name"),
        (
            "gen --region us-south --platform k8s",
            "[possible values: kubernetes, openshift]",
        ),
        (
            "gen --region us-south --host-endpoints always",
            "host endpoints are wanted, but no workers are known",
        ),
        (
            "gen --region us-south --pod-subnet 172.30.0.0",
            "`172.30.0.0` has no prefix length: write `172.30.0.0/32`",
        ),
        (
            "gen --region us-south --pod-subnet 172.30.0.9/16",
            "has host bits set: the block is `172.30.0.0/16`",
        ),
        (
            "gen --region us-south --regoin x",
            "unexpected argument '--regoin'",
        ),
    ];
    for (line, expected) in CASES {
        refused(line, "", expected);
    }
}

#[test]
fn a_pod_subnet_may_not_overlap_what_lies_elsewhere() {
    const CASES: [(&str, &str); 5] = [
        (
            "10.0.64.0/24",
            "overlaps 10.0.64.0/19 of `infrastructure-required-dal01-dal10-wdc04` of region us-south",
        ),
        (
            "10.200.112.0/24",
            "overlaps 10.200.112.0/20 of `infrastructure-zones` of region us-south",
        ),
        (
            "172.21.4.0/22",
            "overlaps 172.21.0.0/16 of the service subnet",
        ),
        (
            "172.20.0.0/16",
            "overlaps 172.20.0.0/24 of the worker-local proxies",
        ),
        (
            "166.9.0.0/16",
            "overlaps 166.9.12.26/32 of `control-plane-private` of region us-south",
        ),
    ];
    for (subnet, expected) in CASES {
        refused(
            &format!("gen --region us-south --pod-subnet {subnet}"),
            "",
            expected,
        );
    }
}

#[test]
fn a_wrong_cluster_profile_is_shown_where_it_is_wrong() {
    let good = fs::read_to_string(project("examples/clusters/public-gateway.yaml")).unwrap();
    // What is replaced, with what, and what the error says: the sentence and the place.
    let cases = [
        (
            "name: shop",
            "name: ../shop",
            "`../shop` is not a name: use lower-case letters, digits and dashes, a letter or digit at both ends\n --> c.yaml:3:7",
        ),
        (
            "name: shop",
            "name: [shop]",
            "a single text is wanted here\n --> c.yaml:3:7",
        ),
        (
            "name: shop",
            "nmae: shop",
            "unknown key `nmae`\n --> c.yaml:3:1",
        ),
        (
            "name: shop\n",
            "",
            "the key `name` is missing\n  --> c.yaml:22:1",
        ),
        (
            "name: shop",
            "name: shop\nname: shop",
            "the key `name` stands here a second time\n --> c.yaml:4:1",
        ),
        (
            "region: eu-de",
            "region: eu-dee",
            "there is no region `eu-dee`\n --> c.yaml:4:9",
        ),
        (
            "[private, public]",
            "[private, private]",
            "`private` stands here a second time\n --> c.yaml:5:21",
        ),
        (
            "[private, public]",
            "[]",
            "the list is empty\n --> c.yaml:5:11",
        ),
        (
            "[private, public]",
            "[privat]",
            "unknown value `privat`\n --> c.yaml:5:12",
        ),
        (
            "[private, public]",
            "[private]",
            "the service `payments` is on the public network, which the cluster is not on\n  --> c.yaml:24:9",
        ),
        (
            "version: \"1.31\"",
            "version: latest",
            "`latest` is not a version such as \"1.31\"\n --> c.yaml:7:10",
        ),
        (
            "version: \"1.31\"",
            "podSubnet: 10.144.0.0/16",
            "the worker's address 10.144.20.5 lies in the pod subnet 10.144.0.0/16\n  --> c.yaml:10:14",
        ),
        (
            "version: \"1.31\"",
            "podSubnet: 10.0.80.0/20",
            "the pod subnet 10.0.80.0/20 overlaps 10.0.64.0/19 of `infrastructure-required-dal01-dal10-wdc04` of region eu-de\n --> c.yaml:7:12",
        ),
        (
            "10.144.20.9",
            "10.144.20.5",
            "a second worker with the address 10.144.20.5\n  --> c.yaml:13:14",
        ),
        (
            "shop-compute-0000022f",
            "shop-compute-000001c4",
            "a second worker with the name `kube-c9a4m1tf0k8u2p5w7x30-shop-compute-000001c4`\n  --> c.yaml:12:9",
        ),
        (
            "10.144.20.9",
            "169.48.1.9",
            "169.48.1.9 is a public address, and `privateIP` must be a private address\n  --> c.yaml:13:14",
        ),
        (
            "203.0.113.21",
            "10.1.1.1",
            "10.1.1.1 is a private address, and `publicIP` must be a public address\n  --> c.yaml:17:13",
        ),
        ("10.144.20.9", "10.144.20.999", "invalid IP address syntax"),
        (
            "- 198.51.100.0/24",
            "- 198.51.100.7/24",
            "`198.51.100.7/24` has host bits set: the block is `198.51.100.0/24`\n  --> c.yaml:30:5",
        ),
        (
            "ports: [443, 8443]",
            "ports: [443, 443]",
            "`443` stands here a second time\n  --> c.yaml:28:16",
        ),
        (
            "ports: [443, 8443]",
            "ports: [8443-8450]",
            "`8443-8450` is no range for Calico: write `8443:8450` with a colon\n  --> c.yaml:28:11",
        ),
        (
            "ports: [443, 8443]",
            "ports: [0]",
            "is not a port (1 to 65535)",
        ),
        (
            "protocol: TCP",
            "protocol: tcp",
            "`tcp` is not a protocol: write `TCP`, the case counts\n  --> c.yaml:27:13",
        ),
        (
            "protocol: TCP",
            "protocol: ICMP",
            "`ICMP` has no ports, but the service lists some\n  --> c.yaml:28:10",
        ),
        (
            "name: time",
            "name: payments",
            "a second service `payments`\n  --> c.yaml:31:9",
        ),
    ];
    for (old, new, expected) in cases {
        assert!(good.contains(old), "{old}");
        refused(
            "gen --cluster c.yaml",
            &good.replacen(old, new, 1),
            expected,
        );
    }
}

#[test]
fn a_call_and_a_profile_that_contradict_each_other_are_refused() {
    let good = fs::read_to_string(project("examples/clusters/private-only.yaml")).unwrap();
    refused(
        "gen --cluster c.yaml --region eu-de",
        &good,
        "the cluster is in us-south\n --> c.yaml:5:9",
    );
    refused(
        "gen --cluster c.yaml --public",
        &good,
        "the cluster is not on the public network\n --> c.yaml:6:11",
    );
}

#[test]
fn addresses_that_are_nobodys_are_refused() {
    let profile = |key: &str, address: &str| {
        format!("name: c\nregion: us-south\nnetworks: [private]\nworkers:\n- name: w\n  privateIP: 10.1.1.1\n  {key}: {address}\n")
            .replace(if key == "privateIP" { "  privateIP: 10.1.1.1\n" } else { "\u{0}" }, "")
    };
    for (key, address, expected) in [
        (
            "publicIP",
            "127.0.0.1",
            "127.0.0.1 is an address of no single worker, and `publicIP` must be a public address",
        ),
        (
            "publicIP",
            "0.0.0.0",
            "0.0.0.0 is an address of no single worker",
        ),
        (
            "publicIP",
            "fe80::1",
            "fe80::1 is an address of no single worker",
        ),
        (
            "publicIP",
            "10.1.1.2",
            "10.1.1.2 is a private address, and `publicIP` must be a public address",
        ),
        (
            "privateIP",
            "127.0.0.1",
            "127.0.0.1 is an address of no single worker, and `privateIP` must be a private address",
        ),
        (
            "privateIP",
            "203.0.113.1",
            "203.0.113.1 is a public address, and `privateIP` must be a private address",
        ),
    ] {
        refused("gen --cluster c.yaml", &profile(key, address), expected);
    }
}

#[test]
fn what_is_particular_about_a_cluster_must_fit_together() {
    let base = "name: c\nregion: us-south\nnetworks: [private]\n";
    let service = "services:\n- {name: s, network: private, for: [pods], protocol: TCP, ports: [1], nets: [10.9.0.0/24]}\n";
    for (profile, expected) in [
        (
            format!("{base}podSubnet: 10.9.0.0/16\n{service}"),
            "10.9.0.0/24 of the service `s` overlaps the pod subnet 10.9.0.0/16",
        ),
        (
            format!("{base}podSubnet: fd00::/64\n"),
            "the pod subnet fd00::/64 is not an IPv4 block\n --> c.yaml:4:12",
        ),
        (
            format!("{base}{}", service.replace("ports: [1], ", "")),
            "the service `s` lists no `ports`",
        ),
    ] {
        refused("gen --cluster c.yaml", &profile, expected);
    }
    let room = Room::new();
    let icmp = service.replace("TCP, ports: [1]", "ICMP");
    room.write("c.yaml", format!("{base}{icmp}"));
    assert_eq!(room.run("gen --cluster c.yaml").code, 0);
    let path = "generated/clusters/c/private/allow-cluster-services-pods-private.yaml";
    assert!(
        room.read(path)
            .ends_with("    protocol: ICMP\n    destination:\n      nets:\n      - 10.9.0.0/24\n")
    );
}

#[test]
fn arguments_that_make_no_sense_together_are_refused() {
    for (line, expected) in [
        (
            "gen --region us-south --check -o -",
            "`--check` compares with a folder, and `-o -` is none",
        ),
        (
            "gen --region all --workers c.yaml",
            "workers are in one region, and `--region all` is every one",
        ),
        (
            "gen --cluster - --workers -",
            "standard input can be read once, and both `--cluster` and `--workers` are to read it",
        ),
    ] {
        refused(line, "", expected);
    }
}
