//! Everything is closed and paid out.

use super::*;

impl Play {
    /// Everything is closed, released, pruned, paid out and claimed.
    pub fn wind_up(&mut self) {
        self.unpause();
        for order in self.all_orders() {
            self.orders.insert(order.id);
            // Closing a deployment twice is refused, which is fine here.
            let _ = self.market.close(self.name_of(&order.tenant), order.group.deployment);
        }
        let leftover: Vec<_> = self.accounts.iter().copied().collect();
        for id in leftover {
            let shown: Result<souk_api::orderbook::DeploymentResponse, _> =
                self.market.query(&QueryMsg::Deployment { deployment: id });
            if let Ok(shown) = shown {
                let _ = self.market.close(self.name_of(&shown.tenant), id);
            }
        }
        self.orders.extend(self.all_orders().iter().map(|order| order.id));
        self.market.pass(2 * DAY);
        let orders: Vec<_> = self.orders.iter().copied().collect();
        for chunk in orders.chunks(MAX_ORDERS) {
            for provider in PROVIDERS {
                self.market.release(provider, chunk);
            }
            self.market.prune(chunk);
        }
        self.claim();
    }

    pub(super) fn claim(&mut self) {
        let (anyone, escrow) = (self.market.who("anyone"), self.market.escrow.clone());
        let mut call = |msg: escrow::ExecuteMsg| {
            // A stream that was paid in full, or never was, has nothing more to give.
            let _ = self.market.call(&anyone, &escrow, &msg, 0);
        };
        for (id, order) in &self.streams {
            call(escrow::ExecuteMsg::Withdraw { account: AccountId(id.0), stream: order.0 });
        }
        for id in &self.accounts {
            let account = AccountId(id.0);
            call(escrow::ExecuteMsg::ClaimRefund { account, deposit: None });
            for deposit in 1..40 {
                call(escrow::ExecuteMsg::ClaimRefund { account, deposit: Some(deposit) });
            }
        }
        call(escrow::ExecuteMsg::SweepFees { denom: usouk() });
    }
}
