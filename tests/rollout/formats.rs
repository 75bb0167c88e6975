//! How roll-outs are told.

use crate::call::Room;
use crate::set;

/// A set in which one address goes and another comes, to which a policy comes late.
fn told(format: &str) -> String {
    let room = Room::new();
    set(
        &room,
        "old",
        &[("allow-private-services", "      - 166.9.248.76/32\n", "")],
    );
    set(
        &room,
        "new",
        &[
            ("allow-private-services", "      - 166.9.248.105/32\n", ""),
            (
                "allow-vrrp-private",
                "name: allow-vrrp-private",
                "name: allow-vrrp",
            ),
        ],
    );
    let line = format!("rollout old new --region eu-de --private --verbose -o {format}");
    let ran = room.run(&line);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    ran.stdout
}

#[test]
fn text() {
    insta::assert_snapshot!(told("text"));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(told("markdown"));
}

#[test]
fn markdown_fits_a_comment() {
    let ran = Room::new().run("rollout --region all -o markdown");
    assert!(ran.stdout.len() < 65_000, "{}", ran.stdout.len());
    assert!(ran.stdout.contains("more parts are left out here"));
}
