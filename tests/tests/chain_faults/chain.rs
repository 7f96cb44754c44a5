//! A wasmd node with the contracts' wasm on it. Tests whose fault leaves the node alone share one.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use souk_chain::{Client, Coin, SecretKey};
use souk_client::{Network, Wallet};
use souk_tests::{
    tools,
    wasmd::{DENOM, Options, PREFIX, SHORT_TERMS, Wasmd},
};
use tokio::sync::Mutex;

/// What each numbered key has at the start.
const COINS: u128 = 1_000_000_000_000;
/// As many keys have coins.
const KEYS: u8 = 60;
pub const CHAIN_ID: &str = "souk-faults";

/// A chain with the market on it.
pub struct Chain {
    pub node: Wasmd,
    /// The node's own endpoint, not behind any proxy.
    pub network: Network,
    taken: AtomicU8,
}

static SHARED: Mutex<Weak<Chain>> = Mutex::const_new(Weak::new());

/// The node that is shared by the tests that run at this time; it ends with the last of them.
/// None if wasmd or the contracts' wasm is not there (a failure with CI=true).
pub async fn shared() -> Option<Arc<Chain>> {
    let mut shared = SHARED.lock().await;
    if let Some(chain) = shared.upgrade() {
        return Some(chain);
    }
    let chain = Arc::new(Chain::new(options()).await?);
    *shared = Arc::downgrade(&chain);
    Some(chain)
}

/// Blocks of a third of a second, and time enough to answer: to simulate an upload the node
/// compiles it.
pub fn options() -> Options {
    let options = Options::default().block_time(Duration::from_millis(300));
    options.comet("rpc.timeout_broadcast_tx_commit", "60s")
}

impl Chain {
    pub async fn new(options: Options) -> Option<Self> {
        tools::or_not_run(tools::artifacts())?;
        let mut options = options.chain_id(CHAIN_ID);
        for number in 1..=KEYS {
            let address = key(number).address(PREFIX).unwrap();
            options = options.account(&address, vec![Coin::new(COINS, DENOM)]);
        }
        let node = Wasmd::start_or_not_run(options).await?;
        let terms = format!("pool = \"{}\"\n{SHORT_TERMS}", key(KEYS).address(PREFIX).unwrap());
        let network = node.deploy(&terms).await.unwrap();
        Some(Self { node, network, taken: AtomicU8::new(0) })
    }

    /// A key with coins that nobody else here uses.
    pub fn next_key(&self) -> SecretKey {
        let number = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(number <= KEYS, "only {KEYS} keys have coins");
        key(number)
    }

    /// The key's wallet, by the node's own endpoint.
    pub fn wallet(&self, key: &SecretKey) -> Wallet {
        let client = Client::new(self.network.client_config()).unwrap();
        Wallet::new(client, key.clone(), &self.network).unwrap()
    }
}

fn key(number: u8) -> SecretKey {
    let mut bytes = [23u8; 32];
    bytes[31] = number;
    SecretKey::from_bytes(&bytes).unwrap()
}
