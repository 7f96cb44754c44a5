#!/usr/bin/env bash
# A CosmWasm contract in its usual form is built without link-time optimization, though its profile asks for it.
#
# Versions: cosmwasm-std 2.3.5; Cargo and rustc as installed (printed below), target wasm32-unknown-unknown.
# One would guess: `lto = true` in [profile.release], which every contract template has, makes the wasm smaller.
# Seen: contracts are `crate-type = ["cdylib", "rlib"]`, so that others can import them. For such a crate Cargo
# passes no LTO flag to the compiler, without a warning. The same crate as `cdylib` alone gets it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >src/lib.rs <<'END'
use cosmwasm_std::{entry_point, DepsMut, Empty, Env, MessageInfo, Response, StdResult};

#[entry_point]
pub fn instantiate(_: DepsMut, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
    Ok(Response::new())
}
END

# flags TYPES: whether the compiler gets an LTO flag for a contract of these crate types.
flags() {
  cat >Cargo.toml <<END
[package]
name = "contract"
version = "0.0.0"
edition = "2021"

[lib]
crate-type = [$1]

[dependencies]
cosmwasm-std = "=2.3.5"

[profile.release]
lto = true
END
  # The plan alone is enough: what would be passed to the compiler for each crate.
  cargo fetch --quiet
  touch src/lib.rs
  cargo build --release --verbose --target-dir "target-${#1}" 2>&1 |
    sed -n 's/.*--crate-name contract .* \(-C lto[^ ]*\).*/\1/p' | grep -o -- '-C lto' || echo none
}

cargo --version
rustc --version
both=$(flags '"cdylib", "rlib"')
alone=$(flags '"cdylib"')
echo "cdylib and rlib: $both"
echo "cdylib alone:    $alone"
[ "$both" = none ] && [ "$alone" = "-C lto" ]
echo "as described"
