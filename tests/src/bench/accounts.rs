//! Accounts with coins, and the messages that they send to the market.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use serde::Serialize;
use souk_api::{escrow, orderbook, registry};
use souk_chain::{Any, Coin, SecretKey, tx};
use souk_client::market::Market;
use souk_core::{AccountId, Attribute, AuctionPolicy, DeploymentId, OrderId, Price};
use souk_testing::group;

use super::sending::{Fixture, coins};
use crate::wasmd::PREFIX;

/// What each has: ten thousand SOUK.
const COINS: u128 = 10_000_000_000;
/// Accounts funded in one transaction.
const AT_ONCE: usize = 100;
/// A provider's bond: a hundred slots.
const BOND: u128 = 100_000_000;

/// An account.
pub struct Account {
    /// It signs.
    pub key: SecretKey,
    /// Its address.
    pub address: String,
    /// Its number on the chain.
    pub number: u64,
    sequence: AtomicU64,
}

/// All of them.
pub struct Accounts(pub Vec<Account>);

impl Accounts {
    /// Makes `size` of them, with coins.
    ///
    /// # Errors
    /// If they cannot be funded.
    pub async fn create(fixture: &Fixture, size: usize) -> Result<Self> {
        let keys: Vec<_> = (0..size).map(|_| SecretKey::generate()).collect();
        let addresses: Vec<String> =
            keys.iter().map(|key| key.address(PREFIX)).collect::<Result<_, _>>()?;
        for some in addresses.chunks(AT_ONCE) {
            let from = &fixture.funds.address;
            let sends = some.iter().map(|to| tx::send(from, to, &[coins(COINS)])).collect();
            fixture.funds.send("funding", sends).await?;
        }
        let account = |(key, address): (SecretKey, String)| async move {
            let found = fixture.client.query().account(&address).await?;
            let sequence = AtomicU64::new(found.sequence);
            anyhow::Ok(Account { key, address, number: found.number, sequence })
        };
        let all = stream::iter(keys.into_iter().zip(addresses)).map(account).buffered(8);
        Ok(Self(all.try_collect().await?))
    }
}

impl Account {
    /// The sequence of its next transaction.
    pub fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn execute(&self, contract: &str, message: &impl Serialize, funds: &[Coin]) -> Any {
        tx::execute(&self.address, contract, message, funds).expect("messages are JSON")
    }

    pub(super) fn orderbook(&self, fixture: &Fixture, message: &orderbook::ExecuteMsg) -> Any {
        self.execute(&fixture.contracts.orderbook, message, &[])
    }

    /// A bank transfer.
    pub fn send(&self, to: &Self) -> Any {
        tx::send(&self.address, &to.address, &[coins(1)])
    }

    /// Registers as a provider with three attributes, its own operator.
    pub fn register(&self, fixture: &Fixture) -> Any {
        let message = registry::ExecuteMsg::Register {
            payee: None,
            operator: self.address.clone(),
            gateway: registry::Gateway {
                uri: "https://provider.example:8443".to_owned(),
                pins: Vec::new(),
            },
            attributes: vec![
                Attribute::new("region", "eu-west"),
                Attribute::new("host", "akash"),
                Attribute::new("tier", "community"),
            ],
            contact: registry::Contact::default(),
        };
        self.execute(&fixture.contracts.registry, &message, &[coins(BOND)])
    }

    /// A deployment of `groups` groups with `units` units each.
    pub fn create(&self, fixture: &Fixture, groups: usize, units: u32, deposit: u128) -> Any {
        let message = orderbook::ExecuteMsg::CreateDeployment(new_deployment(groups, units));
        self.execute(&fixture.contracts.orderbook, &message, &[coins(deposit)])
    }

    /// A bid of this provider, in base units an hour.
    pub fn bid(&self, fixture: &Fixture, order: OrderId, price: u128) -> Any {
        self.orderbook(
            fixture,
            &orderbook::ExecuteMsg::PlaceBid {
                order,
                provider: self.address.clone(),
                price: Price::new(price).expect("prices here are in range"),
                offer: Vec::new(),
                reclamation_window: None,
            },
        )
    }

