//! The checks before execution, in the order of the SDK's ante handler: limits, fee, keys, signatures, sequences.

use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::proto::cosmos::auth::v1beta1::BaseAccount;
use cosmrs::proto::cosmos::crypto::secp256k1::PubKey;
use cosmrs::proto::cosmos::tx::v1beta1::{SignDoc, SignerInfo, mode_info::Sum};
use cosmrs::tendermint::Time;
use k256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use prost::{Message, Name};

use super::decode::{Moment, Tx};
use crate::error::{AbciResult, sdk};
use crate::event::Event;
use crate::gas;
use crate::state::{Ctx, auth, bank};
use crate::{address, coins};

/// Longest memo, characters.
const MAX_MEMO: usize = 256;
/// Most signatures of one transaction.
const MAX_SIGNATURES: usize = 7;
/// Reading the parameters of the auth module, which the SDK does again and again.
const READ_PARAMS: u64 = 1_042;

/// What the SDK looks up before, such as circuit breakers. Measured on wasmd.
const LOOK_UPS: u64 = 1_700;

/// The mode in which a transaction is run, as the SDK names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecMode {
    /// Before it enters the mempool.
    Check,
    /// In a block.
    Deliver,
    /// Asked for its gas; signatures are not verified.
    Simulate,
}

/// The least price of gas that a node takes, in one denom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinGasPrice {
    /// Millionths of a base unit for one gas.
    pub micro: u64,
    /// Denom.
    pub denom: String,
}

impl MinGasPrice {
    /// The least fee for `gas_limit`, rounded up.
    pub fn required(&self, gas_limit: u64) -> u128 {
        (u128::from(self.micro) * u128::from(gas_limit)).div_ceil(1_000_000)
    }

    /// As in the node's configuration, for instance `0.025000000000000000usouk`.
    pub fn text(&self) -> String {
        let whole = self.micro / 1_000_000;
        let rest = self.micro % 1_000_000;
        format!("{whole}.{rest:06}000000000000{}", self.denom)
    }
}

/// Runs all checks; charges the fee and raises the sequences in `ctx`.
pub fn run(ctx: &Ctx, tx: &Tx, mode: ExecMode, min_price: Option<&MinGasPrice>) -> AbciResult<()> {
    if !tx.body.extension_options.is_empty() {
        return Err(sdk::unknown_extension(""));
    }
    check_signature_count(tx)?;
    check_timeout(ctx, tx)?;
    let memo = tx.body.memo.len();
    if memo > MAX_MEMO {
        return Err(sdk::memo_too_large(format!(
            "maximum number of characters is {MAX_MEMO} but received {memo} characters"
        )));
    }
    ctx.gas().consume(READ_PARAMS + LOOK_UPS, "ReadFlat");
    ctx.gas().consume(gas::TX_BYTE * tx.size as u64, "txSize");
    if mode == ExecMode::Simulate {
        simulate_signature_size(ctx, tx);
    }
    charge_fee(ctx, tx, mode, min_price)?;
    set_public_keys(ctx, tx, mode)?;
    ctx.gas().consume(READ_PARAMS, "ReadFlat");
    if tx.auth.signer_infos.len() > MAX_SIGNATURES {
        return Err(sdk::too_many_signatures(format!(
            "signatures: {}, limit: {MAX_SIGNATURES}",
            tx.auth.signer_infos.len()
        )));
    }
    ctx.gas().consume(READ_PARAMS, "ReadFlat");
    for signer in &tx.signers {
        signer_account(ctx, signer)?;
        ctx.gas().consume(gas::SIGNATURE, "ante verify: secp256k1");
    }
    verify_signatures(ctx, tx, mode)?;
    for signer in &tx.signers {
        let mut account = signer_account(ctx, signer)?;
        account.sequence = account.sequence.saturating_add(1);
        auth::save(ctx, signer, &account);
    }
    Ok(())
}

fn check_signature_count(tx: &Tx) -> AbciResult<()> {
    let signatures = tx.raw.signatures.len();
    if signatures == 0 {
        return Err(sdk::no_signatures(""));
    }
    if signatures != tx.signers.len() {
        return Err(sdk::unauthorized(format!(
            "wrong number of signers; expected {}, got {signatures}",
            tx.signers.len()
        )));
    }
    Ok(())
}

