//! What the wasm module stores: codes, contracts, their history, and the contracts' own storage.

use cosmrs::proto::cosmwasm::wasm::v1::{
    AbsoluteTxPosition, CodeInfo, ContractCodeHistoryEntry, ContractInfo,
};
use prost::Message;

use crate::state::{Ctx, prefix_end};

const CODE: u8 = 0x10;
const CONTRACT: u8 = 0x11;
const LAST_CODE: &[u8] = &[0x12];
const LAST_INSTANCE: &[u8] = &[0x13];
const STORE: u8 = 0x14;
const BY_CODE: u8 = 0x15;
const HISTORY: u8 = 0x16;
const BYTES: u8 = 0x17;
const NATIVE: u8 = 0x18;
const BY_CREATOR: u8 = 0x19;

fn keyed(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

fn sized(kind: u8, address: &[u8]) -> Vec<u8> {
    keyed(kind, &[&[address.len() as u8], address])
}

/// Prefix of code records; the rest of a key is the code id, big endian.
pub const CODE_PREFIX: &[u8] = &[CODE];

/// Prefix of a contract's own storage.
pub fn store_prefix(contract: &[u8]) -> Vec<u8> {
    sized(STORE, contract)
}

/// Prefix of the contracts of a code; the rest of a key is a position of 16 bytes and the address.
pub fn by_code_prefix(code_id: u64) -> Vec<u8> {
    keyed(BY_CODE, &[&code_id.to_be_bytes()])
}

/// Prefix of the contracts of a creator; the rest of a key is a position of 16 bytes and the address.
pub fn by_creator_prefix(creator: &[u8]) -> Vec<u8> {
    sized(BY_CREATOR, creator)
}

/// Prefix of a contract's history; the rest of a key is its index, big endian.
pub fn history_prefix(contract: &[u8]) -> Vec<u8> {
    sized(HISTORY, contract)
}

fn next_number(ctx: &Ctx, key: &[u8]) -> u64 {
    let last =
        ctx.get(key).and_then(|bytes| bytes.try_into().ok().map(u64::from_be_bytes)).unwrap_or(0);
    let next = last.saturating_add(1);
    ctx.set(key.to_vec(), next.to_be_bytes().to_vec());
    next
}

/// Number of the next contract.
pub fn next_instance(ctx: &Ctx) -> u64 {
    next_number(ctx, LAST_INSTANCE)
}

/// Stores code bytes for a native code and gives them an id.
pub fn add_code(ctx: &Ctx, info: &CodeInfo, bytes: &[u8], native: &str) -> u64 {
    let code_id = next_number(ctx, LAST_CODE);
    ctx.set(keyed(CODE, &[&code_id.to_be_bytes()]), info.encode_to_vec());
    // The VM keeps code bytes outside the chain's state: they are stored without gas.
    let mut state = ctx.snapshot();
    state.insert_mut(keyed(BYTES, &[&info.code_hash]), bytes.to_vec());
    state.insert_mut(keyed(NATIVE, &[&info.code_hash]), native.as_bytes().to_vec());
    ctx.restore(state);
    code_id
}

/// A code by id.
pub fn code(ctx: &Ctx, code_id: u64) -> Option<CodeInfo> {
    let bytes = ctx.get(&keyed(CODE, &[&code_id.to_be_bytes()]))?;
    CodeInfo::decode(bytes.as_slice()).ok()
}

/// The bytes that were uploaded, uncompressed.
pub fn code_bytes(ctx: &Ctx, checksum: &[u8]) -> Option<Vec<u8>> {
    ctx.snapshot().get(keyed(BYTES, &[checksum]).as_slice()).cloned()
}

/// Name of the native code that a checksum stands for.
pub fn native_name(ctx: &Ctx, checksum: &[u8]) -> Option<String> {
    let state = ctx.snapshot();
    let name = state.get(keyed(NATIVE, &[checksum]).as_slice())?;
    String::from_utf8(name.clone()).ok()
}

/// A contract by address.
pub fn contract(ctx: &Ctx, address: &[u8]) -> Option<ContractInfo> {
    let bytes = ctx.get(&keyed(CONTRACT, &[address]))?;
    ContractInfo::decode(bytes.as_slice()).ok()
}

/// Whether an address is a contract's.
pub fn has_contract(ctx: &Ctx, address: &[u8]) -> bool {
    ctx.has(&keyed(CONTRACT, &[address]))
}

/// Writes a contract's record.
pub fn save_contract(ctx: &Ctx, address: &[u8], info: &ContractInfo) {
    ctx.set(keyed(CONTRACT, &[address]), info.encode_to_vec());
}

fn position_bytes(position: &AbsoluteTxPosition) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&position.block_height.to_be_bytes());
    bytes[8..].copy_from_slice(&position.tx_index.to_be_bytes());
    bytes
}

fn by_code_key(address: &[u8], entry: &ContractCodeHistoryEntry) -> Vec<u8> {
    let position = entry.updated.clone().unwrap_or_default();
    keyed(BY_CODE, &[&entry.code_id.to_be_bytes(), &position_bytes(&position), address])
}

/// Lists a contract under its creator.
pub fn index_creator(ctx: &Ctx, creator: &[u8], position: &AbsoluteTxPosition, address: &[u8]) {
    let mut key = by_creator_prefix(creator);
    key.extend_from_slice(&position_bytes(position));
    key.extend_from_slice(address);
    ctx.set(key, Vec::new());
}

/// Appends to a contract's history and lists it under its new code instead of its old one.
pub fn append_history(ctx: &Ctx, address: &[u8], entry: &ContractCodeHistoryEntry) {
    let prefix = history_prefix(address);
    let last = ctx.range(prefix.clone(), prefix_end(&prefix), true).next();
    let index = match last {
        Some((key, value)) => {
            if let Ok(old) = ContractCodeHistoryEntry::decode(value.as_slice()) {
                ctx.remove(&by_code_key(address, &old));
            }
            let tail = key.get(prefix.len()..).and_then(|t| t.try_into().ok());
            tail.map_or(0, u64::from_be_bytes)
        }
        None => 0,
    };
    let mut key = prefix;
    key.extend_from_slice(&index.saturating_add(1).to_be_bytes());
    ctx.set(key, entry.encode_to_vec());
    ctx.set(by_code_key(address, entry), Vec::new());
}
