//! Leases by prices that providers signed: with the deployment, or for an open order.

mod once;
mod refused;
mod slots;

use cosmwasm_std::coins;
use souk_api::{
    defaults::{DENOM, MIN_DEPOSIT, TAKE_BPS},
    orderbook::{
        Absence, ExecuteMsg, LeaseState, NewDeployment, OrderState, Quote,
        events::{DeploymentCreated, LeaseCreated, OrderOpened},
    },
};
use souk_contract_std::CommonError;
use souk_core::{
    Attribute, DeploymentId, GroupSeq, OrderId, SignedBy,
    time::{DAY, HOUR},
};
use souk_orderbook::{ContractError, QuoteError};

use crate::market::*;

fn web() -> NewDeployment {
    deployment(&[group("web", 1_000)], tenant_choice())
}

/// A market with a provider `pro` that quotes.
fn quoting() -> Market {
    let mut market = Market::new();
    market.quoting_provider("pro");
    market
}

/// A lease of `pro` at 900 for `ann`, that began with its deployment.
fn leased(market: &mut Market) -> (DeploymentId, OrderId) {
    let new = web();
    let quote = market.quote("pro", &market.asked("ann", &new, 0), 900);
    let id = market.create_with_quotes("ann", &new, &[quote], PLENTY).unwrap();
    (id, market.deployment(id).groups[0].order)
}

