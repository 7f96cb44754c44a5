//! What anyone may do: steps that time has made due, and payments to those they belong to.

use souk_api::{defaults::DENOM, escrow, orderbook::ExecuteMsg};
use souk_core::{AccountId, Denom, DeploymentId, OrderId};

use super::{Market, Outcome};

impl Market {
    /// Closes a `lowest_price` auction that is over.
    pub fn close_auction(&mut self, order: OrderId) -> Outcome {
        self.anyone_to_orderbook(&ExecuteMsg::CloseAuction { order, limit: 50 })
    }

    /// Ends an order whose lifetime is over.
    pub fn expire(&mut self, order: OrderId) -> Outcome {
        self.anyone_to_orderbook(&ExecuteMsg::ExpireOrder { order })
    }

    /// Ends a lease whose notice is over.
    pub fn end_reclaim(&mut self, order: OrderId) -> Outcome {
        self.anyone_to_orderbook(&ExecuteMsg::EndReclaim { order })
    }

    /// Marks or ends a depleted deployment.
    pub fn end_deployment(&mut self, deployment: DeploymentId) -> Outcome {
        self.anyone_to_orderbook(&ExecuteMsg::EndDeployment { deployment })
    }

    /// Frees slots of a provider.
    pub fn release(&mut self, provider: &str, orders: &[OrderId]) -> Outcome {
        let provider = self.who(provider).into();
        self.anyone_to_orderbook(&ExecuteMsg::ReleaseBids { provider, orders: orders.to_vec() })
    }

    /// Deletes records of closed orders.
    pub fn prune(&mut self, orders: &[OrderId]) -> Outcome {
        self.anyone_to_orderbook(&ExecuteMsg::Prune { orders: orders.to_vec() })
    }

    /// Pays a lease's payee what it is owed by now.
    pub fn withdraw(&mut self, account: AccountId, lease: OrderId) -> Outcome {
        self.anyone_to_escrow(&escrow::ExecuteMsg::Withdraw { account, stream: lease.0 })
    }

    /// Pays what is left of a closed account: the owner's part or another's deposit.
    pub fn claim_refund(&mut self, account: AccountId, deposit: Option<u32>) -> Outcome {
        self.anyone_to_escrow(&escrow::ExecuteMsg::ClaimRefund { account, deposit })
    }

    /// Sends the fees taken so far to the fee distributor.
    pub fn sweep_fees(&mut self) -> Outcome {
        let denom = Denom::native(DENOM);
        self.anyone_to_escrow(&escrow::ExecuteMsg::SweepFees { denom })
    }

    fn anyone_to_orderbook(&mut self, msg: &ExecuteMsg) -> Outcome {
        let (sender, orderbook) = (self.who("anyone"), self.contracts.orderbook.clone());
        self.send(&sender, &orderbook, msg, &[])
    }

    fn anyone_to_escrow(&mut self, msg: &escrow::ExecuteMsg) -> Outcome {
        let (sender, escrow) = (self.who("anyone"), self.contracts.escrow.clone());
        self.send(&sender, &escrow, msg, &[])
    }
}
