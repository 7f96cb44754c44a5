//! Deployments paid in a cw20 token go the same way as those paid in coins.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Addr, Binary, Coin, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdResult, Uint128,
    WasmMsg, to_json_binary,
};
use cw_multi_test::{ContractWrapper, Executor};
use cw20::{BalanceResponse, Cw20Coin, Cw20ExecuteMsg, Cw20QueryMsg, Cw20ReceiveMsg};
use souk_api::{
    defaults, escrow,
    orderbook::{
        Cw20Hook, ExecuteMsg, GroupState, NewDeployment,
        events::{GroupChanged, OrderClosed},
    },
};
use souk_contract_std::CommonError;
use souk_core::{AccountId, Denom, DeploymentId, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

/// A token of which `ann` has plenty.
fn token(market: &mut Market) -> Addr {
    let code = market.app.store_code(Box::new(ContractWrapper::new(
        cw20_base::contract::execute,
        cw20_base::contract::instantiate,
        cw20_base::contract::query,
    )));
    let ann = market.who("ann").to_string();
    let msg = cw20_base::msg::InstantiateMsg {
        name: "Coin".into(),
        symbol: "COIN".into(),
        decimals: 6,
        initial_balances: vec![Cw20Coin { address: ann, amount: Uint128::new(PLENTY) }],
        mint: None,
        marketing: None,
    };
    let owner = market.owner.clone();
    market.app.instantiate_contract(code, owner, &msg, &[], "token", None).unwrap()
}

fn list(market: &mut Market, token: &Addr) {
    let owner = market.owner.clone();
    let denoms = Some(vec![defaults::denom_config(Denom::Cw20(token.to_string()))]);
    market
        .send(&owner, &ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None })
        .unwrap();
    let msg = escrow::ExecuteMsg::UpdateConfig {
        guardian: None,
        fee_collector: None,
        add_controller: None,
        add_cw20: Some(vec![token.to_string()]),
        delist: None,
        relist: None,
    };
    let escrow = market.escrow.clone();
    market.call(&owner, &escrow, &msg, 0).unwrap();
}

fn send(market: &mut Market, token: &Addr, new: NewDeployment) -> Result<(), String> {
    let msg = Cw20ExecuteMsg::Send {
        contract: market.orderbook.to_string(),
        amount: Uint128::new(PLENTY),
        msg: to_json_binary(&Cw20Hook::CreateDeployment(new)).unwrap(),
    };
    let ann = market.who("ann");
    market.call(&ann, token, &msg, 0).map(drop)
}

fn units(market: &Market, token: &Addr, of: &Addr) -> u128 {
    let msg = Cw20QueryMsg::Balance { address: of.to_string() };
    let balance: BalanceResponse = market.app.wrap().query_wasm_smart(token, &msg).unwrap();
    balance.balance.u128()
}

#[test]
fn a_deployment_is_paid_and_refunded_in_tokens() {
    let mut market = Market::new();
    market.provider("pro");
    let token = token(&mut market);
    list(&mut market, &token);
    send(&mut market, &token, deployment(&[group("web", 1_000)], tenant_choice())).unwrap();
    let id = DeploymentId(1);
    let shown = market.deployment(id);
    assert_eq!(shown.tenant, market.who("ann").to_string(), "the tenant, not the token");
    assert_eq!(shown.denom, Denom::Cw20(token.to_string()));
    assert_eq!(units(&market, &token, &market.escrow), PLENTY);
    assert_eq!(units(&market, &token, &market.orderbook), 0);

    let order = shown.groups[0].order;
    market.place("pro", order, 900).unwrap();
    market.accept("ann", order, "pro", 900).unwrap();
    market.pass(HOUR).close("ann", id).unwrap();
    let (escrow, anyone) = (market.escrow.clone(), market.who("anyone"));
    let account = AccountId(id.0);
    for msg in [
        escrow::ExecuteMsg::Withdraw { account, stream: order.0 },
        escrow::ExecuteMsg::ClaimRefund { account, deposit: None },
    ] {
        market.call(&anyone, &escrow, &msg, 0).unwrap();
    }
    assert_eq!(units(&market, &token, &market.payee("pro")), 900 - 18, "less two per cent");
    assert_eq!(units(&market, &token, &market.who("ann")), PLENTY - 900);
}

#[test]
fn a_token_that_is_not_listed_creates_nothing() {
    let mut market = Market::new();
    let token = token(&mut market);
    let new = deployment(&[group("web", 1_000)], tenant_choice());
    let error = send(&mut market, &token, new).unwrap_err();
    let needed = souk_api::Permission::Cw20;
    let expected = CommonError::NotPermitted { needed, sender: token.clone() };
    assert!(error.contains(&expected.to_string()), "{error}");
    assert_eq!(units(&market, &token, &market.who("ann")), PLENTY);
}

#[test]
fn a_hook_that_cannot_be_read_returns_the_tokens() {
    let mut market = Market::new();
    let token = token(&mut market);
    list(&mut market, &token);
    let msg = Cw20ExecuteMsg::Send {
        contract: market.orderbook.to_string(),
        amount: Uint128::new(PLENTY),
        msg: to_json_binary(&"something else").unwrap(),
    };
    let ann = market.who("ann");
    assert!(market.call(&ann, &token, &msg, 0).is_err());
    assert_eq!(units(&market, &token, &ann), PLENTY);
}

/// A token whose owner changed its code: it says what anyone asks it to, and moves nothing.
mod hostile {
    use super::*;

    #[cw_serde]
    pub enum Act {
        /// Calls the hook of a contract, in anybody's name.
        Say { to: String, hook: Cw20ReceiveMsg },
        /// What the orderbook asks of a token; this one keeps the coins to itself.
        Send { contract: String, amount: Uint128, msg: Binary },
    }

