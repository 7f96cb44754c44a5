//! What a chain starts with: accounts, denoms, genesis, the node's configuration.

use std::time::Duration;

use serde_json::{Value, json};
use souk_chain::Coin;

use super::DENOM;

/// The chain's genesis and its node's configuration.
#[derive(Clone, Debug)]
pub struct Options {
    pub(super) chain_id: String,
    pub(super) denoms: Vec<String>,
    pub(super) accounts: Vec<(String, Vec<Coin>)>,
    pub(super) gas_price: String,
    pub(super) genesis: Vec<(String, Value)>,
    pub(super) comet: Vec<(String, toml::Value)>,
    pub(super) app: Vec<(String, toml::Value)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            chain_id: "souk-wasmd".to_owned(),
            denoms: vec![DENOM.to_owned()],
            accounts: Vec::new(),
            gas_price: format!("0.025{DENOM}"),
            genesis: Vec::new(),
            comet: Vec::new(),
            app: Vec::new(),
        }
        .block_time(Duration::from_millis(300))
    }
}

impl Options {
    /// The chain's id.
    #[must_use]
    pub fn chain_id(mut self, id: &str) -> Self {
        self.chain_id = id.to_owned();
        self
    }

    /// A further denom, of which the funded key has as much as of the first.
    #[must_use]
    pub fn denom(mut self, denom: &str) -> Self {
        self.denoms.push(denom.to_owned());
        self
    }

    /// An account with coins from the first block on.
    #[must_use]
    pub fn account(mut self, address: &str, coins: Vec<Coin>) -> Self {
        self.accounts.push((address.to_owned(), coins));
        self
    }

    /// How long the node waits after each block before the next; a block itself takes some
    /// milliseconds more.
    #[must_use]
    pub fn block_time(self, time: Duration) -> Self {
        self.comet("consensus.timeout_commit", format!("{}ms", time.as_millis()))
    }

    /// The least that the node takes for a unit of gas, for instance `0.025usouk`.
    #[must_use]
    pub fn gas_price(mut self, price: &str) -> Self {
        self.gas_price = price.to_owned();
        self
    }

    /// Keeps this many blocks and states, and no older ones.
    #[must_use]
    pub fn keep_blocks(self, count: u32) -> Self {
        // Blocks that evidence could be about are kept in any case.
        self.genesis("/consensus/params/evidence/max_age_num_blocks", json!(count.to_string()))
            .genesis("/consensus/params/evidence/max_age_duration", json!("1000000000"))
            .app("min-retain-blocks", i64::from(count))
            .app("pruning", "custom")
            .app("pruning-keep-recent", count.to_string())
            .app("pruning-interval", "10")
    }

    /// Sets a value of the genesis by its JSON pointer.
    #[must_use]
    pub fn genesis(mut self, pointer: &str, value: Value) -> Self {
        self.genesis.push((pointer.to_owned(), value));
        self
    }

    /// Sets a key of CometBFT's `config.toml`, for instance `mempool.size`.
    #[must_use]
    pub fn comet(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.comet.push((key.to_owned(), value.into()));
        self
    }

    /// Sets a key of the application's `app.toml`, for instance `mempool.max-txs`.
    #[must_use]
    pub fn app(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.app.push((key.to_owned(), value.into()));
        self
    }
}
