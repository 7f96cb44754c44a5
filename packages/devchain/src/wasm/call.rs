//! The border to contract code: its storage, its API, and what its crashes turn into.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use cosmrs::proto::cosmwasm::wasm::v1::CodeInfo;
use cosmwasm_std::testing::MockApi;
use cosmwasm_std::{
    Addr, Api, CanonicalAddr, ContractInfo, Deps, DepsMut, Empty, Env, Order, Querier,
    QuerierWrapper, Record, RecoverPubkeyError, StdError, StdResult, Storage, TransactionInfo,
    VerificationError,
};
use cw_multi_test::error::AnyResult;

use super::records;
use crate::address::AddressCodec;
use crate::codes::NativeCode;
use crate::error::{AbciError, AbciResult, wasm};
use crate::gas::{self, OutOfGas};
use crate::state::{Ctx, prefix_end};

/// How a call into a contract ended badly.
pub enum CallError {
    /// The contract returned an error: its text.
    Contract(String),
    /// The contract crashed or lacks the entry point.
    Vm(AbciError),
}

impl CallError {
    /// The chain's error; `registered` is the one for this entry point.
    pub fn into_abci(self, registered: impl FnOnce(String) -> AbciError) -> AbciError {
        match self {
            Self::Contract(text) => registered(text).deterministic(),
            Self::Vm(err) => err,
        }
    }
}

/// A contract's part of the state.
pub struct ContractStorage {
    ctx: Ctx,
    prefix: Vec<u8>,
}

impl ContractStorage {
    /// Storage of the contract at `address`.
    pub fn new(ctx: &Ctx, address: &[u8]) -> Self {
        Self { ctx: ctx.clone(), prefix: records::store_prefix(address) }
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        [self.prefix.as_slice(), key].concat()
    }
}

impl Storage for ContractStorage {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.ctx.get(&self.key(key))
    }

    fn range<'a>(
        &'a self,
        start: Option<&[u8]>,
        end: Option<&[u8]>,
        order: Order,
    ) -> Box<dyn Iterator<Item = Record> + 'a> {
        let low = self.key(start.unwrap_or_default());
        let high = match end {
            Some(end) => Some(self.key(end)),
            None => prefix_end(&self.prefix),
        };
        let cut = self.prefix.len();
        Box::new(
            self.ctx
                .range(low, high, order == Order::Descending)
                .map(move |(key, value)| (key[cut..].to_vec(), value)),
        )
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        self.ctx.set(self.key(key), value.to_vec());
    }

    fn remove(&mut self, key: &[u8]) {
        self.ctx.remove(&self.key(key));
    }
}

/// The address functions of this chain; cryptography as cosmwasm-std's test API does it.
pub struct ChainApi {
    codec: AddressCodec,
    crypto: MockApi,
}

impl ChainApi {
    /// An API for addresses of `codec`.
    pub fn new(codec: AddressCodec) -> Self {
        Self { codec, crypto: MockApi::default() }
    }
}

impl Api for ChainApi {
    fn addr_validate(&self, human: &str) -> StdResult<Addr> {
        let canonical = self.addr_canonicalize(human)?;
        let normal = self.addr_humanize(&canonical)?;
        if normal.as_str() != human {
            return Err(StdError::generic_err("addr_validate errored: Address is not normalized"));
        }
        Ok(normal)
    }

    fn addr_canonicalize(&self, human: &str) -> StdResult<CanonicalAddr> {
        match self.codec.decode(human) {
            Some(bytes) => Ok(bytes.into()),
            None => Err(StdError::generic_err(format!(
                "addr_canonicalize errored: {human:?} is not a {} address",
                self.codec.prefix()
            ))),
        }
    }

    fn addr_humanize(&self, canonical: &CanonicalAddr) -> StdResult<Addr> {
        if canonical.is_empty() || canonical.len() > 255 {
            return Err(StdError::generic_err("addr_humanize errored: invalid length"));
        }
        Ok(Addr::unchecked(self.codec.encode(canonical.as_slice())))
    }

    fn secp256k1_verify(
        &self,
        hash: &[u8],
        sig: &[u8],
        key: &[u8],
    ) -> Result<bool, VerificationError> {
        self.crypto.secp256k1_verify(hash, sig, key)
    }

    fn secp256k1_recover_pubkey(
        &self,
        hash: &[u8],
        sig: &[u8],
        param: u8,
    ) -> Result<Vec<u8>, RecoverPubkeyError> {
        self.crypto.secp256k1_recover_pubkey(hash, sig, param)
    }

