//! `examples/gitops`: what is checked in is what its commands write, and everything takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use palisade::finding::Input;
use palisade::resource::{Api, Key, ResourceSet, normal_form};
use serde::Deserialize as _;
use serde_json::Value;

use crate::call::{Room, kustomize_build, project};
use crate::repository::copy;

const LAYOUTS: [&str; 4] = ["plain", "kustomize", "argocd", "flux"];

/// The example in a folder of its own.
fn example() -> Room {
    let room = Room::new();
    copy(&project("examples/gitops"), &room.path(""));
    room
}

/// The commands of its README that begin so.
fn commands(room: &Room, beginning: &str) -> Vec<String> {
    let text = room.read("README.md");
    let lines = text.lines().filter(|line| line.starts_with(beginning));
    lines
        .map(|line| line.strip_prefix("palisade ").unwrap().to_owned())
        .collect()
}

/// Whether a path is of a text in YAML.
pub(crate) fn is_yaml(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|ending| ending == "yaml")
}

/// Every YAML file of the layouts, by its path.
fn files(room: &Room) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for layout in LAYOUTS {
        for (path, bytes) in room.files(layout) {
            if is_yaml(&path) {
                all.insert(
                    format!("{layout}/{path}"),
                    String::from_utf8(bytes).unwrap(),
                );
            }
        }
    }
    all
}

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

#[test]
fn what_is_checked_in_is_what_the_commands_of_its_readme_write() {
    let room = example();
    let gens = commands(&room, "palisade gen ");
    assert_eq!(gens.len(), 2 * LAYOUTS.len());
    let before: Vec<_> = LAYOUTS.map(|layout| room.files(layout)).into();
    for command in &gens {
        let ran = room.run(&format!("{command} --check"));
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (0, ""),
            "{command}: {}",
            ran.stderr
        );
    }
    for layout in LAYOUTS {
        std::fs::remove_dir_all(room.path(layout)).unwrap();
    }
    for command in &gens {
        let ran = room.run(command);
        assert_eq!(ran.code, 0, "{command}: {}", ran.stderr);
    }
    for (layout, before) in LAYOUTS.into_iter().zip(before) {
        assert!(!before.is_empty());
        assert!(
            room.files(layout) == before,
            "{layout} is not what is checked in"
        );
    }
}

