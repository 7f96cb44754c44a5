//! What bidding keeps of the chain's state beside orders: the provider, the orderbook's parameters,
//! attestations and the lowest bids. It is asked for again after an event that may have changed it; what
//! an event may be missing for, after a time.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use souk_core::{Denom, OrderId, Price};

use super::{deps::Deps, known::Known};
use crate::{
    market::ChainError,
    model::{
        BidProgress, Order,
        bidding::{Attestations, BestBid, Eligible, LowestBid, ProviderState},
    },
};

/// Provider and parameters are asked for after this time, even without an event.
const TTL: Duration = Duration::from_secs(30);
/// What auditors attest is asked for after this time, even without an event: the one that an endpoint
/// left out would be missed.
const ATTESTATIONS_TTL: Duration = Duration::from_secs(600);
/// Pages of auditors that are listed, at most: anybody may attest anything of a provider.
const MAX_PAGES: usize = 5;

/// The cached state.
#[derive(Default)]
pub(super) struct ChainCache {
    terms: Option<(Instant, Terms)>,
    is_stale: bool,
    /// The provider; none if it is not registered.
    pub provider: Option<ProviderState>,
    pub attestations: Attestations,
    listed_at: Option<Instant>,
    /// The lowest bids of binding auctions, each with the order's `bids_height` at the query.
    best: HashMap<OrderId, (u64, Option<BestBid>)>,
    /// Why the orderbook would not take a bid on an order, if so, each with the height of the question.
    eligible: HashMap<OrderId, (u64, Option<String>)>,
}

/// The orderbook's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// Whether the orderbook takes no bids.
    pub paused: bool,
    /// The least price of a bid, by denom.
    pub min_prices: BTreeMap<Denom, Price>,
    /// The fee on what new leases earn, by denom that the market takes, in hundredths of a per cent.
    pub take_bps: BTreeMap<Denom, u16>,
    /// How long a lease holds its slot after a breach, in seconds.
    pub slot_hold: u64,
}

impl ChainCache {
    /// The orderbook's parameters; what they are by default before they were asked for.
    pub fn terms(&self) -> &Terms {
        static NONE: Terms = Terms {
            paused: true,
            min_prices: BTreeMap::new(),
            take_bps: BTreeMap::new(),
            slot_hold: u64::MAX,
        };
        self.terms.as_ref().map_or(&NONE, |(_, terms)| terms)
    }

    /// The provider's record or the parameters may have changed.
    pub fn expire(&mut self) {
        self.is_stale = true;
    }

    /// What auditors attest may have changed.
    pub fn expire_attestations(&mut self) {
        self.listed_at = None;
        self.attestations.forget();
    }

    /// Whether what auditors attest was asked for long ago; it is forgotten then.
    pub fn forget_old_attestations(&mut self) -> bool {
        let is_old = self.listed_at.is_some_and(|at| at.elapsed() > ATTESTATIONS_TTL);
        if is_old {
            self.expire_attestations();
        }
        is_old
    }

    /// Asks for provider and parameters, if they are old; true if they changed.
    pub async fn refresh(&mut self, deps: &Deps, known: &Known) -> Result<bool, ChainError> {
        let is_old = self.terms.as_ref().is_none_or(|(at, _)| at.elapsed() > TTL);
        if !is_old && !self.is_stale {
            return Ok(false);
        }
        let (config, provider) =
            tokio::try_join!(async { Ok(deps.market.orderbook.config().await?) }, ask(deps))?;
        let terms = Terms {
            paused: config.paused,
            slot_hold: config.params.slot_hold,
            take_bps: config
                .denoms
                .iter()
                .filter(|d| d.delisted != Some(true))
                .map(|d| (d.denom.clone(), d.take_bps))
                .collect(),
            min_prices: config.denoms.into_iter().map(|d| (d.denom, d.min_price)).collect(),
        };
        let provider = provider.map(|provider| with_sent(provider, known));
        let changed = self.terms.as_ref().is_none_or(|(_, before)| *before != terms)
            || may_matter(self.provider.as_ref(), provider.as_ref());
        (self.terms, self.is_stale) = (Some((Instant::now(), terms)), false);
        self.provider = provider;
        Ok(changed)
    }

    /// Asks for the provider's record and how much of its bond is in use; true if that may change decisions.
    pub async fn refresh_provider(
        &mut self,
        deps: &Deps,
        known: &Known,
    ) -> Result<bool, ChainError> {
        let provider = ask(deps).await?.map(|provider| with_sent(provider, known));
        let changed = may_matter(self.provider.as_ref(), provider.as_ref());
        self.provider = provider;
        Ok(changed)
    }

    /// Lists who attests something of the provider, as of the store's last block.
    pub async fn list_attestations(&mut self, deps: &Deps, height: u64) -> Result<(), ChainError> {
        let market = deps.market.at(height);
        let mut listed = Vec::new();
        let mut is_complete = false;
        for _ in 0..MAX_PAGES {
            let after = listed.last().map(|(auditor, _): &(String, _)| auditor.clone());
            let page = market.attestations_after(after).await?;
            if page.is_empty() {
                is_complete = true;
                break;
            }
            listed.extend(page);
        }
        self.attestations.set_list(listed, is_complete);
        self.listed_at = Some(Instant::now());
        Ok(())
    }

