//! What must hold after every step, beside the books: for all that the step changed, and every so often for all.

use std::collections::{BTreeMap, BTreeSet};

use souk_api::{
    defaults::MIN_RUNWAY,
    orderbook::{
        BidState, DeploymentResponse, DeploymentState, GroupState, LeaseState, MAX_EXCLUDED,
        MAX_ROUNDS, MAX_STARTS, OrderState,
    },
};
use souk_core::DeploymentId;

use super::{
    expected::PARTS,
    ledger::Ledger,
    steps::{PROVIDERS, Play},
    view::{Seen, View},
};

/// Bank, escrow and orderbook agree with one another, with themselves and with the books.
pub fn check(play: &mut Play, when: &str) {
    play.ledger.check(&play.market, when);
    let (view, ledger) = (&play.view, &play.ledger);
    for seen in view.orders.values() {
        if view.changed.contains(&seen.order.group.deployment) {
            order(play, seen, when);
        }
    }
    providers(play, when);
    let accounts = ledger.touched.iter().copied().map(DeploymentId);
    let touched: BTreeSet<_> = accounts.chain(view.changed.iter().copied()).collect();
    for id in &touched {
        if let Some(shown) = view.deployments.get(id) {
            deployment(play, shown, when);
        }
        ledger.check_account(&play.market, id.0, when);
    }
    assert_eq!(view.under(b'w'), view.under(b'd'), "the tenants' index; {when}");
}

/// The index lists each bid once, the lowest first, as the books have them; a lease is its winner's.
fn order(play: &Play, seen: &Seen, when: &str) {
    let Seen { order, bids, lease } = seen;
    let known = &play.ledger.orders[&order.id.0];
    if order.state == OrderState::Open {
        let lists = &play.lists[&order.id];
        assert_eq!(
            (&lists.0, &lists.1),
            (&order.allow, &order.refuse),
            "it keeps its lists; {when}"
        );
    }
    let places: Vec<_> = bids.iter().map(|bid| (bid.price, bid.position)).collect();
    assert!(places.is_sorted(), "{places:?}; {when}");
    let mut expected: Vec<_> = known.bids.iter().map(|(who, bid)| (*bid, who.clone())).collect();
    expected.sort();
    let expected: Vec<_> = expected.into_iter().map(|(bid, who)| (bid.price, who)).collect();
    let shown: Vec<_> = bids.iter().map(|bid| (bid.price.u128(), bid.provider.clone())).collect();
    assert_eq!(shown, expected, "bids on {}; {when}", order.id);
    let winners = bids.iter().filter(|bid| bid.state == BidState::Active).count();
    assert!(winners <= 1, "{when}");
    let open = order.state == OrderState::Open;
    assert!(bids.iter().all(|bid| (bid.state == BidState::Open) == open), "{when}");
    let Some(lease) = lease else {
        assert!(known.lease.is_none(), "the lease of {} is gone; {when}", order.id);
        return;
    };
    let won = known.lease.as_ref().unwrap();
    let shown = (lease.provider.as_str(), lease.price.u128(), lease.created_at, lease.closed_at);
    let own = (won.provider.as_str(), won.price, won.since, won.ended.map(|(at, _)| at));
    assert_eq!(shown, own, "the lease of {}; {when}", order.id);
    assert_eq!(lease.nonce, won.quote.map(|quote| quote.nonce), "its quote; {when}");
    assert_eq!(lease.state.runs(), won.ended.is_none(), "{when}");
    if lease.state == LeaseState::Reclaiming {
        // What was announced changes nothing of the pay.
        let stream = play.market.stream(order.group.deployment, order.id);
        assert!(stream.open && stream.rate == lease.price, "{when}");
        assert!(lease.reclaim.is_some_and(|reclaim| !reclaim.ended), "{when}");
    }
    if lease.state.runs() {
        assert_eq!(order.state, OrderState::Active, "{when}");
        let by_quote = won.quote.is_some_and(|quote| quote.holds_slot);
        let holds = winners + usize::from(by_quote);
        assert_eq!(holds, 1, "a running lease keeps its slot; {when}");
    }
}

/// Slots in use are bid records and leases by quotes; nonces are those of orders that were not pruned; a provider's
/// history is that of its leases.
fn providers(play: &Play, when: &str) {
    let (view, ledger) = (&play.view, &play.ledger);
    for name in PROVIDERS {
        let stats = &view.stats[name];
        let provider = &stats.provider;
        assert_eq!(stats.used as usize, ledger.slots(provider), "slots of {name}; {when}");
        let runs =
            |lease: &super::ledger::Lease| lease.provider == *provider && lease.ended.is_none();
        let active = ledger.orders.values().filter_map(|order| order.lease.as_ref());
        assert_eq!(
            stats.active as usize,
            active.filter(|lease| runs(lease)).count(),
            "{name}; {when}"
        );
        let breaches = ledger.breaches.get(provider).copied().unwrap_or(0);
        assert_eq!(stats.breaches, breaches, "breaches of {name}; {when}");
        let absences = ledger.presence.absences.get(provider).copied().unwrap_or(0);
        assert_eq!(stats.absences, absences, "absences of {name}; {when}");
        let ended: u64 = stats.closed.iter().map(|(_, count)| count).sum();
        assert_eq!(stats.won, u64::from(stats.active) + ended, "history of {name}; {when}");
    }
    let records: usize = view.orders.values().map(|seen| seen.bids.len()).sum();
    let binds = view.orders.values().filter(|seen| ledger.orders[&seen.order.id.0].binds);
    let by_price: usize = binds.map(|seen| seen.bids.len()).sum();
    let leases = view.orders.values().filter(|seen| seen.lease.is_some()).count();
    let nonces = ledger.quotes.nonces();
    for (namespace, count) in [(b't', records), (b'x', by_price), (b'l', leases), (b'q', nonces)] {
        assert_eq!(view.under(namespace), count, "keys of `{}`; {when}", char::from(namespace));
    }
}

