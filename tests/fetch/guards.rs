//! Blocks that are not expected where they come, and lists that lose too much.

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
        // Half of the public list goes too, which is told first.
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
