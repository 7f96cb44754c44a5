//! What controllers, owner and guardian can do, and what nobody else can.
use crate::common::{DENOM, Escrow, amount, rate, usouk, who};
use cosmwasm_std::coins;
use cw_multi_test::Executor;
use cw_ownable::{Action, Ownership};
use souk_api::{
    escrow::{ConfigResponse, ExecuteMsg, MigrateMsg, QueryMsg, ReserveChange, StreamsResponse},
    published::{self, AccountRecord, names},
};
use souk_contract_std::CommonError;
use souk_core::{AccountId, Rate, ids::AccountIdError};
use souk_escrow::ContractError;

fn open_msg(local: u64) -> ExecuteMsg {
    ExecuteMsg::OpenAccount {
        local,
        tenant: who("ann").into(),
        reserved: Rate::ZERO,
        streams: Vec::new(),
    }
}

#[test]
fn only_controllers_open_and_close() {
    let mut escrow = Escrow::new();
    escrow.open(1, &who("ann"), 100);
    let messages = [
        open_msg(2),
        Escrow::stream_msg(1, 1, &who("provider"), 1, 0),
        ExecuteMsg::CloseStream {
            local: 1,
            stream: 1,
            reserved: ReserveChange::NONE,
            not_after: None,
        },
        ExecuteMsg::Reserve { local: 1, reserved: ReserveChange::To(rate(1)) },
        ExecuteMsg::CloseAccount { local: 1, streams: vec![], not_after: vec![] },
    ];
    for msg in messages {
        let error = escrow.send(&who("ann"), &msg, &[]).unwrap_err();
        assert!(
            matches!(error, ContractError::Common(CommonError::NotPermitted { .. })),
            "{msg:?}: {error}"
        );
    }
}

#[test]
fn only_the_owner_configures_and_unpauses_and_only_listed_tokens_call_the_hook() {
    let mut escrow = Escrow::new();
    let config = ExecuteMsg::UpdateConfig {
        guardian: Some(who("eve").into()),
        fee_collector: None,
        add_controller: None,
        add_cw20: None,
        delist: None,
        relist: None,
    };
    let received = cw20::Cw20ReceiveMsg {
        sender: who("ann").into(),
        amount: 5u128.into(),
        msg: cosmwasm_std::Binary::default(),
    };
    let messages =
        [config, ExecuteMsg::Unpause {}, ExecuteMsg::Pause {}, ExecuteMsg::Receive(received)];
    for msg in messages {
        let error = escrow.send(&who("eve"), &msg, &[]).unwrap_err();
        assert!(
            matches!(error, ContractError::Common(CommonError::NotPermitted { .. })),
            "{msg:?}: {error}"
        );
    }
    let error = escrow.send(&who("guardian"), &ExecuteMsg::Unpause {}, &[]).unwrap_err();
    assert!(matches!(error, ContractError::Common(CommonError::NotPermitted { .. })), "{error}");
}

#[test]
fn two_controllers_number_their_accounts_apart() {
    let mut escrow = Escrow::new();
    escrow.open(1, &who("ann"), 100);
    let second = who("second orderbook");
    let add = ExecuteMsg::UpdateConfig {
        guardian: None,
        fee_collector: None,
        add_controller: Some(second.to_string()),
        add_cw20: None,
        delist: None,
        relist: None,
    };
    escrow.send(&who("owner"), &add, &[]).unwrap();
    escrow.send(&second, &open_msg(1), &coins(7, DENOM)).unwrap();
    assert_eq!(escrow.account(AccountId::new(1, 1).unwrap()).balance, amount(7));
    let close = ExecuteMsg::CloseAccount { local: 1, streams: vec![], not_after: vec![] };
    escrow.send(&second, &close, &[]).unwrap();
    assert!(!escrow.account(AccountId(1)).closed);
    let error = escrow.send(&who("owner"), &add, &[]).unwrap_err();
    assert_eq!(error, ContractError::Duplicate { what: "controllers", entry: second });
}

