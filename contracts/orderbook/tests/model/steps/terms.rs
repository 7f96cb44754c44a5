//! Who may bid, and what a delegate may do.

use super::*;

impl Play {
    /// The tenant changes who may bid on the orders to come; now and then nobody is left out.
    pub(super) fn change_lists(
        &mut self,
        tenant: &str,
        deployment: DeploymentId,
        who: u8,
        units: u16,
    ) -> Done {
        let one = usize::from(who) % PROVIDERS.len();
        let (allow, refuse) = match units / 4 % 4 {
            0 => (Some(&PROVIDERS[..]), None),
            1 => (Some(&PROVIDERS[one..]), Some(&[][..])),
            2 => (None, Some(&PROVIDERS[one..=one])),
            _ => (Some(&[][..]), Some(&[][..])),
        };
        self.attempt(|market| market.set_lists(tenant, deployment, allow, refuse))
    }

    /// What a delegate sends leaves the deployment within its limit: by what its leases cost, and in auctions with
    /// what they may come to cost.
    pub(super) fn by_delegate(&mut self, order: &OrderResponse, units: u16) -> Done {
        // One that has a delegate, and to which the message may apply.
        let state = if units % 4 == 2 { OrderState::Active } else { OrderState::Open };
        let has_delegate =
            |one: &OrderResponse| self.market.deployment(one.group.deployment).delegate.is_some();
        let mut all = self.all_orders().into_iter().rev();
        let found = all.find(|one| one.state == state && has_delegate(one));
        let order = &found.unwrap_or_else(|| order.clone());
        let (id, deployment, seq) = (order.id, order.group.deployment, order.group.group.0);
        match units % 4 {
            1 => {
                let lowest = self.market.bids(id).first().map(|bid| bid.provider.clone());
                let winner = lowest.map_or(PROVIDERS[0], |address| self.name_of(&address));
                self.attempt(|market| market.accept("desk", id, winner, 1_000_000))?;
                self.count("accept by a delegate");
            }
            2 => {
                self.attempt(|market| market.tenant_closes("desk", id))?;
                self.count("close by a delegate");
            }
            _ => {
                // So that there is something to start.
                let _ = self.attempt(|market| market.group("desk", Pause, deployment, seq));
                self.opened.clear();
                self.attempt(|market| market.group("desk", Start, deployment, seq))?;
                self.count("start by a delegate");
            }
        }
        let binds = order.closes_at.is_some();
        if units % 4 == 1 || (binds && self.opened.contains(&deployment)) {
            let account = self.market.account(deployment);
            let rate = account.clock.rate.u128();
            let costs = if binds { rate + account.reserved.u128() } else { rate };
            let limit = self.market.deployment(deployment).delegate_limit;
            assert!(limit.is_some_and(|limit| costs <= limit.u128()), "{costs} within {limit:?}");
        }
        Ok(())
    }

    /// A delegate accepts what takes the deployment just to its limit, and is refused a unit beyond.
    pub(super) fn within_the_limit(&mut self, units: u16) -> Done {
        let open =
            self.view.orders.values().filter(|seen| {
                seen.order.state == OrderState::Open && seen.order.closes_at.is_none()
            });
        let mut leaders = open.filter_map(|seen| Some((&seen.order, seen.bids.first()?)));
        let Some((order, bid)) = leaders.next() else { return Err("nothing to accept".to_owned()) };
        let (id, deployment, provider) = (order.id, order.group.deployment, bid.provider.clone());
        let (tenant, winner) = (self.name_of(&order.tenant), self.name_of(&provider));
        let after = self.ledger.accounts[&deployment.0].1.rate() + bid.price.u128();
        let below = Some(after - 1);
        self.attempt(|market| market.set_delegate(tenant, deployment, "desk", below))?;
        let beyond = self.attempt(|market| market.accept("desk", id, winner, 1_000_000));
        assert!(beyond.is_err(), "{id} would cost more than {below:?}");
        if units % 4 == 0 {
            return beyond;
        }
        self.attempt(|market| market.set_delegate(tenant, deployment, "desk", Some(after)))?;
        self.attempt(|market| market.accept("desk", id, winner, 1_000_000))?;
        self.count("accept by a delegate");
        Ok(())
    }
}
