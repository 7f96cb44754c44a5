//! Chain, contracts, providers, an auditor and people with coins, all on this machine.

use std::path::Path;

use anyhow::Result;
use futures::future::{join_all, try_join_all};
use souk_api::attestations;
use souk_chain::{Client, SecretKey};

use super::{Chain, Coins, Pace, Profile, Provider, Venue, register};
use crate::{market::Market, network::NameMap, wallet::Wallet};

/// How long attestations count, in seconds.
const AUDIT_LASTS: u64 = 90 * 86_400;

/// Who is to be there.
#[derive(Debug)]
pub struct Cast {
    /// The chain.
    pub venue: Venue,
    /// The providers, and whether the auditor attests what they claim.
    pub providers: Vec<(Profile, bool)>,
    /// How many people with coins.
    pub people: usize,
    /// What each account has at the start, in base units.
    pub coins: u128,
    /// Denoms of files written for another market.
    pub foreign_denoms: Vec<String>,
    /// Auditors of files written for another market.
    pub foreign_auditors: Vec<String>,
}

/// A market that runs.
pub struct LocalMarket {
    /// The chain.
    pub chain: Chain,
    /// The market on it.
    pub market: Market,
    /// The providers, whose agents and clusters run.
    pub providers: Vec<Provider>,
    /// The providers' own accounts, in the same order.
    pub owners: Vec<Wallet>,
    /// People with coins.
    pub people: Vec<Wallet>,
    /// Their keys, in the same order.
    pub keys: Vec<SecretKey>,
    /// The auditor.
    pub auditor: Wallet,
    /// Where the community's part of the fees goes.
    pub pool: String,
    /// How long the periods of a story are here.
    pub pace: Pace,
}

impl LocalMarket {
    /// Puts everything up in a folder.
    pub async fn start(cast: Cast, folder: &Path) -> Result<Self> {
        let make = |count: usize| (0..count).map(|_| SecretKey::generate()).collect::<Vec<_>>();
        let (owner_keys, operators) = (make(cast.providers.len()), make(cast.providers.len()));
        let (keys, auditor) = (make(cast.people), SecretKey::generate());
        let prefix = cast.venue.prefix().to_owned();
        let everyone = [&auditor].into_iter().chain(&keys).chain(&owner_keys).chain(&operators);
        let accounts = everyone.map(|key| Ok((key.address(&prefix)?, cast.coins)));
        let mut chain = cast.venue.open(accounts.collect::<Result<_>>()?).await?;
        let (denom, here) = (chain.network.denom.clone(), auditor.address(&prefix)?);
        chain.network.map = NameMap {
            denoms: cast.foreign_denoms.into_iter().map(|name| (name, denom.clone())).collect(),
            auditors: cast.foreign_auditors.into_iter().map(|name| (name, here.clone())).collect(),
        };
        let network = chain.network.clone();
        let wallet = |key: &SecretKey| {
            anyhow::Ok(Wallet::new(Client::new(network.client_config())?, key.clone(), &network)?)
        };
        let market = Market::new(network.clone())?;
        let owners = owner_keys.iter().map(wallet).collect::<Result<Vec<_>>>()?;
        let (profiles, audited): (Vec<Profile>, Vec<bool>) = cast.providers.into_iter().unzip();
        let folders: Vec<_> = profiles.iter().map(|profile| folder.join(&profile.name)).collect();
        let registering = owners.iter().zip(operators).zip(&profiles).zip(&folders).map(
            |(((owner, operator), profile), folder)| {
                register(&market, owner, operator, profile, folder)
            },
        );
        let registered = try_join_all(registering).await?;
        let auditor = wallet(&auditor)?;
        let attested = owners.iter().zip(audited).filter(|(_, audited)| *audited);
        audit(&market, &auditor, attested.map(|(owner, _)| owner.address.as_str())).await?;
        let starting = owners.iter().zip(&registered).zip(profiles).zip(&folders).map(
            |(((owner, registered), profile), folder)| {
                Provider::start(&network, &owner.address, registered, profile, folder)
            },
        );
        let providers = try_join_all(starting).await?;
        let people = keys.iter().map(wallet).collect::<Result<_>>()?;
        network.write(&folder.join("network.toml"))?;
        let (pool, pace) = (market.fees.config().await?.pool, chain.pace(&market).await?);
        Ok(Self { chain, market, providers, owners, people, keys, auditor, pool, pace })
    }

    /// Lets chain time pass: an embedded chain's is moved, any other's is waited for. Returns
    /// when everyone who follows the chain can have seen it.
    pub async fn pass(&self, seconds: u64) -> Result<()> {
        self.chain.pass(&self.market, seconds).await
    }

    /// All coins of the market's denom, from the bank of one block.
    pub async fn all_coins(&self) -> Result<Coins> {
        self.chain.coins(&self.market).await
    }

    /// The ends of all logs, for when something went wrong.
    pub fn last_words(&self) -> String {
        let processes = self.providers.iter().flat_map(|one| one.agent.iter().chain(&one.cluster));
        let words =
            processes.map(|one| format!("--- {}\n{}\n", one.log().display(), one.last_words()));
        words.collect()
    }

    /// Stops everything.
    pub async fn stop(mut self) {
        join_all(self.providers.iter_mut().map(Provider::stop)).await;
        self.chain.stop().await;
    }
}

/// The auditor attests everything that these providers claim.
async fn audit(
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
            expires_at: now.saturating_add(AUDIT_LASTS),
            evidence: None,
        };
        messages.push(auditor.execute(&market.contracts.attestations, &message, &[])?);
    }
    if !messages.is_empty() {
        auditor.send("attesting", messages).await?;
    }
    Ok(())
}
