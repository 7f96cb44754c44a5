#!/usr/bin/env bash
# A real node of a test cluster: containerd, runc, a CNI bridge, kubelet and kube-proxy, in
# network, mount, UTS and cgroup namespaces of its own. Needs root and a cluster that was started
# with REAL_NODES=1.
#
#   node.sh start STATE NAME NUMBER     NUMBER from 1, which settles its address
#     LABELS=key=value,...              labels of the node
#     GPUS=N                            offers N nvidia.com/gpu devices, by a plugin that fakes them
#   node.sh stop STATE NAME
set -euo pipefail
. "$(dirname "$0")/common.sh"
STATE=${2:?the state folder} NAME=${3:?the name of the node}
# shellcheck disable=SC1091
. "$STATE/env"
FOLDER=$STATE/nodes/$NAME
# Names on this machine, where other clusters may have a node of the same name.
SPACE=$BRIDGE-$NAME
export KUBECONFIG=$STATE/kubeconfig

cgroups_are_v2() { [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; }

# Puts this shell into a cgroup of the node's own, which becomes the root that the node sees.
join_cgroup() {
  local controller path folder groups
  if cgroups_are_v2; then
    # NOT TRIED: written for machines with cgroup v2 alone; those of the project had v1.
    for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
      echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || true
    done
    mkdir -p "/sys/fs/cgroup/$SPACE"
    echo "$BASHPID" >"/sys/fs/cgroup/$SPACE/cgroup.procs"
    return
  fi
  # Read as a whole first: the list changes with every group that is joined.
  groups=$(</proc/self/cgroup)
  while IFS=: read -r _ controller path; do
    case $controller in '' | name=*) continue ;; esac
    folder=/sys/fs/cgroup/$controller${path%/}/$SPACE
    mkdir -p "$folder"
    if [ "$controller" = cpuset ]; then
      cat "$folder/../cpuset.cpus" >"$folder/cpuset.cpus"
      cat "$folder/../cpuset.mems" >"$folder/cpuset.mems"
    fi
    echo "$BASHPID" >"$folder/cgroup.procs"
  done <<<"$groups"
}

