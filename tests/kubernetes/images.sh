#!/usr/bin/env bash
# images.sh: makes the images of real nodes and prints the folder with their archives, a cache.
# There is no registry: each node imports all of them, and pods must not pull.
#
#   registry.local/pause:1   holds a pod's namespaces; its source is in the Kubernetes module
#   registry.local/ssh:1     an SSH server that is logged in to, of Debian's packages; not there where
#                            apt gives none, which is said
#   registry.local/web:1     what a tenant runs: says hello and what it was given, over HTTP on
#                            port 8080, one line in its log for each request; `crash` as its
#                            argument ends it with an error
set -euo pipefail
. "$(dirname "$0")/common.sh"
OUT=$BIN/images-$(cat "$HERE/images.sh" "$HERE/image.sh" "$HERE/ssh-image.sh" | sha256sum | cut -c1-12)
if [ -f "$OUT/web.tar" ]; then
  printf '%s\n' "$OUT"
  exit
fi
need cc gcc libc6-dev
need jq jq
need busybox busybox-static
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{archives,pause} "$work"/web/{bin,etc,tmp,proc,sys,dev,usr/bin}

kubernetes=$(cd "$ROOT/tests/tools/k8s" && go list -mod=readonly -m -f '{{.Dir}}' k8s.io/kubernetes)
cc -Os -static -DVERSION=local -o "$work/pause/pause" "$kubernetes/build/pause/linux/pause.c"

cp "$(command -v busybox)" "$work/web/bin/busybox"
for applet in $(busybox --list); do
  [ "$applet" = busybox ] || ln -sf busybox "$work/web/bin/$applet"
done
cp "$BIN/probe" "$work/web/bin/probe"
chmod 1777 "$work/web/tmp"
printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$work/web/etc/passwd"
cat >"$work/web/bin/web" <<'W'
#!/bin/sh
# Answers every request with a line of the environment it was asked for, or with a greeting.
if [ "$1" = crash ]; then
  echo "no configuration, giving up"
  exit 3
fi
mkdir -p /tmp/www/cgi-bin
cat >/tmp/www/cgi-bin/env <<'C'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
tr '\0' '\n' </proc/1/environ
C
chmod +x /tmp/www/cgi-bin/env
printf 'hello from %s\n' "$(hostname)" >/tmp/www/index.html
echo "serving on 8080, greeting ${GREETING:-nobody}"
exec busybox httpd -f -vv -p 8080 -h /tmp/www
W
chmod +x "$work/web/bin/web"
"$HERE/image.sh" "$work/pause" registry.local/pause:1 "$work/archives/pause.tar" '["/pause"]' 65535:65535
"$HERE/image.sh" "$work/web" registry.local/web:1 "$work/archives/web.tar" '["/bin/web"]'
mkdir -p "$OUT"
"$HERE/ssh-image.sh" "$OUT/ssh.tar" || say "there is no image with an SSH server; what it said is above"
# `web.tar` last: it says that the folder is complete.
mv "$work/archives/pause.tar" "$OUT/"
mv "$work/archives/web.tar" "$OUT/"
printf '%s\n' "$OUT"
