# Shared by the scripts beside it: where the project is, and the tools that it needs.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# need COMMAND PACKAGE...: installs Debian packages if the command is not there.
need() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return
  command -v apt-get >/dev/null || die "\`$command\` is missing; install it (on Debian: $*)"
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  say "installing $* for \`$command\`"
  # What dpkg tells is of no use here; errors go to the standard error.
  "${sudo[@]}" apt-get update -qq >/dev/null
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# at_least HAVE WANT: compares dotted versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The compiler that builds everything but the wasm.
need_rust() {
  local want=1.95.0 have
  command -v cargo >/dev/null || die "Rust is missing; install $want or newer with rustup"
  have=$(rustc --version | cut -d' ' -f2)
  at_least "$have" "$want" || die "Rust is $have, at least $want is needed: rustup update stable"
  need cc gcc libc6-dev
}

# The Go compiler that builds wasmd and Kubernetes; it fetches a newer one by itself if it may.
need_go() {
  local want=$1 have
  command -v go >/dev/null || need go golang-go
  have=$(go env GOVERSION)
  at_least "${have#go}" "$want" || die "Go is ${have#go}, at least $want is needed"
}

# Where the Go programs are: a cache outside the work tree, one folder for each state of their modules.
tools_dir() {
  local key
  key=$(cat "$ROOT/scripts/tools" "$ROOT"/tests/tools/*/go.* "$ROOT"/tests/tools/*/*.go | sha256sum | cut -c1-16)
  printf '%s\n' "${SOUK_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/souk/tools}/$key"
}