    /// Bids of this provider in one message, in base units an hour.
    pub fn place_bids(&self, fixture: &Fixture, orders: &[OrderId], price: u128) -> Any {
        let price = Price::new(price).expect("prices here are in range");
        let bid = |order: &OrderId| orderbook::NewBid {
            order: *order,
            price,
            offer: Vec::new(),
            reclamation_window: None,
        };
        let (provider, bids) = (self.address.clone(), orders.iter().map(bid).collect());
        self.orderbook(fixture, &orderbook::ExecuteMsg::PlaceBids { provider, bids })
    }

    /// Accepts the provider's bid.
    ///
    /// # Errors
    /// If there is none.
    pub async fn accept(
        &self,
        fixture: &Fixture,
        order: OrderId,
        provider: &Self,
        price: u128,
    ) -> Result<Any> {
        let market = Market::new(fixture.network.clone())?;
        let bid = market.orderbook.bid(order, &provider.address).await?.context("no bid")?.id;
        let (provider, max_price) =
            (provider.address.clone(), Price::new(price).expect("prices here are in range"));
        let accept = orderbook::ExecuteMsg::AcceptBid { order, provider, bid, max_price };
        Ok(self.orderbook(fixture, &accept))
    }

    /// Accepts the provider's bids.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn accept_all(
        &self,
        fixture: &Fixture,
        orders: &[OrderId],
        provider: &Self,
        price: u128,
    ) -> Result<Vec<Any>> {
        let accepts = orders.iter().map(|order| self.accept(fixture, *order, provider, price));
        try_join_all(accepts).await
    }

    /// Its tenant's close of a lease.
    pub fn close_lease(&self, fixture: &Fixture, order: OrderId) -> Any {
        self.orderbook(
            fixture,
            &orderbook::ExecuteMsg::CloseLease { order, reason: None, exclude: false },
        )
    }

    /// Its close of a deployment.
    pub fn close(&self, fixture: &Fixture, deployment: DeploymentId) -> Any {
        self.orderbook(fixture, &orderbook::ExecuteMsg::CloseDeployment { deployment })
    }

    /// Its lost bids' slots back.
    pub fn release(&self, fixture: &Fixture, orders: &[OrderId]) -> Any {
        let provider = self.address.clone();
        self.orderbook(
            fixture,
            &orderbook::ExecuteMsg::ReleaseBids { provider, orders: orders.to_vec() },
        )
    }

    /// Its word that it is there.
    pub fn heartbeat(&self, fixture: &Fixture) -> Any {
        let (provider, statement) = (self.address.clone(), None);
        self.orderbook(fixture, &orderbook::ExecuteMsg::Heartbeat { provider, statement })
    }

    /// Coins into an account.
    pub fn deposit(&self, fixture: &Fixture, account: AccountId, amount: u128) -> Any {
        let message = escrow::ExecuteMsg::Deposit { account };
        self.execute(&fixture.contracts.escrow, &message, &[coins(amount)])
    }

    /// What a lease's stream owes.
    pub fn withdraw(&self, fixture: &Fixture, account: AccountId, order: OrderId) -> Any {
        let message = escrow::ExecuteMsg::Withdraw { account, stream: order.0 };
        self.execute(&fixture.contracts.escrow, &message, &[])
    }

    /// What is left of its deposits in a closed account.
    pub fn refund(&self, fixture: &Fixture, account: AccountId) -> Any {
        let message = escrow::ExecuteMsg::ClaimRefund { account, deposit: None };
        self.execute(&fixture.contracts.escrow, &message, &[])
    }
}

/// `groups` groups with `units` units each.
pub(super) fn new_deployment(groups: usize, units: u32) -> orderbook::NewDeployment {
    let one = |at: usize| {
        let mut group = group(&format!("g{at}")).0;
        let first = group.units.remove(0);
        group.units = (1..=units).map(|id| souk_core::GroupUnit { id, ..first.clone() }).collect();
        group
    };
    orderbook::NewDeployment {
        commitment: [7; 32].into(),
        groups: (0..groups).map(one).collect(),
        auction: AuctionPolicy::TenantChoice {},
        delegate: None,
        delegate_limit: None,
        allow: Vec::new(),
        refuse: Vec::new(),
        reclamation: None,
        absence: None,
    }
}
