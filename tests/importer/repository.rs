//! Revisions of git repositories, in whatever form they lie there.

use std::path::Path;

use git2::Repository;
use palisade::finding::Error;
use palisade::source::git::{HEAD, snapshot};
use palisade::source::{Snapshot, folder};
use palisade::upstream::kube_samples::is_wanted;

use crate::upstream::{Upstream, shown};

/// 2024-05-06 23:30 in UTC, when it is the 7th where the commit is made.
const LATE: i64 = 1_715_038_200;

fn read(given: &Path, revision: &str) -> Result<Snapshot, Error> {
    snapshot(given.to_str().expect("a path"), revision, is_wanted)
}

fn told(result: Result<Snapshot, Error>, folder: &Path) -> String {
    let error = match result {
        Err(Error::Input(error)) => shown(&error),
        Err(Error::Outside(error)) => format!("outside: {error}"),
        Ok(_) => panic!("this was read"),
    };
    error.replace(folder.to_str().expect("a path"), "DIR")
}

#[test]
fn a_work_tree_a_folder_in_it_a_bare_repository_and_a_url() {
    let dir = tempfile::tempdir().expect("a folder");
    let tree = dir.path().join("tree");
    let upstream = Upstream::of(&["aa-one"]);
    let repository = Repository::init(&tree).expect("a repository");
    let commit = upstream.commit(&repository, LATE);
    upstream.write_to(&tree);
    let bare = dir.path().join("bare.git");
    let bare_repository = Repository::init_bare(&bare).expect("a bare repository");
    assert_eq!(upstream.commit(&bare_repository, LATE), commit);

    let url = format!("file://{}", bare.display());
    for (given, inside) in [
        (tree.clone(), ""),
        (tree.join("calico-policies"), "calico-policies"),
        (
            tree.join("calico-policies/private-network-isolation/aa-one"),
            "calico-policies/private-network-isolation/aa-one",
        ),
        (tree.join(".git"), ""),
        (bare.clone(), ""),
        (url.clone().into(), ""),
    ] {
        let snapshot = read(&given, HEAD).expect("a snapshot");
        assert_eq!(snapshot.inside, inside, "{}", given.display());
        assert_eq!(snapshot.commit, commit.to_string());
        assert_eq!(snapshot.date.to_string(), "2024-05-06");
        assert_eq!(snapshot.texts.len(), upstream.files.len());
        for (path, text) in &upstream.files {
            let input = &snapshot.texts[path];
            assert_eq!(&input.text, text);
            assert_eq!(input.name, format!("{}:{path}", &commit.to_string()[..12]));
        }
        // Nothing says where it was published, so it is called by where it lies.
        let repository = if given.to_string_lossy().contains("bare") {
            &bare
        } else {
            &tree
        };
        let lies = repository.canonicalize().expect("a folder");
        assert_eq!(snapshot.repository, format!("file://{}", lies.display()));
    }
}

#[test]
fn any_revision_and_never_the_work_tree() {
    let dir = tempfile::tempdir().expect("a folder");
    let repository = Repository::init(dir.path()).expect("a repository");
    let first = Upstream::of(&["aa-one"]).commit(&repository, LATE);
    let second = Upstream::of(&["aa-one", "bb-two"]).commit(&repository, LATE + 86_400);
    let object = repository.find_object(first, None).expect("the commit");
    repository
        .tag_lightweight("v1", &object, false)
        .expect("a tag");
    Upstream::of(&["cc-three"]).write_to(dir.path());

    let regions = |revision: &str| {
        let snapshot = read(dir.path(), revision).expect("a snapshot");
        let mut regions: Vec<String> = snapshot
            .texts
            .keys()
            .filter_map(|path| Some(path.split('/').nth(2)?.to_owned()))
            .collect();
        regions.dedup();
        regions.sort();
        regions.dedup();
        (snapshot, regions)
    };
    let first = first.to_string();
    for revision in ["v1", "HEAD~1", first.as_str(), &first[..8], "HEAD^"] {
        let (snapshot, regions) = regions(revision);
        assert_eq!(regions, ["aa-one"], "{revision}");
        assert_eq!(snapshot.commit, first);
    }
    let (snapshot, regions) = regions(HEAD);
    assert_eq!(regions, ["aa-one", "bb-two"]);
    assert_eq!(
        (snapshot.commit, snapshot.date.to_string().as_str()),
        (second.to_string(), "2024-05-07")
    );
    let [note] = snapshot.notes.as_slice() else {
        panic!("{:?}", snapshot.notes)
    };
    assert!(note.contains("not committed"), "{note}");
}

