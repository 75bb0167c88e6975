//! The action's script against a stub of `gh` that keeps comments.

use serde_json::{Value, json};

use crate::call::Ran;
use crate::repository::{Repository, TOKEN};

/// Keeps comments in `comments.json` as GitHub does, in pages of one, and what it was asked in `calls`.
const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
cd "$STATE"
printf '%s\n' "$*" | head -n 1 >>calls
[[ $GH_TOKEN == glpat-* ]]
if [[ -f refusal ]]; then cat refusal >&2; exit 1; fi
if [[ $* == *--input* ]]; then
  cat >input.json
  jq --slurpfile asked input.json '
    $asked[0] as $asked | $asked.variables as $v
    | if $asked.query | contains("addComment")
      then . + [{id: "C_\(length)", body: $v.body, viewerDidAuthor: true, on: $v.id}]
      else map(if .id == $v.id then .body = $v.body else . end) end' comments.json >next.json
  mv next.json comments.json
else
  jq -c '
    def page: {data: {repository: {pullRequest: {id: "PR_7", comments: {nodes: .}}}}};
    if . == [] then [] | page else .[] | [.] | page end' comments.json
fi
"#;

fn repository(comments: &Value) -> Repository {
    let repository = Repository::new();
    repository.stub("gh", GH);
    repository
        .room
        .write("state/comments.json", comments.to_string());
    repository
}

fn run(repository: &Repository, more: &[(&str, &str)]) -> Ran {
    let summary = repository.room.path("summary").display().to_string();
    let output = repository.room.path("output").display().to_string();
    let mut variables = vec![
        ("GH_TOKEN", TOKEN),
        ("GITHUB_REPOSITORY", "team/policies"),
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ("GITHUB_OUTPUT", output.as_str()),
        ("PALISADE_PULL", "7"),
    ];
    variables.extend(more);
    repository.run("github.sh", &variables)
}

fn comments(repository: &Repository) -> Vec<Value> {
    serde_json::from_str(&repository.room.read("state/comments.json")).unwrap()
}

#[test]
fn the_first_run_comments_and_later_runs_update_that_comment() {
    let stranger = json!({
        "id": "C_0", "body": "<!-- palisade:palisade -->\nmine", "viewerDidAuthor": false,
    });
    let own = json!({"id": "C_1", "body": "about something else", "viewerDidAuthor": true});
    let repository = repository(&json!([stranger, own]));
    let ran = run(&repository, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let first = comments(&repository);
    assert_eq!(first.len(), 3);
    assert_eq!(first[2]["on"], "PR_7");
    let body = first[2]["body"].as_str().unwrap();
    assert!(
        body.starts_with("<!-- palisade:palisade -->\n## Palisade: as it should be\n"),
        "{body}"
    );
    assert_eq!(repository.room.read("summary"), body);

    repository.edit();
    let ran = run(&repository, &[]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let second = comments(&repository);
    assert_eq!((second.len(), &second[..2]), (3, &first[..2]));
    assert_eq!(second[2]["id"], "C_2");
    let body = second[2]["body"].as_str().unwrap();
    assert!(body.contains("-  order: 1501\n+  order: 1500\n"), "{body}");

    // Another workflow has a comment of its own.
    run(&repository, &[("PALISADE_COMMENT_KEY", "other")]);
    let third = comments(&repository);
    assert_eq!((third.len(), &third[..3]), (4, &second[..]));
    let calls = repository.room.read("state/calls");
    assert!(!calls.contains(TOKEN));
}

#[test]
fn a_token_that_may_not_write_leaves_the_summary() {
    for (refusal, code, said) in [
        (
            "gh: Resource not accessible by integration (addComment)\n",
            0,
            "::notice::",
        ),
        ("gh: Must have admin rights (HTTP 403)\n", 0, "::notice::"),
        ("gh: Bad credentials (HTTP 401)\n", 3, "::error::"),
        ("error connecting to api.github.com\n", 3, "::error::"),
    ] {
        let repository = repository(&json!([]));
        repository.room.write("state/refusal", refusal);
        let ran = run(&repository, &[]);
        assert_eq!(ran.code, code, "{refusal}: {}", ran.stderr);
        assert!(ran.stdout.contains(said), "{refusal}: {}", ran.stdout);
        assert!(
            repository
                .room
                .read("summary")
                .contains("## Palisade: as it should be")
        );
    }
}

#[test]
fn nothing_is_asked_of_github_without_a_pull_request_or_a_wish() {
    for variable in [("PALISADE_PULL", ""), ("PALISADE_COMMENT", "false")] {
        let repository = repository(&json!([]));
        let ran = run(&repository, &[variable]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!repository.room.path("state/calls").exists());
        assert!(repository.room.path("summary").exists());
    }
}

#[test]
fn outputs_say_where_the_report_is_and_how_it_ended() {
    let repository = repository(&json!([]));
    repository.edit();
    run(&repository, &[]);
    let report = repository.room.path("report").display().to_string();
    assert_eq!(
        repository.room.read("output"),
        format!("exit-code=1\nreport={report}\nsarif={report}/palisade.sarif\n")
    );
}

#[test]
fn the_branch_that_the_pull_request_goes_to_is_fetched_where_the_checkout_lacks_it() {
    let repository = repository(&json!([]));
    let branch = "release/$(touch${IFS}pwned)";
    repository.git(&["branch", branch]);
    repository.edit();
    repository.commit();
    let clone = repository.room.path("clone").display().to_string();
    repository.git(&["clone", "--quiet", "--depth=1", "--no-local", ".", &clone]);
    std::fs::rename(
        repository.room.path("repository"),
        repository.room.path("origin"),
    )
    .unwrap();
    std::fs::rename(
        repository.room.path("clone"),
        repository.room.path("repository"),
    )
    .unwrap();
    let origin = repository.room.path("origin").display().to_string();
    repository.git(&["remote", "set-url", "origin", &format!("file://{origin}")]);
    let ran = run(&repository, &[("GITHUB_BASE_REF", branch)]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let body = repository.room.read("summary");
    assert!(
        body.contains("| `diff` | `plain/clusters/billing` | 🔶 differs, see below |"),
        "{body}"
    );
    assert!(!repository.room.path("repository/pwned").exists());
}

#[test]
fn what_is_shown_of_files_is_no_command_to_the_runner() {
    let repository = repository(&json!([]));
    let path = "repository/clusters/billing.yaml";
    let text = repository.room.read(path);
    repository.room.write(
        path,
        format!("{text}x: |\n  ::add-mask::main\n  ::warning::hello\n"),
    );
    let ran = run(&repository, &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let stop = ran.stdout.lines().next().unwrap();
    let word = stop.strip_prefix("::stop-commands::").unwrap();
    assert_eq!(word.len(), 32);
    let end = format!("\n::{word}::\n");
    let (_, behind) = ran.stdout.split_once(&end).unwrap();
    assert!(!behind.contains("::"), "{behind}");
}

#[test]
fn what_is_no_number_and_no_key_is_refused() {
    for variable in [
        ("PALISADE_PULL", "7; touch pwned"),
        ("PALISADE_COMMENT_KEY", "--> <script>"),
        ("PALISADE_COMMENT_KEY", "$(touch pwned)"),
    ] {
        let repository = repository(&json!([]));
        assert_eq!(run(&repository, &[variable]).code, 2, "{variable:?}");
        assert!(!repository.room.path("repository/pwned").exists());
        assert!(!repository.room.path("state/calls").exists());
    }
}
