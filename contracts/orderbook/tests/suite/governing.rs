//! Who may send what, what a pause stops, and what may be configured.

mod neighbours;
mod pauses;

use cosmwasm_std::{Addr, Binary, Uint128, coins};
use cw_multi_test::Executor;
use cw20::Cw20ReceiveMsg;
use souk_api::{
    Message, Permission,
    defaults::{self, DENOM},
    orderbook::{
        ConfigResponse, DenomConfig, ExecuteMsg, GroupState, InstantiateMsg, MigrateMsg, Params,
        QueryMsg,
    },
};
use souk_contract_std::{CommonError, pause};
use souk_core::{CloseReason, Denom, GroupSeq, OrderId, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

/// One of each message, about a deployment of `ann`'s whose first order is leased to `pro`
/// and whose second is open with a bid of `pro`.
fn each_message(market: &Market, leased: OrderId, open: OrderId) -> Vec<ExecuteMsg> {
    let provider = market.who("pro").to_string();
    let deployment = market.order_of(leased).group.deployment;
    let new = common_deployment();
    vec![
        ExecuteMsg::CreateDeployment(new),
        ExecuteMsg::UpdateDeployment {
            deployment,
            commitment: Some([9; 32].into()),
            allow: None,
            refuse: None,
        },
        ExecuteMsg::UpdateDeployment {
            deployment,
            commitment: None,
            allow: Some(vec![]),
            refuse: None,
        },
        ExecuteMsg::CloseDeployment { deployment },
        ExecuteMsg::SetDelegate { deployment, delegate: None, limit: None },
        ExecuteMsg::AcceptBid {
            order: open,
            provider: provider.clone(),
            bid: market.bid("pro", open).id,
            max_price: price(900),
        },
        ExecuteMsg::PlaceBid {
            order: open,
            provider: provider.clone(),
            price: price(900),
            offer: vec![],
            reclamation_window: None,
        },
        ExecuteMsg::LowerBid { order: open, provider: provider.clone(), price: price(800) },
        ExecuteMsg::WithdrawBid { order: open, provider: provider.clone() },
        ExecuteMsg::CloseLease { order: leased, reason: None, exclude: false },
        ExecuteMsg::StartReclaim { order: leased, reason: CloseReason::Decommission },
        ExecuteMsg::EndReclaim { order: leased },
        ExecuteMsg::SetExcluded { deployment, group: GroupSeq(1), add: vec![], remove: vec![] },
        ExecuteMsg::PauseGroup { deployment, group: GroupSeq(2) },
        ExecuteMsg::StartGroup { deployment, group: GroupSeq(2), without_last: false },
        ExecuteMsg::CloseGroup { deployment, group: GroupSeq(2) },
        ExecuteMsg::SetAnyoneStarts { deployment, on: true },
        ExecuteMsg::CloseAuction { order: open, limit: 1 },
        ExecuteMsg::ExpireOrder { order: open },
        ExecuteMsg::EndDeployment { deployment },
        ExecuteMsg::ReleaseBids { provider, orders: vec![open] },
        ExecuteMsg::Prune { orders: vec![open] },
        ExecuteMsg::Receive(Cw20ReceiveMsg {
            sender: market.who("ann").into(),
            amount: Uint128::new(1),
            msg: Binary::default(),
        }),
        ExecuteMsg::UpdateConfig { guardian: None, denoms: None, params: None },
        ExecuteMsg::Pause {},
        ExecuteMsg::Unpause {},
        ExecuteMsg::UpdateOwnership(cw_ownable::Action::RenounceOwnership),
    ]
}

fn common_deployment() -> souk_api::orderbook::NewDeployment {
    deployment(&[group("web", 1_000)], tenant_choice())
}

fn running() -> (Market, OrderId, OrderId) {
    let mut market = Market::new();
    market.provider("pro");
    market.provider("other");
    let groups = [group("web", 1_000), group("db", 1_000)];
    let id = market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).unwrap();
    let [leased, open] = [0, 1].map(|n| market.deployment(id).groups[n].order);
    for order in [leased, open] {
        market.place("pro", order, 900).unwrap();
    }
    market.accept("ann", leased, "pro", 900).unwrap();
    (market, leased, open)
}

