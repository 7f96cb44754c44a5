//! Accounts: number, sequence and public key.

use cosmrs::proto::cosmos::auth::v1beta1::BaseAccount;
use prost::Message;

use super::ctx::Ctx;
use crate::gas;

const ACCOUNT: u8 = 0x01;
const NEXT_NUMBER: &[u8] = &[0x02];

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

/// Makes an account with the next number; the caller knows that there is none.
pub fn create(ctx: &Ctx, address: &[u8]) -> BaseAccount {
    let number = ctx
        .get(NEXT_NUMBER)
        .and_then(|bytes| bytes.try_into().ok().map(u64::from_be_bytes))
        .unwrap_or(0);
    ctx.set(NEXT_NUMBER.to_vec(), number.saturating_add(1).to_be_bytes().to_vec());
    let account = BaseAccount {
        address: ctx.codec().encode(address),
        pub_key: None,
        account_number: number,
        sequence: 0,
    };
    save(ctx, address, &account);
    account
}

/// Makes sure that an address that receives coins has an account.
pub fn ensure(ctx: &Ctx, address: &[u8]) {
    if !ctx.has(&key(address)) {
        create(ctx, address);
    }
}
