#!/usr/bin/env bash
# Finds or builds the Palisade that `action.yml` runs, and says where it is.
#   PALISADE_VERSION     `action`: the checkout of the action; `path`: the one on the path; else a tag
#   PALISADE_REPOSITORY  the repository that has the tag
# Backticks in single quotes are Markdown.
# shellcheck disable=SC2016
set -euo pipefail

version=${PALISADE_VERSION:-action}
root=${RUNNER_TEMP:-/tmp}/palisade
export CARGO_TARGET_DIR=$root/target

case $version in
  path)
    if ! binary=$(command -v palisade); then
      echo '::error::palisade is not on the path; `version: action` builds it' >&2
      exit 2
    fi
    ;;
  action)
    here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
    cargo install --quiet --locked --root "$root" --path "$here/../.."
    binary=$root/bin/palisade
    ;;
  v[0-9]*)
    if [[ ! $version =~ ^v[0-9A-Za-z.+-]+$ ]]; then
      echo '::error::the version is no tag' >&2
      exit 2
    fi
    cargo install --quiet --locked --root "$root" --git "$PALISADE_REPOSITORY" --tag "$version" palisade
    binary=$root/bin/palisade
    ;;
  *)
    echo '::error::the version is `action`, `path` or a tag such as v0.1.0' >&2
    exit 2
    ;;
esac
"$binary" --version
if [[ -n ${GITHUB_OUTPUT:-} ]]; then printf 'binary=%s\n' "$binary" >>"$GITHUB_OUTPUT"; fi
