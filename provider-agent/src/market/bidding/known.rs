//! What bidding knows of orders, own bids and reservations, in memory. Commits of the store name what they
//! change, so that one change does not read all of it again.

use std::collections::{BTreeMap, BTreeSet};

use souk_core::OrderId;

use crate::{
    model::{
        Bid, BidProgress, Order,
        placement::Reservation,
        quoting::{OpenQuotes, QuoteReservation},
    },
    store::{Store, StoreError, bids, leases, orders, quotes, reservations},
};

/// Orders that take bids, own bids, and what is reserved.
#[derive(Debug, Default)]
pub(super) struct Known {
    orders: BTreeMap<OrderId, Order>,
    bids: BTreeMap<OrderId, Bid>,
    reserved: BTreeMap<OrderId, Reservation>,
    /// Live bids and active leases without a reservation.
    unreserved: BTreeSet<OrderId>,
    quotes: OpenQuotes,
    /// Quotes that may be out of which the store does not know.
    out: Option<quotes::QuotesOut>,
}

/// What a commit changed, beside the orders themselves.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Changed {
    /// A reservation came, went or changed, or one is missing.
    pub reservations: bool,
    /// A bid holds no slot of the bond any more.
    pub slot_is_free: bool,
}

/// The store's rows of one order.
struct Rows {
    id: OrderId,
    order: Option<Order>,
    bid: Option<Bid>,
    reservation: Option<Reservation>,
    is_leased: bool,
}

fn rows(sql: &rusqlite::Connection, id: OrderId) -> Result<Rows, StoreError> {
    Ok(Rows {
        id,
        order: orders::get(sql, id)?.filter(|order| order.open),
        bid: bids::get(sql, id)?,
        reservation: reservations::get(sql, id)?,
        is_leased: leases::is_active(sql, id)?,
    })
}