    fn ed25519_verify(
        &self,
        msg: &[u8],
        sig: &[u8],
        key: &[u8],
    ) -> Result<bool, VerificationError> {
        self.crypto.ed25519_verify(msg, sig, key)
    }

    fn ed25519_batch_verify(
        &self,
        msgs: &[&[u8]],
        sigs: &[&[u8]],
        keys: &[&[u8]],
    ) -> Result<bool, VerificationError> {
        self.crypto.ed25519_batch_verify(msgs, sigs, keys)
    }

    fn debug(&self, message: &str) {
        tracing::debug!(target: "souk_devchain::contract", "{message}");
    }
}

fn env(ctx: &Ctx, address: &[u8]) -> Env {
    Env {
        block: ctx.block().block_info(),
        transaction: ctx.tx_index.map(|index| TransactionInfo { index }),
        contract: ContractInfo { address: Addr::unchecked(ctx.codec().encode(address)) },
    }
}

/// Charges for entering a code.
pub fn enter(ctx: &Ctx, checksum: &[u8], doing: &'static str) {
    let cost = if ctx.loads(checksum) { gas::ENTER_LOADED_CONTRACT } else { gas::ENTER_CONTRACT };
    ctx.gas().consume(cost + gas::FIND_CONTRACT, doing);
}

/// The code of a contract.
///
/// # Errors
/// If no contract has that address.
pub fn instance(ctx: &Ctx, contract: &[u8]) -> AbciResult<CodeInfo> {
    let info = records::contract(ctx, contract)
        .ok_or_else(|| wasm::no_such_contract(&ctx.codec().encode(contract)))?;
    records::code(ctx, info.code_id).ok_or_else(|| wasm::no_such_code(info.code_id))
}

/// Runs an entry point that may write.
pub fn call<T>(
    ctx: &Ctx,
    address: &[u8],
    code: &NativeCode,
    querier: &dyn Querier,
    entry: impl FnOnce(&NativeCode, DepsMut<'_>, Env) -> AnyResult<T>,
) -> Result<T, CallError> {
    let mut storage = ContractStorage::new(ctx, address);
    let api = ChainApi::new(ctx.codec().clone());
    let env = env(ctx, address);
    guarded(move || {
        let deps =
            DepsMut { storage: &mut storage, api: &api, querier: QuerierWrapper::new(querier) };
        entry(code, deps, env)
    })
}

/// Runs the query entry point.
pub fn call_query<T>(
    ctx: &Ctx,
    address: &[u8],
    code: &NativeCode,
    querier: &dyn Querier,
    entry: impl FnOnce(&NativeCode, Deps<'_>, Env) -> AnyResult<T>,
) -> Result<T, CallError> {
    let storage = ContractStorage::new(ctx, address);
    let api = ChainApi::new(ctx.codec().clone());
    let env = env(ctx, address);
    guarded(move || {
        let deps =
            Deps { storage: &storage, api: &api, querier: QuerierWrapper::<Empty>::new(querier) };
        entry(code, deps, env)
    })
}

/// Contract code may panic; the transaction fails then, the chain goes on. Running out of gas passes through.
fn guarded<T>(run: impl FnOnce() -> AnyResult<T>) -> Result<T, CallError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(err)) => {
            let text = err.to_string();
            if text.ends_with("is not implemented for contract") {
                let entry = text.split(' ').next().unwrap_or_default();
                return Err(CallError::Vm(wasm::vm_error(format!(
                    "Error calling the VM: Error resolving Wasm function: \
                     Could not get export: Missing export {entry}"
                ))));
            }
            Err(CallError::Contract(text))
        }
        Err(panic) if panic.is::<OutOfGas>() => resume_unwind(panic),
        Err(panic) => {
            let what = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
                .unwrap_or_default();
            Err(CallError::Vm(wasm::vm_error(format!(
                "Error calling the VM: Error executing Wasm: Aborted: panicked: {what}"
            ))))
        }
    }
}

/// Native code of a checksum.
pub fn native_code(ctx: &Ctx, checksum: &[u8]) -> AbciResult<NativeCode> {
    records::native_name(ctx, checksum)
        .and_then(|name| ctx.codes().get(&name))
        .ok_or_else(|| wasm::vm_error("Error calling the VM: Cache error: no such native code"))
}
