//! What can be seen: queries, events, raw storage, gas.

use super::*;
use crate::meter::{ENTER, TRANSACTION};

impl Market {
    /// What a transaction costs in gas: its own, that of each contract entered, and all that
    /// these read and write.
    pub fn cost(&mut self, act: impl FnOnce(&mut Self) -> AppResponse) -> u64 {
        let before = self.app.storage().gas();
        let response = act(self);
        let entered = response.events.iter().filter(|event| event.ty == "execute").count();
        let stored = self.app.storage().gas() - before;
        TRANSACTION + ENTER * u64::try_from(entered).unwrap() + stored
    }

    pub fn query<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, String> {
        self.app.wrap().query_wasm_smart(&self.orderbook, msg).map_err(|error| error.to_string())
    }

    pub fn deployment(&self, deployment: DeploymentId) -> DeploymentResponse {
        self.query(&QueryMsg::Deployment { deployment }).unwrap()
    }

    pub fn order_of(&self, order: OrderId) -> OrderResponse {
        self.query(&QueryMsg::Order { order }).unwrap()
    }

    pub fn bid(&self, name: &str, order: OrderId) -> BidResponse {
        let provider = self.who(name).to_string();
        self.query(&QueryMsg::Bid { order, provider }).unwrap()
    }

    /// An order's first page of bids, the lowest first.
    pub fn bids(&self, order: OrderId) -> Vec<BidResponse> {
        let msg = QueryMsg::Bids {
            order,
            start_after: None,
            after: None,
            limit: Some(souk_api::paging::MAX_LIMIT),
        };
        let mut bids = self.query::<BidsResponse>(&msg).unwrap().bids;
        bids.sort_by_key(|bid| (bid.price, bid.position));
        bids
    }

    pub fn lease_of(&self, order: OrderId) -> LeaseResponse {
        self.query(&QueryMsg::Lease { order }).unwrap()
    }

    pub fn stats_of(&self, name: &str) -> ProviderStatsResponse {
        let provider = self.who(name).to_string();
        self.query(&QueryMsg::ProviderStats { provider }).unwrap()
    }

    /// Why a provider could not bid; `None` if it could.
    pub fn ineligible(&self, name: &str, order: OrderId) -> Option<String> {
        let provider = self.who(name).to_string();
        let answer: EligibilityResponse =
            self.query(&QueryMsg::Eligible { order, provider }).unwrap();
        assert_eq!(answer.eligible, answer.reason.is_none());
        answer.reason
    }

    pub fn account(&self, deployment: DeploymentId) -> escrow::AccountResponse {
        let msg = escrow::QueryMsg::Account { account: AccountId(deployment.0) };
        self.app.wrap().query_wasm_smart(&self.escrow, &msg).unwrap()
    }

    pub fn stream(&self, deployment: DeploymentId, order: OrderId) -> escrow::StreamResponse {
        let account = AccountId(deployment.0);
        let msg = escrow::QueryMsg::Stream { account, stream: order.0 };
        self.app.wrap().query_wasm_smart(&self.escrow, &msg).unwrap()
    }

    /// The orderbook's events of one type in a response.
    pub fn events_of<E: TypedEvent>(&self, response: &AppResponse) -> Vec<E> {
        let read = |event: &Event| {
            let ty = of_contract(&event.ty, &event.attributes, self.orderbook.as_str())?;
            (ty == E::TYPE).then(|| E::from_attributes(&event.attributes).unwrap())
        };
        response.events.iter().filter_map(read).collect()
    }

    /// Everything in the orderbook's storage.
    pub fn storage(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.app.dump_wasm_raw(&self.orderbook).into_iter().collect()
    }
}
