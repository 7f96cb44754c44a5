//! The quotes that hold, and what they reserve.

use std::collections::BTreeMap;

use souk_core::{GroupUnit, OrderId, quote::MAX_VALIDITY};

use crate::{config::QuoteLimits, model::placement::Reservation};

/// The order of a reservation before a quote was used; the chain's begin with 1.
pub const UNUSED: OrderId = OrderId(0);

/// Seconds for which a quote on a nonce that others have must be good, at least.
const LEAST_REST: u64 = 10;
/// Quotes on one nonce, at most.
const MAX_SHARED: usize = 16;

/// Who asks for signed quotes, as limits count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The address of the wallet.
    pub address: String,
    /// The network that it asks from; none where all visitors share an address.
    pub network: Option<String>,
}

/// A signed quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuote {
    /// Who asked.
    pub asker: Asker,
    /// Who can use it.
    pub tenant: String,
}

/// Capacity that is reserved under a nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteReservation {
    /// The nonce.
    pub nonce: u64,
    /// What the groups run that are quoted on it.
    pub units: Vec<GroupUnit>,
    /// The capacity. Its order is [`UNUSED`], or the lease that a quote on it became.
    pub reservation: Reservation,
    /// The last second in which a quote on it can be used; block time.
    pub valid_until: u64,
    /// Its quotes; none any more once one was used.
    pub quotes: Vec<OpenQuote>,
}

impl QuoteReservation {
    /// Whether a quote on it became a lease.
    pub fn is_used(&self) -> bool {
        self.reservation.order != UNUSED
    }
}

/// Why no more is signed for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// The wallet that asks.
    #[error("{0} signed quotes that this wallet asked for hold at most; wait until they lapse")]
    Asker(u32),
    /// The tenant.
    #[error("{0} signed quotes for one tenant hold at most; wait until they lapse")]
    Tenant(u32),
    /// The network.
    #[error("{0} signed quotes for one network hold at most; wait until they lapse")]
    Network(u32),
}

/// All quotes that hold, and what they reserve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenQuotes(BTreeMap<u64, QuoteReservation>);

impl OpenQuotes {
    /// Of these.
    pub fn new(all: impl IntoIterator<Item = QuoteReservation>) -> Self {
        Self(all.into_iter().map(|one| (one.nonce, one)).collect())
    }

    /// Those that no lease has. Until they are released they count, lapsed or not.
    pub fn open(&self) -> impl Iterator<Item = &QuoteReservation> {
        self.0.values().filter(|one| !one.is_used())
    }

    /// How many nonces no lease has: each uses a slot.
    pub fn slots(&self) -> u32 {
        u32::try_from(self.open().count()).unwrap_or(u32::MAX)
    }

    /// Whether one can be released at this block time: of those that a lease has, once no quote on them can be used.
    pub fn any_lapsed(&self, now: u64) -> bool {
        let kept = |one: &QuoteReservation| if one.is_used() { MAX_VALIDITY } else { 0 };
        self.0.values().any(|one| one.valid_until.saturating_add(kept(one)) < now)
    }

    /// What is reserved beside the reservations of orders that `has` knows: what a lease has is counted there, as
    /// soon as it is there.
    pub fn reserved(&self, has: impl Fn(OrderId) -> bool) -> impl Iterator<Item = &Reservation> {
        let all = self.0.values().map(|one| &one.reservation);
        all.filter(move |one| one.order == UNUSED || !has(one.order))
    }

    /// The leases that quotes became.
    pub fn leases(&self) -> impl Iterator<Item = OrderId> {
        self.0.values().filter(|one| one.is_used()).map(|one| one.reservation.order)
    }

    /// How many quotes hold that a tenant asked for itself. What others ask for in its name is theirs, else a stranger
    /// could use up what a tenant may have.
    pub fn for_tenant(&self, tenant: &str) -> u32 {
        self.count(|quote| quote.tenant == tenant && quote.asker.address == tenant)
    }

    /// Whether `more` quotes may be signed.
    ///
    /// # Errors
    ///
    /// Which limit they exceed.
    pub fn check(
        &self,
        asker: &Asker,
        tenant: &str,
        more: u32,
        limits: &QuoteLimits,
    ) -> Result<(), TooMany> {
        let exceeds = |open: u32, limit: u32| open.saturating_add(more) > limit;
        if exceeds(self.count(|quote| quote.asker.address == asker.address), limits.of_asker) {
            return Err(TooMany::Asker(limits.of_asker));
        }
        if asker.address == tenant && exceeds(self.for_tenant(tenant), limits.for_tenant) {
            return Err(TooMany::Tenant(limits.for_tenant));
        }
        let of_network =
            |network: &String| self.count(|quote| quote.asker.network.as_ref() == Some(network));
        if asker.network.as_ref().is_some_and(|one| exceeds(of_network(one), limits.of_network)) {
            return Err(TooMany::Network(limits.of_network));
        }
        Ok(())
    }

