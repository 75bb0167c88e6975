//! What bad input gets.

use std::fmt::Write as _;
use std::fs::File;

use palisade::finding::Severity;

use crate::call::Room;
use crate::{linted, places};

const SET: &str = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: a}\n";

fn only(text: &str) -> (String, String) {
    let findings = linted(text, "3.33");
    assert_eq!(findings.len(), 1, "{findings:?}");
    (places(&findings)[0].clone(), findings[0].message.clone())
}

#[test]
fn a_file_of_200_mebibytes_is_refused() {
    let room = Room::new();
    room.write("good.yaml", SET);
    // Sparse: it takes no room, and reading it whole would take some.
    let file = File::create(room.path("large.yaml")).unwrap();
    file.set_len(200 << 20).unwrap();
    let ran = room.run("lint .");
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("longer than 64 MiB"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "1 error in 2 files\n");
}

#[test]
fn ten_thousand_levels_are_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let text = format!("a: {}{}", open.repeat(10_000), close.repeat(10_000));
        let (place, _) = only(&text);
        assert!(place.ends_with("yaml-syntax"), "{place}");
    }
    let mut text = String::new();
    for level in 0..10_000 {
        let _ = writeln!(text, "{}a:", " ".repeat(level));
    }
    let (place, _) = only(&text);
    assert!(place.ends_with("yaml-syntax"), "{place}");
}

#[test]
fn a_bomb_of_aliases_does_not_go_off() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    let (place, message) = only(&text);
    assert!(place.ends_with("yaml-syntax"), "{place}");
    assert!(message.contains("aliases"), "{message}");
}

#[test]
fn what_is_no_text_is_told() {
    let (place, message) = only("a: b\nc: \0\n");
    assert_eq!(place, "2:4 yaml-syntax");
    assert!(message.contains("NUL"), "{message}");
    let room = Room::new();
    room.write("latin.yaml", b"# Stra\xdfe\n");
    let ran = room.run("lint latin.yaml");
    assert!(ran.stdout.contains("is no UTF-8"), "{}", ran.stdout);
    // UTF-16 with its mark.
    room.write("wide.yaml", b"\xff\xfea\0:\0 \0b\0");
    assert_eq!(room.run("lint wide.yaml").code, 2);
}

#[test]
fn marks_and_line_ends_of_other_systems_are_taken() {
    assert!(linted(&format!("\u{feff}{SET}"), "3.33").is_empty());
    assert!(linted(&SET.replace('\n', "\r\n"), "3.33").is_empty());
    let bad = format!("\u{feff}{}", SET.replace("name: a", "name: A")).replace('\n', "\r\n");
    assert_eq!(only(&bad).0, "3:18 object-name");
}

#[test]
fn tabs_are_refused() {
    let (place, _) = only("apiVersion: v1\nkind: Namespace\nmetadata:\n\tname: a\n");
    assert!(place.ends_with("yaml-syntax"), "{place}");
}

#[test]
fn json_is_read_as_it_is() {
    let text = "{\n\t\"apiVersion\": \"projectcalico.org/v3\",\n\t\"kind\": \"GlobalNetworkSet\",\n\t\"metadata\": {\"name\": \"A\"}\n}\n";
    assert_eq!(only(text).0, "4:23 object-name");
    assert!(linted(&text.replace("\"A\"", "\"a\""), "3.33").is_empty());
}

#[test]
fn a_broken_document_does_not_hide_the_next() {
    let bad = SET.replace("name: a", "name: A");
    let text = format!("{bad}---\na: [\n---\n{}", bad.replace("name: A", "name: B"));
    let findings = linted(&text, "3.33");
    let codes: Vec<&str> = findings.iter().map(|f| f.code.word()).collect();
    assert_eq!(
        codes.iter().filter(|code| **code == "yaml-syntax").count(),
        1,
        "{codes:?}"
    );
    let names = codes.iter().filter(|code| **code == "object-name").count();
    assert_eq!(names, 2, "{:?}", places(&findings));
}

#[test]
fn lists_are_opened() {
    let item = "apiVersion: projectcalico.org/v3\n  kind: GlobalNetworkSet\n  metadata: {name: A}";
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {item}\n- {}\n",
        item.replace('A', "B")
    );
    assert_eq!(
        places(&linted(&list, "3.33")),
        ["6:20 object-name", "9:20 object-name"]
    );
    let own = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSetList\nitems:\n- metadata: {name: A}\n";
    assert_eq!(places(&linted(own, "3.33")), ["4:20 object-name"]);
}

#[test]
fn nothing_at_all_is_nothing_to_say() {
    for text in ["", "\n", "---\n---\n", "# a comment\n", "null\n"] {
        assert!(linted(text, "3.33").is_empty(), "{text:?}");
    }
    for text in ["a\n", "[]\n", "5\n", "{}\n"] {
        assert_eq!(only(text).0, "1:1 not-an-object", "{text:?}");
    }
}

/// kubectl reads YAML 1.1, keys too.
#[test]
fn what_dialects_read_differently() {
    let ambiguous = |labels: &str| {
        let text = SET.replace("name: a", &format!("name: a, labels: {{{labels}}}"));
        let findings = linted(&text, "3.33");
        let codes = findings
            .iter()
            .filter(|f| f.code.word() == "ambiguous-scalar");
        codes.map(|f| f.place.span.column).collect::<Vec<_>>()
    };
    assert_eq!(ambiguous("a: on, b: \"on\", c: one, d: 'no'"), [33]);
    assert_eq!(ambiguous("on: a, \"off\": b, y: c"), [30, 47]);
    assert_eq!(
        ambiguous("a: 1_000, b: 010, c: 08, d: 1.5, e: 0x1F, f: true"),
        [33, 43]
    );
    assert_eq!(
        ambiguous("1_0: a, 1.50: b, 15: c, app-1.0: d, True: e"),
        [30, 38, 66]
    );
}

/// Values of every wrong shape in every place: told, and no more than that.
#[test]
fn wrong_shapes_are_told() {
    for wrong in [
        "5",
        "a",
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "true",
        "[5, a, {b: c}]",
    ] {
        for field in [
            "types",
            "ingress",
            "selector",
            "order",
            "preDNAT",
            "performanceHints",
            "tier",
        ] {
            let text = format!(
                "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: a}}\nspec: {{{field}: {wrong}}}\n"
            );
            linted(&text, "3.33");
        }
        for field in [
            "source",
            "protocol",
            "icmp",
            "http",
            "action",
            "metadata",
            "ipVersion",
        ] {
            let text = format!(
                "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: a}}\nspec: {{ingress: [{{{field}: {wrong}}}]}}\n"
            );
            linted(&text, "3.33");
        }
        for object in ["metadata", "spec", "kind", "apiVersion"] {
            let text = format!(
                "apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {{name: a}}\n{object}: {wrong}\n"
            );
            linted(&text, "3.33");
        }
    }
}

/// Many policies of one order that allow and deny, and many of one name.
#[test]
fn many_policies_are_read() {
    let mut text = String::new();
    for index in 0..2_000 {
        let action = if index % 2 == 0 { "Allow" } else { "Deny" };
        let _ = write!(
            text,
            "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: p{index}}}\nspec: {{selector: a == 'b{index}', types: [Ingress], ingress: [{{action: {action}}}]}}\n"
        );
    }
    assert!(linted(&text, "3.33").is_empty());
    let same = text
        .replace("a == 'b", "b == 'b")
        .replace("name: p", "name: p, labels: {b: ''}, x: p");
    let findings = linted(&same, "3.33");
    assert_eq!(
        findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .count(),
        1_999
    );
}
