//! `palisade lint`, as a user runs it.

use std::fs;

use crate::call::{Room, project};

const GOOD: &str =
    "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: a}\n";
const BAD: &str = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: A}\n";
const BROKEN: &str = "a: [\n";
const NOTED: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\n";

#[test]
fn exit_codes() {
    let room = Room::new();
    room.write("good.yaml", GOOD);
    room.write("bad.yaml", BAD);
    room.write("broken.yaml", BROKEN);
    room.write("noted.yaml", NOTED);
    room.write("latin.yaml", b"# Stra\xdfe\n");
    for (line, code) in [
        ("lint good.yaml", 0),
        ("lint noted.yaml", 0),
        ("lint bad.yaml", 1),
        ("lint good.yaml bad.yaml broken.yaml", 2),
        ("lint latin.yaml", 2),
        ("lint missing.yaml bad.yaml broken.yaml", 3),
        ("lint", 2),
        ("lint --calico-version latest good.yaml", 2),
        ("lint --explain nothing", 2),
    ] {
        assert_eq!(room.run(line).code, code, "{line}");
    }
}

#[test]
fn one_broken_file_is_told_and_the_rest_goes_on() {
    let room = Room::new();
    room.write("folder/a.yaml", BROKEN);
    room.write("folder/b.yaml", BAD);
    room.write(
        "folder/c.yaml",
        format!("{BROKEN}---\n{}", BAD.replace("name: A", "name: C")),
    );
    let ran = room.run("lint folder -o json");
    assert_eq!(ran.code, 2);
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let told: Vec<String> = told["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| format!("{}:{} {}", f["file"], f["line"], f["code"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "folder/a.yaml:1 yaml-syntax",
            "folder/b.yaml:3 object-name",
            "folder/c.yaml:1 yaml-syntax",
            "folder/c.yaml:5 object-name",
        ]
    );
    assert_eq!(ran.stderr, "4 errors in 3 files\n");
}

#[test]
fn the_line_is_shown() {
    let room = Room::new();
    room.write("bad.yaml", BAD);
    let ran = room.run("lint ./bad.yaml");
    assert_eq!(
        ran.stdout,
        "error[object-name]: `A` cannot be the name of a GlobalNetworkSet
 --> bad.yaml:3:18
  |
3 | metadata: {name: A}
  |                  ^
  |
  = help: write `a`

"
    );
    assert_eq!(ran.stderr, "1 error in 1 file\n");
}

#[test]
fn standard_input() {
    let room = Room::new();
    let ran = room.run_with("lint -", BAD.as_bytes());
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("--> <stdin>:3:18"), "{}", ran.stdout);
}

#[test]
fn what_is_less_grave_can_be_left_out() {
    let room = Room::new();
    room.write("noted.yaml", NOTED);
    room.write("warned.yaml", GOOD.replace("name: a", "name: a, labels: {b: c}") + "spec: {nets: []}\n---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: default.p}\n");
    let shown = |least: &str| {
        let ran = room.run(&format!("lint . --min-severity {least}"));
        (ran.code, ran.stderr)
    };
    assert_eq!(
        shown("note"),
        (1, "1 warning and 1 note in 2 files\n".into())
    );
    assert_eq!(shown("warning"), (1, "1 warning in 2 files\n".into()));
    assert_eq!(shown("error"), (0, "2 files, nothing to say\n".into()));
}

