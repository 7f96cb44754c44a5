//! What tenants do, and whoever pays for them.

use cosmwasm_std::{Coin, HexBinary};
use cw_multi_test::AppResponse;
use souk_api::{
    escrow,
    orderbook::{BidResponse, ExecuteMsg, OrderbookEvent, QueryMsg},
};
use souk_core::{AccountId, BidId, DeploymentId, GroupSeq, OrderId, Rate};

use super::{
    Market, Outcome,
    provider::{amount, to_price},
};
use crate::{Workload, events};

/// A deployment that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its number.
    pub id: DeploymentId,
    /// The orders of its groups, in order.
    pub orders: Vec<OrderId>,
}

impl Deployment {
    /// The order of its first group.
    pub fn order(&self) -> OrderId {
        self.orders.first().copied().unwrap_or_else(|| panic!("a deployment without an order"))
    }

    /// Its escrow account: the orderbook is the first controller, so that it has the
    /// deployment's number.
    pub fn account(&self) -> AccountId {
        AccountId(self.id.0)
    }

    /// Reads it from the orderbook's events at creation.
    pub fn created(market: &Market, response: &AppResponse) -> Self {
        let mut id = None;
        let mut orders = Vec::new();
        for event in events::orderbook(response, &market.contracts.orderbook) {
            match event {
                OrderbookEvent::DeploymentCreated(created) => id = Some(created.deployment),
                OrderbookEvent::OrderOpened(opened) => orders.push(opened.order),
                OrderbookEvent::LeaseCreated(lease) => orders.push(lease.order),
                _ => {}
            }
        }
        let id = id.unwrap_or_else(|| panic!("no deployment was created"));
        Self { id, orders }
    }
}

impl Market {
    /// Creates a deployment with a deposit.
    pub fn deploy(
        &mut self,
        tenant: &str,
        workload: impl Into<Workload>,
        deposit: Coin,
    ) -> anyhow::Result<Deployment> {
        let msg = ExecuteMsg::CreateDeployment(workload.into().message());
        let (sender, orderbook) = (self.who(tenant), self.contracts.orderbook.clone());
        let response = self.send(&sender, &orderbook, &msg, &[deposit])?;
        Ok(Deployment::created(self, &response))
    }

    /// Changes what the manifest must hash to.
    pub fn update(&mut self, tenant: &str, id: DeploymentId, commitment: [u8; 32]) -> Outcome {
        let commitment = HexBinary::from(commitment);
        self.send_to_orderbook(tenant, &ExecuteMsg::commit(id, commitment))
    }

    /// Names or removes the delegate, with what all leases may cost together after what it sends.
    pub fn set_delegate(
        &mut self,
        tenant: &str,
        id: DeploymentId,
        delegate: Option<&str>,
        limit: Option<Rate>,
    ) -> Outcome {
        let delegate = delegate.map(|name| self.who(name).into());
        let msg = ExecuteMsg::SetDelegate { deployment: id, delegate, limit };
        self.send_to_orderbook(tenant, &msg)
    }

    /// Changes who may bid on the orders to come; what is not given stays.
    pub fn set_lists(
        &mut self,
        tenant: &str,
        id: DeploymentId,
        allow: Option<&[&str]>,
        refuse: Option<&[&str]>,
    ) -> Outcome {
        let addresses = |names: &[&str]| names.iter().map(|name| self.who(name).into()).collect();
        let (allow, refuse) = (allow.map(addresses), refuse.map(addresses));
        let msg = ExecuteMsg::UpdateDeployment { deployment: id, commitment: None, allow, refuse };
        self.send_to_orderbook(tenant, &msg)
    }

    /// Takes the provider's bid of now, at the price that the tenant saw.
    pub fn accept(&mut self, tenant: &str, order: OrderId, provider: &str, seen: u128) -> Outcome {
        let address = self.who(provider).to_string();
        let asked = QueryMsg::Bid { order, provider: address.clone() };
        let found = self.chain.try_ask::<BidResponse>(&self.contracts.orderbook, &asked);
        let bid = found.map_or(BidId(0), |bid| bid.id);
        let (provider, max_price) = (address, to_price(seen));
        self.send_to_orderbook(tenant, &ExecuteMsg::AcceptBid { order, provider, bid, max_price })
    }

