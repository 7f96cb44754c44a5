//! A wasmd node with the suite's wasm on it. Tests whose fault leaves the node alone share one.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use souk_chain::{Client, ClientConfig, Coin, SecretKey, tx::store_code};
use souk_cli::{
    network::Network,
    suite::{Codes, Terms, put_up},
    wallet::Wallet,
};
use souk_tests::{
    tools,
    wasmd::{DENOM, Options, PREFIX, Wasmd},
};
use tokio::sync::Mutex;

/// What each numbered key has at the start.
const COINS: u128 = 1_000_000_000_000;
/// As many keys have coins.
const KEYS: u8 = 60;
pub const CHAIN_ID: &str = "souk-faults";

/// A chain with the market on it.
pub struct Ground {
    pub node: Wasmd,
    /// The node's own endpoint, not behind any door.
    pub network: Network,
    taken: AtomicU8,
}

static SHARED: Mutex<Weak<Ground>> = Mutex::const_new(Weak::new());

/// The node that is shared by the tests that run at this time; it ends with the last of them.
/// None if wasmd or the contracts' wasm is not there (a failure with CI=true).
pub async fn shared() -> Option<Arc<Ground>> {
    let mut shared = SHARED.lock().await;
    if let Some(ground) = shared.upgrade() {
        return Some(ground);
    }
    let ground = Arc::new(Ground::new(options()).await?);
    *shared = Arc::downgrade(&ground);
    Some(ground)
}

/// Blocks of a third of a second, and time enough to answer: to simulate an upload the node
/// compiles it.
pub fn options() -> Options {
    let options = Options::default().block_time(Duration::from_millis(300));
    options.comet("rpc.timeout_broadcast_tx_commit", "60s")
}

impl Ground {
    pub async fn new(options: Options) -> Option<Self> {
        tools::or_not_run(tools::artifacts())?;
        let mut options = options.chain_id(CHAIN_ID);
        for number in 1..=KEYS {
            let address = key(number).address(PREFIX).unwrap();
            options = options.account(&address, vec![Coin::new(COINS, DENOM)]);
        }
        let node = Wasmd::start_or_not_run(options).await?;
        let network = node.network().unwrap();
        let mut ground = Self { node, network, taken: AtomicU8::new(0) };
        ground.put_up().await;
        Some(ground)
    }

    async fn put_up(&mut self) {
        let contracts = [
            "souk_escrow",
            "souk_orderbook",
            "souk_provider_registry",
            "souk_attestations",
            "souk_fee_distributor",
        ];
        let deployer = self.wallet(&self.next_key());
        let mut ids = Vec::new();
        for name in contracts {
            let wasm = tools::packed_wasm(name).unwrap();
            let upload = store_code(&deployer.address, wasm);
            let outcome = deployer.send("uploading", vec![upload]).await.unwrap();
            ids.push(outcome.code_id().unwrap());
        }
        let codes = Codes {
            escrow: ids[0],
            orderbook: ids[1],
            registry: ids[2],
            attestations: ids[3],
            fee_distributor: ids[4],
        };
        let owner = self.wallet(&self.next_key());
        let terms = Terms::new(DENOM, &owner.address);
        self.network.contracts = Some(put_up(&owner, codes, &terms).await.unwrap());
    }

    /// A key with coins that nobody else here uses.
    pub fn next_key(&self) -> SecretKey {
        let number = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(number <= KEYS, "only {KEYS} keys have coins");
        key(number)
    }

    /// The key's wallet, by the node's own endpoint.
    pub fn wallet(&self, key: &SecretKey) -> Wallet {
        // To simulate an upload the node compiles it, which takes its time on a busy machine.
        let patient = ClientConfig {
            request_timeout: Duration::from_secs(60),
            ..self.network.client_config()
        };
        let client = Client::new(patient).unwrap();
        Wallet::new(client, key.clone(), &self.network).unwrap()
    }
}

fn key(number: u8) -> SecretKey {
    let mut bytes = [23u8; 32];
    bytes[31] = number;
    SecretKey::from_bytes(&bytes).unwrap()
}
