//! The command, as users call it.

use crate::call::Room;

const CLEAN: &str = "\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: p
spec:
  order: 100
  selector: ibm.role == 'worker_private'
  types: [Egress]
  egress:
  - {action: Allow, protocol: TCP, destination: {nets: [10.1.0.0/16], ports: [443]}}
  - action: Deny
";

#[test]
fn exit_codes() {
    let room = Room::new();
    room.write("clean.yaml", CLEAN);
    let twice = CLEAN.replace("[10.1.0.0/16]", "[10.1.0.0/16, 10.1.2.0/24]");
    room.write("note.yaml", twice);
    let wide = CLEAN.replace("nets: [10.1.0.0/16], ", "");
    room.write("wide.yaml", wide);
    room.write("broken.yaml", "kind: [");
    for (line, code) in [
        ("audit clean.yaml", 0),
        ("audit note.yaml", 0),
        ("audit wide.yaml", 1),
        ("audit clean.yaml --baseline off", 1),
        ("audit", 2),
        ("audit broken.yaml", 2),
        ("audit clean.yaml --wide 33", 2),
        ("audit clean.yaml --as-of yesterday", 2),
        ("audit missing.yaml", 3),
    ] {
        assert_eq!(room.run(line).code, code, "{line}: {:?}", room.run(line));
    }
    let silent = room.run("audit clean.yaml");
    assert_eq!(silent.stdout, "");
    assert_eq!(silent.stderr, "1 file, nothing to say\n");
}

#[test]
fn comments_silence() {
    let room = Room::new();
    let wide = CLEAN.replace("nets: [10.1.0.0/16], ", "");
    let meant = wide.replace(
        "  egress:\n",
        "  egress:\n  # palisade:ignore wide-rule -- all of it\n",
    );
    let other = meant.replace("wide-rule", "opposed-rule");
    room.write("meant.yaml", meant);
    room.write("other.yaml", other);
    assert_eq!(room.run("audit meant.yaml").code, 0);
    assert_eq!(room.run("audit other.yaml").code, 1);
}

#[test]
fn every_format_tells_the_same() {
    let room = Room::new();
    room.write("x.yaml", CLEAN.replace("nets: [10.1.0.0/16], ", ""));
    let json: serde_json::Value =
        serde_json::from_str(&room.run("audit x.yaml -o json").stdout).unwrap();
    assert_eq!(json["summary"]["warnings"], 1);
    assert_eq!(json["findings"][0]["code"], "wide-rule");
    assert_eq!(json["findings"][0]["line"], 10);
    let sarif: serde_json::Value =
        serde_json::from_str(&room.run("audit x.yaml -o sarif").stdout).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "wide-rule");
    let junit = room.run("audit x.yaml -o junit").stdout;
    assert!(junit.contains("wide-rule"), "{junit}");
}

/// What upstream has of rules that do nothing: the figures stand in docs/audit.md.
#[test]
fn the_rendered_sets() {
    let room = Room::new();
    let counts = |line: &str| {
        let told: serde_json::Value = serde_json::from_str(&room.run(line).stdout).unwrap();
        let findings = told["findings"].as_array().unwrap();
        let of = |code: &str| findings.iter().filter(|f| f["code"] == code).count();
        [
            "rule-without-effect",
            "entry-without-effect",
            "opposed-rule",
            "policy-without-endpoints",
            "wide-rule",
            "twin-lists-differ",
        ]
        .map(of)
    };
    for (arguments, expected) in [
        ("--private", [9, 2, 0, 0, 7, 0]),
        ("--public", [7, 8, 0, 0, 10, 0]),
        ("", [23, 9, 0, 0, 15, 0]),
        ("--private --baseline off", [11, 2, 0, 0, 7, 0]),
    ] {
        let line = format!("audit --region us-south {arguments} -o json");
        assert_eq!(counts(&line), expected, "{arguments}");
    }
}

/// Without the platform's own policies what denies all on the private network looks as if it did
/// nothing.
#[test]
fn the_denial_on_the_private_network() {
    let room = Room::new();
    let is_told = |line: &str| {
        room.run(line)
            .stdout
            .contains("deny-all-private-default changes")
    };
    assert!(!is_told("audit --region us-south --private"));
    assert!(is_told("audit --region us-south --private --baseline off"));
}
