//! Every command that the documents show is run, and shows what they say it shows.
//!
//! A fenced block of the kind `console` is a session: lines that begin with `$ ` are commands, the
//! lines below are what they print. A line `...` stands for any lines, and ` ...` at the end of a line
//! for the rest of it. The blocks of one document run one after the other in one folder, which has the
//! project's `examples` and is a git repository where the document commits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons
)]

#[cfg(feature = "live")]
#[path = "../call/api_server.rs"]
mod api_server;
#[path = "../call/mod.rs"]
mod call;

use std::fs;
use std::path::Path;

use call::{Room, project};

#[test]
fn every_command_of_the_documents_shows_what_they_say() {
    let mut documents = vec![project("README.md")];
    documents.extend(markdown_below(&project("docs")));
    #[cfg(feature = "live")]
    let cluster = api_server::ApiServer::replaying("v3");
    let mut commands = 0;
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        let room = room_with_examples();
        #[cfg(feature = "live")]
        room.write("kubeconfig", cluster.kubeconfig_by_token());
        #[cfg(not(feature = "live"))]
        if text.contains("--kubeconfig kubeconfig") {
            continue;
        }
        if text.contains("$ palisade commit ") {
            make_repository(&room);
        }
        for block in blocks(&text) {
            commands += run(&room, &document, &block);
        }
    }
    assert!(commands > 0);
}

fn markdown_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(markdown_below(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn room_with_examples() -> Room {
    let room = Room::new();
    copy(&project("examples"), &room.path("examples"));
    room
}

/// Makes the room a repository with one commit of all that is in it, in which somebody commits.
fn make_repository(room: &Room) {
    let repository = git2::Repository::init(room.path("")).unwrap();
    let mut config = repository.config().unwrap();
    config.set_str("user.name", "Ann").unwrap();
    config.set_str("user.email", "ann@example.com").unwrap();
    let mut index = repository.index().unwrap();
    index
        .add_all(["*"], git2::IndexAddOption::DEFAULT, None)
        .unwrap();
    index.write().unwrap();
    let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
    let me = repository.signature().unwrap();
    repository
        .commit(Some("HEAD"), &me, &me, "examples", &tree, &[])
        .unwrap();
}

fn copy(from: &Path, to: &Path) {
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

/// The lines of every `console` block.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for line in text.lines() {
        match &mut open {
            None if line == "```console" => open = Some(Vec::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(lines) => lines.push(line),
        }
    }
    blocks
}

/// Runs the commands of a block and counts them.
fn run(room: &Room, document: &Path, block: &[&str]) -> usize {
    let mut commands = 0;
    let mut lines = block.iter().peekable();
    while let Some(line) = lines.next() {
        let command = line.strip_prefix("$ ").unwrap_or_else(|| {
            panic!(
                "{}: a block begins with `{line}`, not with a command",
                document.display()
            )
        });
        let mut expected = Vec::new();
        while let Some(shown) = lines.next_if(|line| !line.starts_with("$ ")) {
            expected.push(*shown);
        }
        let arguments = command
            .strip_prefix("palisade ")
            .or_else(|| command.strip_prefix("cargo run --release -- "))
            .unwrap_or_else(|| {
                panic!(
                    "{}: `{command}` is not a command of ours",
                    document.display()
                )
            });
        let ran = room.run(arguments);
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
        assert!(
            fits(&expected, &shown),
            "{}: `{command}` shows\n{}\nand not\n{}",
            document.display(),
            shown.join("\n"),
            expected.join("\n")
        );
        commands += 1;
    }
    commands
}

/// Whether `shown` is `expected`, in which a line `...` stands for any lines.
fn fits(expected: &[&str], shown: &[&str]) -> bool {
    match expected.split_first() {
        None => shown.is_empty(),
        Some((&"...", rest)) => (0..=shown.len()).any(|skip| fits(rest, &shown[skip..])),
        Some((line, rest)) => {
            let fits_line = |first: &&str| match line.strip_suffix(" ...") {
                Some(begin) => first.starts_with(begin),
                None => first == line,
            };
            shown.first().is_some_and(fits_line) && fits(rest, &shown[1..])
        }
    }
}
