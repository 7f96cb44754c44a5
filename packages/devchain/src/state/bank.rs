//! Balances and supply. Every coin that appears or vanishes passes through `mint` and `burn`, so the supply is exact.

use cosmwasm_std::{Coin, Uint128};

use super::{auth, ctx::Ctx, kv::Records};
use crate::error::{AbciResult, sdk};
use crate::event::Event;
use crate::gas;
use crate::{address, coins};

const BALANCE: u8 = 0x03;
const SUPPLY: u8 = 0x04;

/// Module accounts that nobody may send coins to.
pub const FEE_COLLECTOR: &str = "fee_collector";
/// The wasm module's account; coins that contracts burn pass through it.
pub const WASM_MODULE: &str = "wasm";

/// Prefix of an address's balances.
pub fn balances_prefix(owner: &[u8]) -> Vec<u8> {
    let mut key = vec![BALANCE, owner.len() as u8];
    key.extend_from_slice(owner);
    key
}

fn balance_key(owner: &[u8], denom: &str) -> Vec<u8> {
    let mut key = balances_prefix(owner);
    key.extend_from_slice(denom.as_bytes());
    key
}

/// Prefix of the supply records; the rest of a key is the denom.
pub const SUPPLY_PREFIX: &[u8] = &[SUPPLY];

fn supply_key(denom: &str) -> Vec<u8> {
    let mut key = SUPPLY_PREFIX.to_vec();
    key.extend_from_slice(denom.as_bytes());
    key
}

/// An amount as it is stored: decimal text, like the SDK's.
pub fn decode_amount(bytes: &[u8]) -> Uint128 {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.parse::<u128>().ok())
        .unwrap_or_default()
        .into()
}

fn read(ctx: &Ctx, key: &[u8]) -> Uint128 {
    ctx.get(key).map_or(Uint128::zero(), |v| decode_amount(&v))
}

fn write(ctx: &Ctx, key: Vec<u8>, amount: Uint128) {
    ctx.gas().consume(gas::BALANCE_INDEX, "WriteFlat");
    if amount.is_zero() {
        ctx.remove(&key);
    } else {
        ctx.set(key, amount.to_string().into_bytes());
    }
}

/// What an address holds of one denom.
pub fn balance(ctx: &Ctx, owner: &[u8], denom: &str) -> Coin {
    Coin { denom: denom.to_owned(), amount: read(ctx, &balance_key(owner, denom)) }
}

/// Everything that an address holds, sorted by denom.
pub fn all_balances(ctx: &Ctx, owner: &[u8]) -> Vec<Coin> {
    let prefix = balances_prefix(owner);
    let end = super::prefix_end(&prefix);
    ctx.range(prefix.clone(), end, false)
        .map(|(key, value)| Coin {
            denom: String::from_utf8_lossy(&key[prefix.len()..]).into_owned(),
            amount: decode_amount(&value),
        })
        .collect()
}

/// Every balance of the chain by address bytes. Not metered: for reports and tests.
pub fn every_balance(state: &super::Kv) -> Vec<(Vec<u8>, Coin)> {
    Records::under(state.clone(), &[BALANCE], false)
        .filter_map(|(key, value)| {
            let len = usize::from(*key.get(1)?);
            let owner = key.get(2..2 + len)?.to_vec();
            let denom = String::from_utf8(key.get(2 + len..)?.to_vec()).ok()?;
            let amount = decode_amount(&value);
            Some((owner, Coin { denom, amount }))
        })
        .collect()
}

/// The supply of one denom.
pub fn supply(ctx: &Ctx, denom: &str) -> Coin {
    Coin { denom: denom.to_owned(), amount: read(ctx, &supply_key(denom)) }
}

/// Whether an address is a module's, which may not be sent coins.
pub fn is_blocked(recipient: &[u8]) -> bool {
    [FEE_COLLECTOR, WASM_MODULE].iter().any(|name| address::of_module(name) == recipient)
}

/// Moves coins and emits the SDK's four events.
pub fn send(ctx: &Ctx, from: &[u8], to: &[u8], amount: &[Coin]) -> AbciResult<()> {
    coins::validate(amount).map_err(|_| sdk::invalid_coins(coins::text(amount)))?;
    subtract(ctx, from, amount)?;
    add(ctx, to, amount)?;
    auth::ensure(ctx, to);
    ctx.emit(transfer_event(ctx, from, to, amount));
    ctx.emit(Event::new("message").with("sender", ctx.codec().encode(from)));
    Ok(())
}

/// The event of one transfer.
pub fn transfer_event(ctx: &Ctx, from: &[u8], to: &[u8], amount: &[Coin]) -> Event {
    Event::new("transfer")
        .with("recipient", ctx.codec().encode(to))
        .with("sender", ctx.codec().encode(from))
        .with("amount", coins::text(amount))
}

/// Takes coins from an address.
pub fn subtract(ctx: &Ctx, owner: &[u8], amount: &[Coin]) -> AbciResult<()> {
    for coin in amount {
        let key = balance_key(owner, &coin.denom);
        let held = read(ctx, &key);
        let left = held.checked_sub(coin.amount).map_err(|_| {
            let spendable = Coin::new(held, coin.denom.clone());
            sdk::insufficient_funds(format!("spendable balance {spendable} is smaller than {coin}"))
        })?;
        write(ctx, key, left);
    }
    ctx.emit(
        Event::new("coin_spent")
            .with("spender", ctx.codec().encode(owner))
            .with("amount", coins::text(amount)),
    );
    Ok(())
}

/// Gives coins to an address.
pub fn add(ctx: &Ctx, owner: &[u8], amount: &[Coin]) -> AbciResult<()> {
    for coin in amount {
        let key = balance_key(owner, &coin.denom);
        let sum = read(ctx, &key)
            .checked_add(coin.amount)
            .map_err(|_| sdk::invalid_coins(format!("balance of {} passes 2^128", coin.denom)))?;
        write(ctx, key, sum);
    }
    ctx.emit(
        Event::new("coin_received")
            .with("receiver", ctx.codec().encode(owner))
            .with("amount", coins::text(amount)),
    );
    Ok(())
}

/// Makes coins for an account of the genesis.
pub fn mint(ctx: &Ctx, owner: &[u8], amount: &[Coin]) -> AbciResult<()> {
    for coin in amount {
        let key = supply_key(&coin.denom);
        let sum = read(ctx, &key)
            .checked_add(coin.amount)
            .map_err(|_| sdk::invalid_coins(format!("supply of {} passes 2^128", coin.denom)))?;
        write(ctx, key, sum);
    }
    add(ctx, owner, amount)
}

/// Burns a contract's coins: they pass through the wasm module's account, as on wasmd.
pub fn burn(ctx: &Ctx, owner: &[u8], amount: &[Coin]) -> AbciResult<()> {
    let module = address::of_module(WASM_MODULE);
    send(ctx, owner, &module, amount)?;
    subtract(ctx, &module, amount)?;
    for coin in amount {
        let key = supply_key(&coin.denom);
        let left = read(ctx, &key)
            .checked_sub(coin.amount)
            .map_err(|_| sdk::invalid_coins(format!("supply of {} is too small", coin.denom)))?;
        write(ctx, key, left);
    }
    ctx.emit(
        Event::new("burn")
            .with("burner", ctx.codec().encode(&module))
            .with("amount", coins::text(amount)),
    );
    Ok(())
}
