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
            "extends: us-south\n",
            "",
            "the key `extends` is missing",
            "1:1",
            "",
        ),
        (
            "extends: us-south",
            "extend: us-south",
            "unknown key `extend`",
            "1:1",
            "`extends`",
        ),
        (
            "[166.9.99.1/32]",
            "[0.0.0.0/0]",
            "the list holds every address",
            "5:9",
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
    let ran = room.run("profile show cloudflare --profiles mine --as-of 2026-11-24");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!("ranges", ran.stdout);
    let ran = room.run("profile show cloudfare --profiles mine");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("did you mean `cloudflare`?"),
        "{}",
        ran.stderr
    );
    let ran = room.run("profile show cloudflare --profiles mine --format json");
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(shown["lists"][1]["count"], 6);
    assert_eq!(shown["corrected"][0]["removed"][0], "2400:cb00::/32");
    let ran = room.run("profile show cloudflare --profiles mine --format yaml");
    assert!(
        ran.stdout.contains("ranges: cloudflare\n"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("2400:cb00::/32"), "{}", ran.stdout);
    room.write("mine/ranges/other.yaml", "extends: cloudflre\nlists: []\n");
    let ran = room.run("profile list --profiles mine");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("the overlay corrects nothing"),
        "{}",
        ran.stderr
    );
}

/// What is told, each with its place.
type Told = &'static [(&'static str, &'static str)];

/// An overlay of one list of us-south or of the ranges, what speaks against it and where, and the words
/// that accept it.
const DOUBTFUL: [(&str, &str, Told, &str); 9] = [
    (
        "us-south",
        "control-plane-public\n  add: [9.9.9.9/32, 10.0.0.1/32]",
        &[(
            "4:21",
            "`control-plane-public` of us-south would get 10.0.0.1/32: nobody is reached there on the public network (private use, RFC 1918)",
        )],
        "astray",
    ),
    (
        "us-south",
        "control-plane-public\n  add: [166.9.99.1/32]",
        &[(
            "4:9",
            "`control-plane-public` of us-south would get 166.9.99.1/32: that is on the private network, by which workers' packets to there leave",
        )],
        "astray",
    ),
    (
        "us-south",
        "control-plane-private\n  add: [8.8.8.8/32]",
        &[(
            "4:9",
            "`control-plane-private` of us-south would get 8.8.8.8/32: that is not on the private network",
        )],
        "astray",
    ),
    (
        "us-south",
        "control-plane-public\n  add: [9.0.0.0/16]",
        &[(
            "4:9",
            "`control-plane-public` of us-south would get 9.0.0.0/16: that is much wider than any block which the list held",
        )],
        "wide",
    ),
    (
        "us-south",
        "control-plane-public\n  add: [10.0.0.0/8]",
        &[
            (
                "4:9",
                "`control-plane-public` of us-south would get 10.0.0.0/8: nobody",
            ),
            (
                "4:9",
                "`control-plane-public` of us-south would get 10.0.0.0/8: that is much wider",
            ),
        ],
        "astray, wide",
    ),
    (
        "us-south",
        "infrastructure-required-dal01-dal10-wdc04\n  remove: [10.0.64.0/19, 10.3.160.0/20]",
        &[(
            "4:12",
            "`infrastructure-required-dal01-dal10-wdc04` of us-south would lose 2 of its 4: 10.0.64.0/19, 10.3.160.0/20",
        )],
        "loss",
    ),
    (
        "us-south",
        "infrastructure-required-dal01-dal10-wdc04\n  source: {repository: https://wiki.example.com}\n  date: 2026-11-20\n  replace: [10.7.0.0/20]",
        &[(
            "6:12",
            "`infrastructure-required-dal01-dal10-wdc04` of us-south would lose 4 of its 4: 10.0.64.0/19, ",
        )],
        "loss",
    ),
    (
        "cloudflare",
        "ipv4\n  add: [224.0.0.0/24]",
        &[(
            "4:9",
            "`ipv4` of cloudflare would get 224.0.0.0/24: nobody is reached there on the public network (multicast, RFC 5771)",
        )],
        "astray",
    ),
    (
        "cloudflare",
        "ipv6\n  add: ['2400::/12']",
        &[(
            "4:9",
            "`ipv6` of cloudflare would get 2400::/12: that is much wider than any block which the list held",
        )],
        "wide",
    ),
];

