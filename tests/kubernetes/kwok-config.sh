#!/usr/bin/env bash
# kwok-config.sh STATE: prints kwok's configuration, from the stages that its module ships.
# Simulated are the nodes with the annotation kwok.x-k8s.io/node=fake, the pods there, and
# volumes of the classes below.
set -euo pipefail
. "$(dirname "$0")/common.sh"
STATE=${1:?the state folder}
STAGES=$(cd "$ROOT/tests/tools/kwok" && go list -mod=readonly -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
[ -d "$STAGES" ] || { (cd "$ROOT/tests/tools/kwok" && go mod download sigs.k8s.io/kwok); }
CLASSES="['standard', 'default', 'beta1', 'beta2', 'beta3']"

# `kubectl logs` reads this file, which is in the runtime's format.
printf '%s stdout F %s\n' 2026-01-01T00:00:00.000000000Z 'hello from a simulated container' \
  2026-01-01T00:00:01.000000000Z 'second line' >"$STATE/kwok-pod.log"

cat <<C
apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokConfiguration
options:
  manageAllNodes: false
  manageNodesWithAnnotationSelector: kwok.x-k8s.io/node=fake
  enableDebuggingHandlers: true # without it logs answer 405
  nodeLeaseDurationSeconds: 40
  nodeLeaseParallelism: 4
  podPlayStageParallelism: 4
  nodePlayStageParallelism: 4
  cidr: 10.250.0.0/24
  enablePodsOnNodeSyncStreamWatch: true
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterLogs
metadata: {name: all-pods}
spec:
  logs:
  - logsFile: $STATE/kwok-pod.log
    follow: true
C
for stage in node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease \
  pod/fast/pod-ready pod/fast/pod-complete pod/fast/pod-delete \
  volume/fast/pv-bind volume/fast/pv-delete volume/fast/pvc-provision volume/fast/pvc-delete; do
  printf -- '---\n'
  sed -e "s#storageClassName == 'kwok-volume'#storageClassName in $CLASSES#" \
    -e "s#/tmp/kwok-local-path-provisioner#$STATE/volumes#" "$STAGES/$stage.yaml"
done
