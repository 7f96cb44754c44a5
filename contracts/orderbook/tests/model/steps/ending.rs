//! Everything is closed and paid out.

use cw_ownable::Action;
use souk_api::orderbook::DeploymentState;

use super::*;

impl Play {
    /// Everything is closed, released, pruned, paid out and claimed.
    pub fn wind_up(&mut self) {
        self.unpause();
        let active = |one: &&DeploymentResponse| one.state == DeploymentState::Active;
        let open = self.view.deployments.values().filter(active);
        for (id, tenant) in open.map(|one| (one.id, one.tenant.clone())).collect::<Vec<_>>() {
            let name = self.name_of(&tenant);
            self.attempt(|market| market.close(name, id)).unwrap();
        }
        self.market.pass(2 * DAY);
        let orders: Vec<_> = self.ledger.orders.keys().copied().map(OrderId).collect();
        for chunk in orders.chunks(MAX_ORDERS) {
            for provider in PROVIDERS {
                self.market.release(provider, chunk);
            }
            self.market.prune(chunk);
        }
        self.claim();
        // Nobody is left to own it.
        let renounced = ExecuteMsg::UpdateOwnership(Action::RenounceOwnership);
        self.market.send(&self.market.owner.clone(), &renounced).unwrap();
        self.look(true);
    }

    /// Everyone is paid what is left for them, whoever asks.
    pub(super) fn claim(&mut self) {
        self.look(false);
        let (anyone, escrow) = (self.market.who("anyone"), self.market.escrow.clone());
        let mut all = Vec::new();
        for (id, (_, of)) in &self.ledger.accounts {
            let account = AccountId(*id);
            let known = of.streams.iter().filter(|(_, stream)| stream.known);
            let withdraw = |stream: &u64| escrow::ExecuteMsg::Withdraw { account, stream: *stream };
            all.extend(known.map(|(number, _)| withdraw(number)));
            let left = of.others.iter().zip(1..).filter(|(purse, _)| purse.refund.is_some());
            let deposits = left.map(|(_, number)| Some(number));
            let refunds = std::iter::once(None).chain(deposits);
            all.extend(refunds.map(|deposit| escrow::ExecuteMsg::ClaimRefund { account, deposit }));
        }
        for held in [COIN, TOKEN] {
            all.push(escrow::ExecuteMsg::SweepFees { denom: self.ledger.fees.denom(held) });
        }
        for msg in all {
            self.market.call(&anyone, &escrow, &msg, 0).unwrap();
        }
    }
}
