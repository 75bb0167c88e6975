//! `palisade profile list` and `palisade profile show` as processes.

use std::process::Command;

use crate::upstream::Upstream;

fn run(folder: &std::path::Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    let output = command
        .current_dir(folder)
        .arg("profile")
        .args(arguments)
        .output()
        .expect("it runs");
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
