//! The lock, and profiles that are not as it says.

use std::sync::Arc;

use palisade::finding::Input;
use palisade::profile::{Library, Lock};

use crate::{Desk, as_usual};

#[test]
fn the_lock_in_the_binary_is_that_of_the_profiles_in_it() {
    let library = Library::embedded();
    let (lock, input) = library.lock().unwrap();
    assert_eq!(lock.check(input, &library), Ok(Vec::new()));
    let pinned = lock.sources.iter().map(|pin| pin.profiles.len());
    assert_eq!(pinned.sum::<usize>(), library.fetched().count());
}

#[test]
fn a_profile_that_is_not_as_pinned_is_refused_and_kept() {
    let desk = Desk::fetched(as_usual);
    let path = "profiles/regions/aa-one.yaml";
    let text = desk.room.read(path);
    // A name that a person sets is no fact of the source's.
    desk.room.write(
        path,
        text.replace("displayName: aa-one", "displayName: Example"),
    );
    assert_eq!(desk.run("profile check --as-of 2024-05-07").code, 0);

    desk.room
        .write(path, text.replace("192.0.2.9/32", "192.0.2.12/32"));
    let before = desk.profiles();
    for command in ["profile check", "profile check --offline", "profile update"] {
        let ran = desk.run(command);
        assert_eq!(
            (ran.code, desk.profiles()),
            (2, before.clone()),
            "{command}"
        );
        assert!(
            ran.stderr
                .contains("the facts of `regions/aa-one.yaml` are not those that the lock pins"),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("--> profiles/lock.yaml:"),
            "{}",
            ran.stderr
        );
    }
    std::fs::remove_file(desk.room.path(path)).unwrap();
    let ran = desk.run("profile check --offline");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("the lock pins `regions/aa-one.yaml`, and there is no such profile")
    );
}

#[test]
fn a_lock_that_is_none_tells_where() {
    let digest = "0".repeat(64);
    let commit = "1".repeat(40);
    let right = format!(
        "sources:\n- source: a\n  from: [https://example.com]\n  commit: {commit}\n  date: 2024-05-06\n  \
         profiles:\n    regions/x.yaml: sha256:{digest}\n"
    );
    let read = |text: &str| Lock::read(&Arc::clone(&Input::new("lock.yaml", text)));
    assert_eq!(read(&right).map(|lock| lock.sources.len()), Ok(1));
    let second = right.trim_start_matches("sources:\n").to_owned();
    let cases = [
        (
            right.replace(&commit, "abc"),
            "lock.yaml:4:11: `abc` is not the whole name of a commit: 40 hexadecimal digits",
        ),
        (right.replace("sha256:", "md5:"), "lock.yaml:7:21: `md5:"),
        (
            right.replace("  from", "  form"),
            "lock.yaml:3:3: unknown key `form` (did you mean `from`?)",
        ),
        (
            right.replace("2024-05-06", "yesterday"),
            "lock.yaml:5:9: `yesterday` is not a day such as 2025-12-11",
        ),
        (
            right.replace("  date", "  etag: 'a b'\n  date"),
            "lock.yaml:5:9: this is no etag: letters, digits and `-_.:/+=` alone",
        ),
        (
            format!("{right}{second}"),
            "lock.yaml:13:21: `regions/x.yaml` is pinned a second time; lock.yaml:7:21: it is pinned here first",
        ),
    ];
    for (text, told) in cases {
        let error = read(&text).expect_err(told).to_string();
        assert!(error.starts_with(told), "{error}");
    }
}
