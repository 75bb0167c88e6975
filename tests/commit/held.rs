//! Branches that somebody or something else holds: they are left as they are.

use palisade::bundle::Branch;
use palisade::finding::Error;

use crate::repository::{Place, SET};
use crate::written::one_more;

/// Is refused with these words to the branch `name`, and moves no branch.
fn refused(place: &Place, name: &str, expected: &str) {
    let before = place.room.files("repo");
    let ran = place.run(&format!("--branch {name} {SET}"));
    assert_eq!(ran.code, 3, "{name}: {}", ran.stderr);
    let shown = place.room.path(".").canonicalize().unwrap();
    let told = ran.stderr.replace(&*shown.to_string_lossy(), "ROOM");
    assert_eq!(told, expected, "{name}");
    assert_eq!(place.room.files("repo"), before, "{name}");
}

#[test]
fn a_branch_that_a_work_tree_rebases_or_bisects() {
    let rebased = "is being rebased in ROOM/TREE, which would lose the commit or fail by it\n |\n \
                   = help: finish that there, or `git rebase --abort`; or name another branch\n";
    let bisected = "is being bisected in ROOM/TREE, which goes back to it\n |\n = help: `git bisect \
                    reset` ends that there; or name another branch\n";
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let updated = format!("refs/heads/x\n{id}\n{id}\nrefs/heads/p\n{id}\n{id}\n");
    let cases = [
        ("rebase-merge/head-name", "refs/heads/p\n", Some(rebased)),
        ("rebase-apply/head-name", "refs/heads/p\n", Some(rebased)),
        ("rebase-merge/update-refs", updated.as_str(), Some(rebased)),
        ("rebase-merge/head-name", "detached HEAD\n", None),
        ("rebase-merge/head-name", "refs/heads/p/q\n", None),
        ("BISECT_START", "p\n", Some(bisected)),
        ("BISECT_START", "refs/heads/p\n", Some(bisected)),
        ("BISECT_START", "q\n", None),
    ];
    for (file, text, expected) in cases {
        for (own, tree) in [(".git", "repo/"), (".git/worktrees/linked", "linked")] {
            let place = Place::new();
            let main = place.last("main");
            place.repository.branch("p", &main, false).unwrap();
            let linked = place.room.path("linked");
            place.repository.worktree("linked", &linked, None).unwrap();
            place.room.write(&format!("repo/{own}/{file}"), text);
            if let Some(expected) = expected {
                let told = format!("error: the branch `p` {}", expected.replace("TREE", tree));
                refused(&place, "p", &told);
            } else {
                let ran = place.run(&format!("--branch p {SET} --no-verify"));
                assert_eq!(ran.code, 0, "{own}/{file}: {}", ran.stderr);
            }
        }
    }
}

#[test]
fn a_branch_that_is_another_name_of_a_reference() {
    let place = Place::new();
    for (target, help) in [
        ("refs/heads/policies", "name that one: `--branch policies`"),
        ("refs/remotes/origin/policies", "name another branch"),
    ] {
        place
            .repository
            .reference_symbolic("refs/heads/alias", target, true, "")
            .unwrap();
        let told = format!(
            "error: the branch `alias` is a symbolic reference, and leads to `{target}`\n |\n \
             = help: {help}\n"
        );
        refused(&place, "alias", &told);
    }
}

#[test]
fn a_branch_with_branches_below_it() {
    let place = Place::new();
    let main = place.last("main");
    for name in ["p/b", "p/a/x", "pp"] {
        place.repository.branch(name, &main, false).unwrap();
    }
    refused(
        &place,
        "p",
        "error: there can be no branch `p` while there is a branch `p/a/x`\n |\n = help: name \
         another one, such as `p/main`\n",
    );
    let ran = place.run(&format!("--branch p/main {SET} --no-verify"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn a_lock_file_that_was_left_behind_is_named() {
    let place = Place::new();
    let main = place.last("main");
    place.repository.branch("there", &main, false).unwrap();
    for name in ["there", "new"] {
        let branch = Branch::open(&place.room.path("repo"), name, "main", "out").unwrap();
        let lock = format!("repo/.git/refs/heads/{name}.lock");
        place.room.write(&lock, "");
        let before = place.tip(name);
        let error = branch.commit(&one_more(&branch), "mine\n").unwrap_err();
        let lock = place.room.path(&lock).canonicalize().unwrap();
        let told = format!(
            "the branch `{name}` is locked by the file {}, so it is left alone",
            lock.display()
        );
        assert!(matches!(error, Error::Outside(_)));
        assert_eq!(error.to_string(), told);
        assert_eq!(place.tip(name), before);
        let ran = place.run(&format!("--branch {name} {SET}"));
        let help = "another git may be writing the branch: run it again; where none is at work, one \
                    that was ended left the file behind: remove it";
        let told = format!("error: {told}\n |\n = help: {help}\n");
        assert_eq!((ran.code, ran.stderr), (3, told));
        assert_eq!(place.tip(name), before);
    }
}
