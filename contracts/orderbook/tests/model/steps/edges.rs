//! Steps that seek an edge: cover that is just spent, a leading bidder that is slashed.

use souk_api::orderbook::{DeploymentState, MarkResponse};

use super::*;
use crate::expected::PARTS;

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
            return self.attempt(|market| market.close_auction(order.id, 3));
        }
        Err("no auction has a bid".to_owned())
    }
}

/// The last second of a window.
impl Play {
    /// The tenant takes all that the least runway leaves, and one unit more, which is refused.
    pub(super) fn take_just_all(&mut self, order: &OrderResponse, units: u16) -> Done {
        let (id, tenant) = (order.group.deployment, self.market.who(self.name_of(&order.tenant)));
        let (_, of) = &self.ledger.accounts[&id.0];
        let burden = (of.rate() + of.reserved) * u128::from(MIN_RUNWAY);
        let own = of.own.left.min(of.left().saturating_sub(burden)) / PARTS;
        if of.closed || of.depleted {
            return Err("nothing can be taken out".to_owned());
        }
        let (escrow, account) = (self.market.escrow.clone(), AccountId(id.0));
        let take = |units| escrow::ExecuteMsg::WithdrawDeposit { account, amount: amount(units) };
        let more = self.attempt(|market| market.call(&tenant, &escrow, &take(own + 1), 0));
        assert!(more.is_err(), "one unit more than is free of {id}");
        if units % 2 == 0 || own == 0 {
            return more;
        }
        self.attempt(|market| market.call(&tenant, &escrow, &take(own), 0))?;
        self.count("all that is free");
        Ok(())
    }

    /// Time passes until a second before an account is depleted, then to that second and one beyond. Until
    /// then it is in use; in that second it can be marked, and a deposit that suffices starts it again.
    pub(super) fn deplete(&mut self, units: u16) -> Done {
        self.unpause();
        let mut running = self.ledger.accounts.iter().filter(|(_, (_, of))| {
            !of.closed
                && !of.depleted
                && of.rate() > 0
                && of.left() / of.rate() < u128::from(2 * DAY)
        });
        let Some((id, (_, of))) = running.next() else { return Err("nothing runs".to_owned()) };
        let (id, wait) = (DeploymentId(*id), (of.left() / of.rate()) as u64);
        let rate = of.rate();
        if wait > 0 {
            self.market.blocks(1 + wait / 6, wait - 1);
            assert!(self.market.account(id).clock.depleted_since.is_none(), "{id} has a second");
            let early = self.attempt(|market| market.end_deployment(id));
            assert!(early.is_err(), "{id} is in use");
            self.market.pass(1);
        }
        assert_eq!(self.market.account(id).clock.depleted_since, Some(self.market.now()), "{id}");
        match units % 4 {
            0 => {
                self.market.pass(1);
            }
            1 => {
                // A unit less than the least runway needs does not start the clock.
                self.look(false);
                let left = self.ledger.accounts[&id.0].1.left();
                let needed = (rate * u128::from(MIN_RUNWAY) - left).div_ceil(PARTS);
                if needed > 1 {
                    self.fund("friend", id, needed - 1)?;
                    assert!(self.market.account(id).clock.depleted_since.is_some(), "{id}");
                }
                self.fund("friend", id, 1)?;
                assert!(self.market.account(id).clock.depleted_since.is_none(), "{id}");
                self.count("a clock starts again");
                return Ok(());
            }
            _ => {}
        }
        self.attempt(|market| market.end_deployment(id))?;
        self.count("marked in the second of depletion");
        Ok(())
    }

    /// What was marked ends in the last second and block of its grace, and not one before.
    pub(super) fn end_on_time(&mut self, units: u16) -> Done {
        self.unpause();
        let active = |one: &&DeploymentResponse| one.state == DeploymentState::Active;
        let marked = self.view.deployments.values().filter(active);
        let marked: Vec<_> = marked.filter_map(|one| Some((one.id, one.mark?))).collect();
        // Those that are depleted end soon; the others wait for a month, after which little else is left.
        let soon =
            marked.iter().filter(|(_, mark)| mark.depleted_since.is_some() || units % 4 == 0);
        let marked: Vec<_> = soon.collect();
        let Some((id, mark)) = marked.get(usize::from(units) % marked.len().max(1)) else {
            // One whose groups all rest is soon marked.
            let active = self.view.deployments.values().filter(active);
            let rests = |one: &&DeploymentResponse| {
                one.groups.iter().all(|group| group.state != GroupState::Open)
            };
            let found = active.filter(rests).map(|one| one.id).next();
            let id = found.ok_or("nothing is marked")?;
            return self.attempt(|market| market.end_deployment(id));
        };
        let since = self.ledger.accounts[&id.0].1.depleted;
        if self.pass_almost(mark.endable_at, mark.endable_at_block, units) {
            let early = self.attempt(|market| market.end_deployment(*id));
            // A mark that is void is made again, unless the deployment is in use.
            let void = mark.depleted_since.is_some() != since;
            assert!(early.is_err() || void || self.was_depleted_meanwhile(*id, mark), "{id} early");
            self.market.blocks(1, 1);
        }
        self.attempt(|market| market.end_deployment(*id))?;
        if self.market.account(*id).closed {
            self.count("ended in the last second of its grace");
        }
        Ok(())
    }

