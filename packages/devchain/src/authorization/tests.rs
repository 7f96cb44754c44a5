//! Which calls an authorization accepts, and what is left of it.

use super::*;

const CONTRACT: &str = "souk1contract";
const DEPOSIT: &[u8] = br#"{"deposit":{"account":7}}"#;

fn usouk(amount: u128) -> ProtoCoin {
    ProtoCoin { denom: "usouk".to_owned(), amount: amount.to_string() }
}

fn funds_limit(amount: u128) -> Any {
    any(&MaxFundsLimit { amounts: vec![usouk(amount)] })
}

fn combined(calls_remaining: u64, amount: u128) -> Any {
    any(&CombinedLimit { calls_remaining, amounts: vec![usouk(amount)] })
}

fn exactly(message: &[u8]) -> Any {
    any(&AcceptedMessagesFilter { messages: vec![message.to_vec()] })
}

fn execution(grants: Vec<(Any, Any)>) -> Execution {
    let grant = |(limit, filter)| ContractGrant {
        contract: CONTRACT.to_owned(),
        limit: Some(limit),
        filter: Some(filter),
    };
    let grants = grants.into_iter().map(grant).collect();
    Execution::of(ContractExecutionAuthorization { grants }).unwrap()
}

fn call(msg: &[u8], funds: Vec<ProtoCoin>) -> MsgExecuteContract {
    let contract = CONTRACT.to_owned();
    MsgExecuteContract { sender: String::new(), contract, msg: msg.to_vec(), funds }
}

fn verdict(execution: &Execution, call: &MsgExecuteContract) -> Verdict {
    execution.accept(&GasMeter::unlimited(), call).unwrap()
}

fn deposit(amount: u128) -> MsgExecuteContract {
    call(DEPOSIT, vec![usouk(amount)])
}

#[test]
fn coins_are_subtracted_until_the_last_ends_it() {
    let ten = execution(vec![(funds_limit(10), exactly(DEPOSIT))]);
    let three = execution(vec![(funds_limit(3), exactly(DEPOSIT))]);
    assert_eq!(verdict(&ten, &deposit(7)), Verdict::Changed(three.clone()));
    assert_eq!(verdict(&three, &deposit(4)), Verdict::Refused);
    assert_eq!(verdict(&three, &deposit(3)), Verdict::UsedUp);
    assert_eq!(verdict(&three, &call(DEPOSIT, vec![])), Verdict::Kept);
}

#[test]
fn calls_and_coins_end_it_whichever_is_first() {
    let two = execution(vec![(combined(2, 10), exactly(DEPOSIT))]);
    let one = execution(vec![(combined(1, 9), exactly(DEPOSIT))]);
    assert_eq!(verdict(&two, &deposit(1)), Verdict::Changed(one.clone()));
    assert_eq!(verdict(&two, &deposit(10)), Verdict::UsedUp);
    assert_eq!(verdict(&one, &deposit(1)), Verdict::UsedUp);
    assert_eq!(verdict(&one, &call(DEPOSIT, vec![])), Verdict::UsedUp);
    assert_eq!(verdict(&one, &deposit(10)), Verdict::Refused);
    let calls = execution(vec![(any(&MaxCallsLimit { remaining: 1 }), exactly(DEPOSIT))]);
    assert_eq!(verdict(&calls, &deposit(1)), Verdict::Refused);
    assert_eq!(verdict(&calls, &call(DEPOSIT, vec![])), Verdict::UsedUp);
}