    fn count(&self, is: impl Fn(&OpenQuote) -> bool) -> u32 {
        let quotes = self.open().flat_map(|one| &one.quotes);
        u32::try_from(quotes.filter(|quote| is(quote)).count()).unwrap_or(u32::MAX)
    }

    /// A reservation of exactly these units on which another quote can be signed at `now`, but for those of `taken`
    /// nonces. It lasts no longer for it.
    pub fn to_share(
        &self,
        units: &[GroupUnit],
        now: u64,
        taken: &[u64],
    ) -> Option<&QuoteReservation> {
        let fits = |one: &&QuoteReservation| {
            one.units == units
                && one.valid_until >= now.saturating_add(LEAST_REST)
                && one.quotes.len() < MAX_SHARED
                && !taken.contains(&one.nonce)
        };
        self.open().filter(fits).max_by_key(|one| (one.valid_until, one.nonce))
    }

    /// Adds what was just stored: a new reservation, or a quote on one that is there.
    pub fn add(&mut self, row: QuoteReservation) {
        match self.0.get_mut(&row.nonce) {
            Some(known) => known.quotes.extend(row.quotes),
            None => drop(self.0.insert(row.nonce, row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(address: &str, network: &str) -> Asker {
        Asker { address: address.into(), network: Some(network.into()) }
    }

    fn reserved(nonce: u64, valid_until: u64, quotes: &[(&str, &str, &str)]) -> QuoteReservation {
        let quote = |(address, network, tenant): &(&str, &str, &str)| OpenQuote {
            asker: asker(address, network),
            tenant: (*tenant).into(),
        };
        QuoteReservation {
            nonce,
            units: vec![],
            reservation: Reservation { order: UNUSED, placements: vec![], ips: 0 },
            valid_until,
            quotes: quotes.iter().map(quote).collect(),
        }
    }

    #[test]
    fn each_limit_counts_what_holds_and_what_is_asked_for() {
        let open = OpenQuotes::new([
            reserved(1, 100, &[("ann", "net1", "ann"), ("bob", "net1", "bob")]),
            reserved(2, 100, &[("ann", "net1", "house")]),
        ]);
        let limits = QuoteLimits { of_asker: 3, for_tenant: 2, of_network: 5 };
        for (who, network, tenant, more, expected) in [
            ("ann", "net2", "eve", 1, Ok(())),
            ("ann", "net2", "eve", 2, Err(TooMany::Asker(3))),
            ("eve", "net2", "house", 1, Ok(())),
            // What others ask for in its name counts against nobody's own.
            ("eve", "net2", "house", 2, Ok(())),
            ("house", "net2", "house", 2, Ok(())),
            ("eve", "net1", "eve", 2, Ok(())),
            ("dan", "net1", "dan", 3, Err(TooMany::Tenant(2))),
        ] {
            let found = open.check(&asker(who, network), tenant, more, &limits);
            assert_eq!(found, expected, "{who} {network} {tenant} {more}");
        }
        let limits = QuoteLimits { of_network: 4, ..limits };
        let found = open.check(&asker("eve", "net1"), "eve", 2, &limits);
        assert_eq!(found, Err(TooMany::Network(4)));
    }

    #[test]
    fn a_quote_that_was_used_counts_against_nobody_and_reserves_until_its_lease_does() {
        let mut used = reserved(1, 100, &[]);
        used.reservation.order = OrderId(7);
        let open = OpenQuotes::new([used, reserved(2, 100, &[("ann", "net1", "ann")])]);
        assert_eq!((open.slots(), open.for_tenant("ann")), (1, 1));
        assert_eq!(open.reserved(|_| false).count(), 2);
        let left: Vec<_> = open.reserved(|order| order == OrderId(7)).collect();
        assert_eq!(left.iter().map(|one| one.order).collect::<Vec<_>>(), [UNUSED]);
        assert!(!open.any_lapsed(100) && open.any_lapsed(101));
        let mut used = reserved(1, 100, &[]);
        used.reservation.order = OrderId(7);
        let used = OpenQuotes::new([used]);
        assert!(!used.any_lapsed(700) && used.any_lapsed(701), "it is forgotten, too");
    }

    #[test]
    fn a_nonce_is_shared_for_the_same_units_while_it_lasts_and_once_in_a_deployment() {
        let full: Vec<_> = (0..MAX_SHARED).map(|_| ("ann", "net1", "ann")).collect();
        let mut used = reserved(9, 200, &[]);
        used.reservation.order = OrderId(7);
        let open = OpenQuotes::new([
            reserved(1, 100, &[]),
            reserved(2, 120, &[]),
            reserved(3, 130, &full),
            used,
        ]);
        let shared = |now, taken: &[u64]| open.to_share(&[], now, taken).map(|one| one.nonce);
        assert_eq!(shared(50, &[]), Some(2));
        assert_eq!(shared(50, &[2]), Some(1));
        assert_eq!(shared(100, &[2]), None, "its last second is too near");
        assert_eq!(shared(110, &[]), Some(2));
        assert_eq!(shared(111, &[]), None);
    }
}