    /// Ends a lease whose provider is absent.
    pub fn close_absent(&mut self, who: &str, order: OrderId) -> Outcome {
        self.send_to_orderbook(who, &ExecuteMsg::CloseAbsent { order })
    }

    /// Ends a lease.
    pub fn close_lease(&mut self, tenant: &str, order: OrderId) -> Outcome {
        self.send_to_orderbook(
            tenant,
            &ExecuteMsg::CloseLease { order, reason: None, exclude: false },
        )
    }

    /// Ends a lease, and its provider may not bid on the group any more.
    pub fn close_lease_and_exclude(&mut self, tenant: &str, order: OrderId) -> Outcome {
        let msg = ExecuteMsg::CloseLease { order, reason: None, exclude: true };
        self.send_to_orderbook(tenant, &msg)
    }

    /// Says who may not bid on a group any more, and who may again.
    pub fn set_excluded(
        &mut self,
        tenant: &str,
        deployment: DeploymentId,
        group: GroupSeq,
        (add, remove): (&[&str], &[&str]),
    ) -> Outcome {
        let addresses = |names: &[&str]| names.iter().map(|name| self.who(name).into()).collect();
        let (add, remove) = (addresses(add), addresses(remove));
        let msg = ExecuteMsg::SetExcluded { deployment, group, add, remove };
        self.send_to_orderbook(tenant, &msg)
    }

    /// Lets a group rest.
    pub fn pause_group(&mut self, who: &str, deployment: DeploymentId, group: GroupSeq) -> Outcome {
        self.send_to_orderbook(who, &ExecuteMsg::PauseGroup { deployment, group })
    }

    /// Puts a group that rests out again.
    pub fn start_group(&mut self, who: &str, deployment: DeploymentId, group: GroupSeq) -> Outcome {
        self.send_to_orderbook(
            who,
            &ExecuteMsg::StartGroup { deployment, group, without_last: false },
        )
    }

    /// Ends a group for good.
    pub fn close_group(&mut self, who: &str, deployment: DeploymentId, group: GroupSeq) -> Outcome {
        self.send_to_orderbook(who, &ExecuteMsg::CloseGroup { deployment, group })
    }

    /// Says whether anyone may start groups that rest for lack of funds.
    pub fn set_anyone_starts(&mut self, who: &str, deployment: DeploymentId, on: bool) -> Outcome {
        self.send_to_orderbook(who, &ExecuteMsg::SetAnyoneStarts { deployment, on })
    }

    /// Ends a deployment.
    pub fn close(&mut self, tenant: &str, deployment: DeploymentId) -> Outcome {
        self.send_to_orderbook(tenant, &ExecuteMsg::CloseDeployment { deployment })
    }

    /// Adds coins to an account, one's own or another's.
    pub fn top_up(&mut self, who: &str, account: AccountId, coin: Coin) -> Outcome {
        let (sender, escrow) = (self.who(who), self.contracts.escrow.clone());
        self.send(&sender, &escrow, &escrow::ExecuteMsg::Deposit { account }, &[coin])
    }

    /// Takes own coins out of an account.
    pub fn withdraw_deposit(&mut self, who: &str, account: AccountId, units: u128) -> Outcome {
        let (sender, escrow) = (self.who(who), self.contracts.escrow.clone());
        let msg = escrow::ExecuteMsg::WithdrawDeposit { account, amount: amount(units) };
        self.send(&sender, &escrow, &msg, &[])
    }

    fn send_to_orderbook(&mut self, name: &str, msg: &ExecuteMsg) -> Outcome {
        let (sender, orderbook) = (self.who(name), self.contracts.orderbook.clone());
        self.send(&sender, &orderbook, msg, &[])
    }
}
