//! The definitions that GitHub, GitLab, Argo CD and pre-commit read: they say what these want, and name
//! what is there.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::call::{Room, project, tool};
use crate::example::is_yaml;
use crate::repository::copy;

fn text(path: &str) -> String {
    fs::read_to_string(project(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&text(path)).unwrap()
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// What stands behind `mark` and before anything that is no part of a name.
fn behind(text: &str, mark: &str) -> BTreeSet<String> {
    text.split(mark)
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_/.".contains(c)));
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .collect()
}

/// The variables that a script reads, or another that it runs.
fn variables(scripts: &[&str]) -> BTreeSet<String> {
    let texts = scripts
        .iter()
        .map(|script| text(&format!("examples/integrations/{script}")));
    texts
        .flat_map(|text| {
            behind(&text, "${PALISADE_")
                .into_iter()
                .chain(behind(&text, "$PALISADE_"))
        })
        .map(|name| format!("PALISADE_{}", name.split(['-', '/', '.']).next().unwrap()))
        .collect()
}

#[test]
fn the_action_hands_every_input_over_by_the_environment() {
    let action = yaml("action.yml");
    assert_eq!(action["runs"]["using"], "composite");
    let all = text("action.yml");
    assert_eq!(behind(&all, "${{ inputs."), keys(&action["inputs"]));
    let read = variables(&["install.sh", "github.sh", "check.sh"]);
    let steps = action["runs"]["steps"].as_array().unwrap();
    let mut given = BTreeSet::new();
    for step in steps {
        let run = step["run"].as_str().unwrap();
        assert_eq!(step["shell"], "bash");
        // An expression in a script would be evaluated by the shell.
        assert!(!run.contains("${{"), "{run}");
        let scripts = behind(run, "$GITHUB_ACTION_PATH/");
        assert_eq!(scripts.len(), 1);
        for script in scripts {
            assert!(project(&script).is_file(), "{script}");
        }
        given.extend(keys(&step["env"]));
    }
    assert!(given.remove("GH_TOKEN"));
    assert!(given.is_subset(&read), "{given:?} and {read:?}");
    for (name, output) in action["outputs"].as_object().unwrap() {
        assert_eq!(
            output["value"],
            format!("${{{{ steps.check.outputs.{name} }}}}")
        );
        assert!(
            text("examples/integrations/github.sh").contains(&format!("'{name}=%s\\n'")),
            "{name}"
        );
    }
}

#[test]
fn the_gitlab_job_runs_its_script_and_keeps_its_reports() {
    let template = yaml("examples/integrations/gitlab-ci.yml");
    let job = &template["palisade"];
    let script = job["script"][0].as_str().unwrap();
    for path in behind(script, "$PALISADE_HOME/") {
        assert!(project(&path).is_file(), "{path}");
    }
    assert_eq!(
        job["artifacts"]["reports"]["junit"],
        "palisade-report/verify-*.junit.xml"
    );
    assert_eq!(job["artifacts"]["when"], "always");
    let mut given = keys(&job["variables"]);
    given.extend(keys(
        &yaml("examples/gitops/.gitlab-ci.yml")["palisade"]["variables"],
    ));
    let mut read = variables(&["gitlab.sh", "check.sh"]);
    read.extend(["PALISADE_REPOSITORY", "PALISADE_REF", "PALISADE_HOME"].map(str::to_owned));
    assert!(given.is_subset(&read), "{given:?} and {read:?}");
    let include = &yaml("examples/gitops/.gitlab-ci.yml")["include"][0];
    assert!(project(include["file"].as_str().unwrap()).is_file());
}

#[test]
fn the_plugin_announces_the_parameters_that_its_script_knows() {
    let plugin = yaml("examples/integrations/argocd/plugin.yaml");
    assert_eq!(plugin["apiVersion"], "argoproj.io/v1alpha1");
    assert_eq!(plugin["kind"], "ConfigManagementPlugin");
    // The fields of PluginConfig, Argo CD 3.6, cmpserver/plugin/config.go.
    assert_eq!(
        keys(&plugin),
        ["apiVersion", "kind", "metadata", "spec"]
            .map(str::to_owned)
            .into()
    );
    let spec = ["generate", "discover", "parameters"].map(str::to_owned);
    assert_eq!(keys(&plugin["spec"]), spec.into());
    assert_eq!(plugin["spec"]["discover"]["fileName"], "./*.palisade.yaml");
    // Those of ParameterAnnouncement, reposerver/repository/repository.proto.
    let fields = [
        "name",
        "title",
        "tooltip",
        "required",
        "itemType",
        "collectionType",
        "string",
        "array",
        "map",
    ];
    let fields: BTreeSet<String> = fields.map(str::to_owned).into();
    let mut announced = Vec::new();
    for parameter in plugin["spec"]["parameters"]["static"].as_array().unwrap() {
        assert!(keys(parameter).is_subset(&fields), "{parameter}");
        let name = parameter["name"].as_str().unwrap();
        let kind = parameter["collectionType"].as_str().unwrap_or("string");
        announced.push(format!("{name}: \"{kind}\""));
    }
    let script = text("examples/integrations/argocd/generate.sh");
    assert!(
        script.contains(&format!("def kinds: {{{}}};", announced.join(", "))),
        "{announced:?}"
    );
}

/// The example's facts and files, in a repository.
fn example() -> Room {
    let room = Room::new();
    copy(&project("examples/gitops"), &room.path(""));
    room
}

#[test]
fn the_hooks_of_the_example_are_hooks_of_ours_and_pass() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().unwrap();
    let ids: Vec<&str> = hooks
        .iter()
        .map(|hook| hook["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        ["palisade-lint", "palisade-gen-check", "palisade-verify"]
    );
    assert!(hooks.iter().all(|hook| hook["language"] == "rust"));
    let room = example();
    let config = yaml("examples/gitops/.pre-commit-config.yaml");
    let used = config["repos"][0]["hooks"].as_array().unwrap();
    assert_eq!(used.len(), 4);
    for used in used {
        let hook = hooks.iter().find(|hook| hook["id"] == used["id"]).unwrap();
        let mut line = hook["entry"]
            .as_str()
            .unwrap()
            .strip_prefix("palisade ")
            .unwrap()
            .to_owned();
        for argument in used["args"].as_array().into_iter().flatten() {
            line.push_str(&format!(" {}", argument.as_str().unwrap()));
        }
        if hook["pass_filenames"] != false {
            for path in room.files("flux").keys().filter(|path| is_yaml(path)) {
                line.push_str(&format!(" flux/{path}"));
            }
        }
        let ran = room.run(&line);
        assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn the_workflow_and_the_job_of_the_example_pass() {
    let workflow = yaml("examples/gitops/.github/workflows/policies.yml");
    let steps = workflow["jobs"]["palisade"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == "palisade").unwrap();
    let declared = keys(&yaml("action.yml")["inputs"]);
    assert!(keys(&step["with"]).is_subset(&declared));
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    let with = |key: &str| step["with"][key].as_str().unwrap();
    let job = &yaml("examples/gitops/.gitlab-ci.yml")["palisade"]["variables"];
    assert_eq!(job["PALISADE_TARGETS"], with("targets"));
    let room = example();
    let output = tool("bash")
        .arg(project("examples/integrations/check.sh"))
        .current_dir(room.path(""))
        .env("PALISADE_BINARY", env!("CARGO_BIN_EXE_palisade"))
        .env("PALISADE_TARGETS", with("targets"))
        .env("PALISADE_ARGUMENTS", with("arguments"))
        .env("PALISADE_OUTPUT", with("output"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(
        room.read("palisade-report/comment.md")
            .matches("| ✅ ")
            .count(),
        6
    );
}

#[test]
fn shellcheck_has_nothing_to_say_of_the_scripts() {
    let folder = "examples/integrations";
    let scripts = [
        "check.sh",
        "github.sh",
        "gitlab.sh",
        "install.sh",
        "argocd/generate.sh",
    ];
    let scripts = scripts.map(|script| project(&format!("{folder}/{script}")));
    let output = tool("shellcheck").args(&scripts).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
}

#[test]
fn the_version_of_palisade_is_installed_as_asked() {
    let room = Room::new();
    room.write("stubs/cargo", "#!/usr/bin/env bash\nprintf '%s\\n' \"$*\" >>\"$RUNNER_TEMP/asked\"\n\
        mkdir -p \"$RUNNER_TEMP/palisade/bin\"\nln -sf \"$REAL\" \"$RUNNER_TEMP/palisade/bin/palisade\"\n");
    room.write(
        "stubs/palisade",
        "#!/usr/bin/env bash\nexec \"$REAL\" \"$@\"\n",
    );
    for name in ["cargo", "palisade"] {
        use std::os::unix::fs::PermissionsExt as _;
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(room.path(&format!("stubs/{name}")), executable).unwrap();
    }
    let temporary = room.path("").display().to_string();
    let own = project("examples/integrations/../..").display().to_string();
    let root = room.path("palisade").display().to_string();
    let tagged = format!(
        "install --quiet --locked --root {root} --git https://git.example/palisade --tag v0.1.0 palisade"
    );
    let built = format!("install --quiet --locked --root {root} --path {own}");
    let binary = format!("binary={root}/bin/palisade\n");
    let on_path = format!("binary={}\n", room.path("stubs/palisade").display());
    for (version, code, asked, output) in [
        ("action", 0, Some(&built), binary.as_str()),
        ("v0.1.0", 0, Some(&tagged), &binary),
        ("path", 0, None, &on_path),
        ("v0.1.0; touch pwned", 2, None, ""),
        ("--path=/", 2, None, ""),
        ("latest", 2, None, ""),
    ] {
        let _ = fs::remove_file(room.path("asked"));
        room.write("output", "");
        let path = format!(
            "{}:{}",
            room.path("stubs").display(),
            std::env::var("PATH").unwrap()
        );
        let ran = tool("bash")
            .arg(project("examples/integrations/install.sh"))
            .current_dir(room.path(""))
            .env("PATH", path)
            .env("REAL", env!("CARGO_BIN_EXE_palisade"))
            .env("RUNNER_TEMP", temporary.trim_end_matches('/'))
            .env("GITHUB_OUTPUT", room.path("output"))
            .env("PALISADE_VERSION", version)
            .env("PALISADE_REPOSITORY", "https://git.example/palisade")
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(code), "{version}");
        let found = fs::read_to_string(room.path("asked")).ok();
        assert_eq!(
            found.as_deref().map(str::trim_end),
            asked.map(String::as_str),
            "{version}"
        );
        assert_eq!(room.read("output"), output, "{version}");
        assert!(!room.path("pwned").exists());
    }
}
