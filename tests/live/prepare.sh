#!/bin/sh
# Puts into a cluster that is for tests what the tests look for, and prints the kubeconfig that they want.
#
# tests/live/prepare.sh KUBECONFIG [v3|v1] > test.kubeconfig
#
# KUBECONFIG is of somebody who may do everything there. v3 (the usual one) is a cluster that serves
# projectcalico.org/v3, v1 one that serves crd.projectcalico.org/v1 alone. Needs kubectl and jq.
set -eu

kubeconfig=$(realpath "$1")
mode=${2:-v3}
case $mode in
  v3) objects=applied-v3.yaml ;;
  v1) objects=applied-crd-v1.yaml ;;
  *) echo "prepare.sh: no mode $mode: v3 or v1" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/../.."
of_cluster() { kubectl --kubeconfig "$kubeconfig" "$@"; }

{
  of_cluster apply --server-side --force-conflicts -f "tests/live/recordings/$objects"
  jq '.response.body | .items[].metadata |= {name, labels} | .apiVersion = "v1" | .kind = "List"
    | .items[] |= . + {apiVersion: "v1", kind: "Node"}' "tests/live/recordings/$mode/list-nodes.json" |
    of_cluster apply --server-side --force-conflicts -f -
  of_cluster apply --server-side -f docs/rbac.yaml
  for user in palisade palisade-nobody; do
    of_cluster create serviceaccount "$user" --namespace kube-system --dry-run=client -o yaml |
      of_cluster apply --server-side -f -
  done
} >&2

# The user of the role, and one without any right, beside the one that there is.
add() {
  token=$(of_cluster create token "$2" --namespace kube-system --duration 24h)
  jq --arg name "$1" --arg token "$token" '
    .contexts[0].context.cluster as $cluster
    | .users += [{name: $name, user: {token: $token}}]
    | .contexts += [{name: $name, context: {cluster: $cluster, user: $name}}]'
}
of_cluster config view --raw --minify --flatten -o json |
  add palisade-reader palisade |
  add palisade-nobody palisade-nobody
