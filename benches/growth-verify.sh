#!/usr/bin/env bash
# How `palisade lint`, `verify` and `audit` grow with pods, workers and policies: a Markdown table
# of whole processes, best of several runs.
#
#   cargo build --release && benches/growth-verify.sh [PALISADE]
#
# PALISADE is the binary; target/release/palisade if not given. The us-south sets of both networks
# are in place and proven with and without the platform's own policies. Pods are of seven kinds of
# labels in 23 namespaces. Policies come besides the sets: each lets one kind of pods reach TCP 443
# of a block of its own, which they may anyway, so every intent still holds. `lint` reads the same
# files and proves nothing: it shows what of the growth is reading.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
palisade=$(realpath "${1:-$root/target/release/palisade}")
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"

pods() { # how many pods, on how many workers
  awk -v count="$1" -v workers="$2" 'BEGIN {
    for (n = 0; n < count; n++)
      printf "---\n{apiVersion: v1, kind: Pod, metadata: {name: p%d, namespace: n%d, labels: " \
        "{app: a%d}}, spec: {nodeName: w%03d}, status: {phase: Running, podIPs: " \
        "[{ip: 172.30.%d.%d}]}}\n", n, n % 23, n % 7, n % workers, n / 200, n % 200 + 1
  }'
}

workers() { # how many
  awk -v count="$1" 'BEGIN {
    print "workers:"
    for (n = 0; n < count; n++)
      printf "- {name: w%03d, privateIP: 10.250.%d.%d, publicIP: 198.18.%d.%d}\n",
        n, n / 200, n % 200 + 1, n / 200, n % 200 + 1
  }'
}

policies() { # how many
  awk -v count="$1" 'BEGIN {
    for (n = 0; n < count; n++)
      printf "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: " \
        "{name: own-%d}\nspec:\n  order: %d\n  selector: app == \"a%d\"\n  types: [Egress]\n" \
        "  egress:\n  - action: Allow\n    protocol: TCP\n    destination: {nets: [%d.%d.%d.0/24], " \
        "ports: [443]}\n", n, 2000 + n, n % 7, 11 + n / 16384, n / 64 % 256, n * 4 % 256
  }'
}

# Milliseconds of the fastest run. What takes longer than two seconds runs once.
fastest() {
  local best="" now start may_find=0
  if [[ $2 != verify ]]; then may_find=1; fi
  for _ in 1 2 3 4 5 6 7; do
    start=$(date +%s%N)
    # An audit or a lint that finds something ends with 1.
    "$@" >out.txt 2>&1 || (($? == 1 && may_find)) || { tail -3 out.txt >&2; return 1; }
    now=$((($(date +%s%N) - start) / 100000))
    if [[ -z $best ]] || ((now < best)); then best=$now; fi
    if ((now > 20000)); then break; fi
  done
  printf '%d.%d' $((best / 10)) $((best % 10))
}

row() { # what it is, pods, workers, policies
  pods "$2" "$3" >pods.yaml
  workers "$3" >workers.yaml
  policies "$4" >policies.yaml
  local files=(set pods.yaml policies.yaml) lint verify audit
  local input=("${files[@]}" --region us-south --workers workers.yaml)
  lint=$(fastest "$palisade" lint "${files[@]}")
  verify=$(fastest "$palisade" verify "${input[@]}")
  audit=$(fastest "$palisade" audit "${input[@]}")
  printf '| %s | %s | %s | %s | %s ms | %s ms | %s ms |\n' "$@" "$lint" "$verify" "$audit"
}

"$palisade" gen --region us-south --host-endpoints never --no-verify -o set >gen.txt 2>&1 ||
  { cat gen.txt >&2; exit 1; }
printf '| grows | pods | workers | own policies | `lint` | `verify` | `audit` |\n|---|---|---|---|---|---|---|\n'
for count in 10 100 1000 10000; do row pods "$count" 3 0; done
for count in 3 30 300; do row workers 500 "$count" 0; done
for count in 100 1000 10000; do row policies 500 50 "$count"; done
