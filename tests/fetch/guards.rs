//! Blocks that are not expected where they come, and lists that lose too much.

use palisade::net::Cidr;
use palisade::profile::{Doubt, Library, Network, RegionProfile, strays};

use crate::publisher::{API, Reply};
use crate::{Desk, as_usual, regions};

fn ranges(ipv4: &str) -> Reply {
    Reply::json(&format!(
        r#"{{"result":{{"ipv4_cidrs":[{ipv4}],"ipv6_cidrs":["2001:db8::/32"],"etag":"two"}},"success":true}}"#
    ))
}

/// What the API answers after the first time, and what is told of it.
#[test]
fn ranges_are_guarded() {
    let cases = [
        (
            r#""192.0.2.0/24","198.51.100.0/24","10.0.0.0/24""#,
            "cloudflare/ipv4 would get 10.0.0.0/24: nobody is reached there on the public network",
        ),
        (
            r#""192.0.2.0/24","198.51.100.0/24","11.0.0.0/16""#,
            "cloudflare/ipv4 would get 11.0.0.0/16: that is much wider than any block which the list held",
        ),
        (
            r#""192.0.2.0/24","198.51.100.0/24","224.0.0.0/24""#,
            "cloudflare/ipv4 would get 224.0.0.0/24: nobody is reached there on the public network (multicast, RFC 5771)",
        ),
        (
            r#""192.0.2.0/24","198.51.100.0/24","166.9.0.0/24""#,
            "cloudflare/ipv4 would get 166.9.0.0/24: that is on the private network, by which workers' packets to there leave",
        ),
        (
            r#""192.0.2.0/24""#,
            "cloudflare/ipv4 would lose 1 of its 2: 198.51.100.0/24",
        ),
    ];
    for (answer, told) in cases {
        let desk = Desk::fetched(move |asked| {
            (asked.path == API && asked.before > 0).then(|| ranges(answer))
        });
        let before = desk.profiles();
        let ran = desk.run("profile update");
        assert_eq!((ran.code, desk.profiles()), (2, before), "{}", ran.stderr);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("`--accept cloudflare/ipv4`"),
            "{}",
            ran.stderr
        );
        let ran = desk.run("profile check --as-of 2024-05-07");
        assert_eq!(ran.code, 1);
        assert!(ran.stdout.contains(told), "{}", ran.stdout);
        let ran = desk.run("profile update --accept cloudflare/ipv4");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    // Fifteen bits are not sixteen: what is a little wider is usual.
    let desk = Desk::fetched(|asked| {
        let more = r#""192.0.2.0/24","198.51.100.0/24","11.0.0.0/17""#;
        (asked.path == API && asked.before > 0).then(|| ranges(more))
    });
    assert_eq!(desk.run("profile update").code, 0);
}