#[test]
fn a_deployment_by_quotes_has_its_leases_in_its_first_block_and_no_order_takes_bids() {
    let mut market = quoting();
    market.quoting_provider("other");
    let new = deployment(&[group("web", 1_000), group("db", 2_000)], tenant_choice());
    let mut first = market.quote("pro", &market.asked("ann", &new, 0), 900);
    first.offer = vec![Attribute::new("gpu/model", "h100")];
    let first = market.signed(&quote_key("pro"), &market.asked("ann", &new, 0), first);
    let second = market.quote("other", &market.asked("ann", &new, 1), 2_000);
    let quotes = vec![first.clone(), second];
    let msg = ExecuteMsg::CreateWithQuotes { deployment: new, quotes };
    let ann = market.who("ann");
    let response = market.pay(&ann, &msg, &coins(PLENTY, DENOM)).unwrap();
    let id = market.events_of::<DeploymentCreated>(&response)[0].deployment;
    assert_eq!(market.events_of::<OrderOpened>(&response), []);
    let created = market.events_of::<LeaseCreated>(&response);
    let event = LeaseCreated {
        order: OrderId(1),
        deployment: id,
        group: GroupSeq(1),
        tenant: ann.to_string(),
        provider: market.who("pro").into(),
        price: price(900),
        denom: usouk(),
        nonce: Some(first.nonce),
        offer: Some(r#"[{"key":"gpu/model","value":"h100"}]"#.into()),
    };
    assert_eq!(created[0], event);
    assert_eq!((created[1].price, created[1].offer.clone()), (price(2_000), None));

    let account = market.account(id);
    assert_eq!((account.streams, account.clock.rate.u128()), (2, 2_900));
    assert_eq!(account.reserved.u128(), 0, "nothing more can come to be paid");
    for (order, name) in [(OrderId(1), "pro"), (OrderId(2), "other")] {
        let lease = market.lease_of(order);
        assert_eq!((lease.state, lease.created_at), (LeaseState::Active, market.now()));
        assert_eq!(lease.provider, market.who(name).to_string());
        assert_eq!(lease.absence, Some(Absence::default()));
        assert_eq!(market.order_of(order).state, OrderState::Active);
        assert_eq!(market.bids(order), []);
    }
    let lease = market.lease_of(OrderId(1));
    assert_eq!((lease.nonce, lease.offer), (Some(first.nonce), first.offer), "what was promised");
    market.pass(2 * HOUR);
    let stream = market.stream(id, OrderId(1));
    assert_eq!((stream.earned, stream.take_bps), (amount(1_800), TAKE_BPS));
    assert_eq!(stream.payee, market.payee("pro").to_string());
}

#[test]
fn a_quote_for_an_open_order_becomes_its_lease_and_lets_its_reserve_go() {
    let mut market = quoting();
    let order = market.order("ann", tenant_choice());
    let quote = market.quote("pro", &market.asked_by(order), 900);
    let response = market.accept_quote("ann", order, quote.clone()).unwrap();
    assert_eq!(market.events_of::<LeaseCreated>(&response)[0].nonce, Some(quote.nonce));
    let account = market.account(market.order_of(order).group.deployment);
    assert_eq!((account.reserved.u128(), account.clock.rate.u128()), (0, 900));
    assert_eq!(market.lease_of(order).price, price(900));
}

#[test]
fn what_follows_a_lease_by_a_quote_is_what_follows_one_by_a_bid() {
    let mut market = quoting();
    let (id, order) = leased(&mut market);
    market.pass(HOUR);
    market.provider_closes("pro", order, souk_core::CloseReason::Unstable).unwrap();
    assert_eq!(market.stats_of("pro").breaches, 1);
    let next = market.deployment(id).groups[0].order;
    let shown = market.order_of(next);
    assert_eq!(shown.state, OrderState::Open, "the group goes out for bids");
    assert_eq!(shown.excluded, [market.who("pro").to_string()]);
    assert_eq!(market.account(id).reserved.u128(), 1_000, "with its ceiling behind it");
    market.provider("other");
    market.place("other", next, 800).unwrap();
    market.accept("ann", next, "other", 800).unwrap();
    market.close("ann", id).unwrap();
}

#[test]
fn its_provider_was_there_when_it_signed_and_that_never_falls() {
    let mut market = quoting();
    let new = web();
    let quote = market.quote("pro", &market.asked("ann", &new, 0), 900);
    let signed_at = market.now();
    market.pass(30);
    market.create_with_quotes("ann", &new, &[quote], PLENTY).unwrap();
    let stats = market.stats_of("pro");
    assert_eq!((stats.seen_at, stats.seen_block), (signed_at, market.app.block_info().height));
    let late = market.quote("pro", &market.asked("bob", &new, 0), 900);
    market.pass(30);
    market.heartbeat("pro").unwrap();
    let seen_at = market.now();
    market.create_with_quotes("bob", &new, &[late], PLENTY).unwrap();
    assert_eq!(market.stats_of("pro").seen_at, seen_at);
}

#[test]
fn a_delegate_takes_a_quote_within_its_limit() {
    let mut market = quoting();
    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    let quote = market.quote("pro", &market.asked_by(order), 900);
    market.set_delegate("ann", id, "desk", Some(899)).unwrap();
    let above = market.accept_quote("desk", order, quote.clone()).unwrap_err();
    assert!(matches!(above, ContractError::Delegate(_)), "{above}");
    market.set_delegate("ann", id, "desk", Some(900)).unwrap();
    assert!(market.accept_quote("stranger", order, quote.clone()).is_err());
    market.accept_quote("desk", order, quote).unwrap();
}

#[test]
fn a_deposit_carries_the_prices_for_the_least_runway_or_nothing_is_created() {
    let mut market = quoting();
    let new = deployment(&[group("web", 10 * MIN_DEPOSIT)], tenant_choice());
    let asked = market.asked("ann", &new, 0);
    let before = market.storage();
    let dear = market.quote("pro", &asked, MIN_DEPOSIT + 1);
    let error = market.create_with_quotes("ann", &new, &[dear], MIN_DEPOSIT).unwrap_err();
    assert!(matches!(error, ContractError::NotCarried(_)), "{error}");
    let storage = market.storage();
    assert!(before.iter().all(|(key, value)| storage.get(key) == Some(value)));
    // The ceiling of ten times as much is no matter: nothing else can come to be paid.
    let fine = market.quote("pro", &asked, MIN_DEPOSIT);
    market.create_with_quotes("ann", &new, &[fine], MIN_DEPOSIT).unwrap();
}

#[test]
fn a_pause_stops_quotes_from_becoming_leases() {
    let mut market = quoting();
    let (new, order) = (web(), market.order("ann", tenant_choice()));
    let created = market.quote("pro", &market.asked("ann", &new, 0), 900);
    let accepted = market.quote("pro", &market.asked_by(order), 900);
    market.pause(true);
    let paused = || ContractError::from(CommonError::Paused);
    let create = market.create_with_quotes("ann", &new, std::slice::from_ref(&created), PLENTY);
    assert_eq!(create.unwrap_err(), paused());
    assert_eq!(market.accept_quote("ann", order, accepted.clone()).unwrap_err(), paused());
    market.pause(false);
    market.create_with_quotes("ann", &new, &[created], PLENTY).unwrap();
    market.accept_quote("ann", order, accepted).unwrap();
}
