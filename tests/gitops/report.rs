//! What the steps come to: exit codes, and the report for people and machines.

use crate::repository::{Repository, TARGET};

/// What is done to a repository before, the variables, the exit code, and a row of the table.
type Case<'a> = (fn(&Repository), &'a [(&'a str, &'a str)], i32, &'a str);

#[test]
fn the_exit_code_is_the_greatest_of_all_steps() {
    let intents = format!("{TARGET} --intents wrong.yaml");
    let two = format!("{TARGET}\n--region nowhere");
    let cases: [Case<'_>; 9] = [
        (
            |_| {},
            &[],
            0,
            "| `gen --check` | `--cluster clusters/billing.yaml --workers nodes/billing.yaml` | ✅ as it would be written |",
        ),
        (
            |_| {},
            &[("PALISADE_BASE", "main")],
            0,
            "| `diff` | `plain/clusters/billing` | ✅ no difference |",
        ),
        (
            Repository::edit,
            &[],
            1,
            "| ❌ not as it would be written, or not proven |",
        ),
        (
            Repository::edit,
            &[("PALISADE_BASE", "main")],
            1,
            "| `diff` | `plain/clusters/billing` | 🔶 differs, see below |",
        ),
        (|_| {}, &[("PALISADE_TARGETS", &intents)], 1, "2 refuted |"),
        (
            |_| {},
            &[("PALISADE_TARGETS", &two)],
            2,
            "| `gen --check` | `--region nowhere` | ⛔ error, exit code 2 |",
        ),
        (
            |_| {},
            &[("PALISADE_TARGETS", "--cluster none.yaml")],
            3,
            "| `verify` | `--cluster none.yaml` | ⛔ error, exit code 3 |",
        ),
        (
            |_| {},
            &[("PALISADE_BASE", "nowhere")],
            3,
            "| `diff` | `nowhere` | ⛔ error, exit code 3 |",
        ),
        (
            |_| {},
            &[("PALISADE_ARGUMENTS", "--layout flux")],
            2,
            "⛔ error, exit code 2 |",
        ),
    ];
    for (change, variables, code, row) in cases {
        let repository = Repository::new();
        repository.room.write(
            "repository/wrong.yaml",
            "intents:\n- {name: never, expect: deny, from: {pods: {}}, to: {nets: [192.0.2.0/24]}}\n",
        );
        change(&repository);
        let ran = repository.run("check.sh", variables);
        assert_eq!(
            ran.code, code,
            "{variables:?}: {}{}",
            ran.stdout, ran.stderr
        );
        let comment = repository.room.read("report/comment.md");
        assert!(comment.contains(row), "{variables:?}: {comment}");
    }
}

/// The rendered files without ICMP, where the base has it.
fn changed() -> Repository {
    let repository = Repository::new();
    repository.palisade(&format!("gen {TARGET} --strict -o plain"));
    repository
}

#[test]
fn a_difference_is_a_finding_where_that_is_asked() {
    let repository = changed();
    for (fail, code) in [("false", 0), ("true", 1)] {
        let ran = repository.run(
            "check.sh",
            &[
                ("PALISADE_BASE", "main"),
                ("PALISADE_TARGETS", &format!("{TARGET} --strict")),
                ("PALISADE_FAIL_ON_DIFFERENCE", fail),
            ],
        );
        assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
        let comment = repository.room.read("report/comment.md");
        assert!(comment.contains("closes: "), "{comment}");
    }
}

#[test]
fn what_the_base_lacks_is_new_and_what_is_gone_is_told() {
    let repository = Repository::new();
    repository.palisade("gen --region eu-de --private -o plain");
    std::fs::remove_dir_all(repository.room.path("repository/plain/clusters/billing")).unwrap();
    let ran = repository.run(
        "check.sh",
        &[
            ("PALISADE_BASE", "main"),
            ("PALISADE_TARGETS", "--region eu-de --private"),
        ],
    );
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let comment = repository.room.read("report/comment.md");
    assert!(
        comment.contains("| `diff` | `plain/eu-de` | 🔶 is new, all of it |"),
        "{comment}"
    );
    assert!(
        comment.contains("| `diff` | `plain/clusters/billing` | 🔶 is gone, all of it |"),
        "{comment}"
    );
}

/// The rows of the comment's first table that are not of `gen --check` and of what would be rendered.
fn rows_of_files(comment: &str) -> Vec<&str> {
    let table = comment.lines().skip_while(|line| !line.starts_with("| "));
    table
        .take_while(|line| line.starts_with('|'))
        .filter(|line| {
            ["| `verify` files", "| `diff`", "| files"]
                .iter()
                .any(|step| line.starts_with(step))
        })
        .collect()
}

