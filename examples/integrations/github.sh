#!/usr/bin/env bash
# What `action.yml` runs: check.sh, then the summary of the job and one comment on the pull request,
# which later runs update. Inputs come as PALISADE_* (see check.sh), and besides:
#   PALISADE_COMMENT      `true`: comment on the pull request
#   PALISADE_COMMENT_KEY  tells the comments of several workflows apart
#   PALISADE_PULL         the number of the pull request; empty where there is none
#   GH_TOKEN              what `gh` writes the comment with
# Backticks and dollars in single quotes are Markdown and GraphQL.
# shellcheck disable=SC2016
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
key=${PALISADE_COMMENT_KEY:-palisade}
pull=${PALISADE_PULL:-}
report=${PALISADE_REPORT:-${RUNNER_TEMP:-/tmp}/palisade-report}

if [[ ! $key =~ ^[A-Za-z0-9._-]+$ ]]; then
  echo 'error: the key of the comment is made of letters, digits and `._-`' >&2
  exit 2
fi
if [[ ! $pull =~ ^[0-9]*$ ]]; then
  echo 'error: the number of the pull request is no number' >&2
  exit 2
fi
marker="<!-- palisade:$key -->"
if [[ -n ${PALISADE_WORKING_DIRECTORY:-} ]]; then cd -- "$PALISADE_WORKING_DIRECTORY"; fi

# The branch that a pull request goes to, which a checkout of one commit does not have.
base=${PALISADE_BASE:-}
if [[ -z $base && -n ${GITHUB_BASE_REF:-} ]]; then
  base=refs/remotes/origin/$GITHUB_BASE_REF
  if ! git rev-parse --verify --quiet --end-of-options "$base^{commit}" >/dev/null; then
    depth=()
    # In a whole clone it would cut history off.
    if [[ $(git rev-parse --is-shallow-repository) == true ]]; then depth=(--depth=1); fi
    git fetch --quiet --no-tags ${depth[@]+"${depth[@]}"} origin \
      "+refs/heads/$GITHUB_BASE_REF:$base" || true
  fi
fi

# What is printed shows texts of the pull request: none of it is a command to the runner.
stop=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
ended=0
echo "::stop-commands::$stop"
env -u GH_TOKEN -u GITHUB_TOKEN \
  PALISADE_BASE="$base" PALISADE_MARKER="$marker" PALISADE_REPORT="$report" \
  PALISADE_PREFIX="$(git rev-parse --show-prefix | sed 's,/$,,')" \
  bash "$here/check.sh" || ended=$?
echo "::$stop::"

if [[ ! -f $report/comment.md ]]; then exit "$ended"; fi
if [[ -n ${GITHUB_STEP_SUMMARY:-} ]]; then cat -- "$report/summary.md" >>"$GITHUB_STEP_SUMMARY"; fi
if [[ -n ${GITHUB_OUTPUT:-} ]]; then
  {
    printf 'exit-code=%s\n' "$ended"
    printf 'report=%s\n' "$report"
    if [[ -f $report/palisade.sarif ]]; then printf 'sarif=%s\n' "$report/palisade.sarif"; fi
  } >>"$GITHUB_OUTPUT"
fi
if [[ ${PALISADE_COMMENT:-true} != true || -z $pull ]]; then exit "$ended"; fi

# Only a comment that the token's own user wrote is updated: a stranger's may hold the marker too.
find_query='
query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id
      comments(first: 100, after: $endCursor) {
        nodes { id body viewerDidAuthor }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}'
update_query='
mutation($id: ID!, $body: String!) {
  updateIssueComment(input: {id: $id, body: $body}) { clientMutationId }
}'
add_query='
mutation($id: ID!, $body: String!) {
  addComment(input: {subjectId: $id, body: $body}) { clientMutationId }
}'

comment() {
  local found id query=$update_query
  found=$(gh api graphql --paginate -f query="$find_query" \
    -f owner="${GITHUB_REPOSITORY%%/*}" -f name="${GITHUB_REPOSITORY#*/}" -F number="$pull") || return
  id=$(jq -rs --arg marker "$marker" '
    [.[].data.repository.pullRequest.comments.nodes[]
     | select(.viewerDidAuthor and (.body | startswith($marker)))][0].id // empty' <<<"$found") || return
  if [[ -z $id ]]; then
    query=$add_query
    id=$(jq -rs '.[0].data.repository.pullRequest.id' <<<"$found") || return
  fi
  jq -n --arg query "$query" --arg id "$id" --rawfile body "$report/comment.md" \
    '{query: $query, variables: {id: $id, body: $body}}' |
    gh api graphql --silent --input -
}

said=$report/.said
if comment 2>"$said"; then
  :
elif grep -qE 'Resource not accessible|HTTP 403' "$said"; then
  # So it is with pull requests of forks, whose token may only read.
  echo '::notice::The token may not comment on the pull request; the summary of the job has the answer.'
else
  echo "::stop-commands::$stop"
  cat -- "$said" >&2
  echo "::$stop::"
  echo '::error::The comment could not be written.'
  if ((ended < 3)); then ended=3; fi
fi
rm -f -- "$said"
exit "$ended"
