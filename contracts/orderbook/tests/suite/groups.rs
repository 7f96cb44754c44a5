//! How groups rest and are started again.

mod funds;
mod limits;
mod pausing;
mod starting;

use souk_api::orderbook::GroupState;
use souk_core::time::HOUR;
use souk_core::{CloseReason, DeploymentId, GroupId, GroupSeq, OrderId};

use crate::market::*;

fn first(deployment: DeploymentId) -> GroupId {
    GroupId { deployment, group: GroupSeq(1) }
}

fn state(market: &Market, id: DeploymentId) -> GroupState {
    market.deployment(id).groups[0].state
}

/// Two groups of which the first is leased to `pro`.
fn leased() -> (Market, DeploymentId, OrderId) {
    let mut market = Market::new();
    market.provider("pro");
    let groups = [group("web", 1_000), group("db", 1_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 900).unwrap();
    market.accept("ann", order, "pro", 900).unwrap();
    (market, id, order)
}

/// A deployment whose group rests for lack of funds.
fn out_of_funds() -> (Market, DeploymentId) {
    let mut market = Market::new();
    let (id, order) = market.lease_for_an_hour();
    market.pass(HOUR).provider_closes("pro", order, CloseReason::Unstable).unwrap();
    (market, id)
}