    /// Sets the lowest bid of an order, as it was asked for.
    pub fn set_best(&mut self, order: &Order, best: Option<BestBid>) {
        self.best.insert(order.id, (order.bids_height, best));
    }

    /// The lowest bid on an order, if none changed since it was asked for.
    pub fn best(&self, order: &Order) -> LowestBid<'_> {
        match self.best.get(&order.id) {
            Some((height, best)) if *height == order.bids_height => {
                best.as_ref().map_or(LowestBid::Nobody, LowestBid::Of)
            }
            _ => LowestBid::Unknown,
        }
    }

    /// Sets whether the orderbook would take a bid on an order, as it was asked at `height`.
    pub fn set_eligible(&mut self, order: OrderId, height: u64, refusal: Option<String>) {
        self.eligible.insert(order, (height, refusal));
    }

    /// Whether the orderbook would take a bid on an order, if it was asked at this height.
    pub fn eligible(&self, order: OrderId, height: u64) -> Eligible<'_> {
        match self.eligible.get(&order) {
            Some((asked, refusal)) if *asked == height => {
                refusal.as_deref().map_or(Eligible::Yes, Eligible::No)
            }
            _ => Eligible::Unknown,
        }
    }

    /// Forgets an order that takes no bids any more.
    pub fn forget(&mut self, order: OrderId) {
        self.best.remove(&order);
        self.eligible.remove(&order);
    }

    /// Forgets all orders but these.
    pub fn keep(&mut self, open: &BTreeSet<OrderId>) {
        self.best.retain(|order, _| open.contains(order));
        self.eligible.retain(|order, _| open.contains(order));
    }

    /// The slots of the bond.
    pub fn slots(&self) -> u32 {
        self.provider.as_ref().map_or(0, |provider| provider.slots)
    }

    /// Whether three quarters of the slots are in use.
    pub fn slots_are_scarce(&self) -> bool {
        self.provider.as_ref().is_some_and(|p| p.used >= p.slots / 4 * 3)
    }
}

async fn ask(deps: &Deps) -> Result<Option<ProviderState>, ChainError> {
    let market = &deps.market;
    let Some(record) = market.provider_record().await? else { return Ok(None) };
    let used = market.provider_stats().await?.used;
    let operator = record.operator;
    Ok(Some(ProviderState {
        address: market.provider().to_owned(),
        other_operator: (operator != deps.messages.operator).then_some(operator),
        claims: record.attributes,
        floors: record.floors,
        maintenance: record.maintenance,
        quote_key: record.quote_key.map(|key| key.to_vec()),
        slots: record.slots,
        used,
    }))
}

/// The chain may count bids that are on their way already, and quotes that are used; then there are too few bids for
/// a block, never too many.
fn with_sent(mut provider: ProviderState, known: &Known) -> ProviderState {
    let sent = known.bids().filter(|bid| bid.progress == BidProgress::Sent).count();
    let sent = u32::try_from(sent).unwrap_or(u32::MAX);
    provider.used = provider.used.saturating_add(sent).saturating_add(known.quotes().slots());
    provider
}

/// Whether orders that wait for the provider's record may be decided differently now. That more slots are in
/// use, as after each bid, lets no order through that waits.
fn may_matter(before: Option<&ProviderState>, now: Option<&ProviderState>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => {
            let same = ProviderState { used: before.used, ..now.clone() } == *before;
            !same || now.used < before.used
        }
        (before, now) => before != now,
    }
}

#[cfg(test)]
mod tests {
    use souk_core::Attribute;

    use super::*;

    #[test]
    fn whatever_of_the_provider_may_let_an_order_through_wakes_those_that_wait() {
        let before = ProviderState {
            address: "souk1me".into(),
            other_operator: None,
            claims: vec![],
            floors: None,
            maintenance: true,
            quote_key: None,
            slots: 10,
            used: 5,
        };
        let claims = vec![Attribute::new("region", "eu-west")];
        for (what, now, wakes) in [
            ("nothing changed", before.clone(), false),
            ("a bid was sent", ProviderState { used: 6, ..before.clone() }, false),
            ("a slot is free", ProviderState { used: 4, ..before.clone() }, true),
            ("more bond", ProviderState { slots: 11, ..before.clone() }, true),
            ("maintenance is over", ProviderState { maintenance: false, ..before.clone() }, true),
            ("other claims", ProviderState { claims, ..before.clone() }, true),
        ] {
            assert_eq!(may_matter(Some(&before), Some(&now)), wakes, "{what}");
        }
        assert!(may_matter(None, Some(&before)) && may_matter(Some(&before), None));
        assert!(!may_matter(None, None));
    }
}
