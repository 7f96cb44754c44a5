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
    /// When it last came to stand still, with what counts as one standstill; both if the books do not know which.
    came_to_stand: Vec<Moment>,
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
                self.come_to_stand(at);
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

    /// One that begins within ten minutes of another's end, or within the block that these take, goes on with it.
    fn come_to_stand(&mut self, at: Moment) {
        let (time, first, last) = self.went_on;
        let soon = at.0 < time + 600;
        if self.came_to_stand.is_empty() || !(soon || at.1 < last + 1) {
            self.came_to_stand = vec![at];
        } else if !(soon || at.1 < first + 1) {
            self.came_to_stand.push(at);
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

    /// If it was not seen later than that.
    pub fn see_later(&mut self, provider: &str, at: Moment) {
        if self.seen.get(provider).is_none_or(|seen| at.0 > seen.0) {
            self.see(provider, at);
        }
    }

    /// Whether new business is stopped.
    pub fn stands_still(&mut self, now: Moment) -> bool {
        self.end_by_itself(now);
        self.stands.is_some()
    }

    /// Until when a lease's provider is paid if it is absent now; what may be, where the books do not know.
    pub fn paid_until(
        &mut self,
        terms: Option<Absence>,
        provider: &str,
        began: Moment,
        now: Moment,
    ) -> Vec<Option<u64>> {
        let Some(Absence { limit, .. }) = terms else { return vec![None] };
        self.end_by_itself(now);
        let blocks = (limit * BLOCKS_AN_HOUR).div_ceil(HOUR);
        let over =
            |since: Moment, now: Moment| now.0 >= since.0 + limit && now.1 >= since.1 + blocks;
        let seen = self.seen.get(provider).copied().unwrap_or_default();
        let since = (seen.0.max(began.0), seen.1.max(began.1));
        // Who was absent when it came to stand still is so whatever came then.
        let before: Vec<bool> = self.came_to_stand.iter().map(|at| over(since, *at)).collect();
        let (mut all, stays) = (Vec::new(), before.iter().any(|before| *before));
        if stays {
            all.push(Some(since.0 + limit / 4));
        }
        if before.iter().all(|before| *before) && stays {
            return all;
        }
        if self.stands.is_some() {
            all.push(None);
            return all;
        }
        let (went_on, first, last) = self.went_on;
        for block in [first, last] {
            let since = (since.0.max(went_on), since.1.max(block));
            all.push(over(since, now).then_some(since.0 + limit / 4));
        }
        all
    }
}