#[test]
fn each_message_refuses_whoever_it_is_not_for() {
    let (mut market, leased, open) = running();
    let before = market.storage();
    let roles: Vec<(&str, Addr)> = vec![
        ("stranger", market.who("stranger")),
        ("another provider's operator", market.operator("other")),
        ("another provider", market.who("other")),
        ("the provider itself", market.who("pro")),
        ("the operator", market.operator("pro")),
        ("the tenant", market.who("ann")),
        ("the owner", market.owner.clone()),
        ("the guardian", market.guardian.clone()),
    ];
    for msg in each_message(&market, leased, open) {
        let needed = msg.permission();
        if matches!(msg, ExecuteMsg::UpdateOwnership(_)) {
            continue;
        }
        let may: &[&str] = match needed {
            Permission::Anyone | Permission::Self_ => continue,
            Permission::Owner => &["the owner"],
            Permission::Guardian => &["the owner", "the guardian"],
            Permission::Tenant | Permission::TenantOrDelegate | Permission::TenantOrAllowed => {
                &["the tenant"]
            }
            Permission::TenantOrOperator => &["the tenant", "the operator"],
            Permission::Operator => &["the operator"],
            Permission::Cw20 => &[],
            other => panic!("no message of the orderbook is for {other}"),
        };
        for (role, sender) in roles.iter().filter(|(role, _)| !may.contains(role)) {
            let error = market.send(sender, &msg).unwrap_err();
            let expected = CommonError::NotPermitted { needed, sender: sender.clone() }.into();
            assert_eq!(error, expected, "{role} sends {msg:?}");
        }
    }
    assert_eq!(market.storage(), before);
}

#[test]
fn only_the_owner_hands_the_contract_over_and_the_heir_must_accept() {
    let mut market = Market::new();
    let (owner, heir) = (market.owner.clone(), market.who("heir"));
    let transfer = ExecuteMsg::UpdateOwnership(cw_ownable::Action::TransferOwnership {
        new_owner: heir.to_string(),
        expiry: None,
    });
    let accept = ExecuteMsg::UpdateOwnership(cw_ownable::Action::AcceptOwnership);
    assert!(market.send(&heir, &transfer).is_err());
    market.send(&owner, &transfer).unwrap();
    assert!(market.send(&heir, &ExecuteMsg::Unpause {}).is_err(), "not yet");
    assert!(market.send(&market.who("eve"), &accept).is_err());
    market.send(&heir, &accept).unwrap();
    market.send(&heir, &ExecuteMsg::Unpause {}).unwrap();
    assert!(market.send(&owner, &ExecuteMsg::Unpause {}).is_err());
}

#[test]
fn coins_with_a_message_that_takes_none_are_refused() {
    let (mut market, leased, open) = running();
    for msg in each_message(&market, leased, open) {
        if matches!(msg, ExecuteMsg::CreateDeployment(_)) {
            continue;
        }
        let error = market.pay(&market.who("ann"), &msg, &coins(5, DENOM)).unwrap_err();
        assert_eq!(
            error,
            CommonError::CoinsNotTaken { coins: format!("5{DENOM}") }.into(),
            "{msg:?}"
        );
    }
    assert_eq!(market.balance(&market.orderbook), 0);
}

#[test]
fn times_and_counts_stay_within_their_bounds() {
    let mut market = Market::new();
    let fine = defaults::orderbook_params();
    let week = 7 * 24 * HOUR;
    for (field, params) in [
        ("order_lifetime", Params { order_lifetime: HOUR - 1, ..fine }),
        ("order_lifetime", Params { order_lifetime: week + 1, ..fine }),
        ("min_auction", Params { min_auction: 9, ..fine }),
        ("min_auction", Params { min_auction: fine.max_auction + 1, ..fine }),
        ("max_auction", Params { max_auction: fine.order_lifetime, ..fine }),
        ("min_auction_blocks", Params { min_auction_blocks: 100_001, ..fine }),
        ("end_grace", Params { end_grace: week + 1, ..fine }),
        ("end_blocks", Params { end_blocks: u64::MAX, ..fine }),
        ("slot_hold", Params { slot_hold: u64::MAX, ..fine }),
        ("idle_grace", Params { idle_grace: HOUR - 1, ..fine }),
        ("idle_grace", Params { idle_grace: 366 * 24 * HOUR, ..fine }),
        ("slowest_block", Params { slowest_block: 99, ..fine }),
        ("slowest_block", Params { slowest_block: 600_001, ..fine }),
        ("manifest_timeout", Params { manifest_timeout: 59, ..fine }),
        ("manifest_timeout", Params { manifest_timeout: 24 * HOUR + 1, ..fine }),
    ] {
        let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms: None, params: Some(params) };
        let error = market.send(&market.owner.clone(), &msg).unwrap_err();
        assert!(
            matches!(error, ContractError::InvalidSetting { field: found, .. } if found == field),
            "{field}: {error}"
        );
    }
    let params = Params { end_grace: 7, ..fine };
    let msg = ExecuteMsg::UpdateConfig {
        guardian: Some(market.who("new").to_string()),
        denoms: None,
        params: Some(params),
    };
    market.send(&market.owner.clone(), &msg).unwrap();
    let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
    assert_eq!((config.params, config.guardian), (params, market.who("new").to_string()));
}

