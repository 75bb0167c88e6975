//! `palisade profile check`.

use crate::publisher::{API, REPOSITORY, Reply};
use crate::{Desk, as_usual, regions};

const MORE: &str = r#"{"result":{"ipv4_cidrs":["192.0.2.0/24","203.0.113.0/24","198.51.100.0/24"],"ipv6_cidrs":["2001:db8::/32"],"etag":"two"},"success":true}"#;

#[test]
fn fresh_facts_are_told_with_and_without_asking() {
    let desk = Desk::fetched(as_usual);
    let before = desk.publisher.paths().len();
    let ran = desk.run("profile check --as-of 2024-05-07");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let asked = desk.publisher.paths().split_off(before);
    assert_eq!(asked.last().map(String::as_str), Some(API));
    let offline = desk.run("profile check --offline --as-of 2024-05-07");
    assert_eq!(offline.code, 0);
    assert_eq!(
        desk.publisher.paths().len(),
        before + asked.len(),
        "nobody is asked"
    );
    insta::assert_snapshot!(
        "offline",
        offline.stdout.replace(&commit_of(&desk), "COMMIT")
    );
}

/// The first digits of the commit that is pinned.
fn commit_of(desk: &Desk) -> String {
    let lock = desk.room.read("profiles/lock.yaml");
    let commits = lock
        .lines()
        .filter_map(|line| line.strip_prefix("  commit: "));
    let mut own = commits.filter(|commit| !commit.starts_with("7057ed01e998"));
    own.next_back().unwrap()[..12].to_owned()
}

#[test]
fn what_is_stale_is_told_in_every_form() {
    let desk =
        Desk::fetched(|asked| (asked.path == API && asked.before > 0).then(|| Reply::json(MORE)));
    let old = commit_of(&desk);
    let new = desk.publish(
        &regions().with_all("aa-one", "192.0.2.9", "192.0.2.11"),
        1_714_953_700,
    );
    desk.room.write(
        "shop.yaml",
        "name: shop\nregion: aa-one\nnetworks: [private]\n",
    );
    let before = desk.profiles();
    let said = |format: &str| {
        let ran = desk.run(&format!(
            "profile check --as-of 2024-05-07 --cluster shop.yaml --format {format}"
        ));
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        ran.stdout.replace(&old, "OLD").replace(&new, "NEW")
    };
    insta::assert_snapshot!("text", said("text"));
    insta::assert_snapshot!("markdown", said("markdown"));
    let json: serde_json::Value = serde_json::from_str(&said("json")).unwrap();
    assert_eq!(json["sources"][0]["freshness"], "stale");
    assert_eq!(json["changes"][0]["lists"][0]["removed"][0], "192.0.2.9/32");
    assert_eq!(json["bundles"][1]["folder"], "clusters/shop/private");
    assert_eq!(desk.profiles(), before, "nothing is written");
}

#[test]
fn a_commit_that_changes_no_fact_is_no_news() {
    let desk = Desk::fetched(as_usual);
    let mut upstream = regions();
    upstream
        .files
        .insert("README.md".to_owned(), "Hello\n".to_owned());
    desk.publish(&upstream, 1_714_953_700);
    let ran = desk.run("profile check --as-of 2024-05-07");
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("moved, same facts"), "{}", ran.stdout);
}

#[test]
fn a_list_is_in_doubt_by_the_day() {
    let desk = Desk::fetched(as_usual);
    let path = "profiles/regions/aa-one.yaml";
    let text = desk.room.read(path);
    let dated = text.replacen(
        "    nets:\n",
        "    status: deprecated\n    validFrom: 2024-01-01\n    validUntil: 2024-06-30\n    nets:\n",
        1,
    );
    desk.room.write(path, dated);
    for (day, told) in [
        (
            "2023-12-31",
            "aa-one control-plane-private: holds from 2024-01-01 only",
        ),
        (
            "2024-06-30",
            "aa-one control-plane-private: deprecated, it holds until 2024-06-30",
        ),
        (
            "2024-07-01",
            "aa-one control-plane-private: expired, it held until 2024-06-30",
        ),
    ] {
        let ran = desk.run(&format!("profile check --offline --as-of {day}"));
        assert_eq!(ran.code, 1);
        assert!(ran.stdout.contains(told), "{}", ran.stdout);
    }
}

#[test]
fn a_repository_at_the_pinned_commit_is_not_fetched() {
    let desk = Desk::fetched(as_usual);
    // As if all regions in use came from there.
    let lock = desk.room.read("profiles/lock.yaml");
    let commits: Vec<&str> = lock
        .lines()
        .filter_map(|l| l.strip_prefix("  commit: "))
        .collect();
    assert_eq!(commits.len(), 2, "{lock}");
    let tip = commit_of(&desk);
    let [one, other] = [commits[0], commits[1]];
    let lock = if one.starts_with(&tip) {
        lock.replace(other, one)
    } else {
        lock.replace(one, other)
    };
    desk.room.write("profiles/lock.yaml", lock);
    let before = desk.publisher.paths().len();
    assert_eq!(desk.run("profile check --as-of 2024-05-07").code, 0);
    let asked = desk.publisher.paths().split_off(before);
    let refs = format!("{REPOSITORY}/info/refs?service=git-upload-pack");
    assert_eq!(asked, [refs.as_str(), API]);
}

/// Publishes ten regions until `target/fetch/stop` is there, for figures:
/// `SSL_CERT_FILE=target/fetch/ca.pem palisade profile check --profiles target/fetch/profiles`.
#[test]
#[ignore = "waits"]
fn serve() {
    let desk = Desk::new(as_usual);
    let letters = b'a'..=b'j';
    let names: Vec<String> = letters
        .map(|l| format!("{0}{0}-one", char::from(l)))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    desk.publish(&crate::Upstream::whole(&names), 1_714_953_700);
    let accept = "--accept cloudflare/ipv4 --accept cloudflare/ipv6";
    let ran = desk.run(&format!("profile update {accept}"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let folder = crate::project("target/fetch");
    for (path, bytes) in desk.room.files(".") {
        if !path.starts_with("upstream.git") {
            let to = folder.join(path);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(to, bytes).unwrap();
        }
    }
    while !folder.join("stop").exists() {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}
