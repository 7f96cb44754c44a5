//! A chain, some accounts on it, and the command.

use std::{fs, path::PathBuf, time::Duration};

use assert_cmd::{Command, assert::Assert};
use predicates::str::contains;
use serde::Serialize;
use souk_api::{defaults, orderbook, registry};
use souk_chain::{Client, SecretKey, keys::write_plain_key_file};
use souk_client::{market::Orderbook, wallet::Wallet};
use souk_core::{Denom, OrderId, Price};
use souk_localnet::chain::{EmbeddedChain, EmbeddedConfig, PREFIX};
use tempfile::TempDir;

pub const COINS: u128 = 1_000_000_000;
pub const ACCOUNTS: [&str; 5] = ["ann", "bob", "provider", "second", "third"];

/// A chain with some accounts on it, whose keys are in the home folder.
pub struct Fixture {
    pub home: TempDir,
    pub chain: EmbeddedChain,
    pub keys: Vec<SecretKey>,
    pub owner: SecretKey,
}

impl Fixture {
    pub async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let keys: Vec<SecretKey> = ACCOUNTS.iter().map(|_| SecretKey::generate()).collect();
        let owner = SecretKey::generate();
        let chain = EmbeddedChain::start(EmbeddedConfig {
            chain_id: "here".into(),
            listen: ([127, 0, 0, 1], 0).into(),
            block_time: Duration::from_millis(50),
            pool: owner.address(PREFIX).unwrap(),
            owner: owner.clone(),
            accounts: keys.iter().map(|key| (key.address(PREFIX).unwrap(), COINS)).collect(),
        })
        .await
        .unwrap();
        for folder in ["networks", "keys"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        for (name, key) in ACCOUNTS.iter().zip(&keys) {
            write_plain_key_file(&home.path().join(format!("keys/{name}.key")), key).unwrap();
        }
        let fixture = Self { home, chain, keys, owner };
        fixture.chain.network.write(&fixture.network()).unwrap();
        fixture.souk("ann", "sdl init web --output web.yaml").success();
        fixture
    }

    /// Lets time pass, until there is a block after it: what is asked next knows of it.
    pub async fn pass(&self, seconds: u64) {
        self.chain.handle.advance(seconds).await.unwrap();
        self.chain.handle.produce_blocks(1).await.unwrap();
    }

    pub fn network(&self) -> PathBuf {
        self.home.path().join("networks/here.toml")
    }

    /// Runs the command, its arguments divided by blanks.
    pub fn souk(&self, key: &str, arguments: &str) -> Assert {
        self.command(key).args(arguments.split(' ')).assert()
    }

    /// The command without arguments.
    pub fn command(&self, key: &str) -> Command {
        let home = self.home.path();
        let mut command = Command::cargo_bin("souk").unwrap();
        command.env_clear().current_dir(home).env("SOUK_HOME", home).env("SOUK_NETWORK", "here");
        command.env("SOUK_KEY", key);
        command
    }

    /// Deploys the web server for ann, as order 1, and lets the provider bid.
    pub async fn order_with_a_bid(&self, price: u128) {
        self.souk("ann", "deploy web.yaml --wait 0").code(7).stderr(contains("souk close 1"));
        self.bid(1, price).await;
    }

    /// The market's owner sends the orderbook a message.
    pub async fn decide(&self, message: &orderbook::ExecuteMsg) {
        self.as_owner(&self.chain.network.contracts().unwrap().orderbook, message).await;
    }

    /// The market's owner names a slasher, and who gets what is slashed.
    pub async fn name_slasher(&self, slasher: &str, receiver: &str) {
        let address = |name: &str| {
            let at = ACCOUNTS.iter().position(|one| *one == name).unwrap();
            self.keys[at].address(PREFIX).unwrap()
        };
        let message = registry::ExecuteMsg::UpdateConfig {
            guardian: None,
            orderbook: None,
            min_bond: None,
            slashers: Some(vec![address(slasher)]),
            slashing: None,
            slash_receiver: Some(address(receiver)),
            change_delay: None,
        };
        self.as_owner(&self.chain.network.contracts().unwrap().registry, &message).await;
    }

    async fn as_owner(&self, contract: &str, message: &impl Serialize) {
        let network = &self.chain.network;
        let client = Client::new(network.client_config()).unwrap();
        let wallet = Wallet::new(client, self.owner.clone(), network).unwrap();
        let message = wallet.execute(contract, message, &[]).unwrap();
        wallet.send("deciding", vec![message]).await.unwrap();
    }

    /// The market's owner sets the least price, for the orders to come.
    pub async fn set_min_price(&self, units: u128) {
        let mut denom = defaults::denom_config(Denom::native("usouk"));
        denom.min_price = Price::new(units).unwrap();
        let denoms = Some(vec![denom]);
        self.decide(&orderbook::ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None })
            .await;
    }

    /// Registers the provider and bids on an order.
    pub async fn bid(&self, order: u64, price: u128) {
        let register = "provider register --operator provider --gateway https://p.example --bond";
        self.souk("provider", &format!("{register} 20000000")).success();
        self.place(order, price).await;
    }

    /// Bids on an order as the provider that is registered.
    pub async fn place(&self, order: u64, price: u128) {
        self.place_as(2, order, price).await;
    }

    /// Bids on an order as an account that is registered as a provider.
    pub async fn place_as(&self, who: usize, order: u64, price: u128) {
        let network = &self.chain.network;
        let client = Client::new(network.client_config()).unwrap();
        let wallet = Wallet::new(client.clone(), self.keys[who].clone(), network).unwrap();
        let orderbook = &network.contracts().unwrap().orderbook;
        let asked = Orderbook::new(client.query(), orderbook).order(OrderId(order)).await.unwrap();
        let bid = orderbook::ExecuteMsg::PlaceBid {
            order: OrderId(order),
            provider: wallet.address.clone(),
            price: Price::new(price).unwrap(),
            offer: vec![],
            reclamation_window: asked.reclamation.map(|asked| asked.min_window),
        };
        let bid = wallet.execute(orderbook, &bid, &[]).unwrap();
        wallet.send("bidding", vec![bid]).await.unwrap();
    }

    pub async fn coins(&self, who: usize) -> u128 {
        let client = Client::new(self.chain.network.client_config()).unwrap();
        let address = self.keys[who].address(PREFIX).unwrap();
        client.query().balance(&address, "usouk").await.unwrap()
    }
}
