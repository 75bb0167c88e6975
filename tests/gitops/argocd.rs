//! The Argo CD plug-in: what it prints for an application's folder, and the sidecar that runs it.

use std::collections::BTreeSet;

use palisade::finding::Input;
use palisade::resource::ResourceSet;
use serde_json::{Value, json};

use crate::call::{Ran, Room, kustomize_build, project, tool};
use crate::repository::copy;

/// An application's folder with the profile of `orders`.
fn application() -> Room {
    let room = Room::new();
    let profile = std::fs::read(project("examples/gitops/clusters/orders.yaml")).unwrap();
    room.write("app/orders.palisade.yaml", &profile);
    room.write("outside.yaml", &profile);
    room
}

fn generate(room: &Room, parameters: Option<&str>) -> Ran {
    let mut command = tool("bash");
    command
        .arg(project("examples/integrations/argocd/generate.sh"))
        .current_dir(room.path("app"))
        .env("PALISADE_BINARY", env!("CARGO_BIN_EXE_palisade"));
    if let Some(parameters) = parameters {
        command.env("ARGOCD_APP_PARAMETERS", parameters);
    }
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn names(stream: &str) -> BTreeSet<String> {
    let set = ResourceSet::read([&Input::new("stream", stream)]);
    assert!(set.findings().is_empty());
    set.iter().map(|object| object.key.name.clone()).collect()
}

#[test]
fn it_prints_the_objects_of_the_folder_with_their_waves() {
    let ran = generate(&application(), None);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let waves = ran.stdout.matches("argocd.argoproj.io/sync-wave: ").count();
    assert_eq!((waves, names(&ran.stdout).len()), (17, 17));
    assert!(!ran.stdout.contains("kind: Application"));
}

#[test]
fn parameters_say_what_is_rendered() {
    let room = application();
    room.write("app/second.yaml", room.read("outside.yaml"));
    let all = names(&generate(&room, None).stdout);
    let cases = [
        (json!([{"name": "networks", "array": ["public"]}]), 7),
        (
            json!([{"name": "networks", "array": ["public", "private"]}]),
            17,
        ),
        (json!([{"name": "cluster", "string": "second.yaml"}]), 17),
        (
            json!([{"name": "with", "array": ["vrrp", "dashboard"]}]),
            19,
        ),
        (json!([{"name": "without", "array": ["konnectivity"]}]), 16),
        (json!([{"name": "strict", "string": "true"}]), 17),
    ];
    assert_eq!(all.len(), 17);
    for (parameters, count) in cases {
        let ran = generate(&room, Some(&parameters.to_string()));
        assert_eq!(ran.code, 0, "{parameters}: {}", ran.stderr);
        assert_eq!(names(&ran.stdout).len(), count, "{parameters}");
    }
}

#[test]
fn what_is_wrong_prints_nothing_and_fails() {
    let room = application();
    std::os::unix::fs::symlink(room.path("outside.yaml"), room.path("app/link.yaml")).unwrap();
    let cases = [
        (
            json!([{"name": "cluster", "string": "../outside.yaml"}]),
            "no file of the application's folder",
        ),
        (
            json!([{"name": "cluster", "string": "link.yaml"}]),
            "no file of the application's folder",
        ),
        (
            json!([{"name": "cluster", "string": "/etc/passwd"}]),
            "no file of the application's folder",
        ),
        (
            json!([{"name": "cluster", "string": "none.yaml"}]),
            "no file of the application's folder",
        ),
        (
            json!([{"name": "cluster", "string": "$(touch pwned)"}]),
            "no file of the application's folder",
        ),
        (
            json!([{"name": "networks", "array": ["publik"]}]),
            "there is no network `publik`",
        ),
        (
            json!([{"name": "networks", "array": "public"}]),
            "the parameter `networks` wants `array`, a list of texts",
        ),
        (
            json!([{"name": "networks", "string": "public"}]),
            "the parameter `networks` wants `array`, a list of texts",
        ),
        (
            json!([{"name": "cluster", "array": ["second.yaml"]}]),
            "the parameter `cluster` wants `string`, a text",
        ),
        (
            json!([{"name": "without", "array": ["x; touch pwned"]}]),
            "is not a name",
        ),
        (
            json!([{"name": "without", "array": ["--no-verify"]}]),
            "is not a name",
        ),
        (
            json!([{"name": "strict", "string": "yes"}]),
            "`strict` is true or false",
        ),
        (
            json!([{"name": "clutser", "string": "a"}]),
            "there is no parameter `clutser`",
        ),
        (
            json!({"cluster": "a"}),
            "ARGOCD_APP_PARAMETERS is no list of parameters, each with its name",
        ),
    ];
    let texts = cases.map(|(parameters, said)| (parameters.to_string(), said));
    let malformed = ("[{".to_owned(), "error: ARGOCD_APP_PARAMETERS is no JSON\n");
    for (parameters, said) in texts.into_iter().chain([malformed]) {
        let ran = generate(&room, Some(&parameters));
        assert_ne!(ran.code, 0, "{parameters}");
        assert_eq!(ran.stdout, "", "{parameters}");
        assert!(ran.stderr.contains(said), "{parameters}: {}", ran.stderr);
        assert!(!room.path("app/pwned").exists());
    }
    room.write("app/second.palisade.yaml", room.read("outside.yaml"));
    let ran = generate(&room, None);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("2 files end in .palisade.yaml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn kubectl_builds_the_sidecar_into_argocd() {
    let room = Room::new();
    copy(
        &project("examples/integrations/argocd"),
        &room.path("plugin"),
    );
    room.write(
        "argocd/repo-server.yaml",
        "apiVersion: apps/v1\nkind: Deployment\n\
         metadata: {name: argocd-repo-server, namespace: argocd}\n\
         spec:\n  template:\n    spec:\n      containers: [{name: argocd-repo-server, image: argocd}]\n\
         \x20     volumes: [{name: var-files, emptyDir: {}}, {name: plugins, emptyDir: {}}]\n",
    );
    room.write(
        "argocd/kustomization.yaml",
        "resources: [repo-server.yaml]\ncomponents: [../plugin]\n\
         images: [{name: palisade, newName: registry.example/palisade, newTag: 0.1.0}]\n",
    );
    let built = kustomize_build(&room.path("argocd"));
    let objects: Vec<Value> = serde_yaml::Deserializer::from_str(&built)
        .map(|document| serde::Deserialize::deserialize(document).unwrap())
        .collect();
    let config = objects
        .iter()
        .find(|object| object["kind"] == "ConfigMap")
        .unwrap();
    let server = objects
        .iter()
        .find(|object| object["kind"] == "Deployment")
        .unwrap();
    let spec = &server["spec"]["template"]["spec"];
    let of = |list: &str, name: &str| {
        let items = spec[list].as_array().unwrap().iter();
        items
            .clone()
            .find(|item| item["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(spec["containers"].as_array().unwrap().len(), 2);
    let sidecar = of("containers", "palisade");
    assert_eq!(sidecar["image"], "registry.example/palisade:0.1.0");
    assert_eq!(sidecar["securityContext"]["runAsUser"], 999);
    assert_eq!(
        of("volumes", "palisade-plugin")["configMap"]["name"],
        config["metadata"]["name"]
    );
    for mount in sidecar["volumeMounts"].as_array().unwrap() {
        of("volumes", mount["name"].as_str().unwrap());
        if let Some(file) = mount["subPath"].as_str() {
            assert!(config["data"][file].is_string(), "{file}");
        }
    }
    // Where the plug-in's command looks for its script.
    let plugin: Value =
        serde_yaml::from_str(config["data"]["plugin.yaml"].as_str().unwrap()).unwrap();
    let script = plugin["spec"]["generate"]["command"][1].as_str().unwrap();
    let mounts = sidecar["volumeMounts"].as_array().unwrap();
    assert!(
        mounts.iter().any(|mount| mount["mountPath"] == script),
        "{script}"
    );
}
