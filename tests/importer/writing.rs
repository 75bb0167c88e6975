//! Files are written all or none.

use std::fs;
use std::path::{Path, PathBuf};

use palisade::source::write::{differing, write_all};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

fn file(path: PathBuf, text: &str) -> (PathBuf, Vec<u8>) {
    (path, text.as_bytes().to_vec())
}

#[test]
fn new_changed_and_unchanged_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join("deep/er").join(name);
    let first = [file(at("a"), "1"), file(at("b"), "2")];
    assert_eq!(differing(&first).expect("readable").len(), 2);
    assert_eq!(write_all(&first).expect("written"), 2);
    assert_eq!(differing(&first).expect("readable"), Vec::<&Path>::new());
    assert_eq!(write_all(&first).expect("nothing to write"), 0);
    let second = [file(at("a"), "1"), file(at("b"), "3"), file(at("c"), "4")];
    assert_eq!(differing(&second).expect("readable"), [at("b"), at("c")]);
    assert_eq!(write_all(&second).expect("written"), 2);
    let read = |name| fs::read_to_string(at(name)).expect("a file");
    assert_eq!([read("a"), read("b"), read("c")], ["1", "3", "4"]);
    assert_eq!(
        names(&dir.path().join("deep/er")),
        ["a", "b", "c"],
        "nothing else is left"
    );
}

/// The second place is a folder, so the rename onto it fails after the first was done.
#[test]
fn a_failure_undoes_what_was_done() {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    fs::write(at("old"), "old").expect("a file");
    fs::create_dir(at("place")).expect("a folder");
    let files = [
        file(at("new"), "new"),
        file(at("old"), "changed"),
        file(at("place"), "x"),
    ];
    let error = write_all(&files).expect_err("a folder is in the way");
    assert!(error.to_string().contains("place"), "{error}");
    assert_eq!(fs::read_to_string(at("old")).expect("a file"), "old");
    assert_eq!(names(dir.path()), ["old", "place"]);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    fs::write(at("real"), "old").expect("a file");
    fs::set_permissions(at("real"), fs::Permissions::from_mode(0o640)).expect("permissions");
    symlink(at("real"), at("link")).expect("a link");
    write_all(&[file(at("link"), "new"), file(at("fresh"), "new")]).expect("written");
    assert!(
        fs::symlink_metadata(at("link"))
            .expect("the link")
            .is_symlink()
    );
    assert_eq!(fs::read_to_string(at("real")).expect("a file"), "new");
    let mode = |name| fs::metadata(at(name)).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode("real"), 0o640);
    assert_eq!(mode("fresh") & 0o600, 0o600);
    assert_ne!(mode("fresh"), 0o600, "as any new file, not as a secret one");
}
