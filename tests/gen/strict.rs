//! Sets that close what upstream leaves open to every address.

use palisade::finding::Input;
use palisade::profile::PlatformProfile;

use crate::call::{Room, project};

#[test]
fn it_says_what_it_closed() {
    let room = Room::new();
    let ran = room.run("gen --region eu-es --strict");
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!(ran.stderr);
    insta::assert_snapshot!(room.read("generated/eu-es/public/allow-ibm-ports-public.yaml"));
    let again = room.run("gen --region eu-es --strict --check");
    assert_eq!((again.code, again.stdout.as_str()), (0, ""));
    let ordinary = room.run("gen --region eu-es --check");
    assert_eq!(ordinary.code, 1);
}

/// What is not wanted is not told as closed, and neither is what another network's policies open.
#[test]
fn it_says_nothing_of_what_is_not_rendered() {
    let room = Room::new();
    let ran = room.run("gen --region eu-es --strict --private");
    assert!(!ran.stderr.contains("-public"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("no longer").count(), 10);
    let ran = room.run("gen --region eu-es --strict --public --without istio");
    assert!(!ran.stderr.contains("15443"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("no longer").count(), 8);
}

#[test]
fn only_what_upstream_opens_to_every_address_changes() {
    let room = Room::new();
    room.run("gen --region us-south --strict -o out");
    let without_remark = |text: &str| -> String {
        let lines = text.lines().filter(|line| !line.contains("`--strict`"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let mut changed = Vec::new();
    for (path, bytes) in room.files("out") {
        if !path.ends_with(".yaml") {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("`--strict`"), "{path}");
        let ordinary = std::fs::read_to_string(project(&format!("generated/{path}"))).unwrap();
        assert!(!ordinary.contains("`--strict`"), "{path}");
        if without_remark(&text) != without_remark(&ordinary) {
            changed.push(path);
        }
    }
    assert_eq!(
        changed,
        [
            "us-south/private/allow-egress-pods-private.yaml",
            "us-south/private/allow-ibm-ports-private.yaml",
            "us-south/private/allow-icmp-private.yaml",
            "us-south/public/allow-egress-pods-public.yaml",
            "us-south/public/allow-ibm-ports-public.yaml",
            "us-south/public/allow-public-services-pods.yaml",
            "us-south/public/allow-public-services.yaml",
        ]
    );
}

/// A minimised strict set is proven like any other before it is written.
#[test]
fn a_strict_set_can_be_minimised() {
    let room = Room::new();
    let ran = room.run("gen --region eu-es --strict --minimize");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains("proven to change no verdict"),
        "{ran:?}"
    );
    let verified = room.run("verify generated --region eu-es --strict");
    assert_eq!(verified.code, 0, "{verified:?}");
    let ordinary = room.run("verify generated --region eu-es");
    assert_eq!(ordinary.code, 1, "{ordinary:?}");
}

#[test]
fn a_cluster_profile_may_ask_for_it() {
    let room = Room::new();
    room.write(
        "shop.yaml",
        "name: shop\nregion: eu-es\nnetworks: [private]\nstrict: true\n",
    );
    let ran = room.run("gen --cluster shop.yaml");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stderr.matches("no longer").count(), 10);
    let text = room.read("generated/clusters/shop/private/allow-icmp-private.yaml");
    assert!(text.contains("`--strict`") && text.contains("# infrastructure\n"));
    assert_eq!(room.run("verify --cluster shop.yaml").code, 0);
}

#[test]
fn facts_that_narrow_nothing_are_refused() {
    let text = std::fs::read_to_string(project("profiles/platform.yaml")).unwrap();
    let cases = [
        (
            "nets: [10.0.0.0/8]\n",
            "nets: [0.0.0.0/0]\n",
            "p.yaml:1:1: a strict set cannot narrow ports to every address",
        ),
        (
            "nets: [10.0.0.0/8]\n",
            "nets: []\n",
            "p.yaml:263:11: the list is empty (a list that is there has at least one entry)",
        ),
        (
            "    to: [serviceNetworks]\n  - policy: allow-ibm-ports-private\n",
            "    to: []\n  - policy: allow-ibm-ports-private\n",
            "p.yaml:1:1: `strict` narrows `allow-ibm-ports-private` without `protocols` or `to`",
        ),
        (
            "    protocols: [ICMP]\n    to:",
            "    protocols: [TCP]\n    to:",
            "p.yaml:1:1: `strict` narrows `allow-icmp-private`: `ports` go with protocols that have ports",
        ),
        (
            "    ports: [typha]\n    to: [privateNetwork]\n  - policy: allow-icmp-private\n",
            "    ports: [dns]\n    to: [privateNetwork]\n  - policy: allow-icmp-private\n",
            "p.yaml:1:1: `strict` narrows ports of `allow-ibm-ports-private` twice",
        ),
        (
            "  - policy: allow-icmp-private\n",
            "  - policy: allow-pings\n",
            "p.yaml:1:1: `strict` narrows `allow-pings`, which is not listed",
        ),
    ];
    for (from, to, told) in cases {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        let input = Input::new("p.yaml", text.replace(from, to));
        let error = PlatformProfile::read(&input).unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}
