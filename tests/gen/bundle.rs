//! What is rendered.

use std::fs;

use palisade::resource::{Kind, ResourceSet};
use palisade::source::text::read_text;

use crate::call::{Room, project};

const PRIVATE: [&str; 10] = [
    "allow-all-workers-private",
    "allow-egress-pods-private",
    "allow-ibm-ports-private",
    "allow-icmp-private",
    "allow-private-service-endpoint",
    "allow-private-services",
    "allow-private-services-pods",
    "allow-sys-mgmt-private",
    "allow-vrrp-private",
    "deny-all-private-default",
];

const PUBLIC: [&str; 8] = [
    "allow-egress-pods-public",
    "allow-ibm-ports-public",
    "allow-k8s-master-to-dashboard",
    "allow-konnectivity",
    "allow-public-service-endpoint",
    "allow-public-services",
    "allow-public-services-pods",
    "deny-all-outbound-public",
];

/// The names of the policy files below `folder`, without their ending.
fn policies(room: &Room, folder: &str) -> Vec<String> {
    let files = room.files(folder).into_keys();
    let mut names: Vec<String> = files
        .filter_map(|path| path.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[test]
fn a_region_has_the_whole_set_of_each_network_that_is_asked_for() {
    let room = Room::new();
    let ran = room.run("gen --region us-south --private");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert_eq!(
        ran.stderr,
        "generated: 10 files written, 0 unchanged, 0 removed\n"
    );
    assert_eq!(policies(&room, "generated/us-south/private"), PRIVATE);
    assert!(!room.path("generated/us-south/public").exists());

    let ran = room.run("gen --region us-south -o both");
    assert_eq!(ran.code, 0);
    assert_eq!(policies(&room, "both/us-south/private"), PRIVATE);
    assert_eq!(policies(&room, "both/us-south/public"), PUBLIC);
}

#[test]
fn every_region_renders_in_one_call() {
    let room = Room::new();
    assert_eq!(room.run("gen --region all").code, 0);
    let mut regions: Vec<String> = fs::read_dir(room.path("generated"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    regions.sort();
    assert_eq!(
        regions,
        [
            "au-syd", "br-sao", "ca-tor", "eu-de", "eu-es", "eu-gb", "jp-osa", "jp-tok", "us-east",
            "us-south"
        ]
    );
}

#[test]
fn parts_can_be_left_out_and_asked_for() {
    /// Arguments, a file of the public set, whether it is there, and a text that must or must
    /// not be in `allow-public-services.yaml`.
    const CASES: [(&str, &str, bool); 10] = [
        ("", "allow-openshift-console", false),
        ("--with openshift", "allow-openshift-console", true),
        ("--platform openshift", "allow-openshift-metrics", true),
        (
            "--platform openshift",
            "allow-k8s-master-to-dashboard",
            false,
        ),
        (
            "--platform openshift --without openshift",
            "allow-openshift-metrics",
            false,
        ),
        ("--without services", "allow-public-services", false),
        (
            "--without services --with registry",
            "allow-public-services",
            true,
        ),
        (
            "--without services --with istio",
            "allow-public-services-pods",
            true,
        ),
        (
            "--without registry,monitoring,logging,istio",
            "allow-public-services",
            false,
        ),
        (
            "--without konnectivity,dashboard",
            "allow-konnectivity",
            false,
        ),
    ];
    for (arguments, policy, there) in CASES {
        let room = Room::new();
        let ran = room.run(&format!("gen --region us-south --public {arguments}"));
        assert_eq!(ran.code, 0, "{arguments}: {}", ran.stderr);
        let path = format!("generated/us-south/public/{policy}.yaml");
        assert_eq!(room.path(&path).exists(), there, "{arguments}: {policy}");
    }
}

#[test]
fn a_service_group_that_is_not_wanted_leaves_its_rules_out() {
    let room = Room::new();
    assert_eq!(
        room.run("gen --region us-south --private --without logging")
            .code,
        0
    );
    let text = room.read("generated/us-south/private/allow-private-services.yaml");
    let comments: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("  # "))
        .collect();
    // `logging` means `logging-syslog` and `logging-syslog-udp` too.
    assert_eq!(comments, ["registry", "monitoring", "monitoring-api"]);
}

#[test]
fn a_stream_holds_the_same_objects_as_the_files() {
    let room = Room::new();
    room.run("gen --region eu-gb -o out");
    let stream = room.run("gen --region eu-gb -o -");
    assert_eq!((stream.code, stream.stderr.as_str()), (0, ""));
    let input = palisade::finding::Input::new("stream", stream.stdout);
    let set = ResourceSet::read([&input]);
    assert_eq!(set.findings(), []);
    assert_eq!(set.len(), PRIVATE.len() + PUBLIC.len());
}

#[test]
fn rendering_is_deterministic_and_needs_no_folder_of_its_own() {
    let (one, two) = (Room::new(), Room::new());
    one.run("gen --region all");
    two.run("gen --region all");
    assert_eq!(one.files("generated"), two.files("generated"));
}

#[test]
fn every_object_says_what_the_server_would_fill_in() {
    // STORE-13: explicit tier, order and types; no empty source or destination.
    let room = Room::new();
    room.run("gen --region us-south --platform openshift -o out");
    for (path, bytes) in room.files("out") {
        if !path.ends_with(".yaml") {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        let documents = text.split("\n---\n").count();
        for field in ["\n  tier: default\n", "\n  order: ", "\n  types:\n"] {
            assert_eq!(text.matches(field).count(), documents, "{path}: {field:?}");
        }
        for absent in ["source: {}", "destination: {}", "projectcalico.org/tier"] {
            assert!(!text.contains(absent), "{path}: {absent}");
        }
    }
}

#[test]
fn a_cluster_has_its_own_folder_pod_subnet_and_services() {
    let room = Room::new();
    let profile = project("examples/clusters/openshift-pod-subnet.yaml");
    let ran = room.run(&format!("gen --cluster {}", profile.display()));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let workers = room.read("generated/clusters/claims/private/allow-all-workers-private.yaml");
    assert!(workers.contains("- 10.128.0.0/17\n"), "{workers}");
    assert!(!workers.contains("172.30.0.0/16"), "{workers}");

    let profile = project("examples/clusters/public-gateway.yaml");
    assert_eq!(
        room.run(&format!("gen --cluster {}", profile.display()))
            .code,
        0
    );
    let folder = "generated/clusters/shop";
    let own: Vec<String> = room
        .files(folder)
        .into_keys()
        .filter(|path| path.contains("cluster-services"))
        .collect();
    assert_eq!(
        own,
        [
            "private/allow-cluster-services-private.yaml",
            "public/allow-cluster-services-pods-public.yaml",
            "public/allow-cluster-services-public.yaml",
        ]
    );
    let path = room.path(&format!(
        "{folder}/public/allow-cluster-services-public.yaml"
    ));
    let set = ResourceSet::read([&read_text(&path).unwrap()]);
    let policy = set.iter().next().unwrap();
    assert_eq!(policy.key.kind, Kind::GlobalNetworkPolicy);
    assert_eq!(
        palisade::resource::normal_form(policy)["spec"]["egress"],
        serde_json::json!([{
            "action": "Allow",
            "protocol": "TCP",
            "destination": {"nets": ["198.51.100.0/24"], "ports": [443, 8443]}
        }])
    );
}

#[test]
fn what_is_checked_in_is_what_would_be_written() {
    let room = Room::new();
    let generated = project("generated");
    let ran = room.run(&format!(
        "gen --region all --check -o {}",
        generated.display()
    ));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let examples = fs::read_dir(project("examples/clusters")).unwrap();
    let mut examples: Vec<_> = examples.map(|entry| entry.unwrap().path()).collect();
    examples.sort();
    assert!(examples.len() >= 9, "{examples:?}");
    for profile in examples {
        let (profile, generated) = (profile.display(), generated.display());
        let ran = room.run(&format!("gen --cluster {profile} --check -o {generated}"));
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    }
}

#[test]
fn a_new_address_changes_the_files_that_show_it_and_no_other() {
    let room = Room::new();
    room.run("gen --region us-south");
    let before = room.files("generated");
    let profile = fs::read_to_string(project("profiles/regions/us-south.yaml")).unwrap();
    let grown = profile.replacen(
        "    - 166.9.12.26/32\n",
        "    - 166.9.12.26/32\n    - 166.9.12.27/32\n",
        1,
    );
    assert_ne!(profile, grown);
    room.write("mine/regions/us-south.yaml", grown);
    assert_eq!(room.run("gen --region us-south --profiles mine").code, 0);
    let after = room.files("generated");
    let changed: Vec<&String> = after
        .iter()
        .filter(|(path, text)| before[*path] != **text)
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        changed,
        [
            "us-south/private/.palisade-inventory",
            "us-south/private/allow-egress-pods-private.yaml",
            "us-south/private/allow-private-service-endpoint.yaml",
        ]
    );
}

#[test]
fn the_closest_word_decides_and_a_flag_goes_before_the_profile() {
    /// Flags, the profile's words, and the groups that are rendered on the private network.
    const CASES: [(&str, &str, &[&str]); 5] = [
        (
            "--with logging --without logging-syslog",
            "",
            &["registry", "monitoring", "monitoring-api", "logging"],
        ),
        (
            "--without logging --with logging-syslog-udp",
            "",
            &[
                "registry",
                "monitoring",
                "monitoring-api",
                "logging-syslog-udp",
            ],
        ),
        ("--without services", "with: [registry]", &[]),
        (
            "--with services",
            "without: [logging]",
            &[
                "registry",
                "monitoring",
                "monitoring-api",
                "logging",
                "logging-syslog",
                "logging-syslog-udp",
            ],
        ),
        ("", "without: [services]\nwith: [registry]", &["registry"]),
    ];
    for (flags, words, expected) in CASES {
        let room = Room::new();
        room.write(
            "c.yaml",
            format!("name: c\nregion: us-south\nnetworks: [private]\n{words}\n"),
        );
        let ran = room.run(&format!("gen --cluster c.yaml {flags}"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let path = "generated/clusters/c/private/allow-private-services.yaml";
        let text = fs::read_to_string(room.path(path)).unwrap_or_default();
        let groups: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("  # "))
            .collect();
        assert_eq!(groups, expected, "{flags} over {words}");
    }
}
