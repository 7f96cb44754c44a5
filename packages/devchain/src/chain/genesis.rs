//! The first state: accounts with their coins, module accounts, and the codes that are there from the start.

use std::rc::Rc;

use cosmrs::proto::cosmwasm::wasm::v1::{AccessConfig, AccessType, CodeInfo};
use cosmwasm_std::Coin;
use sha2::{Digest, Sha256};

use crate::codes::marker;
use crate::error::AbciResult;
use crate::gas::GasMeter;
use crate::state::{BlockEnv, Ctx, Kv, Modules, auth, bank};
use crate::wasm::records;
use crate::{address, coins};

/// What the chain starts with.
#[derive(Clone, Debug, Default)]
pub struct Genesis {
    /// Accounts by address bytes, numbered in this order.
    pub accounts: Vec<(Vec<u8>, Vec<Coin>)>,
    /// Names of native codes that get the ids 1, 2, ... in this order.
    pub codes: Vec<String>,
}

impl Genesis {
    /// Makes the state.
    pub fn build(&self, env: Rc<BlockEnv>, modules: Rc<Modules>) -> AbciResult<Kv> {
        let ctx = Ctx::new(Kv::new(), GasMeter::unlimited(), env, modules);
        let mut number = 0u64;
        for (address, amount) in &self.accounts {
            if !auth::exists(&ctx, address) {
                auth::create_numbered(&ctx, address, number);
                number = number.saturating_add(1);
            }
            bank::mint(&ctx, address, &coins::normalize(amount.iter().cloned()))?;
        }
        for module in [bank::FEE_COLLECTOR, bank::WASM_MODULE] {
            auth::ensure(&ctx, &address::of_module(module));
        }
        let creator = ctx.codec().encode(&address::of_module("gov"));
        for name in &self.codes {
            let bytes = marker(name);
            let info = CodeInfo {
                code_hash: Sha256::digest(&bytes).to_vec(),
                creator: creator.clone(),
                instantiate_config: Some(AccessConfig {
                    permission: AccessType::Everybody.into(),
                    addresses: Vec::new(),
                }),
            };
            records::add_code(&ctx, &info, &bytes, name);
        }
        Ok(ctx.snapshot())
    }
}