#[test]
fn denoms_are_well_formed_listed_once_and_sixteen_at_most() {
    let mut market = Market::new();
    let owner = market.owner.clone();
    let terms = |denom: &str| defaults::denom_config(Denom::native(denom));
    let set =
        |denoms| ExecuteMsg::UpdateConfig { guardian: None, denoms: Some(denoms), params: None };
    let mut upside_down = terms("uone");
    upside_down.min_price = price(2);
    upside_down.max_price = price(1);
    let mut greedy = terms("uone");
    greedy.take_bps = 5_001;
    for (field, denoms) in [
        ("denom", vec![terms("u")]),
        ("denom", vec![terms("cw20:souk1token")]),
        ("min_price", vec![upside_down]),
        ("take_bps", vec![greedy]),
        ("denoms", vec![terms("uone"), terms("uone")]),
    ] {
        let error = market.send(&owner, &set(denoms)).unwrap_err();
        assert!(
            matches!(error, ContractError::InvalidSetting { field: found, .. } if found == field)
        );
    }
    let many: Vec<_> = (0..16).map(|n| terms(&format!("udenom{n}"))).collect();
    let error = market.send(&owner, &set(many.clone())).unwrap_err();
    assert_eq!(error, CommonError::TooMany { what: "denoms", count: 17, max: 16 }.into());
    market.send(&owner, &set(many[..15].to_vec())).unwrap();
    let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
    assert_eq!(config.denoms.len(), 16);
    assert!(config.denoms.contains(&terms("udenom3")));
}

#[test]
fn in_a_delisted_denom_nothing_is_opened_and_everything_closes_and_is_paid_out() {
    let (mut market, leased, open) = running();
    let owner = market.owner.clone();
    let terms = defaults::denom_config(Denom::native(DENOM));
    let mark = |delisted| ExecuteMsg::UpdateConfig {
        guardian: None,
        denoms: Some(vec![DenomConfig { delisted: Some(delisted), ..terms.clone() }]),
        params: None,
    };
    market.send(&owner, &mark(true)).unwrap();
    let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
    assert_eq!(config.denoms[0].delisted, Some(true));
    // Who changes the terms and does not speak of the mark leaves it.
    let denoms = Some(vec![terms.clone()]);
    let change = ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None };
    market.send(&owner, &change).unwrap();
    let delisted = ContractError::DenomDelisted(DENOM.into());
    assert_eq!(market.create("bob", &common_deployment(), PLENTY).unwrap_err(), delisted);

    // A lease that ends leaves its group at rest, and nobody starts it.
    let id = market.order_of(leased).group.deployment;
    market.tenant_closes("ann", leased).unwrap();
    assert_eq!(market.deployment(id).groups[0].state, GroupState::Paused);
    assert_eq!(market.group("ann", GroupAction::Start, id, 1).unwrap_err(), delisted);
    // What is open goes on, and all coins come out.
    market.accept("ann", open, "pro", 900).unwrap();
    market.deposit("ann", id, 1_000);
    market.pass(HOUR).close("ann", id).unwrap();
    let (escrow, anyone) = (market.escrow.clone(), market.who("anyone"));
    let account = souk_core::AccountId(id.0);
    for msg in [
        souk_api::escrow::ExecuteMsg::Withdraw { account, stream: open.0 },
        souk_api::escrow::ExecuteMsg::Withdraw { account, stream: leased.0 },
        souk_api::escrow::ExecuteMsg::ClaimRefund { account, deposit: None },
    ] {
        market.call(&anyone, &escrow, &msg, 0).unwrap();
    }
    assert_eq!(market.balance(&market.payee("pro")), 900 - 18);

    market.send(&owner, &mark(false)).unwrap();
    market.order("bob", tenant_choice());
}
