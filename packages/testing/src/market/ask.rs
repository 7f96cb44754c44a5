//! What the contracts answer.

use souk_api::{
    defaults::DENOM,
    escrow::{self, AccountResponse, DepositsResponse, StreamResponse, TotalsResponse},
    fees::{self, StakerResponse},
    orderbook::{
        BidResponse, BidsResponse, DeploymentResponse, EligibilityResponse, LeaseResponse,
        OrderResponse, ProviderStatsResponse, QueryMsg,
    },
    paging::MAX_LIMIT,
    published::{self, ProviderRecord},
    registry::{self, ProviderResponse},
};
use souk_core::{AccountId, Denom, DeploymentId, OrderId};

use super::Market;

impl Market {
    /// A deployment.
    pub fn deployment(&self, deployment: DeploymentId) -> DeploymentResponse {
        self.chain.ask(&self.contracts.orderbook, &QueryMsg::Deployment { deployment })
    }

    /// An order.
    pub fn order(&self, order: OrderId) -> OrderResponse {
        self.chain.ask(&self.contracts.orderbook, &QueryMsg::Order { order })
    }

    /// An order's first page of bids, the lowest first.
    pub fn bids(&self, order: OrderId) -> Vec<BidResponse> {
        let msg = QueryMsg::Bids { order, start_after: None, after: None, limit: Some(MAX_LIMIT) };
        let page: BidsResponse = self.chain.ask(&self.contracts.orderbook, &msg);
        let mut bids = page.bids;
        bids.sort_by_key(|bid| (bid.price, bid.position));
        bids
    }

    /// A lease.
    pub fn lease(&self, order: OrderId) -> LeaseResponse {
        self.chain.ask(&self.contracts.orderbook, &QueryMsg::Lease { order })
    }

    /// Whether a provider could bid on an order.
    pub fn eligible(&self, order: OrderId, provider: &str) -> EligibilityResponse {
        let provider = self.who(provider).into();
        self.chain.ask(&self.contracts.orderbook, &QueryMsg::Eligible { order, provider })
    }

    /// A provider's slots and history.
    pub fn provider_stats(&self, provider: &str) -> ProviderStatsResponse {
        let provider = self.who(provider).into();
        self.chain.ask(&self.contracts.orderbook, &QueryMsg::ProviderStats { provider })
    }

    /// An escrow account.
    pub fn account(&self, account: AccountId) -> AccountResponse {
        self.chain.ask(&self.contracts.escrow, &escrow::QueryMsg::Account { account })
    }

    /// A lease's stream.
    pub fn stream(&self, account: AccountId, lease: OrderId) -> StreamResponse {
        let msg = escrow::QueryMsg::Stream { account, stream: lease.0 };
        self.chain.ask(&self.contracts.escrow, &msg)
    }

    /// Deposits of others in an account, the first page.
    pub fn deposits(&self, account: AccountId) -> DepositsResponse {
        let msg = escrow::QueryMsg::Deposits { account, start_after: None, limit: None };
        self.chain.ask(&self.contracts.escrow, &msg)
    }

    /// What the escrow owes in the market's denom.
    pub fn escrow_totals(&self) -> TotalsResponse {
        let denom = Denom::native(DENOM);
        self.chain.ask(&self.contracts.escrow, &escrow::QueryMsg::Totals { denom })
    }

    /// A provider.
    pub fn provider_info(&self, name: &str) -> ProviderResponse {
        let provider = self.who(name).into();
        self.chain.ask(&self.contracts.registry, &registry::QueryMsg::Provider { provider })
    }

    /// A provider's record as the orderbook reads it.
    pub fn provider_record(&self, name: &str) -> Option<ProviderRecord> {
        let key = published::provider_key(self.who(name).as_str());
        published::read(&self.chain.app.wrap(), self.contracts.registry.as_str(), key)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// A staker.
    pub fn staker_info(&self, name: &str) -> StakerResponse {
        let staker = self.who(name).into();
        self.chain.ask(&self.contracts.fees, &fees::QueryMsg::Staker { staker })
    }
}
