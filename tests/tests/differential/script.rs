//! A written sequence: every action of the market once, and everything that must fail.

use souk_api::{attestations, escrow, fees, orderbook, registry};
use souk_core::{
    AccountId, Attribute, AuctionPolicy, BidId, CloseReason, DeploymentId, OrderId, PriceFloor,
    Rate,
};

use crate::{
    accounts::Who,
    bad,
    market::{Contracts, amount, group, native, opened, placed, play_one, price},
    pair::{Pair, address},
    quoting,
    tx::{Flaw, Tx},
};

const COIN: u128 = 1_000_000;

/// Providers with bond and attestations: what both sequences start from.
pub async fn providers(pair: &mut Pair, contracts: &Contracts) {
    let registered = [
        Tx::new(Who::Cheap, vec![contracts.register(Who::Cheap, Who::Operator, 60 * COIN)]),
        Tx::new(Who::Dear, vec![contracts.register(Who::Dear, Who::Dear, 30 * COIN)]),
        Tx::new(Who::Auditor, vec![contracts.attest(Who::Cheap, "eu-west", 4_000_000_000)]),
        Tx::new(Who::Staker, vec![stake(contracts, 5 * COIN)]),
    ];
    pair.play(&registered).await;
}

pub fn stake(contracts: &Contracts, coins: u128) -> souk_chain::Any {
    contracts.pay(Who::Staker, &contracts.fees, &fees::ExecuteMsg::Stake {}, coins)
}

/// Plays the whole sequence.
pub async fn play(pair: &mut Pair, contracts: &Contracts) {
    lease(pair, contracts).await;
    auction(pair, contracts).await;
    depleted(pair, contracts).await;
    quoting::play(pair, contracts).await;
    administration(pair, contracts).await;
    pair.compare_accounts(contracts).await;
    let sets = [
        bad::envelopes(),
        bad::bank(),
        bad::executes(contracts),
        bad::rules(contracts),
        bad::lifecycles(contracts),
    ];
    for (name, tx) in sets.into_iter().flatten() {
        let before = pair.differences.len();
        pair.simulate(&tx).await;
        pair.play(&[tx]).await;
        for difference in &mut pair.differences[before..] {
            *difference = format!("`{name}`: {difference}");
        }
    }
    pending(pair).await;
    pair.compare_bad_questions(contracts).await;
    pair.compare_answers(contracts, 1, 1).await;
    pair.compare_accounts(contracts).await;
    pair.compare_contracts(contracts).await;
}

/// From deployment to refund.
async fn lease(pair: &mut Pair, contracts: &Contracts) {
    use escrow::ExecuteMsg as Escrow;
    let choice = AuctionPolicy::TenantChoice {};
    let groups = vec![group("web", 40 * COIN), group("db", 40 * COIN)];
    let made = Tx::new(Who::Ann, vec![contracts.deploy(Who::Ann, groups, choice, 100 * COIN)]);
    let made = play_one(pair, made).await;
    assert_eq!(opened(&made, contracts)[0].0, OrderId(1), "the first order of the orderbook");
    // Bids of three blocks or one, as it comes.
    pair.play(&[
        Tx::new(Who::Operator, vec![contracts.bid(Who::Operator, Who::Cheap, 1, 30 * COIN)]),
        Tx::new(Who::Dear, vec![contracts.bid(Who::Dear, Who::Dear, 1, 35 * COIN)]),
        Tx::new(Who::Dear, vec![contracts.bid(Who::Dear, Who::Dear, 2, 36 * COIN)]),
        Tx::new(Who::Operator, vec![contracts.bid(Who::Operator, Who::Cheap, 1, 29 * COIN)]),
    ])
    .await;
    let (account, deployment) = (AccountId(1), DeploymentId(1));
    let lower = orderbook::ExecuteMsg::LowerBid {
        order: OrderId(2),
        provider: address(Who::Dear),
        price: price(30 * COIN),
    };
    let delegate = Some(address(Who::Bob));
    let limit = Some(Rate::MAX);
    let named = orderbook::ExecuteMsg::SetDelegate { deployment, delegate, limit };
    let updated = orderbook::ExecuteMsg::commit(deployment, [8; 32].into());
    pair.play(&[
        Tx::new(Who::Dear, vec![contracts.to_orderbook(Who::Dear, &lower)]),
        Tx::new(
            Who::Ann,
            vec![
                contracts.to_orderbook(Who::Ann, &named),
                contracts.accept(Who::Ann, 1, Who::Cheap, 1, 30 * COIN),
            ],
        ),
        Tx::new(
            Who::Bob,
            vec![
                contracts.to_orderbook(Who::Bob, &updated),
                contracts.deposit(Who::Bob, 1, 7 * COIN),
            ],
        ),
    ])
    .await;
    pair.compare_answers(contracts, 1, 1).await;
    pair.pass(2).await;
    let back = Escrow::WithdrawDeposit { account, amount: amount(COIN) };
    pair.play(&[
        Tx::new(
            Who::Bob,
            vec![contracts.escrow(Who::Bob, &Escrow::Withdraw { account, stream: 1 })],
        ),
        Tx::new(Who::Ann, vec![contracts.escrow(Who::Ann, &back)]),
        Tx::new(Who::Dear, vec![contracts.release(Who::Dear, Who::Dear, &[1])]),
    ])
    .await;
    pair.compare_contracts(contracts).await;
    let ended = orderbook::ExecuteMsg::CloseLease {
        order: OrderId(1),
        reason: Some(CloseReason::Unstable),
        exclude: false,
    };
    let refund = |deposit| Escrow::ClaimRefund { account, deposit };
    pair.play(&[
        Tx::new(Who::Operator, vec![contracts.to_orderbook(Who::Operator, &ended)]),
        Tx::new(Who::Ann, vec![contracts.close(Who::Ann, 1)]),
        Tx::new(
            Who::Cheap,
            vec![contracts.escrow(Who::Cheap, &Escrow::Withdraw { account, stream: 1 })],
        ),
        Tx::new(
            Who::Ann,
            vec![
                contracts.escrow(Who::Ann, &refund(None)),
                contracts.escrow(Who::Ann, &refund(Some(1))),
            ],
        ),
        Tx::new(Who::Ann, vec![contracts.escrow(Who::Ann, &Escrow::SweepFees { denom: native() })]),
        Tx::new(
            Who::Ann,
            vec![contracts.send(
                Who::Ann,
                &contracts.fees,
                &fees::ExecuteMsg::Distribute { denom: native() },
            )],
        ),
        Tx::new(
            Who::Ann,
            vec![contracts.send(
                Who::Ann,
                &contracts.fees,
                &fees::ExecuteMsg::PayPool { denom: native() },
            )],
        ),
    ])
    .await;
    pair.pass(3).await;
    pair.play(&[Tx::new(
        Who::Operator,
        vec![
            contracts.release(Who::Operator, Who::Cheap, &[1]),
            contracts.to_orderbook(
                Who::Operator,
                &orderbook::ExecuteMsg::Prune { orders: vec![OrderId(1)] },
            ),
        ],
    )])
    .await;
}

