//! Income in a cw20 token takes the same ways.
use crate::common::{DAY_AND_PERIOD, Fees, who};
use cosmwasm_std::Addr;
use cw_multi_test::{ContractWrapper, Executor};
use cw20::{BalanceResponse, Cw20Coin, Cw20ExecuteMsg, Cw20QueryMsg, TokenInfoResponse};
use souk_api::fees::ExecuteMsg;
use souk_core::Denom;

fn issue(fees: &mut Fees) -> Addr {
    let wrapper = ContractWrapper::new(
        cw20_base::contract::execute,
        cw20_base::contract::instantiate,
        cw20_base::contract::query,
    );
    let code = fees.app.store_code(Box::new(wrapper));
    let holder = Cw20Coin { address: who("escrow").into(), amount: 1_000u128.into() };
    let msg = cw20_base::msg::InstantiateMsg {
        name: "Token".into(),
        symbol: "TOKEN".into(),
        decimals: 6,
        initial_balances: vec![holder],
        mint: None,
        marketing: None,
    };
    fees.app.instantiate_contract(code, who("issuer"), &msg, &[], "token", None).unwrap()
}

#[test]
fn income_in_a_token_is_split_dripped_claimed_and_burned() {
    let mut fees = Fees::new();
    let token = issue(&mut fees);
    let denom = Denom::Cw20(token.to_string());
    let add = ExecuteMsg::UpdateConfig {
        guardian: None,
        pool: None,
        split: None,
        add_denoms: Some(vec![denom.clone()]),
        min_total_stake: None,
    };
    fees.send(&who("owner"), &add, &[]).unwrap();
    fees.stake("ann", 100);
    let (recipient, amount) = (fees.address.to_string(), 1_000u128.into());
    let transfer = Cw20ExecuteMsg::Transfer { recipient, amount };
    fees.app.execute_contract(who("escrow"), token.clone(), &transfer, &[]).unwrap();

    fees.send(&who("x"), &ExecuteMsg::Distribute { denom: denom.clone() }, &[]).unwrap();
    fees.send(&who("x"), &ExecuteMsg::Burn { denom: denom.clone() }, &[]).unwrap();
    fees.pass(DAY_AND_PERIOD);
    let claim = ExecuteMsg::ClaimRewards { staker: who("ann").into(), denoms: vec![denom] };
    fees.send(&who("x"), &claim, &[]).unwrap();

    let balance = |address: &Addr| {
        let query = Cw20QueryMsg::Balance { address: address.to_string() };
        let found: BalanceResponse = fees.app.wrap().query_wasm_smart(&token, &query).unwrap();
        found.balance.u128()
    };
    assert_eq!([balance(&who("pool")), balance(&who("ann"))], [200, 500]);
    let info: TokenInfoResponse =
        fees.app.wrap().query_wasm_smart(&token, &Cw20QueryMsg::TokenInfo {}).unwrap();
    assert_eq!(info.total_supply.u128(), 700);
}
