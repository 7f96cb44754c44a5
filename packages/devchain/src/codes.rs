//! Native code by name, and which uploaded bytes stand for which native code.
//!
//! An upload is accepted when it is wasm (optionally gzipped) that names native code which this chain has:
//! by a custom section `souk-native` whose content is the name, as in the blob that [`marker`] makes;
//! or, for really compiled contracts, by a checksum that the chain was started with, or by the one cw2 name
//! (`crates.io:NAME`) among its bytes. Code that names several contracts is refused.

use std::collections::BTreeMap;
use std::io::Read;
use std::rc::Rc;

use cosmwasm_std::Empty;
use cw_multi_test::Contract;
use sha2::{Digest, Sha256};

use crate::error::{AbciError, AbciResult, wasm};

/// Name of the custom section that names native code.
pub const MARKER_SECTION: &str = "souk-native";
/// Longest code that may be uploaded, uncompressed.
pub const MAX_CODE_BYTES: usize = 800 * 1024;

const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// A contract's native code.
pub type NativeCode = Rc<dyn Contract<Empty, Empty>>;

/// Native code by name.
#[derive(Default)]
pub struct NativeCodes {
    by_name: BTreeMap<String, NativeCode>,
    by_checksum: BTreeMap<[u8; 32], String>,
}

impl NativeCodes {
    /// Makes code known under a name.
    pub fn insert(&mut self, name: impl Into<String>, code: NativeCode) {
        self.by_name.insert(name.into(), code);
    }

    /// Says that uploaded bytes with this SHA-256 stand for the native code `name`.
    pub fn insert_checksum(&mut self, checksum: [u8; 32], name: impl Into<String>) {
        self.by_checksum.insert(checksum, name.into());
    }

    /// The code of a name.
    pub fn get(&self, name: &str) -> Option<NativeCode> {
        self.by_name.get(name).cloned()
    }

    /// Which native code `wasm` (uncompressed) stands for.
    pub fn recognize(&self, wasm: &[u8]) -> Option<String> {
        let checksum: [u8; 32] = Sha256::digest(wasm).into();
        if let Some(name) = self.by_checksum.get(&checksum) {
            return self.by_name.contains_key(name).then(|| name.clone());
        }
        if let Some(name) = marked_name(wasm) {
            return self.by_name.contains_key(&name).then_some(name);
        }
        let mut found = self.by_name.keys().filter(|name| {
            let cw2 = format!("crates.io:{name}");
            contains_word(wasm, cw2.as_bytes())
        });
        match (found.next(), found.next()) {
            (Some(name), None) => Some(name.clone()),
            _ => None,
        }
    }
}

/// The blob to upload for native code `name`: an empty wasm module with the custom section `souk-native`.
pub fn marker(name: &str) -> Vec<u8> {
    let mut content = leb128(MARKER_SECTION.len());
    content.extend_from_slice(MARKER_SECTION.as_bytes());
    content.extend_from_slice(name.as_bytes());
    let mut blob = HEADER.to_vec();
    blob.push(0);
    blob.extend(leb128(content.len()));
    blob.extend(content);
    blob
}

/// Unpacks gzip and checks that the bytes are a wasm module of allowed size.
pub fn unpack(bytes: &[u8]) -> AbciResult<Vec<u8>> {
    let wasm = if bytes.starts_with(&[0x1f, 0x8b, 0x08]) {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes)
            .take(MAX_CODE_BYTES as u64 + 1)
            .read_to_end(&mut plain)
            .map_err(|err| rejected(format!("uncompress wasm archive: {err}")))?;
        plain
    } else {
        bytes.to_vec()
    };
    if wasm.len() > MAX_CODE_BYTES {
        return Err(rejected(format!("uncompress wasm archive: more than {MAX_CODE_BYTES} bytes")));
    }
    if !wasm.starts_with(HEADER) {
        return Err(rejected("Error during static Wasm validation: not a wasm module".into()));
    }
    Ok(wasm)
}

fn rejected(why: String) -> AbciError {
    wasm::create_failed(why)
}

/// The name in the custom section `souk-native`.
fn marked_name(wasm: &[u8]) -> Option<String> {
    let mut rest = wasm.strip_prefix(HEADER)?;
    while let Some((&id, tail)) = rest.split_first() {
        let (len, tail) = read_leb128(tail)?;
        let section = tail.get(..len)?;
        rest = tail.get(len..)?;
        if id != 0 {
            continue;
        }
        let (name_len, body) = read_leb128(section)?;
        if body.get(..name_len)? == MARKER_SECTION.as_bytes() {
            return String::from_utf8(body.get(name_len..)?.to_vec()).ok();
        }
    }
    None
}

/// Whether `word` occurs and does not go on as a longer crate name.
fn contains_word(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).enumerate().any(|(at, window)| {
        window == word && !bytes.get(at + word.len()).is_some_and(|b| *b == b'-' || *b == b'_')
    })
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn read_leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0usize;
    for (i, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[i + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::{Binary, DepsMut, Env, MessageInfo, Response, StdResult};
    use cw_multi_test::ContractWrapper;

    fn known(names: &[&str]) -> NativeCodes {
        fn run(_: DepsMut, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
            Ok(Response::new())
        }
        fn ask(_: cosmwasm_std::Deps, _: Env, _: Empty) -> StdResult<Binary> {
            Ok(Binary::default())
        }
        let mut codes = NativeCodes::default();
        for name in names {
            codes.insert(*name, Rc::new(ContractWrapper::new_with_empty(run, run, ask)));
        }
        codes
    }

    #[test]
    fn a_marker_names_its_code() {
        let codes = known(&["cw20-base", "cw-vault"]);
        assert_eq!(codes.recognize(&marker("cw-vault")).as_deref(), Some("cw-vault"));
        assert_eq!(codes.recognize(&marker("something")), None);
    }

    #[test]
    fn compiled_code_is_known_by_its_cw2_name() {
        let codes = known(&["cw-vault", "cw"]);
        let wasm = [HEADER, b"..crates.io:cw-vault0.1.0.."].concat();
        assert_eq!(codes.recognize(&wasm).as_deref(), Some("cw-vault"));
    }

    #[test]
    fn code_that_names_two_contracts_is_refused() {
        let codes = known(&["a-contract", "b-contract"]);
        let wasm = [HEADER, b"crates.io:a-contract crates.io:b-contract"].concat();
        assert_eq!(codes.recognize(&wasm), None);
    }

    #[test]
    fn compiled_code_is_known_by_a_given_checksum() {
        let mut codes = known(&["a-contract", "b-contract"]);
        let wasm = [HEADER, b"crates.io:a-contract crates.io:b-contract"].concat();
        codes.insert_checksum(Sha256::digest(&wasm).into(), "b-contract");
        assert_eq!(codes.recognize(&wasm).as_deref(), Some("b-contract"));
    }

    #[test]
    fn gzipped_code_is_unpacked_up_to_the_limit() {
        let pack = |bytes: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packed, bytes).unwrap();
            packed.finish().unwrap()
        };
        assert_eq!(unpack(&pack(&marker("x"))).unwrap(), marker("x"));
        let long = [HEADER, &vec![0; MAX_CODE_BYTES]].concat();
        assert!(unpack(&pack(&long)).is_err());
        assert!(unpack(&pack(HEADER)[..12]).is_err());
    }

    #[test]
    fn bytes_that_are_no_wasm_are_refused_with_wasmds_code() {
        let err = unpack(b"hello").unwrap_err();
        assert_eq!((err.codespace, err.code), ("wasm", 2));
    }
}
