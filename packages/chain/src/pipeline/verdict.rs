//! What a refusal or failure means for the batch: a pure function.

use crate::tx::{RefusalKind, TxPhase};

/// What was tried so far with the items at the head of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Raises of the gas limit.
    pub gas_raises: u32,
    /// Failures of the node itself in a row.
    pub transients: u32,
}

/// The bounds of [`Tries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Most raises of the gas limit.
    pub gas_raises: u32,
    /// After this many failures of the node the message itself counts as the cause.
    pub transients: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { gas_raises: 3, transients: 6 }
    }
}

/// What to do with the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Wait for the account's next state and sign again with its sequence.
    Resync,
    /// Sign again with more gas.
    RaiseGas,
    /// Sign again with a higher fee, if the bound allows it; else pause.
    RaiseFee,
    /// Try again with only this many items, the first ones.
    Narrow(usize),
    /// Message of the first item fails for its own reason: it is failed, the others go on.
    DropFirst,
    /// Nothing is wrong with the items: wait and try again.
    Pause,
}

/// `batch` is the number of items that were tried together, and `failed_item` the item of the
/// message that failed, if the chain named one.
pub fn verdict(
    phase: TxPhase,
    kind: &RefusalKind,
    failed_item: Option<usize>,
    batch: usize,
    tries: Tries,
    bounds: Bounds,
) -> Verdict {
    match kind {
        RefusalKind::Sequence | RefusalKind::TimedOut => Verdict::Resync,
        RefusalKind::InsufficientFee { .. } => Verdict::RaiseFee,
        RefusalKind::OutOfGas
            if phase != TxPhase::Simulate && tries.gas_raises < bounds.gas_raises =>
        {
            Verdict::RaiseGas
        }
        RefusalKind::OutOfGas | RefusalKind::TooLarge => narrow(None, batch),
        RefusalKind::CannotPay | RefusalKind::BadSignature => Verdict::Pause,
        RefusalKind::Transient if tries.transients < bounds.transients => Verdict::Pause,
        RefusalKind::Transient => narrow(None, batch),
        RefusalKind::Message { .. } => narrow(failed_item, batch),
    }
}

/// Makes the failing item the first of its batch, so that no other item can be its reason.
fn narrow(failed_item: Option<usize>, batch: usize) -> Verdict {
    match failed_item {
        Some(0) => Verdict::DropFirst,
        Some(n) if n < batch => Verdict::Narrow(n),
        _ if batch <= 1 => Verdict::DropFirst,
        _ => Verdict::Narrow(batch / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judge(phase: TxPhase, kind: RefusalKind, batch: usize, tries: Tries) -> Verdict {
        let failed_item = match kind {
            RefusalKind::Message { index } => index,
            _ => None,
        };
        verdict(phase, &kind, failed_item, batch, tries, Bounds::default())
    }

    #[test]
    fn each_refusal_has_its_verdict() {
        use RefusalKind::*;
        use TxPhase::*;
        let none = Tries::default();
        let many = Tries { gas_raises: 3, transients: 6 };
        let fee = || InsufficientFee { required: vec![] };
        let at = |index| Message { index };
        let table = [
            (Simulate, Sequence, 4, none, Verdict::Resync),
            (Check, Sequence, 4, none, Verdict::Resync),
            (Check, TimedOut, 4, none, Verdict::Resync),
            (Check, fee(), 4, none, Verdict::RaiseFee),
            (Deliver, OutOfGas, 4, none, Verdict::RaiseGas),
            (Deliver, OutOfGas, 4, many, Verdict::Narrow(2)),
            (Deliver, OutOfGas, 1, many, Verdict::DropFirst),
            (Simulate, OutOfGas, 4, none, Verdict::Narrow(2)),
            (Check, TooLarge, 3, none, Verdict::Narrow(1)),
            (Check, CannotPay, 1, none, Verdict::Pause),
            (Check, BadSignature, 1, many, Verdict::Pause),
            (Simulate, Transient, 1, none, Verdict::Pause),
            (Simulate, Transient, 1, many, Verdict::DropFirst),
            (Simulate, at(Some(0)), 4, none, Verdict::DropFirst),
            (Simulate, at(Some(3)), 4, none, Verdict::Narrow(3)),
            (Deliver, at(None), 4, none, Verdict::Narrow(2)),
            (Deliver, at(None), 1, none, Verdict::DropFirst),
            // A chain that names a message which is not there is not believed.
            (Deliver, at(Some(9)), 4, none, Verdict::Narrow(2)),
        ];
        for (phase, kind, batch, tries, expected) in table {
            let what = format!("{phase:?} {kind:?} {batch} {tries:?}");
            assert_eq!(judge(phase, kind, batch, tries), expected, "{what}");
        }
    }

    proptest! {
        /// Whatever the chain says of the place, halving finds the bad item and spares the rest.
        #[test]
        fn narrowing_drops_exactly_the_bad_items_and_keeps_the_order(
            bad in prop::collection::vec(any::<bool>(), 1..40), names_the_place in any::<bool>(),
        ) {
            let (mut done, mut dropped, mut next, mut limit) = (vec![], vec![], 0, usize::MAX);
            let mut steps = 0;
            while next < bad.len() {
                steps += 1;
                prop_assert!(steps < 1000);
                let batch = (bad.len() - next).min(20).min(limit);
                let failing = (0..batch).find(|i| bad[next + i]);
                let Some(place) = failing else {
                    done.extend(next..next + batch);
                    next += batch;
                    limit = usize::MAX;
                    continue;
                };
                let index = names_the_place.then_some(place);
                match judge(TxPhase::Simulate, RefusalKind::Message { index }, batch, Tries::default()) {
                    Verdict::Narrow(n) => {
                        prop_assert!(n >= 1 && n < batch);
                        limit = n;
                    }
                    Verdict::DropFirst => {
                        dropped.push(next);
                        next += 1;
                        limit = usize::MAX;
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            let expected = |is_bad| (0..bad.len()).filter(|i| bad[*i] == is_bad).collect::<Vec<_>>();
            prop_assert_eq!(done, expected(false));
            prop_assert_eq!(dropped, expected(true));
        }
    }
}
