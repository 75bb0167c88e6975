//! A repository of its own for each test.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{Commit, IndexAddOption, Oid, Repository, RepositoryInitOptions, Signature};

use crate::call::{Ran, Room};

/// What is rendered where a test asks for nothing else.
pub(crate) const SET: &str = "--region us-east --private";

/// A room whose folder `repo` is a repository with one commit on `main`, in which `Ann` commits.
pub(crate) struct Place {
    pub(crate) room: Room,
    pub(crate) repository: Repository,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self::without_commit(false);
        place.room.write("repo/README", "hello\n");
        place.commit_work_tree();
        place
    }

    /// A repository in which nothing was committed yet.
    pub(crate) fn without_commit(bare: bool) -> Self {
        let room = Room::new();
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").bare(bare);
        let repository = Repository::init_opts(room.path("repo"), &options).unwrap();
        let mut config = repository.config().unwrap();
        config.set_str("user.name", "Ann").unwrap();
        config.set_str("user.email", "ann@example.com").unwrap();
        Self { room, repository }
    }

    /// A bare repository with one commit on `main`.
    pub(crate) fn bare() -> Self {
        let place = Self::without_commit(true);
        let blob = place.repository.blob(b"hello\n").unwrap();
        let mut builder = place.repository.treebuilder(None).unwrap();
        builder.insert("README", blob, 0o100_644).unwrap();
        let tree = builder.write().unwrap();
        drop(builder);
        place.commit_tree("refs/heads/main", tree);
        place
    }

    /// Commits all that lies in the work tree to the branch that it has checked out.
    pub(crate) fn commit_work_tree(&self) {
        let mut index = self.repository.index().unwrap();
        index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = index.write_tree().unwrap();
        self.commit_tree("HEAD", tree);
    }

    pub(crate) fn commit_tree(&self, reference: &str, tree: Oid) {
        let tree = self.repository.find_tree(tree).unwrap();
        let me = Signature::now("me", "me@example.com").unwrap();
        let parent = self.repository.revparse_single(reference).ok();
        let parent = parent.map(|object| object.peel_to_commit().unwrap());
        let parents: Vec<&Commit<'_>> = parent.iter().collect();
        self.repository
            .commit(Some(reference), &me, &me, "change", &tree, &parents)
            .unwrap();
    }

    /// A commit on `branch` that sets each path to its text, or removes it.
    pub(crate) fn edit(&self, branch: &str, edits: &[(&str, Option<&str>)]) {
        let mut update = git2::build::TreeUpdateBuilder::new();
        for (path, text) in edits {
            match text {
                Some(text) => {
                    let blob = self.repository.blob(text.as_bytes()).unwrap();
                    update.upsert(*path, blob, git2::FileMode::Blob);
                }
                None => {
                    update.remove(*path);
                }
            }
        }
        let base = self.tip(branch).unwrap();
        let base = self.repository.find_commit(base).unwrap().tree().unwrap();
        let tree = update.create_updated(&self.repository, &base).unwrap();
        self.commit_tree(&format!("refs/heads/{branch}"), tree);
    }

    /// Runs `palisade commit --branch policies` in the repository.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.room
            .run(&format!("commit --repository repo {arguments}"))
    }

    /// Where a branch is.
    pub(crate) fn tip(&self, branch: &str) -> Option<Oid> {
        self.repository
            .refname_to_id(&format!("refs/heads/{branch}"))
            .ok()
    }

    /// The last commit of a branch.
    pub(crate) fn last(&self, branch: &str) -> Commit<'_> {
        self.repository
            .find_commit(self.tip(branch).unwrap())
            .unwrap()
    }

    /// Every file of a branch below `folder`, by path from there, with its bytes.
    pub(crate) fn files(&self, branch: &str, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let tree = self.last(branch).tree().unwrap();
        let below = if folder.is_empty() {
            tree
        } else {
            let entry = tree.get_path(Path::new(folder)).unwrap();
            self.repository.find_tree(entry.id()).unwrap()
        };
        let mut files = BTreeMap::new();
        below
            .walk(git2::TreeWalkMode::PreOrder, |above, entry| {
                if let Ok(blob) = self.repository.find_blob(entry.id()) {
                    let path = format!("{above}{}", entry.name().unwrap());
                    files.insert(path, blob.content().to_vec());
                }
                git2::TreeWalkResult::Ok
            })
            .unwrap();
        files
    }
}