#[test]
fn a_clean_work_tree_has_no_note() {
    let dir = tempfile::tempdir().expect("a folder");
    let repository = Repository::init(dir.path()).expect("a repository");
    let upstream = Upstream::of(&["aa-one"]);
    upstream.commit(&repository, LATE);
    repository
        .checkout_head(Some(git2::build::CheckoutBuilder::new().force()))
        .expect("a work tree");
    // What is not wanted may change as it likes.
    std::fs::write(dir.path().join("notes.txt"), "mine").expect("a file");
    assert_eq!(
        read(dir.path(), HEAD).expect("a snapshot").notes,
        Vec::<String>::new()
    );
}

#[test]
fn the_published_address_without_what_is_secret() {
    for (remote, expected) in [
        (
            "https://github.com/IBM-Cloud/kube-samples",
            "https://github.com/IBM-Cloud/kube-samples",
        ),
        (
            "https://github.com/IBM-Cloud/kube-samples.git",
            "https://github.com/IBM-Cloud/kube-samples",
        ),
        (
            "git@github.com:IBM-Cloud/kube-samples.git",
            "https://github.com/IBM-Cloud/kube-samples",
        ),
        (
            "ssh://git@github.com/IBM-Cloud/kube-samples.git/",
            "https://github.com/IBM-Cloud/kube-samples",
        ),
        (
            "https://someone:secret@git.example.com/a/b.git",
            "https://git.example.com/a/b",
        ),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let repository = Repository::init_bare(dir.path()).expect("a repository");
        repository.remote("origin", remote).expect("a remote");
        Upstream::of(&["aa-one"]).commit(&repository, LATE);
        assert_eq!(
            read(dir.path(), HEAD).expect("a snapshot").repository,
            expected
        );
    }
}

