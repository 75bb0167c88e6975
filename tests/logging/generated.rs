//! Log policies among what is generated.

use crate::call::Room;

const CLUSTER: &str = "\
name: shop
region: us-south
networks: [private, public]
";

fn logs(room: &Room) -> Vec<String> {
    let files = room.files("generated");
    let logs = files.into_keys().filter(|path| path.contains("log-denied"));
    logs.collect()
}

#[test]
fn in_files_of_their_own() {
    let room = Room::new();
    let ran = room.run("gen --region us-south --log-denied");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        logs(&room),
        [
            "us-south/private/log-denied-after-allow-egress-pods-private.yaml",
            "us-south/private/log-denied-by-deny-all-private-default.yaml",
            "us-south/public/log-denied-after-allow-ibm-ports-public.yaml",
            "us-south/public/log-denied-after-allow-k8s-master-to-dashboard-via-vpn.yaml",
            "us-south/public/log-denied-by-deny-all-outbound-public.yaml",
        ]
    );
    let text = room.read("generated/us-south/private/log-denied-by-deny-all-private-default.yaml");
    assert!(text.starts_with("# Made by palisade "), "{text}");
    assert!(
        text.contains("\n# Records what GlobalNetworkPolicy deny-all-private-default denies"),
        "{text}"
    );
    assert_eq!(
        room.run("gen --region us-south --log-denied --check").code,
        0
    );
    // A run without takes them away again.
    assert_eq!(room.run("gen --region us-south --check").code, 1);
    assert_eq!(room.run("gen --region us-south").code, 0);
    assert_eq!(logs(&room), [""; 0]);
}

#[test]
fn as_the_cluster_profile_says() {
    let room = Room::new();
    for (key, expected) in [
        ("", 0),
        ("logDenied: false\n", 0),
        ("logDenied: true\n", 5),
        ("logDenied: [deny-all-private-default]\n", 1),
    ] {
        room.write("shop.yaml", format!("{CLUSTER}{key}"));
        let ran = room.run("gen --cluster shop.yaml");
        assert_eq!(ran.code, 0, "{key}{ran:?}");
        assert_eq!(logs(&room).len(), expected, "{key}");
    }
    for (key, told) in [
        (
            "logDenied: [deny-all-privat-default]\n",
            "error: no policy `deny-all-privat-default` is enforced
 --> shop.yaml:4:13
  |
4 | logDenied: [deny-all-privat-default]
  |             ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `deny-all-private-default`",
        ),
        (
            "logDenied:\n- deny-all-private-default\n- allow-vrrp-private\n",
            "it denies nothing: whatever it does not allow is decided by other policies
 --> shop.yaml:6:3
  |
6 | - allow-vrrp-private
  |   ^^^^^^^^^^^^^^^^^^
",
        ),
        ("logDenied: maybe\n", "a list of policies' names"),
        ("logDenied: [1x_]\n", "is not a name"),
    ] {
        room.write("shop.yaml", format!("{CLUSTER}{key}"));
        let ran = room.run("gen --cluster shop.yaml");
        assert_eq!(ran.code, 2, "{key}{ran:?}");
        assert!(ran.stderr.contains(told), "{key}{}", ran.stderr);
    }
    room.write("shop.yaml", CLUSTER);
    let ran = room.run(
        "gen --cluster shop.yaml --log-denied=deny-all-private-default,deny-all-outbound-public",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(logs(&room).len(), 2);
}

#[test]
fn in_every_layout_and_minimised() {
    let room = Room::new();
    for (layout, number) in [
        ("kustomize", 2),
        ("flux --source GitRepository/policies", 2),
    ] {
        let ran = room.run(&format!(
            "gen --region us-south --private --log-denied --minimize --layout {layout} -o {}",
            &layout[..4]
        ));
        assert_eq!(ran.code, 0, "{ran:?}");
        let files = room.files(&layout[..4]);
        let logs = files.keys().filter(|path| path.contains("log-denied-"));
        assert_eq!(logs.count(), number, "{:?}", files.keys());
    }
}