#[test]
fn an_account_number_is_used_once_even_after_the_account_is_closed() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.close(1, &[]);
    let controller = escrow.controller.clone();
    let error = escrow.send(&controller, &open_msg(1), &coins(5, DENOM)).unwrap_err();
    assert_eq!(error, ContractError::AccountExists(account));
    let error = escrow.send(&controller, &open_msg(1 << 48), &coins(5, DENOM)).unwrap_err();
    assert_eq!(error, ContractError::AccountId(AccountIdError::LocalTooLarge(1 << 48)));
}

#[test]
fn an_account_closes_with_exactly_its_open_streams() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("a"), 1);
    escrow.stream(1, 2, &who("b"), 1);
    let close = |streams: &[u64]| ExecuteMsg::CloseAccount {
        local: 1,
        streams: streams.into(),
        not_after: vec![],
    };
    let error = escrow.control(&close(&[1])).unwrap_err();
    assert_eq!(error, ContractError::OtherStreams { account, open: 2, given: 1 });
    let error = escrow.control(&close(&[1, 1])).unwrap_err();
    assert_eq!(error, ContractError::StreamClosed { account, stream: 1 });
    let error = escrow.control(&close(&[1, 3])).unwrap_err();
    assert_eq!(error, ContractError::NoStream { account, stream: 3 });
    escrow.close(1, &[2, 1]);
    let error = escrow.control(&close(&[])).unwrap_err();
    assert_eq!(error, ContractError::AccountClosed(account));
}

#[test]
fn a_stream_closes_once_and_its_number_is_taken_while_it_is_known() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("a"), 1);
    let error = escrow.control(&Escrow::stream_msg(1, 1, &who("a"), 1, 0)).unwrap_err();
    assert_eq!(error, ContractError::StreamExists { account, stream: 1 });
    escrow.close_stream(1, 1);
    let close = ExecuteMsg::CloseStream {
        local: 1,
        stream: 1,
        reserved: ReserveChange::NONE,
        not_after: None,
    };
    let error = escrow.control(&close).unwrap_err();
    assert_eq!(error, ContractError::StreamClosed { account, stream: 1 });
}

#[test]
fn a_pause_stops_new_accounts_and_streams_and_nothing_else() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("provider"), 10);
    escrow.send(&who("guardian"), &ExecuteMsg::Pause {}, &[]).unwrap();
    let controller = escrow.controller.clone();
    let error = escrow.send(&controller, &open_msg(2), &coins(5, DENOM)).unwrap_err();
    assert_eq!(error, CommonError::Paused.into());
    let error = escrow.control(&Escrow::stream_msg(1, 2, &who("a"), 1, 0)).unwrap_err();
    assert_eq!(error, CommonError::Paused.into());

    escrow.pass(3_600);
    escrow.deposit(account, &who("bob"), 5).unwrap();
    assert_eq!(escrow.withdraw(account, 1, &who("provider")), 10);
    let own = ExecuteMsg::WithdrawDeposit { account, amount: amount(20) };
    escrow.send(&who("ann"), &own, &[]).unwrap();
    escrow.close(1, &[1]);
    assert_eq!(escrow.refund(account, None, &who("ann")), 70);
    assert_eq!(escrow.refund(account, Some(1), &who("bob")), 5);

    escrow.send(&who("owner"), &ExecuteMsg::Unpause {}, &[]).unwrap();
    escrow.open(2, &who("ann"), 5);
}

#[test]
fn the_contract_is_handed_over_in_two_steps() {
    let mut escrow = Escrow::new();
    let transfer = Action::TransferOwnership { new_owner: who("dao").into(), expiry: None };
    escrow.send(&who("owner"), &ExecuteMsg::UpdateOwnership(transfer), &[]).unwrap();
    let owner =
        |escrow: &Escrow| escrow.query::<Ownership<String>>(&QueryMsg::Ownership {}).owner.unwrap();
    assert_eq!(owner(&escrow), who("owner").to_string());
    let accept = ExecuteMsg::UpdateOwnership(Action::AcceptOwnership);
    assert!(escrow.send(&who("eve"), &accept, &[]).is_err());
    escrow.send(&who("dao"), &accept, &[]).unwrap();
    assert_eq!(owner(&escrow), who("dao").to_string());
}

