//! Which orders are to be judged, which wait for something, and of which the chain does not answer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Instant,
};

use souk_core::OrderId;

use crate::model::{
    bidding::{Cause, Parked},
    work_queue::{Urgency, WorkQueue},
};

/// The orders that are to be judged, and those that wait for something.
#[derive(Default)]
pub(super) struct Turns {
    pub queue: WorkQueue<OrderId>,
    pub parked: Parked,
    pub unanswered: Unanswered,
    /// What was recorded last, so that a decision that stays is not written again.
    recorded: HashMap<OrderId, String>,
}

impl Turns {
    /// An order changed: it is judged before those that others wait for.
    pub fn changed(&mut self, order: OrderId) {
        self.parked.forget(order);
        self.queue.add(order, Urgency::Fresh, Instant::now());
    }

    /// A bid is tried again, unless that failed a moment ago.
    pub fn retry(&mut self, order: OrderId) {
        self.parked.forget(order);
        self.queue.add(order, Urgency::Observed, Instant::now());
    }

    /// The orders that wait for a cause are judged again.
    pub fn wake(&mut self, cause: Cause) {
        for order in self.parked.wake(cause) {
            self.queue.add(order, Urgency::Observed, Instant::now());
        }
    }

    /// All orders that are open are judged again, in case a change was missed. One that waits for auditors is
    /// not, unless it changed: what they attest has a time of its own. What is not open is forgotten.
    pub fn resync(&mut self, open: &BTreeSet<OrderId>, changed: &BTreeSet<OrderId>) {
        for order in self.known().difference(open).copied().collect::<Vec<_>>() {
            self.forget(order);
        }
        for order in open {
            if changed.contains(order) {
                self.changed(*order);
            } else if !self.parked.waits_for(*order, Cause::Attestations) {
                self.retry(*order);
            }
        }
    }

    /// An order takes no bids any more.
    pub fn forget(&mut self, order: OrderId) {
        self.parked.forget(order);
        self.unanswered.forget(order);
        self.recorded.remove(&order);
    }

    /// Whether a decision differs from the one that was recorded last; then it is recorded.
    pub fn note(&mut self, order: OrderId, text: String) -> bool {
        let is_new = self.recorded.get(&order) != Some(&text);
        if is_new {
            self.recorded.insert(order, text);
        }
        is_new
    }

    /// The next decision on an order is recorded, whatever it is.
    pub fn forget_recorded(&mut self, order: OrderId) {
        self.recorded.remove(&order);
    }

    /// Orders of which anything is kept, beside those in the queue.
    fn known(&self) -> BTreeSet<OrderId> {
        let recorded = self.recorded.keys().copied();
        recorded.chain(self.parked.orders()).chain(self.unanswered.orders.keys().copied()).collect()
    }
}

/// Orders of which the chain did not answer what their decisions wait for.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    orders: BTreeMap<OrderId, String>,
    /// Whether the last round that asked got no answer at all.
    in_vain: bool,
}

impl Unanswered {
    /// After a round asked about orders: those that got no answer, with the reason.
    pub fn asked(
        &mut self,
        asked: impl IntoIterator<Item = OrderId>,
        failed: &BTreeMap<OrderId, String>,
    ) {
        let mut asked = asked.into_iter().peekable();
        if asked.peek().is_none() {
            return;
        }
        self.in_vain = true;
        for order in asked {
            match failed.get(&order) {
                Some(why) => drop(self.orders.insert(order, why.clone())),
                None => {
                    self.in_vain = false;
                    self.orders.remove(&order);
                }
            }
        }
    }

    /// An order needs no answer any more.
    pub fn forget(&mut self, order: OrderId) {
        self.orders.remove(&order);
    }

    /// Why nothing is answered; none while something is, or nothing is asked. What one order asks for in vain
    /// is its own matter.
    pub fn problem(&self) -> Option<String> {
        let (first, why) = self.orders.first_key_value().filter(|_| self.in_vain)?;
        let others = match self.orders.len() {
            1 => String::new(),
            many => format!(" ({many} orders wait)"),
        };
        Some(format!("the chain answers no question about orders{others}; order {first}: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bidding::Reason;

    fn taken(turns: &mut Turns) -> Vec<(u64, Urgency)> {
        let mut all = Vec::new();
        while let Some(taken) = turns.queue.take(Instant::now()) {
            all.push((taken.key.0, taken.urgency));
        }
        all
    }

    fn orders(numbers: &[u64]) -> BTreeSet<OrderId> {
        numbers.iter().map(|number| OrderId(*number)).collect()
    }

    #[test]
    fn an_order_that_changed_when_all_are_read_again_is_judged_whatever_it_waits_for() {
        let mut turns = Turns::default();
        for order in [1, 2, 3] {
            turns.parked.park(OrderId(order), &[Cause::Attestations]);
        }
        turns.parked.park(OrderId(4), Reason::Paused.causes());
        turns.resync(&orders(&[1, 2, 4, 5]), &orders(&[2, 3]));
        let expected = [(2, Urgency::Fresh), (4, Urgency::Observed), (5, Urgency::Observed)];
        assert_eq!(taken(&mut turns), expected);
        assert!(turns.parked.waits_for(OrderId(1), Cause::Attestations));
    }

    #[test]
    fn of_orders_that_are_over_when_all_are_read_again_nothing_is_kept() {
        let mut turns = Turns::default();
        for order in [1, 2] {
            turns.parked.park(OrderId(order), &[Cause::Attestations]);
            assert!(turns.note(OrderId(order), "wait".into()));
        }
        let failed = [(OrderId(3), "timeout".to_owned())].into();
        turns.unanswered.asked([OrderId(3)], &failed);
        turns.resync(&orders(&[2]), &orders(&[1]));
        assert_eq!(turns.known(), orders(&[2]));
        assert_eq!(turns.unanswered.problem(), None);
        assert!(turns.note(OrderId(1), "wait".into()), "it would be a new order");
    }

    #[test]
    fn questions_that_are_all_in_vain_are_reported_until_one_is_answered() {
        let mut unanswered = Unanswered::default();
        let failed: BTreeMap<_, _> =
            [1, 2].map(|order| (OrderId(order), "out of memory".to_owned())).into();
        let both = || [OrderId(1), OrderId(2)];
        unanswered.asked(both(), &failed);
        let why = unanswered.problem().unwrap();
        assert!(why.contains("2 orders wait") && why.ends_with("order 1: out of memory"), "{why}");
        unanswered.asked([], &BTreeMap::new());
        assert!(unanswered.problem().is_some(), "a round without questions says nothing");
        unanswered.asked([OrderId(3)], &BTreeMap::new());
        assert_eq!(unanswered.problem(), None, "another order is answered");
        unanswered.asked(both(), &failed);
        both().into_iter().for_each(|order| unanswered.forget(order));
        assert_eq!(unanswered.problem(), None, "nobody waits any more");
    }

    #[test]
    fn one_order_whose_question_fails_among_others_is_not_the_agents_failure() {
        let mut unanswered = Unanswered::default();
        let failed = [(OrderId(1), "refused".to_owned())].into();
        unanswered.asked([OrderId(1), OrderId(2)], &failed);
        assert_eq!(unanswered.problem(), None);
    }
}