#[test]
fn what_cannot_be_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let tree = dir.path().join("tree");
    let repository = Repository::init(&tree).expect("a repository");
    let mut told_all = Vec::new();
    let mut tell =
        |what: &str, result| told_all.push(format!("## {what}\n{}\n", told(result, dir.path())));
    tell("no commit", read(&tree, HEAD));
    let commit = Upstream::of(&["aa-one"]).commit(&repository, LATE);
    let object = repository.find_object(commit, None).expect("the commit");
    for tag in ["release-1", "release-2", "old"] {
        repository
            .tag_lightweight(tag, &object, false)
            .expect("a tag");
    }
    tell("a revision with near names", read(&tree, "relase-1"));
    tell(
        "a revision like no other",
        read(&tree, "0123456789abcdef0123456789abcdef01234567"),
    );
    tell("a revision that is none", read(&tree, "HEAD@{"));
    tell("a tree and no commit", read(&tree, "HEAD:calico-policies"));
    tell("nothing there", read(&dir.path().join("nowhere"), HEAD));
    let plain = dir.path().join("plain");
    std::fs::create_dir(&plain).expect("a folder");
    tell("no repository", read(&plain, HEAD));
    for given in [
        "https://github.com/IBM-Cloud/kube-samples",
        "ssh://git@github.com/IBM-Cloud/kube-samples",
        "git@github.com:IBM-Cloud/kube-samples.git",
        "https://someone:secret@git.example.com/a/b",
        "file:///nowhere/at/all",
    ] {
        tell(&given.replace("secret", "…"), read(Path::new(given), HEAD));
    }
    let odd = dir.path().join("odd.git");
    let odd_repository = Repository::init_bare(&odd).expect("a repository");
    let mut upstream = Upstream::of(&["aa-one"]);
    upstream.commit(&odd_repository, LATE);
    std::fs::remove_dir_all(odd.join("objects")).expect("its objects are lost");
    std::fs::create_dir(odd.join("objects")).expect("a folder");
    let lost = told(read(&odd, HEAD), dir.path());
    assert!(
        lost.starts_with("outside: cannot read the repository DIR/odd.git: "),
        "{lost}"
    );
    upstream.files.clear();
    insta::assert_snapshot!(told_all.join("\n"), @r#"
    ## no commit
    error: `DIR/tree` has no commit yet

    ## a revision with near names
    error: `DIR/tree` has no revision `relase-1`
     |
     = help: did you mean `release-1` or `release-2`?

    ## a revision like no other
    error: `DIR/tree` has no revision `0123456789abcdef0123456789abcdef01234567`
     |
     = help: known are `master`, `old`, `release-1`, `release-2`

    ## a revision that is none
    error: `DIR/tree` has no revision `HEAD@{`
     |
     = help: known are `master`, `old`, `release-1`, `release-2`

    ## a tree and no commit
    error: `DIR/tree` has no revision `HEAD:calico-policies`
     |
     = help: known are `master`, `old`, `release-1`, `release-2`

    ## nothing there
    error: `DIR/nowhere` does not exist

    ## no repository
    error: `DIR/plain` is no git repository and has no `SOURCE.yaml`
     |
     = help: give a clone of https://github.com/IBM-Cloud/kube-samples

    ## https://github.com/IBM-Cloud/kube-samples
    error: `https://github.com/IBM-Cloud/kube-samples` is on another machine, and `--from` is on this one
     |
     = help: run `git clone https://github.com/IBM-Cloud/kube-samples kube-samples` and give `--from kube-samples`

    ## ssh://git@github.com/IBM-Cloud/kube-samples
    error: `ssh://github.com/IBM-Cloud/kube-samples` is on another machine, and `--from` is on this one
     |
     = help: run `git clone ssh://github.com/IBM-Cloud/kube-samples kube-samples` and give `--from kube-samples`

    ## git@github.com:IBM-Cloud/kube-samples.git
    error: `git@github.com:IBM-Cloud/kube-samples.git` is on another machine, and `--from` is on this one
     |
     = help: run `git clone git@github.com:IBM-Cloud/kube-samples.git kube-samples` and give `--from kube-samples`

    ## https://someone:…@git.example.com/a/b
    error: `https://git.example.com/a/b` is on another machine, and `--from` is on this one
     |
     = help: run `git clone https://git.example.com/a/b kube-samples` and give `--from kube-samples`

    ## file:///nowhere/at/all
    error: `file:///nowhere/at/all` does not exist
    "#);
}

#[test]
fn a_copy_says_where_it_comes_from() {
    let dir = tempfile::tempdir().expect("a folder");
    let upstream = Upstream::of(&["aa-one"]);
    assert!(!folder::is_copy(dir.path()));
    upstream.copy_to(dir.path());
    assert!(folder::is_copy(dir.path()));
    let snapshot = folder::snapshot(dir.path(), is_wanted).expect("a snapshot");
    assert_eq!(snapshot.repository, "https://example.com/policies");
    assert_eq!(snapshot.commit, crate::upstream::COMMIT);
    assert_eq!(snapshot.date.to_string(), "2024-05-06");
    assert_eq!(snapshot.inside, "calico-policies");
    let paths: Vec<&String> = snapshot.texts.keys().collect();
    assert_eq!(paths, upstream.files.keys().collect::<Vec<_>>());
    let (path, input) = snapshot.texts.iter().next().expect("a text");
    let file = dir.path().join(path.replacen("calico-policies/", "", 1));
    assert_eq!(input.name, file.display().to_string());

    let source = dir.path().join("SOURCE.yaml");
    for (text, message) in [
        (
            "repository: x\ncommit: y\n",
            "the key `policies_last_changed` is missing",
        ),
        (
            "repository: x\ncommit: y\npolicies_last_changed: soon\n",
            "not a day",
        ),
        ("repository: x\ncomit: y\n", "unknown key `comit`"),
    ] {
        std::fs::write(&source, text).expect("a file");
        let error = folder::snapshot(dir.path(), is_wanted).expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
    }
    upstream.copy_to(dir.path());
    std::fs::write(
        dir.path().join("private-network-isolation/aa-one/bad.yaml"),
        [0xff],
    )
    .expect("a file");
    let error = folder::snapshot(dir.path(), is_wanted).expect_err("no text");
    assert!(error.to_string().contains("bad.yaml is no text"), "{error}");
}
