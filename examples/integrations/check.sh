#!/usr/bin/env bash
# Holds a repository of policies to its facts: `gen --check` and `verify` for every target, of what would
# be rendered and of the files that are there, and `diff` against a base. Writes a report for people and for machines, and ends with the greatest exit code
# that a step came to: 0 as it should be, 1 findings, 2 or more for errors.
#
# It is told by the environment, and evaluates nothing of that:
#   PALISADE_TARGETS             one target a line, as words for `gen` and `verify`; `--intents FILE` among
#                                them is for `verify` and `diff`, and what stands behind ` -- ` for `gen` alone
#   PALISADE_ARGUMENTS           words for every `gen`, such as the layout's
#   PALISADE_OUTPUT              the folder that `gen` writes to [generated]
#   PALISADE_BASE                the revision to compare with; without one nothing is compared
#   PALISADE_FAIL_ON_DIFFERENCE  `true`: a difference from the base is a finding
#   PALISADE_PREFIX              this folder as seen from the top of the repository, for places in SARIF
#   PALISADE_MARKER              the first line of the comment, by which it is found again
#   PALISADE_REPORT              the folder of the report [palisade-report]
#   PALISADE_BINARY              the program [palisade]
# Backticks and dollars in single quotes are Markdown and GraphQL.
# shellcheck disable=SC2016
set -euo pipefail
export LC_ALL=C

palisade=${PALISADE_BINARY:-palisade}
output=${PALISADE_OUTPUT:-generated}
report=${PALISADE_REPORT:-palisade-report}
marker=${PALISADE_MARKER:-<!-- palisade:palisade -->}
# A comment holds 65,536 characters, the summary of a GitHub job a mebibyte.
comment_limit=65000
summary_limit=900000

worst=0
base=
# Whether something is to be looked at that is no failure.
noticed=false
rows=()
sections=()
# The words that the files of a folder are verified and compared with, by the folder.
declare -A subjects=()

refuse() {
  printf 'error: %s\n' "$1" >&2
  exit 2
}

# Notes how a step ended.
ended() {
  if (($1 > worst)); then worst=$1; fi
}

# Anyone's text as code within a table, on one line.
code() {
  local text=${1//[[:cntrl:]]/ }
  text=${text//\`/\'}
  printf '`%s`' "${text//|/\\|}"
}

# A row of the table: step, target, exit code, what 0 and 1 mean.
row() {
  local said
  case $3 in
    0) said="✅ $4" ;;
    1) said="$5" ;;
    *) said="⛔ error, exit code $3" ;;
  esac
  rows+=("| $1 | $2 | $said |")
}

# The first whole lines of a file within so many bytes.
lines_within() {
  awk -v limit="$2" '{ size += length($0) + 1; if (size > limit) exit; print }' "$1"
}

