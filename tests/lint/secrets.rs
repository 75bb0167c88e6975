//! Lines that hold a secret: a mistake in them is told by its place alone.

use crate::call::Room;

/// A text, what is said of it, and where.
const HIDDEN: [(&str, &str, &str); 9] = [
    (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: \"HUNTER2\n",
        "unclosed quote",
        "4:13",
    ),
    (
        "kind: Secret\nstringData: {t: HUNTER2, t: HUNTER22}\n",
        "the key `t` stands here a second time",
        "2:26",
    ),
    // It may say so behind the mistake, and in quotes.
    (
        "data: {t: HUNTER2, t: 2}\nkind: 'Secret'\n",
        "the key `t` stands here a second time",
        "1:20",
    ),
    (
        "{\"apiVersion\": \"v1\", \"kind\": \"Secret\",\n \"data\": {\"t\": \"HUNTER2\", \"t\": 2}}\n",
        "the key `t` stands here a second time",
        "2:27",
    ),
    (
        "kind: ConfigMap\nurl: {a: https://me:HUNTER2@h.example/x, a: 2}\n",
        "the key `a` stands here a second time",
        "2:42",
    ),
    (
        "kind: ConfigMap\nurl: {a: https://HUNTER2@h.example/x, a: 2}\n",
        "the key `a` stands here a second time",
        "2:39",
    ),
    (
        "kind: ConfigMap\nurl: {a: 'https://h.example/x?access_token=HUNTER2', a: 2}\n",
        "the key `a` stands here a second time",
        "2:54",
    ),
    (
        "kind: ConfigMap\napiKey: [HUNTER2\n",
        "unclosed bracket '['",
        "2:9",
    ),
    // The value of a key on the line below it.
    (
        "kind: ConfigMap\npassword:\n  \"HUNTER2\" x\n",
        "invalid trailing content after double-quoted scalar",
        "3:13",
    ),
];

#[test]
fn the_line_of_a_secret_is_not_shown() {
    for (text, message, at) in HIDDEN {
        let room = Room::new();
        room.write("a.yaml", text);
        let told = format!("{message}\n--> a.yaml:{at}\n");
        let ran = room.run("lint a.yaml");
        assert_eq!(ran.code, 2, "{text}");
        assert_eq!(
            ran.stdout,
            format!("error[yaml-syntax]: {told}\n"),
            "{text}"
        );
        let ran = room.run("diff a.yaml a.yaml");
        assert_eq!(ran.code, 2, "{text}");
        let first = format!("error: {told}");
        assert!(ran.stderr.starts_with(&first), "{text}: {}", ran.stderr);
        assert!(!ran.stderr.contains("HUNTER2"), "{text}: {}", ran.stderr);
    }
}

#[test]
fn any_other_line_is_shown() {
    let cases = [
        // The digest of an image, and the user of an SSH address.
        "image: {a: reg.example/x:v1@sha256:0123, a: 2}",
        "url: {a: ssh://git@h.example/x, a: 2}",
        // Names of secrets are none, and what a selector compares with is none.
        "x: {secretName: a, a: 1, a: 2}",
        "x: {selector: token == 'x', a: 1, a: 2}",
        "x: {kind: SecretStore, a: 1, a: 2}",
    ];
    for line in cases {
        let room = Room::new();
        // The Secret is another document.
        room.write(
            "a.yaml",
            format!("kind: Secret\n---\nkind: ConfigMap\n{line}\n"),
        );
        let ran = room.run("lint a.yaml");
        assert!(
            ran.stdout.contains(&format!("\n4 | {line}\n")),
            "{}",
            ran.stdout
        );
    }
}