stop() {
  # Everything of a node lives below its cgroup: exactly those processes end, and their mounts
  # with the mount namespace.
  local processes folder
  for _ in $(seq 50); do
    processes=$(find /sys/fs/cgroup -path "*/$SPACE/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u || true)
    [ -n "$processes" ] || break
    # shellcheck disable=SC2086
    kill -KILL $processes 2>/dev/null || true
    sleep 0.1
  done
  find /sys/fs/cgroup -depth -type d \( -path "*/$SPACE/*" -o -path "*/$SPACE" \) -exec rmdir {} + 2>/dev/null || true
  ip netns del "$SPACE" 2>/dev/null || true
  rm -rf "$FOLDER" 2>/dev/null || { sleep 1; rm -rf "$FOLDER"; }
}

network() {
  local leg=${BRIDGE}n$NUMBER
  ip netns add "$SPACE"
  ip link add "$leg" type veth peer name eth0 netns "$SPACE"
  ip link set "$leg" master "$BRIDGE" up
  ip -n "$SPACE" link set lo up
  ip -n "$SPACE" addr add "$ADDRESS/24" dev eth0
  ip -n "$SPACE" link set eth0 up
  ip -n "$SPACE" route add default via "$BIND"
}

configure() {
  certificate "$FOLDER/kubelet" "/O=system:nodes/CN=system:node:$NAME" clientAuth
  kubeconfig kubeconfig "$FOLDER/kubelet.crt" "$FOLDER/kubelet.key"
  : >resolv.conf
  cat >containerd.toml <<C
version = 3
root = "$FOLDER/containerd/root"
state = "$FOLDER/containerd/state"
[grpc]
  address = "$FOLDER/c.sock"
[ttrpc]
  address = "$FOLDER/c.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$FOLDER/containerd/opt"
[plugins."io.containerd.nri.v1.nri"]
  disable = true
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "registry.local/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "$BIN/runc"
        SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["$BIN/cni"]
    conf_dir = "$FOLDER/cni"
C
  # Thresholds of eviction may not be zero, but for those in percent.
  cat >kubelet.yaml <<K
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
oomScoreAdj: 0
failSwapOn: false
containerRuntimeEndpoint: unix://$FOLDER/c.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $STATE/pki/ca.crt}}
authorization: {mode: Webhook}
resolvConf: $FOLDER/resolv.conf
clusterDomain: cluster.local
clusterDNS: [$BIND]
podLogsDir: $FOLDER/podlogs
evictionHard: {memory.available: 10Mi, nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%", imagefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
syncFrequency: 10s
fileCheckFrequency: 0s
shutdownGracePeriod: 0s
K
  cat >proxy.yaml <<K
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
hostnameOverride: $NAME
clientConnection: {kubeconfig: $STATE/kubeconfig}
clusterCIDR: $POD_CIDR
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
K
}

# Runs inside the node's namespaces: a view of the machine that is the node's own, then its
# programs.
inside() {
  hostname "$NAME"
  mount --make-rprivate /
  if [ "$CGROUPS" = 2 ]; then
    # A group whose children have controllers may have no processes itself.
    umount -R /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir -p /sys/fs/cgroup/programs
    echo $$ >/sys/fs/cgroup/programs/cgroup.procs
    for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
      echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
    done
  else
    umount -R /sys/fs/cgroup 2>/dev/null || true
    mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    for controller in $(awk -F: '$2 != "" && $2 !~ /^name=/ { print $2 }' /proc/self/cgroup); do
      mkdir -p "/sys/fs/cgroup/$controller"
      mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
    done
  fi
  mount --bind "$FOLDER" "$FOLDER"
  mount --make-rshared "$FOLDER"
  # Paths that kubelet, CNI and the shim have compiled in: each node gets its own.
  for path in /var/lib/kubelet /var/lib/cni /var/log/containers /run/containerd; do
    mkdir -p "$path" "$FOLDER/fs$path"
    mount --bind "$FOLDER/fs$path" "$path"
  done
  mount --make-rshared /var/lib/kubelet
  program() { local name=$1; shift; setsid "$@" >"$FOLDER/log/$name.log" 2>&1 </dev/null 9>&- & }
  program containerd containerd -c containerd.toml
  for _ in $(seq 100); do
    ctr -a "$FOLDER/c.sock" version >/dev/null 2>&1 && break
    sleep 0.1
  done
  for archive in "$IMAGES"/*.tar; do
    ctr -a "$FOLDER/c.sock" -n k8s.io images import --local "$archive" >/dev/null 2>&1
  done
  program kubelet kubelet --config=kubelet.yaml --kubeconfig=kubeconfig \
    --hostname-override="$NAME" --node-ip="$ADDRESS" --node-labels="${LABELS:-}" --v=2
  [ "${GPUS:-0}" = 0 ] || program gpuplugin gpuplugin /var/lib/kubelet/device-plugins "$GPUS"
  program kube-proxy kube-proxy --config=proxy.yaml
}

# The node's part of the pods' network is known when it is registered.
pod_network() {
  local pods=$1 other name
  cat >cni/10-test.conflist.new <<C
{"cniVersion": "1.0.0", "name": "test", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "$FOLDER/ipam", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
C
  mv cni/10-test.conflist.new cni/10-test.conflist
  printf '%s %s\n' "$pods" "$ADDRESS" >route
  ip route replace "$pods" via "$ADDRESS" dev "$BRIDGE"
  for other in "$STATE"/nodes/*; do
    name=${other##*/}
    [ "$name" != "$NAME" ] && [ -f "$other/route" ] || continue
    local their_pods their_address
    read -r their_pods their_address <"$other/route"
    ip -n "$BRIDGE-$name" route replace "$pods" via "$ADDRESS"
    ip -n "$SPACE" route replace "$their_pods" via "$their_address"
  done
}

start() {
  need nft nftables
  need conntrack conntrack
  [ "$REAL_NODES" = 1 ] || die "the cluster in $STATE was started without REAL_NODES=1"
  ADDRESS=$NETWORK.$((10 + NUMBER))
  mkdir -p "$FOLDER"/{cni,log,containerd}
  cd "$FOLDER"
  IMAGES=$("$HERE/images.sh")
  CGROUPS=$(cgroups_are_v2 && echo 2 || echo 1)
  export NAME ADDRESS FOLDER IMAGES CGROUPS BIN STATE
  network
  configure
  (
    join_cgroup
    exec ip netns exec "$SPACE" unshare -m -C -u "$HERE/node.sh" inside "$STATE" "$NAME"
  )
  registered() { pods=$(kubectl get node "$NAME" -o jsonpath='{.spec.podCIDR}') && [ -n "$pods" ]; }
  local pods=
  for _ in $(seq 300); do
    registered 2>/dev/null && break
    sleep 0.2
  done
  if [ -z "$pods" ]; then
    tail -n 20 "$FOLDER"/log/*.log >&2
    die "node $NAME did not register; the ends of its logs are above"
  fi
  pod_network "$pods"
  kubectl wait --for=condition=Ready "node/$NAME" --timeout=90s >/dev/null
  if [ "${GPUS:-0}" != 0 ]; then
    kubectl wait --for=jsonpath='{.status.allocatable.nvidia\.com/gpu}'="$GPUS" "node/$NAME" --timeout=90s >/dev/null
  fi
}

case ${1:-} in
  start)
    NUMBER=${4:?the number of the node}
    start
    ;;
  stop) stop ;;
  inside)
    cd "$FOLDER"
    inside
    ;;
  *) die "node.sh start STATE NAME NUMBER, or node.sh stop STATE NAME" ;;
esac
