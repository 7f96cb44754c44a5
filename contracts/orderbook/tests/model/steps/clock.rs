//! Time, and pauses in it.

use super::*;

impl Play {
    /// Stops new business until time passes: the owner, or the guardian, whose pause the owner ends
    /// one time in two.
    pub(super) fn pause(&mut self, units: u16) -> Done {
        let began = match self.stop {
            Some((began, ends)) if ends.is_none_or(|ends| self.market.now() < ends) => Some(began),
            _ => None,
        };
        let now = self.market.now();
        if units % 8 == 0 {
            self.end_stop();
            self.market.pause(true);
            self.stop = Some((now, None));
            return Ok(());
        }
        let guardian = self.market.guardian.clone();
        let paused = self.market.send(&guardian, &ExecuteMsg::Pause {});
        paused.map_err(|error| error.to_string())?;
        if began.is_none() {
            self.end_stop();
            self.stop = Some((now, Some(now + LONGEST)));
        }
        self.count("pause by the guardian");
        Ok(())
    }

    /// Lets new business go on.
    pub(super) fn unpause(&mut self) {
        self.end_stop();
        self.market.pause(false);
    }

    /// Time passes until a second or a block is missing, if `time` and `block` are to come. True if it did.
    pub(super) fn pass_almost(&mut self, time: u64, block: u64, units: u16) -> bool {
        let wait = time.saturating_sub(self.market.now());
        let blocks = block.saturating_sub(self.market.app.block_info().height);
        if wait > 0 && units % 2 == 0 && blocks > 0 {
            self.market.blocks(blocks - 1, wait);
        } else if wait > 0 {
            self.market.blocks(blocks, wait - 1);
        }
        wait > 0
    }

    pub(super) fn end_stop(&mut self) {
        let now = self.market.now();
        if let Some((from, ends)) = self.stop.take() {
            self.stops.push((from, ends.map_or(now, |ends| ends.min(now))));
        }
    }

    /// For how many seconds of these the market was stopped.
    pub(super) fn stopped_within(&self, from: u64, until: u64) -> u64 {
        let now = self.market.now();
        let last = self.stop.map(|(began, ends)| (began, ends.map_or(now, |ends| ends.min(now))));
        let stops = self.stops.iter().copied().chain(last);
        stops.map(|(began, ended)| ended.min(until).saturating_sub(began.max(from))).sum()
    }

    pub(super) fn pass(&mut self, units: u16) -> Done {
        let config: ConfigResponse = self.market.query(&QueryMsg::Config {}).unwrap();
        if config.pause_ends.is_none() || units % 8 != 1 {
            self.unpause();
        } else {
            self.count("time in a guardian's pause");
        }
        // A market in which nothing can be opened is soon empty.
        if config.denoms[0].delisted.is_some() && units % 2 == 0 {
            self.list(false);
        }
        let seconds = match units % 8 {
            0 => 1,
            1 | 2 => 30 + u64::from(units % 40),
            3 | 4 => 600,
            5 | 6 => 4_000,
            _ if units % 64 == 7 => DAY + 1,
            _ => 60,
        };
        self.market.blocks(1 + u64::from(units % 16), seconds);
        Ok(())
    }

    /// A guardian's pause stops new business through its last second, and no longer.
    pub(super) fn guard_for_long(&mut self, order: &OrderResponse) -> Done {
        self.unpause();
        let (guardian, now) = (self.market.guardian.clone(), self.market.now());
        self.attempt(|market| market.send(&guardian, &ExecuteMsg::Pause {}))?;
        self.stop = Some((now, Some(now + LONGEST)));
        self.market.blocks(LONGEST / 6, LONGEST - 1);
        self.count("time in a guardian's pause");
        let ceiling = order.spec.ceiling.u128();
        let create = |play: &mut Self| {
            let new = deployment(&[group("g", ceiling)], tenant_choice());
            let msg = ExecuteMsg::CreateDeployment(new);
            play.attempt(|market| market.pay(&market.who("ann"), &msg, &coins(PLENTY, DENOM)))
        };
        assert!(create(self).is_err_and(|error| error.contains("paused")), "its last second");
        self.market.pass(1);
        let goes_on = create(self);
        assert!(goes_on.is_ok() || self.is_delisted(), "{goes_on:?}");
        self.look(false);
        let again = self.attempt(|market| market.send(&guardian, &ExecuteMsg::Pause {}));
        assert!(again.is_err(), "not again for as long");
        Ok(())
    }

    fn is_delisted(&self) -> bool {
        let config: ConfigResponse = self.market.query(&QueryMsg::Config {}).unwrap();
        config.denoms[0].delisted.is_some()
    }
}
