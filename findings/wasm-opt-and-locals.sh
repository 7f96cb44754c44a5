#!/usr/bin/env bash
# A contract that a CosmWasm chain takes, and refuses once wasm-opt has made it smaller.
#
# Versions: wasm-opt (binaryen) 108 of Debian 12; cosmwasm-vm 2.3.5, whose checks wasmd runs at each upload.
# One would guess: a module that the chain takes is taken as well when an optimizer for size (-Oz, which every guide
# for contracts names) has been over it: it computes the same and is smaller.
# Seen: the chain takes at most 100 locals in a function, a limit that is no part of WebAssembly. Two functions of 70
# are fine. -Oz puts a function that is called from one place into its caller, so that one of 139 comes out, and the
# upload fails. In Rust that is how a derived reader of a large struct grows: no source shows the number.
# With --one-caller-inline-max-function-size the two stay apart, and the chain takes the smaller module, too.
set -euo pipefail
command -v wasm-opt >/dev/null || apt-get install -qq -y binaryen >/dev/null

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# A loop over 70 numbers, each of which becomes a mix of itself and the next, with something done in each round.
body() {
  local n middle=$1
  for n in $(seq 70); do printf '(local.set $l%d (i32.load offset=%d (local.get $at)))\n' "$n" $((n * 4)); done
  echo '(loop $again'
  for n in $(seq 69); do
    printf '(local.set $l%d (i32.add (i32.mul (local.get $l%d) (i32.const 31)) (local.get $l%d)))\n' "$n" "$n" $((n + 1))
  done
  printf '%s\n' "$middle"
  echo '(br_if $again (i32.lt_u (local.get $sum) (i32.const 1000))))'
  for n in $(seq 70); do printf '(local.set $sum (i32.xor (local.get $sum) (local.get $l%d)))\n' "$n"; done
}
locals() { printf '(local $sum i32)\n'; for n in $(seq 70); do printf '(local $l%d i32)\n' "$n"; done; }
{
  cat <<'END'
(module
  (memory (export "memory") 1)
  (func (export "interface_version_8"))
  (func (export "allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "deallocate") (param i32))
  (func $inner (param $at i32) (result i32)
END
  locals
  body '(local.set $sum (i32.add (local.get $sum) (local.get $l1)))'
  echo '(i32.store (i32.const 4) (local.get $sum)) (local.get $sum))'
  # It stands for an entry point: it is called from outside.
  echo '(func (export "instantiate") (param $at i32) (param i32) (param i32) (result i32)'
  locals
  body '(local.set $sum (i32.add (local.get $sum) (call $inner (local.get $l1))))'
  echo '(local.get $sum)))'
} >contract.wat
wasm-as contract.wat -o plain.wasm
wasm-opt -Oz plain.wasm -o smaller.wasm
wasm-opt -Oz --one-caller-inline-max-function-size 100 plain.wasm -o apart.wasm

mkdir -p chain/src
cat >chain/Cargo.toml <<'END'
[package]
name = "chain"
version = "0.0.0"
edition = "2021"

[dependencies]
cosmwasm-vm = { version = "=2.3.5", default-features = false }
END
cat >chain/src/main.rs <<'END'
use std::collections::HashSet;

use cosmwasm_vm::{
    internals::{check_wasm, Logger},
    WasmLimits,
};

fn main() {
    for file in std::env::args().skip(1) {
        let code = std::fs::read(&file).unwrap();
        let checked = check_wasm(&code, &HashSet::new(), &WasmLimits::default(), Logger::Off);
        let said = checked.err().map(|error| error.to_string()).unwrap_or_default();
        let why = said.split("contains ").nth(1).unwrap_or(&said).to_owned();
        println!("{}: {}", file.trim_start_matches("../"), if why.is_empty() { "taken" } else { &why });
    }
}
END
ls -l plain.wasm smaller.wasm apart.wasm | awk '{ print $NF, $5, "bytes" }'
(cd chain && cargo run --quiet -- ../plain.wasm ../smaller.wasm ../apart.wasm) | tee seen.txt
diff seen.txt - <<'END'
plain.wasm: taken
smaller.wasm: function with more than 100 locals: 139
apart.wasm: taken
END
[ "$(stat -c %s smaller.wasm)" -lt "$(stat -c %s plain.wasm)" ]
echo "as described"