    pub fn instantiate(_: DepsMut, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
        Ok(Response::new())
    }

    pub fn execute(_: DepsMut, _: Env, _: MessageInfo, act: Act) -> StdResult<Response> {
        let Act::Say { to, hook } = act else { return Ok(Response::new()) };
        let msg = to_json_binary(&Cw20ExecuteHook::Receive(hook))?;
        let call = WasmMsg::Execute { contract_addr: to, msg, funds: Vec::new() };
        Ok(Response::new().add_message(call))
    }

    /// Whoever is asked for has as much as there can be.
    pub fn query(_: Deps, _: Env, _: Cw20QueryMsg) -> StdResult<Binary> {
        to_json_binary(&BalanceResponse { balance: Uint128::MAX })
    }

    /// Nobody has anything.
    pub fn query_empty(_: Deps, _: Env, _: Cw20QueryMsg) -> StdResult<Binary> {
        to_json_binary(&BalanceResponse { balance: Uint128::zero() })
    }

    #[cw_serde]
    enum Cw20ExecuteHook {
        Receive(Cw20ReceiveMsg),
    }
}

/// A listed token that turned hostile.
fn hostile_token(market: &mut Market) -> Addr {
    token_with(market, hostile::query)
}

/// A listed token that turned hostile and answers questions for balances by `query`.
fn token_with(
    market: &mut Market,
    query: fn(Deps, Env, Cw20QueryMsg) -> StdResult<Binary>,
) -> Addr {
    let wrapper = ContractWrapper::new(hostile::execute, hostile::instantiate, query);
    let code = market.app.store_code(Box::new(wrapper));
    let owner = market.owner.clone();
    let token =
        market.app.instantiate_contract(code, owner, &Empty {}, &[], "hostile", None).unwrap();
    list(market, &token);
    token
}

/// Lets the token say to a contract that `from` sent coins of it.
fn say(
    market: &mut Market,
    token: &Addr,
    to: &Addr,
    from: &Addr,
    msg: impl Into<Vec<u8>>,
) -> Result<(), String> {
    let (sender, amount) = (from.to_string(), Uint128::new(PLENTY));
    let hook = Cw20ReceiveMsg { sender, amount, msg: Binary::new(msg.into()) };
    let act = hostile::Act::Say { to: to.to_string(), hook };
    market.call(&market.who("eve"), token, &act, 0).map(drop)
}

#[test]
fn a_token_that_turned_hostile_cannot_take_the_accounts_of_deployments_to_come() {
    let mut market = Market::new();
    let token = hostile_token(&mut market);
    let (escrow, orderbook, eve) =
        (market.escrow.clone(), market.orderbook.clone(), market.who("eve"));
    for hook in [
        format!(r#"{{"open_account":{{"local":1,"tenant":"{eve}","reserved":"0"}}}}"#),
        r#"{"fund":{"local":1}}"#.to_owned(),
    ] {
        assert!(say(&mut market, &token, &escrow, &orderbook, hook.clone()).is_err(), "{hook}");
    }
    market.order("ann", tenant_choice());
}

#[test]
fn a_token_that_says_more_than_it_moved_creates_nothing() {
    let mut market = Market::new();
    let token = token_with(&mut market, hostile::query_empty);
    let (orderbook, ann) = (market.orderbook.clone(), market.who("ann"));
    let new = deployment(&[group("web", 1_000)], tenant_choice());
    let hook = to_json_binary(&Cw20Hook::CreateDeployment(new)).unwrap();
    let before = market.storage();
    let error = say(&mut market, &token, &orderbook, &ann, hook).unwrap_err();
    let expected = CommonError::NotReceived {
        token: Denom::Cw20(token.to_string()),
        amount: amount(PLENTY),
        needed: PLENTY,
        has: 0,
    };
    assert!(error.contains(&expected.to_string()), "{error}");
    assert_eq!(market.storage(), before);
}

#[test]
fn a_bank_denom_that_looks_like_a_listed_token_is_refused() {
    let mut market = Market::new();
    let token = token(&mut market);
    list(&mut market, &token);
    let fake = format!("cw20:{token}");
    let msg = ExecuteMsg::CreateDeployment(deployment(&[group("web", 1_000)], tenant_choice()));
    let mallory = market.who("mallory");
    let coin = Coin::new(PLENTY, fake.clone());
    let error = market.pay(&mallory, &msg, &[coin]).unwrap_err();
    assert_eq!(error, CommonError::TokenLikeDenom(fake).into());
}

#[test]
fn a_token_that_keeps_the_coins_gets_no_bidder_into_its_auctions() {
    let mut market = Market::new();
    market.provider("pro");
    let token = hostile_token(&mut market);
    let (orderbook, ann) = (market.orderbook.clone(), market.who("ann"));
    let new = deployment(&[group("web", 1_000)], lowest_price(300));
    let hook = to_json_binary(&Cw20Hook::CreateDeployment(new)).unwrap();
    say(&mut market, &token, &orderbook, &ann, hook).unwrap();
    let order = market.deployment(DeploymentId(1)).groups[0].order;
    let refused = market.place("pro", order, 900).unwrap_err();
    assert!(matches!(refused, ContractError::NoCover { .. }), "{refused}");

    let response = market.lapse(300).close_auction(order, 1).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "no_bids");
    let rests = &market.events_of::<GroupChanged>(&response)[0];
    assert_eq!(rests.state, GroupState::Paused);
    assert_eq!(market.stats_of("pro").used, 0);
    market.close("ann", DeploymentId(1)).unwrap();
}
