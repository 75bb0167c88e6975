//! How files come to disk, and what stays untouched.

use std::fs;

use crate::call::{Room, project};

#[test]
fn a_second_run_writes_nothing() {
    let room = Room::new();
    room.run("gen --region us-east");
    let before = room.files("generated");
    let stamp = |room: &Room| {
        let path = room.path("generated/us-east/private/allow-icmp-private.yaml");
        fs::metadata(path).unwrap().modified().unwrap()
    };
    let written = stamp(&room);
    let ran = room.run("gen --region us-east");
    assert_eq!(
        ran.stderr,
        "generated: 0 files written, 18 unchanged, 0 removed\n"
    );
    assert_eq!(room.files("generated"), before);
    assert_eq!(stamp(&room), written);
}

#[test]
fn what_is_no_longer_rendered_goes_and_nothing_else_does() {
    let room = Room::new();
    room.run("gen --region us-south --private");
    let folder = "generated/us-south/private";
    room.write(&format!("{folder}/my-own-policy.yaml"), "mine");
    let ran = room.run("gen --region us-south --private --without vrrp");
    assert_eq!(
        ran.stderr,
        "generated: 0 files written, 9 unchanged, 1 removed\n"
    );
    assert!(
        !room
            .path(&format!("{folder}/allow-vrrp-private.yaml"))
            .exists()
    );
    assert_eq!(room.read(&format!("{folder}/my-own-policy.yaml")), "mine");
}

#[test]
fn the_inventory_is_what_sha256sum_reads() {
    let room = Room::new();
    room.run("gen --region us-south --private --without services,vrrp");
    let inventory = room.read("generated/us-south/private/.palisade-inventory");
    let paths: Vec<&str> = inventory.lines().map(|line| &line[66..]).collect();
    assert_eq!(
        paths,
        [
            "allow-all-workers-private.yaml",
            "allow-egress-pods-private.yaml",
            "allow-ibm-ports-private.yaml",
            "allow-icmp-private.yaml",
            "allow-private-service-endpoint.yaml",
            "allow-sys-mgmt-private.yaml",
            "deny-all-private-default.yaml",
        ]
    );
    assert!(inventory.lines().all(|line| &line[64..66] == "  "));
}

#[test]
fn a_file_in_the_way_stops_everything() {
    let room = Room::new();
    let path = "generated/us-south/private/deny-all-private-default.yaml";
    room.write(path, "somebody else's\n");
    let before = room.files("generated");
    let ran = room.run("gen --region us-south");
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: {path} is in the way: Palisade did not write it, so it is left alone\n \
             |\n = help: move it away, or choose another folder with `-o DIR`\n"
        )
    );
    assert_eq!(room.files("generated"), before);
}

