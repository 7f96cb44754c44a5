//! Leases that their providers take back.

use super::*;

impl Play {
    /// One of the leases that may be taken back is, as soon as that is possible and not a second before.
    pub(super) fn start_reclaim(&mut self, units: u16) -> Done {
        let running = self.all_orders().into_iter().filter(|one| one.state == OrderState::Active);
        let leases = running.map(|order| self.market.lease_of(order.id));
        let open = |lease: &LeaseResponse| lease.reclaim.is_none();
        let all: Vec<_> = leases.filter(|lease| lease.reclamation_window.is_some()).collect();
        let Some(lease) = all.iter().find(|lease| open(lease)).or(all.first()) else {
            return Err("no lease may be taken back".to_owned());
        };
        let (id, name) = (lease.order, self.name_of(&lease.provider));
        let reason = CloseReason::ALL[1 + usize::from(units) % 3];
        let from = lease.created_at + lease.reclamation_window.unwrap_or_default();
        let wait = from.saturating_sub(self.market.now());
        if wait > 0 {
            self.market.blocks(1, wait - 1);
            let early = self.attempt(|market| market.start_reclaim(name, id, reason));
            assert!(early.is_err(), "{id} is younger than its notice");
            self.market.blocks(1, 1);
        }
        self.attempt(|market| market.start_reclaim(name, id, reason))
    }

    /// The notice of one of the leases that run: nothing ends by it a second or a block before its end.
    pub(super) fn end_reclaim(&mut self, units: u16) -> Done {
        let found = |order: &OrderId| {
            let lease = self.market.query::<LeaseResponse>(&QueryMsg::Lease { order: *order });
            lease.ok().filter(|lease| lease.state.runs()).map(|lease| (*order, lease))
        };
        let running: Vec<_> = self.notices.keys().filter_map(found).collect();
        let Some((id, _)) = running.get(usize::from(units) % running.len().max(1)) else {
            return Err("nothing is being reclaimed".to_owned());
        };
        if units % 2 == 0 && self.stop.is_none() {
            self.market.pause(true);
            self.stop = Some((self.market.now(), None));
            self.market.blocks(600, HOUR);
            self.unpause();
            let _ = self.attempt(|market| market.end_reclaim("anyone", *id));
        }
        let reclaim = self.market.lease_of(*id).reclaim.unwrap();
        let block = self.market.app.block_info().height;
        let seconds = reclaim.deadline.saturating_sub(self.market.now());
        let blocks = reclaim.deadline_block.saturating_sub(block);
        if units % 4 == 0 && seconds > 0 {
            self.market.blocks(blocks, seconds - 1);
        } else if units % 4 == 1 && blocks > 0 {
            self.market.blocks(blocks - 1, seconds);
        }
        let early = self.attempt(|market| market.end_reclaim("anyone", *id));
        if early.is_err() {
            self.market.blocks(1, 1);
        }
        self.attempt(|market| market.end_reclaim("anyone", *id))
    }
}