#[test]
fn another_contract_reads_an_account_by_its_raw_key() {
    let mut escrow = Escrow::new();
    let id = escrow.open(3, &who("ann"), 100);
    let querier = escrow.app.wrap();
    let address = escrow.address.as_str();
    published::probe(&querier, address, names::ESCROW).unwrap();
    let record: AccountRecord =
        published::read(&querier, address, published::account_key(id)).unwrap().unwrap();
    assert_eq!((record.tenant, record.denom), (who("ann").to_string(), usouk()));
}

#[test]
fn a_migration_from_another_contract_or_a_newer_version_is_refused() {
    let mut escrow = Escrow::new();
    let (owner, address, code) = (escrow.owner.clone(), escrow.address.clone(), escrow.code);
    escrow.app.migrate_contract(owner.clone(), address.clone(), &MigrateMsg {}, code).unwrap();
    for (name, version) in [("crates.io:other", "0.0.1"), (names::ESCROW, "99.0.0")] {
        let info = cw2::ContractVersion { contract: name.into(), version: version.into() };
        let stored = cosmwasm_std::to_json_vec(&info).unwrap();
        let mut storage = escrow.app.contract_storage_mut(&address);
        storage.set(b"contract_info", &stored);
        drop(storage);
        let tried =
            escrow.app.migrate_contract(owner.clone(), address.clone(), &MigrateMsg {}, code);
        let error = tried.unwrap_err().downcast::<ContractError>().unwrap();
        assert!(matches!(error, ContractError::Common(CommonError::Migration { .. })), "{error}");
    }
}

#[test]
fn a_runway_out_of_range_and_too_many_controllers_are_refused() {
    let config: ConfigResponse = Escrow::new().query(&QueryMsg::Config {});
    assert_eq!(config.min_runway, 3_600);
    let mut escrow = Escrow::new();
    let instantiate = |escrow: &mut Escrow, min_runway: u64, controllers: u32| {
        let msg = souk_api::escrow::InstantiateMsg {
            owner: None,
            guardian: None,
            fee_collector: who("fees").into(),
            min_runway,
            controllers: (0..controllers).map(|n| who(&n.to_string()).into()).collect(),
            cw20_tokens: Vec::new(),
        };
        let (code, sender) = (escrow.code, who("x"));
        let sent = escrow.app.instantiate_contract(code, sender, &msg, &[], "escrow", None);
        sent.map_err(|error| error.downcast::<ContractError>().unwrap())
    };
    assert_eq!(instantiate(&mut escrow, 0, 1), Err(ContractError::MinRunway(0)));
    let long = 7 * 24 * 3_600 + 1;
    assert_eq!(instantiate(&mut escrow, long, 1), Err(ContractError::MinRunway(long)));
    let too_many = CommonError::TooMany { what: "controllers", count: 33, max: 32 }.into();
    assert_eq!(instantiate(&mut escrow, 1, 33), Err(too_many));
    assert!(instantiate(&mut escrow, 1, 32).is_ok());
}

#[test]
fn streams_are_listed_page_by_page() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    for stream in 1..=5 {
        escrow.stream(1, stream, &who("provider"), 1);
    }
    let page = |start_after, limit| {
        let page: StreamsResponse =
            escrow.query(&QueryMsg::Streams { account, start_after, limit: Some(limit) });
        page.streams.iter().map(|stream| stream.stream).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2), [1, 2]);
    assert_eq!(page(Some(2), 2), [3, 4]);
    assert_eq!(page(Some(4), 2), [5]);
}
