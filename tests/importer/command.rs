//! `palisade profile update` as a process.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use git2::Repository;

use crate::upstream::{Upstream, made_up_platform};

/// A folder with upstream in it and a place for profiles.
pub(crate) struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let desk = Self { dir };
        desk.lay_platform("profiles");
        desk
    }

    /// Puts the platform profile of made-up regions into a folder of profiles.
    fn lay_platform(&self, profiles: &str) {
        let folder = self.path().join(profiles);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("platform.yaml"), made_up_platform()).expect("a file");
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Puts `upstream` in the place of what lay there.
    pub(crate) fn lay(&self, upstream: &Upstream) {
        let copy = self.path().join("copy");
        if copy.exists() {
            fs::remove_dir_all(&copy).expect("the copy goes");
        }
        upstream.copy_to(&copy);
    }

    /// Runs `palisade profile update` there: the exit code, what it says, what it tells.
    pub(crate) fn update(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command
            .current_dir(self.path())
            .env_remove("PALISADE_PROFILES")
            .args(["profile", "update"])
            .args(arguments);
        let output = command.output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let code = output.status.code().expect("an exit code");
        (code, text(output.stdout), text(output.stderr))
    }

    /// Imports the copy, which must succeed: what it says.
    pub(crate) fn import(&self, arguments: &[&str]) -> String {
        let (code, out, err) = self.update(&[&["--from", "copy"], arguments].concat());
        assert_eq!(code, 0, "{err}");
        out
    }

    /// Every profile by its name, with the time of its last change.
    pub(crate) fn profiles(&self) -> BTreeMap<PathBuf, (String, std::time::SystemTime)> {
        let Ok(folder) = fs::read_dir(self.path().join("profiles/regions")) else {
            return BTreeMap::new();
        };
        folder
            .map(|entry| {
                let path = entry.expect("an entry").path();
                let changed = fs::metadata(&path)
                    .and_then(|m| m.modified())
                    .expect("a time");
                let text = fs::read_to_string(&path).expect("a text");
                (path, (text, changed))
            })
            .collect()
    }
}