#[test]
fn an_inventory_with_a_merge_that_is_not_finished_stops_everything() {
    let room = Room::new();
    room.run("gen --region us-south --private");
    let path = "generated/us-south/private/.palisade-inventory";
    let text = room.read(path);
    room.write(
        path,
        format!("<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> theirs\n"),
    );
    let before = room.files("generated");
    let ran = room.run("gen --region us-south --private --without vrrp");
    assert_eq!(ran.code, 3);
    assert_eq!(
        ran.stderr,
        format!(
            "error: {path} holds a merge that is not finished\n |\n = help: take either side of it \
             whole, such as with `git checkout --ours`: what is written anew does not depend on it\n"
        )
    );
    assert_eq!(room.files("generated"), before);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed_and_not_overwritten() {
    let room = Room::new();
    room.write("precious", "keep me\n");
    room.write("generated/us-south/private/x", "");
    let link = room.path("generated/us-south/private/allow-icmp-private.yaml");
    std::os::unix::fs::symlink(room.path("precious"), &link).unwrap();
    let ran = room.run("gen --region us-south --private");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(room.read("precious"), "keep me\n");
    assert!(link.is_symlink());
}

#[test]
fn a_file_that_is_as_it_should_be_is_adopted() {
    let room = Room::new();
    room.run("gen --region us-south --private");
    let inventory = room.path("generated/us-south/private/.palisade-inventory");
    let before = fs::read(&inventory).unwrap();
    fs::remove_file(&inventory).unwrap();
    let ran = room.run("gen --region us-south --private --check");
    assert_eq!(ran.code, 1);
    assert_eq!(room.run("gen --region us-south --private").code, 0);
    assert_eq!(fs::read(&inventory).unwrap(), before);
}

#[test]
fn an_edit_by_hand_is_undone_and_told() {
    let room = Room::new();
    room.run("gen --region us-south --private");
    let path = "generated/us-south/private/allow-icmp-private.yaml";
    let as_generated = room.read(path);
    room.write(path, format!("{as_generated}# by hand\n"));
    let ran = room.run("gen --region us-south --private");
    assert_eq!(
        ran.stderr,
        format!(
            "note: {path} had been edited by hand; it is as generated again\n\
             generated: 1 file written, 9 unchanged, 0 removed\n"
        )
    );
    assert_eq!(room.read(path), as_generated);
}

#[test]
fn check_shows_the_difference_and_writes_nothing() {
    let room = Room::new();
    room.run("gen --region us-south --private");
    let folder = "generated/us-south/private";
    let path = format!("{folder}/allow-icmp-private.yaml");
    let text = room.read(&path);
    room.write(&path, text.replace("order: 1500", "order: 1"));
    fs::remove_file(room.path(&format!("{folder}/allow-vrrp-private.yaml"))).unwrap();
    let before = room.files("generated");
    let ran = room.run("gen --region us-south --private --check");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("-  order: 1\n+  order: 1500\n"),
        "{}",
        ran.stdout
    );
    let new = format!("--- /dev/null\n+++ {folder}/allow-vrrp-private.yaml\n");
    assert!(ran.stdout.contains(&new), "{}", ran.stdout);
    assert_eq!(
        ran.stderr,
        "2 files are not as it would be written; `palisade gen` without `--check` writes it\n"
    );
    assert_eq!(room.files("generated"), before);
}

#[test]
fn check_in_an_empty_folder_differs_and_creates_nothing() {
    let room = Room::new();
    assert_eq!(room.run("gen --region us-south --check").code, 1);
    assert!(!room.path("generated").exists());
}

#[test]
fn an_interrupted_run_is_finished_by_the_next() {
    // Each state that an interruption can leave behind: texts beside their place; an inventory
    // that covers old and new; some files new and some old.
    let (done, room) = (Room::new(), Room::new());
    done.run("gen --region us-south --private --without vrrp");
    room.run("gen --region us-south --private");
    let folder = "generated/us-south/private";
    let old = room.read(&format!("{folder}/.palisade-inventory"));
    let new = done.read(&format!("{folder}/.palisade-inventory"));
    room.write(
        &format!("{folder}/.palisade-inventory"),
        format!("{old}{new}"),
    );
    room.write(&format!("{folder}/.palisade-tmp-Zk3x"), "half a te");
    fs::remove_file(room.path(&format!("{folder}/allow-icmp-private.yaml"))).unwrap();
    let ran = room.run("gen --region us-south --private --without vrrp");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(room.files("generated"), done.files("generated"));
}

#[test]
fn a_damaged_inventory_is_refused_before_anything_is_touched() {
    let room = Room::new();
    room.run("gen --region us-south --private");
    let digest = "0".repeat(64);
    for line in [
        "garbage",
        &format!("{digest}  ../../../etc/passwd"),
        &format!("{digest}  /abs"),
    ] {
        room.write(
            "generated/us-south/private/.palisade-inventory",
            format!("{line}\n"),
        );
        let before = room.files("generated");
        let ran = room.run("gen --region us-south --private --without vrrp");
        assert_eq!(ran.code, 2, "{line}: {}", ran.stderr);
        assert!(
            ran.stderr.contains(".palisade-inventory:1:1"),
            "{}",
            ran.stderr
        );
        assert_eq!(room.files("generated"), before);
    }
}

