#!/usr/bin/env bash
# image.sh ROOT REFERENCE OUT [ENTRYPOINT] [USER]: packs a folder as an image of one layer, an
# archive in OCI layout that containerd imports. ENTRYPOINT is a list in JSON.
set -euo pipefail
root=$1 reference=$2 out=$3 entrypoint=${4:-'["/bin/sh"]'} user=${5:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/blobs/sha256"

# keep FILE: moves it among the blobs; prints digest and size.
keep() {
  local digest
  digest=$(sha256sum "$1" | cut -d' ' -f1)
  mv "$1" "$work/blobs/sha256/$digest"
  printf 'sha256:%s %s\n' "$digest" "$(stat -c %s "$work/blobs/sha256/$digest")"
}

tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$root" -cf "$work/layer" .
read -r layer layer_size < <(keep "$work/layer")
jq -cn --argjson entrypoint "$entrypoint" --arg layer "$layer" --arg user "$user" \
  '{architecture: "amd64", os: "linux",
    config: ({Entrypoint: $entrypoint, Env: ["PATH=/bin:/usr/bin"]} + (if $user == "" then {} else {User: $user} end)),
    rootfs: {type: "layers", diff_ids: [$layer]}}' >"$work/config"
read -r config config_size < <(keep "$work/config")
jq -cn --arg config "$config" --argjson config_size "$config_size" --arg layer "$layer" --argjson layer_size "$layer_size" \
  '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $config_size},
    layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $layer, size: $layer_size}]}' >"$work/manifest"
read -r manifest manifest_size < <(keep "$work/manifest")
jq -cn --arg manifest "$manifest" --argjson size "$manifest_size" --arg reference "$reference" \
  '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $manifest, size: $size,
      platform: {architecture: "amd64", os: "linux"},
      annotations: {"io.containerd.image.name": $reference, "org.opencontainers.image.ref.name": $reference}}]}' >"$work/index.json"
printf '{"imageLayoutVersion":"1.0.0"}\n' >"$work/oci-layout"
tar -C "$work" -cf "$out" oci-layout index.json blobs
