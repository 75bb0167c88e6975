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

/// The folder is the argument's, else the variable's, else `profiles`.
#[test]
fn the_folder_is_that_of_the_variable_where_no_argument_says_otherwise() {
    let desk = Desk::fetched(as_usual);
    let sources = desk.room.read("profiles/sources.yaml");
    for folder in ["here", "there"] {
        desk.room.write(&format!("{folder}/sources.yaml"), &sources);
        desk.room.write(
            &format!("{folder}/platform.yaml"),
            crate::made_up_platform(),
        );
    }
    let before = desk.profiles();
    let update = "profile update --source kube-samples";
    let here = [("PALISADE_PROFILES", "here")];
    assert_eq!(desk.run_in(update, &here).code, 0);
    let ran = desk.run_in(&format!("{update} --profiles there"), &here);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for folder in ["here", "there"] {
        assert!(
            desk.room
                .path(&format!("{folder}/regions/aa-one.yaml"))
                .exists(),
            "{folder}"
        );
    }
    desk.publish(
        &regions().with_all("aa-one", "192.0.2.9", "192.0.2.11"),
        1_714_953_700,
    );
    assert_eq!(desk.profiles(), before);
    assert_eq!(desk.run_in(update, &[("PALISADE_PROFILES", "")]).code, 0);
    assert_ne!(desk.profiles(), before, "set to nothing is not set");
}

/// A run that was killed between two files left one that is new and a lock that is old.
#[test]
fn an_update_that_was_interrupted_is_finished_by_the_next() {
    let desk = Desk::fetched(as_usual);
    let before = desk.profiles();
    let newer = regions()
        .with_all("aa-one", "192.0.2.9", "192.0.2.11")
        .with_all("bb-two", "192.0.2.9", "192.0.2.11");
    desk.publish(&newer, 1_714_953_700);
    assert_eq!(desk.run("profile update").code, 0);
    let done = desk.profiles();
    let aa_one = "regions/aa-one.yaml";
    for (path, bytes) in &before {
        let bytes = if path == aa_one { &done[path] } else { bytes };
        desk.room.write(&format!("profiles/{path}"), bytes);
    }
    desk.room
        .write("profiles/regions/.palisade-tmp-abc", "half of a pro");
    // Nobody knows yet whether it is right.
    assert_eq!(desk.run("profile check --offline").code, 2);
    let ran = desk.run("profile update");
    assert_eq!(
        (ran.code, desk.profiles()),
        (0, done.clone()),
        "{}",
        ran.stderr
    );

    // What upstream does not say is no interrupted update.
    let other = String::from_utf8(done[aa_one].clone()).unwrap();
    let other = other.replace("192.0.2.11/32", "192.0.2.12/32");
    desk.room.write(&format!("profiles/{aa_one}"), &other);
    let ran = desk.run("profile update");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("are not those that the lock pins"),
        "{}",
        ran.stderr
    );
    assert_eq!(desk.room.read(&format!("profiles/{aa_one}")), other);
}

/// A lock speaks of what lies beside it: the profiles in the binary are others after an upgrade.
#[test]
fn the_lock_of_a_folder_pins_what_is_in_the_folder() {
    let desk = Desk::fetched(as_usual);
    let lock = desk.room.read("profiles/lock.yaml");
    let pinned: Vec<&str> = lock
        .lines()
        .filter_map(|line| line.trim_start().split_once(": sha256:"))
        .map(|(path, _)| path)
        .collect();
    let own = [
        "ranges/cloudflare.yaml",
        "regions/aa-one.yaml",
        "regions/bb-two.yaml",
    ];
    assert_eq!(pinned, own);
    // Those in the binary are pinned there.
    let ran = desk.run("profile check --offline --as-of 2024-05-07");
    assert!(!ran.stdout.contains("not pinned"), "{}", ran.stdout);

    // A profile of one's own that no lock spoke of is spoken of by none after an update of others.
    let desk = Desk::new(as_usual);
    let us_south = std::fs::read_to_string(crate::project("profiles/regions/us-south.yaml"));
    let us_south = us_south
        .unwrap()
        .replace("166.9.250.214/32", "166.9.250.215/32");
    desk.room.write("profiles/regions/us-south.yaml", us_south);
    let accept = "--accept cloudflare/ipv4 --accept cloudflare/ipv6";
    assert_eq!(desk.run(&format!("profile update {accept}")).code, 0);
    let ran = desk.run("profile check --offline --as-of 2024-05-07");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("not pinned: regions/us-south.yaml"),
        "{}",
        ran.stdout
    );
}

/// An etag is a word of the address that it came from.
#[test]
fn another_address_is_not_asked_by_the_etag_of_the_first() {
    let desk = Desk::fetched(as_usual);
    let sources = desk.room.read("profiles/sources.yaml");
    let other = sources.replace("/client/v4/ips", "/mirror/ips");
    desk.room.write("profiles/sources.yaml", other);
    // The mirror is not there, so the texts are read.
    assert_eq!(desk.run("profile update --source cloudflare").code, 0);
    let asked = desk.publisher.asked();
    let mirror = asked
        .iter()
        .find(|asked| asked.path == "/mirror/ips")
        .unwrap();
    assert_eq!(mirror.etag, None);
}

/// The whole profile cannot be written where the file lies that corrects one.
#[test]
fn a_file_that_corrects_is_not_written_over() {
    let desk = Desk::fetched(as_usual);
    let ours = "extends: bb-two\nlists:\n- list: control-plane-private\n  add: [192.0.2.11/32]\n";
    desk.room.write("profiles/regions/cc-three.yaml", ours);
    desk.publish(
        &crate::Upstream::whole(&["aa-one", "bb-two", "cc-three"]),
        1_714_953_700,
    );
    let before = desk.profiles();
    let ran = desk.run("profile update");
    assert_eq!((ran.code, desk.profiles()), (2, before), "{}", ran.stderr);
    let told = "`profiles/regions/cc-three.yaml` says what it extends, and the whole profile is to be written there";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}

/// A server that says of lists which nobody knows yet that they did not change is not believed.
#[test]
fn lists_that_nobody_knows_cannot_be_unchanged() {
    let desk = Desk::fetched(|asked| match asked.path.as_str() {
        API if asked.before > 0 => Some(Reply::NotModified),
        _ => None,
    });
    let lock = desk.room.read("profiles/lock.yaml");
    desk.room
        .write("profiles/lock.yaml", lock.replace("  etag: one\n", ""));
    let ran = desk.run("profile update --source cloudflare");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told = "the server says that nothing changed, and was not asked about a change; the texts are read instead";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}
