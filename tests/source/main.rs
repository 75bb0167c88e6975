//! Where resources come from: git revisions, what would be rendered, standard input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[path = "../call/mod.rs"]
mod call;

use std::fs;
use std::path::Path;

use call::{Room, project};
use git2::{IndexAddOption, Repository, Signature};
use palisade::finding::{Error, Origin};
use palisade::source::{SourceName, revision};

/// A Kubernetes policy called `name`.
fn policy(name: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: {name}, namespace: web}}\nspec: {{podSelector: {{}}}}\n"
    )
}

/// Commits everything that lies in the room.
fn commit(room: &Room) {
    let repository = Repository::open(room.path(""))
        .or_else(|_| Repository::init(room.path("")))
        .unwrap();
    let mut index = repository.index().unwrap();
    index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let me = Signature::now("me", "me@example.com").unwrap();
    let parent = repository
        .head()
        .ok()
        .map(|head| head.peel_to_commit().unwrap());
    let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
    repository
        .commit(Some("HEAD"), &me, &me, "change", &tree, &parents)
        .unwrap();
}

/// A repository with two commits, and a work tree that is neither.
fn repository() -> Room {
    let room = Room::new();
    room.write("net/first.yaml", policy("old"));
    room.write("net/.hidden/no.yaml", policy("hidden"));
    room.write("net/notes.md", "no policy");
    room.write("app/other.json", "{}");
    commit(&room);
    room.write("net/first.yaml", policy("new"));
    commit(&room);
    room.write("net/first.yaml", policy("dirty"));
    room
}

/// The texts that `revision` and `path` yield to who stands in `folder`.
fn names(room: &Room, folder: &str, at: &str, path: Option<&str>) -> Result<Vec<String>, Error> {
    let given = revision::read(&room.path(folder), at, path)?;
    assert!(
        given
            .inputs
            .iter()
            .all(|input| input.origin == Origin::Revision)
    );
    Ok(given
        .inputs
        .iter()
        .map(|input| input.name.clone())
        .collect())
}

#[test]
fn a_revision_is_read_as_it_was_committed() {
    let room = repository();
    for (at, expected) in [("HEAD", "new"), ("HEAD~1", "old")] {
        let given = revision::read(&room.path(""), at, Some("net/first.yaml")).unwrap();
        assert_eq!(given.inputs[0].text, policy(expected));
        assert_eq!(given.inputs[0].name, format!("git:{at}:net/first.yaml"));
    }
    // The work tree is as it was.
    assert_eq!(room.read("net/first.yaml"), policy("dirty"));
}

#[test]
fn a_path_is_one_from_the_root_or_from_here() {
    let room = repository();
    let first = ["git:HEAD:net/first.yaml"];
    let both = ["git:HEAD:app/other.json", "git:HEAD:net/first.yaml"];
    // Where one stands, the path, and what is read.
    let cases: [(&str, Option<&str>, &[&str]); 9] = [
        ("", None, &both),
        ("net", None, &first),
        ("app", Some("net"), &first),
        ("app", Some("net/"), &first),
        ("app", Some(""), &both),
        ("net", Some("./"), &first),
        ("net", Some("./first.yaml"), &first),
        ("app", Some("../net"), &first),
        // What is named is read whatever it is called.
        ("", Some("net/notes.md"), &["git:HEAD:net/notes.md"]),
    ];
    for (folder, path, expected) in cases {
        assert_eq!(
            names(&room, folder, "HEAD", path).unwrap(),
            expected,
            "{folder} {path:?}"
        );
    }
}

#[test]
fn a_bare_repository_is_one_too() {
    let room = repository();
    let bare = Room::new();
    let from = room.path("").display().to_string();
    git2::build::RepoBuilder::new()
        .bare(true)
        .clone(&from, &bare.path("b"))
        .unwrap();
    let read = names(&bare, "b", "HEAD~1", Some("net")).unwrap();
    assert_eq!(read, ["git:HEAD~1:net/first.yaml"]);
}

