//! What is committed, and what is left as it was.

use std::path::Path;

use palisade::bundle::{Branch, Folder};
use palisade::finding::{Error, Input};

use crate::call::Room;
use crate::repository::{Place, SET};

/// Runs and is done, and returns what the user was told.
fn done(place: &Place, arguments: &str) -> String {
    let ran = place.run(arguments);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn the_branch_holds_what_gen_writes_and_the_work_tree_is_as_it_was() {
    for layout in [
        "",
        "--layout kustomize",
        "--layout flux --source GitRepository/a",
    ] {
        let place = Place::new();
        let before = place.room.files("repo");
        let head = place.tip("main");
        let told = done(&place, &format!("--branch policies {SET} {layout}"));

        let room = Room::new();
        let ran = room.run(&format!("gen {SET} {layout}"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(
            place.files("policies", "generated"),
            room.files("generated")
        );

        let commit = place.last("policies");
        assert_eq!(commit.parent_ids().collect::<Vec<_>>(), [head.unwrap()]);
        assert_eq!(commit.author().name(), Ok("Ann"));
        assert_eq!(commit.committer().email(), Ok("ann@example.com"));
        assert_eq!(place.tip("main"), head);
        let id: String = commit.id().to_string().chars().take(12).collect();
        let counted = ran.stderr.trim_end().replace("generated", "policies");
        assert_eq!(told, format!("{counted}, in commit {id}\n"));

        let mut after = place.room.files("repo");
        after.retain(|path, _| {
            let added = [
                ".git/objects/",
                ".git/refs/heads/policies",
                ".git/logs/refs/heads/policies",
            ];
            before.contains_key(path) || !added.iter().any(|start| path.starts_with(start))
        });
        assert_eq!(after, before);
        let log = place.repository.reflog("refs/heads/policies").unwrap();
        let message = log.get(0).unwrap().message().unwrap().unwrap().to_owned();
        assert!(
            message.starts_with("commit: palisade: 10 added in "),
            "{message}"
        );
    }
}

#[test]
fn where_nothing_changes_there_is_no_commit() {
    let place = Place::new();
    done(&place, &format!("--branch policies {SET}"));
    let tip = place.tip("policies");
    assert_eq!(
        done(&place, &format!("--branch policies {SET}")),
        "nothing to commit: `generated` is as it would be written on `policies`\n"
    );
    assert_eq!(place.tip("policies"), tip);
    // Nor is a branch made for nothing.
    let told = done(&place, &format!("--branch other --base policies {SET}"));
    assert!(told.starts_with("nothing to commit"), "{told}");
    assert_eq!(place.tip("other"), None);
}

#[test]
fn a_branch_that_is_there_is_gone_on_from() {
    let place = Place::new();
    done(&place, &format!("--branch policies {SET}"));
    let first = place.tip("policies").unwrap();
    let told = done(
        &place,
        &format!("--branch policies --base main {SET} --without vrrp"),
    );
    assert!(
        told.starts_with(
            "note: the branch `policies` is there already, so the commit goes on top of it and \
             not of `main`\npolicies: 0 files written, 9 unchanged, 1 removed, in commit "
        ),
        "{told}"
    );
    assert_eq!(place.last("policies").parent_id(0), Ok(first));
    assert!(
        !place
            .files("policies", "generated")
            .contains_key("us-east/private/allow-vrrp-private.yaml")
    );
}

#[test]
fn a_bare_repository_will_do_and_its_head_too() {
    let place = Place::bare();
    let first = place.tip("main").unwrap();
    done(&place, &format!("--branch main {SET} -o deep/down"));
    assert_eq!(place.last("main").parent_id(0), Ok(first));
    assert_eq!(place.files("main", "deep/down/us-east/private").len(), 11);
    assert!(place.files("main", "").contains_key("README"));
}

#[test]
fn only_its_own_files_change() {
    let place = Place::new();
    done(&place, &format!("--branch policies {SET}"));
    let folder = "generated/us-east/private";
    place.edit(
        "policies",
        &[
            (&format!("{folder}/mine.yaml"), Some("mine\n")),
            (
                &format!("{folder}/allow-icmp-private.yaml"),
                Some("edited\n"),
            ),
            (
                &format!("{folder}/allow-vrrp-private.yaml"),
                Some("edited too\n"),
            ),
        ],
    );
    let told = done(&place, &format!("--branch policies {SET} --without vrrp"));
    assert!(
        told.starts_with(&format!(
            "note: {folder}/allow-icmp-private.yaml had been edited by hand; it is as generated \
             again\nnote: {folder}/allow-vrrp-private.yaml had been edited by hand; it is no longer \
             rendered and gone\npolicies: 1 file written, 8 unchanged, 1 removed, in commit "
        )),
        "{told}"
    );
    assert_eq!(place.files("policies", folder)["mine.yaml"], b"mine\n");
}

#[test]
fn the_folder_may_be_named_from_within_the_work_tree() {
    let place = Place::new();
    place.room.write("repo/team/x", "");
    let ran = place.room.run(&format!(
        "commit --repository repo/team --branch policies {SET} -o ./net \
         --layout flux --source GitRepository/a"
    ));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let files = place.files("policies", "team/net/us-east/private");
    let told = String::from_utf8(files["flux/kustomizations.yaml"].clone()).unwrap();
    assert!(
        told.contains("path: ./team/net/us-east/private/1-allow\n"),
        "{told}"
    );
}

#[test]
fn the_folder_may_be_absolute_and_the_branch_in_full() {
    let place = Place::new();
    let root = place.room.path("repo");
    let root = root.to_str().unwrap();
    // One that is not there yet, one with `..`, and the root itself.
    for (name, output, at) in [
        ("a", format!("{root}/team/net"), "team/net"),
        ("b", format!("{root}/team/../net/"), "net"),
        ("c", root.to_owned(), ""),
    ] {
        let told = done(
            &place,
            &format!("--branch refs/heads/{name} {SET} -o {output}"),
        );
        let start = format!("{name}: 10 files written, ");
        assert!(told.starts_with(&start), "{told}");
        let folder = Path::new(at).join("us-east/private");
        let files = place.files(name, folder.to_str().unwrap());
        assert_eq!(files.len(), 11, "{at}");
    }
    // What `..` leads out of is not in it, and neither is what only begins as it does.
    for output in [format!("{root}/../x"), format!("{root}-x")] {
        let ran = place.run(&format!("--branch d {SET} -o {output}"));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        let told = format!("error: the output folder `{output}` is not in the repository\n");
        assert!(ran.stderr.starts_with(&told), "{}", ran.stderr);
    }
    assert_eq!(place.tip("d"), None);
}

#[cfg(unix)]
#[test]
fn an_absolute_folder_may_lead_over_a_link_to_the_work_tree() {
    let place = Place::new();
    let link = place.room.path("link");
    std::os::unix::fs::symlink(place.room.path("repo"), &link).unwrap();
    let line = format!("--branch policies {SET} -o {}/team/net", link.display());
    done(&place, &line);
    let files = place.files("policies", "team/net/us-east/private");
    assert_eq!(files.len(), 11);
}

#[test]
fn a_dirty_work_tree_and_a_wanted_signature_are_told() {
    let place = Place::new();
    place.room.write("repo/README", "dirty\n");
    let mut config = place.repository.config().unwrap();
    config.set_bool("commit.gpgsign", true).unwrap();
    let told = done(&place, &format!("--branch policies {SET}"));
    assert!(
        told.starts_with(
            "note: `commit.gpgsign` is set, and the commit is not signed: Palisade runs no \
             program that could; `git commit --amend -S` signs it\n\
             note: the work tree has changes that are not committed, such as `README`: they are \
             no part of the commit, and stay as they are\npolicies: 10 files written"
        ),
        "{told}"
    );
    assert_eq!(place.room.read("repo/README"), "dirty\n");
}

#[test]
fn a_dry_run_shows_all_and_commits_nothing() {
    let place = Place::new();
    done(&place, &format!("--branch policies {SET}"));
    let before = place.room.files("repo");
    let ran = place.run(&format!("--branch policies {SET} --without vrrp --dry-run"));
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stderr,
        "policies: 0 files written, 9 unchanged, 1 removed, if it were committed\n"
    );
    assert!(
        ran.stdout
            .starts_with("palisade: 1 removed in region us-east\n")
    );
    assert!(
        ran.stdout
            .contains("\n--- generated/us-east/private/allow-vrrp-private.yaml\n+++ /dev/null\n")
    );
    assert_eq!(place.room.files("repo"), before);
}

#[test]
fn a_network_that_a_cluster_left_goes() {
    let place = Place::new();
    let profile = |networks| format!("name: shop\nregion: us-east\nnetworks: {networks}\n");
    place.room.write("shop.yaml", profile("[private, public]"));
    done(&place, "--branch policies --cluster shop.yaml");
    assert!(
        place
            .files("policies", "generated/clusters/shop/public")
            .len()
            > 1
    );
    place.room.write("shop.yaml", profile("[private]"));
    done(&place, "--branch policies --cluster shop.yaml");
    let left = place.files("policies", "generated/clusters/shop");
    assert!(
        left.keys().all(|path| path.starts_with("private/")),
        "{:?}",
        left.keys()
    );
}

#[test]
fn what_must_hold_and_does_not_is_not_committed() {
    let place = Place::new();
    place.room.write(
        "mine/private/allow-icmp-private.yaml.j2",
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: {{ name }}}\n\
         spec: {order: 1, selector: {{ workers }}, types: [Ingress], ingress: [{action: Allow}]}\n",
    );
    let line = format!("--branch policies {SET} --templates mine");
    let ran = place.run(&line);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing is written"), "{}", ran.stderr);
    assert_eq!(place.tip("policies"), None);
    done(&place, &format!("{line} --no-verify"));
    let message = place.last("policies").message().unwrap().to_owned();
    assert!(
        message.contains("\nNothing was proven of it (`--no-verify`).\n"),
        "{message}"
    );
}

/// One file more in the output folder.
pub(crate) fn one_more(branch: &Branch) -> Vec<palisade::bundle::Changes> {
    let files = [("a.yaml".to_owned(), Input::new("a.yaml", "a: 1\n"))];
    let folder = Folder {
        path: "a".to_owned(),
        files: files.into(),
    };
    vec![branch.compare(&folder).unwrap()]
}

#[test]
fn a_branch_that_somebody_moves_or_makes_meanwhile_is_left_alone() {
    let place = Place::new();
    for name in ["there", "new"] {
        if name == "there" {
            place.edit_from_main(name);
        }
        let branch = Branch::open(&place.room.path("repo"), name, "main", "out").unwrap();
        let changes = one_more(&branch);
        place.edit_from_main(name);
        let others = place.tip(name);
        let error = branch.commit(&changes, "mine\n").unwrap_err();
        assert!(matches!(error, Error::Outside(_)));
        assert_eq!(
            error.to_string(),
            format!("somebody moved the branch `{name}` meanwhile, so it is left alone")
        );
        assert_eq!(place.tip(name), others);
        // What is there then is gone on from.
        let again = Branch::open(&place.room.path("repo"), name, "main", "out").unwrap();
        again.commit(&one_more(&again), "mine\n").unwrap();
        assert_eq!(place.last(name).parent_id(0).ok(), others);
    }
}

impl Place {
    /// A commit on the branch, which begins at `main` where it is not there.
    fn edit_from_main(&self, name: &str) {
        if self.tip(name).is_none() {
            let main = self.tip("main").unwrap();
            self.repository
                .reference(&format!("refs/heads/{name}"), main, false, "")
                .unwrap();
        }
        let text = self.tip(name).unwrap().to_string();
        self.edit(name, &[("other", Some(&text))]);
    }
}
