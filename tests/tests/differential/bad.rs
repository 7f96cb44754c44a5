//! Transactions that must fail, of all kinds. Each has a name for the one who reads a
//! difference.

use cosmrs::proto::{
    cosmos::bank::v1beta1::{Input, MsgMultiSend, MsgSend, Output},
    cosmos::base::v1beta1::Coin as ProtoCoin,
    cosmwasm::wasm::v1::{MsgExecuteContract, MsgInstantiateContract2, MsgStoreCode},
    traits::{Message, Name},
};
use serde_json::{Value, json};
use souk_api::{escrow, orderbook, registry};
use souk_chain::{
    Any, Coin,
    tx::{
        Instantiate, clear_admin, execute, execute_bytes, instantiate, migrate, send, update_admin,
    },
};
use souk_core::{AccountId, AuctionPolicy};

use crate::{
    accounts::{DENOM, OTHER, Who},
    market::{Contracts, amount, group},
    pair::address,
    tx::{Flaw, Tx},
};

type Named = (&'static str, Tx);

fn any<M: Message + Name>(msg: &M) -> Any {
    Any { type_url: format!("/{}", M::full_name()), value: msg.encode_to_vec() }
}

fn proto(amount: &str, denom: &str) -> ProtoCoin {
    ProtoCoin { denom: denom.to_owned(), amount: amount.to_owned() }
}

fn ann(messages: Vec<Any>) -> Tx {
    Tx::new(Who::Ann, messages)
}

/// A send that would work.
fn fine(who: Who) -> Any {
    send(&address(who), &address(Who::Bob), &[Coin::new(1, DENOM)])
}

/// Wrong before any message is looked at.
pub fn envelopes() -> Vec<Named> {
    let one = || ann(vec![fine(Who::Ann)]);
    let other_fee = vec![Coin::new(50_000, OTHER)];
    let both = vec![Coin::new(1, OTHER), Coin::new(37_500, DENOM)];
    let unknown = Any { type_url: "/souk.v1.MsgUnknown".into(), value: vec![] };
    let damaged = Any { type_url: "/cosmos.bank.v1beta1.MsgSend".into(), value: vec![0xff; 5] };
    vec![
        ("sequence ahead", one().flaw(Flaw::Sequence(1))),
        ("sequence far ahead", one().flaw(Flaw::Sequence(100))),
        ("sequence behind", one().flaw(Flaw::Sequence(-1)).memo("behind")),
        ("another chain", one().flaw(Flaw::ChainId)),
        ("another account number", one().flaw(Flaw::AccountNumber)),
        ("broken signature", one().flaw(Flaw::Signature)),
        ("a stranger signs", one().flaw(Flaw::Stranger)),
        ("garbage", one().flaw(Flaw::Garbage)),
        ("cut", one().flaw(Flaw::Cut)),
        ("no fee", one().fee(vec![])),
        ("fee one below the least", one().fee(vec![Coin::new(37_499, DENOM)])),
        ("fee in another denom", one().fee(other_fee)),
        ("fee in two denoms", one().fee(both)),
        ("fee above the balance", one().fee(vec![Coin::new(u128::MAX >> 1, DENOM)])),
        ("gas of nothing", one().gas(0)),
        ("gas for no signature", one().gas(10_000)),
        ("gas that runs out in the message", ann(vec![fine(Who::Ann); 30]).gas(150_000)),
        ("long memo", one().memo(&"m".repeat(257))),
        ("longest memo", one().memo(&"m".repeat(256))),
        ("timeout passed", one().timeout_height(1)),
        ("no message", ann(vec![])),
        ("unknown message", ann(vec![unknown])),
        ("damaged message", ann(vec![damaged])),
        ("somebody else's message", ann(vec![fine(Who::Bob)])),
        ("a second signer that did not sign", ann(vec![fine(Who::Ann), fine(Who::Bob)])),
        ("nobody", Tx::new(Who::Nobody, vec![fine(Who::Nobody)])),
        ("fee that the poor cannot pay", Tx::new(Who::Poor, vec![fine(Who::Poor)]).gas(4_000_000)),
    ]
}

/// The bank's messages.
pub fn bank() -> Vec<Named> {
    let (me, bob) = (address(Who::Ann), address(Who::Bob));
    let to = |to: &str, amount: Vec<ProtoCoin>| {
        any(&MsgSend { from_address: me.clone(), to_address: to.to_owned(), amount })
    };
    let usouk = |amount: &str| vec![proto(amount, DENOM)];
    let part = |address: &str, coins| Input { address: address.to_owned(), coins };
    let share = |address: &str, coins| Output { address: address.to_owned(), coins };
    let many = |inputs, outputs| any(&MsgMultiSend { inputs, outputs });
    let unsorted = vec![proto("1", DENOM), proto("1", OTHER)];
    let sorted = vec![proto("1", OTHER), proto("1", DENOM)];
    let twice = vec![proto("1", DENOM), proto("1", DENOM)];
    let messages = vec![
        ("send", to(&bob, usouk("5"))),
        ("send to oneself", to(&me, usouk("5"))),
        ("send two denoms", to(&bob, sorted)),
        ("send unsorted denoms", to(&bob, unsorted)),
        ("send a denom twice", to(&bob, twice)),
        ("send more than there is", to(&bob, usouk("900000000000000000000"))),
        ("send nothing", to(&bob, vec![])),
        ("send zero", to(&bob, usouk("0"))),
        ("send less than zero", to(&bob, usouk("-1"))),
        ("send a fraction", to(&bob, usouk("1.5"))),
        ("send no number", to(&bob, usouk("many"))),
        ("send an unknown denom", to(&bob, vec![proto("1", "unothing")])),
        ("send a denom that is none", to(&bob, vec![proto("1", "u")])),
        ("send to no address", to("bob", usouk("1"))),
        (
            "send to an address of another chain",
            to(&Who::Bob.key().address("souk").unwrap(), usouk("1")),
        ),
        ("send to a module", to("wasm17xpfvakm2amg962yls6f84z3kell8c5l69j4zk", usouk("1"))),
        (
            "multi-send",
            many(
                vec![part(&me, usouk("3"))],
                vec![share(&bob, usouk("1")), share(&address(Who::Dear), usouk("2"))],
            ),
        ),
        (
            "multi-send that does not add up",
            many(vec![part(&me, usouk("3"))], vec![share(&bob, usouk("2"))]),
        ),
        ("multi-send to nobody", many(vec![part(&me, usouk("3"))], vec![])),
    ];
    messages.into_iter().map(|(name, message)| (name, ann(vec![message]))).collect()
}

/// Messages to contracts, by form: addresses, JSON, coins.
pub fn executes(contracts: &Contracts) -> Vec<Named> {
    let me = address(Who::Ann);
    let orderbook = contracts.orderbook.as_str();
    let raw = |contract: &str, msg: &[u8], coins: Vec<ProtoCoin>| {
        any(&MsgExecuteContract {
            sender: me.clone(),
            contract: contract.to_owned(),
            msg: msg.to_vec(),
            funds: coins,
        })
    };
    let json = |contract: &str, msg: Value| execute(&me, contract, &msg, &[]).unwrap();
    let deploy = |coins: &[Coin]| {
        let new = contracts.deploy(
            Who::Ann,
            vec![group("web", 1_000)],
            AuctionPolicy::TenantChoice {},
            1,
        );
        let mut msg = MsgExecuteContract::decode(new.value.as_slice()).unwrap();
        msg.funds = coins.iter().map(Coin::to_proto).collect();
        any(&msg)
    };
    let pause = br#"{"pause":{}}"#;
    let messages = vec![
        ("no such contract", json(&address(Who::Bob), json!({ "pause": {} }))),
        ("no contract's address", json("contract", json!({ "pause": {} }))),
        ("empty contract address", json("", json!({ "pause": {} }))),
        ("no JSON", execute_bytes(&me, orderbook, b"{ pause".to_vec(), &[])),
        ("nothing instead of JSON", execute_bytes(&me, orderbook, Vec::new(), &[])),
        ("JSON and more", execute_bytes(&me, orderbook, b"{\"pause\":{}} {}".to_vec(), &[])),
        ("unknown action", json(orderbook, json!({ "make_me_rich": {} }))),
        ("two actions", json(orderbook, json!({ "pause": {}, "unpause": {} }))),
        ("no action", json(orderbook, json!({}))),
        ("a list", json(orderbook, json!([1, 2]))),
        ("a field is missing", json(orderbook, json!({ "accept_bid": { "order": 1 } }))),
        ("a field too many", json(orderbook, json!({ "pause": { "now": true } }))),
        (
            "a field of another type",
            json(orderbook, json!({ "close_deployment": { "deployment": "one" } })),
        ),
        (
            "a number too large",
            execute_bytes(
                &me,
                orderbook,
                br#"{"close_deployment":{"deployment":18446744073709551616}}"#.to_vec(),
                &[],
            ),
        ),
        ("a negative number", json(orderbook, json!({ "close_deployment": { "deployment": -1 } }))),
        ("a fraction", json(orderbook, json!({ "close_deployment": { "deployment": 1.5 } }))),
        (
            "a double field",
            execute_bytes(
                &me,
                orderbook,
                br#"{"close_deployment":{"deployment":1,"deployment":2}}"#.to_vec(),
                &[],
            ),
        ),
        ("unauthorised", json(orderbook, json!({ "pause": {} }))),
        ("coins with a message that takes none", raw(orderbook, pause, vec![proto("5", DENOM)])),
        ("unsorted coins", raw(orderbook, pause, vec![proto("1", DENOM), proto("1", OTHER)])),
        ("no coins in a coin", raw(orderbook, pause, vec![proto("0", DENOM)])),
        ("a coin that is none", raw(orderbook, pause, vec![proto("x", DENOM)])),
        ("a deposit is missing", deploy(&[])),
        ("a deposit of another denom", deploy(&[Coin::new(1_000_000, OTHER)])),
        ("a deposit too small", deploy(&[Coin::new(1, DENOM)])),
        (
            "a deposit of two denoms",
            deploy(&[Coin::new(1_000_000, OTHER), Coin::new(1_000_000, DENOM)]),
        ),
        ("a deposit that she does not have", deploy(&[Coin::new(1 << 100, DENOM)])),
    ];
    let mut all: Vec<Named> =
        messages.into_iter().map(|(name, message)| (name, ann(vec![message]))).collect();
    let good = || deploy(&[Coin::new(1_000_000, DENOM)]);
    let bad = || json(orderbook, json!({ "pause": {} }));
    all.extend([
        ("the second message fails", ann(vec![good(), bad()])),
        ("the last of many fails", ann(vec![fine(Who::Ann), fine(Who::Ann), good(), bad()])),
        ("out of gas in a contract", ann(vec![good()]).gas(120_000)),
        ("out of gas in the second message", ann(vec![good(), good()]).gas(420_000)),
    ]);
    all
}

/// Messages of the contracts that break their rules or name what is not there.
pub fn rules(contracts: &Contracts) -> Vec<Named> {
    use escrow::ExecuteMsg as Escrow;
    let bid = |who, provider, order| (who, contracts.bid(who, provider, order, 10));
    let account = AccountId(9_999_999);
    let messages = vec![
        ("bid on no order", bid(Who::Operator, Who::Cheap, 9_999_999)),
        ("bid for another provider", bid(Who::Dear, Who::Cheap, 1)),
        ("bid without being a provider", bid(Who::Bob, Who::Bob, 1)),
        (
            "accept no order's bid",
            (Who::Ann, contracts.accept(Who::Ann, 9_999_999, Who::Cheap, 1, 10)),
        ),
        ("close no deployment", (Who::Ann, contracts.close(Who::Ann, 9_999_999))),
        ("deposit into no account", (Who::Ann, contracts.deposit(Who::Ann, 9_999_999, 5))),
        (
            "withdraw from no stream",
            (Who::Ann, contracts.escrow(Who::Ann, &Escrow::Withdraw { account, stream: 1 })),
        ),
        (
            "open an account without being a controller",
            (
                Who::Ann,
                contracts.escrow(
                    Who::Ann,
                    &Escrow::OpenAccount {
                        local: 1,
                        tenant: address(Who::Ann),
                        reserved: souk_core::Rate::ZERO,
                        streams: Vec::new(),
                    },
                ),
            ),
        ),
        ("register behind a small bond", (Who::Bob, contracts.register(Who::Bob, Who::Bob, 5))),
        (
            "slash without being a slasher",
            (
                Who::Ann,
                contracts.send(
                    Who::Ann,
                    &contracts.registry,
                    &registry::ExecuteMsg::NoticeSlash {
                        provider: address(Who::Cheap),
                        amount: amount(1),
                        reason: "envy".into(),
                    },
                ),
            ),
        ),
        ("attest into the past", (Who::Auditor, contracts.attest(Who::Cheap, "eu-west", 1))),
        (
            "configure without being the owner",
            (
                Who::Ann,
                contracts.to_orderbook(
                    Who::Ann,
                    &orderbook::ExecuteMsg::UpdateConfig {
                        guardian: None,
                        denoms: None,
                        params: None,
                    },
                ),
            ),
        ),
    ];
    let tx = |(name, (who, message))| (name, Tx::new(who, vec![message]));
    messages.into_iter().map(tx).collect()
}

/// Codes, instances, admins.
pub fn lifecycles(contracts: &Contracts) -> Vec<Named> {
    let (me, owner) = (address(Who::Ann), address(Who::Owner));
    let (orderbook, nobody) = (contracts.orderbook.as_str(), address(Who::Nobody));
    let what = |code_id, label: &str| Instantiate {
        code_id,
        label: label.to_owned(),
        ..Instantiate::default()
    };
    let attestations = json!({ "owner": null, "guardian": null, "max_lifetime": 1_000 });
    let make = |what: &Instantiate, msg: &Value| instantiate(&me, what, msg).unwrap();
    let salted = |salt: &[u8]| {
        any(&MsgInstantiateContract2 {
            sender: me.clone(),
            admin: String::new(),
            code_id: 1,
            label: "salted".into(),
            msg: attestations.to_string().into_bytes(),
            funds: vec![],
            salt: salt.to_vec(),
            fix_msg: false,
        })
    };
    let upload = |wasm: &[u8]| {
        any(&MsgStoreCode {
            sender: me.clone(),
            wasm_byte_code: wasm.to_vec(),
            instantiate_permission: None,
        })
    };
    let nothing = json!({});
    let mine = vec![
        ("instantiate", make(&what(1, "mine"), &attestations)),
        ("instantiate no code", make(&what(999, "mine"), &attestations)),
        ("instantiate code zero", make(&what(0, "mine"), &attestations)),
        ("instantiate without label", make(&what(1, ""), &attestations)),
        ("instantiate with a long label", make(&what(1, &"l".repeat(129)), &attestations)),
        ("instantiate with a label in blanks", make(&what(1, " mine "), &attestations)),
        ("instantiate with another contract's message", make(&what(4, "mine"), &attestations)),
        (
            "instantiate with an admin that is none",
            make(&Instantiate { admin: Some("me".into()), ..what(1, "mine") }, &attestations),
        ),
        (
            "instantiate with coins",
            make(
                &Instantiate { funds: vec![Coin::new(7, DENOM)], ..what(1, "mine") },
                &attestations,
            ),
        ),
        ("instantiate with a salt", salted(b"one")),
        ("instantiate with the same salt", salted(b"one")),
        ("instantiate without a salt", salted(b"")),
        ("instantiate with a long salt", salted(&[7; 65])),
        ("upload nothing", upload(b"")),
        ("upload a text", upload(b"this is no wasm at all")),
        ("upload a wasm header alone", upload(b"\0asm\x01\0\0\0")),
        ("upload a broken archive", upload(b"\x1f\x8b\x08\0\0\0\0\0\0\0")),
        ("migrate without being admin", migrate(&me, orderbook, 5, &nothing).unwrap()),
        ("migrate no contract", migrate(&me, &nobody, 5, &nothing).unwrap()),
        ("make oneself admin", update_admin(&me, orderbook, &me)),
        ("clear another's admin", clear_admin(&me, orderbook)),
        ("change the admin of no contract", update_admin(&me, &nobody, &me)),
    ];
    let owners = vec![
        ("migrate to the same code", migrate(&owner, orderbook, 5, &nothing).unwrap()),
        ("migrate to no code", migrate(&owner, orderbook, 999, &nothing).unwrap()),
        ("migrate to another contract's code", migrate(&owner, orderbook, 1, &nothing).unwrap()),
        (
            "migrate with a message that is none",
            migrate(&owner, orderbook, 5, &json!({ "x": 1 })).unwrap(),
        ),
        ("change the admin to no address", update_admin(&owner, orderbook, "nobody")),
        ("change the admin to the same", update_admin(&owner, orderbook, &owner)),
        ("change the admin", update_admin(&owner, &contracts.attestations, &address(Who::Bob))),
        (
            "change what is no longer one's own",
            update_admin(&owner, &contracts.attestations, &owner),
        ),
    ];
    let of =
        |who: Who| move |(name, message): (&'static str, Any)| (name, Tx::new(who, vec![message]));
    let bobs = vec![
        ("clear the admin", clear_admin(&address(Who::Bob), &contracts.attestations)),
        ("clear it again", clear_admin(&address(Who::Bob), &contracts.attestations)),
    ];
    let all = mine.into_iter().map(of(Who::Ann)).chain(owners.into_iter().map(of(Who::Owner)));
    all.chain(bobs.into_iter().map(of(Who::Bob))).collect()
}
