//! A repository in which the scripts of `examples/integrations` run, with stubs for what they call.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::call::{Ran, Room, project, tool};

/// A token that nothing may show.
pub const TOKEN: &str = "glpat-0aVeryS3cretToken";

/// The target of most tests: small, and on one network.
pub const TARGET: &str = "--cluster clusters/billing.yaml --workers nodes/billing.yaml";

/// The example's facts and plain files, committed on `main`.
pub struct Repository {
    pub room: Room,
}

impl Repository {
    pub fn new() -> Self {
        let room = Room::new();
        for folder in ["clusters", "intents", "nodes", "plain"] {
            copy(
                &project(&format!("examples/gitops/{folder}")),
                &room.path(&format!("repository/{folder}")),
            );
        }
        // The other cluster is no business of these tests.
        fs::remove_dir_all(room.path("repository/plain/clusters/orders")).unwrap();
        let own = Self { room };
        own.git(&["init", "--quiet", "--initial-branch=main"]);
        own.commit();
        own
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = tool("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@team.example"])
            .args(arguments)
            .current_dir(self.room.path("repository"))
            .env("HOME", self.room.path(""))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "A change"]);
    }

    /// Runs `palisade` there.
    pub fn palisade(&self, line: &str) {
        let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(line.split_whitespace())
            .current_dir(self.room.path("repository"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}");
    }

    /// A program in front of all others on the path.
    pub fn stub(&self, name: &str, script: &str) {
        let path = format!("stubs/{name}");
        self.room.write(&path, script);
        fs::set_permissions(self.room.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a script of `examples/integrations` with these variables and no others but those that say
    /// where things are.
    pub fn run(&self, script: &str, variables: &[(&str, &str)]) -> Ran {
        let folder = self.room.path("repository");
        let path = std::env::var("PATH").unwrap();
        let output = tool("bash")
            .arg(project(&format!("examples/integrations/{script}")))
            .current_dir(&folder)
            .env_clear()
            .env(
                "PATH",
                format!("{}:{path}", self.room.path("stubs").display()),
            )
            .env("HOME", self.room.path(""))
            .env("STATE", self.room.path("state"))
            .env("PALISADE_BINARY", env!("CARGO_BIN_EXE_palisade"))
            .env("PALISADE_REPORT", self.room.path("report"))
            .env("PALISADE_OUTPUT", "plain")
            .env("PALISADE_TARGETS", TARGET)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ran.stdout.contains(TOKEN) && !ran.stderr.contains(TOKEN));
        ran
    }

    /// An edit by hand that `gen --check` finds.
    pub fn edit(&self) {
        let path = "repository/plain/clusters/billing/private/allow-icmp-private.yaml";
        let text = self.room.read(path).replace("order: 1500", "order: 1501");
        self.room.write(path, text);
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
