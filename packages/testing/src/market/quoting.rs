//! Leases by prices that providers signed.

use cosmwasm_std::{Coin, HexBinary};
use ed25519_zebra::{SigningKey, VerificationKey};
use souk_api::{
    defaults::TAKE_BPS,
    orderbook::{ExecuteMsg, NewDeployment, Quote, QuotedFor},
    registry,
};
use souk_core::{Denom, presence, quote::DEFAULT_VALIDITY};

use super::{Deployment, Market, Outcome, provider::to_price};
use crate::Workload;

/// The key with which the agent of a provider of that name signs.
fn quote_key(name: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed.iter_mut().zip(name.bytes()).for_each(|(byte, letter)| *byte = letter);
    SigningKey::from(seed)
}

impl Market {
    /// The operator publishes the key with which the provider's agent signs.
    pub fn set_quote_key(&mut self, name: &str) -> Outcome {
        let key = <[u8; 32]>::from(VerificationKey::from(&quote_key(name)));
        let (provider, key) = (self.who(name).into(), Some(HexBinary::from(key)));
        let (operator, registry) = (self.operator(name), self.contracts.registry.clone());
        let msg = registry::ExecuteMsg::SetQuoteKey { provider, key };
        self.send(&operator, &registry, &msg, &[])
    }

    /// Creates a deployment whose leases begin at once, all at one provider and at one price, with coins.
    pub fn deploy_by_quotes(
        &mut self,
        tenant: &str,
        workload: impl Into<Workload>,
        deposit: Coin,
        provider: &str,
        units: u128,
    ) -> anyhow::Result<Deployment> {
        let deployment = workload.into().message();
        let denom = Denom::native(deposit.denom.clone());
        let quotes = (0..deployment.groups.len())
            .map(|group| self.quote(tenant, &deployment, group, &denom, provider, units));
        let quotes = quotes.collect();
        let msg = ExecuteMsg::CreateWithQuotes { deployment, quotes };
        let (sender, orderbook) = (self.who(tenant), self.contracts.orderbook.clone());
        let response = self.send(&sender, &orderbook, &msg, &[deposit])?;
        Ok(Deployment::created(self, &response))
    }

    fn quote(
        &mut self,
        tenant: &str,
        new: &NewDeployment,
        group: usize,
        denom: &Denom,
        provider: &str,
        units: u128,
    ) -> Quote {
        let (block, tenant) = (self.chain.app.block_info(), self.chain.who(tenant));
        let issued_at = block.time.seconds();
        // Strictly rising, as an agent's is.
        self.quotes += 1;
        let quote = Quote {
            provider: self.who(provider).into(),
            price: to_price(units),
            max_take_bps: TAKE_BPS,
            offer: Vec::new(),
            reclamation_window: new.reclamation.map(|asked| asked.min_window),
            issued_at,
            valid_until: issued_at + DEFAULT_VALIDITY,
            nonce: self.quotes,
            signature: HexBinary::default(),
        };
        let orderbook = self.contracts.orderbook.as_str();
        let market = presence::Market { chain_id: &block.chain_id, orderbook };
        let whom = QuotedFor {
            market,
            tenant: tenant.as_str(),
            spec: &new.groups[group],
            denom,
            absence: Some(new.absence.unwrap_or_default()),
        };
        let bytes = quote.signed_bytes(whom).unwrap_or_else(|error| panic!("{error}"));
        let signature = quote_key(provider).sign(&bytes).to_bytes();
        Quote { signature: HexBinary::from(signature), ..quote }
    }
}
