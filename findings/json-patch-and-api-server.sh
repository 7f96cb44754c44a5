#!/usr/bin/env bash
# JSON patches (RFC 6902) that a Kubernetes API server applies, and that Rust's json-patch refuses.
#
# Versions: json-patch 4.2.0 (Rust); gopkg.in/evanphx/json-patch.v4 v4.13.0, which is what the API server
# of Kubernetes 1.36 applies patches with.
# One would guess: both follow the RFC, so a patch that one takes the other takes, too. A client that tries
# its patches on a simulated API server in Rust would then see what the real one does.
# Seen: where the field is absent, `test` for null, `replace` of it and `copy` from it are applied by the
# server's library and refused by the Rust one; `remove` is refused by both.
# So a simulator that takes json-patch answers 422 where the server answers 200.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# One patch a line: a name, a document, a patch.
cat >cases.txt <<'END'
test-null {"spec":{}} [{"op":"test","path":"/spec/paused","value":null}]
copy-absent {"spec":{}} [{"op":"copy","from":"/spec/paused","path":"/spec/held"}]
replace-absent {"spec":{}} [{"op":"replace","path":"/spec/paused","value":true}]
remove-absent {"spec":{}} [{"op":"remove","path":"/spec/paused"}]
test-value {"spec":{"paused":true}} [{"op":"test","path":"/spec/paused","value":true}]
END

mkdir server client client/src
cat >server/go.mod <<'END'
module example.com/server

go 1.24

require gopkg.in/evanphx/json-patch.v4 v4.13.0
END
cat >server/main.go <<'END'
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		part := strings.SplitN(lines.Text(), " ", 3)
		patch, err := jsonpatch.DecodePatch([]byte(part[2]))
		if err == nil {
			_, err = patch.Apply([]byte(part[1]))
		}
		fmt.Println(part[0], map[bool]string{true: "applied", false: "refused"}[err == nil])
	}
}
END
cat >client/Cargo.toml <<'END'
[package]
name = "client"
version = "0.0.0"
edition = "2024"

[dependencies]
json-patch = "=4.2.0"
serde_json = "1"
END
cat >client/src/main.rs <<'END'
fn main() {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let mut parts = line.splitn(3, ' ');
        let (name, document, patch) = (parts.next(), parts.next(), parts.next());
        let mut document = serde_json::from_str(document.unwrap()).unwrap();
        let patch: json_patch::Patch = serde_json::from_str(patch.unwrap()).unwrap();
        let applied = json_patch::patch(&mut document, &patch).is_ok();
        println!("{} {}", name.unwrap(), if applied { "applied" } else { "refused" });
    }
}
END

(cd server && go mod tidy >/dev/null 2>&1 && go run . <../cases.txt) >server.txt
(cd client && cargo run --quiet <../cases.txt) >client.txt
join <(sort server.txt) <(sort client.txt) | sed '1i case server rust' | column -t | tee seen.txt

diff <(sort server.txt) - <<'END'
copy-absent applied
remove-absent refused
replace-absent applied
test-null applied
test-value applied
END
diff <(sort client.txt) - <<'END'
copy-absent refused
remove-absent refused
replace-absent refused
test-null refused
test-value applied
END
echo "as described"
