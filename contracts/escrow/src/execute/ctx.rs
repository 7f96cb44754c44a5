//! What every action has at hand: the chain, the sender, the time and the configuration.

use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo};
use souk_api::Permission;
use souk_core::{AccountId, Amount, Denom};

use crate::{ContractError, account::Account, state, state::Config};

/// The surroundings of one message.
pub struct Ctx<'a> {
    /// Storage, addresses, queries.
    pub deps: DepsMut<'a>,
    /// Sender and coins.
    pub info: MessageInfo,
    env: Env,
    config: Option<Config>,
}

/// Coins that came with a message, native or by a token's hook.
pub struct Paid {
    /// Who paid them.
    pub from: Addr,
    /// What they are.
    pub denom: Denom,
    /// How much, not zero.
    pub amount: Amount,
}

impl<'a> Ctx<'a> {
    /// The surroundings of a message.
    pub fn new(deps: DepsMut<'a>, env: Env, info: MessageInfo) -> Self {
        Self { deps, info, env, config: None }
    }

    /// The block's time in seconds.
    pub fn now(&self) -> u64 {
        self.env.block.time.seconds()
    }

    /// The block, for what cw-ownable needs of it.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The configuration, read once for each message.
    pub fn config(&mut self) -> Result<Config, ContractError> {
        if let Some(config) = &self.config {
            return Ok(config.clone());
        }
        let config = state::config(self.deps.storage)?;
        self.config = Some(config.clone());
        Ok(config)
    }

    /// Least runway in seconds.
    pub fn min_runway(&mut self) -> Result<u64, ContractError> {
        Ok(self.config()?.min_runway)
    }

    /// Refuses new business while it is stopped.
    pub fn require_unpaused(&mut self) -> Result<(), ContractError> {
        if self.config()?.paused { Err(ContractError::Paused) } else { Ok(()) }
    }

    /// The account that the controller `sender` calls `local`.
    pub fn id_of(&mut self, sender: &Addr, local: u64) -> Result<AccountId, ContractError> {
        let controllers = self.config()?.controllers;
        let index = controllers.iter().position(|controller| controller == sender);
        let index = index.ok_or_else(|| ContractError::NotPermitted {
            sender: sender.clone(),
            needed: Permission::Controller,
        })?;
        Ok(AccountId::new(u16::try_from(index).unwrap_or(u16::MAX), local)?)
    }

    /// The open account that the sending controller calls `local`, settled to now.
    pub fn own_open_account(&mut self, local: u64) -> Result<Account, ContractError> {
        let sender = self.info.sender.clone();
        let id = self.id_of(&sender, local)?;
        let account = self.settled_account(id)?;
        account.require_open()?;
        Ok(account)
    }

    /// An account, settled to now.
    pub fn settled_account(&self, id: AccountId) -> Result<Account, ContractError> {
        let mut account = state::account(self.deps.storage, id)?;
        account.settle(self.now());
        Ok(account)
    }

    /// The one coin that was sent.
    pub fn coin_sent(&self) -> Result<Paid, ContractError> {
        let [coin] = self.info.funds.as_slice() else {
            return Err(ContractError::OneCoin { found: self.info.funds.len() });
        };
        let denom = Denom::Native(coin.denom.clone());
        Paid::new(self.info.sender.clone(), denom, coin.amount.u128())
    }

    /// Counts coins that came in.
    pub fn count_in(&mut self, denom: &Denom, amount: Amount) -> Result<(), ContractError> {
        let mut totals = state::totals(self.deps.storage, denom)?;
        totals.add(denom, amount)?;
        Ok(state::save_totals(self.deps.storage, denom, &totals)?)
    }

    /// Counts coins that go out to an owner or depositor.
    pub fn count_out(&mut self, denom: &Denom, amount: Amount) -> Result<(), ContractError> {
        if amount == Amount::ZERO {
            return Ok(());
        }
        let mut totals = state::totals(self.deps.storage, denom)?;
        totals.pay(denom, amount)?;
        Ok(state::save_totals(self.deps.storage, denom, &totals)?)
    }
}

impl Paid {
    /// Coins, unless they are none or more than can be counted.
    pub fn new(from: Addr, denom: Denom, amount: u128) -> Result<Self, ContractError> {
        if amount == 0 {
            return Err(ContractError::ZeroAmount);
        }
        Ok(Self { from, denom, amount: Amount::new(amount)? })
    }
}
