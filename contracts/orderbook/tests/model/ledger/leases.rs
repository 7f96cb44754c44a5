//! How leases end, by the rules alone: why, whether that is a breach, and until when the slot is held.

use souk_api::orderbook::{ExecuteMsg, events::LeaseClosed};
use souk_core::{
    CloseReason::{self, InsufficientFunds, ManifestTimeout, Tenant, Unspecified},
    time::{DAY, HOUR},
};

use super::*;

impl Ledger {
    /// Reason and breach by who sent what; a provider's close may be one by notice.
    pub(super) fn end_lease(&mut self, from: &str, msg: &ExecuteMsg, closed: &LeaseClosed) {
        let (id, now, by_notice) = (closed.order.0, self.now, closed.notice == Some(true));
        let Order { deployment, absence, lease, .. } = &self.orders[&id];
        let (deployment, terms, lease) = (*deployment, *absence, lease.clone().unwrap());
        assert_eq!(closed.provider, lease.provider, "whose lease {id} is");
        let by_tenant = from != self.operator(&lease.provider);
        let moment = (now, self.height);
        // A provider's own close is one; whoever else may be on its side sends as its tenant.
        if !by_tenant && matches!(msg, ExecuteMsg::CloseLease { reason: Some(_), .. }) {
            self.presence.see(&lease.provider, moment);
        }
        let began = (lease.since, lease.since_block);
        let may_be = self.presence.paid_until(terms, &lease.provider, began, moment);
        let paid_until = closed.paid_until;
        assert!(may_be.contains(&paid_until), "{id} is paid until {paid_until:?}, not {may_be:?}");
        let (_, account) = self.accounts.get_mut(&deployment).unwrap();
        let depleted = account.depleted;
        if self.ends_deployment {
            account.stop(id, paid_until).unwrap();
        } else {
            account.end(id, escrow::ReserveChange::NONE, paid_until, HOUR).unwrap();
        }
        self.touched.insert(deployment);

        let said = match msg {
            ExecuteMsg::CloseLease { reason: None, .. } if by_tenant => Tenant,
            ExecuteMsg::CloseLease { reason: Some(ManifestTimeout), .. } => ManifestTimeout,
            ExecuteMsg::CloseLease { .. } | ExecuteMsg::EndReclaim { .. } if by_notice => {
                lease.announced.unwrap()
            }
            ExecuteMsg::CloseLease { reason, .. } => reason.unwrap_or(Unspecified),
            ExecuteMsg::PauseGroup { .. }
            | ExecuteMsg::CloseGroup { .. }
            | ExecuteMsg::CloseDeployment { .. } => Tenant,
            ExecuteMsg::CloseAbsent { .. } => {
                assert!(paid_until.is_some(), "{id} is closed as absent");
                Unspecified
            }
            // Nothing else ends a lease that is paid for.
            _ => InsufficientFunds,
        };
        let reason = if depleted { InsufficientFunds } else { said };
        assert_eq!(closed.reason, reason, "why {id} ended after {msg:?} of {from}");
        assert!(depleted || reason != InsufficientFunds, "{id} was paid for");
        let without_breach = by_notice || paid_until.is_some();
        let breach = !without_breach && reason.is_providers() && reason != ManifestTimeout;
        if paid_until.is_some() && reason != InsufficientFunds {
            *self.presence.absences.entry(lease.provider.clone()).or_default() += 1;
        }
        assert_eq!(closed.breach, breach, "whether the end of {id} is a breach");
        if breach {
            *self.breaches.entry(lease.provider.clone()).or_default() += 1;
        }
        let free_at = free_at(lease.since, now, reason, without_breach);
        let order = self.orders.get_mut(&id).unwrap();
        order.lease.as_mut().unwrap().ended = Some((now, free_at));
        if free_at <= now {
            order.free_slot(&lease.provider);
        }
    }
}

/// From when on the slot of a lease is free.
fn free_at(since: u64, ended: u64, reason: CloseReason, without_breach: bool) -> u64 {
    let as_long_again = (2 * ended - since).min(since + DAY).max(ended);
    match reason {
        InsufficientFunds | ManifestTimeout => ended,
        _ if without_breach => as_long_again,
        Tenant => as_long_again,
        _ => ended + DAY,
    }
}