#[test]
fn what_speaks_against_an_update_speaks_against_a_correction() {
    for (extends, entry, told, words) in DOUBTFUL {
        let room = Room::new();
        let folder = if extends == "cloudflare" {
            "ranges"
        } else {
            "regions"
        };
        let path = format!("mine/{folder}/ours.yaml");
        let text = format!("extends: {extends}\nlists:\n- list: {entry}\n");
        room.write(&path, &text);
        // Of ranges, whoever uses them.
        let command = "profile check --offline --as-of 2026-01-10 --profiles mine";
        let ran = room.run(command);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{entry}");
        for (at, told) in told {
            assert!(ran.stderr.contains(told), "{entry}: {}", ran.stderr);
            assert!(
                ran.stderr.contains(&format!("{path}:{at}\n")),
                "{entry}: {}",
                ran.stderr
            );
        }
        let line = entry.lines().find(|line| line.contains('[')).unwrap();
        assert!(ran.stderr.contains(line), "{}", ran.stderr);
        let way_out = format!("say so in this entry: `accept: [{words}]`, and `why`");
        assert!(ran.stderr.contains(&way_out), "{entry}: {}", ran.stderr);

        for why in ["", "  why: ''\n", "  why: ' '\n"] {
            let accept = format!("{text}  accept: [{words}]\n{why}");
            room.write(&path, &accept);
            let ran = room.run(command);
            assert_eq!(ran.code, 2, "{entry}");
            assert!(
                ran.stderr
                    .contains("accepts what speaks against it, and does not say `why`"),
                "{entry}: {}",
                ran.stderr
            );
        }
        // Another word is not this one.
        if words != "astray, wide" {
            let other = if words == "loss" { "wide" } else { "loss" };
            room.write(
                &path,
                format!("{text}  accept: [{other}]\n  why: so it is\n"),
            );
            assert_eq!(room.run(command).code, 2, "{entry}");
        }
        room.write(
            &path,
            format!("{text}  accept: [{words}]\n  why: so it is\n"),
        );
        let ran = room.run(command);
        assert_eq!(ran.code, 0, "{entry}: {}", ran.stderr);
        if extends == "us-south" {
            let ran = room.run("profile show us-south --profiles mine --as-of 2026-01-10");
            let said = format!("ours.yaml: so it is\n  accepted: {words}\n");
            assert!(ran.stdout.contains(&said), "{entry}: {}", ran.stdout);
        }
    }
}

