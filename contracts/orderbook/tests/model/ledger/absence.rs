//! Who is seen and who is absent, by the rules alone.

use souk_api::orderbook::{Absence, ExecuteMsg};
use souk_core::time::HOUR;

use super::*;

/// Blocks that an hour needs in these markets, of ten minutes each at most.
const BLOCKS_AN_HOUR: u64 = 6;

/// A second and a block.
type Moment = (u64, u64);

/// When providers were seen, and when the market stood still.
#[derive(Default)]
pub struct Presence {
    seen: BTreeMap<String, Moment>,
    /// Since when it stands still, and when that ends by itself.
    stands: Option<(Moment, Option<u64>)>,
    /// When it last went on; the first and the last block in which that may have been.
    went_on: (u64, u64, u64),
    pub absences: BTreeMap<String, u64>,
}

impl Presence {
    /// What a message that went well says of it.
    pub fn take(&mut self, msg: &ExecuteMsg, by_guardian: bool, at: Moment) {
        self.end_by_itself(at);
        match msg {
            ExecuteMsg::PlaceBid { provider, .. }
            | ExecuteMsg::WithdrawBid { provider, .. }
            | ExecuteMsg::Heartbeat { provider, statement: None } => self.see(provider, at),
            // Somebody else's message, with the provider's word of another second.
            ExecuteMsg::Heartbeat { provider, statement: Some(said) } => {
                self.see(provider, (said.issued_at, at.1));
            }
            ExecuteMsg::Pause {} if self.stands.is_none() => {
                self.stands =
                    Some((at, by_guardian.then_some(at.0 + souk_contract_std::pause::LONGEST)));
            }
            // The owner's pause has no end of its own.
            ExecuteMsg::Pause {} if !by_guardian => {
                if let Some((_, ends)) = &mut self.stands {
                    *ends = None;
                }
            }
            ExecuteMsg::Unpause {} if self.stands.take().is_some() => {
                self.went_on = (at.0, at.1, at.1);
            }
            _ => {}
        }
    }

    fn end_by_itself(&mut self, now: Moment) {
        if let Some((since, Some(ends))) = self.stands
            && now.0 >= ends
        {
            self.stands = None;
            self.went_on = (ends, since.1, now.1);
        }
    }

    pub fn see(&mut self, provider: &str, at: Moment) {
        self.seen.insert(provider.to_owned(), at);
    }

    /// Since when the provider of a lease was not seen, with the first and the last block in which that may have
    /// begun; none while the market stands still.
    pub fn unseen(
        &mut self,
        provider: &str,
        began: Moment,
        now: Moment,
    ) -> Option<(u64, u64, u64)> {
        self.end_by_itself(now);
        if self.stands.is_some() {
            return None;
        }
        let seen = self.seen.get(provider).copied().unwrap_or_default();
        let (went_on, first, last) = self.went_on;
        let both = (seen.0.max(began.0), seen.1.max(began.1));
        Some((both.0.max(went_on), both.1.max(first), both.1.max(last)))
    }
}

/// Until when an absent provider is paid; none if it is not absent. `shown` is what the contract says, which decides
/// where the books do not know the block.
pub fn paid_until(
    terms: Option<Absence>,
    unseen: Option<(u64, u64, u64)>,
    now: Moment,
    shown: Option<u64>,
) -> Option<u64> {
    let (terms, (since, first, last)) = (terms?, unseen?);
    let blocks =
        terms.limit * BLOCKS_AN_HOUR / HOUR + u64::from(terms.limit * BLOCKS_AN_HOUR % HOUR > 0);
    let paid_until = since + terms.limit / 4;
    if now.0 < since + terms.limit || now.1 < first + blocks {
        return None;
    }
    if now.1 >= last + blocks { Some(paid_until) } else { shown.map(|_| paid_until) }
}
