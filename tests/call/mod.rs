//! Running the command as a user does, in a folder of its own.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A folder of its own, in which commands run.
pub struct Room(TempDir);

impl Room {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Every file below `folder`, by path, with its bytes.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(folder), &self.path(folder), &mut files);
        files
    }

    /// Starts `palisade` with the words of `line`, silent.
    pub fn spawn(&self, line: &str) -> std::process::Child {
        command(self.0.path(), line)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Runs `palisade` with the words of `line`.
    pub fn run(&self, line: &str) -> Ran {
        self.run_with(line, b"")
    }

    /// Runs `palisade` with the words of `line`, `stdin` and these variables.
    pub fn run_in(&self, line: &str, stdin: &[u8], variables: &[(&str, &str)]) -> Ran {
        let mut command = command(self.0.path(), line);
        command.envs(variables.iter().copied());
        ran(command, stdin)
    }

    /// Runs `palisade` with the words of `line` and `stdin`.
    pub fn run_with(&self, line: &str, stdin: &[u8]) -> Ran {
        ran(command(self.0.path(), line), stdin)
    }
}

fn ran(mut command: Command, stdin: &[u8]) -> Ran {
    use std::io::Write as _;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input closes the pipe; that is no failure.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_clear()
        // Nothing of whoever runs the tests, a kubeconfig least of all.
        .env("HOME", folder)
        .env("NO_COLOR", "1");
    command
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let below = path.strip_prefix(root).unwrap().to_str().unwrap();
            files.insert(below.to_owned(), fs::read(&path).unwrap());
        }
    }
}

/// A program that tests need besides ours. A test that went without it would prove nothing.
pub fn tool(name: &str) -> Command {
    let is_there = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(name).is_file());
    assert!(
        is_there,
        "this test runs `{name}`, which is not on the path: `.ci/run` installs it"
    );
    Command::new(name)
}

/// What kustomize builds of a folder.
pub fn kustomize_build(folder: &Path) -> String {
    let output = tool("kubectl")
        .arg("kustomize")
        .arg(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", folder.display());
    String::from_utf8(output.stdout).unwrap()
}

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