#[test]
fn what_is_not_there_is_the_outsides_fault() {
    let room = repository();
    // The revision, the path, the sentence, and what would be right.
    let cases = [
        (
            "relaese",
            None,
            "has no revision `relaese`",
            Some("did you mean `release`?"),
        ),
        ("HEAD~7", None, "has no revision `HEAD~7`", Some("")),
        ("HEAD", Some("nit"), "`nit` does not exist at `HEAD`", None),
        (
            "HEAD",
            Some("../x"),
            "`../x` leads out of the repository",
            None,
        ),
    ];
    let repository = Repository::open(room.path("")).unwrap();
    repository
        .branch(
            "release",
            &repository.head().unwrap().peel_to_commit().unwrap(),
            true,
        )
        .unwrap();
    for (at, path, message, hint) in cases {
        let Err(Error::Outside(error)) = names(&room, "", at, path) else {
            panic!("{at} {path:?}");
        };
        assert!(error.to_string().contains(message), "{error}");
        match hint {
            Some("") => assert!(error.hint_text().is_some()),
            hint => assert_eq!(error.hint_text(), hint),
        }
    }
    room.write("empty/readme.md", "nothing");
    commit(&room);
    let error = names(&room, "", "HEAD", Some("empty")).unwrap_err();
    let expected = "no file of empty at `HEAD` ends in .yaml, .yml or .json";
    assert_eq!(error.to_string(), expected);
    let nowhere = Room::new();
    let error = names(&nowhere, "", "HEAD", None).unwrap_err();
    assert!(
        error.to_string().ends_with("lies in no git repository"),
        "{error}"
    );
}

#[test]
fn a_shallow_clone_says_that_it_is_one() {
    let room = repository();
    let head = fs::read_to_string(room.path(".git/HEAD")).unwrap();
    let branch = head.trim().trim_start_matches("ref: ");
    let tip = room.read(&format!(".git/{branch}"));
    // What git writes down of a clone with a depth of one.
    room.write(".git/shallow", tip);
    let error = names(&room, "", "HEAD~1", None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this shallow clone has no revision `HEAD~1`"
    );
}

#[test]
fn commands_take_every_source() {
    let room = repository();
    let old = room.run("convert git:HEAD~1:net");
    assert_eq!(old.code, 0, "{}", old.stderr);
    assert!(old.stdout.contains("name: old"), "{}", old.stdout);
    let here = room.run("convert net");
    assert!(here.stdout.contains("name: dirty"), "{}", here.stdout);
    let piped = room.run_with("convert -", policy("piped").as_bytes());
    assert!(piped.stdout.contains("name: piped"), "{}", piped.stdout);
    let unknown = room.run("convert git:HEAD~9");
    assert_eq!((unknown.code, unknown.stdout.as_str()), (3, ""));
    let wrong = room.run("convert region:eu-de/privat");
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.stderr.contains("did you mean `private`?"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_region_is_what_gen_would_write() {
    let room = Room::new();
    let flow = "--from pod:web{app=x} --to ip:192.0.2.9 --port tcp/443";
    let rendered = room.run(&format!("trace region:eu-de/private {flow}"));
    let written = project("generated/eu-de/private").display().to_string();
    let read = room.run(&format!("trace {written} {flow}"));
    assert_eq!(rendered.code, read.code);
    let same = |text: &str, prefix: &str| text.replace(prefix, "");
    assert_eq!(
        same(&rendered.stdout, "region:eu-de/private/"),
        same(&read.stdout, &format!("{written}/"))
    );
    let unknown = room.run(&format!("trace region:eu-dee {flow}"));
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("did you mean `eu-de`"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_path_that_looks_like_another_source_is_one_with_a_dot() {
    let name: SourceName = "./live".parse().unwrap();
    assert_eq!(name, SourceName::of_path(Path::new("./live")));
    assert!(!name.is_live());
    assert!("live".parse::<SourceName>().unwrap().is_live());
}