#[test]
fn explain_prints_the_page() {
    let room = Room::new();
    let ran = room.run("lint --explain order-tie");
    assert_eq!(ran.code, 0);
    let page = fs::read_to_string(project("docs/lint/order-tie.md")).unwrap();
    assert_eq!(ran.stdout, page);
    let ran = room.run("lint --explain order-ties");
    assert!(
        ran.stderr.contains("did you mean `order-tie`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_version_decides() {
    let room = Room::new();
    let policy = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: p}\nspec: {tier: kube-admin}\n";
    room.write("p.yaml", policy);
    assert_eq!(room.run("lint p.yaml").code, 0);
    assert_eq!(room.run("lint --calico-version v3.31.2 p.yaml").code, 1);
    assert_eq!(room.run("lint --calico-version 3.28 p.yaml").code, 1);
}

#[test]
fn which_files_are_looked_at() {
    let room = Room::new();
    for file in [
        "a.yaml",
        "b.yml",
        "c.json",
        "d.txt",
        "e.yaml.bak",
        ".f.yaml",
        ".git/g.yaml",
        "h/.i/j.yaml",
        "h/k.yaml",
    ] {
        room.write(&format!("x/{file}"), BAD);
    }
    let files = |line: &str| -> Vec<String> {
        let ran = room.run(line);
        let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let files = told["files"].as_array().unwrap().iter();
        files
            .map(|file| file.as_str().unwrap().to_owned())
            .collect()
    };
    let all = ["x/a.yaml", "x/b.yml", "x/c.json", "x/h/k.yaml"];
    assert_eq!(files("lint -o json x"), all);
    assert_eq!(files("lint -o json ."), all);
    assert_eq!(
        files("lint -o json x x/a.yaml ./x/a.yaml x/"),
        all,
        "none is read twice"
    );
    assert_eq!(
        files("lint -o json x/.f.yaml x/d.txt"),
        ["x/.f.yaml", "x/d.txt"]
    );
}

#[test]
fn a_folder_without_files_is_told() {
    let room = Room::new();
    room.write("x/a.txt", BAD);
    let ran = room.run("lint x");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stdout.contains("no file of this folder ends in"),
        "{}",
        ran.stdout
    );
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_up_end() {
    use std::os::unix::fs::symlink;
    let room = Room::new();
    room.write("x/a.yaml", GOOD);
    room.write("x/y/b.yaml", GOOD.replace("name: a", "name: b"));
    symlink("..", room.path("x/y/up")).unwrap();
    symlink(".", room.path("x/self")).unwrap();
    symlink("nowhere", room.path("x/dangling.yaml")).unwrap();
    let ran = room.run("lint x");
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(ran.stdout.contains("x/dangling.yaml"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "1 error in 3 files\n");
}

#[test]
fn folders_beside_each_other_are_not_compared() {
    let room = Room::new();
    room.write("eu/a.yaml", GOOD);
    room.write("us/a.yaml", GOOD);
    assert_eq!(room.run("lint .").code, 0);
    assert_eq!(room.run("lint eu us").code, 0);
    let ran = room.run("lint --together .");
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("duplicate-object"), "{}", ran.stdout);
    room.write("eu/more/a.yaml", GOOD);
    assert_eq!(room.run("lint .").code, 1, "a folder below belongs to it");
}

#[test]
fn comments_silence() {
    let room = Room::new();
    let text = "apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata:
  # palisade:ignore object-name -- it is a test
  name: A
  labels:
    a b: c # palisade:ignore label-syntax
";
    room.write("a.yaml", text);
    let ran = room.run("lint a.yaml");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    // What shows in several objects can be silenced where it is told.
    let twice = format!("{GOOD}---\n# palisade:ignore duplicate-object\n{GOOD}");
    room.write("a.yaml", twice);
    assert_eq!(room.run("lint a.yaml").code, 0);
    // What cannot be read cannot be silenced.
    room.write(
        "a.yaml",
        "# palisade:ignore yaml-syntax\na: b: c # palisade:ignore yaml-syntax\n",
    );
    assert_eq!(room.run("lint a.yaml").code, 2);
}

/// What is checked in lints clean, for every version that it is written for.
#[test]
fn what_is_generated_lints_clean() {
    let room = Room::new();
    for version in ["3.29", "3.31", "3.32", "3.33"] {
        let generated = project("generated");
        let line = format!("lint --calico-version {version} {}", generated.display());
        let ran = room.run(&line);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{version}");
    }
}
