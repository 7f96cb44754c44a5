#!/usr/bin/env bash
# The control plane of a test cluster: etcd, API server, controller manager, scheduler, kwok,
# and DNS where there are real nodes. Needs no root, no docker, no systemd.
#
#   control-plane.sh start STATE        everything; cluster.sh made the folder
#   control-plane.sh stop STATE
#   control-plane.sh api-stop STATE     the API server alone, as by a crash
#   control-plane.sh api-start STATE
set -euo pipefail
. "$(dirname "$0")/common.sh"
STATE=${2:?the state folder}
# shellcheck disable=SC1091
. "$STATE/env"
cd "$STATE"
ETCD=http://127.0.0.1:$((PORT0 + 1))
ETCD_PEER=http://127.0.0.1:$((PORT0 + 2))
export KUBECONFIG=$STATE/kubeconfig

authority_and_keys() {
  cd "$STATE/pki"
  new_key ca.key
  openssl req -x509 -new -key ca.key -subj /CN=test-ca -days 3650 -out ca.crt \
    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature 2>/dev/null
  local names="DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  certificate apiserver /CN=kube-apiserver serverAuth "$names,IP:127.0.0.1,IP:$BIND,IP:$SERVICE_IP"
  certificate admin "/O=system:masters/CN=admin" clientAuth
  certificate controllers "/CN=system:kube-controller-manager" clientAuth
  certificate scheduler "/CN=system:kube-scheduler" clientAuth
  certificate kubelet-client "/O=system:masters/CN=kube-apiserver-kubelet-client" clientAuth
  certificate kwok "/CN=kwok" serverAuth "DNS:localhost,IP:127.0.0.1,IP:$BIND"
  new_key service-accounts.key
  cd "$STATE"
  kubeconfig kubeconfig "$STATE/pki/admin.crt" "$STATE/pki/admin.key"
  kubeconfig controllers.kubeconfig "$STATE/pki/controllers.crt" "$STATE/pki/controllers.key"
  kubeconfig scheduler.kubeconfig "$STATE/pki/scheduler.crt" "$STATE/pki/scheduler.key"
}

api_server() {
  # Without an address of the nodes' network there is nothing to announce to pods.
  local reach=(--advertise-address="$BIND")
  [ "$BIND" != 127.0.0.1 ] || reach=(--endpoint-reconciler-type=none)
  # What agents ask for, so that their role can be compared with it.
  cat >audit.yaml <<A
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata, userGroups: ["system:serviceaccounts:default"]}, {level: None}]
A
  spawn kube-apiserver kube-apiserver --etcd-servers="$ETCD" --bind-address="$BIND" --secure-port="$PORT0" "${reach[@]}" \
    --tls-cert-file=pki/apiserver.crt --tls-private-key-file=pki/apiserver.key --client-ca-file=pki/ca.crt \
    --kubelet-preferred-address-types=InternalIP,Hostname \
    --kubelet-client-certificate=pki/kubelet-client.crt --kubelet-client-key=pki/kubelet-client.key \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file=pki/service-accounts.key --service-account-signing-key-file=pki/service-accounts.key \
    --service-cluster-ip-range="$SERVICE_CIDR" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --allow-privileged=true --profiling=false --audit-policy-file=audit.yaml --audit-log-path="$STATE/audit.log"
  wait_until "the API server" 120 kubectl get --raw /readyz
}

start() {
  authority_and_keys
  spawn etcd etcd --name test --data-dir "$STATE/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "$ETCD" --advertise-client-urls "$ETCD" \
    --listen-peer-urls "$ETCD_PEER" --initial-advertise-peer-urls "$ETCD_PEER" --initial-cluster "test=$ETCD_PEER"
  wait_until etcd 60 curl -fsS "$ETCD/readyz"
  api_server
  # A smaller part of the pods' network for each node makes room for many simulated ones. Nodes
  # are patient with a busy machine and an API server that is away: kwok never makes a pod ready
  # again that the node controller has marked.
  spawn kube-controller-manager kube-controller-manager --kubeconfig=controllers.kubeconfig --leader-elect=false \
    --bind-address=127.0.0.1 --secure-port="$((PORT0 + 3))" --use-service-account-credentials=true \
    --service-account-private-key-file=pki/service-accounts.key --root-ca-file=pki/ca.crt \
    --cluster-signing-cert-file=pki/ca.crt --cluster-signing-key-file=pki/ca.key \
    --allocate-node-cidrs=true --cluster-cidr="$POD_CIDR" --node-cidr-mask-size=26 --node-monitor-grace-period=600s --service-cluster-ip-range="$SERVICE_CIDR"
  spawn kube-scheduler kube-scheduler --kubeconfig=scheduler.kubeconfig --leader-elect=false \
    --bind-address=127.0.0.1 --secure-port="$((PORT0 + 4))"
  "$HERE/kwok-config.sh" "$STATE" >kwok.yaml
  local kwok=127.0.0.1:$((PORT0 + 5))
  spawn kwok kwok --kubeconfig="$KUBECONFIG" --config=kwok.yaml --node-ip=127.0.0.1 --node-port="$((PORT0 + 5))" \
    --server-address="$kwok" --tls-cert-file=pki/kwok.crt --tls-private-key-file=pki/kwok.key
  [ "$REAL_NODES" = 0 ] || dns
  wait_until kwok 60 curl -fsS "http://$kwok/healthz"
  wait_until "the controller manager" 60 kubectl -n default get serviceaccount default
  wait_until "the scheduler" 60 curl -fsSk "https://127.0.0.1:$((PORT0 + 4))/readyz"
}

# Names of services for real pods, at the bridge's address.
dns() {
  cat >Corefile <<C
.:53 {
  bind $BIND
  errors
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig $KUBECONFIG
    pods insecure
  }
  cache 5
}
C
  spawn coredns coredns -conf Corefile
}

stop() {
  local name
  for name in coredns kwok kube-scheduler kube-controller-manager; do end "$name"; done
  # An API server that is asked to stop waits for its watches; nothing here is worth that.
  for name in kube-apiserver etcd; do end "$name" KILL; done
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  api-stop) end kube-apiserver KILL ;;
  api-start) api_server ;;
  *) die "control-plane.sh start|stop|api-stop|api-start STATE" ;;
esac
