//! Quotes that are used a second time, and several on one nonce.

use super::*;

impl Play {
    /// A tenant uses a quote again: at once, when its lease is closed, or when its order is pruned.
    pub(in crate::steps) fn use_again(
        &mut self,
        tenant: &'static str,
        which: u8,
        units: u16,
    ) -> Done {
        self.unpause();
        let deal = self.deal(tenant, 1, which, units);
        let valid_until = deal.quotes[0].valid_until;
        let id = self.conclude(&deal)?;
        match units / 2 % 4 {
            0 => {}
            1 => {
                self.end_and_prune(tenant, id);
            }
            2 => {
                self.end_and_prune(tenant, id);
                let wait = valid_until - self.market.now();
                self.market.pass(wait);
                self.prune_all();
            }
            _ => {
                self.end_and_prune(tenant, id);
                let wait = valid_until - self.market.now() + 1;
                self.market.pass(wait);
                self.prune_all();
            }
        }
        assert!(self.conclude(&deal).is_err(), "it was used");
        self.count("a quote used again");
        Ok(())
    }

    /// A provider signs two quotes on one nonce, the second for longer or for another tenant: the chain takes one of
    /// them, whatever becomes of the order.
    pub(in crate::steps) fn use_nonce_again(
        &mut self,
        tenant: &'static str,
        which: u8,
        units: u16,
    ) -> Done {
        self.unpause();
        let mut first = self.deal(tenant, 1, which, units);
        let mut second = first.clone();
        if units & 8 != 0 {
            second.tenant = TENANTS[(usize::from(which) + 1) % TENANTS.len()];
        }
        let quote = &mut second.quotes[0];
        quote.valid_until = quote.issued_at + 600;
        quote.price = price(quote.price.u128() + 1).min(second.new.groups[0].ceiling);
        let quote = &mut first.quotes[0];
        quote.valid_until = quote.issued_at + u64::from(units / 16 % 4) * 20;
        let until = quote.valid_until;
        self.sign_again(&mut first);
        self.sign_again(&mut second);
        let id = self.conclude(&first)?;
        self.end_and_prune(tenant, id);
        if units & 2 != 0 {
            let wait = until - self.market.now() + 1;
            self.market.pass(wait);
            self.prune_all();
        }
        if units & 4 != 0 {
            // An agent that does not know what it did signs on the nonce again. That is refused until it is forgotten.
            self.market.pass([1, 600][usize::from(units / 64) % 2]);
            self.prune_all();
            let quote = &mut second.quotes[0];
            quote.issued_at = self.market.now();
            quote.valid_until = quote.issued_at + 600;
            self.sign_again(&mut second);
            self.conclude(&second)?;
            self.count("a nonce used again after it was forgotten");
            return Ok(());
        }
        let again = self.conclude(&second);
        assert!(again.is_err(), "{again:?}: its nonce was used");
        self.count("a nonce used again");
        Ok(())
    }

    /// A deployment is closed in the second in which it began, so that no slot is held, and all is pruned that can be.
    fn end_and_prune(&mut self, tenant: &str, id: DeploymentId) {
        self.attempt(|market| market.close(tenant, id)).unwrap();
        self.prune_all();
    }

    fn prune_all(&mut self) {
        let orders: Vec<_> = self.market.storage().keys().filter_map(|key| order_of(key)).collect();
        for chunk in orders.chunks(MAX_ORDERS) {
            self.attempt(|market| Ok::<_, String>(market.prune(chunk))).unwrap();
        }
    }
}

/// The order of a raw key.
fn order_of(key: &[u8]) -> Option<OrderId> {
    let number = key.strip_prefix(b"\0\x01o")?;
    Some(OrderId(u64::from_be_bytes(number.try_into().ok()?)))
}
