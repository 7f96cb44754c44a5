# Shared by the scripts beside it: the programs, the state folder and processes by pid file.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

HERE=$ROOT/tests/kubernetes
BIN=$(tools_dir)
export PATH=$BIN:$PATH
# Everything here is on this machine; a proxy would only be in the way.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

# The moment at which a process started, which tells it from a later one of the same number.
started_at() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# remember NAME PID: writes the pid file of a process that was just started.
remember() { printf '%s %s\n' "$2" "$(started_at "$2")" >"$STATE/run/$1.pid"; }

# pid_of NAME: the process of a pid file, if it still runs.
pid_of() {
  local pid since
  [ -f "$STATE/run/$1.pid" ] || return 1
  read -r pid since <"$STATE/run/$1.pid"
  [ -n "$since" ] && [ "$(started_at "$pid")" = "$since" ] && printf '%s\n' "$pid"
}

# spawn NAME COMMAND...: starts a process of its own session, with a log and a pid file. It
# does not inherit the lock that the cluster's guard holds.
spawn() {
  local name=$1
  shift
  setsid "$@" >>"$STATE/log/$name.log" 2>&1 </dev/null 9>&- &
  remember "$name" $!
}

# end NAME [SIGNAL]: ends a process and waits until it is gone.
end() {
  local name=$1 signal=${2:-TERM} pid
  if pid=$(pid_of "$name"); then
    kill "-$signal" "$pid" 2>/dev/null || true
    for _ in $(seq 50); do
      pid_of "$name" >/dev/null || break
      sleep 0.1
    done
    if pid=$(pid_of "$name"); then kill -KILL "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$STATE/run/$name.pid"
}

# wait_until WHAT SECONDS COMMAND...: until the command succeeds, else the ends of all logs.
wait_until() {
  local what=$1 seconds=$2 log
  shift 2
  for _ in $(seq $((seconds * 10))); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  for log in "$STATE"/log/*.log; do
    say "== $log"
    tail -n 5 "$log" >&2
  done
  die "$what did not come up within $seconds s"
}

# kubeconfig FILE CERTIFICATE KEY: the way to the API server for one user.
kubeconfig() {
  cat >"$1" <<K
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://$BIND:$((PORT0))", certificate-authority: $STATE/pki/ca.crt}}]
users: [{name: user, user: {client-certificate: $2, client-key: $3}}]
contexts: [{name: test, context: {cluster: test, user: user}}]
current-context: test
K
}

# new_key FILE: elliptic curves, since making RSA keys takes seconds.
new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>/dev/null; }

# certificate NAME SUBJECT USAGE [NAMES]: NAME.key and NAME.crt, signed by the cluster's authority.
certificate() {
  new_key "$1.key"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA "$STATE/pki/ca.crt" -CAkey "$STATE/pki/ca.key" -CAcreateserial -days 3650 -out "$1.crt" \
    -extfile <(printf 'keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=%s\n%s\n' "$3" "${4:+subjectAltName=$4}") 2>/dev/null
  rm "$1.csr"
}
