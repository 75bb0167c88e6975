#!/usr/bin/env bash
# What the plug-in runs in an application's folder: prints the objects with their sync waves. Argo CD
# hands parameters over as JSON; none of them is evaluated, and no file outside the folder is read,
# since errors show lines of files.
# shellcheck disable=SC2016 # Backticks in single quotes are quotation marks.
set -euo pipefail

refuse() {
  printf 'error: %s\n' "$1" >&2
  exit 2
}

parameters=${ARGOCD_APP_PARAMETERS:-[]}

# Told before anything is read: a parameter of the wrong kind would be as if it were not there.
wrong=$(jq -rs '
  def kinds: {cluster: "string", networks: "array", with: "array", without: "array", strict: "string"};
  def fault:
    kinds[.name] as $kind
    | if $kind == null then
        "there is no parameter `\(.name)`; known are \(kinds | keys_unsorted | join(" "))"
      elif $kind == "array" and (.array | type != "array" or any(.[]; type != "string")) then
        "the parameter `\(.name)` wants `array`, a list of texts"
      elif $kind == "string" and (.string | type) != "string" then
        "the parameter `\(.name)` wants `string`, a text"
      else empty end;
  if length == 1 and (.[0] | type == "array" and all(.[]; type == "object" and (.name | type) == "string"))
  then [.[0][] | fault][0] // empty
  else "ARGOCD_APP_PARAMETERS is no list of parameters, each with its name" end
' 2>/dev/null <<<"$parameters") || refuse 'ARGOCD_APP_PARAMETERS is no JSON'
if [[ -n $wrong ]]; then refuse "$wrong"; fi

# A parameter that is a text.
text() {
  jq -er --arg name "$1" '[.[] | select(.name == $name) | .string // empty][0] // ""' <<<"$parameters"
}

# A parameter that is a list, one item a line.
list() {
  jq -er --arg name "$1" '[.[] | select(.name == $name) | .array // [] | .[]] | join("\n")' <<<"$parameters"
}

cluster=$(text cluster)
if [[ -z $cluster ]]; then
  shopt -s nullglob
  found=(*.palisade.yaml)
  if ((${#found[@]} != 1)); then
    refuse "${#found[@]} files end in .palisade.yaml: say by the parameter \`cluster\` which one is meant"
  fi
  cluster=${found[0]}
fi
if ! path=$(realpath -e -- "$cluster" 2>/dev/null) || [[ $path != "$(pwd -P)"/* ]]; then
  refuse "the cluster profile is no file of the application's folder: $cluster"
fi

# Assigned first: what fails within a here-string or a `case` would not end the run.
networks=$(list networks)
strict=$(text strict)
words=("--cluster=./$(realpath --relative-to=. -- "$path")")
while IFS= read -r network; do
  case $network in
    '') ;;
    private | public) words+=("--$network") ;;
    *) refuse "there is no network \`$network\`; known are private and public" ;;
  esac
done <<<"$networks"
for part in with without; do
  chosen=$(list "$part" | paste -sd, -)
  if [[ -n $chosen ]]; then words+=("--$part=$chosen"); fi
done
case $strict in
  '' | false) ;;
  true) words+=(--strict) ;;
  *) refuse 'the parameter `strict` is true or false' ;;
esac

exec "${PALISADE_BINARY:-palisade}" gen "${words[@]}" --layout argocd -o -