impl Known {
    /// Reads all of it.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        store
            .read(|sql| {
                let mut known = Self {
                    orders: orders::open(sql)?.into_iter().map(|one| (one.id, one)).collect(),
                    bids: bids::all(sql)?.into_iter().map(|one| (one.order, one)).collect(),
                    reserved: reservations::all(sql)?
                        .into_iter()
                        .map(|one| (one.order, one))
                        .collect(),
                    quotes: OpenQuotes::new(quotes::all(sql)?),
                    out: quotes::out(sql)?,
                    ..Self::default()
                };
                let leased = leases::active(sql)?.into_iter().map(|lease| lease.order);
                let live = known.bids.values().filter(|bid| bid.progress.is_live());
                let holders: BTreeSet<_> = leased.chain(live.map(|bid| bid.order)).collect();
                let free = holders.into_iter().filter(|id| !known.reserved.contains_key(id));
                known.unreserved = free.collect();
                Ok::<_, StoreError>(known)
            })
            .await
    }

    /// Reads what commits changed.
    pub async fn reload(
        &mut self,
        store: &Store,
        changed: &BTreeSet<OrderId>,
    ) -> Result<Changed, StoreError> {
        let asked = changed.clone();
        let found: Vec<Rows> = store
            .read(move |sql| asked.into_iter().map(|id| rows(sql, id)).collect::<Result<_, _>>())
            .await?;
        let mut changed = Changed::default();
        for rows in found {
            let one = self.set(rows);
            changed.reservations |= one.reservations;
            changed.slot_is_free |= one.slot_is_free;
        }
        Ok(changed)
    }

    /// Reads what signed quotes reserve; returns how many became leases since, if anything changed. What a lease has
    /// is counted as the quote's until its own reservation is read, so that the order of both does not matter.
    pub async fn reload_quotes(&mut self, store: &Store) -> Result<Option<usize>, StoreError> {
        let read = |sql: &rusqlite::Connection| Ok((quotes::all(sql)?, quotes::out(sql)?));
        let (all, out) = store.read::<_, StoreError, _>(read).await?;
        let now = OpenQuotes::new(all);
        self.out = out;
        if now == self.quotes {
            return Ok(None);
        }
        let before: BTreeSet<OrderId> = self.quotes.leases().collect();
        let used = now.leases().filter(|order| !before.contains(order)).count();
        self.quotes = now;
        Ok(Some(used))
    }

    fn set(&mut self, rows: Rows) -> Changed {
        let Rows { id, order, bid, reservation, is_leased } = rows;
        let is_live = bid.as_ref().is_some_and(|bid| bid.progress.is_live());
        let holds = bid.as_ref().is_some_and(|bid| bid.progress.holds_slot());
        let held = self.bids.get(&id).is_some_and(|bid| bid.progress.holds_slot());
        let is_missing = (is_live || is_leased) && reservation.is_none();
        let changed = Changed {
            reservations: is_missing || self.reserved.get(&id) != reservation.as_ref(),
            slot_is_free: held && !holds,
        };
        match is_missing {
            true => drop(self.unreserved.insert(id)),
            false => drop(self.unreserved.remove(&id)),
        }
        put(&mut self.orders, id, order);
        put(&mut self.bids, id, bid);
        put(&mut self.reserved, id, reservation);
        changed
    }

    /// An order that takes bids.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// The orders that take bids.
    pub fn open(&self) -> impl Iterator<Item = OrderId> {
        self.orders.keys().copied()
    }

    /// The own bid on an order.
    pub fn bid(&self, id: OrderId) -> Option<&Bid> {
        self.bids.get(&id)
    }

    /// Whether lost bids keep a tenant from bids: it has `most` that hold slots, and some of them are lost.
    pub fn lost_bids_are_in_the_way(&self, most: u32) -> bool {
        let mut holding: BTreeMap<&str, u32> = BTreeMap::new();
        for bid in self.bids.values().filter(|bid| bid.progress.holds_slot()) {
            *holding.entry(&bid.tenant).or_default() += 1;
        }
        let lost = self.bids.values().filter(|bid| bid.progress == BidProgress::Lost);
        lost.map(|bid| holding.get(bid.tenant.as_str()))
            .any(|held| held.is_some_and(|n| *n >= most))
    }

    /// All own bids.
    pub fn bids(&self) -> impl Iterator<Item = &Bid> {
        self.bids.values()
    }

    /// What is reserved for an order.
    pub fn reservation(&self, id: OrderId) -> Option<&Reservation> {
        self.reserved.get(&id)
    }

    /// All that is reserved: for bids, leases and quotes.
    pub fn reserved(&self) -> impl Iterator<Item = &Reservation> {
        let quoted = self.quotes.reserved(|order| self.reserved.contains_key(&order));
        self.reserved.values().chain(quoted)
    }

    /// Signed quotes and what they reserve.
    pub fn quotes(&self) -> &OpenQuotes {
        &self.quotes
    }

    /// Quotes that may be out of which the store does not know.
    pub fn quotes_out(&self) -> Option<&quotes::QuotesOut> {
        self.out.as_ref()
    }

    /// Adds quotes, as they were just stored.
    pub fn add_quote(&mut self, row: QuoteReservation) {
        self.quotes.add(row);
    }

    /// Live bids and active leases without a reservation.
    pub fn unreserved(&self) -> &BTreeSet<OrderId> {
        &self.unreserved
    }

    /// Adds a reservation, as it was just stored.
    pub fn reserve(&mut self, reservation: Reservation) {
        self.unreserved.remove(&reservation.order);
        self.reserved.insert(reservation.order, reservation);
    }

    /// Adds a bid, as it was just stored.
    pub fn add(&mut self, bid: Bid) {
        self.bids.insert(bid.order, bid);
    }
}

fn put<T>(map: &mut BTreeMap<OrderId, T>, id: OrderId, value: Option<T>) {
    match value {
        Some(value) => drop(map.insert(id, value)),
        None => drop(map.remove(&id)),
    }
}
