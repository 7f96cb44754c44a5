//! The first and the last second of a quote.

use super::*;

impl Play {
    /// A quote is used in its first or its last second, one before or one after.
    pub(in crate::steps) fn quote_on_time(
        &mut self,
        tenant: &'static str,
        which: u8,
        units: u16,
    ) -> Done {
        self.unpause();
        let mut deal = self.deal(tenant, 1, which, units);
        let name = self.name_of(&deal.quotes[0].provider);
        let asked = self.asked(tenant, deal.held, &deal.new, 0);
        let (now, validity) = (self.market.now(), [0, 1, 60, 600][usize::from(units / 4) % 4]);
        let quote = Quote { issued_at: now, valid_until: now + validity, ..deal.quotes[0].clone() };
        let quote = match units % 4 {
            3 => Quote { issued_at: now + 1, valid_until: now + 1 + validity, ..quote },
            _ => quote,
        };
        deal.quotes[0] = self.sign(name, &asked, quote);
        let kind = match units % 4 {
            0 => "a quote in its first second",
            1 => {
                self.market.pass(validity);
                "a quote in its last second"
            }
            2 => {
                self.market.pass(validity + 1);
                assert!(self.conclude(&deal).is_err(), "it is over");
                self.count("a quote a second too late");
                return Ok(());
            }
            _ => {
                assert!(self.conclude(&deal).is_err(), "it begins in the next second");
                self.market.pass(1);
                "a quote a second too early, and then"
            }
        };
        self.conclude(&deal)?;
        self.count(kind);
        Ok(())
    }
}