#[test]
fn what_it_says_of_proofs_is_proven() {
    let room = example();
    let verifies = commands(&room, "palisade verify ");
    assert_eq!(verifies.len(), 2);
    for command in verifies {
        let ran = room.run(&command);
        assert_eq!(ran.code, 0, "{command}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn every_calico_object_is_one_that_the_api_takes_without_a_word() {
    let room = example();
    for layout in LAYOUTS {
        let ran = room.run(&format!("lint {layout}"));
        assert_eq!(ran.code, 0, "{layout}: {}", ran.stdout);
        // What is no policy it leaves aside, and says so.
        let told = ran.stdout.lines().filter(|line| line.contains("]: "));
        let told: Vec<&str> = told
            .filter(|line| !line.starts_with("note[unknown-kind]: "))
            .collect();
        assert!(told.is_empty(), "{layout}: {told:?}");
    }
}

/// A schema of the folder beside this file, which refuses what it does not name.
fn schema(name: &str) -> jsonschema::Validator {
    let path = project(&format!("tests/gitops/schema/{name}"));
    let mut schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    close(&mut schema);
    jsonschema::validator_for(&schema).unwrap()
}

fn close(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        let is_named = object.get("properties").is_some_and(Value::is_object);
        if is_named && object.get("type") == Some(&"object".into()) {
            object.entry("additionalProperties").or_insert(false.into());
        }
    }
    match schema {
        Value::Object(object) => object.values_mut().for_each(close),
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn complaints(schema: &jsonschema::Validator, object: &Value) -> Vec<String> {
    schema
        .iter_errors(object)
        .map(|error| error.to_string())
        .collect()
}

#[test]
fn every_object_of_a_controller_keeps_its_schema() {
    let room = example();
    let application = schema("application.json");
    let kustomization = schema("flux-kustomization.json");
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (path, text) in files(&room) {
        for document in documents(&text) {
            let text = |key: &str| document[key].as_str().unwrap().to_owned();
            let kind = format!("{} {}", text("apiVersion"), text("kind"));
            let wrong = match kind.as_str() {
                "argoproj.io/v1alpha1 Application" => complaints(&application, &document),
                "kustomize.toolkit.fluxcd.io/v1 Kustomization" => {
                    complaints(&kustomization, &document)
                }
                // Lint and kustomize, which refuse what they do not know, take these.
                "projectcalico.org/v3 GlobalNetworkPolicy"
                | "projectcalico.org/v3 NetworkPolicy"
                | "kustomize.config.k8s.io/v1beta1 Kustomization" => Vec::new(),
                _ => panic!("{path}: nothing says what {kind} may be"),
            };
            assert!(wrong.is_empty(), "{path}: {wrong:?}");
            *kinds.entry(kind).or_default() += 1;
        }
    }
    assert_eq!(kinds["argoproj.io/v1alpha1 Application"], 3);
    assert_eq!(kinds["kustomize.toolkit.fluxcd.io/v1 Kustomization"], 6);
}

#[test]
fn a_schema_refuses_what_it_does_not_name_and_what_is_missing() {
    let room = example();
    let application = schema("application.json");
    let kustomization = schema("flux-kustomization.json");
    let all = files(&room);
    let at = |path: &str| documents(&all[path]).remove(0);
    let argocd = at("argocd/clusters/billing/private/argocd/application.yaml");
    let flux = at("flux/clusters/billing/private/flux/kustomizations.yaml");
    let cases: [(&jsonschema::Validator, &Value, &str, Value); 5] = [
        (
            &application,
            &argocd,
            "/spec/syncPolicy/selfHeals",
            true.into(),
        ),
        (
            &application,
            &argocd,
            "/spec/syncPolicy/automated",
            "yes".into(),
        ),
        (
            &kustomization,
            &flux,
            "/spec/dependOn",
            Value::Array(vec![]),
        ),
        (
            &kustomization,
            &flux,
            "/spec/sourceRef/kind",
            "GitRepo".into(),
        ),
        (&kustomization, &flux, "/spec/interval", "soon".into()),
    ];
    for (schema, object, pointer, value) in cases {
        let mut object = object.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        object.pointer_mut(parent).unwrap()[key] = value;
        assert!(!complaints(schema, &object).is_empty(), "{pointer}");
    }
    let mut without = flux.clone();
    without["spec"].as_object_mut().unwrap().remove("prune");
    assert!(!complaints(&kustomization, &without).is_empty());
}

fn read(texts: impl IntoIterator<Item = (String, String)>) -> BTreeMap<Key, Value> {
    let inputs: Vec<_> = texts
        .into_iter()
        .map(|(path, text)| Input::new(path, text))
        .collect();
    let set = ResourceSet::read(&inputs);
    let objects = set.iter().filter(|object| object.api == Api::CalicoV3);
    objects
        .map(|object| (object.key.clone(), normal_form(object)))
        .collect()
}

#[test]
fn kubectl_builds_every_kustomization_of_it() {
    let room = example();
    let all = files(&room);
    let folders: BTreeSet<PathBuf> = all
        .keys()
        .filter(|path| path.ends_with("/kustomization.yaml"))
        .map(|path| Path::new(path).parent().unwrap().to_owned())
        .collect();
    // Of three networks: one in each folder for kustomize and Argo CD, one for each wave for Flux.
    assert_eq!(folders.len(), 3 + 3 + 6);
    for folder in folders {
        let built = kustomize_build(&room.path(folder.to_str().unwrap()));
        let own = all
            .iter()
            .filter(|(path, _)| Path::new(path).parent() == Some(&folder));
        let own = read(own.map(|(path, text)| (path.clone(), text.clone())));
        assert!(!own.is_empty());
        assert_eq!(
            read([("built".to_owned(), built)]),
            own,
            "{}",
            folder.display()
        );
    }
}