    fn was_depleted_meanwhile(&self, id: DeploymentId, mark: &MarkResponse) -> bool {
        self.market.account(id).clock.depleted_since != mark.depleted_since
    }

    /// A provider closes for want of a manifest in the first or the last second in which it may, and not one
    /// before or after.
    pub(super) fn want_of_manifest(&mut self, units: u16) -> Done {
        let now = self.market.now();
        let runs = |order: &&crate::ledger::Order| {
            let lease = order.lease.as_ref().filter(|lease| lease.ended.is_none());
            lease.is_some_and(|lease| now < lease.since + MANIFEST_TIMEOUT)
        };
        let mut young = self.ledger.orders.iter().filter(|(_, order)| runs(order));
        let Some((id, order)) = young.next() else { return Err("no lease is young".to_owned()) };
        let lease = order.lease.clone().unwrap();
        let (id, name) = (OrderId(*id), self.name_of(&lease.provider));
        let (from, until) = (lease.since + MANIFEST_TIMEOUT, lease.since + MANIFEST_TIMEOUT + HOUR);
        let close = |play: &mut Self| {
            play.attempt(|market| market.provider_closes(name, id, CloseReason::ManifestTimeout))
        };
        let depleted = |play: &mut Self| {
            play.look(false);
            play.ledger.accounts[&play.ledger.orders[&id.0].deployment].1.depleted
        };
        self.market.blocks(1, from - 1 - now);
        if !depleted(self) {
            assert!(close(self).is_err(), "{id} has a second to get its manifest");
        }
        match units % 3 {
            0 => self.market.pass(1),
            1 => self.market.pass(until - (from - 1)),
            _ => self.market.pass(until - (from - 1) + 1),
        };
        let fine = units % 3 < 2 || depleted(self);
        let done = close(self);
        assert_eq!(done.is_ok(), fine, "{id}: {done:?}");
        self.count(if units % 3 == 0 {
            "no manifest, first second"
        } else {
            "no manifest, last second"
        });
        done
    }

    /// An auction closes in the last second and block, and not one before.
    pub(super) fn close_on_time(&mut self, units: u16) -> Done {
        self.unpause();
        let open = |order: &OrderResponse| order.state == OrderState::Open;
        let orders = self.view.orders.values().map(|seen| seen.order.id).collect::<Vec<_>>();
        let orders = orders.into_iter().map(|id| self.market.order_of(id));
        let Some(order) = orders.filter(open).find(|one| one.closes_at.is_some()) else {
            return Err("no auction runs".to_owned());
        };
        let (closes_at, id) = (order.closes_at.unwrap(), order.id);
        let block = order.closes_at_block.unwrap_or(0);
        if self.pass_almost(closes_at, block, units) {
            let early = self.attempt(|market| market.close_auction(id, 50));
            assert!(early.is_err(), "{id} closes at {closes_at}, block {block}");
            // Bids are taken until then, and move the end if they lead in the last minute.
            let before = self.ledger.orders[&id.0].leader().map(|(_, bid)| bid.price);
            let lower = before.unwrap_or(order.spec.ceiling.u128()) * 98 / 100;
            let name = PROVIDERS[usize::from(units) % PROVIDERS.len()];
            if units % 3 < 2 && self.attempt(|market| market.place(name, id, lower.max(1))).is_ok()
            {
                self.count("a bid in the last second");
                let moved = self.market.order_of(id).closes_at;
                assert!(moved >= Some(closes_at), "{id} does not close earlier");
            }
            self.market.blocks(1, 1);
        }
        self.look(false);
        let order = self.market.order_of(id);
        let ends = order.closes_at <= Some(self.market.now())
            && order.closes_at_block <= Some(self.market.app.block_info().height);
        let late = self.attempt(|market| {
            market.place(PROVIDERS[usize::from(units) % 3], id, order.spec.ceiling.u128())
        });
        assert!(!ends || late.is_err(), "{id} is over");
        let done = self.attempt(|market| market.close_auction(id, 50));
        assert_eq!(done.is_ok(), ends, "{id}: {done:?}");
        if ends {
            self.count("an auction closed in its last second");
        }
        done
    }

