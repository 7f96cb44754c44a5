//! The market's contracts, queried for one provider, at the newest height or pinned to one.

use souk_api::{
    attestations::AttestationResponse,
    orderbook::{BidResponse, EligibilityResponse, LeaseResponse},
    published::{AttestationRecord, ProviderRecord, ProviderStats, VERSION},
    registry::ProviderResponse,
};
use souk_chain::Queries;
use souk_client::market::{
    Attestations, BidsPage, Escrow, MarketError, Orderbook, Registry, if_present,
};
use souk_core::OrderId;

use super::ChainError;
use crate::config::Contracts;

/// The market, as one provider's agent queries it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Market {
    /// Orders, bids, leases.
    pub orderbook: Orderbook,
    /// Accounts and streams.
    pub escrow: Escrow,
    /// Providers.
    pub registry: Registry,
    /// What auditors attest.
    pub attestations: Attestations,
    queries: Queries,
    contracts: Contracts,
    provider: String,
}

type Result<T> = std::result::Result<T, MarketError>;

impl Market {
    /// The market of these contracts for this provider.
    pub fn new(queries: Queries, contracts: Contracts, provider: impl Into<String>) -> Self {
        Self {
            orderbook: Orderbook::new(queries.clone(), &contracts.orderbook),
            escrow: Escrow::new(queries.clone(), &contracts.escrow),
            registry: Registry::new(queries.clone(), &contracts.provider_registry),
            attestations: Attestations::new(queries.clone(), &contracts.attestations),
            queries,
            contracts,
            provider: provider.into(),
        }
    }

    /// The same at the state after block `height`.
    #[must_use]
    pub fn at(&self, height: u64) -> Self {
        Self::new(self.queries.at(height), self.contracts.clone(), self.provider.clone())
    }

    /// The same market by each configured endpoint alone, in that order, at the newest height.
    #[must_use]
    pub fn each(&self) -> Vec<Self> {
        let alone = |client: souk_chain::Client| {
            Self::new(client.query(), self.contracts.clone(), self.provider.clone())
        };
        self.queries.client().each().into_iter().map(alone).collect()
    }

    /// The endpoints that are asked: scheme, host and port of each.
    pub fn endpoints(&self) -> String {
        self.queries.client().label()
    }

    /// The chain's queries.
    pub fn queries(&self) -> &Queries {
        &self.queries
    }

    /// The contracts' addresses.
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// The provider.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The own leases after one, a page of them.
    ///
    /// # Errors
    ///
    /// If the orderbook does not answer.
    pub async fn leases_after(&self, start_after: Option<OrderId>) -> Result<Vec<LeaseResponse>> {
        self.orderbook.leases_after(&self.provider, start_after).await
    }

    /// The own bid on an order, if there is one.
    ///
    /// # Errors
    ///
    /// If the orderbook does not answer; that there is no bid is an answer.
    pub async fn own_bid(&self, order: OrderId) -> Result<Option<BidResponse>> {
        self.orderbook.bid(order, &self.provider).await
    }

    /// Own bids, from a page of all bids of the market; the first page without `from`.
    ///
    /// # Errors
    ///
    /// If no node gives the orderbook's storage.
    pub async fn bids_page(&self, from: Option<Vec<u8>>) -> Result<BidsPage> {
        self.orderbook.bids_page(&self.provider, from).await
    }

    /// The own lease for an order, if there is one.
    ///
    /// # Errors
    ///
    /// If the orderbook does not answer; that there is no lease is an answer.
    pub async fn own_lease(&self, order: OrderId) -> Result<Option<LeaseResponse>> {
        self.orderbook.lease_of(order, &self.provider).await
    }

    /// Whether the orderbook would take a bid on an order now, price aside.
    ///
    /// # Errors
    ///
    /// If the orderbook does not answer.
    pub async fn eligible(&self, order: OrderId) -> Result<EligibilityResponse> {
        self.orderbook.eligible(order, &self.provider).await
    }

    /// The orderbook's place among the escrow's controllers, which never changes.
    ///
    /// # Errors
    ///
    /// If the escrow does not answer or does not list the orderbook.
    pub async fn controller_index(&self) -> std::result::Result<u16, ChainError> {
        let controllers = self.escrow.config().await?.controllers;
        let index = controllers.iter().position(|c| *c == self.contracts.orderbook);
        index.and_then(|index| u16::try_from(index).ok()).ok_or_else(|| ChainError::NotController {
            escrow: self.contracts.escrow.clone(),
            orderbook: self.contracts.orderbook.clone(),
        })
    }

    /// The provider's whole entry in the registry, if it is there.
    ///
    /// # Errors
    ///
    /// If the registry does not answer.
    pub async fn registration(&self) -> Result<Option<ProviderResponse>> {
        if_present(self.registry.provider(&self.provider).await)
    }

    /// What the registry publishes of the provider.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub async fn provider_record(&self) -> Result<Option<ProviderRecord>> {
        self.registry.provider_record(&self.provider).await
    }

    /// What the orderbook publishes of the provider: how much of its bond is in use.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub async fn provider_stats(&self) -> Result<ProviderStats> {
        self.orderbook.provider_stats_record(&self.provider).await
    }

    /// Who attests something of the provider, and what: a page after one auditor, by address.
    ///
    /// # Errors
    ///
    /// If the attestations contract does not answer.
    pub async fn attestations_after(
        &self,
        start_after: Option<String>,
    ) -> Result<Vec<(String, AttestationRecord)>> {
        let page = self.attestations.after(&self.provider, start_after).await?;
        let record = |one: AttestationResponse| {
            (one.auditor, AttestationRecord { v: VERSION, values: one.values })
        };
        Ok(page.into_iter().map(record).collect())
    }

    /// What each of these auditors attests of the provider; none if nothing.
    ///
    /// # Errors
    ///
    /// If the attestations contract does not answer.
    pub async fn attestations_of(
        &self,
        auditors: &[String],
    ) -> Result<Vec<(String, Option<AttestationRecord>)>> {
        let found = self.attestations.check(&self.provider, auditors).await?;
        let record = |auditor: &String| {
            let one = found.iter().find(|one| one.auditor == *auditor);
            let values = one.map(|one| one.values.clone()).unwrap_or_default();
            let record = (!values.is_empty()).then_some(AttestationRecord { v: VERSION, values });
            (auditor.clone(), record)
        };
        Ok(auditors.iter().map(record).collect())
    }
}
