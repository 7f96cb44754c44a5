//! What a tenant can create, and what not.

use crate::market::*;
use cosmwasm_std::{HexBinary, coin, coins};
use souk_api::{
    defaults::{self, DENOM, MIN_DEPOSIT},
    orderbook::{
        DeploymentState, DeploymentsResponse, ExecuteMsg, GroupState, NewDeployment, OrderState,
        QueryMsg,
        events::{DelegateSet, DeploymentCreated, DeploymentUpdated, OrderOpened},
    },
};
use souk_contract_std::CommonError;
use souk_core::{AccountId, Attribute, DeploymentId, GroupSeq, OrderId, limits::LimitError};
use souk_orderbook::ContractError;

fn web() -> NewDeployment {
    deployment(&[group("web", 1_000)], tenant_choice())
}

#[test]
fn a_deployment_gets_an_account_and_an_open_order_for_each_group() {
    let mut market = Market::new();
    let new = deployment(&[group("web", 1_000), group("gpu", 9_000)], tenant_choice());
    let id = market.create("ann", &new, PLENTY).unwrap();

    let shown = market.deployment(id);
    assert_eq!((shown.id, shown.account), (DeploymentId(1), AccountId(1)));
    assert_eq!(shown.state, DeploymentState::Active);
    let groups: Vec<_> = shown.groups.iter().map(|g| (g.seq, g.state, g.order)).collect();
    let open = GroupState::Open;
    assert_eq!(groups, [(GroupSeq(1), open, OrderId(1)), (GroupSeq(2), open, OrderId(2))]);
    assert_eq!(shown.groups[1].spec, new.groups[1]);

    let order = market.order_of(OrderId(2));
    assert_eq!((order.state, order.spec), (OrderState::Open, new.groups[1].clone()));
    assert_eq!(order.expires_at, market.now() + defaults::ORDER_LIFETIME);
    assert_eq!(market.account(id).balance, amount(PLENTY));
    assert_eq!(market.account(id).tenant, market.who("ann").to_string());
    assert_eq!(market.balance(&market.orderbook), 0, "coins do not rest here");
}

#[test]
fn its_events_tell_all_that_a_bidder_needs_to_look() {
    let mut market = Market::new();
    let new = deployment(&[group("web", 1_000)], lowest_price(300));
    let ann = market.who("ann");
    let msg = ExecuteMsg::CreateDeployment(new);
    let response = market.pay(&ann, &msg, &coins(PLENTY, DENOM)).unwrap();
    let created = DeploymentCreated {
        deployment: DeploymentId(1),
        tenant: ann.to_string(),
        commitment: "07".repeat(32),
        groups: 1,
        denom: usouk(),
    };
    assert_eq!(market.events_of::<DeploymentCreated>(&response), [created]);
    let opened = OrderOpened {
        order: OrderId(1),
        deployment: DeploymentId(1),
        group: GroupSeq(1),
        tenant: ann.to_string(),
        ceiling: price(1_000),
        denom: usouk(),
        auction: lowest_price(300),
        expires_at: market.now() + defaults::ORDER_LIFETIME,
        closes_at: Some(market.now() + 300),
    };
    assert_eq!(market.events_of::<OrderOpened>(&response), [opened]);
}

