//! cw20 tokens are held, paid and refunded as native coins are.
use crate::common::{Escrow, amount, who};
use cosmwasm_std::{Addr, Binary, to_json_binary};
use cw_multi_test::{ContractWrapper, Executor};
use cw20::{BalanceResponse, Cw20Coin, Cw20ExecuteMsg, Cw20QueryMsg};
use souk_api::escrow::{AccountResponse, Cw20Hook, ExecuteMsg, QueryMsg, TotalsResponse};
use souk_contract_std::CommonError;
use souk_core::{AccountId, Denom, Rate, time::HOUR};
use souk_escrow::ContractError;

struct Tokens {
    escrow: Escrow,
    token: Addr,
}

impl Tokens {
    fn new() -> Self {
        let mut escrow = Escrow::new();
        let token = issue(&mut escrow);
        let add = ExecuteMsg::UpdateConfig {
            guardian: None,
            fee_collector: None,
            add_controller: None,
            add_cw20: Some(vec![token.to_string()]),
            delist: None,
            relist: None,
        };
        escrow.send(&who("owner"), &add, &[]).unwrap();
        Self { escrow, token }
    }

    /// The orderbook opens account 1 for a tenant and sends the tenant's tokens on.
    fn open(&mut self, tenant: &Addr, units: u128) {
        let msg = self.open_msg(tenant);
        self.escrow.control(&msg).unwrap();
        self.send(&who("orderbook"), units, &Cw20Hook::Fund { local: 1 }).unwrap();
    }

    fn open_msg(&self, tenant: &Addr) -> ExecuteMsg {
        ExecuteMsg::OpenTokenAccount {
            local: 1,
            tenant: tenant.to_string(),
            token: self.token.to_string(),
            reserved: Rate::ZERO,
        }
    }

    fn send(&mut self, from: &Addr, units: u128, hook: &Cw20Hook) -> Result<(), ContractError> {
        self.send_raw(from, units, to_json_binary(hook).unwrap())
    }

    fn send_raw(&mut self, from: &Addr, units: u128, msg: Binary) -> Result<(), ContractError> {
        let contract = self.escrow.address.to_string();
        let send = Cw20ExecuteMsg::Send { contract, amount: units.into(), msg };
        let sent = self.escrow.app.execute_contract(from.clone(), self.token.clone(), &send, &[]);
        sent.map(|_| ()).map_err(|error| error.downcast::<ContractError>().unwrap())
    }

    fn balance(&self, of: &Addr) -> u128 {
        let query = Cw20QueryMsg::Balance { address: of.to_string() };
        let found: BalanceResponse =
            self.escrow.app.wrap().query_wasm_smart(&self.token, &query).unwrap();
        found.balance.u128()
    }
}

fn issue(escrow: &mut Escrow) -> Addr {
    let wrapper = ContractWrapper::new(
        cw20_base::contract::execute,
        cw20_base::contract::instantiate,
        cw20_base::contract::query,
    );
    let code = escrow.app.store_code(Box::new(wrapper));
    let holders = ["orderbook", "bob", "ann"];
    let msg = cw20_base::msg::InstantiateMsg {
        name: "Token".into(),
        symbol: "TOKEN".into(),
        decimals: 6,
        initial_balances: holders
            .map(|name| Cw20Coin { address: who(name).into(), amount: 1_000u128.into() })
            .into(),
        mint: None,
        marketing: None,
    };
    escrow.app.instantiate_contract(code, who("issuer"), &msg, &[], "token", None).unwrap()
}

#[test]
fn a_token_account_pays_refunds_and_sweeps_in_the_token() {
    let mut tokens = Tokens::new();
    tokens.open(&who("ann"), 100);
    let account = AccountId(1);
    tokens.send(&who("bob"), 50, &Cw20Hook::Deposit { account }).unwrap();
    tokens.send(&who("ann"), 10, &Cw20Hook::Deposit { account }).unwrap();
    tokens.escrow.control(&Escrow::stream_msg(1, 1, &who("provider"), 100, 1_000)).unwrap();
    tokens.escrow.pass(HOUR).close(1, &[1]);
    let denom = Denom::Cw20(tokens.token.to_string());
    let claims = [
        ExecuteMsg::Withdraw { account, stream: 1 },
        ExecuteMsg::ClaimRefund { account, deposit: None },
        ExecuteMsg::ClaimRefund { account, deposit: Some(1) },
        ExecuteMsg::SweepFees { denom: denom.clone() },
    ];
    for claim in claims {
        tokens.escrow.send(&who("stranger"), &claim, &[]).unwrap();
    }
    let balances = ["provider", "ann", "bob", "fees"].map(|name| tokens.balance(&who(name)));
    assert_eq!(balances, [90, 1_000, 1_000, 10]);
    assert_eq!(tokens.balance(&tokens.escrow.address), 0);
    let totals: TotalsResponse = tokens.escrow.query(&QueryMsg::Totals { denom });
    assert_eq!((totals.held, totals.fees), (amount(0), amount(0)));
}

