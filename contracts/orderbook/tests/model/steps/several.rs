//! Several bids in one message.

use souk_api::orderbook::{
    NewBid,
    events::{BidLowered, BidPlaced, BidRefused},
};

use super::*;

impl Play {
    /// A provider bids on several orders, on some of them for the second time; each bid is placed, lowered or left out.
    pub(super) fn place_bids(&mut self, provider: &'static str, which: u8, units: u16) -> Done {
        let recent = self.view.orders.values().rev().take(4);
        let mut orders: Vec<_> = recent.map(|seen| seen.order.clone()).collect();
        if units % 4 == 0 {
            orders.extend(orders.first().cloned());
        }
        let bid = |(n, order): (usize, &OrderResponse)| NewBid {
            order: order.id,
            price: price(
                (order.spec.ceiling.u128() * 99 / 100)
                    .saturating_sub(n as u128 * 7_000 * u128::from(which % 2))
                    .max(1),
            ),
            offer: Vec::new(),
            reclamation_window: order.reclamation.map(|asked| asked.min_window),
        };
        let bids: Vec<_> = orders.iter().enumerate().map(bid).collect();
        let (address, operator) = (self.market.who(provider), self.market.operator(provider));
        let msg = ExecuteMsg::PlaceBids { provider: address.into(), bids: bids.clone() };
        let (mut placed, mut lowered, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        self.attempt(|market| {
            let response = market.send(&operator, &msg)?;
            placed = market.events_of::<BidPlaced>(&response);
            lowered = market.events_of::<BidLowered>(&response);
            refused = market.events_of::<BidRefused>(&response);
            Ok::<_, souk_orderbook::ContractError>(response)
        })?;
        let all = placed.iter().map(|bid| (bid.order, bid.price));
        let all = all.chain(lowered.iter().map(|bid| (bid.order, bid.price)));
        let mut all: Vec<_> = all.chain(refused.iter().map(|bid| (bid.order, bid.price))).collect();
        let mut sent: Vec<_> = bids.iter().map(|bid| (bid.order, bid.price)).collect();
        all.sort();
        sent.sort();
        assert_eq!(all, sent, "something is said of each bid");
        if placed.len() > 1 {
            self.count("several bids in a message");
        }
        if !(placed.is_empty() || refused.is_empty()) {
            self.count("a bid left out of several");
        }
        Ok(())
    }
}
