//! What every action and every query works with.

use cosmwasm_std::{
    Addr, Api, Deps, DepsMut, Env, MessageInfo, QuerierWrapper, StdResult, Storage,
};

use crate::{CommonError, Config, coins, coins::Paid, config};

/// What an action works with: storage, chain, sender and configuration.
pub struct Ctx<'a, C> {
    /// Storage, address checks and queries.
    pub deps: DepsMut<'a>,
    /// The block and the contract's own address.
    pub env: Env,
    /// Sender and coins.
    pub info: MessageInfo,
    /// The configuration as it was when the message came.
    pub config: C,
}

/// The same for what only reads.
pub struct View<'a, C> {
    /// Storage.
    pub storage: &'a dyn Storage,
    /// Address checks.
    pub api: &'a dyn Api,
    /// Queries to other contracts and to the bank.
    pub querier: QuerierWrapper<'a>,
    /// The block and the contract's own address.
    pub env: &'a Env,
    /// The configuration.
    pub config: &'a C,
}

impl<'a, C: Config> Ctx<'a, C> {
    /// Loads the configuration.
    ///
    /// # Errors
    /// If there is none.
    pub fn load(deps: DepsMut<'a>, env: Env, info: MessageInfo) -> StdResult<Self> {
        let config = config::load(deps.storage)?;
        Ok(Self { deps, env, info, config })
    }

    /// Saves the configuration as it is now.
    ///
    /// # Errors
    /// As [`config::save`].
    pub fn save_config(&mut self) -> StdResult<()> {
        config::save(self.deps.storage, &self.config)
    }
}

impl<'a, C> Ctx<'a, C> {
    /// The block's time in seconds.
    pub fn now(&self) -> u64 {
        self.env.block.time.seconds()
    }

    /// The block's height.
    pub fn height(&self) -> u64 {
        self.env.block.height
    }

    /// Who sent the message.
    pub fn sender(&self) -> &Addr {
        &self.info.sender
    }

    /// Storage to read.
    pub fn storage(&self) -> &dyn Storage {
        self.deps.storage
    }

    /// Storage to write.
    pub fn storage_mut(&mut self) -> &mut dyn Storage {
        self.deps.storage
    }

    /// An address that a message gave as text.
    ///
    /// # Errors
    /// If it is not an address of this chain.
    pub fn address(&self, text: &str) -> StdResult<Addr> {
        self.deps.api.addr_validate(text)
    }

    /// The one coin that came with the message.
    ///
    /// # Errors
    /// If none came or more than one.
    pub fn one_coin(&self) -> Result<Paid, CommonError> {
        coins::one(&self.info)
    }

    /// What only reads.
    pub fn view(&self) -> View<'_, C> {
        View {
            storage: self.deps.storage,
            api: self.deps.api,
            querier: self.deps.querier,
            env: &self.env,
            config: &self.config,
        }
    }

    /// The same with another configuration.
    pub fn with<D>(self, config: D) -> Ctx<'a, D> {
        Ctx { deps: self.deps, env: self.env, info: self.info, config }
    }
}

impl<'a, C> View<'a, C> {
    /// What a query works with.
    pub fn new(deps: Deps<'a>, env: &'a Env, config: &'a C) -> Self {
        Self { storage: deps.storage, api: deps.api, querier: deps.querier, env, config }
    }

    /// The block's time in seconds.
    pub fn now(&self) -> u64 {
        self.env.block.time.seconds()
    }

    /// The block's height.
    pub fn height(&self) -> u64 {
        self.env.block.height
    }

    /// An address that a query gave as text.
    ///
    /// # Errors
    /// If it is not an address of this chain.
    pub fn address(&self, text: &str) -> StdResult<Addr> {
        self.api.addr_validate(text)
    }
}
