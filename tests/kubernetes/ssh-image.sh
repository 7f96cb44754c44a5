#!/usr/bin/env bash
# ssh-image.sh OUT: packs `registry.local/ssh:1`, OpenSSH of this machine's Debian packages with no more
# than its programs need: it starts a server, logs in there by key as root, and writes what came of it.
set -euo pipefail
. "$(dirname "$0")/common.sh"
OUT=${1:?the archive to write}
need dpkg-deb dpkg
need busybox busybox-static
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{debs,all} "$work"/image/{bin,etc/ssh,dev,proc,sys,tmp,root,run/sshd,lib64}

apt-cache show openssh-server >/dev/null 2>&1 || apt-get update -qq >/dev/null
# Of the server's packages those with the programs and libraries.
mapfile -t packages < <(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
  --no-replaces --no-enhances openssh-server | grep -E '^(lib|zlib1g|openssh-)[a-z0-9.+-]*$' | sort -u)
[ ${#packages[@]} -gt 0 ] || die "apt knows no openssh-server"
(
  cd "$work/debs"
  # The user that apt becomes for downloads may not write here.
  apt-get -o APT::Sandbox::User=root download -q "${packages[@]}" >/dev/null
)
for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$work/all"; done

# take PATH: a file with the libraries that it is linked to, as the loader finds them there.
take() {
  local library
  [ ! -e "$work/image/$1" ] || return 0
  mkdir -p "$work/image/$(dirname "$1")"
  cp -L "$work/all/$1" "$work/image/$1"
  for library in $(chroot "$work/all" "$loader" --list "$1" 2>/dev/null | grep -o '/[^ ]*\.so[^ ]*' | sort -u); do
    mkdir -p "$work/image/$(dirname "$library")"
    cp -L "$work/all/$library" "$work/image/$library"
  done
}

# Debian's packages know /lib64 as a folder or as a link, by its version.
loader=$(cd "$work/all" && find . -name 'ld-linux-x86-64.so.2' | head -n 1)
loader=/${loader#./}
cp -L "$work/all/$loader" "$work/image/lib64/ld-linux-x86-64.so.2"
take /usr/sbin/sshd
take /usr/bin/ssh
take /usr/bin/ssh-keygen
# Newer servers have a part for each connection in a program of its own.
for part in "$work"/all/usr/lib/openssh/sshd-*; do
  [ ! -e "$part" ] || take "${part#"$work"/all}"
done
cp "$(command -v busybox)" "$work/image/bin/busybox"
for applet in sh id sleep cat cp chmod mkdir httpd hostname; do ln -s busybox "$work/image/bin/$applet"; done
printf 'root:x:0:0::/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n' >"$work/image/etc/passwd"
: >"$work/image/etc/ssh/sshd_config"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$work/image/etc/group"
chmod 1777 "$work/image/tmp"
chmod 700 "$work/image/root"
cat >"$work/image/bin/server" <<'S'
#!/bin/sh
export PATH=/bin:/usr/bin:/usr/sbin
mkdir -p /root/.ssh /run/sshd /tmp/www
chmod 700 /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/host
cp /root/.ssh/id.pub /root/.ssh/authorized_keys
/usr/sbin/sshd -e -p 2222 -h /root/.ssh/host -o PidFile=none
sleep 1
who=$(ssh -p 2222 -i /root/.ssh/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/tmp/hosts -o LogLevel=ERROR -o BatchMode=yes root@127.0.0.1 id -un)
echo "login by key: ${who:-refused}"
exec httpd -f -p 8080 -h /tmp/www
S
chmod +x "$work/image/bin/server"
"$HERE/image.sh" "$work/image" registry.local/ssh:1 "$work/ssh.tar" '["/bin/server"]'
mv "$work/ssh.tar" "$OUT"