#[test]
fn what_is_wrong_with_a_deployment_is_said_with_its_values() {
    let too_short = NewDeployment { commitment: HexBinary::from([7; 31]), ..web() };
    let cheap = deployment(&[group("web", defaults::MAX_PRICE + 1)], tenant_choice());
    let two = deployment(&[group("web", 1), group("db", 1)], tenant_choice());
    let twins = deployment(&[group("web", 1), group("web", 1)], tenant_choice());
    let ceiling = ContractError::Ceiling {
        group: "web".into(),
        ceiling: price(defaults::MAX_PRICE + 1),
        min: price(defaults::MIN_PRICE),
        max: price(defaults::MAX_PRICE),
    };
    let length = |closes_after| ContractError::AuctionLength {
        closes_after,
        min: defaults::MIN_AUCTION,
        max: defaults::MAX_AUCTION,
    };
    let auction = |closes_after| deployment(&[group("web", 1_000)], lowest_price(closes_after));
    let least = |sent, groups| ContractError::DepositTooSmall {
        sent: amount(sent),
        needed: amount(MIN_DEPOSIT * groups as u128),
        groups,
    };
    let none = LimitError::Range {
        group: String::new(),
        what: "the number of groups",
        value: 0,
        min: 1,
        max: 20,
    };
    let cases = [
        (too_short, PLENTY, ContractError::Commitment(31)),
        (cheap, PLENTY, ceiling),
        (web(), MIN_DEPOSIT - 1, least(MIN_DEPOSIT - 1, 1)),
        (two, MIN_DEPOSIT, least(MIN_DEPOSIT, 2)),
        (twins, PLENTY, LimitError::Name("web".into()).into()),
        (deployment(&[], tenant_choice()), PLENTY, none.into()),
        (auction(defaults::MIN_AUCTION - 1), PLENTY, length(defaults::MIN_AUCTION - 1)),
        (auction(defaults::MAX_AUCTION + 1), PLENTY, length(defaults::MAX_AUCTION + 1)),
    ];
    let mut market = Market::new();
    for (new, deposit, error) in cases {
        assert_eq!(market.create("ann", &new, deposit), Err(error));
    }
    assert_eq!(market.balance(&market.escrow), 0);
}

#[test]
fn a_deposit_is_one_coin_of_an_accepted_denom() {
    let mut market = Market::new();
    let ann = market.who("ann");
    let msg = ExecuteMsg::CreateDeployment(web());
    let foreign =
        ContractError::DenomNotAccepted { denom: "uother".into(), accepted: DENOM.into() };
    for (funds, error) in [
        (vec![], CommonError::OneCoin { coins: "none".into() }.into()),
        (
            vec![coin(1, "uother"), coin(PLENTY, DENOM)],
            CommonError::OneCoin { coins: format!("1uother,{PLENTY}{DENOM}") }.into(),
        ),
        (coins(PLENTY, "uother"), foreign),
    ] {
        assert_eq!(market.pay(&ann, &msg, &funds).unwrap_err(), error);
    }
}

#[test]
fn addresses_that_are_none_are_refused() {
    let signed = |auditor: &str| {
        let mut group = group("web", 1_000);
        group.requirements.signed_by.any_of.push(auditor.into());
        deployment(&[group], tenant_choice())
    };
    let bad = "nobody".to_owned();
    let mut market = Market::new();
    for new in [
        NewDeployment { delegate: Some(bad.clone()), ..web() },
        NewDeployment { allow: vec![bad.clone()], ..web() },
        NewDeployment { refuse: vec![bad.clone()], ..web() },
        signed(&bad),
    ] {
        let refused = market.create("ann", &new, PLENTY);
        assert!(matches!(refused, Err(ContractError::Common(CommonError::Std(_)))), "{refused:?}");
    }
}

#[test]
fn a_list_of_providers_has_sixteen_names_at_most() {
    let mut market = Market::new();
    let names: Vec<String> = (0..17).map(|n| market.who(&format!("p{n}")).into()).collect();
    let new = NewDeployment { allow: names.clone(), ..web() };
    let error = ContractError::from(CommonError::TooMany {
        what: "providers in `allow`",
        count: 17,
        max: 16,
    });
    assert_eq!(market.create("ann", &new, PLENTY), Err(error));
    let new = NewDeployment { refuse: names[..16].to_vec(), ..web() };
    assert!(market.create("ann", &new, PLENTY).is_ok());
}

#[test]
fn a_commitment_changes_to_another_of_the_same_kind() {
    let mut market = Market::new();
    let id = market.create("ann", &web(), PLENTY).unwrap();
    let ann = market.who("ann");
    let update = |bytes: &[u8]| ExecuteMsg::UpdateDeployment {
        deployment: id,
        commitment: Some(HexBinary::from(bytes)),
        allow: None,
        refuse: None,
    };
    let response = market.send(&ann, &update(&[8; 32])).unwrap();
    let event = DeploymentUpdated { deployment: id, commitment: "08".repeat(32) };
    assert_eq!(market.events_of::<DeploymentUpdated>(&response), [event]);
    assert_eq!(market.deployment(id).commitment, HexBinary::from([8; 32]));
    let same = market.send(&ann, &update(&[8; 32]));
    assert_eq!(same.unwrap_err(), ContractError::SameCommitment);
    assert_eq!(market.send(&ann, &update(&[8; 33])).unwrap_err(), ContractError::Commitment(33));
    market.close("ann", id).unwrap();
    let closed = market.send(&ann, &update(&[9; 32]));
    assert_eq!(closed.unwrap_err(), ContractError::DeploymentClosed(id));
}

