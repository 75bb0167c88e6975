//! Jobs that run calicoctl, for clusters whose API server serves no v3.

use std::collections::{BTreeMap, BTreeSet};

use palisade::bundle::carried;
use palisade::finding::Input;
use palisade::resource::{Key, ResourceSet, normal_form};
use serde_json::Value;

use crate::call::{Room, kustomize_build};
use crate::layout::{ARGOCD, FLUX, KUSTOMIZE, laid_out, objects, run};
use crate::layout_arguments::refused;

const JOBS: &str = "--apply calicoctl --calicoctl-image registry.example/ctl:v3.31.2";

fn layouts() -> [String; 3] {
    [KUSTOMIZE, ARGOCD, FLUX].map(|layout| format!("{layout} {JOBS}"))
}

/// Every document below `folder`, with the path of its file.
fn documents(room: &Room, folder: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (path, bytes) in room.files(folder) {
        if path.ends_with(".yaml") {
            let text = String::from_utf8(bytes).unwrap();
            for document in serde_yaml::Deserializer::from_str(&text) {
                all.push((
                    path.clone(),
                    serde::Deserialize::deserialize(document).unwrap(),
                ));
            }
        }
    }
    all
}

fn of_kind(room: &Room, kind: &str) -> Vec<Value> {
    let all = documents(room, "generated/us-south/private").into_iter();
    all.map(|(_, document)| document)
        .filter(|document| document["kind"] == kind)
        .collect()
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap().to_owned()
}

/// The objects that the ConfigMaps below `folder` hold.
fn held(room: &Room, folder: &str) -> BTreeMap<Key, Value> {
    let files = room.files(folder).into_iter();
    let texts: Vec<_> = files
        .filter(|(path, _)| path.ends_with(".yaml"))
        .map(|(path, bytes)| Input::new(path, String::from_utf8(bytes).unwrap()))
        .collect();
    let set = ResourceSet::read(&texts.iter().flat_map(carried).collect::<Vec<_>>());
    let objects = set.iter();
    objects
        .map(|object| (object.key.clone(), normal_form(object)))
        .collect()
}

/// The files of one network, without the texts in the ConfigMaps.
fn shown(room: &Room) -> String {
    let mut shown = String::new();
    for (path, bytes) in room.files("generated/us-south/public") {
        let text = String::from_utf8(bytes).unwrap();
        if !path.ends_with(".yaml") {
            continue;
        }
        shown.push_str(&format!("\n=== {path}\n"));
        let mut is_data = false;
        for line in text.lines() {
            is_data = line == "data:" || is_data && line != "---";
            if line == "data:" {
                shown.push_str("data: ...\n");
            } else if !is_data {
                shown.push_str(&format!("{line}\n"));
            }
        }
    }
    shown
}

#[test]
fn kustomize() {
    insta::assert_snapshot!(shown(&laid_out(&layouts()[0])));
}

#[test]
fn argocd() {
    insta::assert_snapshot!(shown(&laid_out(&layouts()[1])));
}

#[test]
fn flux() {
    insta::assert_snapshot!(shown(&laid_out(&layouts()[2])));
}

#[test]
fn the_jobs_get_what_the_files_would_be() {
    let files = laid_out(KUSTOMIZE);
    for layout in layouts() {
        let room = laid_out(&layout);
        for network in ["private", "public"] {
            let folder = format!("generated/us-south/{network}");
            assert_eq!(held(&room, &folder), objects(&files, &folder), "{layout}");
            // Nothing else there is Calico's.
            assert!(objects(&room, &folder).is_empty(), "{layout}");
            for (path, document) in documents(&room, &folder) {
                let version = document["apiVersion"].as_str().unwrap();
                assert!(!version.contains("projectcalico.org"), "{layout}: {path}");
            }
        }
        // What was written is checked and written again alike.
        run(&room, &format!("{layout} --check"));
    }
}