#[test]
fn what_is_accepted_and_does_not_come_is_no_error() {
    let room = Room::new();
    let text = "extends: us-south\nlists:\n- list: control-plane-public\n  why: a test\n  accept: [loss, wide]\n  add: [9.9.9.9/32]\n";
    room.write("mine/regions/ours.yaml", text);
    let ran = room.run("profile show us-south --profiles mine --format json");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(shown["corrected"][0].get("accepted"), None);
    room.write("mine/regions/ours.yaml", text.replace("wide", "wider"));
    let ran = room.run("profile show us-south --profiles mine");
    assert!(ran.stderr.contains("ours.yaml:5:18"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`wide`"), "{}", ran.stderr);
}

/// Two files that take one block each of four take half of the list.
#[test]
fn what_several_files_come_to_is_judged_as_one() {
    let room = Room::new();
    let overlay = |entry: &str| {
        format!(
            "extends: us-south\nlists:\n- list: infrastructure-required-dal01-dal10-wdc04\n  {entry}\n"
        )
    };
    room.write("mine/regions/a.yaml", overlay("remove: [10.0.64.0/19]"));
    let command = "profile show us-south --profiles mine";
    assert_eq!(room.run(command).code, 0);
    room.write("mine/regions/b.yaml", overlay("remove: [10.3.160.0/20]"));
    let ran = room.run(command);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("mine/regions/b.yaml:4:12"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("would lose 2 of its 4"),
        "{}",
        ran.stderr
    );
    // A block that comes is not asked about what went.
    room.write(
        "mine/regions/b.yaml",
        overlay("remove: [10.3.160.0/20]\n  accept: [loss]\n  why: gone"),
    );
    room.write("mine/regions/c.yaml", overlay("add: [10.9.0.0/20]"));
    let ran = room.run(command);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// What only the whole profile shows is told where the user wrote it.
#[test]
fn what_the_whole_shows_is_told_at_its_place_in_the_overlay() {
    let cases = [
        (
            "regions",
            "extends: us-south\nlists:\n- list: control-plane-private\n  why: all\n  accept: [astray, wide]\n  add: [0.0.0.0/0]\n",
            "the list holds every address (`0.0.0.0/0`)",
            "mine/regions/ours.yaml:6:9\n",
            "6 |   add: [0.0.0.0/0]",
        ),
        (
            "regions",
            "extends: us-south\nlists:\n- {list: control-plane-public, add: [0.0.0.0/1, 128.0.0.0/1]}\n",
            "the list holds every address (`0.0.0.0/0`)",
            "mine/regions/ours.yaml:3:38\n",
            "3 | - {list: control-plane-public, add: [0.0.0.0/1, 128.0.0.0/1]}",
        ),
        (
            "regions",
            "extends: us-south\nlists:\n- list: infrastructure-zones\n  zone: dal10\n  add:\n  - 10.98.0.0/20\n  - 10.0.64.0/19\n",
            "`10.0.64.0/19` stands here a second time",
            "mine/regions/ours.yaml:7:5\n",
            "profiles/regions/us-south.yaml:237:7\n",
        ),
        (
            "regions",
            "extends: us-south\nlists:\n- list: infrastructure-required-dal01-dal10-wdc04\n  add: [10.1.160.0/20]\n",
            "`10.1.160.0/20` stands here a second time",
            "mine/regions/ours.yaml:4:9\n",
            "profiles/regions/us-south.yaml:249:12\n",
        ),
        (
            "ranges",
            "extends: cloudflare\nlists:\n- list: ipv4\n  add:\n  - 9.9.9.0/24\n  - '2606:4701::/32'\n",
            "`2606:4701::/32` is not an IPv4 range",
            "mine/ranges/ours.yaml:6:5\n",
            "6 |   - '2606:4701::/32'",
        ),
    ];
    for (folder, text, message, at, shown) in cases {
        let room = Room::new();
        room.write(&format!("mine/{folder}/ours.yaml"), text);
        let ran = room.run("profile check --offline --profiles mine");
        assert_eq!(ran.code, 2, "{text}");
        for told in [message, at, shown] {
            assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_file_that_corrects_is_not_corrected_itself() {
    let room = Room::new();
    room.write("mine/regions/ours.yaml", OVERLAY);
    room.write(
        "mine/regions/more.yaml",
        OVERLAY.replace("us-south", "ours"),
    );
    let ran = room.run("profile list --profiles mine");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("mine/regions/more.yaml:1:10"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("that file corrects `us-south` itself"),
        "{}",
        ran.stderr
    );
}

/// A file that cannot be read corrects nothing, and nobody is to believe that it does.
#[test]
fn a_file_that_is_no_yaml_or_no_mapping_is_refused_whatever_is_asked() {
    let neither = "this is neither a profile nor a file that corrects one";
    for (text, told) in [
        (
            "extends: us-south\nlists:\n- list: control-plane-public\n  add: [62.0.0.0/32\n",
            "mine/regions/ours.yaml:",
        ),
        (
            "extends: us-south\nextends: us-east\n",
            "mine/regions/ours.yaml:2:1",
        ),
        ("foo\n", neither),
        ("- extends\n", neither),
        ("", neither),
        ("# nothing\n", neither),
    ] {
        let room = Room::new();
        room.write("mine/regions/ours.yaml", text);
        for command in [
            "gen --region us-south --profiles mine",
            "profile show us-south --profiles mine",
            "verify --region us-south --profiles mine",
        ] {
            let ran = room.run(command);
            assert_eq!(ran.code, 2, "{text}{command}{}", ran.stderr);
            assert!(ran.stderr.contains(told), "{text}{command}{}", ran.stderr);
        }
        assert!(!room.path("generated").exists());
    }
}
