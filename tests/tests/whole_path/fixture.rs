//! A market with three providers that differ, two tenants, a supporter who tops up, a staker, and
//! a stranger who does what anyone may.

use std::ops::Deref;

use souk_chain::{Any, Coin, TxOutcome};
use souk_client::{
    deploy::{self, Created, Plan},
    home::Home,
    sdl,
    wallet::Wallet,
};
use souk_core::{AccountId, AuctionPolicy};
use souk_kubesim::spec::NodeSpec;
use souk_localnet::{
    Localnet, LocalnetConfig,
    provider::{Profile, Rates},
    scenario::Environment,
};
use tempfile::TempDir;

/// The providers' names.
pub const PROVIDERS: [&str; 3] = ["aurora", "baobab", "cedar"];
/// An auditor's name in files.
pub const AUDITOR: &str = "souk1auditor";
/// A million SOUK: prices are high, so that fees are seen to drip within seconds.
const COINS: u128 = 1_000_000_000_000;
/// What the staker stakes.
pub const STAKE: u128 = 50_000_000;

/// The market with its accounts.
pub struct Fixture {
    local: Localnet,
    pub ann: Wallet,
    pub bob: Wallet,
    pub supporter: Wallet,
    pub staker: Wallet,
    pub stranger: Wallet,
    pub home: Home,
    /// Whether the clusters are simulated.
    simulated: bool,
    _folder: TempDir,
}

impl Deref for Fixture {
    type Target = Localnet;
    fn deref(&self) -> &Localnet {
        &self.local
    }
}

/// A provider whose prices are `dear` hundredths of a SOUK a second for a quarter of a core.
fn provider(name: &str, region: &str, dear: u64) -> Profile {
    let cpu = dear * 40_000 * 3_600;
    let rates =
        Rates { cpu, memory: cpu / 4, storage: cpu / 100, gpu: cpu, endpoint: 1_000, ip: 1_000 };
    Profile::new(name, region, rates).node(NodeSpec::new("node", 2, "16", "64Gi"))
}

impl Fixture {
    pub async fn start(environment: Environment) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let simulated = environment.clusters.is_none();
        let [aurora, baobab, cedar] = PROVIDERS;
        let mut providers = vec![
            (provider(aurora, "north", 30), true),
            (provider(baobab, "south", 20), true),
            (provider(cedar, "south", 10), false),
        ];
        if let Some(clusters) = &environment.clusters {
            for (place, (profile, _)) in providers.iter_mut().enumerate() {
                profile.existing = Some(clusters.of(&profile.name, place).unwrap());
            }
        }
        let config = LocalnetConfig {
            chain: environment.chain,
            providers,
            accounts: 5,
            coins: COINS,
            foreign_denoms: vec!["uakt".to_owned()],
            foreign_auditors: vec![AUDITOR.to_owned()],
        };
        let local = Localnet::start(config, folder.path()).await.unwrap();
        let [ann, bob, supporter, staker, stranger] = local.accounts.first_chunk().unwrap().clone();
        let home = Home::open(Some(folder.path().join("home"))).unwrap();
        Self { local, ann, bob, supporter, staker, stranger, home, simulated, _folder: folder }
    }

    pub async fn stop(self) {
        self.local.stop().await;
    }

    /// Creates a deployment with a deposit that lasts `steps` at the ceilings.
    pub async fn deploy(
        &self,
        tenant: &Wallet,
        text: &str,
        auction: AuctionPolicy,
        steps: u128,
    ) -> (Created, Plan) {
        // Simulated nodes pull what they are given, and no registry of a private network is asked.
        let text = match self.simulated {
            true => text.replace("registry.local/", "registry.example.com/"),
            false => text.to_owned(),
        };
        let compiled =
            sdl::compile("app.yaml", text.as_bytes(), &self.market.network.map, false).unwrap();
        let ceilings: u128 = compiled.groups.iter().map(|group| group.ceiling.u128()).sum();
        let config = self.market.orderbook.config().await.unwrap();
        let deposit = Coin::new(self.periods.cost(ceilings, steps), compiled.denom.clone());
        let runway = self.market.escrow.config().await.unwrap().min_runway;
        let mut plan = deploy::plan(compiled, Some(deposit), true, &config, runway).unwrap();
        plan.auction = auction;
        let created = deploy::create(&self.market, tenant, &self.home, &plan).await.unwrap();
        (created, plan)
    }

    /// A message to the escrow.
    pub fn escrow(&self, from: &Wallet, message: &souk_api::escrow::ExecuteMsg) -> Any {
        from.execute(&self.market.contracts.escrow, message, &[]).unwrap()
    }

    /// Adds coins to an account.
    pub async fn top_up(&self, from: &Wallet, account: AccountId, amount: u128) -> TxOutcome {
        let coins = Coin::new(amount, self.market.network.denom.clone());
        let message = souk_api::escrow::ExecuteMsg::Deposit { account };
        let message = from.execute(&self.market.contracts.escrow, &message, &[coins]).unwrap();
        from.send("topping up", vec![message]).await.unwrap()
    }

    /// A provider's name by its address.
    pub fn name<'a>(&'a self, address: &'a str) -> &'a str {
        let found = self.providers.iter().find(|provider| provider.address == address);
        found.map_or(address, |provider| provider.profile.name.as_str())
    }

    /// What an address holds of the market's denom.
    pub async fn balance(&self, address: &str) -> u128 {
        self.market.chain().balance(address, &self.market.network.denom).await.unwrap()
    }

    /// The time of a block in seconds, as contracts saw it.
    pub async fn time_of(&self, height: u64) -> u64 {
        self.market.client.block(height).await.unwrap().header.time.seconds
    }
}
