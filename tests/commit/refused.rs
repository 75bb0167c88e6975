//! What stops a commit, and that it leaves everything as it was.

use git2::WorktreeAddOptions;

use crate::repository::{Place, SET};

/// Runs, is refused with `code` and these first words, and changes nothing.
fn refused(place: &Place, arguments: &str, code: i32, expected: &str) {
    let before = place.room.files("repo");
    let ran = place.run(arguments);
    assert_eq!(ran.code, code, "{arguments}: {}", ran.stderr);
    let shown = place.room.path("repo").canonicalize().unwrap();
    let told = ran.stderr.replace(&*shown.to_string_lossy(), "REPO");
    assert!(told.starts_with(expected), "{arguments}: {told}");
    assert_eq!(place.room.files("repo"), before, "{arguments}");
}

#[test]
fn a_wrong_call_is_told_with_what_is_right() {
    let cases = [
        (
            "--branch policies --base mian",
            3,
            "error: `REPO/.git/` has no revision `mian`\n |\n = help: did you mean `main`?\n",
        ),
        (
            "--branch main",
            3,
            "error: the branch `main` is checked out in REPO/, whose files would no longer be its \
             own\n |\n = help: name another branch, or `git switch` to another one there; \
             `palisade gen` writes into a work tree\n",
        ),
        (
            "--branch a..b",
            2,
            "error: `a..b` is not a name of a branch\n",
        ),
        (
            "--branch refs/heads/main",
            3,
            "error: the branch `main` is checked out in REPO/, ",
        ),
        (
            "--branch refs/heads/",
            2,
            "error: `refs/heads/` is not a name of a branch\n",
        ),
        (
            "--branch policies -o ../x",
            2,
            "error: the output folder `../x` is not in the repository\n |\n = help: name it from \
             the root of the repository, as `generated`; with `./` before it, it is from where \
             `--repository` is\n",
        ),
        (
            "--branch policies -o /nowhere/x",
            2,
            "error: the output folder `/nowhere/x` is not in the repository\n",
        ),
        (
            "--branch policies -o .git",
            2,
            "error: the output folder `.git` is where git keeps itself\n |\n = help: a commit \
             cannot hold it: name another one\n",
        ),
        (
            "--branch policies -o a/.GIT/b",
            2,
            "error: the output folder `a/.GIT/b` is where git keeps itself\n",
        ),
        (
            "--branch policies -o -",
            2,
            "error: a commit is of a folder, and `-o -` is none\n",
        ),
        (
            "",
            2,
            "error: the following required arguments were not provided:\n  --branch <NAME>\n",
        ),
        // A branch cannot be below another one.
        (
            "--branch main/policies/shop",
            3,
            "error: there can be no branch `main/policies/shop` while there is a branch `main`\n |\n \
             = help: name another one, such as `main-policies-shop`\n",
        ),
    ];
    for (arguments, code, expected) in cases {
        let place = Place::new();
        refused(&place, &format!("{arguments} {SET}"), code, expected);
    }
}

#[test]
fn nobody_to_commit_as() {
    let place = Place::new();
    for (key, others) in [("user.name", "user.email"), ("user.email", "user.name")] {
        let mut config = place.repository.config().unwrap();
        config.remove(key).unwrap();
        refused(
            &place,
            &format!("--branch policies {SET}"),
            3,
            &format!(
                "error: git does not know who commits: config value '{key}' was not found\n |\n \
                 = help: `git config user.name NAME` and `git config user.email ADDRESS` say it, \
                 with `--global` for every repository\n"
            ),
        );
        config.set_str(key, others).unwrap();
    }
}

