//! Quotes with something wrong: all are refused, by the rules and by the contract.

use souk_api::orderbook::QuotedFor;
use souk_core::{Denom, presence::Market as Named};

use super::*;

/// What is wrong.
#[derive(Clone, Copy, Debug)]
enum Twist {
    OtherTenant,
    OtherGroup,
    OtherTerms,
    OtherDenom,
    OtherMarket,
    OtherKey,
    LowerPrice,
    LongerNotice,
    AboveTheCeiling,
    TakeRate,
    TooLong,
    Future,
    NoKey,
    Rotated,
    Maintenance,
    LaterEnd,
}

impl Twist {
    const ALL: [Self; 16] = [
        Self::OtherTenant,
        Self::OtherGroup,
        Self::OtherTerms,
        Self::OtherDenom,
        Self::OtherMarket,
        Self::OtherKey,
        Self::LowerPrice,
        Self::LongerNotice,
        Self::AboveTheCeiling,
        Self::TakeRate,
        Self::TooLong,
        Self::Future,
        Self::NoKey,
        Self::Rotated,
        Self::Maintenance,
        Self::LaterEnd,
    ];

    fn any(units: u16) -> Self {
        Self::ALL[usize::from(units) % Self::ALL.len()]
    }
}

impl Play {
    /// A deployment by quotes of which something is wrong.
    pub(in crate::steps) fn create_twisted(
        &mut self,
        tenant: &'static str,
        which: u8,
        units: u16,
    ) -> Done {
        let mut deal = self.deal(tenant, 1 + usize::from(which) % 3, which, units);
        let (held, units) = (deal.held, units / 4);
        match units % 8 {
            0 => deal.new.auction = lowest_price(60),
            1 => {
                deal.quotes.pop();
            }
            2 if deal.quotes.len() > 1 => {
                // Two of one provider on one nonce.
                let (first, asked) =
                    (deal.quotes[0].clone(), self.asked(tenant, held, &deal.new, 1));
                let name = self.name_of(&first.provider);
                let second = Quote { price: deal.quotes[1].price, ..first };
                deal.quotes[1] = self.sign(name, &asked, second);
            }
            2 => deal.new.refuse.push(deal.quotes[0].provider.clone()),
            3 if deal.quotes.len() > 1 && units & 8 == 0 => deal.quotes.swap(0, 1),
            3 => {
                // Who alone is allowed.
                let name = self.name_of(&deal.quotes[0].provider);
                let other = PROVIDERS.iter().find(|one| **one != name).unwrap();
                deal.new.allow.push(self.market.who(other).into());
            }
            4 => return self.strike_while_stopped(&deal, units / 8),
            _ => {
                let name = self.name_of(&deal.quotes[0].provider);
                let asked = self.asked(tenant, held, &deal.new, 0);
                let twist = Twist::any(units / 8);
                deal.quotes[0] = self.twist(twist, name, asked, deal.quotes[0].clone());
                let done = self.conclude(&deal);
                self.untwist(twist, name);
                return done.map(drop);
            }
        }
        self.conclude(&deal).map(drop)
    }

    /// The market stands still, or takes a denom no more.
    fn strike_while_stopped(&mut self, deal: &Deal, units: u16) -> Done {
        if units % 2 == 0 {
            self.list(true);
            let done = self.conclude(deal);
            self.list(false);
            return done.map(drop);
        }
        self.unpause();
        self.market.pause(true);
        self.stop = Some((self.market.now(), None));
        let done = self.conclude(deal);
        self.unpause();
        done.map(drop)
    }

    /// A quote for an open order of which something is wrong.
    pub(super) fn accept_twisted(
        &mut self,
        tenant: &str,
        order: OrderId,
        name: &'static str,
        quote: Quote,
        units: u16,
    ) -> Done {
        let twist = Twist::any(units);
        let asked = self.market.asked_by(order);
        let quote = self.twist(twist, name, asked, quote);
        let done = self.attempt(|market| market.accept_quote(tenant, order, quote));
        self.untwist(twist, name);
        done
    }

    fn twist(&mut self, twist: Twist, name: &'static str, asked: Asked, quote: Quote) -> Quote {
        let (mut asked, mut quote) = (asked, quote);
        match twist {
            Twist::OtherTenant => {
                let tenants = TENANTS.map(|name| self.market.who(name).to_string());
                asked.tenant = tenants.into_iter().find(|one| *one != asked.tenant).unwrap();
            }
            Twist::OtherGroup => {
                // A ceiling apart.
                asked.spec.ceiling = price(asked.spec.ceiling.u128() + 1);
            }
            Twist::OtherTerms => asked.absence = other(asked.absence),
            Twist::OtherDenom => asked.denom = Denom::native("uother"),
            Twist::OtherMarket => {
                let Asked { tenant, spec, denom, absence, .. } = &asked;
                let chain_id = self.market.app.block_info().chain_id;
                let market = Named { chain_id: &chain_id, orderbook: self.market.escrow.as_str() };
                let whom = QuotedFor { market, tenant, spec, denom, absence: *absence };
                let signature = self.key(name).sign(&quote.signed_bytes(whom).unwrap());
                quote.signature = HexBinary::from(signature.to_bytes());
                return quote;
            }
            Twist::OtherKey => return self.market.signed(&quote_key("other"), &asked, quote),
            // Changed after it was signed.
            Twist::LowerPrice => {
                quote.price = price((quote.price.u128() - 1).max(1));
                quote.nonce += 1;
                return quote;
            }
            Twist::LaterEnd => {
                quote.valid_until += 1;
                return quote;
            }
            Twist::LongerNotice => {
                quote.reclamation_window = quote.reclamation_window.map_or(Some(HOUR), |_| None);
            }
            Twist::AboveTheCeiling => quote.price = price(asked.spec.ceiling.u128() + 1),
            Twist::TakeRate => quote.max_take_bps -= 1,
            Twist::TooLong => quote.valid_until = quote.issued_at + 601,
            Twist::Future => quote.issued_at += 1,
            Twist::NoKey => self.market.set_quote_key(name, None),
            Twist::Rotated => self.rotate(name),
            Twist::Maintenance => self.maintain(name, true),
        }
        if matches!(twist, Twist::NoKey | Twist::Rotated | Twist::Maintenance) {
            return quote;
        }
        self.sign(name, &asked, quote)
    }

    /// As it was before.
    fn untwist(&mut self, twist: Twist, name: &'static str) {
        match twist {
            Twist::NoKey => self.rotate(name),
            Twist::Maintenance => self.maintain(name, false),
            _ => {}
        }
    }

    fn maintain(&mut self, name: &str, on: bool) {
        let (operator, registry) = (self.market.operator(name), self.market.registry.clone());
        let provider = self.market.who(name).into();
        let msg = registry::ExecuteMsg::SetMaintenance { provider, on };
        self.market.call(&operator, &registry, &msg, 0).unwrap();
    }
}