/// An auction that closes by itself.
async fn auction(pair: &mut Pair, contracts: &Contracts) {
    let lowest = AuctionPolicy::LowestPrice { closes_after: 10 };
    let made = Tx::new(
        Who::Bob,
        vec![contracts.deploy(Who::Bob, vec![group("job", 900)], lowest, 3 * COIN)],
    );
    let made = play_one(pair, made).await;
    let (OrderId(order), _) = opened(&made, contracts)[0];
    let close = orderbook::ExecuteMsg::CloseAuction { order: OrderId(order), limit: 5 };
    let lower = |value| orderbook::ExecuteMsg::LowerBid {
        order: OrderId(order),
        provider: address(Who::Dear),
        price: price(value),
    };
    pair.play(&[
        Tx::new(Who::Operator, vec![contracts.bid(Who::Operator, Who::Cheap, order, 800)]),
        Tx::new(Who::Dear, vec![contracts.bid(Who::Dear, Who::Dear, order, 900)]),
        Tx::new(Who::Dear, vec![contracts.to_orderbook(Who::Dear, &lower(895))]),
        Tx::new(Who::Dear, vec![contracts.to_orderbook(Who::Dear, &lower(700))]),
        Tx::new(Who::Staker, vec![contracts.to_orderbook(Who::Staker, &close)]),
        Tx::new(Who::Bob, vec![contracts.accept(Who::Bob, order, Who::Dear, 1, 900)]),
    ])
    .await;
    pair.compare_answers(contracts, 2, order).await;
}

/// An account that is depleted and ended.
async fn depleted(pair: &mut Pair, contracts: &Contracts) {
    let choice = AuctionPolicy::TenantChoice {};
    // 3600 coins an hour are one a second.
    let groups = vec![group("web", 3_600 * COIN)];
    let made = Tx::new(Who::Ann, vec![contracts.deploy(Who::Ann, groups, choice, 4 * COIN)]);
    let made = play_one(pair, made).await;
    let (OrderId(order), DeploymentId(deployment)) = opened(&made, contracts)[0];
    let end_deployment =
        orderbook::ExecuteMsg::EndDeployment { deployment: DeploymentId(deployment) };
    let end_deployment =
        || Tx::new(Who::Staker, vec![contracts.to_orderbook(Who::Staker, &end_deployment)]);
    let bid = contracts.bid(Who::Operator, Who::Cheap, order, 3_600 * COIN);
    let made = play_one(pair, Tx::new(Who::Operator, vec![bid])).await;
    let BidId(bid) = placed(&made, contracts)[0].1;
    let accept = contracts.accept(Who::Ann, order, Who::Cheap, bid, 3_600 * COIN);
    pair.play(&[Tx::new(Who::Ann, vec![accept]), end_deployment()]).await;
    pair.compare_answers(contracts, deployment, order).await;
    pair.pass(5).await;
    pair.play(&[end_deployment()]).await;
    pair.play(&[end_deployment()]).await;
    pair.pass(3).await;
    pair.play(&[end_deployment()]).await;
    pair.compare_answers(contracts, deployment, order).await;
}

