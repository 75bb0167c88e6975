//! Files that correct single lists.

use crate::call::Room;

const OVERLAY: &str = "\
extends: us-south
lists:
- list: control-plane-private
  why: a master of our own
  add: [166.9.99.1/32]
  remove: [166.9.12.26/32]
";

#[test]
fn single_lists_are_corrected_and_it_is_said() {
    let room = Room::new();
    room.write("mine/regions/ours.yaml", OVERLAY);
    let ran = room.run("profile show us-south --profiles mine --as-of 2026-01-10");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told: Vec<&str> = ran.stdout.lines().rev().take(3).collect();
    assert_eq!(
        told,
        [
            "  + 166.9.99.1/32",
            "  - 166.9.12.26/32",
            "control-plane-private is corrected by mine/regions/ours.yaml: a master of our own"
        ]
    );
    let ran = room.run("profile show us-south --profiles mine --format yaml");
    assert!(ran.stdout.contains("166.9.99.1/32") && !ran.stdout.contains("166.9.12.26/32"));
    let ran = room.run("gen --region us-south --private --profiles mine -o - --no-verify");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("166.9.99.1/32") && !ran.stdout.contains("166.9.12.26/32"));
    // The facts of the source are what the lock says: nothing is stale.
    assert_eq!(room.run("profile check --offline --profiles mine").code, 0);
}

#[test]
fn what_corrects_nothing_is_refused_with_its_place() {
    let cases = [
        (
            "extends: us-south",
            "extends: us-sout",
            "there is no profile `regions/us-sout.yaml` to extend",
            "1:10",
            "`us-south`",
        ),
        (
            "list: control-plane-private",
            "list: control-plane-privat",
            "us-south has no list `control-plane-privat`",
            "3:9",
            "`control-plane-private`",
        ),
        (
            "[166.9.12.26/32]",
            "[166.9.12.27/32]",
            "`166.9.12.27/32` is not in `control-plane-private`",
            "6:12",
            "`166.9.12.26/32`",
        ),
        (
            "[166.9.99.1/32]",
            "[166.9.12.99/32]",
            "`166.9.12.99/32` is in `control-plane-private` already",
            "5:9",
            "",
        ),
        (
            "  add: [166.9.99.1/32]\n  remove: [166.9.12.26/32]\n",
            "",
            "`control-plane-private` has nothing to `add`, `remove` or `replace`",
            "3:9",
            "",
        ),
        (
            "  remove: [166.9.12.26/32]\n",
            "  source: {repository: 'https://me:hunter2@git.example/p'}\n",
            "`control-plane-private` has a `source` whose address holds a name or a password",
            "3:9",
            "",
        ),
        (
            "  remove: [166.9.12.26/32]\n",
            "  replace: [166.9.1.1/32]\n",
            "`control-plane-private` is replaced, so nothing is added or removed besides",
            "3:9",
            "",
        ),
        (
            "  add: [166.9.99.1/32]\n  remove: [166.9.12.26/32]\n",
            "  replace: [166.9.1.1/32]\n",
            "`control-plane-private` is replaced, and does not say by `source` and `date` what with",
            "3:9",
            "",
        ),
        (
            "  why:",
            "  zone: dal10\n  why:",
            "the blocks of `control-plane-private` have no zone",
            "4:9",
            "",
        ),
        (
            "control-plane-private",
            "infrastructure-zones",
            "`166.9.12.26/32` is not in `infrastructure-zones`",
            "6:12",
            "",
        ),
        ("  why:", "  whi:", "unknown key `whi`", "4:3", "`why`"),
        (
            "[166.9.99.1/32]",
            "[0.0.0.0/0]",
            "the list holds every address",
            "",
            "",
        ),
    ];
    for (from, to, message, at, hint) in cases {
        let room = Room::new();
        room.write("mine/regions/ours.yaml", OVERLAY.replacen(from, to, 1));
        let ran = room.run("profile show us-south --profiles mine");
        assert_eq!(ran.code, 2, "{to}: {}", ran.stdout);
        assert!(ran.stderr.contains(message), "{to}: {}", ran.stderr);
        assert!(
            ran.stderr.contains(&format!("mine/regions/ours.yaml:{at}")),
            "{to}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(hint), "{to}: {}", ran.stderr);
    }
}

#[test]
fn ranges_are_corrected_too_and_a_subnet_gets_its_zone() {
    let room = Room::new();
    room.write(
        "mine/ranges/cloudflare.yaml",
        "extends: cloudflare\nlists:\n- {list: ipv6, remove: ['2400:cb00::/32']}\n",
    );
    room.write(
        "mine/regions/zones.yaml",
        "extends: us-south\nlists:\n- {list: infrastructure-zones, zone: dal10, add: [10.99.0.0/20]}\n",
    );
    let ran = room.run("profile show us-south --profiles mine --format yaml");
    assert!(
        ran.stdout.contains("zone: dal10\n      net: 10.99.0.0/20"),
        "{}",
        ran.stdout
    );
    // The whole profile cannot be written where the file lies that corrects it.
    room.write("mine/ranges/other.yaml", "extends: cloudflre\nlists: []\n");
    let ran = room.run("profile list --profiles mine");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("the overlay corrects nothing"),
        "{}",
        ran.stderr
    );
}