fn check_timeout(ctx: &Ctx, tx: &Tx) -> AbciResult<()> {
    let (height, timeout) = (ctx.block().height, tx.body.timeout_height);
    if timeout > 0 && height > timeout {
        return Err(sdk::tx_timeout_height(format!(
            "block height: {height}, timeout height: {timeout}"
        )));
    }
    let now = i128::from(ctx.block().time_ns);
    // The SDK takes the first second of 1970 for none.
    let until = tx.newer.timeout_timestamp.filter(|until| until.seconds != 0).map(Moment::ns);
    if let Some(until) = until.filter(|until| *until < now) {
        return Err(sdk::tx_timeout(format!(
            "block time: {}, timeout timestamp: {}",
            time_text(now),
            time_text(until)
        )));
    }
    Ok(())
}

/// Nanoseconds since 1970 as a time, or as they are if no calendar has them.
pub(super) fn time_text(ns: i128) -> String {
    let seconds = i64::try_from(ns.div_euclid(1_000_000_000)).ok();
    let rest = u32::try_from(ns.rem_euclid(1_000_000_000)).unwrap_or(0);
    match seconds.and_then(|seconds| Time::from_unix_timestamp(seconds, rest).ok()) {
        Some(time) => time.to_rfc3339(),
        None => format!("{ns} ns"),
    }
}

/// A simulated transaction has empty signatures; the size of real ones is added.
fn simulate_signature_size(ctx: &Ctx, tx: &Tx) {
    let empty = tx.raw.signatures.iter().filter(|s| s.is_empty()).count() as u64;
    ctx.gas().consume(gas::TX_BYTE * 111 * empty, "txSize");
}

fn charge_fee(
    ctx: &Ctx,
    tx: &Tx,
    mode: ExecMode,
    min_price: Option<&MinGasPrice>,
) -> AbciResult<()> {
    if mode != ExecMode::Simulate && tx.gas_limit() == 0 {
        return Err(sdk::invalid_gas_limit("must provide positive gas"));
    }
    let fee =
        tx.fee().map_err(|err| sdk::insufficient_fee(format!("invalid fee amount: {err}")))?;
    if mode == ExecMode::Check
        && let Some(min) = min_price.filter(|min| min.micro > 0)
    {
        let required = min.required(tx.gas_limit());
        let enough =
            fee.iter().any(|coin| coin.denom == min.denom && coin.amount.u128() >= required);
        if !enough {
            return Err(sdk::insufficient_fee(format!(
                "insufficient fees; got: {} required: {required}{}",
                coins::text(&fee),
                min.denom
            )));
        }
    }
    if tx.auth.fee.as_ref().is_some_and(|fee| !fee.granter.is_empty()) {
        return Err(sdk::invalid_request("fee grants are not enabled"));
    }
    let payer = tx.fee_payer(ctx.codec());
    let payer_text = ctx.codec().encode(&payer);
    if auth::load(ctx, &payer).is_none() {
        return Err(sdk::unknown_address(format!(
            "fee payer address: {payer_text} does not exist"
        )));
    }
    if !fee.is_empty() {
        let collector = address::of_module(bank::FEE_COLLECTOR);
        bank::send(ctx, &payer, &collector, &fee)
            .map_err(|err| sdk::insufficient_funds(err.log))?;
    }
    ctx.emit(Event::new("tx").with("fee", coins::text(&fee)).with("fee_payer", payer_text));
    Ok(())
}

fn signer_account(ctx: &Ctx, signer: &[u8]) -> AbciResult<BaseAccount> {
    auth::load(ctx, signer).ok_or_else(|| {
        sdk::unknown_address(format!("account {} does not exist", ctx.codec().encode(signer)))
    })
}

fn public_key(info: &SignerInfo) -> AbciResult<Option<PubKey>> {
    let Some(any) = &info.public_key else {
        return Ok(None);
    };
    if any.type_url != PubKey::type_url() {
        return Err(sdk::invalid_pubkey(format!(
            "{} is not supported, only secp256k1",
            any.type_url
        )));
    }
    PubKey::decode(any.value.as_slice()).map(Some).map_err(|err| sdk::tx_decode(err.to_string()))
}