#[test]
fn a_token_that_is_not_listed_is_refused() {
    let mut tokens = Tokens::new();
    tokens.token = issue(&mut tokens.escrow);
    let error =
        tokens.send(&who("bob"), 5, &Cw20Hook::Deposit { account: AccountId(1) }).unwrap_err();
    assert!(matches!(error, ContractError::Common(CommonError::NotPermitted { .. })), "{error}");
}

#[test]
fn only_a_controller_opens_an_account_of_a_listed_token_and_funds_it() {
    let mut tokens = Tokens::new();
    let open = tokens.open_msg(&who("bob"));
    let error = tokens.escrow.send(&who("bob"), &open, &[]).unwrap_err();
    assert!(matches!(error, ContractError::Common(CommonError::NotPermitted { .. })), "{error}");
    let other = issue(&mut tokens.escrow);
    let listed = std::mem::replace(&mut tokens.token, other.clone());
    let error = tokens.escrow.control(&tokens.open_msg(&who("bob"))).unwrap_err();
    assert_eq!(error, ContractError::TokenNotListed(other));
    tokens.token = listed;

    tokens.open(&who("ann"), 100);
    let error = tokens.send(&who("bob"), 5, &Cw20Hook::Fund { local: 1 }).unwrap_err();
    assert!(matches!(error, ContractError::Common(CommonError::NotPermitted { .. })), "{error}");
    let own: AccountResponse = tokens.escrow.query(&QueryMsg::Account { account: AccountId(1) });
    assert_eq!((own.withdrawable, own.deposits), (amount(100), 0), "the tenant's own");

    tokens.escrow.send(&who("guardian"), &ExecuteMsg::Pause {}, &[]).unwrap();
    let error = tokens.escrow.control(&open).unwrap_err();
    assert_eq!(error, CommonError::Paused.into());
}

#[test]
fn a_token_does_not_join_an_account_of_native_coins() {
    let mut tokens = Tokens::new();
    let account = tokens.escrow.open(1, &who("ann"), 100);
    let error = tokens.send(&who("bob"), 5, &Cw20Hook::Deposit { account }).unwrap_err();
    let (held, sent) = (crate::common::usouk(), Denom::Cw20(tokens.token.to_string()));
    assert_eq!(error, ContractError::WrongDenom { account, held, sent });
}

