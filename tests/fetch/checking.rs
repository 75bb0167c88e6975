//! `palisade profile check`.

use crate::publisher::{API, IPV4, IPV6, REPOSITORY, Reply};
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
    // As if all regions in use came from there: those in the binary lie here too.
    let embedded = std::fs::read_to_string(crate::project("profiles/lock.yaml")).unwrap();
    let lock = desk.room.read("profiles/lock.yaml");
    let commits = |text: &str| -> Vec<String> {
        let lines = text.lines();
        let commits = lines.filter_map(|l| l.strip_prefix("  commit: "));
        commits.map(str::to_owned).collect()
    };
    let ([own], [theirs]) = (&commits(&lock)[..], &commits(&embedded)[..]) else {
        panic!("{lock}\n{embedded}");
    };
    let regions = embedded
        .split("- source: ")
        .find(|pin| pin.contains(theirs))
        .unwrap();
    let pinned = format!("- source: {}", regions.replace(theirs, own));
    desk.room
        .write("profiles/lock.yaml", format!("{lock}{pinned}"));
    for region in std::fs::read_dir(crate::project("profiles/regions")).unwrap() {
        let path = region.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read(&path).unwrap();
        desk.room.write(&format!("profiles/regions/{name}"), text);
    }
    let before = desk.publisher.paths().len();
    let ran = desk.run("profile check --as-of 2024-05-07");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let asked = desk.publisher.paths().split_off(before);
    let refs = format!("{REPOSITORY}/info/refs?service=git-upload-pack");
    assert_eq!(asked, [refs.as_str(), API]);
}

/// One source does not answer: what the other says and what the lock says is told all the same.
#[test]
fn a_source_that_does_not_answer_takes_nothing_from_the_others() {
    let desk = Desk::fetched(|asked| {
        let is_ranges = [API, IPV4, IPV6].contains(&asked.path.as_str());
        let is_first = asked.path == API && asked.before == 0;
        (is_ranges && !is_first).then_some(Reply::Status(404))
    });
    let old = commit_of(&desk);
    let path = "profiles/ranges/cloudflare.yaml";
    let text = desk.room.read(path);
    let dated = text.replacen("  nets:\n", "  validUntil: 2024-01-31\n  nets:\n", 1);
    desk.room.write(path, dated);
    let new = desk.publish(
        &regions().with_all("aa-one", "192.0.2.9", "192.0.2.11"),
        1_714_953_700,
    );
    let before = desk.profiles();
    let said = |format: &str| {
        let ran = desk.run(&format!(
            "profile check --as-of 2024-05-07 --format {format}"
        ));
        assert_eq!(ran.code, 3, "{}", ran.stdout);
        assert!(
            ran.stderr
                .starts_with("error: cannot fetch https://127.0.0.1"),
            "{}",
            ran.stderr
        );
        ran.stdout.replace(&old, "OLD").replace(&new, "NEW")
    };
    insta::assert_snapshot!("partial_text", said("text"));
    insta::assert_snapshot!("partial_markdown", said("markdown"));
    let json: serde_json::Value = serde_json::from_str(&said("json")).unwrap();
    assert_eq!(json["sources"][0]["freshness"], "stale");
    assert_eq!(json["sources"][0].get("failed"), None);
    assert_eq!(json["sources"][1]["freshness"], "failed");
    let why = json["sources"][1]["failed"].as_str().unwrap();
    assert!(why.contains("the server answers 404 Not Found"), "{why}");
    assert_eq!(json["changes"][0]["lists"][0]["removed"][0], "192.0.2.9/32");
    assert_eq!(json["lists"][0]["list"], "ipv4");
    assert_eq!(json["bundles"][0]["folder"], "aa-one/private");
    assert_eq!(desk.profiles(), before, "nothing is written");
}

/// A repository that does not answer, one that answers what nobody understands, and a client that
/// cannot be made at all.
#[test]
fn each_source_that_fails_is_named() {
    let desk = Desk::fetched(|asked| {
        let is_late = asked.path.starts_with(REPOSITORY) && asked.path.contains("refs");
        (is_late && asked.before > 0).then_some(Reply::Status(404))
    });
    let ran = desk.run("profile check --as-of 2024-05-07");
    assert_eq!(ran.code, 3);
    let told = "as of 2024-05-07: could not be asked: kube-samples\n";
    assert!(ran.stdout.ends_with(told), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("cloudflare    current  one (2024-05-07)           one (2024-05-07)"),
        "{}",
        ran.stdout
    );

    let desk = Desk::fetched(as_usual);
    let upstream = regions().with_all("aa-one", "protocol: TCP", "protocol: SCTP");
    desk.publish(&upstream, 1_714_953_700);
    let ran = desk.run("profile check --as-of 2024-05-07");
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(ran.stdout.ends_with(told), "{}", ran.stdout);
    // With upstream's line.
    assert!(ran.stderr.contains("protocol: SCTP"), "{}", ran.stderr);

    let ran = desk.run_in(
        "profile check --as-of 2024-05-07",
        &[("SSL_CERT_FILE", "none.pem")],
    );
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let told = "as of 2024-05-07: could not be asked: kube-samples, cloudflare\n";
    assert!(ran.stdout.ends_with(told), "{}", ran.stdout);
}

/// What a user corrects may not fit what upstream has now: it is a finding, and stops nothing.
#[test]
fn a_correction_that_an_update_would_break_is_told() {
    let desk = Desk::fetched(as_usual);
    desk.room.write(
        "profiles/regions/ours.yaml",
        "extends: aa-one\nlists:\n- list: control-plane-private\n  add: [192.0.2.11/32]\n",
    );
    assert_eq!(desk.run("profile check --as-of 2024-05-07").code, 0);
    desk.publish(
        &regions().with_all("aa-one", "192.0.2.9", "192.0.2.11"),
        1_714_953_700,
    );
    desk.room.write(
        "shop.yaml",
        "name: shop\nregion: aa-one\nnetworks: [private]\n",
    );
    let ran = desk.run("profile check --as-of 2024-05-07 --cluster shop.yaml");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let told = "would not fit any more after an update:\n  profiles/regions/ours.yaml:4:9: `192.0.2.11/32` is in `control-plane-private` already\n\n";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    let ran = desk.run("profile check --as-of 2024-05-07 --format markdown");
    assert!(
        ran.stdout
            .contains("### Would not fit any more after an update"),
        "{}",
        ran.stdout
    );
    // The update itself says it too.
    let ran = desk.run("profile update --source kube-samples");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told = "note: with these facts nothing is generated: profiles/regions/ours.yaml:4:9: `192.0.2.11/32` is in `control-plane-private` already";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}

#[test]
fn a_region_that_its_source_has_no_longer_is_told() {
    let desk = Desk::fetched(as_usual);
    desk.publish(&regions().without("bb-two"), 1_714_953_700);
    let ran = desk.run("profile check --as-of 2024-05-07");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("\nno longer at their source: bb-two\n"),
        "{}",
        ran.stdout
    );
}

/// What upstream writes is no Markdown of ours.
#[test]
fn nothing_of_upstreams_is_markdown() {
    let desk = Desk::fetched(as_usual);
    let upstream = regions().with_all("aa-one", "action: Deny", "action: \"[@all](x)<b>\"");
    desk.publish(&upstream, 1_714_953_700);
    let ran = desk.run("profile check --as-of 2024-05-07 --format markdown");
    assert!(ran.stdout.contains("&#64;all"), "{}", ran.stdout);
    assert!(
        !ran.stdout.contains("@all") && !ran.stdout.contains("<b>"),
        "{}",
        ran.stdout
    );
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
