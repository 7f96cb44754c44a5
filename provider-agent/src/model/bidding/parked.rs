//! Orders that were decided on and wait: each for what could change its decision, so that one change
//! judges only those that wait for it.

use std::collections::{BTreeMap, BTreeSet};

use souk_core::{OrderId, matching::Mismatch};

use super::{Reason, WaitReason};
use crate::model::placement::Shortage;

/// What may change a decision, beside the order itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// More room in the cluster.
    Capacity,
    /// The provider's record, its bond, its operator's coins, or the orderbook's parameters.
    Provider,
    /// What auditors attest.
    Attestations,
    /// Own bids ended.
    Bids,
}

impl Reason {
    /// What may make it untrue. Of most reasons that is nothing but the order itself, or the
    /// configuration, which is read at the start.
    pub fn causes(&self) -> &'static [Cause] {
        match self {
            Self::NotRegistered
            | Self::NotOperator(_)
            | Self::Maintenance
            | Self::Paused
            | Self::Coins(_)
            | Self::NoSlots { .. } => &[Cause::Provider],
            Self::Mismatch(mismatch) => match mismatch {
                Mismatch::Attribute(_) | Mismatch::Storage { .. } | Mismatch::Gpu(_) => {
                    &[Cause::Provider]
                }
                Mismatch::AllOf { .. } | Mismatch::NotAudited(_) | Mismatch::AnyOf(_) => {
                    &[Cause::Attestations]
                }
            },
            // The price is that of the GPUs that are left, and at least the market's least.
            Self::NoRate(_) | Self::AboveCeiling { .. } | Self::CannotWin { .. } => {
                &[Cause::Capacity, Cause::Provider]
            }
            Self::Capacity(Shortage::Unsupported(_)) => &[],
            Self::Capacity(_) => &[Cause::Capacity],
            Self::TenantCap { .. } => &[Cause::Bids],
            // Asked again with all orders, each minute: a deposit to another's account is not followed.
            Self::WouldBeRefused(_) => &[],
            Self::Disabled
            | Self::Over(_)
            | Self::NotAllowed
            | Self::Refused
            | Self::Excluded
            | Self::Denom(_)
            | Self::Notice { .. }
            | Self::AbsenceLimit { .. }
            | Self::Endpoint(_) => &[],
        }
    }
}

impl WaitReason {
    /// What may make it untrue.
    pub fn causes(&self) -> &'static [Cause] {
        match self {
            Self::Detail => &[],
            Self::Cluster(_) => &[Cause::Capacity],
            Self::QuotesOut(_) => &[Cause::Provider],
        }
    }
}

/// The orders that wait, by what they wait for.
#[derive(Debug, Default)]
pub struct Parked {
    causes: BTreeMap<OrderId, &'static [Cause]>,
    by_cause: BTreeMap<Cause, BTreeSet<OrderId>>,
}

impl Parked {
    /// Parks an order until one of `causes` happens.
    pub fn park(&mut self, order: OrderId, causes: &'static [Cause]) {
        self.forget(order);
        for cause in causes {
            self.by_cause.entry(*cause).or_default().insert(order);
        }
        self.causes.insert(order, causes);
    }

    /// Forgets an order: it is judged, or over.
    pub fn forget(&mut self, order: OrderId) {
        for cause in self.causes.remove(&order).unwrap_or_default() {
            if let Some(waiting) = self.by_cause.get_mut(cause) {
                waiting.remove(&order);
            }
        }
    }

    /// All orders that wait, or that nothing but themselves can change.
    pub fn orders(&self) -> impl Iterator<Item = OrderId> {
        self.causes.keys().copied()
    }

    /// Whether an order waits for a cause.
    pub fn waits_for(&self, order: OrderId, cause: Cause) -> bool {
        self.causes.get(&order).is_some_and(|causes| causes.contains(&cause))
    }

    /// Takes those that wait for a cause.
    pub fn wake(&mut self, cause: Cause) -> BTreeSet<OrderId> {
        let woken = self.by_cause.get(&cause).cloned().unwrap_or_default();
        woken.iter().for_each(|order| self.forget(*order));
        woken
    }
}

#[cfg(test)]
mod tests {
    use souk_core::{Denom, Price};

    use super::*;

    #[test]
    fn a_change_wakes_those_that_wait_for_it_and_no_others() {
        let mut parked = Parked::default();
        let no_gpu =
            Reason::Capacity(Shortage::NoGpu { wanted: "h100".into(), found: "none".into() });
        let price = Reason::AboveCeiling { price: 7, ceiling: Price::new(5).unwrap() };
        for (order, causes) in [
            (1, no_gpu.causes()),
            (2, price.causes()),
            (3, Reason::Mismatch(Mismatch::NotAudited("a".into())).causes()),
            (4, Reason::NoSlots { slots: 1, used: 1 }.causes()),
            (5, Reason::TenantCap { open: 1, cap: 1 }.causes()),
            (6, Reason::Denom(Denom::native("u")).causes()),
            (7, WaitReason::Cluster("unseen".into()).causes()),
        ] {
            parked.park(OrderId(order), causes);
        }
        let mut woken = |cause| parked.wake(cause).into_iter().map(|o| o.0).collect::<Vec<_>>();
        assert_eq!(woken(Cause::Attestations), [3]);
        assert_eq!(woken(Cause::Bids), [5]);
        assert_eq!(woken(Cause::Provider), [2, 4]);
        assert_eq!(woken(Cause::Capacity), [1, 7], "the second is awake already");
        assert_eq!(woken(Cause::Capacity), [0; 0]);
    }

    #[test]
    fn what_is_over_or_parked_again_does_not_wait_any_more() {
        let mut parked = Parked::default();
        let bids = Reason::TenantCap { open: 1, cap: 1 }.causes();
        parked.park(OrderId(1), bids);
        parked.park(OrderId(2), bids);
        parked.forget(OrderId(1));
        parked.park(OrderId(2), Reason::Paused.causes());
        assert!(parked.wake(Cause::Bids).is_empty());
        assert_eq!(parked.wake(Cause::Provider).len(), 1);
    }
}