/// A policy before all others that lets everything through.
const LOOSE: &str = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\n\
    metadata: {name: loose}\nspec:\n  order: 1\n  types: [Ingress, Egress]\n\
    \x20 ingress: [{action: Allow}]\n  egress: [{action: Allow}]\n";

#[test]
fn a_policy_that_no_fact_asks_for_is_told_wherever_it_lies() {
    const PROVED: &str = "| `verify` files | `plain/clusters/billing` | ✅ 62 intents in 2 cases: 60 proved, 2 empty |";
    const SAME: &str = "| `diff` | `plain/clusters/billing` | ✅ no difference |";
    const NO_FOLDER: &str = "🔶 is in no folder of a cluster or region: nothing is proven of it |";
    const NEW: &str = "🔶 is new, all of it; no target has it, so nothing is proven of it |";
    const FORGED: &str = "❌ not shown: a path has a line break or another control character |";
    let row = |step: &str, of: &str, said: &str| format!("| {step} | `{of}` | {said}");
    let cases = [
        (
            "README.md",
            0,
            "as it should be",
            vec![PROVED.to_owned(), SAME.to_owned()],
        ),
        (
            "loose.yaml",
            0,
            "there is something to look at",
            vec![
                PROVED.to_owned(),
                row("files", "plain/loose.yaml", NO_FOLDER),
                row("`diff`", "plain/loose.yaml", NEW),
                SAME.to_owned(),
            ],
        ),
        (
            "clusters/loose.yaml",
            0,
            "there is something to look at",
            vec![
                PROVED.to_owned(),
                SAME.to_owned(),
                row("files", "plain/clusters/loose.yaml", NO_FOLDER),
                row("`diff`", "plain/clusters/loose.yaml", NEW),
            ],
        ),
        (
            "extra/loose.yaml",
            0,
            "there is something to look at",
            vec![
                PROVED.to_owned(),
                row("`diff`", "plain/extra", NEW),
                SAME.to_owned(),
            ],
        ),
        (
            "x\n## hi/loose.yaml",
            1,
            "there is something to look at",
            vec![
                PROVED.to_owned(),
                row("`diff`", "plain/x ## hi", FORGED),
                SAME.to_owned(),
            ],
        ),
        (
            "clusters/billing/x\n## hi.yaml",
            1,
            "there is something to look at",
            vec![
                row("`verify` files", "plain/clusters/billing", FORGED),
                row("`diff`", "plain/clusters/billing", FORGED),
            ],
        ),
    ];
    for (path, code, heading, rows) in cases {
        let repository = Repository::new();
        repository
            .room
            .write(&format!("repository/plain/{path}"), LOOSE);
        let ran = repository.run("check.sh", &[("PALISADE_BASE", "main")]);
        assert_eq!(ran.code, code, "{path:?}: {}{}", ran.stdout, ran.stderr);
        let comment = repository.room.read("report/comment.md");
        assert!(
            comment.contains(&format!("\n## Palisade: {heading}\n")),
            "{comment}"
        );
        assert!(!comment.contains("\n## hi"), "{comment}");
        assert_eq!(rows_of_files(&comment), rows, "{path:?}");
        assert_eq!(
            comment.contains("| added | GlobalNetworkPolicy | `loose` |"),
            rows.iter().any(|row| row.ends_with(NEW)),
            "{path:?}: {comment}"
        );
    }
}