/// Each group has one order that counts; account and streams are those of the leases.
fn deployment(play: &Play, deployment: &DeploymentResponse, when: &str) {
    let (market, view) = (&play.market, &play.view);
    let closed = deployment.state == DeploymentState::Closed;
    let account = market.account(deployment.id);
    assert_eq!(account.closed, closed, "{when}");
    let (mut rate, mut reserved, mut streams) = (0, 0, 0);
    for Seen { order, lease, .. } in view.orders_of(deployment.id) {
        let latest = deployment.groups.iter().any(|group| group.order == order.id);
        let recorded_open = order.state == OrderState::Open;
        if let Some(lease) = lease.as_ref().filter(|_| order.state == OrderState::Active) {
            rate += lease.price.u128();
            streams += 1;
            assert!(market.stream(deployment.id, order.id).open, "{when}");
        }
        // Past its end an order still counts, until that is recorded: then its group rests.
        let of_its_group = deployment.groups.iter().find(|one| one.order == order.id);
        let waits = of_its_group.is_some_and(|group| group.state == GroupState::Open)
            && order.state == OrderState::Closed
            && lease.is_none();
        let says = if recorded_open || waits { order.spec.ceiling.u128() } else { 0 };
        assert_eq!(order.reserved.u128(), says, "reserve of order {}; {when}", order.id);
        reserved += order.reserved.u128();
        let rests = deployment
            .groups
            .iter()
            .any(|group| group.seq == order.group.group && group.state != GroupState::Open);
        assert!(latest || order.state == OrderState::Closed, "{when}");
        assert!(!rests || order.state == OrderState::Closed, "what rests has no order; {when}");
        assert!(!closed || order.state == OrderState::Closed, "{when}");
    }
    for group in &deployment.groups {
        if group.state == GroupState::Open {
            let seen = view.orders.get(&group.order);
            let order = &seen.unwrap_or_else(|| panic!("{group:?} has an order; {when}")).order;
            // What expired is closed, though nobody recorded it.
            let expired = market.now() > order.expires_at && order.closes_at.is_none();
            let lives = matches!(order.state, OrderState::Open | OrderState::Active);
            assert!(lives || expired, "an open group's order is open or leased; {when}");
        }
        assert!(group.excluded.len() <= MAX_EXCLUDED, "{when}");
        assert!(group.rounds <= MAX_ROUNDS.into(), "{when}");
        assert!(group.starts <= MAX_STARTS.into(), "{when}");
    }
    assert_eq!(account.streams, streams, "{when}");
    assert_eq!(account.clock.rate.u128(), rate, "rates of {}; {when}", deployment.id);
    assert_eq!(account.reserved.u128(), reserved, "reserve of {}; {when}", deployment.id);
}

/// Which open accounts last for the least runway at all they pay and reserve, by the books.
pub fn covered(ledger: &Ledger) -> BTreeMap<DeploymentId, Cover> {
    let open = ledger.accounts.iter().filter(|(_, (_, account))| !account.closed);
    let cover = |(id, (_, account)): (&u64, &(usize, super::expected::Account))| {
        let burden = account.rate() + account.reserved;
        let left = account.left() >= burden * u128::from(MIN_RUNWAY);
        let cover = Cover { carried: left && !account.depleted, spends: account.rate() > 0 };
        (DeploymentId(*id), cover)
    };
    open.map(cover).collect()
}

/// Whether an account carries what it pays and reserves, and whether anything runs that spends.
#[derive(Clone, Copy, Debug)]
pub struct Cover {
    pub carried: bool,
    pub spends: bool,
}

/// Nothing takes an account's cover but what its own leases spend as time passes; and what is opened is
/// covered then.
pub fn check_cover(
    before: &BTreeMap<DeploymentId, Cover>,
    after: &BTreeMap<DeploymentId, Cover>,
    passed: bool,
    opened: &[DeploymentId],
    when: &str,
) {
    for (id, cover) in after {
        let known = before.get(id);
        if known.is_some_and(|known| known.carried && !(passed && known.spends)) {
            assert!(cover.carried, "{id} lost its cover; {when}");
        }
        if opened.contains(id) {
            assert!(cover.carried, "{id} opened an order without cover; {when}");
        }
    }
}

/// At the end the orderbook holds its configuration, counters and providers' stats alone, and
/// the escrow no coin.
pub fn check_nothing_is_left(play: &Play) {
    let mut view = View::default();
    view.look(&play.market, true);
    for namespace in [b'd', b'w', b'g', b's', b'o', b't', b'x', b'l', b'q'] {
        assert_eq!(view.under(namespace), 0, "keys of `{}`", char::from(namespace));
    }
    let market = &play.market;
    assert_eq!(market.balance(&market.escrow), 0, "every coin is back");
    let left: u128 = play.ledger.accounts.values().map(|(_, account)| account.claims()).sum();
    assert_eq!(left / PARTS, 0, "nobody can claim anything");
}