#[test]
fn no_repository_and_none_with_a_commit() {
    let place = Place::new();
    let ran = place.room.run(&format!("commit --branch policies {SET}"));
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(
        ran.stderr.contains(" lies in no git repository\n"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("= help: `--repository DIR` names another one\n"),
        "{}",
        ran.stderr
    );
    for bare in [false, true] {
        let place = Place::without_commit(bare);
        let shown = if bare { "REPO/" } else { "REPO/.git/" };
        refused(
            &place,
            &format!("--branch policies {SET}"),
            3,
            &format!("error: `{shown}` has no commit yet\n"),
        );
    }
}

#[test]
fn a_shallow_clone_takes_commits_and_says_what_it_lacks() {
    let place = Place::new();
    let first = place.tip("main").unwrap();
    place.room.write("repo/README", "more\n");
    place.commit_work_tree();
    let last = place.tip("main").unwrap();
    place.room.write("repo/.git/shallow", format!("{last}\n"));
    let hex = first.to_string();
    let (folder, name) = hex.split_at(2);
    std::fs::remove_file(
        place
            .room
            .path(&format!("repo/.git/objects/{folder}/{name}")),
    )
    .unwrap();
    refused(
        &place,
        &format!("--branch policies --base v1 {SET}"),
        3,
        "error: this shallow clone has no revision `v1`\n |\n = help: `git fetch --unshallow` brings \
         the rest; a CI checkout has a depth to set\n",
    );
    let ran = place.run(&format!("--branch policies {SET}"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(place.last("policies").parent_id(0), Ok(last));
}

#[test]
fn a_branch_of_another_work_tree() {
    let place = Place::new();
    let main = place.last("main");
    let branch = place.repository.branch("policies", &main, false).unwrap();
    let mut options = WorktreeAddOptions::new();
    options.reference(Some(branch.get()));
    let linked = place.room.path("linked");
    place
        .repository
        .worktree("linked", &linked, Some(&options))
        .unwrap();
    for from in ["repo", "linked"] {
        let ran = place.room.run(&format!(
            "commit --repository {from} --branch policies {SET}"
        ));
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        let linked = linked.canonicalize().unwrap();
        let expected = format!(
            "error: the branch `policies` is checked out in {}",
            linked.display()
        );
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    }
    let ran = place
        .room
        .run(&format!("commit --repository linked --branch main {SET}"));
    assert_eq!(ran.code, 3, "{}", ran.stderr);
}

#[test]
fn what_palisade_did_not_write_stops_everything() {
    let path = "generated/us-east/private/deny-all-private-default.yaml";
    let place = Place::new();
    place.run("--branch policies --region us-east --public");
    place.edit("policies", &[(path, Some("somebody's\n"))]);
    let in_the_way = |path: &str| {
        format!(
            "error: {path} is in the way: Palisade did not write it, so it is left alone\n |\n \
             = help: move it away, or choose another folder with `-o DIR`\n"
        )
    };
    let line = format!("--branch policies {SET}");
    refused(&place, &line, 2, &in_the_way(path));

    // A folder that is a file, a link or another repository.
    for mode in [0o100_644, 0o120_000, 0o160_000] {
        let place = Place::bare();
        let id = place.repository.blob(b"elsewhere").unwrap();
        let id = if mode == 0o160_000 {
            place.tip("main").unwrap()
        } else {
            id
        };
        let mut builder = place.repository.treebuilder(None).unwrap();
        builder.insert("generated", id, mode).unwrap();
        let tree = builder.write().unwrap();
        drop(builder);
        place.commit_tree("refs/heads/main", tree);
        let at = "generated/us-east/private/.palisade-inventory";
        refused(&place, &format!("--branch main {SET}"), 2, &in_the_way(at));
    }
}

const CONFLICT: &str = "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n";

#[test]
fn a_merge_that_is_not_finished() {
    for name in ["allow-icmp-private.yaml", ".palisade-inventory"] {
        let place = Place::new();
        place.run(&format!("--branch policies {SET}"));
        let path = format!("generated/us-east/private/{name}");
        place.edit("policies", &[(&path, Some(CONFLICT))]);
        refused(
            &place,
            &format!("--branch policies {SET}"),
            3,
            &format!(
                "error: {path} holds a merge that is not finished\n |\n = help: take either side"
            ),
        );
    }
}

#[test]
fn a_merge_under_way_in_the_folder() {
    for (path, code) in [("generated/us-east/x.yaml", 3), ("generated-by-hand/x", 0)] {
        let place = Place::new();
        let mut index = place.repository.index().unwrap();
        let blob = place.repository.blob(b"x").unwrap();
        for stage in 1..=3 {
            index
                .add(&git2::IndexEntry {
                    ctime: git2::IndexTime::new(0, 0),
                    mtime: git2::IndexTime::new(0, 0),
                    dev: 0,
                    ino: 0,
                    mode: 0o100_644,
                    uid: 0,
                    gid: 0,
                    file_size: 0,
                    id: blob,
                    flags: stage << 12,
                    flags_extended: 0,
                    path: path.into(),
                })
                .unwrap();
        }
        index.write().unwrap();
        let line = format!("--branch policies {SET}");
        if code == 0 {
            assert_eq!(place.run(&line).code, 0);
            continue;
        }
        refused(
            &place,
            &line,
            code,
            &format!(
                "error: a merge is under way, and `{path}` has a conflict\n |\n = help: finish it, \
                 or `git merge --abort`\n"
            ),
        );
    }
}
