//! The GitLab job's script against a stub of `curl` that keeps notes.

use serde_json::{Value, json};

use crate::call::Ran;
use crate::repository::{Repository, TOKEN};

/// Keeps notes in `notes.json` as GitLab does, in pages of one, and what it was asked in `calls`.
const CURL: &str = r#"#!/usr/bin/env bash
set -euo pipefail
printf '%s\n' "$*" >>"$STATE/calls"
method=GET output=/dev/stdout headers=/dev/null data=
while (($#)); do
  case $1 in
    --config) cat -- "$2" >>"$STATE/config"; shift ;;
    --request) method=$2; shift ;;
    --output) output=$2; shift ;;
    --dump-header) headers=$2; shift ;;
    --data) data=${2#@}; shift ;;
    --max-time | --header) shift ;;
    http*) url=$1 ;;
  esac
  shift
done
if [[ -f $STATE/refusal ]]; then echo 'curl: (22) The requested URL returned error: 403' >&2; exit 22; fi
notes=$STATE/notes.json
case "$method $url" in
  'GET https://git.example/api/v4/user') echo '{"id": 42}' >"$output" ;;
  'GET https://git.example/api/v4/projects/3/merge_requests/7/notes?'*)
    page=${url##*page=}
    jq --argjson page "$page" '.[$page - 1:$page]' "$notes" >"$output"
    next=$((page + 1))
    if ((page >= $(jq length "$notes"))); then next=; fi
    printf 'HTTP/2 200\r\nx-next-page: %s\r\n' "$next" >"$headers" ;;
  'POST https://git.example/api/v4/projects/3/merge_requests/7/notes')
    jq --slurpfile new "$data" '. + [{id: (length + 100), author: {id: 42}} + $new[0]]' "$notes" >"$STATE/next"
    mv "$STATE/next" "$notes" ;;
  'PUT https://git.example/api/v4/projects/3/merge_requests/7/notes/'*)
    jq --slurpfile new "$data" --argjson id "${url##*/}" 'map(if .id == $id then . + $new[0] else . end)' "$notes" >"$STATE/next"
    mv "$STATE/next" "$notes" ;;
  *) exit 3 ;;
esac
"#;

fn repository(notes: &Value) -> Repository {
    let repository = Repository::new();
    repository.stub("curl", CURL);
    repository.room.write("state/notes.json", notes.to_string());
    repository
}

fn run(repository: &Repository, more: &[(&str, &str)]) -> Ran {
    let mut variables = vec![
        ("PALISADE_TOKEN", TOKEN),
        ("CI_API_V4_URL", "https://git.example/api/v4"),
        ("CI_PROJECT_ID", "3"),
        ("CI_MERGE_REQUEST_IID", "7"),
    ];
    variables.extend(more);
    repository.run("gitlab.sh", &variables)
}

fn notes(repository: &Repository) -> Vec<Value> {
    serde_json::from_str(&repository.room.read("state/notes.json")).unwrap()
}

#[test]
fn the_first_run_writes_a_note_and_later_runs_update_it() {
    let stranger = json!({
        "id": 100, "author": {"id": 1}, "body": "<!-- palisade:palisade -->\nmine",
    });
    let own = json!({"id": 101, "author": {"id": 42}, "body": "about something else"});
    let repository = repository(&json!([stranger, own]));
    let base = repository.git(&["rev-parse", "HEAD"]);
    let variables = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.as_str())];
    let ran = run(&repository, &variables);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let first = notes(&repository);
    assert_eq!(first.len(), 3);
    let body = first[2]["body"].as_str().unwrap();
    assert!(
        body.starts_with("<!-- palisade:palisade -->\n## Palisade: as it should be\n"),
        "{body}"
    );
    assert!(
        body.contains("| `diff` | `plain/clusters/billing` | ✅ no difference |"),
        "{body}"
    );

    repository.edit();
    let ran = run(&repository, &variables);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let second = notes(&repository);
    assert_eq!((second.len(), &second[..2]), (3, &first[..2]));
    assert_eq!(second[2]["id"], 102);
    assert!(
        second[2]["body"]
            .as_str()
            .unwrap()
            .contains("+  order: 1500\n")
    );

    // The token goes by a file, and is no argument that other processes see.
    assert!(!repository.room.read("state/calls").contains(TOKEN));
    let config = repository.room.read("state/config");
    assert_eq!(
        config.lines().next().unwrap(),
        format!("header = \"PRIVATE-TOKEN: {TOKEN}\"")
    );
    assert!(repository.room.path("report/verify-1.junit.xml").exists());
    assert!(repository.room.path("report/palisade.sarif").exists());
}

#[test]
fn what_fails_on_the_way_is_told_by_the_exit_code() {
    // A token that is none, one that may not write, none at all, and no merge request.
    for (variable, refuses, code, asks) in [
        (
            ("PALISADE_TOKEN", "a\" \nurl = \"file:///etc/passwd"),
            false,
            2,
            false,
        ),
        (("PALISADE_COMMENT", "true"), true, 3, true),
        (("PALISADE_TOKEN", ""), false, 0, false),
        (("CI_MERGE_REQUEST_IID", ""), false, 0, false),
        (("PALISADE_COMMENT", "false"), false, 0, false),
        (("CI_MERGE_REQUEST_IID", "7/../8"), false, 2, false),
    ] {
        let repository = repository(&json!([]));
        if refuses {
            repository.room.write("state/refusal", "");
        }
        let ran = run(&repository, &[variable]);
        assert_eq!(ran.code, code, "{variable:?}: {}", ran.stderr);
        assert_eq!(
            repository.room.path("state/calls").exists(),
            asks,
            "{variable:?}"
        );
        assert!(notes(&repository).is_empty());
    }
}