#[test]
fn a_new_region_then_nothing_then_a_change() {
    let desk = Desk::new();
    let upstream = Upstream::whole(&["aa-one", "bb-two"]);
    desk.lay(&upstream);
    let (code, out, err) =
        desk.update(&["--from", "copy", "--region", "aa-one", "--region", "bb-two"]);
    assert_eq!(code, 0, "{err}");
    insta::assert_snapshot!(out, @r#"
    aa-one is new
    aa-one control-plane-private: +3
    aa-one control-plane-public: +2
    aa-one kubernetes-api: +2
    aa-one infrastructure-required-abc09-xyz01: +3
    aa-one infrastructure-zones: +2
    aa-one services-private-registry: +2
    aa-one services-private-monitoring: +1
    aa-one services-private-monitoring-api: +1
    aa-one services-private-logging: +2
    aa-one services-private-logging-syslog: +1
    aa-one services-private-logging-syslog-udp: +1
    aa-one services-public-registry: +2
    aa-one services-public-logging: +2
    bb-two is new
    bb-two control-plane-private: +3
    bb-two control-plane-public: +2
    bb-two kubernetes-api: +2
    bb-two infrastructure-required-abc09-xyz01: +3
    bb-two infrastructure-zones: +2
    bb-two services-private-registry: +2
    bb-two services-private-monitoring: +1
    bb-two services-private-monitoring-api: +1
    bb-two services-private-logging: +2
    bb-two services-private-logging-syslog: +1
    bb-two services-private-logging-syslog-udp: +1
    bb-two services-public-registry: +2
    bb-two services-public-logging: +2
    2 regions read at 111122223333 (2024-05-06): 2 changed; 3 files written
    "#);
    insta::assert_snapshot!(err, @r#"
    note: the region aa-one is new: set `displayName` and `singleZone` in its profile, upstream does not say them
    note: the region bb-two is new: set `displayName` and `singleZone` in its profile, upstream does not say them
    "#);

    let written = desk.profiles();
    assert_eq!(written.len(), 2);
    insta::assert_snapshot!(desk.import(&[]), @r#"2 regions read at 111122223333 (2024-05-06): nothing changed"#);
    assert_eq!(
        desk.profiles(),
        written,
        "not even the time of their last change differs"
    );

    // Names that a person has set stay.
    let path = desk.path().join("profiles/regions/bb-two.yaml");
    let text = fs::read_to_string(&path).expect("a profile");
    let text = text.replacen(
        "displayName: bb-two",
        "displayName: Example City\nsingleZone: [abc09]",
        1,
    );
    fs::write(&path, text).expect("the profile is written");

    desk.lay(
        &upstream
            .with_all(
                "private-network-isolation/bb-two/allow-private-service-endpoint",
                "192.0.2.10/32",
                "192.0.2.11/32\n      - 192.0.2.12/32",
            )
            .with_all(
                "private-network-isolation/bb-two/allow-egress-pods-private",
                "192.0.2.10/32",
                "192.0.2.11/32\n      - 192.0.2.12/32",
            )
            .with_all(
                "private-network-isolation/bb-two/private-ips",
                "192.0.2.10",
                "192.0.2.11\n192.0.2.12",
            )
            .with_all(
                "private-network-isolation/bb-two",
                "abc01, abc02",
                "abc01, abc02, abc03",
            )
            .with_all(
                "public-network-isolation/bb-two/allow-public-services",
                "      - 8443\n",
                "      - 8443\n      - 9443\n",
            )
            .with_all("sys-mgmt", "# abc02", "# abc03"),
    );
    insta::assert_snapshot!(desk.import(&["--dry-run"]), @r#"
    aa-one infrastructure-zones: +1 -1
      - 192.0.2.176/28 (abc02)
      + 192.0.2.176/28 (abc03)
    bb-two control-plane-private: +2 -1
      - 192.0.2.10/32
      + 192.0.2.11/32
      + 192.0.2.12/32
    bb-two infrastructure-zones: +1 -1
      - 192.0.2.176/28 (abc02)
      + 192.0.2.176/28 (abc03)
    bb-two services-public-registry.ports: +1
      + TCP 9443
    bb-two zones: +1
      + abc03
    2 regions read at 111122223333 (2024-05-06): 2 changed; 3 files would be written
    "#);
    let before = desk.profiles();
    assert_eq!(
        before[&desk.path().join("profiles/regions/aa-one.yaml")],
        written[&desk.path().join("profiles/regions/aa-one.yaml")]
    );
    let out = desk.import(&["--region", "bb-two"]);
    insta::assert_snapshot!(out, @r#"
    bb-two control-plane-private: +2 -1
      - 192.0.2.10/32
      + 192.0.2.11/32
      + 192.0.2.12/32
    bb-two infrastructure-zones: +1 -1
      - 192.0.2.176/28 (abc02)
      + 192.0.2.176/28 (abc03)
    bb-two services-public-registry.ports: +1
      + TCP 9443
    bb-two zones: +1
      + abc03
    1 region read at 111122223333 (2024-05-06): 1 changed; 2 files written
    "#);
    let after = desk.profiles();
    let text = &after[&path].0;
    insta::assert_snapshot!(text.lines().take(12).collect::<Vec<_>>().join("\n"), @r#"
    # The facts of bb-two (Example City), made by `palisade profile update`.
    # yaml-language-server: $schema=../../docs/schema/region-profile.json
    region: bb-two
    displayName: Example City
    zones:
    - abc01
    - abc02
    - abc03
    singleZone:
    - abc09
    controlPlane:
      private:
    "#);
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
}

#[test]
fn a_refusal_changes_nothing() {
    let desk = Desk::new();
    let upstream = Upstream::whole(&["aa-one", "bb-two"]);
    desk.lay(&upstream);
    desk.import(&[]);
    let before = desk.profiles();
    let broken = upstream
        .with_all("aa-one", "203.0.113.9/32", "203.0.113.10/32")
        .with(
            "bb-two/allow-sys-mgmt-private.yaml",
            "- 192.0.2.144/28",
            "- 192.0.2.145/28",
        );
    desk.lay(&broken);
    let mut told = Vec::new();
    for arguments in [vec![], vec!["--dry-run"]] {
        let (code, out, err) = desk.update(&[vec!["--from", "copy"], arguments].concat());
        assert_eq!((code, out.as_str()), (2, ""));
        told.push(err);
    }
    assert_eq!(told[0], told[1]);
    insta::assert_snapshot!(told[0], @r#"
    error: `192.0.2.145/28` has host bits set: the block is `192.0.2.144/28`
      --> copy/private-network-isolation/bb-two/allow-sys-mgmt-private.yaml:19:9
       |
    19 |       - 192.0.2.145/28
       |         ^^^^^^^^^^^^^^
    "#);
    assert_eq!(desk.profiles(), before);
}

#[test]
fn losses_need_a_word() {
    let desk = Desk::new();
    let upstream = Upstream::whole(&["aa-one"]);
    desk.lay(&upstream);
    desk.import(&[]);
    let before = desk.profiles();
    let less = upstream
        .with_all(
            "private",
            "      - 192.0.2.9/32\n      - 192.0.2.10/32\n",
            "",
        )
        .with("private-ips.md", "192.0.2.9\n192.0.2.10\n", "");
    desk.lay(&less);
    let (code, out, err) = desk.update(&["--from", "copy", "--region", "aa-one"]);
    assert_eq!((code, out.as_str()), (2, ""));
    insta::assert_snapshot!(err, @r#"
    error: upstream takes away more than a third of a list
     |
     = note: aa-one/control-plane-private would lose 2 of its 3: 192.0.2.9/32, 192.0.2.10/32
     = help: if that is right, say so with `--accept aa-one/control-plane-private`
    "#);
    assert_eq!(desk.profiles(), before);
    let accept = [
        "--region",
        "aa-one",
        "--accept",
        "aa-one/control-plane-private",
    ];
    insta::assert_snapshot!(desk.import(&accept), @r#"
    aa-one control-plane-private: -2
      - 192.0.2.9/32
      - 192.0.2.10/32
    1 region read at 111122223333 (2024-05-06): 1 changed; 2 files written
    "#);
    assert_ne!(desk.profiles(), before);
    let (code, _, err) =
        desk.update(&["--from", "copy", "--accept", "aa-one/control-plane-privat"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("did you mean `control-plane-private`"),
        "{err}"
    );
}

#[test]
fn a_repository_and_a_copy_of_it_say_the_same() {
    let desk = Desk::new();
    let upstream = Upstream::whole(&["aa-one"]);
    let repository = Repository::init_bare(desk.path().join("bare.git")).expect("a repository");
    repository
        .remote("origin", "git@example.com:policies.git")
        .expect("a remote");
    let commit = upstream.commit(&repository, 1_715_038_200).to_string();
    upstream.copy_to(&desk.path().join("copy"));
    let source = desk.path().join("copy/SOURCE.yaml");
    let text = fs::read_to_string(&source).expect("a text");
    fs::write(&source, text.replace(crate::upstream::COMMIT, &commit)).expect("a file");

    let url = format!("file://{}", desk.path().join("bare.git").display());
    for (from, folder) in [
        ("bare.git", "one"),
        (url.as_str(), "two"),
        ("copy", "three"),
    ] {
        desk.lay_platform(folder);
        let (code, _, err) = desk.update(&["--from", from, "--profiles", folder]);
        assert_eq!(code, 0, "{err}");
    }
    let read =
        |folder| fs::read(desk.path().join(folder).join("regions/aa-one.yaml")).expect("a file");
    assert_eq!(read("one"), read("two"));
    assert_eq!(read("one"), read("three"));
}

/// However a repository is spelled, the profiles say the same of it.
#[test]
fn every_spelling_of_a_repository_gives_the_same_bytes() {
    let desk = Desk::new();
    let upstream = Upstream::whole(&["aa-one"]);
    for (name, is_bare) in [("a tree", false), ("bare.git", true)] {
        let folder = desk.path().join(name);
        let repository = if is_bare {
            Repository::init_bare(&folder)
        } else {
            Repository::init(&folder)
        };
        upstream.commit(&repository.expect("a repository"), 1_715_038_200);
        let absolute = folder.display().to_string();
        let mut spellings = vec![
            name.to_owned(),
            format!("./{name}/"),
            format!("{name}/../{name}"),
            absolute.clone(),
            format!("file://{absolute}"),
            format!("file://localhost{}", absolute.replace(' ', "%20")),
        ];
        if !is_bare {
            spellings.push(format!("{name}/.git"));
        }
        let mut all = Vec::new();
        for (number, from) in spellings.iter().enumerate() {
            let profiles = format!("{name}-{number}");
            desk.lay_platform(&profiles);
            let (code, _, err) = desk.update(&["--from", from, "--profiles", &profiles]);
            assert_eq!(code, 0, "{from}: {err}");
            let file = desk.path().join(profiles).join("regions/aa-one.yaml");
            all.push(fs::read_to_string(file).expect("a profile"));
        }
        let canonical = folder.canonicalize().expect("a folder");
        let url = format!("file://{}", canonical.display()).replace(' ', "%20");
        assert!(
            all[0].contains(&format!("repository: {url}\n")),
            "{}",
            all[0]
        );
        assert!(all.iter().all(|text| *text == all[0]), "{spellings:?}");
    }
}

/// A group that loses half of its ports, and a region that loses half of its zones.
#[test]
fn ports_and_zones_need_a_word_too() {
    let desk = Desk::new();
    let upstream = Upstream::whole(&["aa-one"]);
    desk.lay(&upstream);
    desk.import(&[]);
    let before = desk.profiles();
    desk.lay(
        &upstream
            .with_all("public-services", "      - 8443\n", "")
            .with_all("service-endpoint", ": abc01, abc02", ": abc01")
            .with_all("egress-pods", ": abc01, abc02", ": abc01"),
    );
    let (code, out, err) = desk.update(&["--from", "copy"]);
    assert_eq!((code, out.as_str()), (2, ""));
    insta::assert_snapshot!(err, @r#"
    error: upstream takes away more than a third of 2 lists
     |
     = note: aa-one/services-public-registry.ports would lose 1 of its 2: TCP 8443
     = note: aa-one/zones would lose 1 of its 2: abc02
     = help: if that is right, say so with `--accept aa-one/services-public-registry.ports --accept aa-one/zones`
    "#);
    assert_eq!(desk.profiles(), before);
    let accept = [
        "--accept",
        "aa-one/services-public-registry.ports",
        "--accept",
        "aa-one/zones",
    ];
    insta::assert_snapshot!(desk.import(&accept), @r#"
    aa-one services-public-registry.ports: -1
      - TCP 8443
    aa-one zones: -1
      - abc02
    1 region read at 111122223333 (2024-05-06): 1 changed; 2 files written
    "#);
    let (code, _, err) = desk.update(&["--from", "copy", "--accept", "*/zones"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(err, @r#"
    error: `--accept */zones` names a list without its region
     |
     = help: lists are accepted region by region
    "#);
}

/// The lists of a made-up region.
const LISTS: [&str; 13] = [
    "control-plane-private",
    "control-plane-public",
    "kubernetes-api",
    "infrastructure-required-abc09-xyz01",
    "infrastructure-zones",
    "services-private-registry",
    "services-private-monitoring",
    "services-private-monitoring-api",
    "services-private-logging",
    "services-private-logging-syslog",
    "services-private-logging-syslog-udp",
    "services-public-registry",
    "services-public-logging",
];

/// An empty folder takes profiles as one does that is missing; one that holds something else is
/// the wrong one.
#[test]
fn folders_to_write_to() {
    let desk = Desk::new();
    desk.lay(&Upstream::whole(&["aa-one"]));
    fs::create_dir(desk.path().join("empty")).expect("a folder");
    fs::create_dir(desk.path().join("noted")).expect("a folder");
    fs::write(desk.path().join("noted/README.md"), "ours\n").expect("a file");
    // Nothing says there that addresses of documents may stand in these lists.
    let accepted: Vec<String> = LISTS
        .iter()
        .map(|l| format!("--accept=aa-one/{l}"))
        .collect();
    for folder in ["empty", "noted", "missing", "missing/too"] {
        let mut arguments = vec!["--from", "copy", "--profiles", folder];
        let (code, _, err) = desk.update(&arguments);
        assert_eq!(code, 2, "{folder}: {err}");
        arguments.extend(accepted.iter().map(String::as_str));
        let (code, _, err) = desk.update(&arguments);
        assert_eq!(code, 0, "{folder}: {err}");
        assert!(
            desk.path()
                .join(folder)
                .join("regions/aa-one.yaml")
                .exists()
        );
    }
    let (code, _, err) = desk.update(&["--from", "copy", "--profiles", "."]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(err, @r#"
    error: `copy/SOURCE.yaml` in `.` is not where a profile lies
     |
     = help: profiles are `platform.yaml`, `sources.yaml`, `lock.yaml`, `regions/REGION.yaml`, `ranges/NAME.yaml` and `baseline/NAME.yaml`
    "#);
}

#[test]
fn calls_that_are_wrong() {
    let desk = Desk::new();
    desk.lay(&Upstream::whole(&["aa-one"]));
    let mut all = Vec::new();
    for (arguments, expected) in [
        (&["--source", "cloudflare", "--rev", "v1"][..], 2),
        (&["--from", "copy", "--rev", "v1"], 2),
        (&["--from", "copy", "--region", "aa-on"], 2),
        (&["--from", "copy", "--region", "AA"], 2),
        (&["--from", "copy", "--accept", "aa-one"], 2),
        (&["--from", "copy", "--accept", "aa-on/zones"], 2),
        (
            &["--from", "copy", "--accept", "aa-one/alow-icmp-private"],
            2,
        ),
        (&["--from", "copy", "--accept", "*/deny-all-private"], 2),
        (&["--from", "nowhere"], 2),
        (&["--from", "https://github.com/IBM-Cloud/kube-samples"], 2),
        (&["--from", "copy", "--profiles", "copy/SOURCE.yaml"], 3),
    ] {
        let (code, out, err) = desk.update(arguments);
        assert_eq!(code, expected, "{arguments:?}: {err}");
        assert_eq!(out, "");
        all.push(format!("## {}\n{err}", arguments.join(" ")));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    ## --source cloudflare --rev v1
    error: `--rev` is one of the regions' repository, which is not read

    ## --from copy --rev v1
    error: `copy` is a copy of one commit, so there is no revision `v1`
     |
     = help: leave `--rev` out

    ## --from copy --region aa-on
    error: upstream has no region `aa-on`
     |
     = help: did you mean `aa-one`?

    ## --from copy --region AA
    error: invalid value 'AA' for '--region <REGION>': `AA` is not a name: use lower-case letters, digits and dashes, a letter or digit at both ends

    For more information, try '--help'.

    ## --from copy --accept aa-one
    error: invalid value 'aa-one' for '--accept <REGION/LIST|REGION/POLICY>': it is written REGION/LIST or REGION/POLICY, such as `us-south/control-plane-private`

    For more information, try '--help'.

    ## --from copy --accept aa-on/zones
    error: `--accept aa-on/zones` names no region that is read
     |
     = help: did you mean `aa-one`?

    ## --from copy --accept aa-one/alow-icmp-private
    error: `--accept aa-one/alow-icmp-private` names no list and no policy of the region
     |
     = help: did you mean `allow-icmp-private`, `allow-ibm-ports-private` or `allow-vrrp-private`?

    ## --from copy --accept */deny-all-private
    error: `--accept */deny-all-private` names no policy of the regions that are read
     |
     = help: did you mean `deny-all-private-default`, `allow-icmp-private` or `allow-vrrp-private`?

    ## --from nowhere
    error: `nowhere` does not exist

    ## --from https://github.com/IBM-Cloud/kube-samples
    error: `https://github.com/IBM-Cloud/kube-samples` is on another machine, and `--from` is on this one
     |
     = help: run `git clone https://github.com/IBM-Cloud/kube-samples kube-samples` and give `--from kube-samples`

    ## --from copy --profiles copy/SOURCE.yaml
    error: cannot read copy/SOURCE.yaml: Not a directory (os error 20)
    "#);
    assert_eq!(desk.profiles(), BTreeMap::new());
}

/// A profile in place that is broken is not overwritten unseen.
#[test]
fn a_broken_profile_in_place() {
    let desk = Desk::new();
    desk.lay(&Upstream::whole(&["aa-one"]));
    fs::create_dir_all(desk.path().join("profiles/regions")).expect("a folder");
    fs::write(
        desk.path().join("profiles/regions/aa-one.yaml"),
        "region: aa-one\nreg: x\n",
    )
    .expect("a file");
    let before = desk.profiles();
    let (code, _, err) = desk.update(&["--from", "copy"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(err, @r#"
    error: unknown key `reg`
     --> profiles/regions/aa-one.yaml:2:1
      |
    2 | reg: x
      | ^^^
      |
      = help: did you mean `region`?
    "#);
    assert_eq!(desk.profiles(), before);
}
