//! Accounts: number, sequence and public key.

use cosmrs::proto::cosmos::auth::v1beta1::BaseAccount;
use prost::Message;
use sha2::{Digest, Sha256};

use super::ctx::Ctx;
use crate::gas;

const ACCOUNT: u8 = 0x01;
/// Set in the number of each account that is not of the genesis.
const NOT_OF_GENESIS: u64 = 1 << 63;

/// Key of an account record.
pub fn key(address: &[u8]) -> Vec<u8> {
    let mut key = vec![ACCOUNT];
    key.extend_from_slice(address);
    key
}

/// Prefix of all account records.
pub const PREFIX: &[u8] = &[ACCOUNT];

/// The account of an address.
pub fn load(ctx: &Ctx, address: &[u8]) -> Option<BaseAccount> {
    let bytes = ctx.get(&key(address))?;
    BaseAccount::decode(bytes.as_slice()).ok()
}

/// Writes an account.
pub fn save(ctx: &Ctx, address: &[u8], account: &BaseAccount) {
    ctx.gas().consume(gas::ACCOUNT_INDEX, "WriteFlat");
    ctx.set(key(address), account.encode_to_vec());
}

/// Makes an account; the caller knows that there is none.
///
/// As since SDK 0.54, accounts are not counted: the number is drawn from the block, the transaction and the address,
/// and its top bit is set. So it fits neither a signed number nor the 53 bits that JavaScript counts with.
pub fn create(ctx: &Ctx, address: &[u8]) -> BaseAccount {
    let index = ctx.tx_index.map_or(-1, i64::from);
    let digest = Sha256::new()
        .chain_update(ctx.block().height.to_be_bytes())
        .chain_update(index.to_be_bytes())
        .chain_update(address)
        .finalize();
    let mut drawn = [0; 8];
    drawn.copy_from_slice(&digest[..8]);
    create_numbered(ctx, address, u64::from_be_bytes(drawn) | NOT_OF_GENESIS)
}

/// Makes an account with a number, which the genesis gives; the caller knows that there is none.
pub fn create_numbered(ctx: &Ctx, address: &[u8], account_number: u64) -> BaseAccount {
    let account = BaseAccount {
        address: ctx.codec().encode(address),
        pub_key: None,
        account_number,
        sequence: 0,
    };
    save(ctx, address, &account);
    account
}

/// Whether an address has an account.
pub fn exists(ctx: &Ctx, address: &[u8]) -> bool {
    ctx.has(&key(address))
}

/// Makes sure that an address that receives coins has an account.
pub fn ensure(ctx: &Ctx, address: &[u8]) {
    if !exists(ctx, address) {
        create(ctx, address);
    }
}
