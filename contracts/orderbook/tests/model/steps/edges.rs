//! Steps that seek an edge: cover that is just spent, a leading bidder that is slashed.

use super::*;

impl Play {
    /// Time passes until the leases of a deployment have just spent what covers another order of it; then a
    /// provider bids on that.
    pub(super) fn outspend(&mut self, provider: &'static str) -> Done {
        for order in self.all_orders() {
            let account = self.market.account(order.group.deployment);
            let (rate, reserved) = (account.clock.rate.u128(), account.reserved.u128());
            if order.state != OrderState::Open || rate == 0 {
                continue;
            }
            let kept = (rate + reserved) * u128::from(MIN_RUNWAY);
            let spare = account.clock.remaining.saturating_sub(kept) / rate;
            let Some(wait) = u64::try_from(spare).ok().filter(|wait| *wait < DAY) else { continue };
            self.unpause();
            self.market.blocks(2, wait + 1);
            let price = order.spec.ceiling.u128();
            return self.attempt(|market| market.place(provider, order.id, price));
        }
        Err("no order's account spends".to_owned())
    }

    /// The leading bidder of an auction is slashed before it closes.
    pub(super) fn spoil(&mut self) -> Done {
        for order in self.all_orders().into_iter().filter(|one| one.state == OrderState::Open) {
            let leader = self.market.bids(order.id).first().map(|bid| bid.provider.clone());
            let (Some(closes_at), Some(leader)) = (order.closes_at, leader) else { continue };
            self.market.slash(&Addr::unchecked(leader), 1);
            self.unpause();
            let wait = closes_at.saturating_sub(self.market.now());
            self.market.blocks(60, wait + 1);
            self.attempt(|market| market.close_auction(order.id, 3))?;
            if self.market.order_of(order.id).state == OrderState::Active {
                self.streams.insert((order.group.deployment, order.id));
            }
            return Ok(());
        }
        Err("no auction has a bid".to_owned())
    }
}
