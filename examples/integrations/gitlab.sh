#!/usr/bin/env bash
# What the job of gitlab-ci.yml runs: check.sh, then one note on the merge request, which later runs
# update. Inputs come as PALISADE_* (see check.sh), and besides:
#   PALISADE_COMMENT      `true`: write the note
#   PALISADE_COMMENT_KEY  tells the notes of several jobs apart
#   PALISADE_TOKEN        a masked variable: a project's access token with the scope `api`
# Backticks and dollars in single quotes are Markdown and GraphQL.
# shellcheck disable=SC2016
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
key=${PALISADE_COMMENT_KEY:-palisade}
pull=${CI_MERGE_REQUEST_IID:-}
token=${PALISADE_TOKEN:-}
report=${PALISADE_REPORT:-palisade-report}

if [[ ! $key =~ ^[A-Za-z0-9._-]+$ ]]; then
  echo 'error: the key of the note is made of letters, digits and `._-`' >&2
  exit 2
fi
if [[ ! $pull =~ ^[0-9]*$ ]]; then
  echo 'error: the number of the merge request is no number' >&2
  exit 2
fi
if [[ ! $token =~ ^[A-Za-z0-9._=-]*$ ]]; then
  echo 'error: PALISADE_TOKEN is no token of GitLab' >&2
  exit 2
fi
marker="<!-- palisade:$key -->"
if [[ -n ${PALISADE_WORKING_DIRECTORY:-} ]]; then cd -- "$PALISADE_WORKING_DIRECTORY"; fi

# A merge request is compared with where its branch left the target branch.
base=${PALISADE_BASE:-${CI_MERGE_REQUEST_DIFF_BASE_SHA:-}}
if [[ -n $base ]] && ! git rev-parse --verify --quiet --end-of-options "$base^{commit}" >/dev/null &&
  [[ $base =~ ^[0-9a-f]+$ ]]; then
  git fetch --quiet --no-tags --depth=1 origin "$base" || true
fi

ended=0
env -u PALISADE_TOKEN \
  PALISADE_BASE="$base" PALISADE_MARKER="$marker" PALISADE_REPORT="$report" \
  PALISADE_PREFIX="$(git rev-parse --show-prefix | sed 's,/$,,')" \
  bash "$here/check.sh" || ended=$?

if [[ ! -f $report/comment.md || ${PALISADE_COMMENT:-true} != true || -z $pull ]]; then exit "$ended"; fi
if [[ -z $token ]]; then
  echo 'note: PALISADE_TOKEN is not set, as in pipelines of forks: the report has the answer' >&2
  exit "$ended"
fi

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# The token goes in by a pipe: arguments are seen by every process of the machine.
call() {
  curl --silent --show-error --fail --max-time 60 \
    --config <(printf 'header = "PRIVATE-TOKEN: %s"\n' "$token") "$@"
}

note() {
  local notes="$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$pull/notes" own page=1 id=
  own=$(call "$CI_API_V4_URL/user" | jq -er .id) || return
  # Only a note that the token's own user wrote is updated: a stranger's may hold the marker too.
  while [[ -z $id && $page =~ ^[0-9]+$ ]]; do
    call --dump-header "$scratch/headers" --output "$scratch/page" \
      "$notes?sort=asc&per_page=100&page=$page" || return
    id=$(jq -r --arg marker "$marker" --argjson own "$own" '
      [.[] | select(.author.id == $own and (.body | startswith($marker)))][0].id // empty' \
      "$scratch/page") || return
    page=$(tr -d '\r' <"$scratch/headers" | sed -n 's/^[Xx]-[Nn]ext-[Pp]age: *//p')
  done
  jq -n --rawfile body "$report/comment.md" '{body: $body}' >"$scratch/body" || return
  local method=POST url=$notes
  if [[ -n $id ]]; then
    method=PUT
    url=$notes/$id
  fi
  call --request "$method" --header 'Content-Type: application/json' --data "@$scratch/body" \
    --output /dev/null "$url"
}

if ! note; then
  echo 'error: the note could not be written' >&2
  if ((ended < 3)); then ended=3; fi
fi
exit "$ended"
