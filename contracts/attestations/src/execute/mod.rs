//! What each message does; one action a file.

use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo};
use souk_core::time::{DAY, HOUR};

use crate::ContractError;

mod admin;
mod attest;
mod instantiate;
mod profile;
mod revoke;

pub use admin::{set_paused, update_config, update_ownership};
pub use attest::attest;
pub use instantiate::instantiate;
pub use profile::set_profile;
pub use revoke::revoke;

/// Longest free text in bytes.
pub const MAX_TEXT: usize = 256;
/// Least and most of the longest lifetime: an hour and ten years.
pub const LIFETIMES: (u64, u64) = (HOUR, 3_650 * DAY);

/// What an action works on.
pub struct Ctx<'a> {
    /// Storage, addresses and queries.
    pub deps: DepsMut<'a>,
    /// The block.
    pub env: Env,
    /// Sender and coins.
    pub info: MessageInfo,
}

impl<'a> Ctx<'a> {
    /// The entry point's arguments together.
    pub fn new(deps: DepsMut<'a>, env: Env, info: MessageInfo) -> Self {
        Self { deps, env, info }
    }

    /// The block's time in seconds.
    fn now(&self) -> u64 {
        self.env.block.time.seconds()
    }

    /// Refuses coins: no message here takes any.
    fn no_coins(&self) -> Result<(), ContractError> {
        Ok(cw_utils::nonpayable(&self.info)?)
    }

    /// An address that a message gave as text.
    fn address(&self, text: &str) -> Result<Addr, ContractError> {
        Ok(self.deps.api.addr_validate(text)?)
    }
}

fn check_text(what: &'static str, text: &str) -> Result<(), ContractError> {
    if text.len() > MAX_TEXT {
        return Err(ContractError::TooLong { what, len: text.len(), max: MAX_TEXT });
    }
    Ok(())
}

fn check_lifetime(value: u64) -> Result<(), ContractError> {
    let (min, max) = LIFETIMES;
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(ContractError::MaxLifetime { value, min, max })
}
