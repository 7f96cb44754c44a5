//! Prices that providers signed: who may use them, for what and when, by the rules alone.

use souk_api::{
    attestations,
    defaults::MIN_DEPOSIT,
    orderbook::{Absence, ExecuteMsg, NewDeployment, Quote},
    registry,
};
use souk_core::{
    AuctionPolicy, Denom, GroupSpec,
    time::{DAY, HOUR},
};

use super::{orders::TAKE, *};
use crate::{expected::Stream, market::Asked};

/// For how long a quote holds at most.
pub(super) const LONGEST: u64 = 600;

/// Whether something is possible, or why not.
type Fits = Result<(), &'static str>;

/// What a provider signed, with which key, for whom and for what.
struct Signed {
    key: HexBinary,
    asked: Asked,
    quote: Quote,
}

/// The lease that a nonce made.
struct Use {
    order: u64,
    at: u64,
    /// Whether its order was pruned.
    forgotten: bool,
}

/// What is known of quotes, and of those who sign them.
#[derive(Default)]
pub struct Quotes {
    signed: Vec<Signed>,
    used: BTreeMap<(String, u64), Use>,
    keys: BTreeMap<String, HexBinary>,
    maintenance: BTreeSet<String>,
    /// Until when auditors vouch for a provider.
    attested: BTreeMap<String, u64>,
    delisted: BTreeSet<Denom>,
}

/// What a quote is used for.
struct Wanted<'a> {
    tenant: &'a str,
    spec: &'a GroupSpec,
    denom: Denom,
    absence: Option<Absence>,
    /// The notice that is asked for.
    notice: Option<u64>,
    allow: &'a [String],
    refuse: &'a [String],
    excluded: &'a [String],
}

fn ensure(holds: bool, otherwise: &'static str) -> Fits {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl Quotes {
    /// A provider signs.
    pub fn sign(&mut self, key: HexBinary, asked: &Asked, quote: &Quote) {
        self.signed.push(Signed { key, asked: asked.clone(), quote: quote.clone() });
    }

    pub(super) fn of_registry(&mut self, msg: &registry::ExecuteMsg) {
        match msg {
            registry::ExecuteMsg::SetQuoteKey { provider, key: Some(key) } => {
                self.keys.insert(provider.clone(), key.clone());
            }
            registry::ExecuteMsg::SetQuoteKey { provider, key: None } => {
                self.keys.remove(provider);
            }
            registry::ExecuteMsg::SetMaintenance { provider, on: true } => {
                self.maintenance.insert(provider.clone());
            }
            registry::ExecuteMsg::SetMaintenance { provider, on: false } => {
                self.maintenance.remove(provider);
            }
            _ => {}
        }
    }

    pub(super) fn of_attestations(&mut self, msg: &attestations::ExecuteMsg) {
        match msg {
            attestations::ExecuteMsg::Attest { provider, expires_at, .. } => {
                self.attested.insert(provider.clone(), *expires_at);
            }
            attestations::ExecuteMsg::Revoke { provider, .. } => {
                self.attested.remove(provider);
            }
            _ => {}
        }
    }

    /// Which denoms the owner takes.
    pub(super) fn of_owner(&mut self, msg: &ExecuteMsg) {
        let ExecuteMsg::UpdateConfig { denoms: Some(denoms), .. } = msg else { return };
        for config in denoms {
            match config.delisted {
                Some(true) => self.delisted.insert(config.denom.clone()),
                Some(false) => self.delisted.remove(&config.denom),
                None => false,
            };
        }
    }

    /// An order was pruned.
    pub(super) fn forget(&mut self, order: u64) {
        let of_it = self.used.values_mut().filter(|used| used.order == order);
        of_it.for_each(|used| used.forgotten = true);
    }

    /// How many nonces are remembered.
    pub fn nonces(&self) -> usize {
        self.used.values().filter(|used| !used.forgotten).count()
    }

    /// Whether a quote fits what it is used for at this second, slots and money aside.
    fn check(&self, now: u64, wanted: &Wanted, quote: &Quote) -> Fits {
        let Quote { provider, issued_at, valid_until, .. } = quote;
        ensure(*issued_at <= now, "from the future")?;
        ensure(now <= *valid_until, "over")?;
        ensure(valid_until - issued_at <= LONGEST, "for too long")?;
        ensure(quote.max_take_bps >= TAKE, "another take rate")?;
        let notice = match (wanted.notice, quote.reclamation_window) {
            (None, None) => true,
            (Some(asked), Some(given)) => (asked..=30 * DAY).contains(&given),
            _ => false,
        };
        ensure(notice, "another notice")?;
        let for_this = |signed: &Signed| {
            signed.quote == *quote
                && self.keys.get(provider) == Some(&signed.key)
                && signed.asked.tenant == wanted.tenant
                && signed.asked.spec == *wanted.spec
                && signed.asked.denom == wanted.denom
                && signed.asked.absence == wanted.absence
        };
        ensure(self.signed.iter().any(for_this), "not signed for this")?;
        ensure(!self.maintenance.contains(provider), "in maintenance")?;
        ensure(wanted.allow.is_empty() || wanted.allow.contains(provider), "not allowed")?;
        let out = wanted.refuse.iter().chain(wanted.excluded);
        ensure(out.into_iter().all(|one| one != provider), "left out")?;
        ensure(quote.price <= wanted.spec.ceiling, "above the ceiling")?;
        let vouched = self.attested.get(provider).is_some_and(|until| now < *until);
        ensure(vouched || wanted.spec.requirements.signed_by.is_empty(), "not attested")?;
        // One that was signed before another took its nonce is worth nothing for ever, and any other one as long as
        // the nonce is remembered.
        let used = self.used.get(&(provider.clone(), quote.nonce));
        ensure(used.is_none_or(|used| used.forgotten && *issued_at > used.at), "used")
    }
}

