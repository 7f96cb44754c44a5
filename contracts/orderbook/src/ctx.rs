//! What every action works with: storage, chain, sender and configuration, read once.

use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo, QuerierWrapper, Storage};

use crate::{
    ContractError,
    state::config::{self, Config},
};

/// The world of one message.
pub struct Ctx<'a> {
    /// Storage, address checks and queries.
    pub deps: DepsMut<'a>,
    /// Block and own address.
    pub env: Env,
    /// Sender and coins.
    pub info: MessageInfo,
    /// The configuration as it was when the message came.
    pub config: Config,
}

/// The same for readers.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Storage.
    pub storage: &'a dyn Storage,
    /// Other contracts.
    pub querier: QuerierWrapper<'a>,
    /// The configuration.
    pub config: &'a Config,
    /// The block's time in seconds.
    pub now: u64,
    /// The block's height.
    pub height: u64,
}

impl<'a> Ctx<'a> {
    /// Loads the configuration.
    pub fn load(deps: DepsMut<'a>, env: Env, info: MessageInfo) -> Result<Self, ContractError> {
        let config = config::load(deps.storage)?;
        Ok(Self { deps, env, info, config })
    }

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
    pub fn store(&self) -> &dyn Storage {
        self.deps.storage
    }

    /// Storage to write.
    pub fn store_mut(&mut self) -> &mut dyn Storage {
        self.deps.storage
    }

    /// Checks an address that came as text.
    pub fn addr(&self, text: &str) -> Result<Addr, ContractError> {
        Ok(self.deps.api.addr_validate(text)?)
    }

    /// A view for rules that only read.
    pub fn view(&self) -> View<'_> {
        View {
            storage: self.deps.storage,
            querier: self.deps.querier,
            config: &self.config,
            now: self.now(),
            height: self.height(),
        }
    }
}
