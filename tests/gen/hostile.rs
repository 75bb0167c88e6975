//! Input that is meant to hurt, and input that only looks odd.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use crate::call::{Room, project};

fn refused(room: &Room, line: &str, expected: &str) {
    let ran = room.run(line);
    assert_eq!(ran.code, 2, "{line}: {}", ran.stderr);
    assert!(ran.stderr.contains(expected), "{line}: {}", ran.stderr);
    assert!(!room.path("generated").exists());
}

#[test]
fn a_file_of_200_megabytes_is_not_read_to_its_end() {
    let room = Room::new();
    let file = File::create(room.path("big.yaml")).unwrap();
    file.set_len(200 << 20).unwrap();
    let expected = "big.yaml is longer than 64 MiB, the most that is read of one file";
    refused(&room, "gen --cluster big.yaml", expected);
    refused(&room, "gen --region us-south --workers big.yaml", expected);
}

#[test]
fn ten_thousand_levels_are_too_deep() {
    let room = Room::new();
    let deep = format!("kind: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    room.write("deep.yaml", deep);
    refused(
        &room,
        "gen --region us-south --workers deep.yaml",
        "deep.yaml:1:",
    );
    refused(&room, "gen --cluster deep.yaml", "deep.yaml:1:");
    let block: String = (0..10_000)
        .map(|level| format!("{}k:\n", " ".repeat(level)))
        .collect();
    room.write("block.yaml", block);
    refused(
        &room,
        "gen --region us-south --workers block.yaml",
        "block.yaml:",
    );
}

#[test]
fn a_bomb_of_aliases_does_not_go_off() {
    let room = Room::new();
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='k').zip('a'..='j') {
        let ten = vec![format!("*{before}"); 10].join(", ");
        bomb.push_str(&format!("{name}: &{name} [{ten}]\n"));
    }
    room.write("bomb.yaml", bomb);
    refused(
        &room,
        "gen --region us-south --workers bomb.yaml",
        "the text holds more values than are read, its aliases followed",
    );
    refused(&room, "gen --cluster bomb.yaml", "bomb.yaml:1:1");
}

#[test]
fn what_is_no_text_is_refused() {
    let room = Room::new();
    room.write("nul.yaml", "name: a\0b\n");
    refused(
        &room,
        "gen --cluster nul.yaml",
        "a NUL byte stands in the text, so it is no YAML\n --> nul.yaml:1:8",
    );
    refused(
        &room,
        "gen --region us-south --workers nul.yaml",
        "nul.yaml:1:8",
    );
    room.write("latin.yaml", b"name: caf\xe9\n");
    refused(
        &room,
        "gen --cluster latin.yaml",
        "latin.yaml is no text: byte 9 is no UTF-8",
    );
    fs::create_dir(room.path("folder.yaml")).unwrap();
    refused(
        &room,
        "gen --cluster folder.yaml",
        "folder.yaml is a folder, and a file is wanted",
    );
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_accepted() {
    let (plain, odd) = (Room::new(), Room::new());
    let profile = fs::read_to_string(project("examples/clusters/public-gateway.yaml")).unwrap();
    plain.write("c.yaml", &profile);
    odd.write(
        "c.yaml",
        format!("\u{feff}{}", profile.replace('\n', "\r\n")),
    );
    assert_eq!(plain.run("gen --cluster c.yaml").code, 0);
    let ran = odd.run("gen --cluster c.yaml");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(plain.files("generated"), odd.files("generated"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["gen", "--region", "all", "-o", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
