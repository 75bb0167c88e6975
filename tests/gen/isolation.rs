//! What isolates apps: its folder, and what is proven of it.

use palisade::resource::{Kind, ResourceSet};

use crate::call::Room;

const HEAD: &str = "name: c\nregion: us-south\nnetworks: [private]\n";

const APPS: &str = "\
isolation:
  defaultDeny: [ingress, egress]
  apps:
  - {name: shop, namespace: shop, labels: {app: shop}, tiers: [front, back]}
  - {name: store, namespace: data, labels: {app: store}}
  allow:
  - {from: [anyone], to: [shop/front], ports: [8080]}
  - {from: [shop/front], to: [shop/back]}
  - {from: [shop/back], to: [store], ports: [5432, \"6000:6010\"]}
  - {from: [{nets: [198.51.100.0/24], except: [198.51.100.7/32]}], to: [shop], protocol: UDP}
";

const SHOP: [&str; 8] = [
    "isolation/data/allow-dns.yaml",
    "isolation/data/allow-to-store.yaml",
    "isolation/data/deny-egress.yaml",
    "isolation/data/deny-ingress.yaml",
    "isolation/shop/allow-dns.yaml",
    "isolation/shop/allow-from-shop-back.yaml",
    "isolation/shop/allow-from-shop-front.yaml",
    "isolation/shop/allow-to-shop-back.yaml",
];

/// The files of the isolation below `folder`, without the inventory.
fn isolation(room: &Room, folder: &str) -> Vec<String> {
    let files = room.files(folder).into_keys();
    let own = |path: &String| path.starts_with("isolation/") && !path.contains(".palisade");
    files.filter(own).collect()
}

#[test]
fn it_has_a_folder_that_comes_and_goes_with_it() {
    let room = Room::new();
    room.write("c.yaml", format!("{HEAD}{APPS}"));
    assert_eq!(room.run("gen --cluster c.yaml").code, 0);
    let files = isolation(&room, "generated/clusters/c");
    assert_eq!(files[..8], SHOP);
    assert_eq!(room.run("gen --cluster c.yaml --check").code, 0);
    // A call about one network says nothing of it.
    let ran = room.run("gen --cluster c.yaml --private");
    assert_eq!(
        (ran.code, isolation(&room, "generated/clusters/c")),
        (0, files)
    );
    room.write("c.yaml", HEAD);
    let ran = room.run("gen --cluster c.yaml --check");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout
            .contains("--- generated/clusters/c/isolation/data/allow-dns.yaml\n")
    );
    assert_eq!(room.run("gen --cluster c.yaml").code, 0);
    assert_eq!(isolation(&room, "generated/clusters/c"), [""; 0]);
}

#[test]
fn it_is_proven_whatever_stands_beside_it() {
    for (networks, platform, kind) in [
        ("[private]", "kubernetes", "kubernetes"),
        ("[private]", "openshift", "calico"),
        ("[public]", "kubernetes", "kubernetes"),
        ("[public]", "kubernetes", "calico"),
        ("[private, public]", "openshift", "kubernetes"),
    ] {
        for (closed, strict) in [
            ("[ingress, egress]", "false"),
            ("[ingress]", "false"),
            ("[egress]", "true"),
        ] {
            let room = Room::new();
            let apps = APPS.replace("[ingress, egress]", closed);
            let apps = apps.replace("isolation:\n", &format!("isolation:\n  as: {kind}\n"));
            room.write(
                "c.yaml",
                format!(
                    "name: c\nregion: eu-de\nnetworks: {networks}\nplatform: {platform}\nstrict: {strict}\n{apps}"
                ),
            );
            let ran = room.run("verify --cluster c.yaml");
            assert_eq!(ran.code, 0, "{networks} {kind} {closed}\n{}", ran.stdout);
        }
    }
}

/// Senders that nothing closes want a policy where no set lets pods send to each other.
#[test]
fn without_the_private_set_senders_are_opened_too() {
    let apps = APPS.replace("  defaultDeny: [ingress, egress]\n", "");
    let senders = |networks: &str| {
        let room = Room::new();
        room.write(
            "c.yaml",
            format!("name: c\nregion: us-south\nnetworks: {networks}\n{apps}"),
        );
        assert_eq!(room.run("gen --cluster c.yaml").code, 0);
        let files = isolation(&room, "generated/clusters/c");
        files
            .into_iter()
            .filter(|path| path.contains("/allow-from-"))
            .count()
    };
    assert_eq!((senders("[private]"), senders("[public]")), (0, 2));
}

#[test]
fn every_layout_holds_it() {
    let room = Room::new();
    room.write("c.yaml", format!("{HEAD}{APPS}"));
    for (layout, expected) in [
        ("kustomize", "isolation/kustomization.yaml"),
        (
            "argocd --repo-url https://git.example.com/p --revision main --project default --destination in-cluster",
            "isolation/kustomization.yaml",
        ),
        (
            "flux --source GitRepository/policies",
            "isolation/3-deny/shop/deny-egress.yaml",
        ),
    ] {
        let ran = room.run(&format!("gen --cluster c.yaml -o out --layout {layout}"));
        assert_eq!(ran.code, 0, "{layout}: {}", ran.stderr);
        let files = isolation(&room, "out/clusters/c");
        assert!(
            files.iter().any(|path| path == expected),
            "{layout}: {files:?}"
        );
        let ran = room.run("verify out --cluster c.yaml");
        assert_eq!(ran.code, 0, "{layout}: {}", ran.stdout);
    }
    let ran = room.run("gen --cluster c.yaml -o less --minimize");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// One entry of a rule is one peer: namespace and labels must both match (KNP-5).
#[test]
fn a_namespace_and_labels_are_one_peer() {
    let rule = "  - {from: [{namespaces: {team: a}, pods: {app: b}}, {namespace: shop, pods: {app: c}}, {namespace: x}], to: [shop]}\n";
    let (start, _) = APPS.split_once("  - {from: [anyone]").unwrap();
    let room = Room::new();
    room.write("c.yaml", format!("{HEAD}{start}{rule}"));
    let ran = room.run("gen --cluster c.yaml");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = room.read("generated/clusters/c/isolation/shop/allow-to-shop.yaml");
    let input = palisade::finding::Input::new("policy", text);
    let set = ResourceSet::read([&input]);
    let policy = set.iter().next().unwrap();
    assert_eq!(policy.key.kind, Kind::KubernetesNetworkPolicy);
    let labels = |key: &str, value: &str| serde_json::json!({"matchLabels": {key: value}});
    assert_eq!(
        palisade::resource::normal_form(policy)["spec"]["ingress"][0]["from"],
        serde_json::json!([
            {"podSelector": labels("app", "c")},
            {"namespaceSelector": labels("kubernetes.io/metadata.name", "x")},
            {"namespaceSelector": labels("team", "a"), "podSelector": labels("app", "b")},
        ])
    );
}

/// What nobody described is told, and the policies are written all the same.
#[test]
fn findings_stop_nothing() {
    let room = Room::new();
    let rule = "  - {from: [{namespace: shop, pods: {app: shpo}}], to: [store]}\n";
    room.write("c.yaml", format!("{HEAD}{APPS}{rule}"));
    let ran = room.run("gen --cluster c.yaml");
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stderr,
        "\
warning[selector-matches-nothing]: no described app has the label `app: shpo`
  --> c.yaml:14:43
   |
14 |   - {from: [{namespace: shop, pods: {app: shpo}}], to: [store]}
   |                                           ^^^^
   |
   = help: did you mean `app: shop`?

generated: 23 files written, 0 unchanged, 0 removed
"
    );
}
