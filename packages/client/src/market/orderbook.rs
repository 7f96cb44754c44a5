//! The orderbook: deployments, orders, bids, leases.

use souk_api::{
    orderbook::{
        BidResponse, BidsResponse, ConfigResponse, DeploymentResponse, DeploymentsResponse,
        EligibilityResponse, LeaseResponse, LeasesResponse, OrderResponse, OrdersResponse,
        ProviderStatsResponse, QueryMsg,
    },
    published::{ProviderStats, provider_stats_key},
};
use souk_core::{DeploymentId, OrderId, limits};

use super::{
    MarketError,
    bids::{self, BidsPage},
    if_present,
    instance::contract,
    page,
};

contract!(
    /// The orderbook.
    Orderbook
);

type Answer<T> = Result<T, MarketError>;

impl Orderbook {
    /// Its configuration.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn config(&self) -> Answer<ConfigResponse> {
        self.0.ask(&QueryMsg::Config {}).await
    }

    /// A deployment.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such deployment; another one if there is no answer.
    pub async fn deployment(&self, deployment: DeploymentId) -> Answer<DeploymentResponse> {
        self.0.ask(&QueryMsg::Deployment { deployment }).await
    }

    /// All deployments of a tenant.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn deployments(&self, tenant: &str) -> Answer<Vec<DeploymentResponse>> {
        let msg = |last: Option<&DeploymentResponse>, limit| QueryMsg::Deployments {
            tenant: Some(tenant.to_owned()),
            start_after: last.map(|last| last.id),
            limit: Some(limit),
        };
        self.0.list(usize::MAX, msg, |page: DeploymentsResponse| page.deployments).await
    }

    /// An order with its group.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such order, or it was pruned; [`MarketError::Record`] if its
    /// group is beyond the market's limits; another one if there is no answer.
    pub async fn order(&self, order: OrderId) -> Answer<OrderResponse> {
        self.within_limits(self.0.ask(&QueryMsg::Order { order }).await?)
    }

    /// An order as it was answered, if its group is one that the contract takes. Whoever places its replicas
    /// counts on that.
    fn within_limits(&self, order: OrderResponse) -> Answer<OrderResponse> {
        match limits::check_group(&order.spec) {
            Ok(()) => Ok(order),
            Err(error) => Err(MarketError::Record {
                record: "order",
                contract: self.0.address.clone(),
                problem: format!("order {}: {error}", order.id),
            }),
        }
    }

    /// The orders after one, a page of them.
    ///
    /// # Errors
    /// [`MarketError::Page`] if it is not in order, [`MarketError::Record`] if a group is beyond the market's
    /// limits; else if there is no answer: [`MarketError`] says why.
    pub async fn orders_after(&self, start_after: Option<OrderId>) -> Answer<Vec<OrderResponse>> {
        let msg = |limit| QueryMsg::Orders { start_after, limit: Some(limit) };
        let page = self.0.page::<_, OrdersResponse>(msg).await?.orders;
        let after = start_after.map(|id| id.0);
        let page = page::advancing(&self.0.address, after, page, |order| order.id.0)?;
        page.into_iter().map(|order| self.within_limits(order)).collect()
    }

    /// All bids on an order, the lowest first.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such order; another one if there is no answer.
    pub async fn bids(&self, order: OrderId) -> Answer<Vec<BidResponse>> {
        let msg = |last: Option<&BidResponse>, limit| QueryMsg::Bids {
            order,
            start_after: last.map(|last| (last.price, last.position)),
            after: last.map(|last| last.provider.clone()),
            limit: Some(limit),
        };
        let mut bids = self.0.list(usize::MAX, msg, |page: BidsResponse| page.bids).await?;
        bids.sort_by_key(|bid| (bid.price, bid.position));
        Ok(bids)
    }

    /// The lowest bid of a `lowest_price` auction, if there is one.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such order; another one if there is no answer.
    pub async fn lowest_bid(&self, order: OrderId) -> Answer<Option<BidResponse>> {
        let msg = QueryMsg::Bids { order, start_after: None, after: None, limit: Some(1) };
        Ok(self.0.ask::<BidsResponse>(&msg).await?.bids.into_iter().next())
    }

    /// A provider's bid on an order; none if it has none, or the order is not there.
    ///
    /// # Errors
    /// If there is no answer, for another reason than that there is no such bid.
    pub async fn bid(&self, order: OrderId, provider: &str) -> Answer<Option<BidResponse>> {
        let provider = provider.to_owned();
        if_present(self.0.ask(&QueryMsg::Bid { order, provider }).await)
    }

    /// A page of all bids by order, from the `next` of the page before, with those of one provider: for
    /// whoever does not know on which orders it has bids.
    ///
    /// # Errors
    /// If no node gives the storage in pages, or [`MarketError::Record`] for a bid of another form.
    pub async fn bids_page(&self, provider: &str, from: Option<Vec<u8>>) -> Answer<BidsPage> {
        let contract = &self.0.address;
        let from = from.unwrap_or_else(bids::beginning);
        let page = self.0.queries.storage_page(contract, from.clone()).await?;
        if page.next.as_ref().is_some_and(|next| *next <= from) {
            let (contract, problem) =
                (contract.clone(), "its next one is not behind it".to_owned());
            return Err(MarketError::Page { contract, problem });
        }
        bids::read(contract, provider, page)
    }

    /// A lease.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if the order has no lease, or is not there; another one if there is
    /// no answer.
    pub async fn lease(&self, order: OrderId) -> Answer<LeaseResponse> {
        self.0.ask(&QueryMsg::Lease { order }).await
    }

    /// All leases of a provider.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn leases(&self, provider: &str) -> Answer<Vec<LeaseResponse>> {
        let msg =
            |last: Option<&LeaseResponse>, limit| leases(provider, last.map(|l| l.order), limit);
        self.0.list(usize::MAX, msg, |page: LeasesResponse| page.leases).await
    }

    /// A provider's leases after one, a page of them.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn leases_after(
        &self,
        provider: &str,
        start_after: Option<OrderId>,
    ) -> Answer<Vec<LeaseResponse>> {
        let msg = |limit| leases(provider, start_after, limit);
        let page = self.0.page::<_, LeasesResponse>(msg).await?.leases;
        page::advancing(&self.0.address, start_after.map(|id| id.0), page, |lease| lease.order.0)
    }

    /// A provider's lease for an order; none if it has none. The list of leases is asked, since
    /// its answer says that a lease is not there.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn lease_of(&self, order: OrderId, provider: &str) -> Answer<Option<LeaseResponse>> {
        let msg = leases(provider, order.0.checked_sub(1).map(OrderId), 1);
        let page: LeasesResponse = self.0.ask(&msg).await?;
        Ok(page.leases.into_iter().find(|lease| lease.order == order))
    }

    /// Whether a provider could bid on an order now, price aside, and if not why.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn eligible(&self, order: OrderId, provider: &str) -> Answer<EligibilityResponse> {
        let provider = provider.to_owned();
        self.0.ask(&QueryMsg::Eligible { order, provider }).await
    }

    /// A provider's slots and history.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn provider_stats(&self, provider: &str) -> Answer<ProviderStatsResponse> {
        self.0.ask(&QueryMsg::ProviderStats { provider: provider.to_owned() }).await
    }

    /// The record of it that the orderbook publishes for other contracts; zeros if there is none.
    ///
    /// # Errors
    /// If there is no answer, or [`MarketError::Record`] for one of a later version.
    pub async fn provider_stats_record(&self, provider: &str) -> Answer<ProviderStats> {
        Ok(self.0.published(provider_stats_key(provider)).await?.unwrap_or_default())
    }
}

fn leases(provider: &str, start_after: Option<OrderId>, limit: u32) -> QueryMsg {
    QueryMsg::Leases { provider: provider.to_owned(), start_after, limit: Some(limit) }
}