# The same, but never in the midst of a block of code or of something folded.
blocks_within() {
  local kept
  kept=$(awk -v limit="$2" '
    { size += length($0) + 1; if (size > limit) exit }
    fence != "" { if ($0 == fence) fence = ""; if (fence == "" && depth == 0) kept = NR; next }
    match($0, /^```+/) { fence = substr($0, 1, RLENGTH); next }
    { depth += gsub(/<details>/, "&") - gsub(/<\/details>/, "&"); if (depth == 0) kept = NR }
    END { print kept + 0 }' "$1")
  awk -v kept="$kept" 'NR <= kept' "$1"
}

# A section that shows a file as it is, folded: title, file, language.
folded() {
  local fence='```' part="$report/.part"
  lines_within "$2" 20000 >"$part"
  while grep -qF -- "$fence" "$part"; do fence+='`'; done
  printf '<details><summary>%s</summary>\n\n%s%s\n' "$1" "$fence" "$3"
  cat "$part"
  if ! cmp -s "$part" "$2"; then printf '… cut: the log of the job has all of it\n'; fi
  printf '%s\n\n</details>\n' "$fence"
}

# Runs a step: where its answer goes, then its words. Errors go to `error.txt` beside the answers.
step() {
  local answer=$1 ended=0
  shift
  printf '\n$ palisade %s\n' "$*"
  "$palisade" "$@" >"$answer" 2>"$report/error.txt" || ended=$?
  cat -- "$report/error.txt"
  return "$ended"
}

# What a step that failed said, as a section.
failed() {
  local file="$report/failed-${#sections[@]}.md"
  folded "<code>$1</code> failed" "$report/error.txt" text >"$file"
  sections+=("$file")
}

# The answer of `verify` for people and machines: the beginning of the files' names, then its words.
as_files() {
  local file=$1 format
  shift
  for format in markdown:md sarif:sarif junit:junit.xml; do
    "$palisade" verify --format "${format%%:*}" "$@" \
      >"$file.${format#*:}" 2>>"$report/error.txt" || true
  done
}

check_target() {
  local number=$1 line=$2 file ended=0
  local -a words=() shared=() intents=() own=() extra=()
  read -ra words <<<"$line"
  while ((${#words[@]})); do
    case ${words[0]} in
      --) own=("${words[@]:1}"); break ;;
      --intents)
        if ((${#words[@]} < 2)); then refuse "\`--intents\` wants a file: $line"; fi
        intents=(--intents "${words[1]}")
        words=("${words[@]:2}")
        ;;
      *)
        shared+=("${words[0]}")
        words=("${words[@]:1}")
        ;;
    esac
  done
  read -ra extra <<<"${PALISADE_ARGUMENTS:-}"
  local label
  label=$(code "${shared[*]}")

  file="$report/gen-$number"
  step "$file.diff" gen "${shared[@]}" ${own[@]+"${own[@]}"} ${extra[@]+"${extra[@]}"} \
    "--output=$output" --check || ended=$?
  cat -- "$file.diff"
  ended "$ended"
  row '`gen --check`' "$label" "$ended" 'as it would be written' \
    '❌ not as it would be written, or not proven'
  if ((ended == 1)); then
    cat -- "$report/error.txt" >>"$file.diff"
    folded "<code>gen --check</code>: what is not as it should be" "$file.diff" diff >"$file.md"
    sections+=("$file.md")
  elif ((ended > 1)); then
    failed 'gen --check'
  fi

  file="$report/verify-$number"
  ended=0
  step "$file.txt" verify "${shared[@]}" ${intents[@]+"${intents[@]}"} || ended=$?
  cat -- "$file.txt"
  ended "$ended"
  row '`verify`' "$label" "$ended" "$(tail -n 1 -- "$report/error.txt")" \
    "❌ $(tail -n 1 -- "$report/error.txt")"
  if ((ended > 1)); then
    failed verify
    return
  fi
  as_files "$file" "${shared[@]}" ${intents[@]+"${intents[@]}"}
  if ((ended == 1)); then sections+=("$file.md"); fi

  local of
  while IFS= read -r of; do
    verify_files "$number" "$of" "$ended" "${shared[*]}" "${intents[*]-}"
  done < <("$palisade" verify "${shared[@]}" --format json 2>/dev/null | jq -r '
    [.cases[].target | split(" ")
     | if .[0] == "cluster" then "clusters/" + .[1] else .[1] end] | unique[]')
}

# What lies in the folder of a cluster or region: number, folder, how `verify` of what would
# be rendered ended, words of the target, of its intents.
verify_files() {
  local folder="$output/$2" file="$report/verify-$1-${2//\//-}" ended=0 both=false word label
  local -a given=() words=() intents=()
  read -ra given <<<"$4"
  read -ra intents <<<"$5"
  # The bundles of both networks act together, whatever wrote them.
  if [[ -d $folder/private && -d $folder/public ]]; then both=true; fi
  while ((${#given[@]})); do
    word=${given[0]}
    given=("${given[@]:1}")
    case $word in
      # One of all regions; templates are about what would be rendered.
      --region | -r) words+=(--region "${2}"); given=("${given[@]:1}") ;;
      --region=* | -r*) words+=(--region "${2}") ;;
      --templates) given=("${given[@]:1}") ;;
      --templates=*) ;;
      --private | --public) if [[ $both == false ]]; then words+=("$word"); fi ;;
      *) words+=("$word") ;;
    esac
  done
  words+=(${intents[@]+"${intents[@]}"})
  # Targets of one folder: the one with intents says more.
  if [[ -z ${subjects[$folder]:-} || -n $5 ]]; then subjects[$folder]=${words[*]}; fi
  label=$(code "$folder")
  if [[ ! -d $folder ]]; then
    row '`verify` files' "$label" 1 '' '❌ there is no such folder'
    ended 1
    return
  fi
  if forged "$folder" '`verify` files'; then return; fi
  if grep -qs '  calicoctl/' "$folder"/*/.palisade-inventory; then
    row '`verify` files' "$label" 1 '' '🔶 not proven: the policies are within the Jobs of calicoctl'
    noticed=true
    return
  fi
  step "$file.txt" verify "${words[@]}" -- "./$folder" || ended=$?
  cat -- "$file.txt"
  ended "$ended"
  row '`verify` files' "$label" "$ended" "$(tail -n 1 -- "$report/error.txt")" \
    "❌ $(tail -n 1 -- "$report/error.txt")"
  if ((ended > 1)); then
    failed 'verify files'
  elif ((ended == 1)); then
    as_files "$file" "${words[@]}" -- "./$folder"
    # What is wrong with both is in the other's already.
    if (($3 == 1)); then rm -f -- "$file".{sarif,junit.xml}; fi
    sections+=("$file.md")
  fi
}

# The names in a folder, at the base or here, each ended by a zero byte.
names_in() {
  local below
  {
    if [[ -n $base ]]; then git ls-tree -z --name-only "$base:./$1" 2>/dev/null || true; fi
    for below in "$1"/* "$1"/.[!.]*; do
      if [[ -e $below && $below != */.git ]]; then printf '%s\0' "${below##*/}"; fi
    done
  } | sort -zu
}

