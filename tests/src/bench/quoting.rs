//! Leases by prices that providers signed.

use anyhow::{Context as _, Result};
use ed25519_zebra::{SigningKey, VerificationKey};
use souk_api::{
    orderbook::{Absence, ExecuteMsg, Quote, QuotedFor},
    registry,
};
use souk_chain::Any;
use souk_core::{Denom, GroupSpec, OrderId, Price, presence::Market, quote::DEFAULT_VALIDITY};
use souk_gateway::quote::sign;

use super::{
    Account, Deployment, Fixture, Parties,
    accounts::new_deployment,
    parties::{DEPOSIT, PRICE, created},
    sending::coins,
};
use crate::wasmd::DENOM;

/// With which every provider here signs.
const KEY: [u8; 32] = [7; 32];
const TAKE_BPS: u16 = 10_000;

impl Account {
    /// Publishes the key with which this provider signs.
    pub fn set_quote_key(&self, fixture: &Fixture) -> Any {
        let key = <[u8; 32]>::from(VerificationKey::from(&SigningKey::from(KEY)));
        let provider = self.address.clone();
        let message = registry::ExecuteMsg::SetQuoteKey { provider, key: Some(key.into()) };
        self.execute(&fixture.contracts.registry, &message, &[])
    }

    /// This provider's price for a group of a tenant, from the block time `issued_at` on.
    fn quote(
        &self,
        fixture: &Fixture,
        tenant: &Self,
        spec: &GroupSpec,
        price: u128,
        (issued_at, nonce): (u64, u64),
    ) -> Quote {
        let quote = Quote {
            provider: self.address.clone(),
            price: Price::new(price).expect("it is in range"),
            max_take_bps: TAKE_BPS,
            offer: Vec::new(),
            reclamation_window: None,
            issued_at,
            valid_until: issued_at + DEFAULT_VALIDITY,
            nonce,
            signature: Vec::new().into(),
        };
        let market =
            Market { chain_id: &fixture.network.chain_id, orderbook: &fixture.contracts.orderbook };
        let whom = QuotedFor {
            market,
            tenant: &tenant.address,
            spec,
            denom: &Denom::native(DENOM),
            absence: Some(Absence::default()),
        };
        sign(&SigningKey::from(KEY), quote, whom)
    }
}

impl Parties<'_> {
    async fn block_time(&self) -> Result<u64> {
        let time = self.fixture.client.status().await?.time;
        Ok(time.context("the node has no block yet")?.seconds)
    }

    /// A deployment of `groups` groups whose leases begin with it, at the first provider.
    ///
    /// # Errors
    /// If the chain refuses it.
    pub async fn create_with_quotes(&self, groups: usize, nonce: u64) -> Result<Deployment> {
        let (fixture, tenant) = (self.fixture, self.tenant);
        let deployment = new_deployment(groups, 1);
        let at = self.block_time().await?;
        let quotes = (nonce..).zip(&deployment.groups).map(|(nonce, spec)| {
            self.providers[0].quote(fixture, tenant, spec, PRICE, (at, nonce))
        });
        let quotes = quotes.collect();
        let message = ExecuteMsg::CreateWithQuotes { deployment, quotes };
        let coins = [coins(DEPOSIT * groups as u128)];
        let message = tenant.execute(&fixture.contracts.orderbook, &message, &coins);
        created(fixture, &fixture.one(tenant, vec![message]).await?).await
    }

    /// A deployment of one group for which `bidders` providers sign a price, all in one range; the lowest has its
    /// lease, which begins with it.
    ///
    /// # Errors
    /// If the chain refuses it.
    pub async fn create_with_the_best_of(&self, bidders: usize, nonce: u64) -> Result<Deployment> {
        let (fixture, tenant) = (self.fixture, self.tenant);
        let deployment = new_deployment(1, 1);
        let (at, spec) = (self.block_time().await?, &deployment.groups[0]);
        let signed = self.providers.iter().take(bidders).zip(0..);
        let signed = signed.map(|(provider, more)| {
            provider.quote(fixture, tenant, spec, PRICE + more, (at, nonce))
        });
        let best = signed.min_by_key(|quote| quote.price).context("nobody signed")?;
        let message = ExecuteMsg::CreateWithQuotes { deployment, quotes: vec![best] };
        let message = tenant.execute(&fixture.contracts.orderbook, &message, &[coins(DEPOSIT)]);
        created(fixture, &fixture.one(tenant, vec![message]).await?).await
    }

    /// Accepts the first provider's price for an open order of one group; gives the gas.
    ///
    /// # Errors
    /// If the chain refuses it.
    pub async fn accept_quote(&self, order: OrderId, nonce: u64) -> Result<u64> {
        let (fixture, tenant) = (self.fixture, self.tenant);
        let spec = &new_deployment(1, 1).groups[0];
        let at = self.block_time().await?;
        let quote = self.providers[0].quote(fixture, tenant, spec, PRICE, (at, nonce));
        let message = tenant.orderbook(fixture, &ExecuteMsg::AcceptQuote { order, quote });
        Ok(fixture.one(tenant, vec![message]).await?.gas)
    }

    /// Closes a deployment, pays its leases out and takes the rest back, in one transaction; gives the gas.
    ///
    /// # Errors
    /// If the chain refuses it.
    pub async fn close_and_settle(&self, deployment: &Deployment) -> Result<u64> {
        let (fixture, tenant) = (self.fixture, self.tenant);
        let mut messages = vec![tenant.close(fixture, deployment.id)];
        let pay = |order: &OrderId| tenant.withdraw(fixture, deployment.account, *order);
        messages.extend(deployment.orders.iter().map(pay));
        messages.push(tenant.refund(fixture, deployment.account));
        Ok(fixture.one(tenant, messages).await?.gas)
    }
}