#[test]
fn another_contract_message_or_denom_is_refused() {
    let ten = execution(vec![(funds_limit(10), exactly(DEPOSIT))]);
    let other = ProtoCoin { denom: "uother".to_owned(), amount: "1".to_owned() };
    for refused in [
        MsgExecuteContract { contract: "souk1other".to_owned(), ..deposit(1) },
        call(br#"{"deposit":{"account":8}}"#, vec![usouk(1)]),
        // The same JSON in other bytes.
        call(br#"{"deposit": {"account":7}}"#, vec![usouk(1)]),
        call(DEPOSIT, vec![other.clone()]),
        call(DEPOSIT, vec![other, usouk(1)]),
    ] {
        assert_eq!(verdict(&ten, &refused), Verdict::Refused, "{refused:?}");
    }
}

#[test]
fn of_several_grants_the_first_that_fits_carries_the_whole_call() {
    let both = execution(vec![
        (funds_limit(5), exactly(br#"{"a":{}}"#)),
        (funds_limit(5), exactly(DEPOSIT)),
    ]);
    let first = execution(vec![(funds_limit(5), exactly(br#"{"a":{}}"#))]);
    assert_eq!(verdict(&both, &deposit(5)), Verdict::Changed(first));
    assert_eq!(verdict(&both, &deposit(6)), Verdict::Refused);
}

#[test]
fn keys_accept_objects_with_one_of_them_alone() {
    let keys = any(&AcceptedMessageKeysFilter { keys: vec!["deposit".to_owned()] });
    let held = execution(vec![(funds_limit(5), keys)]);
    assert_eq!(verdict(&held, &call(DEPOSIT, vec![])), Verdict::Kept);
    for refused in [&br#"{"withdraw":{}}"#[..], br#"{"deposit":{},"withdraw":{}}"#, b"{}", b"[]"] {
        assert_eq!(verdict(&held, &call(refused, vec![])), Verdict::Refused);
    }
}

#[test]
fn what_is_not_valid_is_refused_with_wasmds_codes() {
    let codec = AddressCodec::new("souk").unwrap();
    let contract = codec.encode(&[7; 32]);
    let held = |limit: Option<Any>, filter: Option<Any>| {
        let grant = ContractGrant { contract: contract.clone(), limit, filter };
        Execution::of(ContractExecutionAuthorization { grants: vec![grant] }).unwrap()
    };
    let (limit, filter) = (Some(funds_limit(1)), Some(exactly(b"{}")));
    assert_eq!(held(limit.clone(), filter.clone()).validate(&codec), Ok(()));
    let messages = |messages: Vec<Vec<u8>>| Some(any(&AcceptedMessagesFilter { messages }));
    let keys = |keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Some(any(&AcceptedMessageKeysFilter { keys }))
    };
    let none = Execution::of(ContractExecutionAuthorization::default()).unwrap();
    let stray = execution(vec![(funds_limit(1), exactly(b"{}"))]);
    for (held, codespace, code, log) in [
        (none, "wasm", 12, "grants: empty"),
        (stray, "undefined", 1, "position 0: contract: "),
        (held(None, filter.clone()), "sdk", 29, "position 0: limit: undefined limit"),
        (held(limit.clone(), None), "sdk", 29, "position 0: filter: undefined filter"),
        (held(Some(funds_limit(0)), filter.clone()), "undefined", 1, "position 0: limit: coin 0"),
        (
            held(Some(any(&MaxFundsLimit::default())), filter.clone()),
            "wasm",
            12,
            "position 0: limit: amounts",
        ),
        (held(Some(combined(0, 1)), filter.clone()), "wasm", 12, "position 0: limit: remaining"),
        (held(Some(combined(1, 0)), filter), "wasm", 12, "position 0: limit: amounts"),
        (held(limit.clone(), messages(vec![])), "wasm", 12, "position 0: filter: messages"),
        (held(limit.clone(), messages(vec![vec![]])), "wasm", 12, "position 0: filter: message:"),
        (held(limit.clone(), messages(vec![b"{".to_vec()])), "wasm", 14, "position 0: filter: "),
        (
            held(limit.clone(), messages(vec![b"1".to_vec(), b"1".to_vec()])),
            "wasm",
            15,
            "position 0: filter: message: duplicate",
        ),
        (held(limit.clone(), keys(&[])), "wasm", 12, "position 0: filter: keys"),
        (held(limit.clone(), keys(&["a "])), "wasm", 14, "position 0: filter: key \"a \""),
        (held(limit, keys(&["a", "a"])), "wasm", 15, "position 0: filter: key \"a\": duplicate"),
    ] {
        let err = held.validate(&codec).unwrap_err();
        assert_eq!((err.codespace, err.code), (codespace, code), "{log}: {err}");
        assert!(err.log.starts_with(log), "{err}");
    }
}