# Whether a file is one that policies are read from, or a folder has such a file, here or at the base.
has_objects() {
  {
    if [[ -n $base ]]; then
      git ls-tree -rz --name-only "$base:./$1" 2>/dev/null || printf '%s\0' "$1"
    fi
    find -L "./$1" -type f -print0 2>/dev/null || true
  } | grep -zcE '\.(ya?ml|json)$' >/dev/null
}

# Whether a path in a folder could write lines of its own into what is shown of it; told as a row.
forged() {
  if [[ $1 != *[[:cntrl:]]* && -z $(find -L "./$1" -name '*[[:cntrl:]]*' -print -quit 2>/dev/null) ]]; then
    return 1
  fi
  row "$2" "$(code "$1")" 1 '' '❌ not shown: a path has a line break or another control character'
  ended 1
}

# A file that is in no folder of a cluster or region. A kustomization may well stand there.
loose() {
  if [[ ! -f $1 || $1 == */kustomization.yaml || $1 == */kustomization.yml ]]; then return; fi
  row files "$(code "$1")" 1 '' '🔶 is in no folder of a cluster or region: nothing is proven of it'
  noticed=true
}

# One cluster, or one region's set: the bundles in it act together, those of others do not.
compare() {
  local path=$1 ended=0 file="$report/diff-${#rows[@]}.md" label said='differs, see below'
  local old="git:$base:./$1" new="./$1"
  local -a words=()
  label=$(code "$path")
  if forged "$path" '`diff`'; then return; fi
  # Standard input is empty.
  if ! git cat-file -e "$base:./$path" 2>/dev/null; then
    old=-
    said='is new, all of it'
  elif [[ ! -e $path ]]; then
    new=-
    said='is gone, all of it'
  fi
  if [[ -n ${subjects[$path]:-} ]]; then
    read -ra words <<<"${subjects[$path]}"
  elif [[ $new != - ]]; then
    said+='; no target has it, so nothing is proven of it'
  fi
  step "$file" diff --format markdown ${words[@]+"${words[@]}"} -- "$old" "$new" </dev/null || ended=$?
  row '`diff`' "$label" "$ended" 'no difference' "🔶 $said"
  if ((ended > 1)); then
    ended "$ended"
    failed diff
    return
  fi
  if ((ended == 1)); then
    sections+=("$file")
    if ((${#words[@]} == 0)); then noticed=true; fi
    if [[ ${PALISADE_FAIL_ON_DIFFERENCE:-false} == true ]]; then ended 1; fi
  fi
}

find_base() {
  if ! base=$(git rev-parse --verify --quiet --end-of-options "$PALISADE_BASE^{commit}"); then
    printf 'error: there is no revision `%s` here; a shallow clone may lack it\n' \
      "$PALISADE_BASE" | tee -- "$report/error.txt"
    ended 3
    row '`diff`' "$(code "$PALISADE_BASE")" 3 '' ''
    failed diff
    return
  fi
  base=$(git rev-parse --short=12 "$base")
}

# What lies in the output folder, whether or not a target has it.
look_around() {
  local folder name
  for folder in "$output" "$output/clusters"; do
    while IFS= read -r -d '' name; do
      if [[ $folder/$name == "$output/clusters" ]] || ! has_objects "$folder/$name"; then continue; fi
      loose "$folder/$name"
      if [[ -n $base ]]; then compare "$folder/$name"; fi
    done < <(names_in "$folder")
  done
}

# The whole as Markdown in so many bytes, without a word of a cut that was not made.
compose() {
  local limit=$1 file=$2 section left
  {
    printf '%s\n' "$marker"
    case $worst-$noticed in
      0-false) printf '## Palisade: as it should be\n\n' ;;
      0-* | 1-*) printf '## Palisade: there is something to look at\n\n' ;;
      *) printf '## Palisade: a step failed\n\n' ;;
    esac
    printf '| step | of | result |\n|---|---|---|\n'
    printf '%s\n' "${rows[@]}"
  } >"$report/.head"
  lines_within "$report/.head" "$((limit / 2))" >"$file"
  if ! cmp -s "$report/.head" "$file"; then
    printf '| … | | more rows than fit here: the log of the job has them |\n' >>"$file"
  fi
  for section in ${sections[@]+"${sections[@]}"}; do
    left=$((limit - $(wc -c <"$file") - 200))
    blocks_within "$section" "$left" >"$report/.part"
    { printf '\n'; cat -- "$report/.part"; } >>"$file"
    if ! cmp -s "$report/.part" "$section"; then
      printf '\n**Cut here**: the rest did not fit. The log and the report of the job have all of it.\n' >>"$file"
      return
    fi
  done
}