#[test]
fn a_delegate_acts_until_it_is_taken_back() {
    let mut market = Market::new();
    let (ann, del) = (market.who("ann"), market.who("del"));
    let id = market.create("ann", &web(), PLENTY).unwrap();
    let update = |byte| ExecuteMsg::UpdateDeployment {
        deployment: id,
        commitment: Some(HexBinary::from([byte; 32])),
        allow: None,
        refuse: None,
    };
    let set = |delegate| ExecuteMsg::SetDelegate { deployment: id, delegate, limit: None };
    assert!(market.send(&del, &update(1)).is_err());
    let response = market.send(&ann, &set(Some(del.to_string()))).unwrap();
    let event = DelegateSet { deployment: id, delegate: Some(del.to_string()), limit: None };
    assert_eq!(market.events_of::<DelegateSet>(&response), [event]);
    market.send(&del, &update(2)).unwrap();
    assert!(market.send(&del, &set(None)).is_err(), "a delegate names no delegate");
    market.send(&ann, &set(None)).unwrap();
    assert!(market.send(&del, &update(3)).is_err());
}

#[test]
fn deployments_are_listed_by_number_and_by_owner_in_pages() {
    let mut market = Market::new();
    for tenant in ["ann", "bob", "ann", "bob", "ann"] {
        market.create(tenant, &web(), PLENTY).unwrap();
    }
    let ids = |market: &Market, tenant: Option<&str>, after: Option<u64>, limit: u32| -> Vec<u64> {
        let page: DeploymentsResponse = market
            .query(&QueryMsg::Deployments {
                tenant: tenant.map(|name| market.who(name).into()),
                start_after: after.map(DeploymentId),
                limit: Some(limit),
            })
            .unwrap();
        page.deployments.iter().map(|deployment| deployment.id.0).collect()
    };
    assert_eq!(ids(&market, None, None, 3), [1, 2, 3]);
    assert_eq!(ids(&market, None, Some(3), 3), [4, 5]);
    assert_eq!(ids(&market, Some("ann"), None, 2), [1, 3]);
    assert_eq!(ids(&market, Some("ann"), Some(3), 2), [5]);
    assert_eq!(ids(&market, Some("eve"), None, 2), [0u64; 0]);
}

#[test]
fn terms_of_a_denom_hold_for_orders_created_afterwards() {
    let mut market = Market::new();
    market.provider("pro");
    let before = market.order("ann", tenant_choice());
    let mut terms = defaults::denom_config(usouk());
    (terms.take_bps, terms.min_price) = (1_000, price(50));
    let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms: Some(vec![terms]), params: None };
    market.send(&market.owner.clone(), &msg).unwrap();
    let after = market.order("ann", tenant_choice());
    assert_eq!(market.order_of(before).take_bps, defaults::TAKE_BPS);
    assert_eq!(market.order_of(after).take_bps, 1_000);
    assert!(market.place("pro", before, 49).is_ok());
    let low = ContractError::PriceBelowMinimum { price: price(49), min: price(50) };
    assert_eq!(market.place("pro", after, 49).unwrap_err(), low);
}

#[test]
fn twenty_groups_fit_and_one_more_does_not() {
    let groups: Vec<_> = (0..21).map(|n| group(&format!("g{n}"), 100)).collect();
    let mut market = Market::new();
    let id = market.create("ann", &deployment(&groups[..20], tenant_choice()), PLENTY).unwrap();
    assert_eq!(market.deployment(id).groups.len(), 20);
    assert!(market.create("ann", &deployment(&groups, tenant_choice()), PLENTY).is_err());
}

#[test]
fn a_required_attribute_may_end_in_a_star_and_holds_none_elsewhere() {
    let mut market = Market::new();
    for (key, fine) in [("reg*", true), ("r*g", false), ("*", false)] {
        let mut group = group("web", 1_000);
        group.requirements.attributes = vec![Attribute::new(key, "eu")];
        let created = market.create("ann", &deployment(&[group], tenant_choice()), PLENTY);
        assert_eq!(created.is_ok(), fine, "{key}");
    }
}
