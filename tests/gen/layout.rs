//! How bundles lie in their folders.

use std::collections::BTreeMap;

use palisade::finding::Input;
use palisade::resource::{Api, Key, ResourceSet, normal_form};
use serde_json::Value;

use crate::call::{Room, kustomize_build};

pub(crate) const KUSTOMIZE: &str = "--layout kustomize";
pub(crate) const ARGOCD: &str = "--layout argocd --repo-url https://git.example/team/policies.git \
                                 --revision main --project network --destination in-cluster";
pub(crate) const FLUX: &str = "--layout flux --source GitRepository/policies";

/// A worker on both networks, and one on the private network alone.
const WORKERS: &str = "workers:\n\
    - {name: kube-one, privateIP: 10.94.87.12, publicIP: 203.0.113.12}\n\
    - {name: kube-two, privateIP: 10.94.87.17}\n";

/// Both networks of a region with host endpoints, in `generated`.
pub(crate) fn laid_out(arguments: &str) -> Room {
    let room = Room::new();
    room.write("workers.yaml", WORKERS);
    run(&room, arguments);
    room
}

pub(crate) fn run(room: &Room, arguments: &str) {
    let ran = room.run(&format!(
        "gen --region us-south --workers workers.yaml --host-endpoints always {arguments}"
    ));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
}

/// The objects of every file below `folder`, as anyone's would be read.
pub(crate) fn objects(room: &Room, folder: &str) -> BTreeMap<Key, Value> {
    let files = room.files(folder).into_iter();
    let inputs: Vec<_> = files
        .filter(|(path, _)| path.ends_with(".yaml"))
        .map(|(path, bytes)| Input::new(path, String::from_utf8(bytes).unwrap()))
        .collect();
    let set = ResourceSet::read(&inputs);
    let errors: Vec<_> = set
        .findings()
        .iter()
        .filter(|finding| finding.severity == palisade::finding::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let objects = set.iter();
    objects
        .filter(|object| object.api == Api::CalicoV3)
        .map(|object| (object.key.clone(), normal_form(object)))
        .collect()
}

/// The paths of all files, then the texts of those that are chosen.
fn shown(room: &Room, chosen: impl Fn(&str) -> bool) -> String {
    let files = room.files("generated");
    let mut text = String::new();
    for path in files.keys() {
        text.push_str(&format!("{path}\n"));
    }
    for (path, bytes) in &files {
        if chosen(path) {
            let own = String::from_utf8(bytes.clone()).unwrap();
            text.push_str(&format!("\n=== {path}\n{own}"));
        }
    }
    text
}

/// Files of the layout's own, and one object of each wave.
fn is_shown(path: &str) -> bool {
    const OBJECTS: [&str; 3] = [
        "allow-vrrp-private.yaml",
        "kube-one-worker-public.yaml",
        "deny-all-outbound-public.yaml",
    ];
    let name = path.rsplit('/').next().unwrap();
    OBJECTS.contains(&name)
        || matches!(
            name,
            "kustomization.yaml" | "application.yaml" | "kustomizations.yaml"
        )
}

#[test]
fn kustomize() {
    insta::assert_snapshot!(shown(&laid_out(KUSTOMIZE), is_shown));
}

#[test]
fn argocd() {
    insta::assert_snapshot!(shown(&laid_out(ARGOCD), is_shown));
}

#[test]
fn flux() {
    insta::assert_snapshot!(shown(&laid_out(FLUX), is_shown));
}

#[test]
fn plain_is_what_is_written_without_a_word() {
    let files = laid_out("--layout plain").files("generated");
    assert_eq!(files, laid_out("").files("generated"));
}

#[test]
fn every_layout_holds_the_same_objects_but_for_what_says_whose_they_are() {
    let plain = laid_out("");
    for (layout, waves) in [(KUSTOMIZE, false), (ARGOCD, true), (FLUX, false)] {
        let room = laid_out(layout);
        for network in ["private", "public"] {
            let folder = format!("generated/us-south/{network}");
            let before = objects(&plain, &folder);
            let mut after = objects(&room, &folder);
            for (key, form) in &mut after {
                let metadata = form["metadata"].as_object_mut().unwrap();
                let labels = metadata["labels"].as_object_mut().unwrap();
                let label = |key: &str, labels: &mut serde_json::Map<String, Value>| {
                    labels.remove(key).unwrap()
                };
                assert_eq!(label("app.kubernetes.io/managed-by", labels), "palisade");
                let bundle = format!("us-south.{network}");
                assert_eq!(label("palisade/bundle", labels), Value::from(bundle));
                if labels.is_empty() {
                    metadata.remove("labels");
                }
                let annotations = metadata.remove("annotations");
                assert_eq!(annotations.is_some(), waves, "{layout}: {key}");
            }
            assert_eq!(after, before, "{layout}: {network}");
        }
    }
}

#[test]
fn only_the_v3_api_is_written() {
    for layout in ["", KUSTOMIZE, ARGOCD, FLUX] {
        for (path, bytes) in laid_out(layout).files("generated") {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("crd.projectcalico.org"), "{layout}: {path}");
        }
    }
}