#[test]
fn calicoctl_may_do_what_the_bundle_needs_and_no_more() {
    let cases = [
        ("--host-endpoints never", vec!["globalnetworkpolicies"]),
        (
            "--host-endpoints always",
            vec!["globalnetworkpolicies", "hostendpoints"],
        ),
    ];
    for (arguments, kinds) in cases {
        let room = Room::new();
        room.write(
            "w.yaml",
            "workers:\n- {name: kube-a, privateIP: 10.94.87.12}\n",
        );
        let ran = room.run(&format!(
            "gen --region us-south --private --workers w.yaml {arguments} {KUSTOMIZE} {JOBS}"
        ));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let [role] = &of_kind(&room, "ClusterRole")[..] else {
            panic!("one role");
        };
        let rule = |resources: Vec<&str>, verbs: &[&str]| {
            serde_json::json!({
                "apiGroups": ["crd.projectcalico.org"],
                "resources": resources,
                "verbs": verbs,
            })
        };
        let expected = [
            rule(vec!["clusterinformations", "tiers"], &["get"]),
            rule(kinds, &["create", "get", "update"]),
        ];
        assert_eq!(role["rules"].as_array().unwrap()[..], expected);
    }
}

#[test]
fn another_content_is_another_job_and_the_same_is_the_same() {
    let names = |line: &str| {
        let room = Room::new();
        let ran = room.run(&format!(
            "gen --region us-south --private --no-verify {line}"
        ));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let jobs: Vec<String> = of_kind(&room, "Job").iter().map(name).collect();
        let maps: Vec<String> = of_kind(&room, "ConfigMap").iter().map(name).collect();
        (jobs, maps)
    };
    for (layout, is_hook) in [(KUSTOMIZE, false), (FLUX, false), (ARGOCD, true)] {
        let line = format!("{layout} {JOBS}");
        let (jobs, maps) = names(&line);
        assert_eq!((jobs.clone(), maps.clone()), names(&line));
        let (others, other_maps) = names(&format!("{line} --without vrrp"));
        // What denies is as it was.
        assert_eq!(maps.last(), other_maps.last());
        assert_ne!(maps.first(), other_maps.first());
        let (newer, newer_maps) = names(&line.replace("v3.31.2", "v3.31.3"));
        assert_eq!(maps, newer_maps);
        if is_hook {
            assert_eq!(
                (&jobs, &jobs),
                (&others, &newer),
                "Argo CD makes hooks anew"
            );
        } else {
            assert_ne!(jobs.first(), others.first());
            assert!(jobs.iter().all(|job| !newer.contains(job)));
        }
    }
}

