//! A message, and what its events must say.

use souk_api::orderbook::events::{
    BidPlaced, GroupChanged, LeaseClosed, LeaseReclaiming, OrderOpened,
};

use super::*;

impl Play {
    /// Sends something; what it did is counted, and held against lists, notices and pauses.
    pub(super) fn attempt<E: std::fmt::Display>(
        &mut self,
        send: impl FnOnce(&mut Market) -> Result<AppResponse, E>,
    ) -> Done {
        let response = match send(&mut self.market).map_err(|error| error.to_string()) {
            Ok(response) => response,
            Err(error) => {
                for (part, kind) in [
                    ("does not carry", "refused: not carried"),
                    ("takes no bids while", "refused: no cover"),
                    ("has lapsed since", "refused: notice lapsed"),
                ] {
                    if error.contains(part) {
                        self.count(kind);
                    }
                }
                return Err(error);
            }
        };
        for event in &response.events {
            if let Some(kind) = event.ty.strip_prefix("wasm-souk_orderbook_") {
                self.count(kind);
            }
        }
        self.note_quoted(&response);
        let market = &self.market;
        let closed = market.events_of::<LeaseClosed>(&response);
        let changed = market.events_of::<GroupChanged>(&response);
        for OrderOpened { order, deployment, group, .. } in
            market.events_of::<OrderOpened>(&response)
        {
            let of = market.deployment(deployment);
            let group = of.groups.iter().find(|one| one.seq == group).unwrap();
            let shown = market.order_of(order);
            assert_eq!(shown.excluded, group.excluded, "as it is put out");
            assert_eq!((&shown.allow, &shown.refuse), (&of.allow, &of.refuse), "likewise");
            self.lists.insert(order, (of.allow, of.refuse));
            self.opened.push(deployment);
        }
        for BidPlaced { order, provider, .. } in market.events_of::<BidPlaced>(&response) {
            let (allow, refuse) = &self.lists[&order];
            assert!(allow.is_empty() || allow.contains(&provider), "{provider} on {order}");
            assert!(!refuse.contains(&provider), "{provider} on {order}");
        }
        let reclaiming = market.events_of::<LeaseReclaiming>(&response);
        let (now, height) = (market.now(), market.app.block_info().height);
        let rests = |state| changed.iter().any(|change| change.state == state);
        let uncovered = rests(GroupState::InsufficientFunds)
            && closed.iter().any(|lease| lease.reason != CloseReason::InsufficientFunds);
        if uncovered {
            self.count("group rests without cover");
        }
        for LeaseReclaiming { order, deadline, deadline_block, started_at, .. } in reclaiming {
            self.announced.insert(order, started_at);
            let before = self.notices.insert(order, (deadline, deadline_block));
            assert!(before.is_none(), "{order} is announced once");
            assert!(deadline >= now + HOUR && deadline_block >= height + 6, "{order}");
        }
        for LeaseClosed { order, reason, breach, notice, .. } in closed {
            self.count(&format!("lease closed for {reason}"));
            if breach {
                self.count("breach");
            }
            if notice == Some(true) {
                self.count("end by notice");
                let (deadline, deadline_block) = self.notices[&order];
                assert!(now >= deadline && height >= deadline_block, "{order} ends too early");
                // Stopped when it was over already, that costs it nothing more.
                let stopped = self.stopped_within(self.announced[&order], deadline);
                let until = deadline + stopped;
                let stopped = self.stopped_within(self.announced[&order], until);
                assert!(now >= deadline + stopped, "{order}: the market was stopped {stopped} s");
                if stopped > 0 {
                    self.count("end by a notice with a pause in it");
                }
                assert!(!breach, "{order}");
            }
        }
        for GroupChanged { state, .. } in changed {
            self.count(&format!("group {state}"));
        }
        Ok(())
    }

    pub(super) fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }
}