fn set_public_keys(ctx: &Ctx, tx: &Tx, mode: ExecMode) -> AbciResult<()> {
    for (index, (info, signer)) in tx.auth.signer_infos.iter().zip(&tx.signers).enumerate() {
        let Some(key) = public_key(info)? else {
            continue;
        };
        if mode != ExecMode::Simulate && address::of_public_key(&key.key) != *signer {
            return Err(sdk::invalid_pubkey(format!(
                "pubKey does not match signer address {} with signer index: {index}",
                ctx.codec().encode(signer)
            )));
        }
        let mut account = signer_account(ctx, signer)?;
        if account.pub_key.is_none() {
            account.pub_key.clone_from(&info.public_key);
            auth::save(ctx, signer, &account);
        }
    }
    let signatures = tx.raw.signatures.iter();
    for ((info, signer), signature) in tx.auth.signer_infos.iter().zip(&tx.signers).zip(signatures)
    {
        let account = ctx.codec().encode(signer);
        ctx.emit(Event::new("tx").with("acc_seq", format!("{account}/{}", info.sequence)));
        ctx.emit(Event::new("tx").with("signature", BASE64_STANDARD.encode(signature)));
    }
    Ok(())
}

fn verify_signatures(ctx: &Ctx, tx: &Tx, mode: ExecMode) -> AbciResult<()> {
    // A chain can allow them; wasmd does not.
    if tx.newer.unordered {
        return Err(sdk::not_supported("unordered transactions are not enabled"));
    }
    if tx.auth.signer_infos.len() != tx.signers.len() {
        return Err(sdk::unauthorized(format!(
            "invalid number of signer;  expected: {}, got {}",
            tx.signers.len(),
            tx.auth.signer_infos.len()
        )));
    }
    for (index, (info, signer)) in tx.auth.signer_infos.iter().zip(&tx.signers).enumerate() {
        let account = signer_account(ctx, signer)?;
        if mode != ExecMode::Simulate && account.pub_key.is_none() {
            return Err(sdk::invalid_pubkey("pubkey on account is not set"));
        }
        if info.sequence != account.sequence {
            return Err(sdk::wrong_sequence(format!(
                "account sequence mismatch, expected {}, got {}",
                account.sequence, info.sequence
            )));
        }
        if matches!(mode, ExecMode::Check | ExecMode::Deliver) {
            let signature = tx.raw.signatures.get(index).map_or(&[][..], Vec::as_slice);
            verify(ctx, tx, &account, info, signature).map_err(|why| {
                sdk::unauthorized(format!(
                    "signature verification failed; please verify account number ({}) and chain-id ({}): ({why})",
                    account.account_number,
                    ctx.block().chain_id
                ))
            })?;
        }
    }
    Ok(())
}

/// Verifies one signature; only SIGN_MODE_DIRECT, and only the lower S, as the SDK demands.
fn verify(
    ctx: &Ctx,
    tx: &Tx,
    account: &BaseAccount,
    info: &SignerInfo,
    signature: &[u8],
) -> Result<(), &'static str> {
    const SIGN_MODE_DIRECT: i32 = 1;
    let mode = info.mode_info.as_ref().and_then(|mode| mode.sum.as_ref());
    if !matches!(mode, Some(Sum::Single(single)) if single.mode == SIGN_MODE_DIRECT) {
        return Err("only SIGN_MODE_DIRECT of single keys is supported");
    }
    let key = account
        .pub_key
        .as_ref()
        .and_then(|any| PubKey::decode(any.value.as_slice()).ok())
        .and_then(|key| VerifyingKey::from_sec1_bytes(&key.key).ok())
        .ok_or("the account's public key is not valid")?;
    let signature =
        Signature::from_slice(signature).map_err(|_| "unable to verify single signer signature")?;
    if signature.normalize_s().is_some() {
        return Err("unable to verify single signer signature");
    }
    let doc = SignDoc {
        body_bytes: tx.raw.body_bytes.clone(),
        auth_info_bytes: tx.raw.auth_info_bytes.clone(),
        chain_id: ctx.block().chain_id.clone(),
        account_number: account.account_number,
    };
    key.verify(&doc.encode_to_vec(), &signature)
        .map_err(|_| "unable to verify single signer signature")
}