#[test]
fn what_one_config_map_has_no_room_for_is_in_several() {
    let room = Room::new();
    let workers: String = (0..900)
        .map(|n| {
            format!(
                "- {{name: kube-{n:04}, privateIP: 10.94.{}.{}}}\n",
                n / 250,
                n % 250 + 1
            )
        })
        .collect();
    room.write("w.yaml", format!("workers:\n{workers}"));
    let ran = room.run(&format!(
        "gen --region us-south --private --workers w.yaml --host-endpoints always --no-verify \
         {FLUX} {JOBS}"
    ));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let maps = of_kind(&room, "ConfigMap");
    let hosts: BTreeSet<String> = maps
        .iter()
        .map(name)
        .filter(|name| name.contains("-2-host-endpoints-"))
        .collect();
    assert!(hosts.len() > 2, "{hosts:?}");
    for map in &maps {
        // kubectl writes an object into an annotation of its own, for which there are 256 KiB.
        let size = serde_json::to_string(map).unwrap().len();
        assert!(size < 262_144, "{}: {size}", name(map));
    }
    let jobs = of_kind(&room, "Job");
    let job = jobs
        .iter()
        .find(|job| name(job).contains("-2-host-endpoints-"));
    let volumes = &job.unwrap()["spec"]["template"]["spec"]["volumes"][0]["projected"];
    let sources = volumes["sources"].as_array().unwrap().iter();
    let mounted: BTreeSet<String> = sources
        .map(|source| source["configMap"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(mounted, hosts);
    assert_eq!(held(&room, "generated").len(), 910);
}

#[test]
fn what_a_config_map_holds_is_proven() {
    let room = Room::new();
    room.write(
        "mine/private/allow-icmp-private.yaml.j2",
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: {{ name }}\n\
         spec:\n  tier: default\n  order: 1\n  selector: {{ workers }}\n  types: [Ingress]\n  \
         ingress:\n  - action: Allow\n",
    );
    let ran = room.run(&format!(
        "gen --region us-south --private --templates mine {FLUX} {JOBS}"
    ));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let place = "passes: Allow by rule 1 of GlobalNetworkPolicy allow-icmp-private  \
                 us-south/private/1-allow/job.yaml (rendered): allow-icmp-private.yaml:16\n";
    assert!(ran.stderr.contains(place), "{}", ran.stderr);
    assert!(!room.path("generated").exists());
}

#[test]
fn what_the_jobs_cannot_do_is_refused() {
    let image = "--calicoctl-image r.example:5000/ctl";
    let wants = "error: calicoctl wants `--calicoctl-image`\n |\n = help: write its tag or digest, such \
                 as quay.io/calico/ctl:v3.31.2: calicoctl refuses a cluster of another version than \
                 its own\n";
    let cases = [
        (
            "--apply calicoctl".to_owned(),
            "error: `--apply` goes with `--layout kustomize` and `--layout argocd` and `--layout flux`, \
             and the layout is plain\n |\n = help: `calicoctl apply -f FOLDER` takes plain files as \
             they are\n",
        ),
        (format!("{KUSTOMIZE} --apply calicoctl"), wants),
        (
            format!("{KUSTOMIZE} --calicoctl-image a:v1"),
            "error: `--calicoctl-image` goes with `--apply calicoctl`, and it is api\n",
        ),
        (
            format!("{FLUX} --prune {JOBS}"),
            "error: `--prune` goes with `--apply api`, and it is calicoctl\n",
        ),
        (
            format!("{KUSTOMIZE} --apply calicoctl {image}"),
            "error: `--calicoctl-image r.example:5000/ctl` names no version\n",
        ),
        (
            format!("{KUSTOMIZE} --apply calicoctl {image}:"),
            "error: `--calicoctl-image r.example:5000/ctl:` names no version\n",
        ),
        (
            format!("{KUSTOMIZE} --apply calicoctl {image}:latest"),
            "error: `--calicoctl-image r.example:5000/ctl:latest` is another version every day\n",
        ),
        (
            format!("{KUSTOMIZE} --apply calicoctl {image}@sha256:abc"),
            "error: `--calicoctl-image r.example:5000/ctl@sha256:abc` has no digest behind `@`\n",
        ),
        (
            format!("{KUSTOMIZE} --apply calicoctl --calicoctl-image $(ctl):v1"),
            "error: `--calicoctl-image $(ctl):v1` is not a name of an image\n",
        ),
        (
            format!("{KUSTOMIZE} {JOBS} --calicoctl-namespace A"),
            "error: `--calicoctl-namespace`: `A` is not a name",
        ),
    ];
    for (arguments, expected) in cases {
        refused(&arguments, expected);
    }
    // A digest will do.
    let room = laid_out(&format!(
        "{KUSTOMIZE} --apply calicoctl {image}@sha256:{} --calicoctl-namespace network",
        "0123456789abcdef".repeat(4)
    ));
    for job in of_kind(&room, "Job") {
        assert_eq!(job["metadata"]["namespace"], "network");
    }
}

#[test]
fn an_object_that_calicoctl_does_not_apply_is_refused() {
    let room = Room::new();
    room.write(
        "mine/private/allow-icmp-private.yaml.j2",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {{ name }}\n  \
         namespace: a\nspec:\n  podSelector: {}\n  ingress:\n  - {}\n",
    );
    let line = format!("gen --region us-south --private --templates mine --no-verify {KUSTOMIZE}");
    assert_eq!(room.run(&format!("{line} -o api")).code, 0);
    let ran = room.run(&format!("{line} {JOBS}"));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with(
            "error: NetworkPolicy a/allow-icmp-private is not of projectcalico.org/v3, and \
             calicoctl applies nothing else\n --> us-south/private/allow-icmp-private.yaml"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn kubectl_builds_them_too() {
    let folders = ["", "/0-access", "/1-allow", "/2-host-endpoints", "/3-deny"];
    for (layout, folders) in
        layouts()
            .into_iter()
            .zip([&folders[..1], &folders[..1], &folders[1..]])
    {
        let room = laid_out(&layout);
        let mut kinds = BTreeMap::new();
        for folder in folders {
            let path = room.path(&format!("generated/us-south/private{folder}"));
            let built = kustomize_build(&path);
            for kind in built.lines().filter_map(|line| line.strip_prefix("kind: ")) {
                *kinds.entry(kind.to_owned()).or_insert(0) += 1;
            }
        }
        let jobs = if layout.starts_with(KUSTOMIZE) { 1 } else { 3 };
        let expected = [
            ("ClusterRole", 1),
            ("ClusterRoleBinding", 1),
            ("ConfigMap", 3),
            ("Job", jobs),
            ("ServiceAccount", 1),
        ];
        let expected = expected.map(|(kind, count)| (kind.to_owned(), count));
        assert_eq!(kinds, expected.into(), "{layout}");
    }
}