#[test]
fn a_diff_sees_no_difference_between_layouts() {
    let room = laid_out("-o plain");
    for (folder, layout) in [("k", KUSTOMIZE), ("a", ARGOCD), ("f", FLUX)] {
        run(&room, &format!("{layout} -o {folder}"));
        for network in ["private", "public"] {
            let ran = room.run(&format!(
                "diff plain/us-south/{network} {folder}/us-south/{network}"
            ));
            assert_eq!(ran.code, 0, "{layout}: {}{}", ran.stdout, ran.stderr);
            assert!(ran.stdout.contains("say the same\n"), "{}", ran.stdout);
            assert!(
                ran.stdout.contains("ignored: label:palisade/bundle ("),
                "{}",
                ran.stdout
            );
        }
    }
}

#[test]
fn a_stream_for_argocd_holds_what_its_folder_holds_wave_by_wave() {
    let room = laid_out(ARGOCD);
    let ran = room.run(
        "gen --region us-south --workers workers.yaml --host-endpoints always --private \
         --layout argocd -o -",
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let set = ResourceSet::read([&Input::new("stream", ran.stdout.as_str())]);
    let forms: BTreeMap<Key, Value> = set
        .iter()
        .map(|object| (object.key.clone(), normal_form(object)))
        .collect();
    assert_eq!(forms, objects(&room, "generated/us-south/private"));
    let waves: Vec<&str> = ran
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("    argocd.argoproj.io/sync-wave: "))
        .collect();
    assert_eq!(waves.len(), set.iter().count());
    assert!(waves.is_sorted(), "{waves:?}");
    assert!(
        waves.contains(&"\"2\"") && waves.contains(&"\"3\""),
        "{waves:?}"
    );
}

#[test]
fn what_was_written_is_checked_and_written_again_alike() {
    for layout in [KUSTOMIZE, ARGOCD, FLUX] {
        let room = laid_out(layout);
        let before = room.files("generated");
        run(&room, &format!("{layout} --check"));
        run(&room, layout);
        assert_eq!(room.files("generated"), before, "{layout}");
        // The public network alone leaves the private one as it is.
        run(&room, &format!("{layout} --public"));
        assert_eq!(room.files("generated"), before, "{layout}");
    }
}

#[test]
fn another_layout_takes_the_files_of_the_one_before_away() {
    let layouts = ["", FLUX, ARGOCD, KUSTOMIZE, ""];
    let room = laid_out("");
    for pair in layouts.windows(2) {
        let check = room.run(&format!(
            "gen --region us-south --workers workers.yaml --host-endpoints always --check {}",
            pair[1]
        ));
        assert_eq!(check.code, 1, "{} to {}", pair[0], pair[1]);
        run(&room, pair[1]);
        let fresh = laid_out(pair[1]);
        assert_eq!(
            room.files("generated"),
            fresh.files("generated"),
            "{} to {}",
            pair[0],
            pair[1]
        );
        assert_eq!(
            folders(&room),
            folders(&fresh),
            "empty folders go: {} to {}",
            pair[0],
            pair[1]
        );
    }
}

fn folders(room: &Room) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![room.path("generated")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let below = path.strip_prefix(room.path("generated")).unwrap();
                found.push(below.display().to_string());
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn kubectl_builds_every_kustomization_in_the_order_of_the_waves() {
    for (layout, folders) in [
        (KUSTOMIZE, &[""][..]),
        (ARGOCD, &[""]),
        (FLUX, &["/1-allow", "/2-host-endpoints", "/3-deny"]),
    ] {
        let room = laid_out(layout);
        for network in ["private", "public"] {
            let mut built = String::new();
            for folder in folders {
                let path = room.path(&format!("generated/us-south/{network}{folder}"));
                built.push_str(&format!("---\n{}", kustomize_build(&path)));
            }
            let words: Vec<&str> = built
                .lines()
                .filter_map(|line| line.strip_prefix("  name: "))
                .map(|name| match name {
                    _ if name.starts_with("allow-") => "allow",
                    _ if name.starts_with("kube-") => "host endpoint",
                    _ if name.starts_with("deny-") => "deny",
                    _ => name,
                })
                .collect();
            let mut order = words.clone();
            order.dedup();
            assert_eq!(order, ["allow", "host endpoint", "deny"], "{layout}");
            let set = ResourceSet::read([&Input::new("built", built)]);
            let forms: BTreeMap<Key, Value> = set
                .iter()
                .map(|object| (object.key.clone(), normal_form(object)))
                .collect();
            assert_eq!(
                forms,
                objects(&room, &format!("generated/us-south/{network}"))
            );
        }
    }
}

#[test]
fn names_that_are_too_long_for_a_label_end_in_a_digest() {
    let name = "a".repeat(63);
    let room = Room::new();
    room.write(
        "c.yaml",
        format!("name: {name}\nregion: us-south\nnetworks: [private, public]\n"),
    );
    let ran = room.run(&format!("gen --cluster c.yaml {FLUX}"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut seen = std::collections::BTreeSet::new();
    for network in ["private", "public"] {
        let folder = format!("generated/clusters/{name}/{network}");
        let text = room.read(&format!("{folder}/flux/kustomizations.yaml"));
        let values = |key: &str| -> Vec<String> {
            let lines = text
                .lines()
                .filter_map(|line| line.trim().strip_prefix(key));
            lines.map(str::to_owned).collect()
        };
        let names = values("name: palisade-");
        // Both objects, and what the second depends on.
        assert_eq!(names.len(), 2, "{text}");
        assert!(text.contains(&format!("dependsOn:\n  - name: palisade-{}\n", names[0])));
        seen.extend(names.into_iter().map(|name| format!("palisade-{name}")));
        seen.extend(values("palisade/bundle: "));
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
    for name in seen {
        assert_eq!(name.len(), 63, "{name}");
    }
}