impl Ledger {
    /// A message with quotes goes well if and only if the rules say so.
    pub(super) fn foretell(
        &mut self,
        from: &str,
        msg: &ExecuteMsg,
        paid: Option<(usize, u128)>,
        done: bool,
    ) {
        let expected = match msg {
            ExecuteMsg::CreateWithQuotes { deployment, quotes } => {
                self.may_create(from, deployment, quotes, paid)
            }
            ExecuteMsg::AcceptQuote { order, quote } => self.may_accept(from, order.0, quote),
            _ => return,
        };
        if let Err(why) = expected {
            *self.refused.entry(why).or_default() += 1;
        }
        let now = self.now;
        assert_eq!(done, expected.is_ok(), "{expected:?}: {msg:?} of {from} at {now}");
    }

    fn may_create(
        &mut self,
        from: &str,
        new: &NewDeployment,
        quotes: &[Quote],
        paid: Option<(usize, u128)>,
    ) -> Fits {
        ensure(!self.presence.stands_still((self.now, self.height)), "paused")?;
        let (held, units) = paid.ok_or("nothing is paid in")?;
        let denom = self.fees.denom(held);
        ensure(!self.quotes.delisted.contains(&denom), "delisted")?;
        ensure(matches!(new.auction, AuctionPolicy::TenantChoice {}), "an auction")?;
        ensure(quotes.len() == new.groups.len(), "one for each group")?;
        ensure(units >= MIN_DEPOSIT * quotes.len() as u128, "the least deposit")?;
        let sum: u128 = quotes.iter().map(|quote| quote.price.u128()).sum();
        ensure(units * PARTS >= sum * u128::from(HOUR), "not carried")?;
        let mut taken = BTreeSet::new();
        for (spec, quote) in new.groups.iter().zip(quotes) {
            let wanted = Wanted {
                tenant: from,
                spec,
                denom: denom.clone(),
                absence: Some(new.absence.unwrap_or_default()),
                notice: new.reclamation.map(|asked| asked.min_window),
                allow: &new.allow,
                refuse: &new.refuse,
                excluded: &[],
            };
            self.quotes.check(self.now, &wanted, quote)?;
            let provider = &quote.provider;
            let before = taken.iter().filter(|(of, _)| *of == provider).count();
            self.has_slot(provider, self.slots(provider) + before)?;
            ensure(taken.insert((provider, quote.nonce)), "used")?;
        }
        Ok(())
    }

    fn may_accept(&mut self, from: &str, id: u64, quote: &Quote) -> Fits {
        ensure(!self.presence.stands_still((self.now, self.height)), "paused")?;
        let order = self.orders.get(&id).ok_or("no order")?;
        let (_, account) = &self.accounts[&order.deployment];
        let deal = &self.deals[&order.deployment];
        let price = quote.price.u128();
        if from != deal.tenant {
            let delegate = deal.delegate.as_ref().filter(|(delegate, _)| delegate == from);
            let (_, limit) = delegate.ok_or("neither tenant nor delegate")?;
            let after = account.rate() + price;
            ensure(limit.is_some_and(|limit| after <= limit), "the delegate's limit")?;
        }
        ensure(!order.binds && !order.is_over(self.now), "not open to it")?;
        let wanted = Wanted {
            tenant: &deal.tenant,
            spec: &deal.new.groups[order.group],
            denom: self.fees.denom(deal.held),
            absence: order.absence,
            notice: deal.new.reclamation.map(|asked| asked.min_window),
            allow: &order.allow,
            refuse: &order.refuse,
            excluded: &order.excluded,
        };
        self.quotes.check(self.now, &wanted, quote)?;
        // The slot of its own bid becomes the lease's.
        let own = usize::from(order.bids.contains_key(&quote.provider));
        self.has_slot(&quote.provider, self.slots(&quote.provider) - own)?;
        let stream = Stream::new(0, price, TAKE, 0);
        let carried = account.clone().open(id, stream, order.released(), HOUR);
        ensure(carried.is_ok(), "not carried")
    }

    fn has_slot(&self, provider: &str, used: usize) -> Fits {
        ensure((used as u128) < self.bonds[provider].bond / SLOT, "no slot is free")
    }

    /// A quote makes a lease; its provider was there when it signed.
    pub(super) fn use_quote(&mut self, id: u64, quote: &Quote) {
        let used = Use { order: id, at: self.now, forgotten: false };
        self.quotes.used.insert((quote.provider.clone(), quote.nonce), used);
        let moment = (quote.issued_at, self.height);
        self.presence.see_later(&quote.provider, moment);
    }
}
