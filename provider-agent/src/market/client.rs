//! Typed questions to the market's contracts, at the newest height or pinned to one.

use cosmwasm_std::from_json;
use serde::Serialize;
use serde::de::DeserializeOwned;
use souk_api::{
    escrow::{self, AccountResponse},
    orderbook::{
        self, BidResponse, BidsResponse, DeploymentResponse, EligibilityResponse, LeaseResponse,
        LeasesResponse, OrderResponse, OrdersResponse,
    },
    paging::MAX_LIMIT,
    published::{
        AttestationRecord, ProviderRecord, ProviderStats, VERSION, Versioned, attestation_key,
        provider_key, provider_stats_key,
    },
    registry::{self, ProviderResponse},
};
use souk_chain::{Queries, query::QueryError};
use souk_core::{AccountId, DeploymentId, OrderId};

use super::ChainError;
use crate::config::Contracts;

/// The market, as one provider's agent asks it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Market {
    queries: Queries,
    contracts: Contracts,
    provider: String,
}

type Result<T> = std::result::Result<T, ChainError>;

impl Market {
    /// The market of these contracts for this provider.
    pub fn new(queries: Queries, contracts: Contracts, provider: impl Into<String>) -> Self {
        Self { queries, contracts, provider: provider.into() }
    }

    /// The same at the state after block `height`.
    #[must_use]
    pub fn at(&self, height: u64) -> Self {
        Self { queries: self.queries.at(height), ..self.clone() }
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

    async fn book<T: DeserializeOwned>(&self, msg: &impl Serialize) -> Result<T> {
        Ok(self.queries.smart(&self.contracts.orderbook, msg).await?)
    }

    /// An order with its group.
    pub async fn order(&self, order: OrderId) -> Result<OrderResponse> {
        self.book(&orderbook::QueryMsg::Order { order }).await
    }

    /// The orders after one, a page of them.
    pub async fn orders(&self, start_after: Option<OrderId>) -> Result<Vec<OrderResponse>> {
        let page = largest_page(|limit| async move {
            let msg = orderbook::QueryMsg::Orders { start_after, limit: Some(limit) };
            self.book::<OrdersResponse>(&msg).await
        });
        Ok(page.await?.orders)
    }

    /// A deployment.
    pub async fn deployment(&self, deployment: DeploymentId) -> Result<DeploymentResponse> {
        self.book(&orderbook::QueryMsg::Deployment { deployment }).await
    }

    /// A lease.
    pub async fn lease(&self, order: OrderId) -> Result<LeaseResponse> {
        self.book(&orderbook::QueryMsg::Lease { order }).await
    }

    /// The own leases after one, a page of them.
    pub async fn leases(&self, start_after: Option<OrderId>) -> Result<Vec<LeaseResponse>> {
        let page = largest_page(|limit| async move {
            let provider = self.provider.clone();
            let msg = orderbook::QueryMsg::Leases { provider, start_after, limit: Some(limit) };
            self.book::<LeasesResponse>(&msg).await
        });
        Ok(page.await?.leases)
    }

    /// The own bid on an order, if there is one. Only the orderbook's own refusal says that there is none:
    /// a node may refuse a query for any other reason.
    pub async fn own_bid(&self, order: OrderId) -> Result<Option<BidResponse>> {
        let msg = orderbook::QueryMsg::Bid { order, provider: self.provider.clone() };
        match self.book(&msg).await {
            Ok(bid) => Ok(Some(bid)),
            Err(error) if says_no_bid(&error, order, &self.provider) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The lowest bid on an order, if there is one.
    pub async fn lowest_bid(&self, order: OrderId) -> Result<Option<BidResponse>> {
        let msg = orderbook::QueryMsg::Bids { order, start_after: None, limit: Some(1) };
        Ok(self.book::<BidsResponse>(&msg).await?.bids.into_iter().next())
    }

    /// Whether the book would take a bid on an order now, price aside.
    pub async fn eligible(&self, order: OrderId) -> Result<EligibilityResponse> {
        let provider = self.provider.clone();
        self.book(&orderbook::QueryMsg::Eligible { order, provider }).await
    }

    /// The orderbook's configuration.
    pub async fn book_config(&self) -> Result<orderbook::ConfigResponse> {
        self.book(&orderbook::QueryMsg::Config {}).await
    }

    /// The escrow's configuration.
    pub async fn escrow_config(&self) -> Result<escrow::ConfigResponse> {
        Ok(self.queries.smart(&self.contracts.escrow, &escrow::QueryMsg::Config {}).await?)
    }

    /// An account, settled to the newest block's time.
    pub async fn account(&self, account: AccountId) -> Result<AccountResponse> {
        let msg = escrow::QueryMsg::Account { account };
        Ok(self.queries.smart(&self.contracts.escrow, &msg).await?)
    }

    /// A stream of an account; none if it is closed and paid. The list is asked, since its answer
    /// says of a stream that it is not there, where a refusal may have any other reason.
    pub async fn stream(
        &self,
        account: AccountId,
        stream: u64,
    ) -> Result<Option<escrow::StreamResponse>> {
        let start_after = stream.checked_sub(1);
        let msg = escrow::QueryMsg::Streams { account, start_after, limit: Some(1) };
        let page: escrow::StreamsResponse =
            self.queries.smart(&self.contracts.escrow, &msg).await?;
        Ok(page.streams.into_iter().find(|found| found.stream == stream))
    }

    /// The orderbook's place among the escrow's controllers, which never changes.
    pub async fn controller_index(&self) -> Result<u16> {
        let controllers = self.escrow_config().await?.controllers;
        let index = controllers.iter().position(|c| *c == self.contracts.orderbook);
        index.and_then(|index| u16::try_from(index).ok()).ok_or_else(|| ChainError::NotController {
            escrow: self.contracts.escrow.clone(),
            orderbook: self.contracts.orderbook.clone(),
        })
    }

    /// The provider's whole entry in the registry, if it is there.
    pub async fn registration(&self) -> Result<Option<ProviderResponse>> {
        let msg = registry::QueryMsg::Provider { provider: self.provider.clone() };
        let asked = self.queries.smart(&self.contracts.provider_registry, &msg).await;
        match asked.map_err(ChainError::from) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_refusal() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the registry publishes of the provider.
    pub async fn provider_record(&self) -> Result<Option<ProviderRecord>> {
        let key = provider_key(&self.provider);
        self.published(&self.contracts.provider_registry, key).await
    }

    /// What the orderbook publishes of the provider: how much of its bond is in use.
    pub async fn provider_stats(&self) -> Result<ProviderStats> {
        let key = provider_stats_key(&self.provider);
        Ok(self.published(&self.contracts.orderbook, key).await?.unwrap_or_default())
    }

    /// What an auditor attests of the provider.
    pub async fn attestation(&self, auditor: &str) -> Result<Option<AttestationRecord>> {
        let key = attestation_key(auditor, &self.provider);
        self.published(&self.contracts.attestations, key).await
    }

    async fn published<T: Versioned>(&self, contract: &str, key: Vec<u8>) -> Result<Option<T>> {
        let Some(bytes) = self.queries.raw(contract, &key).await? else { return Ok(None) };
        let record: T = from_json(bytes).map_err(|error| ChainError::Record {
            record: T::RECORD,
            contract: contract.to_owned(),
            problem: error.to_string(),
        })?;
        if record.version() != VERSION {
            return Err(ChainError::version(T::RECORD, contract, record.version()));
        }
        Ok(Some(record))
    }
}

/// The book's sentences for a bid that is not there, or was released with its order.
fn says_no_bid(error: &ChainError, order: OrderId, provider: &str) -> bool {
    let ChainError::Query(QueryError::Refused { log, .. }) = error else { return false };
    log.contains(&format!("provider {provider} has no bid on order {order}"))
        || log.contains(&format!("order {order} is not on the book"))
}

/// Asks for as many entries as the node gives at once. It refuses what costs it more gas than it
/// has for a query, and a tenant may write orders that are as large as they can be.
async fn largest_page<T, F>(ask: impl Fn(u32) -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut limit = MAX_LIMIT;
    loop {
        match ask(limit).await {
            Err(error) if error.is_refusal() && limit > 1 => limit /= 2,
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::ready};

    use super::*;

    fn refused() -> ChainError {
        refused_with("out of gas in location: wasm contract")
    }

    fn refused_with(log: &str) -> ChainError {
        let log = log.to_owned();
        let (what, codespace) = ("query".to_owned(), "sdk".to_owned());
        QueryError::Refused { what, codespace, code: 11, log }.into()
    }

    #[test]
    fn only_the_orderbooks_own_refusal_says_that_there_is_no_bid() {
        for (log, none) in [
            ("provider souk1me has no bid on order 7: query wasm contract failed", true),
            ("order 7 is not on the book; an absent order is closed: query wasm contract", true),
            ("out of gas in location: wasm contract; gasWanted: 3000000", false),
            ("Error parsing into type: missing field: query wasm contract failed", false),
            ("contract: not found", false),
        ] {
            assert_eq!(says_no_bid(&refused_with(log), OrderId(7), "souk1me"), none, "{log}");
        }
    }

    #[tokio::test]
    async fn a_page_that_costs_the_node_too_much_is_asked_for_in_smaller_ones() {
        let asked = RefCell::new(Vec::new());
        let page = largest_page(|limit| {
            asked.borrow_mut().push(limit);
            ready(if limit > 20 { Err(refused()) } else { Ok(limit) })
        });
        assert_eq!(page.await.unwrap(), 12);
        assert_eq!(*asked.borrow(), [100, 50, 25, 12]);
        assert!(largest_page(|_| ready(Err::<(), _>(refused()))).await.is_err());
    }
}
