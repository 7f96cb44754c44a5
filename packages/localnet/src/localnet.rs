//! Chain, contracts, providers, an auditor and accounts with coins, all on this machine.

use std::path::Path;

use anyhow::Result;
use futures::future::{join_all, try_join_all};
use souk_api::attestations;
use souk_chain::{Client, SecretKey};
use souk_client::{market::Market, network::NameMap, wallet::Wallet};
use souk_core::time::DAY;

use crate::{
    chain::{Chain, ChainKind, Coins, Periods},
    provider::{Profile, Provider, register},
};

/// How long attestations count, in seconds.
const ATTESTATION_LIFETIME: u64 = 90 * DAY;

/// What a local market consists of.
#[derive(Debug)]
pub struct LocalnetConfig {
    /// The chain.
    pub chain: ChainKind,
    /// The providers, and whether the auditor attests what they claim.
    pub providers: Vec<(Profile, bool)>,
    /// How many further accounts with coins.
    pub accounts: usize,
    /// What each account has at the start, in base units.
    pub coins: u128,
    /// Denoms in SDL files for another market that stand for the denom of this one.
    pub foreign_denoms: Vec<String>,
    /// Auditors in SDL files for another market that stand for the auditor of this one.
    pub foreign_auditors: Vec<String>,
}

/// A local market that runs.
pub struct Localnet {
    /// The chain.
    pub chain: Chain,
    /// The contracts' client.
    pub market: Market,
    /// The providers, whose agents and clusters run.
    pub providers: Vec<Provider>,
    /// The providers' own accounts, in the same order.
    pub provider_wallets: Vec<Wallet>,
    /// Further accounts with coins.
    pub accounts: Vec<Wallet>,
    /// The keys of those accounts, in the same order.
    pub account_keys: Vec<SecretKey>,
    /// The auditor.
    pub auditor: Wallet,
    /// The address that gets the community pool's part of the fees.
    pub pool: String,
    /// How long the steps of a scenario take here.
    pub periods: Periods,
}

impl Localnet {
    /// Starts everything in a folder, and writes `network.toml` there.
    ///
    /// # Errors
    /// If a program is not there or does not start, or the chain refuses a transaction.
    pub async fn start(config: LocalnetConfig, folder: &Path) -> Result<Self> {
        let make = |count: usize| (0..count).map(|_| SecretKey::generate()).collect::<Vec<_>>();
        let count = config.providers.len();
        let (provider_keys, operators) = (make(count), make(count));
        let (account_keys, auditor) = (make(config.accounts), SecretKey::generate());
        let prefix = config.chain.prefix().to_owned();
        let all =
            [&auditor].into_iter().chain(&account_keys).chain(&provider_keys).chain(&operators);
        let funded = all.map(|key| Ok((key.address(&prefix)?, config.coins)));
        let mut chain = config.chain.open(funded.collect::<Result<_>>()?).await?;
        let (denom, here) = (chain.network.denom.clone(), auditor.address(&prefix)?);
        chain.network.map = NameMap {
            denoms: config.foreign_denoms.into_iter().map(|name| (name, denom.clone())).collect(),
            auditors: config
                .foreign_auditors
                .into_iter()
                .map(|name| (name, here.clone()))
                .collect(),
        };
        let network = chain.network.clone();
        let wallet = |key: &SecretKey| {
            anyhow::Ok(Wallet::new(Client::new(network.client_config())?, key.clone(), &network)?)
        };
        let market = Market::new(network.clone())?;
        let provider_wallets = provider_keys.iter().map(wallet).collect::<Result<Vec<_>>>()?;
        let (profiles, audited): (Vec<Profile>, Vec<bool>) = config.providers.into_iter().unzip();
        let folders: Vec<_> = profiles.iter().map(|profile| folder.join(&profile.name)).collect();
        let registering = provider_wallets.iter().zip(operators).zip(&profiles).zip(&folders).map(
            |(((wallet, operator), profile), folder)| {
                register(&market, wallet, operator, profile, folder)
            },
        );
        let registered = try_join_all(registering).await?;
        let auditor = wallet(&auditor)?;
        let attested = provider_wallets.iter().zip(audited).filter(|(_, audited)| *audited);
        attest(&market, &auditor, attested.map(|(wallet, _)| wallet.address.as_str())).await?;
        let starting = provider_wallets.iter().zip(&registered).zip(profiles).zip(&folders).map(
            |(((wallet, registered), profile), folder)| {
                Provider::start(&network, &wallet.address, registered, profile, folder)
            },
        );
        let providers = try_join_all(starting).await?;
        let accounts = account_keys.iter().map(wallet).collect::<Result<_>>()?;
        network.write(&folder.join("network.toml"))?;
        let (pool, periods) = (market.fees.config().await?.pool, chain.periods(&market).await?);
        Ok(Self {
            chain,
            market,
            providers,
            provider_wallets,
            accounts,
            account_keys,
            auditor,
            pool,
            periods,
        })
    }

    /// Lets seconds of chain time pass: the time of an embedded chain is moved, that of any other
    /// is waited for. Returns when everyone who follows the chain can have seen it.
    pub async fn pass(&self, seconds: u64) -> Result<()> {
        self.chain.pass(&self.market, seconds).await
    }

    /// All coins of the market's denom, from the bank of one block.
    pub async fn all_coins(&self) -> Result<Coins> {
        self.chain.coins(&self.market).await
    }

    /// The last lines of all logs, for when something went wrong.
    pub fn log_tails(&self) -> String {
        let processes = self.providers.iter().flat_map(|one| one.agent.iter().chain(&one.cluster));
        let tails =
            processes.map(|one| format!("--- {}\n{}\n", one.log().display(), one.log_tail()));
        tails.collect()
    }

    /// Stops everything.
    pub async fn stop(mut self) {
        join_all(self.providers.iter_mut().map(Provider::stop)).await;
        self.chain.stop().await;
    }
}

/// The auditor attests everything that these providers claim.
async fn attest(
    market: &Market,
    auditor: &Wallet,
    providers: impl Iterator<Item = &str>,
) -> Result<()> {
    let (_, now) = market.now().await?;
    let mut messages = Vec::new();
    for provider in providers {
        let message = attestations::ExecuteMsg::Attest {
            provider: provider.to_owned(),
            attributes: market.registry.provider(provider).await?.attributes,
            expires_at: now.saturating_add(ATTESTATION_LIFETIME),
            evidence: None,
        };
        messages.push(auditor.execute(&market.contracts.attestations, &message, &[])?);
    }
    if !messages.is_empty() {
        auditor.send("attesting", messages).await?;
    }
    Ok(())
}