#[test]
fn a_hook_that_says_nothing_known_is_refused() {
    let mut tokens = Tokens::new();
    let error = tokens.send_raw(&who("bob"), 5, Binary::from(br#"{"stake":{}}"#)).unwrap_err();
    assert!(matches!(error, ContractError::Hook(_)), "{error}");
}

/// A token that keeps a tenth of each transfer and reports all of it.
mod with_fee {
    use cosmwasm_std::{
        Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, Uint128,
        WasmMsg, to_json_binary,
    };
    use cw_storage_plus::Map;
    use cw20::{BalanceResponse, Cw20ExecuteMsg, Cw20QueryMsg, Cw20ReceiveMsg};

    const BALANCES: Map<&str, Uint128> = Map::new("b");

    pub fn instantiate(_: DepsMut, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
        Ok(Response::new())
    }

    pub fn execute(
        deps: DepsMut,
        _: Env,
        info: MessageInfo,
        msg: Cw20ExecuteMsg,
    ) -> StdResult<Response> {
        let mut add = |to: &str, amount: Uint128| {
            let before = BALANCES.may_load(deps.storage, to)?.unwrap_or_default();
            BALANCES.save(deps.storage, to, &(before + amount))
        };
        match msg {
            // Without a fee: what the tests give to an address.
            Cw20ExecuteMsg::Mint { recipient, amount } => add(&recipient, amount)?,
            Cw20ExecuteMsg::Send { contract, amount, msg } => {
                add(&contract, amount - amount.multiply_ratio(1u128, 10u128))?;
                let hook = Cw20ReceiveMsg { sender: info.sender.into(), amount, msg };
                return Ok(Response::new().add_message(WasmMsg::Execute {
                    contract_addr: contract,
                    msg: hook.into_json_binary()?,
                    funds: vec![],
                }));
            }
            other => return Err(StdError::generic_err(format!("{other:?}"))),
        }
        Ok(Response::new())
    }

    pub fn query(deps: Deps, _: Env, msg: Cw20QueryMsg) -> StdResult<Binary> {
        let Cw20QueryMsg::Balance { address } = msg else {
            return Err(StdError::generic_err("not asked here"));
        };
        let balance = BALANCES.may_load(deps.storage, &address)?.unwrap_or_default();
        to_json_binary(&BalanceResponse { balance })
    }
}

#[test]
fn a_token_with_a_fee_on_transfers_is_refused_and_credits_nothing() {
    let mut tokens = Tokens::new();
    let wrapper = ContractWrapper::new(with_fee::execute, with_fee::instantiate, with_fee::query);
    let code = tokens.escrow.app.store_code(Box::new(wrapper));
    let (issuer, none) = (who("issuer"), cosmwasm_std::Empty {});
    tokens.token =
        tokens.escrow.app.instantiate_contract(code, issuer, &none, &[], "fee", None).unwrap();
    let add = ExecuteMsg::UpdateConfig {
        guardian: None,
        fee_collector: None,
        add_controller: None,
        add_cw20: Some(vec![tokens.token.to_string()]),
        delist: None,
        relist: None,
    };
    tokens.escrow.send(&who("owner"), &add, &[]).unwrap();
    let open = tokens.open_msg(&who("ann"));
    tokens.escrow.control(&open).unwrap();

    let deposit = Cw20Hook::Deposit { account: AccountId(1) };
    let error = tokens.send(&who("bob"), 100, &deposit).unwrap_err();
    let denom = Denom::Cw20(tokens.token.to_string());
    let refused = CommonError::NotReceived {
        token: denom.clone(),
        amount: amount(100),
        needed: 100,
        has: 90,
    };
    assert_eq!(error, refused.into());
    let totals = |tokens: &Tokens| -> TotalsResponse {
        tokens.escrow.query(&QueryMsg::Totals { denom: denom.clone() })
    };
    assert_eq!(totals(&tokens).held, amount(0));

    // What lies here already covers no fee twice: with the deposit it would be owed.
    let gift = Cw20ExecuteMsg::Mint {
        recipient: tokens.escrow.address.to_string(),
        amount: 10u128.into(),
    };
    let token = tokens.token.clone();
    tokens.escrow.app.execute_contract(who("issuer"), token, &gift, &[]).unwrap();
    tokens.send(&who("bob"), 100, &deposit).unwrap();
    assert_eq!((totals(&tokens).held, tokens.balance(&tokens.escrow.address)), (amount(100), 100));
    let error = tokens.send(&who("bob"), 10, &deposit).unwrap_err();
    assert!(
        matches!(
            error,
            ContractError::Common(CommonError::NotReceived { needed: 110, has: 109, .. })
        ),
        "{error}"
    );
}

#[test]
fn a_bank_denom_that_is_written_as_a_token_is_refused() {
    let mut tokens = Tokens::new();
    let fake = format!("cw20:{}", tokens.token);
    tokens.open(&who("ann"), 100);
    let coin = [cosmwasm_std::coin(5, &fake)];
    let controller = tokens.escrow.controller.clone();
    let open = ExecuteMsg::OpenAccount {
        local: 2,
        tenant: who("ann").to_string(),
        reserved: Rate::ZERO,
        streams: Vec::new(),
    };
    let deposit = ExecuteMsg::Deposit { account: AccountId(1) };
    for (sender, msg) in [(controller, open), (who("bob"), deposit)] {
        let error = tokens.escrow.send(&sender, &msg, &coin).unwrap_err();
        assert_eq!(error, CommonError::TokenLikeDenom(fake.clone()).into(), "{msg:?}");
    }
}

/// The owner's message that marks these, or takes their marks away.
fn mark(delist: &[&Addr], relist: &[&Addr]) -> ExecuteMsg {
    let texts = |list: &[&Addr]| Some(list.iter().map(ToString::to_string).collect());
    ExecuteMsg::UpdateConfig {
        guardian: None,
        fee_collector: None,
        add_controller: None,
        add_cw20: None,
        delist: texts(delist),
        relist: texts(relist),
    }
}

#[test]
fn by_a_delisted_controller_or_token_no_account_is_opened_and_all_is_closed_and_paid_out() {
    for of_token in [true, false] {
        let mut tokens = Tokens::new();
        tokens.open(&who("ann"), 100);
        let account = AccountId(1);
        tokens.escrow.control(&Escrow::stream_msg(1, 1, &who("provider"), 10, 0)).unwrap();
        let entry = if of_token { tokens.token.clone() } else { who("orderbook") };
        tokens.escrow.send(&who("owner"), &mark(&[&entry], &[]), &[]).unwrap();

        let mut open = tokens.open_msg(&who("ann"));
        if let ExecuteMsg::OpenTokenAccount { local, .. } = &mut open {
            *local = 2;
        }
        let refused = ContractError::Delisted(entry.clone());
        assert_eq!(tokens.escrow.control(&open).unwrap_err(), refused);

        // What is open goes on and ends as always: an auction that ends opens a stream.
        let stream = Escrow::stream_msg(1, 2, &who("provider"), 1, 0);
        tokens.escrow.control(&stream).unwrap();
        tokens.send(&who("bob"), 50, &Cw20Hook::Deposit { account }).unwrap();
        tokens.escrow.pass(HOUR).close(1, &[1, 2]);
        for claim in [
            ExecuteMsg::Withdraw { account, stream: 1 },
            ExecuteMsg::Withdraw { account, stream: 2 },
            ExecuteMsg::ClaimRefund { account, deposit: None },
            ExecuteMsg::ClaimRefund { account, deposit: Some(1) },
        ] {
            tokens.escrow.send(&who("stranger"), &claim, &[]).unwrap();
        }
        assert_eq!(tokens.balance(&tokens.escrow.address), 0);

        // The mark can be taken away, once.
        tokens.escrow.send(&who("owner"), &mark(&[], &[&entry]), &[]).unwrap();
        tokens.escrow.control(&open).unwrap();
        let error = tokens.escrow.send(&who("owner"), &mark(&[], &[&entry]), &[]).unwrap_err();
        assert!(matches!(error, ContractError::Listing { .. }), "{error}");
    }
}

#[test]
fn only_what_is_in_a_list_is_delisted_and_its_place_stays() {
    let mut tokens = Tokens::new();
    let owner = who("owner");
    let error = tokens.escrow.send(&owner, &mark(&[&who("x")], &[]), &[]).unwrap_err();
    assert!(matches!(error, ContractError::Listing { .. }), "{error}");
    let before: souk_api::escrow::ConfigResponse = tokens.escrow.query(&QueryMsg::Config {});
    let token = tokens.token.clone();
    tokens.escrow.send(&owner, &mark(&[&token, &who("orderbook")], &[]), &[]).unwrap();
    let error = tokens.escrow.send(&owner, &mark(&[&token], &[]), &[]).unwrap_err();
    assert!(matches!(error, ContractError::Listing { .. }), "{error}");
    let after: souk_api::escrow::ConfigResponse = tokens.escrow.query(&QueryMsg::Config {});
    assert_eq!(after.delisted, [token.to_string(), who("orderbook").to_string()]);
    assert_eq!((after.controllers, after.cw20_tokens), (before.controllers, before.cw20_tokens));
}

#[test]
fn a_mark_on_one_token_keeps_no_account_in_another_from_opening() {
    let mut tokens = Tokens::new();
    let add = ExecuteMsg::UpdateConfig {
        guardian: None,
        fee_collector: None,
        add_controller: None,
        add_cw20: Some(vec![who("another").to_string()]),
        delist: None,
        relist: None,
    };
    tokens.escrow.send(&who("owner"), &add, &[]).unwrap();
    tokens.escrow.send(&who("owner"), &mark(&[&who("another")], &[]), &[]).unwrap();
    tokens.open(&who("ann"), 100);
    assert_eq!(tokens.escrow.account(AccountId(1)).balance, amount(100));
}