#[test]
fn a_cluster_that_leaves_a_network_takes_its_files_along() {
    let room = Room::new();
    let profile = fs::read_to_string(project("examples/clusters/public-gateway.yaml")).unwrap();
    room.write("shop.yaml", &profile);
    assert_eq!(room.run("gen --cluster shop.yaml").code, 0);
    assert!(room.path("generated/clusters/shop/public").exists());

    let private = profile.replace("networks: [private, public]", "networks: [private]");
    let private = &private[..private.find("services:").unwrap()];
    room.write("shop.yaml", private);
    // A call that names a network speaks of no other.
    assert_eq!(room.run("gen --cluster shop.yaml --private").code, 0);
    assert!(room.path("generated/clusters/shop/public").exists());
    assert_eq!(room.run("gen --cluster shop.yaml").code, 0);
    assert!(!room.path("generated/clusters/shop/public").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_the_outside_failing() {
    let room = Room::new();
    room.write("file", "");
    let ran = room.run("gen --region us-south -o file");
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.starts_with("error: cannot create file: "),
        "{}",
        ran.stderr
    );
    let ran = room.run("gen --region us-south --profiles nowhere");
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.starts_with("error: cannot read nowhere: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_was_edited_and_goes_is_told() {
    let room = Room::new();
    room.run("gen --region us-south --private");
    let path = "generated/us-south/private/allow-vrrp-private.yaml";
    room.write(path, "# by hand\n");
    let ran = room.run("gen --region us-south --private --without vrrp");
    assert_eq!(
        ran.stderr,
        format!(
            "note: {path} had been edited by hand; it is no longer rendered and gone\n\
             generated: 0 files written, 9 unchanged, 1 removed\n"
        )
    );
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_is_not_written_through() {
    let room = Room::new();
    room.run("gen --region us-south --private");
    room.write("elsewhere/mine", "mine\n");
    let folder = room.path("generated/us-south/private");
    fs::rename(&folder, room.path("elsewhere/private")).unwrap();
    std::os::unix::fs::symlink(room.path("elsewhere/private"), &folder).unwrap();
    let before = room.files("elsewhere");
    let ran = room.run("gen --region us-south --private --without vrrp");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .starts_with("error: generated/us-south/private is in the way"),
        "{}",
        ran.stderr
    );
    assert_eq!(room.files("elsewhere"), before);
}

#[test]
fn a_name_that_no_file_can_have_is_refused_before_anything_is_written() {
    let room = Room::new();
    let long = "w".repeat(63);
    let name = [long.as_str(), &long, &long, &long[..61]].join(".");
    room.write(
        "list.yaml",
        format!("workers:\n- name: {name}\n  privateIP: 10.1.2.4\n"),
    );
    let ran = room.run("gen --region us-south --private --workers list.yaml");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("is longer than 250 characters\n --> list.yaml:2:9"),
        "{}",
        ran.stderr
    );
    assert!(!room.path("generated").exists());
}

/// Workers enough that a run takes a while and has many files.
fn workers(count: usize) -> String {
    let worker = |n: usize| {
        format!(
            "- name: w{n}\n  privateIP: 10.{}.{}.{}\n",
            100 + n / 65536,
            n / 256 % 256,
            n % 256
        )
    };
    format!("workers:\n{}", (0..count).map(worker).collect::<String>())
}

#[test]
fn thousands_of_workers_do_not_exhaust_what_may_be_open() {
    let room = Room::new();
    room.write("list.yaml", workers(1500));
    let ran = room.run("gen --region us-south --private --workers list.yaml");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(room.files("generated").len(), 1500 + 10 + 1);
}

#[test]
fn a_run_that_is_killed_anywhere_is_finished_by_the_next() {
    let done = Room::new();
    done.run("gen --region us-south --private");
    for attempt in 0..12 {
        let room = Room::new();
        room.write("list.yaml", workers(200));
        let mut child =
            room.spawn("gen --region us-south --private --workers list.yaml --no-verify");
        std::thread::sleep(std::time::Duration::from_millis(4 + 7 * attempt));
        let _ = child.kill();
        child.wait().unwrap();
        let ran = room.run("gen --region us-south --private");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(
            room.files("generated"),
            done.files("generated"),
            "attempt {attempt}"
        );
    }
}

#[test]
fn runs_on_one_folder_wait_for_one_another() {
    let room = Room::new();
    let children: Vec<_> = (0..4)
        .map(|_| room.spawn("gen --region us-south"))
        .collect();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_eq!(room.run("gen --region us-south --check").code, 0);
}
