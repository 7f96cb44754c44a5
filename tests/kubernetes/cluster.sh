#!/usr/bin/env bash
# A Kubernetes cluster for tests, on this machine, without docker: a real control plane, kwok
# for simulated nodes, and, if asked for, what real nodes need (then as root; node.sh adds them).
#
#   cluster.sh run            starts one, prints its state folder, and removes all of it when its
#                             input ends: also when the process at the other end was killed
#   cluster.sh clean STATE    removes what a cluster left that nobody guards
#
# Several run side by side: each takes a free slot, which settles its folder, ports, bridge and
# networks. What a killed cluster left in the slot is removed first.
#
#   REAL_NODES=1              with bridge and DNS, so that real nodes can join
#   SOUK_KUBE_STATE=PREFIX    where the state folders are; /tmp/souk-kube if not given
set -euo pipefail
. "$(dirname "$0")/common.sh"
REAL_NODES=${REAL_NODES:-0}
PREFIX=${SOUK_KUBE_STATE:-/tmp/souk-kube}
SLOTS=60

# Everything that a slot settles; written to its folder for the other scripts.
settings() {
  local slot=$1
  STATE=$PREFIX-$slot
  cat <<S
STATE=$STATE
PORT0=$((20000 + 20 * slot))
BRIDGE=soukk$slot
NETWORK=10.99.$slot
BIND=$([ "$REAL_NODES" = 1 ] && echo "10.99.$slot.1" || echo 127.0.0.1)
POD_CIDR=10.$((100 + slot)).0.0/16
SERVICE_CIDR=10.96.0.0/16
SERVICE_IP=10.96.0.1
REAL_NODES=$REAL_NODES
S
}

remove() {
  STATE=$1
  [ -f "$STATE/env" ] || { rm -rf "$STATE"; return; }
  # shellcheck disable=SC1091
  . "$STATE/env"
  local node
  for node in "$STATE"/nodes/*; do
    [ ! -d "$node" ] || "$HERE/node.sh" stop "$STATE" "${node##*/}"
  done
  "$HERE/control-plane.sh" stop "$STATE"
  [ "$REAL_NODES" = 0 ] || ip link del "$BRIDGE" 2>/dev/null || true
  rm -rf "$STATE"
}

ports_are_free() {
  local port
  for port in $(seq "$1" $(($1 + 7))); do
    ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 1
  done
}

# The first slot that nobody holds; the lock lasts as long as this process.
take_slot() {
  local slot
  for slot in $(seq "$SLOTS"); do
    { exec 9>"$PREFIX-$slot.lock"; } 2>/dev/null || continue
    flock -n 9 || continue
    remove "$PREFIX-$slot"
    ports_are_free $((20000 + 20 * slot)) || continue
    SLOT=$slot
    return
  done
  die "all $SLOTS slots for clusters are taken ($PREFIX-*.lock)"
}

need curl curl ca-certificates
need openssl openssl
case ${1:-} in
  run)
    if [ "$REAL_NODES" = 1 ]; then
      [ "$(id -u)" = 0 ] || die "real nodes need root"
      need ip iproute2
    fi
    # The last program of each group; whoever builds another group at this moment is not waited for.
    [ -x "$BIN/kwok" ] || "$ROOT/scripts/tools" cluster >/dev/null
    [ "$REAL_NODES" = 0 ] || [ -x "$BIN/probe" ] || "$ROOT/scripts/tools" node >/dev/null
    take_slot
    STATE=$PREFIX-$SLOT
    trap 'remove "$STATE"' EXIT
    trap 'exit 1' INT TERM HUP
    mkdir -p "$STATE"/{pki,log,run,nodes}
    settings "$SLOT" >"$STATE/env"
    # shellcheck disable=SC1091
    . "$STATE/env"
    if [ "$REAL_NODES" = 1 ]; then
      ip link add "$BRIDGE" type bridge
      ip addr add "$BIND/24" dev "$BRIDGE"
      ip link set "$BRIDGE" up
    fi
    "$HERE/control-plane.sh" start "$STATE"
    printf '%s\n' "$STATE"
    cat >/dev/null || true
    ;;
  clean) remove "${2:?the state folder}" ;;
  *) die "cluster.sh run, or cluster.sh clean STATE" ;;
esac
