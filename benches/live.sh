#!/bin/sh
# What reading a running cluster costs, beside what kubectl needs for the same lists.
#
# benches/live.sh PALISADE LIVE_SERVER [COUNT]
#
# PALISADE is the command, LIVE_SERVER the built example `live-server`, COUNT how many policies the
# cluster has (10,000). Needs kubectl, hyperfine and GNU time.
set -eu

palisade=$(realpath "$1")
server=$(realpath "$2")
count=${3:-10000}
room=$(mktemp -d)
running=
trap 'kill $running 2>/dev/null || true; rm -rf "$room"' EXIT
trap 'exit 130' INT TERM
cd "$room"

# A server reads a pipe that nobody writes to, and ends with this script. None of them holds the
# script's own output open, or whoever reads that would wait for them.
mkfifo idle
sleep 100000 > idle 2> /dev/null &
running=$!
"$server" 0 small.kubeconfig < idle > small.log 2>&1 &
small=$!
running="$running $small"
"$server" "$count" large.kubeconfig < idle > large.log 2>&1 &
large=$!
running="$running $large"
until grep -q ready small.log && grep -q ready large.log; do
  if ! kill -0 "$small" || ! kill -0 "$large"; then
    cat small.log large.log >&2
    exit 1
  fi
  sleep 0.1
done

"$palisade" gen --region us-south -o wanted > /dev/null
"$palisade" gen --region us-south --private -o one > /dev/null
policy=one/us-south/private/allow-vrrp-private.yaml

# kubectl makes one request a call: a list of its own each, and the large one by itself.
all=/apis/projectcalico.org/v3
cat > lists.sh <<END
for path in $all/globalnetworkpolicies $all/clusterinformations $all/felixconfigurations \\
    $all/globalnetworksets $all/hostendpoints $all/networkpolicies $all/networksets $all/tiers \\
    /api/v1/nodes /api/v1/namespaces /apis/networking.k8s.io/v1/networkpolicies; do
  kubectl --kubeconfig large.kubeconfig get --raw "\$path" > /dev/null
done
END

echo "== the set of us-south and a small cluster"
hyperfine -N -i --warmup 1 --runs 10 \
  "$palisade diff wanted --kubeconfig small.kubeconfig" \
  "$palisade diff wanted --kubeconfig small.kubeconfig --region us-south"

echo "== $count policies"
hyperfine -i --warmup 1 --runs 5 \
  "kubectl --kubeconfig large.kubeconfig get --raw $all/globalnetworkpolicies > /dev/null" \
  "sh lists.sh" \
  "$palisade diff $policy --kubeconfig large.kubeconfig" \
  "$palisade diff $policy --kubeconfig large.kubeconfig --no-flows"

echo "== memory"
for arguments in "" "--region us-south --private"; do
  /usr/bin/time -v "$palisade" diff "$policy" --kubeconfig large.kubeconfig $arguments 2>&1 > /dev/null |
    grep -E 'Maximum resident|Elapsed'
done
