//! Providers that are gone, or say that they are not.

use souk_api::orderbook::{Absence, AbsenceResponse};

use super::*;

/// What a tenant may ask for.
pub(super) fn terms(which: u8) -> Option<Absence> {
    let (anyone_closes, reopens) = (which & 64 != 0, which & 128 != 0);
    (which & 16 == 0).then_some(Absence { limit: 6 * HOUR, anyone_closes, reopens })
}

impl Play {
    /// A provider says that it is there, by either key, or somebody else does.
    pub(super) fn heartbeat(&mut self, provider: &'static str, units: u16) -> Done {
        let address = self.market.who(provider);
        let msg = ExecuteMsg::Heartbeat { provider: address.to_string(), statement: None };
        let before = self.market.stats_of(provider);
        let from = match units % 4 {
            0 => address,
            1 => self.market.who("anyone"),
            _ => self.market.operator(provider),
        };
        let done = self.attempt(|market| market.send(&from, &msg));
        assert!(done.is_err() || (before.active > 0 && units % 4 != 1), "{provider}: {done:?}");
        done
    }

    /// A lease is closed as absent in the first second and block in which it may be, and not one before; by its
    /// tenant, or by somebody else who has to wait for longer.
    pub(super) fn close_absent(&mut self, units: u16) -> Done {
        self.unpause();
        let running = self.all_orders().into_iter().filter(|one| one.state == OrderState::Active);
        let leases = running.map(|order| self.market.lease_of(order.id));
        let all: Vec<_> = leases.filter_map(|lease| Some((lease.clone(), lease.unseen?))).collect();
        let Some((lease, unseen)) = all.get(usize::from(units) % all.len().max(1)) else {
            return Err("no provider can be absent".to_owned());
        };
        let id = lease.order;
        let tenant = self.name_of(&lease.tenant);
        let by = if units % 3 == 0 { "anyone" } else { tenant };
        let AbsenceResponse { from, from_block, anyone_from, anyone_from_block, .. } = *unseen;
        let (from, block) =
            if by == tenant { (from, from_block) } else { (anyone_from, anyone_from_block) };
        if self.pass_almost(from, block, units) {
            let early = self.attempt(|market| market.close_absent(by, id));
            assert!(early.is_err(), "{id} is absent from {from} and block {block} on");
            if units % 5 == 0 {
                let name = self.name_of(&lease.provider);
                self.attempt(|market| market.heartbeat(name))?;
                self.market.blocks(1, 1);
                assert!(
                    self.attempt(|market| market.close_absent(by, id)).is_err(),
                    "{id} is seen"
                );
                self.count("seen in the last second");
                return Ok(());
            }
            self.market.blocks(1, 1);
        }
        let before = self.market.account(lease.group.deployment).clock.remaining;
        self.attempt(|market| market.close_absent(by, id))?;
        self.count("closed as absent");
        if by == "anyone" {
            self.count("closed as absent by anyone");
        }
        let account = self.market.account(lease.group.deployment);
        if account.clock.remaining > before {
            self.count("pay taken back");
        }
        Ok(())
    }
}