# All targets' answers as one run: code scanning takes one of a program and category.
merge_sarif() {
  local -a files=("$report"/verify-*.sarif)
  if [[ ! -e ${files[0]} ]]; then return; fi
  jq -s --arg output "$output" --arg prefix "${PALISADE_PREFIX:-}" '
    def placed:
      if test("^[a-zA-Z][a-zA-Z0-9+.-]*:|^/") then .
      else
        (if endswith("%20%28rendered%29")
         then ($output | split("/") | map(@uri) | join("/")) + "/" + rtrimstr("%20%28rendered%29")
         else . end)
        | if $prefix == "" then . else ($prefix | split("/") | map(@uri) | join("/")) + "/" + . end
      end;
    [.[].runs[]] as $runs
    | .[0]
    | .runs = [$runs[0]
      | .tool.driver.rules = ([$runs[].tool.driver.rules[]] | unique_by(.id))
      | .results = [$runs[].results[] | del(.ruleIndex)
          | walk(if type == "object" and has("uri") then .uri |= placed else . end)]]
  ' "${files[@]}" >"$report/palisade.sarif"
}

case $output in
  /* | '' | .. | ../* | */.. | */../*) refuse "the output folder is not below this one: $output" ;;
esac
command -v jq >/dev/null || refuse '`jq` is not on the path'
mkdir -p -- "$report"
rm -f -- "$report"/{gen,verify,failed,diff}-* "$report"/{palisade.sarif,comment.md,summary.md}

number=0
while IFS= read -r line; do
  line=${line#"${line%%[![:space:]]*}"}
  if [[ -z $line || $line == '#'* ]]; then continue; fi
  number=$((number + 1))
  check_target "$number" "$line"
done <<<"${PALISADE_TARGETS:-}"
if ((number == 0)); then refuse 'there is no target: PALISADE_TARGETS is empty'; fi
if [[ -n ${PALISADE_BASE:-} ]]; then find_base; fi
look_around

merge_sarif
compose "$comment_limit" "$report/comment.md"
compose "$summary_limit" "$report/summary.md"
rm -f -- "$report"/{.part,.head,error.txt}
exit "$worst"