/// What takes the place of a master's address, in all copies of the list, and what is told of it.
#[test]
fn regions_are_guarded() {
    let cases = [
        (
            "192.0.2.9",
            "8.8.8.8",
            "aa-one/control-plane-private would get 8.8.8.8/32: that is not on the private network",
        ),
        (
            "198.51.100.7",
            "10.9.8.7",
            "aa-one/control-plane-public would get 10.9.8.7/32: nobody is reached there on the public network",
        ),
        (
            "198.51.100.7",
            "100.64.0.7",
            "aa-one/control-plane-public would get 100.64.0.7/32: nobody is reached there on the public network",
        ),
    ];
    for (from, to, told) in cases {
        let desk = Desk::fetched(as_usual);
        desk.publish(&regions().with_all("aa-one", from, to), 1_714_953_700);
        let before = desk.profiles();
        let ran = desk.run("profile update");
        // Half of the public list goes too.
        let list = told.split(' ').next().unwrap();
        let flag = format!("--accept {list}");
        if from.starts_with("192") {
            assert!(ran.stderr.contains(told), "{}", ran.stderr);
            assert!(ran.stderr.contains(&flag), "{}", ran.stderr);
        } else {
            assert!(
                ran.stderr.contains("would lose 1 of its 2"),
                "{}",
                ran.stderr
            );
            // By the same word, so it is told together.
            assert!(ran.stderr.contains(told), "{}", ran.stderr);
            let said = "error: upstream takes away more than a third of a list, and has blocks that are not expected in their lists\n";
            assert!(ran.stderr.starts_with(said), "{}", ran.stderr);
            let ran = desk.run("profile check --as-of 2024-05-07");
            assert!(ran.stdout.contains(told), "{}", ran.stdout);
        }
        assert_eq!((ran.code, desk.profiles()), (2, before));
        assert_eq!(desk.run(&format!("profile update {flag}")).code, 0);
    }
    // The provider's service network is reached by the private one.
    let desk = Desk::fetched(as_usual);
    desk.publish(
        &regions().with_all("aa-one", "192.0.2.9", "166.9.8.7"),
        1_714_953_700,
    );
    let ran = desk.run("profile update");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn an_address_of_a_source_with_a_password_is_refused_and_not_shown() {
    let cases = [
        "https://me:hunter2@git.example/p",
        "http://me:hunter2@git.example/p",
        "me:hunter2@git.example",
        "https://me:hun/ter2@git.example",
    ];
    for address in cases {
        let error = address.parse::<palisade::profile::Url>().unwrap_err();
        let told = "an address of a source holds no name and no password";
        assert_eq!(error, told, "{address}");
    }
    let error = "ftp://git.example".parse::<palisade::profile::Url>();
    let shown = "`ftp://git.example` is not an address that begins with `https://`";
    assert_eq!(error.unwrap_err(), shown);
}

/// Blocks that have no place in a public list, with what is told, and whether a private list may have
/// them.
#[test]
fn special_addresses_have_no_place_in_public_lists() {
    let nobody = |what: &str| format!("nobody is reached there on the public network ({what})");
    let private = "that is on the private network, by which workers' packets to there leave";
    let cases = [
        ("0.1.2.0/24", nobody("this network, RFC 791"), false),
        ("10.1.2.3/32", nobody("private use, RFC 1918"), true),
        (
            "100.64.9.0/24",
            nobody("shared by carriers, RFC 6598"),
            true,
        ),
        ("127.0.0.1/32", nobody("loopback, RFC 1122"), false),
        ("169.254.169.254/32", nobody("link-local, RFC 3927"), false),
        ("172.16.0.0/12", nobody("private use, RFC 1918"), true),
        (
            "192.0.0.8/32",
            nobody("protocol assignments, RFC 6890"),
            false,
        ),
        ("192.0.2.0/24", nobody("documentation, RFC 5737"), false),
        ("192.88.99.0/24", nobody("6to4, RFC 3056 and 7526"), false),
        ("192.168.1.0/24", nobody("private use, RFC 1918"), true),
        ("198.18.0.0/16", nobody("benchmarks, RFC 2544"), false),
        ("198.51.100.7/32", nobody("documentation, RFC 5737"), false),
        ("203.0.113.0/28", nobody("documentation, RFC 5737"), false),
        ("224.0.0.5/32", nobody("multicast, RFC 5771"), false),
        ("240.0.0.0/8", nobody("reserved, RFC 1112"), false),
        ("255.255.255.255/32", nobody("reserved, RFC 1112"), false),
        ("::/128", nobody("no global unicast, RFC 4291"), false),
        ("::1/128", nobody("no global unicast, RFC 4291"), false),
        (
            "::ffff:8.8.8.8/128",
            nobody("no global unicast, RFC 4291"),
            false,
        ),
        ("64:ff9b::/96", nobody("no global unicast, RFC 4291"), false),
        ("2001::/32", nobody("protocol assignments, RFC 6890"), false),
        (
            "2001:db8:1::/48",
            nobody("documentation, RFC 3849 and 9637"),
            false,
        ),
        (
            "2002:808:808::/48",
            nobody("6to4, RFC 3056 and 7526"),
            false,
        ),
        (
            "3fff::/20",
            nobody("documentation, RFC 3849 and 9637"),
            false,
        ),
        ("4000::/16", nobody("no global unicast, RFC 4291"), false),
        ("fc00::/8", nobody("private use, RFC 4193"), true),
        ("fd12::/16", nobody("private use, RFC 4193"), true),
        (
            "fe80::1/128",
            nobody("link-local, RFC 4291 and 3879"),
            false,
        ),
        ("fec0::/16", nobody("link-local, RFC 4291 and 3879"), false),
        ("ff02::1/128", nobody("multicast, RFC 4291"), false),
        // The provider's service networks are facts of the platform.
        ("166.8.0.0/14", private.to_owned(), true),
        ("166.11.255.255/32", private.to_owned(), true),
        ("161.26.7.0/24", private.to_owned(), true),
        // What only touches them, and what is private in part.
        ("166.8.0.0/13", private.to_owned(), false),
        ("160.0.0.0/6", private.to_owned(), false),
        ("10.0.0.0/7", nobody("private use, RFC 1918"), false),
        ("172.0.0.0/8", nobody("private use, RFC 1918"), false),
        (
            "0.0.0.0/1",
            nobody(
                "this network, RFC 791; private use, RFC 1918; shared by carriers, RFC 6598; \
                 loopback, RFC 1122",
            ),
            false,
        ),
        (
            "2000::/3",
            nobody(
                "protocol assignments, RFC 6890; 6to4, RFC 3056 and 7526; documentation, RFC 3849 \
                 and 9637",
            ),
            false,
        ),
    ];
    let platform = Library::embedded().platform().unwrap();
    for (block, told, is_private) in cases {
        let block: Cidr = block.parse().unwrap();
        assert_eq!(
            platform.astray(block, Network::Public),
            Some(told),
            "{block}"
        );
        let private = platform.astray(block, Network::Private);
        assert_eq!(private.is_none(), is_private, "{block}: {private:?}");
    }
    // And what the internet has.
    for block in [
        "1.1.1.0/24",
        "9.0.0.0/8",
        "11.0.0.0/8",
        "100.128.0.0/9",
        "166.12.0.0/14",
        "172.32.0.0/11",
        "192.0.1.0/24",
        "198.20.0.0/14",
        "223.255.255.0/24",
        "2001:200::/23",
        "2400:cb00::/32",
        "2606:4700::/32",
        "3ffe::/16",
    ] {
        let block: Cidr = block.parse().unwrap();
        assert_eq!(platform.astray(block, Network::Public), None, "{block}");
        let told = "that is not on the private network".to_owned();
        assert_eq!(
            platform.astray(block, Network::Private),
            Some(told),
            "{block}"
        );
    }
}

/// The guards are of use only where they do not cry at what is right: all facts at hand pass them.
#[test]
fn every_list_at_hand_has_what_belongs_there() {
    let library = Library::embedded();
    let platform = library.platform().unwrap();
    let mut count = 0;
    for region in library.regions() {
        for (list, _, blocks) in library.region(region).unwrap().lists() {
            let found = strays(&platform, RegionProfile::network_of(&list), &[], &blocks);
            assert_eq!(found, [], "{region}/{list}");
            count += blocks.len();
        }
    }
    for (list, facts) in library.ranges("cloudflare").unwrap().lists() {
        let blocks: Vec<Cidr> = facts.blocks().collect();
        assert_eq!(
            strays(&platform, Network::Public, &[], &blocks),
            [],
            "{list}"
        );
        count += blocks.len();
    }
    assert!(count > 1000, "{count}");
}

/// A family that a list had none of is compared with all of its addresses.
#[test]
fn the_first_block_of_a_family_is_guarded_too() {
    let platform = Library::embedded().platform().unwrap();
    let held = ["9.0.0.0/24".parse::<Cidr>().unwrap()];
    for (block, is_wide) in [("2400::/8", true), ("2400::/9", false), ("8.0.0.0/8", true)] {
        let coming = [block.parse::<Cidr>().unwrap()];
        let found = strays(&platform, Network::Public, &held, &coming);
        let doubts: Vec<Doubt> = found.iter().map(|stray| stray.doubt).collect();
        assert_eq!(doubts.contains(&Doubt::Wide), is_wide, "{block}");
    }
}