#[test]
fn what_lies_in_a_folder_of_a_target_is_proven_as_it_is() {
    let repository = Repository::new();
    repository.room.write(
        "repository/plain/clusters/billing/private/loose.yaml",
        LOOSE,
    );
    let ran = repository.run("check.sh", &[("PALISADE_BASE", "main")]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let comment = repository.room.read("report/comment.md");
    assert_eq!(
        rows_of_files(&comment),
        [
            "| `verify` files | `plain/clusters/billing` | ❌ 62 intents in 2 cases: 52 proved, 2 empty, 8 refuted |",
            "| `diff` | `plain/clusters/billing` | 🔶 differs, see below |",
        ]
    );
    // What is rendered holds, so only the files' findings are there, and `diff` asks the target's intents.
    let whole = repository.room.read("report/summary.md");
    assert_eq!(whole.matches("<summary>no longer holds: <b>").count(), 5);
    let sarif: serde_json::Value =
        serde_json::from_str(&repository.room.read("report/palisade.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 8);
}

#[test]
fn words_behind_a_double_dash_are_for_gen_alone() {
    let repository = Repository::new();
    let ran = repository.run(
        "check.sh",
        &[(
            "PALISADE_TARGETS",
            &format!("# all\n\n  {TARGET} -- --no-verify"),
        )],
    );
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout
            .contains("--output=plain --check\nnote: nothing was proven"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_comment_is_never_too_long_and_says_that_it_was_cut() {
    let repository = Repository::new();
    let mut targets = String::new();
    for region in ["us-south", "eu-de", "jp-tok"] {
        repository.palisade(&format!(
            "gen --region {region} --strict --no-verify -o plain"
        ));
        targets.push_str(&format!("--region {region}\n"));
    }
    repository.commit();
    for region in ["us-south", "eu-de", "jp-tok"] {
        repository.palisade(&format!(
            "gen --region {region} --minimize --no-verify -o plain"
        ));
    }
    let ran = repository.run(
        "check.sh",
        &[("PALISADE_BASE", "main"), ("PALISADE_TARGETS", &targets)],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let comment = repository.room.read("report/comment.md");
    assert!(comment.len() <= 65_000, "{}", comment.len());
    assert!(comment.contains("**Cut here**"), "{comment}");
    assert_eq!(
        comment.matches("<details>").count(),
        comment.matches("</details>").count()
    );
    let summary = repository.room.read("report/summary.md");
    assert!(summary.len() > comment.len() && summary.len() <= 900_000);
}

#[test]
fn sarif_is_one_run_with_places_from_the_top_of_the_repository() {
    let repository = Repository::new();
    repository.room.write(
        "repository/wrong.yaml",
        "intents:\n- {name: never, expect: deny, from: {pods: {}}, to: {nets: [192.0.2.0/24]}}\n",
    );
    let targets = format!("{TARGET} --intents wrong.yaml\n{TARGET}");
    let ran = repository.run(
        "check.sh",
        &[
            ("PALISADE_TARGETS", &targets),
            ("PALISADE_PREFIX", "sub folder"),
        ],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let sarif: serde_json::Value =
        serde_json::from_str(&repository.room.read("report/palisade.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"].as_array().unwrap().len(), 1);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(
        results.len(),
        2,
        "with the platform's own policies and without: {results:?}"
    );
    let at = |place: &serde_json::Value| {
        place["physicalLocation"]["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(at(&results[0]["locations"][0]), "sub%20folder/wrong.yaml");
    let policy = at(&results[0]["relatedLocations"][0]);
    assert!(
        policy.starts_with("sub%20folder/plain/clusters/billing/private/"),
        "{policy}"
    );
    let junit = repository.room.read("report/verify-1.junit.xml");
    assert!(junit.contains("<testsuites ") && junit.contains("never"));
}

#[test]
fn nothing_of_what_it_is_told_is_evaluated() {
    let repository = Repository::new();
    repository.git(&["branch", "$(touch${IFS}pwned);`touch${IFS}pwned`|x"]);
    let words = "--cluster clusters/billing.yaml;touch pwned $(touch pwned) `touch pwned` *";
    let cases: [&[(&str, &str)]; 5] = [
        &[("PALISADE_BASE", "$(touch${IFS}pwned);`touch${IFS}pwned`|x")],
        &[("PALISADE_BASE", "--output=pwned")],
        &[("PALISADE_TARGETS", words)],
        &[("PALISADE_ARGUMENTS", "$(touch pwned) ; touch pwned")],
        &[
            ("PALISADE_OUTPUT", "x;touch pwned;$(touch pwned)"),
            ("PALISADE_BASE", "main"),
        ],
    ];
    for variables in cases {
        let ran = repository.run("check.sh", variables);
        assert!(
            !repository.room.path("repository/pwned").exists(),
            "{variables:?}"
        );
        assert!((0..=3).contains(&ran.code), "{variables:?}: {}", ran.stderr);
    }
    for output in ["/etc", "../up", "a/../../b", ""] {
        let ran = repository.run("check.sh", &[("PALISADE_OUTPUT", output)]);
        let expected = if output.is_empty() { 1 } else { 2 };
        assert_eq!(ran.code, expected, "{output:?}: {}", ran.stderr);
    }
}

#[test]
fn a_path_cannot_leave_its_block_of_code() {
    let repository = Repository::new();
    let name = "````|<script>.yaml";
    repository
        .room
        .write(&format!("repository/{name}"), "```\nname: [\n");
    let ran = repository.run(
        "check.sh",
        &[("PALISADE_TARGETS", &format!("--cluster {name}"))],
    );
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let comment = repository.room.read("report/comment.md");
    assert!(
        comment.contains("`--cluster ''''\\|<script>.yaml`"),
        "{comment}"
    );
    assert!(comment.contains("\n`````text\n"), "{comment}");
}