    /// An attestation counts through its last second, and not in the one in which it ends.
    pub(super) fn attested_until(&mut self, provider: &'static str) -> Done {
        self.unpause();
        let address = self.market.who(provider);
        let (now, bidder) = (self.market.now(), address.as_str());
        let asks = |seen: &&Seen| {
            let order = &seen.order;
            order.state == OrderState::Open
                && order.closes_at.is_none()
                && now + HOUR < order.expires_at
                && !order.spec.requirements.signed_by.all_of.is_empty()
                && seen.bids.iter().all(|bid| bid.provider != bidder)
        };
        let Some(seen) = self.view.orders.values().find(asks) else {
            return Err("no order asks for an auditor's word".to_owned());
        };
        let (id, price) = (seen.order.id, seen.order.spec.ceiling.u128());
        self.market.attest("auditor", &address, &[eu()], now + 60);
        self.market.blocks(1, 59);
        if self.attempt(|market| market.place(provider, id, price)).is_ok() {
            self.count("a bid in an attestation's last second");
            self.attempt(|market| market.withdraw(provider, id)).unwrap();
        }
        self.market.pass(1);
        let late = self.attempt(|market| market.place(provider, id, price));
        assert!(late.is_err(), "what is attested of {provider} has ended");
        self.market.attest("auditor", &address, &[eu()], now + 300 * DAY);
        Ok(())
    }

    /// An order lives through its last second, and no longer.
    pub(super) fn expire_on_time(&mut self, units: u16) -> Done {
        self.unpause();
        let open = |one: &&OrderResponse| one.state == OrderState::Open && one.closes_at.is_none();
        let mut all = self.view.orders.values().map(|seen| &seen.order);
        let Some(order) = all.find(open).cloned() else {
            return Err("no order is open".to_owned());
        };
        if units % 4 != 0 {
            return self.pass(units);
        }
        let (id, name) = (order.id, PROVIDERS[usize::from(units) % PROVIDERS.len()]);
        let wait = order.expires_at.saturating_sub(self.market.now());
        self.market.blocks(1 + wait / 6, wait);
        assert!(self.attempt(|market| market.expire(id)).is_err(), "{id} has its last second");
        if self.attempt(|market| market.place(name, id, order.spec.ceiling.u128())).is_ok() {
            self.count("a bid in an order's last second");
        }
        self.market.pass(1);
        let late = self.attempt(|market| market.place(name, id, order.spec.ceiling.u128()));
        assert!(late.is_err(), "{id} is over");
        self.attempt(|market| market.expire(id))?;
        self.count("expired after its last second");
        Ok(())
    }

    /// A lease that ended lets go of its slot in the very second, and not one before.
    pub(super) fn release_on_time(&mut self, units: u16) -> Done {
        let now = self.market.now();
        let held = self.ledger.orders.iter().filter_map(|(id, order)| {
            let lease = order.lease.as_ref()?;
            let (_, free_at) = lease.ended?;
            let holds = order.holds_slot(&lease.provider);
            (holds && free_at > now).then(|| (OrderId(*id), lease.provider.clone(), free_at))
        });
        let held: Vec<_> = held.collect();
        let Some((id, provider, free_at)) = held.get(usize::from(units) % held.len().max(1)) else {
            return Err("no slot is held".to_owned());
        };
        let name = self.name_of(provider);
        let used = |play: &Self| play.market.stats_of(name).used;
        let before = used(self);
        self.market.blocks(1, free_at - 1 - now);
        self.attempt(|market| Ok::<_, String>(market.release(name, &[*id])))?;
        assert_eq!(used(self), before, "{id} holds its slot for a second more");
        self.market.pass(1);
        self.attempt(|market| Ok::<_, String>(market.release(name, &[*id])))?;
        assert_eq!(used(self), before - 1, "{id} lets go of its slot");
        self.count("a slot released in its second");
        Ok(())
    }
}
