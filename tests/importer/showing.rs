//! `palisade profile list` and `palisade profile show` as processes.

use std::process::Command;

use crate::upstream::{Upstream, made_up_platform};

fn run(folder: &std::path::Path, arguments: &[&str]) -> (i32, String, String) {
    run_with(folder, None, &[&["profile"], arguments].concat())
}

/// Runs the binary in `folder`, the variable for a folder of profiles set to `profiles`.
fn run_with(
    folder: &std::path::Path,
    profiles: Option<&str>,
    arguments: &[&str],
) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.current_dir(folder).args(arguments);
    match profiles {
        Some(profiles) => command.env("PALISADE_PROFILES", profiles),
        None => command.env_remove("PALISADE_PROFILES"),
    };
    let output = command.output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (
        output.status.code().expect("a code"),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A folder with the profile of one region that a person has completed.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    Upstream::whole(&["aa-one"]).copy_to(&dir.path().join("copy"));
    let profiles = dir.path().join("profiles");
    std::fs::create_dir(&profiles).expect("a folder");
    std::fs::write(profiles.join("platform.yaml"), made_up_platform()).expect("a file");
    let (code, _, err) = run(dir.path(), &["update", "--from", "copy"]);
    assert_eq!(code, 0, "{err}");
    let path = dir.path().join("profiles/regions/aa-one.yaml");
    let text = std::fs::read_to_string(&path).expect("a profile");
    let text = text
        .replacen(
            "displayName: aa-one",
            "displayName: Example City\nsingleZone: [abc09]",
            1,
        )
        .replacen(
            "date: \"2024-05-06\"",
            "date: \"2024-05-01\"\n    status: deprecated\n    validUntil: 2024-12-31",
            1,
        );
    std::fs::write(&path, text).expect("the profile is written");
    dir
}

#[test]
fn the_regions_as_a_table() {
    let dir = folder();
    let (code, out, _) = run(dir.path(), &["list", "--profiles", "profiles"]);
    assert_eq!(code, 0);
    // Those in the binary stand beside it; their facts change with every import.
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines.len() > 10, "{out}");
    insta::assert_snapshot!(lines[..2].join("\n"), @r#"
    REGION    NAME           PRIVATE  PUBLIC  SERVICES  DATE        COMMIT
    aa-one    Example City   3        2       8         2024-05-01  111122223333
    "#);
    assert!(lines[1..].is_sorted(), "{out}");
}

