//! `palisade profile update` without `--from`.

use crate::publisher::{API, Reply};
use crate::{Desk, as_usual, regions};

#[test]
fn everything_is_fetched_pinned_and_then_the_same() {
    let desk = Desk::new(as_usual);
    let refused = desk.run("profile update --as-of 2024-05-07");
    assert_eq!(refused.code, 2);
    insta::assert_snapshot!("losses", refused.stderr);
    assert_eq!(
        desk.profiles().len(),
        1,
        "nothing but where the sources are"
    );

    let desk = Desk::fetched(as_usual);
    let written: Vec<String> = desk.profiles().into_keys().collect();
    assert_eq!(
        written,
        [
            "lock.yaml",
            "ranges/cloudflare.yaml",
            "regions/aa-one.yaml",
            "regions/bb-two.yaml",
            "sources.yaml"
        ]
    );
    let lock = desk.room.read("profiles/lock.yaml");
    let pins: Vec<&str> = lock
        .lines()
        .filter(|l| l.contains("-one") || l.contains("etag"))
        .collect();
    assert_eq!(pins.len(), 2, "{lock}");
    assert!(lock.contains("etag: one\n  date: \"2024-05-07\""), "{lock}");
    assert!(
        lock.contains(&format!(
            "- https://127.0.0.1:{}/client/v4/ips",
            desk.publisher.port
        )),
        "{lock}"
    );

    // The same again, on another day: not one byte differs.
    let before = desk.profiles();
    let again = desk.run("profile update --as-of 2025-01-01");
    assert_eq!((again.code, desk.profiles()), (0, before));
    let said = again.stdout.lines().last().unwrap();
    assert!(
        said.ends_with("the ranges of cloudflare read at one: nothing changed"),
        "{said}"
    );
    let etags: Vec<Option<String>> = desk
        .publisher
        .asked()
        .into_iter()
        .filter(|asked| asked.path == API)
        .map(|asked| asked.etag)
        .collect();
    assert_eq!(etags, [None, Some("\"one\"".to_owned())]);
}

#[test]
fn what_goes_is_told_before_what_comes() {
    let desk = Desk::fetched(as_usual);
    let commit = desk.publish(
        &regions().with_all("aa-one", "192.0.2.9", "192.0.2.11"),
        1_714_953_700,
    );
    let ran = desk.run("profile update --source kube-samples");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told = ran.stdout.replace(&commit, "COMMIT");
    insta::assert_snapshot!("changes", told);
}

#[test]
fn ranges_that_are_the_same_by_their_etag_are_not_sent() {
    let desk = Desk::fetched(|asked| {
        (asked.path == API && asked.etag.is_some()).then_some(Reply::NotModified)
    });
    let before = desk.profiles();
    let ran = desk.run("profile update");
    assert_eq!((ran.code, desk.profiles()), (0, before), "{}", ran.stderr);
}

#[test]
fn texts_stand_in_for_an_api_that_fails() {
    let desk = Desk::fetched(|asked| (asked.path == API).then_some(Reply::Status(503)));
    let lock = desk.room.read("profiles/lock.yaml");
    assert!(lock.contains("/ips-v4\n"), "{lock}");
    assert!(!lock.contains("etag"), "{lock}");
    let ran = desk.run("profile update --source cloudflare");
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!("texts_instead", ran.stderr);
}

#[test]
fn a_revision_is_fetched_with_what_leads_to_it() {
    let desk = Desk::new(as_usual);
    let first = desk.publish(&regions(), 1_714_953_650);
    desk.publish(&regions().without("bb-two"), 1_714_953_700);
    let ran = desk.run(&format!(
        "profile update --source kube-samples --rev {first}"
    ));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains(&format!("2 regions read at {first}")),
        "{}",
        ran.stdout
    );
    let none = desk.run("profile update --source kube-samples --rev nowhere");
    assert_eq!(none.code, 2);
    assert!(
        none.stderr.contains("has no revision `nowhere`"),
        "{}",
        none.stderr
    );
}
