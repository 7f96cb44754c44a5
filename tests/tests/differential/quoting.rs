//! Leases by prices that providers signed, and several bids in a message: what both chains take and what they refuse.

use cosmwasm_std::HexBinary;
use ed25519_zebra::{SigningKey, VerificationKey};
use souk_api::{
    escrow,
    orderbook::{Absence, ExecuteMsg, NewBid, NewDeployment, Quote, QuotedFor},
    registry,
};
use souk_core::{
    AuctionPolicy, DeploymentId, GroupSpec, OrderId, presence::Market, quote::MAX_VALIDITY,
};
use souk_gateway::quote::sign;

use crate::{
    accounts::Who,
    market::{Contracts, group, native, opened, play_one, price},
    pair::{CHAIN_ID, Pair, address},
    tx::Tx,
};

const COIN: u128 = 1_000_000;
const CEILING: u128 = 40 * COIN;

fn key() -> SigningKey {
    SigningKey::from([7; 32])
}

/// A price of the provider for a tenant's group, signed as its agent does.
fn quote(contracts: &Contracts, tenant: Who, spec: &GroupSpec, at: u64, nonce: u64) -> Quote {
    let quote = Quote {
        provider: address(Who::Cheap),
        price: price(30 * COIN),
        max_take_bps: 200,
        offer: Vec::new(),
        reclamation_window: None,
        issued_at: at,
        valid_until: at + MAX_VALIDITY,
        nonce,
        signature: HexBinary::default(),
    };
    let market = Market { chain_id: CHAIN_ID, orderbook: &contracts.orderbook };
    let whom = QuotedFor {
        market,
        tenant: &address(tenant),
        spec,
        denom: &native(),
        absence: Some(Absence::default()),
    };
    sign(&key(), quote, whom)
}

fn new(groups: Vec<GroupSpec>) -> NewDeployment {
    NewDeployment {
        commitment: HexBinary::from([7; 32]),
        groups,
        auction: AuctionPolicy::TenantChoice {},
        delegate: None,
        delegate_limit: None,
        allow: Vec::new(),
        refuse: Vec::new(),
        reclamation: None,
        absence: None,
    }
}

/// Plays transactions, and says which of them succeeded.
async fn taken(pair: &mut Pair, batch: &[Tx]) -> Vec<bool> {
    pair.play(batch).await.iter().map(|outcome| outcome.success().is_some()).collect()
}

/// Plays them. The provider `Cheap` must be registered and able to bid.
pub async fn play(pair: &mut Pair, contracts: &Contracts) {
    let public = <[u8; 32]>::from(VerificationKey::from(&key()));
    let set = registry::ExecuteMsg::SetQuoteKey {
        provider: address(Who::Cheap),
        key: Some(public.into()),
    };
    let set = contracts.send(Who::Operator, &contracts.registry, &set);
    play_one(pair, Tx::new(Who::Operator, vec![set])).await;

    let groups = vec![group("web", CEILING), group("db", CEILING)];
    let at = u64::try_from(pair.time().await).unwrap();
    let quotes = |at: u64, nonce: u64| -> Vec<Quote> {
        let all = (nonce..).zip(&groups);
        all.map(|(nonce, spec)| quote(contracts, Who::Ann, spec, at, nonce)).collect()
    };
    let create = |who, quotes: Vec<Quote>| {
        let msg = ExecuteMsg::CreateWithQuotes { deployment: new(groups.clone()), quotes };
        Tx::new(who, vec![contracts.pay(who, &contracts.orderbook, &msg, 100 * COIN)])
    };
    let good = quotes(at, 1);
    let mut changed = quotes(at, 11);
    changed[1].price = price(29 * COIN);
    let turned: Vec<_> = quotes(at, 21).into_iter().rev().collect();
    play_one(pair, create(Who::Ann, good.clone())).await;
    let refused = [
        create(Who::Ann, good.clone()),
        create(Who::Bob, quotes(at, 31)),
        create(Who::Ann, changed),
        create(Who::Ann, turned),
        create(Who::Ann, good[..1].to_vec()),
        create(Who::Ann, quotes(at + 3_600, 41)),
        create(Who::Ann, quotes(at - MAX_VALIDITY - 60, 51)),
        create(Who::Ann, Vec::new()),
    ];
    assert_eq!(taken(pair, &refused).await, [false; 8]);

    let made = contracts.deploy(
        Who::Ann,
        vec![group("one", CEILING)],
        AuctionPolicy::TenantChoice {},
        100 * COIN,
    );
    let made = play_one(pair, Tx::new(Who::Ann, vec![made])).await;
    let (order, deployment) = opened(&made, contracts)[0];
    bids(pair, contracts, order).await;
    let quoted = quote(contracts, Who::Ann, &group("one", CEILING), at, 61);
    let accept = |who| {
        let msg = ExecuteMsg::AcceptQuote { order, quote: quoted.clone() };
        Tx::new(who, vec![contracts.to_orderbook(who, &msg)])
    };
    let accepts = [accept(Who::Bob), accept(Who::Ann), accept(Who::Ann)];
    assert_eq!(taken(pair, &accepts).await, [false, true, false]);
    let streams = vec![escrow::NewStream {
        stream: 9_999,
        payee: address(Who::Bob),
        rate: price(1),
        take_bps: 0,
        hold: 0,
    }];
    let begin = escrow::ExecuteMsg::OpenStreams { local: deployment.0, streams };
    pair.play(&[Tx::new(Who::Bob, vec![contracts.escrow(Who::Bob, &begin)])]).await;
    pair.compare_answers(contracts, deployment.0, order.0).await;
    pair.pass(3).await;
    pair.play(&[
        Tx::new(Who::Ann, vec![contracts.close(Who::Ann, deployment.0)]),
        Tx::new(Who::Cheap, vec![contracts.release(Who::Cheap, Who::Cheap, &[order.0])]),
    ])
    .await;
    pair.pass(3).await;
    let prune = ExecuteMsg::Prune { orders: vec![order] };
    pair.play(&[
        Tx::new(Who::Cheap, vec![contracts.release(Who::Cheap, Who::Cheap, &[order.0])]),
        Tx::new(Who::Ann, vec![contracts.to_orderbook(Who::Ann, &prune)]),
    ])
    .await;
    pair.compare_contracts(contracts).await;
}

/// One that is taken, one that lowers it, one that is no step, one on no order, one above the ceiling.
async fn bids(pair: &mut Pair, contracts: &Contracts, order: OrderId) {
    let bid = |order, units| NewBid {
        order,
        price: price(units),
        offer: Vec::new(),
        reclamation_window: None,
    };
    let bids = vec![
        bid(order, 35 * COIN),
        bid(order, 34 * COIN),
        bid(order, 34 * COIN - 1),
        bid(OrderId(99_999), COIN),
        bid(order, CEILING + 1),
    ];
    let place = |who, bids| {
        let msg = ExecuteMsg::PlaceBids { provider: address(Who::Cheap), bids };
        Tx::new(who, vec![contracts.to_orderbook(who, &msg)])
    };
    let places = [
        place(Who::Bob, bids.clone()),
        place(Who::Operator, bids),
        place(Who::Operator, vec![bid(order, COIN); 51]),
    ];
    assert_eq!(taken(pair, &places).await, [false, true, false]);
    pair.compare_answers(contracts, DeploymentId(1).0, order.0).await;
}