#[test]
fn the_regions_as_json() {
    let dir = folder();
    let (code, out, _) = run(
        dir.path(),
        &["list", "--profiles", "profiles", "--format", "json"],
    );
    assert_eq!(code, 0);
    let regions: Vec<serde_json::Value> = serde_json::from_str(&out).expect("JSON");
    insta::assert_json_snapshot!(regions[0], @r#"
    {
      "commit": "111122223333",
      "controlPlane": {
        "private": 3,
        "public": 2
      },
      "date": "2024-05-01",
      "displayName": "Example City",
      "region": "aa-one",
      "services": 8,
      "zones": [
        "abc01",
        "abc02"
      ]
    }
    "#);
}

#[test]
fn a_region_as_text() {
    let dir = folder();
    let show = [
        "show",
        "aa-one",
        "--profiles",
        "profiles",
        "--as-of",
        "2024-06-01",
    ];
    let (code, out, err) = run(dir.path(), &show);
    assert_eq!(code, 0, "{err}");
    insta::assert_snapshot!(out, @r#"
    aa-one (Example City)

    LIST                                 COUNT  DATE        AGE   STATUS                       COMMIT        SOURCE
    control-plane-private                3      2024-05-01  31 d  deprecated until 2024-12-31  111122223333  calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml
    control-plane-public                 2      2024-05-06  26 d  -                            111122223333  calico-policies/public-network-isolation/aa-one/allow-public-service-endpoint.yaml
    kubernetes-api                       2      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-ibm-ports-private.yaml
    infrastructure-required-abc09-xyz01  3      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml
    infrastructure-zones                 2      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-sys-mgmt-private.yaml
    services-private-registry            2      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-private-services.yaml
    services-private-monitoring          1      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-private-services.yaml
    services-private-monitoring-api      1      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-private-services.yaml
    services-private-logging             2      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-private-services.yaml
    services-private-logging-syslog      1      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-private-services.yaml
    services-private-logging-syslog-udp  1      2024-05-06  26 d  -                            111122223333  calico-policies/private-network-isolation/aa-one/allow-private-services.yaml
    services-public-registry             2      2024-05-06  26 d  -                            111122223333  calico-policies/public-network-isolation/aa-one/allow-public-services.yaml
    services-public-logging              2      2024-05-06  26 d  -                            111122223333  calico-policies/public-network-isolation/aa-one/allow-public-services.yaml

    repository: https://example.com/policies
    zones: abc01, abc02
    single-zone locations: abc09
    "#);
    // Without a day, ages count from today: the rest is the same.
    let (code, today, _) = run(dir.path(), &show[..4]);
    assert_eq!(code, 0);
    assert_eq!(today.lines().count(), out.lines().count());
}

#[test]
fn a_region_as_json_and_yaml() {
    let dir = folder();
    let show = [
        "show",
        "aa-one",
        "--profiles",
        "profiles",
        "--as-of",
        "2024-06-01",
        "--format",
    ];
    let (_, out, _) = run(dir.path(), &[&show[..], &["json"]].concat());
    let region: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    insta::assert_json_snapshot!(region["lists"][0], @r#"
    {
      "ageDays": 31,
      "count": 3,
      "date": "2024-05-01",
      "name": "control-plane-private",
      "nets": [
        "192.0.2.9/32",
        "192.0.2.10/32",
        "192.0.2.64/26"
      ],
      "source": {
        "commit": "1111222233334444555566667777888899990000",
        "path": "calico-policies/private-network-isolation/aa-one/allow-private-service-endpoint.yaml",
        "repository": "https://example.com/policies"
      },
      "status": "deprecated",
      "validUntil": "2024-12-31"
    }
    "#);
    assert_eq!(region["lists"].as_array().expect("lists").len(), 13);
    assert_eq!(region["singleZone"][0], "abc09");
    let (_, out, _) = run(dir.path(), &[&show[..], &["yaml"]].concat());
    let file = dir.path().join("profiles/regions/aa-one.yaml");
    assert_eq!(out, std::fs::read_to_string(file).expect("a profile"));
}

#[test]
fn regions_in_the_binary() {
    let dir = tempfile::tempdir().expect("a folder");
    let (code, out, _) = run(dir.path(), &["list"]);
    assert_eq!(code, 0);
    for region in [
        "au-syd", "br-sao", "ca-tor", "eu-de", "eu-es", "eu-gb", "jp-osa", "jp-tok", "us-east",
        "us-south",
    ] {
        assert!(out.lines().any(|line| line.starts_with(region)), "{out}");
        let (code, shown, _) = run(dir.path(), &["show", region]);
        assert_eq!(code, 0);
        assert!(shown.starts_with(&format!("{region} (")), "{shown}");
    }
}

#[test]
fn calls_that_are_wrong() {
    let dir = tempfile::tempdir().expect("a folder");
    let (code, out, err) = run(dir.path(), &["show", "us-sout"]);
    assert_eq!((code, out.as_str()), (2, ""));
    insta::assert_snapshot!(err, @r#"
    error: there is no region `us-sout`
     |
     = help: did you mean `us-south` or `us-east`?
    "#);
    let (code, _, err) = run(dir.path(), &["show", "us-south", "--as-of", "tomorrow"]);
    assert_eq!(code, 2, "{err}");
    let (code, _, err) = run(dir.path(), &["list", "--profiles", "nowhere"]);
    assert_eq!(code, 3, "{err}");
}

/// The variable names the folder where no argument does; set to nothing, it names none.
#[test]
fn the_variable_for_the_folder() {
    let dir = folder();
    let show = ["profile", "show", "aa-one"];
    let (code, out, err) = run_with(dir.path(), Some("profiles"), &show);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("aa-one (Example City)"), "{out}");
    let (code, out, _) = run_with(dir.path(), Some("profiles"), &["profile", "list"]);
    assert_eq!(code, 0);
    assert!(out.contains("\naa-one "), "{out}");
    let (code, _, err) = run_with(dir.path(), Some(""), &show);
    assert_eq!(code, 2);
    assert!(err.contains("there is no region `aa-one`"), "{err}");
    let (code, _, err) = run_with(dir.path(), Some("nowhere"), &show);
    assert_eq!(code, 3, "{err}");
    let given = [&show[..], &["--profiles", "profiles"]].concat();
    let (code, _, err) = run_with(dir.path(), Some("nowhere"), &given);
    assert_eq!(code, 0, "{err}");
}

/// A folder whose profiles lie where none is looked for would be passed over in silence.
#[test]
fn folders_that_are_not_of_profiles() {
    let profile = std::fs::read_to_string(folder().path().join("profiles/regions/aa-one.yaml"))
        .expect("a profile");
    let mut told = Vec::new();
    for paths in [
        &[][..],
        &["README.md"],
        &["region/us-south.yaml"],
        &["regions/us-south.yml"],
        &["regions/us-south.json"],
        &["regions/US-South.yaml"],
        &["us-south.yaml"],
        &["cloudflare.yaml"],
        &["platform.yml"],
        &["platfrom.yaml"],
        &["profiles/regions/us-south.yaml", "kustomization.yaml"],
        &["profiles/regions/us-south.yaml"],
        &["profiles/platform.yaml"],
        &["values.yaml"],
        &["regions/us-south.yaml", "regions/old/us-south.yaml"],
        &["manifests/deployment.yaml"],
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let mine = dir.path().join("mine");
        std::fs::create_dir(&mine).expect("a folder");
        for path in paths {
            let path = mine.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, &profile).expect("a file");
        }
        let (code, out, err) = run(dir.path(), &["show", "us-south", "--profiles", "mine"]);
        assert_eq!((code, out.as_str()), (2, ""), "{paths:?}");
        let generated = run_with(
            dir.path(),
            None,
            &["gen", "--region", "us-south", "--profiles", "mine"],
        );
        assert_eq!(generated, (2, String::new(), err.clone()), "{paths:?}");
        told.push(format!("## {}\n{err}", paths.join(" ")));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    ## 
    error: `mine` holds no profile
     |
     = help: profiles are `platform.yaml`, `sources.yaml`, `lock.yaml`, `regions/REGION.yaml`, `ranges/NAME.yaml` and `baseline/NAME.yaml`

    ## README.md
    error: `mine` holds no profile
     |
     = help: profiles are `platform.yaml`, `sources.yaml`, `lock.yaml`, `regions/REGION.yaml`, `ranges/NAME.yaml` and `baseline/NAME.yaml`

    ## region/us-south.yaml
    error: `region/us-south.yaml` in `mine` is not where a profile lies
     |
     = help: did you mean `regions/us-south.yaml`?

    ## regions/us-south.yml
    error: `regions/us-south.yml` in `mine` is not where a profile lies
     |
     = help: did you mean `regions/us-south.yaml`?

    ## regions/us-south.json
    error: `regions/us-south.json` in `mine` is not where a profile lies
     |
     = help: did you mean `regions/us-south.yaml`?

    ## regions/US-South.yaml
    error: `regions/US-South.yaml` in `mine` is not where a profile lies
     |
     = help: did you mean `regions/us-south.yaml`?

    ## us-south.yaml
    error: `us-south.yaml` in `mine` is not where a profile lies
     |
     = help: did you mean `regions/us-south.yaml`?

    ## cloudflare.yaml
    error: `cloudflare.yaml` in `mine` is not where a profile lies
     |
     = help: did you mean `ranges/cloudflare.yaml`?

    ## platform.yml
    error: `platform.yml` in `mine` is not where a profile lies
     |
     = help: did you mean `platform.yaml`?

    ## platfrom.yaml
    error: `platfrom.yaml` in `mine` is not where a profile lies
     |
     = help: did you mean `platform.yaml`?

    ## profiles/regions/us-south.yaml kustomization.yaml
    error: `kustomization.yaml` in `mine` is not where a profile lies
     |
     = help: profiles are `platform.yaml`, `sources.yaml`, `lock.yaml`, `regions/REGION.yaml`, `ranges/NAME.yaml` and `baseline/NAME.yaml`

    ## profiles/regions/us-south.yaml
    error: `profiles/regions/us-south.yaml` in `mine` is not where a profile lies
     |
     = help: did you mean the folder `mine/profiles`?

    ## profiles/platform.yaml
    error: `profiles/platform.yaml` in `mine` is not where a profile lies
     |
     = help: did you mean the folder `mine/profiles`?

    ## values.yaml
    error: `values.yaml` in `mine` is not where a profile lies
     |
     = help: profiles are `platform.yaml`, `sources.yaml`, `lock.yaml`, `regions/REGION.yaml`, `ranges/NAME.yaml` and `baseline/NAME.yaml`

    ## regions/us-south.yaml regions/old/us-south.yaml
    error: `regions/old/us-south.yaml` in `mine` is not where a profile lies
     |
     = help: did you mean `regions/us-south.yaml`?

    ## manifests/deployment.yaml
    error: `manifests/deployment.yaml` in `mine` is not where a profile lies
     |
     = help: profiles are `platform.yaml`, `sources.yaml`, `lock.yaml`, `regions/REGION.yaml`, `ranges/NAME.yaml` and `baseline/NAME.yaml`
    "#);

    let dir = folder();
    for file in ["README.md", ".hidden.yaml", "baseline/x.yaml"] {
        let path = dir.path().join("profiles").join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, "").expect("a file");
    }
    let (code, _, err) = run(dir.path(), &["show", "aa-one", "--profiles", "profiles"]);
    assert_eq!(code, 0, "{err}");
}

/// Locations, zones and what people call a region lead to the region.
#[test]
fn other_names_of_a_region() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut told = Vec::new();
    for name in [
        "tor01",
        "TOR01",
        "sao01",
        "dallas",
        "Washington DC",
        "são paulo",
        "dal10",
        "tor04",
        "us-sout",
        "abc01",
    ] {
        let (code, out, err) = run(dir.path(), &["show", name]);
        assert_eq!((code, out.as_str()), (2, ""), "{name}");
        let generated = run_with(dir.path(), None, &["gen", "--region", name]);
        assert_eq!(generated, (2, String::new(), err.clone()), "{name}");
        told.push(err);
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    error: there is no region `tor01`
     |
     = help: did you mean `us-east` (which serves tor01)?

    error: there is no region `TOR01`
     |
     = help: did you mean `us-east` (which serves tor01)?

    error: there is no region `sao01`
     |
     = help: did you mean `us-south` (which serves sao01)?

    error: there is no region `dallas`
     |
     = help: did you mean `us-south` (Dallas)?

    error: there is no region `Washington DC`
     |
     = help: did you mean `us-east` (Washington DC)?

    error: there is no region `são paulo`
     |
     = help: did you mean `br-sao` (São Paulo)?

    error: there is no region `dal10`
     |
     = help: did you mean `us-south` (which serves dal10)?

    error: there is no region `tor04`
     |
     = help: did you mean `ca-tor` (which serves tor04)?

    error: there is no region `us-sout`
     |
     = help: did you mean `us-south` or `us-east`?

    error: there is no region `abc01`
     |
     = help: known are `au-syd`, `br-sao`, `ca-tor`, `eu-de`, `eu-es`, `eu-gb`, `jp-osa`, `jp-tok`, `us-east`, `us-south`
    "#);
}
