//! Fetches that come to nothing: each a clear error, and the facts in place as they were.

use std::time::Duration;

use crate::publisher::{API, IPV4, IPV6, REPOSITORY, Reply};
use crate::{Desk, as_usual};

const SLOW: &str = "no whole answer within 2 s (2 attempts)";

/// What the ranges' addresses all answer, and what is told of it.
#[test]
fn ranges_that_are_no_ranges() {
    let cases: [(&str, Reply, &str); 12] = [
        (
            "a web page",
            Reply::json("<!doctype html>\n<p>Sign in"),
            "this is a web page and no list: `<!doctype html>`",
        ),
        (
            "half of the JSON",
            Reply::json("{\"result\":{\"ipv4_cidrs\":[\"192.0."),
            "the JSON ends in the middle",
        ),
        (
            "half of the answer",
            Reply::Half(b"{\"result\":".to_vec()),
            "the answer ends in the middle",
        ),
        ("nothing", Reply::json(""), "the answer is empty"),
        ("blanks", Reply::json(" \n"), "the answer is empty"),
        (
            "too much",
            Reply::json(&" ".repeat(10 << 20)),
            "the answer is longer than 4096 bytes, which is the limit",
        ),
        (
            "another host",
            Reply::Elsewhere("https://localhost:1/ips".to_owned()),
            "the answer leads to another host, localhost",
        ),
        (
            "a failure",
            Reply::Status(503),
            "the server answers 503 Service Unavailable (2 attempts)",
        ),
        (
            "nobody",
            Reply::Status(404),
            "the server answers 404 Not Found",
        ),
        (
            "another shape",
            Reply::json("{\"success\":true,\"result\":{\"ipv4_cidrs\":[]}}"),
            "this is not what the API answers: missing field `ipv6_cidrs`",
        ),
        ("too slow", Reply::Silence(Duration::from_secs(5)), SLOW),
        (
            "too slow, although each byte comes soon",
            Reply::Trickle(Duration::from_millis(250)),
            SLOW,
        ),
    ];
    let desk = Desk::fetched(as_usual);
    let before = desk.profiles();
    for (name, reply, told) in cases {
        let failing = Desk::new(move |asked| {
            [API, IPV4, IPV6]
                .contains(&asked.path.as_str())
                .then(|| reply.clone())
        });
        for (path, bytes) in &before {
            if path != "sources.yaml" {
                failing.room.write(&format!("profiles/{path}"), bytes);
            }
        }
        let kept = failing.profiles();
        for command in ["profile update --source cloudflare", "profile check"] {
            let ran = failing.run(command);
            assert_eq!(ran.code, 3, "{name}: {}{}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains(told), "{name}: {}", ran.stderr);
            assert_eq!(failing.profiles(), kept, "{name}");
            if told == SLOW {
                break;
            }
        }
    }
}

/// What the repository's address answers, and what is told of it.
#[test]
fn a_repository_that_is_none() {
    let pack = format!("{REPOSITORY}/git-upload-pack");
    let refs = format!("{REPOSITORY}/info/refs?service=git-upload-pack");
    let cases: [(&str, &String, Reply, &str); 6] = [
        (
            "a web page",
            &refs,
            Reply::Body("text/html", b"<!doctype html>".to_vec()),
            "cannot read the repository",
        ),
        (
            "nobody",
            &refs,
            Reply::Status(404),
            "the server answers 404 Not Found",
        ),
        (
            "another host",
            &refs,
            Reply::Elsewhere("https://localhost:1/x".to_owned()),
            "the answer leads to another host, localhost",
        ),
        (
            "too much",
            &pack,
            Reply::Body("x", vec![b'0'; 20 << 20]),
            "the answer is longer than 10485760 bytes, which is the limit",
        ),
        (
            "half",
            &pack,
            Reply::Half(b"0008NAK\nPACK".to_vec()),
            "the answer ends in the middle",
        ),
        (
            "half of a pack",
            &pack,
            Reply::Body("x", b"0008NAK\nPACK\0\0\0\x02\0\0\0\x09".to_vec()),
            "cannot read the repository",
        ),
    ];
    for (name, path, reply, told) in cases {
        let path = path.clone();
        let desk = Desk::new(move |asked| (asked.path == path).then(|| reply.clone()));
        let before = desk.profiles();
        let ran = desk.run("profile update");
        assert_eq!(ran.code, 3, "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{name}: {}", ran.stderr);
        assert_eq!(desk.profiles(), before, "{name}");
    }
}

#[test]
fn a_failure_that_passes_is_none() {
    let desk = Desk::fetched(|asked| (asked.before == 0).then_some(Reply::Status(502)));
    assert!(desk.profiles().contains_key("regions/aa-one.yaml"));
}

#[test]
fn a_certificate_that_nobody_vouches_for() {
    let desk = Desk::new(as_usual);
    let stranger = Desk::new(as_usual);
    desk.room.write("ca.pem", &stranger.publisher.ca);
    let ran = desk.run("profile update");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("certificate"), "{}", ran.stderr);
    assert!(!desk.room.path("profiles/lock.yaml").exists());
}

#[test]
fn ranges_that_are_refused_tell_where() {
    let cases = [
        (
            "192.0.2.0/24\",\"198.51.100.0/33",
            "`198.51.100.0/33` is not an address block",
        ),
        ("192.0.2.1/24", "`192.0.2.1/24` has host bits set"),
        ("2001:db8::/32", "`2001:db8::/32` is not an IPv4 range"),
        ("0.0.0.0/0", "`0.0.0.0/0` is every address"),
        (
            "192.0.2.0/24\",\"192.0.2.0/24",
            "`192.0.2.0/24` stands here a second time",
        ),
    ];
    for (blocks, told) in cases {
        let answer = format!(
            "{{\"result\":{{\"ipv4_cidrs\":[\"{blocks}\"],\"ipv6_cidrs\":[\"2001:db8::/32\"]}},\"success\":true}}"
        );
        let desk = Desk::new(move |asked| match asked.path.as_str() {
            API => Some(Reply::json(&answer)),
            IPV4 | IPV6 => Some(Reply::Status(404)),
            _ => None,
        });
        let ran = desk.run("profile update --source cloudflare");
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(ran.stderr.contains("/client/v4/ips:1:"), "{}", ran.stderr);
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
}