/// Registry, attestations, stakers and owners.
async fn administration(pair: &mut Pair, contracts: &Contracts) {
    use registry::ExecuteMsg as Registry;
    let registry =
        |who, msg: &Registry| Tx::new(who, vec![contracts.send(who, &contracts.registry, msg)]);
    let fees =
        |who, msg: &fees::ExecuteMsg| Tx::new(who, vec![contracts.send(who, &contracts.fees, msg)]);
    let provider = address(Who::Cheap);
    let attributes =
        Some(vec![Attribute::new("region", "eu-north"), Attribute::new("tier", "one")]);
    let notice = Registry::NoticeSlash {
        provider: provider.clone(),
        amount: amount(COIN),
        reason: "a test".into(),
    };
    let slash = Registry::Slash { provider: provider.clone(), amount: amount(COIN) };
    let withdraw = Registry::WithdrawNotice { provider: provider.clone() };
    let gateway = registry::Gateway { uri: "https://cheap.example.com:8443".into(), pins: vec![] };
    let floor = PriceFloor { denom: native(), cpu: amount(1), memory: amount(1), gpu: amount(0) };
    let revoke = attestations::ExecuteMsg::Revoke { provider: provider.clone(), keys: None };
    let claim =
        fees::ExecuteMsg::ClaimRewards { staker: address(Who::Staker), denoms: vec![native()] };
    let unstake = fees::ExecuteMsg::Unstake { amount: amount(2 * COIN) };
    pair.play(&[
        registry(
            Who::Cheap,
            &Registry::Update { payee: Some(address(Who::Ann)), attributes, contact: None },
        ),
        registry(Who::Operator, &Registry::SetMaintenance { provider: provider.clone(), on: true }),
        registry(
            Who::Operator,
            &Registry::SetMaintenance { provider: provider.clone(), on: false },
        ),
        registry(Who::Cheap, &Registry::SetOperator { operator: address(Who::Operator) }),
        registry(Who::Dear, &Registry::Unbond { amount: amount(5 * COIN) }),
        registry(Who::Dear, &Registry::ClaimUnbonded {}),
        registry(Who::Owner, &notice),
        registry(Who::Owner, &slash),
        registry(Who::Cheap, &Registry::SetGateway { provider: provider.clone(), gateway }),
        registry(Who::Cheap, &Registry::SetFloors { provider, floors: vec![floor] }),
        registry(Who::Dear, &Registry::Deregister {}),
        Tx::new(Who::Auditor, vec![contracts.send(Who::Auditor, &contracts.attestations, &revoke)]),
        fees(Who::Staker, &unstake),
        fees(Who::Staker, &claim),
        fees(Who::Staker, &fees::ExecuteMsg::ClaimUnstaked {}),
    ])
    .await;
    pair.pass(3).await;
    pair.play(&[
        registry(Who::Dear, &Registry::ClaimUnbonded {}),
        registry(Who::Owner, &notice),
        registry(Who::Owner, &withdraw),
        fees(Who::Staker, &fees::ExecuteMsg::ClaimUnstaked {}),
    ])
    .await;
    for contract in contracts.all() {
        for msg in [r#"{"pause":{}}"#, r#"{"unpause":{}}"#] {
            let msg: serde_json::Value = serde_json::from_str(msg).unwrap();
            pair.play(&[Tx::new(Who::Owner, vec![contracts.send(Who::Owner, contract, &msg)])])
                .await;
        }
    }
}

/// Transactions of one account that wait together, one of them twice.
async fn pending(pair: &mut Pair) {
    let (me, bob) = (address(Who::Ann), address(Who::Bob));
    let send = |coins| {
        let coins = [souk_chain::Coin::new(coins, crate::accounts::DENOM)];
        Tx::new(Who::Ann, vec![souk_chain::tx::send(&me, &bob, &coins)])
    };
    pair.play(&[
        send(1),
        send(2),
        send(2).flaw(Flaw::Sequence(-1)),
        send(3).flaw(Flaw::Sequence(1)),
        send(4),
        send(5).flaw(Flaw::Sequence(-2)),
    ])
    .await;
    let (same, next) = (send(6), send(6).flaw(Flaw::Sequence(1)));
    pair.simulate_behind(&send(7), &[same, next]).await;
}
