//! What each message does; one action a file.

use cosmwasm_std::{Addr, BankMsg, Coin, DepsMut, Env, Event, MessageInfo};
use souk_api::registry::{Contact, events::BondChanged};
use souk_core::Amount;

use crate::{ContractError, state::Provider};

mod admin;
mod bond;
mod claim;
mod config;
mod deregister;
mod instantiate;
mod operator;
mod register;
mod slash;
mod unbond;
mod update;
mod used;

pub use admin::{set_paused, update_ownership};
pub use bond::bond;
pub use claim::claim_unbonded;
pub use config::update_config;
pub use deregister::deregister;
pub use instantiate::instantiate;
pub use operator::{set_gateway, set_maintenance, set_operator};
pub use register::register;
pub use slash::slash;
pub use unbond::unbond;
pub use update::update;
pub use used::probe_orderbook;

/// Longest free text in bytes.
pub const MAX_TEXT: usize = 256;

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

    /// Refuses coins with a message that takes none.
    fn no_coins(&self) -> Result<(), ContractError> {
        Ok(cw_utils::nonpayable(&self.info)?)
    }

    /// The coins sent, which must be of the one denom.
    fn paid(&self, denom: &str) -> Result<Amount, ContractError> {
        Ok(Amount::new(cw_utils::must_pay(&self.info, denom)?.u128())?)
    }

    /// An address that a message gave as text.
    fn address(&self, text: &str) -> Result<Addr, ContractError> {
        Ok(self.deps.api.addr_validate(text)?)
    }

    /// Addresses that a message gave as text, each once.
    fn addresses(
        &self,
        what: &'static str,
        texts: &[String],
        max: usize,
    ) -> Result<Vec<Addr>, ContractError> {
        if texts.len() > max {
            return Err(ContractError::TooMany { what, count: texts.len(), max });
        }
        let mut addresses = Vec::with_capacity(texts.len());
        for text in texts {
            let address = self.address(text)?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }
}

fn check_text(what: &'static str, text: &str) -> Result<(), ContractError> {
    if text.len() > MAX_TEXT {
        return Err(ContractError::TooLong { what, len: text.len(), max: MAX_TEXT });
    }
    Ok(())
}

fn check_contact(contact: &Contact) -> Result<(), ContractError> {
    check_text("the contact's email", &contact.email)?;
    check_text("the contact's website", &contact.website)
}

fn bond_changed(provider: &Provider) -> Event {
    BondChanged {
        provider: provider.address.to_string(),
        bond: provider.record.bond,
        unbonding: provider.unbonding,
    }
    .into()
}

fn pay(to: &Addr, denom: String, amount: Amount) -> BankMsg {
    let coin = Coin { denom, amount: amount.u128().into() };
    BankMsg::Send { to_address: to.to_string(), amount: vec![coin] }
}
