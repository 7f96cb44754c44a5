//! Questions to the orderbook.

use souk_api::orderbook::{
    BidResponse, BidsResponse, ConfigResponse, DeploymentResponse, DeploymentsResponse,
    EligibilityResponse, LeaseResponse, LeasesResponse, OrderResponse, ProviderStatsResponse,
    QueryMsg,
};
use souk_chain::query::QueryError;
use souk_core::{DeploymentId, OrderId};

use super::{Market, PAGE};

type Answer<T> = Result<T, QueryError>;

impl Market {
    /// The orderbook's configuration.
    pub async fn orderbook_config(&self) -> Answer<ConfigResponse> {
        self.orderbook(&QueryMsg::Config {}).await
    }

    /// A deployment.
    pub async fn deployment(&self, deployment: DeploymentId) -> Answer<DeploymentResponse> {
        self.orderbook(&QueryMsg::Deployment { deployment }).await
    }

    /// All deployments of an tenant.
    pub async fn deployments(&self, tenant: &str) -> Answer<Vec<DeploymentResponse>> {
        let mut all: Vec<DeploymentResponse> = Vec::new();
        loop {
            let start_after = all.last().map(|last| last.id);
            let tenant = Some(tenant.to_owned());
            let msg = QueryMsg::Deployments { tenant, start_after, limit: Some(PAGE) };
            let page: DeploymentsResponse = self.orderbook(&msg).await?;
            if page.deployments.is_empty() {
                return Ok(all);
            }
            all.extend(page.deployments);
        }
    }

    /// An order.
    pub async fn order(&self, order: OrderId) -> Answer<OrderResponse> {
        self.orderbook(&QueryMsg::Order { order }).await
    }

    /// All bids on an order, the lowest first.
    pub async fn bids(&self, order: OrderId) -> Answer<Vec<BidResponse>> {
        let mut all: Vec<BidResponse> = Vec::new();
        loop {
            let start_after = all.last().map(|last| (last.price, last.position));
            let msg = QueryMsg::Bids { order, start_after, limit: Some(PAGE) };
            let page: BidsResponse = self.orderbook(&msg).await?;
            if page.bids.is_empty() {
                return Ok(all);
            }
            all.extend(page.bids);
        }
    }

    /// A lease.
    pub async fn lease(&self, order: OrderId) -> Answer<LeaseResponse> {
        self.orderbook(&QueryMsg::Lease { order }).await
    }

    /// A provider's leases.
    pub async fn leases_of(&self, provider: &str) -> Answer<Vec<LeaseResponse>> {
        let mut all: Vec<LeaseResponse> = Vec::new();
        loop {
            let start_after = all.last().map(|last| last.order);
            let provider = provider.to_owned();
            let msg = QueryMsg::Leases { provider, start_after, limit: Some(PAGE) };
            let page: LeasesResponse = self.orderbook(&msg).await?;
            if page.leases.is_empty() {
                return Ok(all);
            }
            all.extend(page.leases);
        }
    }

    /// Whether a provider could bid on an order, and if not why.
    pub async fn eligible(&self, order: OrderId, provider: &str) -> Answer<EligibilityResponse> {
        let provider = provider.to_owned();
        self.orderbook(&QueryMsg::Eligible { order, provider }).await
    }

    /// A provider's slots and history.
    pub async fn book(&self, provider: &str) -> Answer<ProviderStatsResponse> {
        self.orderbook(&QueryMsg::ProviderStats { provider: provider.to_owned() }).await
    }

    async fn orderbook<R: serde::de::DeserializeOwned>(&self, msg: &QueryMsg) -> Answer<R> {
        self.ask(&self.contracts.orderbook, msg).await
    }
}
