//! Acting for another: grants that are valid and not, calls within them and beyond, and what is left.

use cosmrs::proto::{
    Timestamp,
    cosmos::{
        authz::v1beta1::{Grant, MsgExec, MsgGrant, MsgRevoke, QueryGrantsRequest},
        base::query::v1beta1::PageRequest,
        base::v1beta1::Coin as ProtoCoin,
    },
    cosmwasm::wasm::v1 as wasm,
    traits::{Message, Name},
};
use souk_api::escrow;
use souk_chain::{Any, Coin, tx};
use souk_core::{AccountId, AuctionPolicy};

use crate::{
    accounts::{DENOM, OTHER, Who},
    market::{Contracts, amount, group, opened, play_one},
    pair::{Pair, address},
    tx::Tx,
};

const PATH: &str = "/cosmos.authz.v1beta1.Query/Grants";
const EXECUTE: &str = "/cosmwasm.wasm.v1.MsgExecuteContract";

fn any<M: Message + Name>(message: &M) -> Any {
    Any { type_url: format!("/{}", M::full_name()), value: message.encode_to_vec() }
}

fn coin(amount: &str, denom: &str) -> ProtoCoin {
    ProtoCoin { denom: denom.to_owned(), amount: amount.to_owned() }
}

fn funds(amount: &str) -> Any {
    any(&wasm::MaxFundsLimit { amounts: vec![coin(amount, DENOM)] })
}

fn combined(calls_remaining: u64, amount: &str) -> Any {
    any(&wasm::CombinedLimit { calls_remaining, amounts: vec![coin(amount, DENOM)] })
}

fn calls(remaining: u64) -> Any {
    any(&wasm::MaxCallsLimit { remaining })
}

fn exactly(messages: &[&[u8]]) -> Any {
    let messages = messages.iter().map(|message| message.to_vec()).collect();
    any(&wasm::AcceptedMessagesFilter { messages })
}

fn keys(keys: &[&str]) -> Any {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    any(&wasm::AcceptedMessageKeysFilter { keys })
}

/// Ann's grants to bob, and bob's calls for her.
struct Script<'a> {
    contracts: &'a Contracts,
    account: AccountId,
    deposit: Vec<u8>,
}

type Named = (&'static str, Tx);

impl Script<'_> {
    fn grant_to(&self, grantee: &str, parts: Vec<(Any, Any)>, until: Option<i64>) -> Any {
        let grants = parts.into_iter().map(|(limit, filter)| wasm::ContractGrant {
            contract: self.contracts.escrow.clone(),
            limit: Some(limit),
            filter: Some(filter),
        });
        self.grant_any(grantee, grants.collect(), until)
    }

    fn grant_any(&self, to: &str, grants: Vec<wasm::ContractGrant>, until: Option<i64>) -> Any {
        any(&MsgGrant {
            granter: address(Who::Ann),
            grantee: to.to_owned(),
            grant: Some(Grant {
                authorization: Some(any(&wasm::ContractExecutionAuthorization { grants })),
                expiration: until.map(|seconds| Timestamp { seconds, nanos: 0 }),
            }),
        })
    }

    fn grant(&self, parts: Vec<(Any, Any)>) -> Tx {
        Tx::new(Who::Ann, vec![self.grant_to(&address(Who::Bob), parts, None)])
    }

    fn call(&self, msg: &[u8], coins: &[Coin]) -> Any {
        tx::execute_bytes(&address(Who::Ann), &self.contracts.escrow, msg.to_vec(), coins)
    }

    fn paid(&self, amount: u128) -> Any {
        self.call(&self.deposit, &[Coin::new(amount, DENOM)])
    }

    fn exec(&self, messages: Vec<Any>) -> Tx {
        Tx::new(Who::Bob, vec![tx::as_granted(&address(Who::Bob), messages)])
    }

    fn revoke(&self, type_url: &str) -> Tx {
        let msg_type_url = type_url.to_owned();
        let (granter, grantee) = (address(Who::Ann), address(Who::Bob));
        Tx::new(Who::Ann, vec![any(&MsgRevoke { granter, grantee, msg_type_url })])
    }

    /// Grants that the chain takes, or refuses for their form.
    fn forms(&self, now: i64) -> Vec<Named> {
        let bob = address(Who::Bob);
        let good = || (funds("5"), exactly(&[&self.deposit]));
        let filter = || exactly(&[&self.deposit]);
        let to = |to: &str| Tx::new(Who::Ann, vec![self.grant_to(to, vec![good()], None)]);
        let until = |at| Tx::new(Who::Ann, vec![self.grant_to(&bob, vec![good()], Some(at))]);
        let parts = |contract: &str, limit, filter| {
            let grant = wasm::ContractGrant { contract: contract.to_owned(), limit, filter };
            Tx::new(Who::Ann, vec![self.grant_any(&bob, vec![grant], None)])
        };
        let bare = |grant| {
            let (granter, grantee) = (address(Who::Ann), bob.clone());
            Tx::new(Who::Ann, vec![any(&MsgGrant { granter, grantee, grant })])
        };
        let escrow = self.contracts.escrow.as_str();
        let unknown = Any { type_url: "/cosmwasm.wasm.v1.NoSuchLimit".into(), value: vec![] };
        let both = any(&wasm::MaxFundsLimit { amounts: vec![coin("1", OTHER), coin("1", DENOM)] });
        let unsorted =
            any(&wasm::MaxFundsLimit { amounts: vec![coin("1", DENOM), coin("1", OTHER)] });
        let none = any(&wasm::MaxFundsLimit { amounts: vec![] });
        vec![
            ("grant coins", self.grant(vec![good()])),
            ("grant calls", self.grant(vec![(calls(3), filter())])),
            ("grant calls and coins", self.grant(vec![(combined(3, "9"), filter())])),
            ("grant two denoms", self.grant(vec![(both, filter())])),
            (
                "grant any message",
                self.grant(vec![(funds("5"), any(&wasm::AllowAllMessagesFilter {}))]),
            ),
            ("grant a key", self.grant(vec![(funds("5"), keys(&["deposit", "withdraw"]))])),
            ("grant twice for one contract", self.grant(vec![good(), good()])),
            ("grant until soon", until(now + 3_600)),
            ("grant until another time", until(now + 7_200)),
            ("grant until the past", until(now - 10)),
            ("grant until before 1970", until(-10)),
            ("grant until the end of times", until(253_402_300_799)),
            ("grant until after the end of times", until(253_402_300_800)),
            ("grant nothing", self.grant(vec![])),
            ("grant without grant", bare(None)),
            ("grant without authorization", bare(Some(Grant::default()))),
            ("grant to oneself", to(&address(Who::Ann))),
            ("grant to no address", to("bob")),
            ("grant to nobody", to("")),
            ("grant to an address without account", to(&address(Who::Nobody))),
            ("grant on no contract's address", parts("escrow", Some(funds("5")), Some(filter()))),
            ("grant without limit", parts(escrow, None, Some(filter()))),
            ("grant without filter", parts(escrow, Some(funds("5")), None)),
            ("grant an unknown limit", parts(escrow, Some(unknown.clone()), Some(filter()))),
            ("grant an unknown filter", parts(escrow, Some(funds("5")), Some(unknown))),
            ("grant a filter for a limit", parts(escrow, Some(filter()), Some(filter()))),
            ("grant zero coins", self.grant(vec![(funds("0"), filter())])),
            ("grant less than zero coins", self.grant(vec![(funds("-1"), filter())])),
            ("grant a fraction", self.grant(vec![(funds("1.5"), filter())])),
            ("grant no coins", self.grant(vec![(none, filter())])),
            ("grant unsorted coins", self.grant(vec![(unsorted, filter())])),
            ("grant no calls", self.grant(vec![(calls(0), filter())])),
            ("grant no calls but coins", self.grant(vec![(combined(0, "9"), filter())])),
            ("grant calls but zero coins", self.grant(vec![(combined(1, "0"), filter())])),
            ("grant no messages", self.grant(vec![(funds("5"), exactly(&[]))])),
            ("grant an empty message", self.grant(vec![(funds("5"), exactly(&[b""]))])),
            ("grant what is no JSON", self.grant(vec![(funds("5"), exactly(&[b"{ deposit"]))])),
            ("grant a message twice", self.grant(vec![(funds("5"), exactly(&[b"{}", b"{}"]))])),
            ("grant no keys", self.grant(vec![(funds("5"), keys(&[]))])),
            ("grant an empty key", self.grant(vec![(funds("5"), keys(&[""]))])),
            ("grant a key in blanks", self.grant(vec![(funds("5"), keys(&[" a"]))])),
            ("grant a key twice", self.grant(vec![(funds("5"), keys(&["a", "a"]))])),
            ("revoke", self.revoke(EXECUTE)),
            ("revoke again", self.revoke(EXECUTE)),
            ("revoke what was never granted", self.revoke("/cosmos.bank.v1beta1.MsgSend")),
            ("revoke nothing", self.revoke("")),
        ]
    }

    /// Calls within a grant and beyond it, in an order that counts.
    fn calls(&self) -> Vec<Named> {
        let (deposit, account) = (self.deposit.as_slice(), self.account);
        let text = String::from_utf8_lossy(deposit).into_owned();
        let nothing = || self.call(deposit, &[]);
        let two_keys = format!("{},\"pause\":{{}}}}", text.strip_suffix('}').unwrap_or_default());
        let back = escrow::ExecuteMsg::WithdrawDeposit { account, amount: amount(1) };
        let back = tx::execute(&address(Who::Ann), &self.contracts.escrow, &back, &[]).unwrap();
        let other = escrow::ExecuteMsg::Deposit { account: AccountId(account.0 + 1) };
        let other = self.contracts.pay(Who::Ann, &self.contracts.escrow, &other, 1);
        let send = tx::send(&address(Who::Ann), &address(Who::Bob), &[Coin::new(1, DENOM)]);
        let one = || vec![Coin::new(1, DENOM)];
        let elsewhere = tx::execute_bytes(
            &address(Who::Ann),
            &self.contracts.registry,
            self.deposit.clone(),
            &one(),
        );
        let of_bob = tx::execute_bytes(
            &address(Who::Bob),
            &self.contracts.escrow,
            self.deposit.clone(),
            &one(),
        );
        let zero = any(&wasm::MsgExecuteContract {
            sender: address(Who::Ann),
            contract: self.contracts.escrow.clone(),
            msg: self.deposit.clone(),
            funds: vec![coin("0", DENOM)],
        });
        let exec = |messages| self.exec(messages);
        let as_bob = |messages| tx::as_granted(&address(Who::Bob), messages);
        let nested = |depth| (1..depth).fold(as_bob(vec![]), |inner, _| as_bob(vec![inner]));
        let many = |count| {
            let message = MsgExec { grantee: address(Who::Bob), msgs: vec![of_bob.clone(); count] };
            Tx::new(Who::Bob, vec![any(&message)]).gas(30_000_000)
        };
        let unknown = Any { type_url: "/souk.v1.MsgUnknown".into(), value: vec![] };
        let damaged = Any { type_url: EXECUTE.into(), value: vec![0xff; 5] };
        let exact = || exactly(&[deposit]);
        vec![
            ("call without a grant", exec(vec![self.paid(1)])),
            ("grant ten", self.grant(vec![(funds("10"), exact())])),
            ("spend four", exec(vec![self.paid(4)])),
            ("spend more than is left", exec(vec![self.paid(7)])),
            ("spend in two what is too much", exec(vec![self.paid(3), self.paid(4)])),
            ("spend on another account", exec(vec![other])),
            ("send another message", exec(vec![back])),
            (
                "send the message with a blank",
                exec(vec![self.call(format!("{text} ").as_bytes(), &one())]),
            ),
            ("send two keys", exec(vec![self.call(two_keys.as_bytes(), &one())])),
            ("call another contract", exec(vec![elsewhere])),
            ("spend another denom", exec(vec![self.call(deposit, &[Coin::new(1, OTHER)])])),
            (
                "spend two denoms",
                exec(vec![self.call(deposit, &[Coin::new(1, OTHER), Coin::new(1, DENOM)])]),
            ),
            ("call without coins", exec(vec![nothing()])),
            ("call with zero coins", exec(vec![zero])),
            ("call with no JSON", exec(vec![self.call(b"{ deposit", &one())])),
            ("call of the grantee's own", exec(vec![of_bob.clone()])),
            ("own and granted", exec(vec![of_bob.clone(), self.paid(1)])),
            ("send coins without a grant", exec(vec![send])),
            ("no messages", exec(vec![])),
            ("an unknown message", exec(vec![unknown])),
            ("a damaged message", exec(vec![damaged])),
            ("granted inside granted", exec(vec![as_bob(vec![self.paid(1)])])),
            ("nine deep", exec(vec![nested(8)])),
            ("ten deep", exec(vec![nested(9)])),
            ("eleven deep", exec(vec![nested(10)])),
            ("99 messages", many(99)),
            ("100 messages", many(100)),
            ("spend the rest", exec(vec![self.paid(4)])),
            ("spend when nothing is left", exec(vec![self.paid(1)])),
            ("grant two calls", self.grant(vec![(combined(2, "10"), exact())])),
            ("the first call", exec(vec![self.paid(1)])),
            ("the second call", exec(vec![self.paid(1)])),
            ("the third call", exec(vec![self.paid(1)])),
            ("grant three calls and two coins", self.grant(vec![(combined(3, "2"), exact())])),
            ("all coins in the first call", exec(vec![self.paid(2)])),
            (
                "grant calls alone",
                self.grant(vec![(calls(2), any(&wasm::AllowAllMessagesFilter {}))]),
            ),
            ("coins where there are calls", exec(vec![self.paid(1)])),
            ("a call that fails", exec(vec![nothing()])),
            ("grant two of five", self.grant(vec![(funds("5"), exact()), (funds("5"), exact())])),
            ("six of twice five", exec(vec![self.paid(6)])),
            ("five of twice five", exec(vec![self.paid(5)])),
            ("two of the other five", exec(vec![self.paid(2)])),
            ("grant a key", self.grant(vec![(funds("5"), keys(&["deposit"]))])),
            ("the key", exec(vec![self.paid(1)])),
            ("two keys where one is granted", exec(vec![self.call(two_keys.as_bytes(), &one())])),
            ("no object where a key is granted", exec(vec![self.call(b"[1]", &one())])),
        ]
    }

    async fn ask(&self, pair: &mut Pair) {
        self.ask_for(pair, Who::Bob, "", None).await;
        self.ask_for(pair, Who::Bob, EXECUTE, None).await;
    }

    async fn ask_for(&self, pair: &mut Pair, to: Who, type_url: &str, page: Option<PageRequest>) {
        let request = QueryGrantsRequest {
            granter: address(Who::Ann),
            grantee: address(to),
            msg_type_url: type_url.to_owned(),
            pagination: page.clone(),
        };
        let what = format!("query Grants to {to:?} of {type_url:?} on {page:?}");
        pair.ask(&what, PATH, &request.encode_to_vec()).await;
    }

    async fn ask_otherwise(&self, pair: &mut Pair) {
        let page = PageRequest::default;
        for page in [
            page(),
            PageRequest { limit: 1, ..page() },
            PageRequest { limit: 1, count_total: true, ..page() },
            PageRequest { offset: 1, ..page() },
            PageRequest { offset: 1, key: b"/".to_vec(), ..page() },
            PageRequest { reverse: true, ..page() },
        ] {
            for to in [Who::Bob, Who::Dear] {
                self.ask_for(pair, to, "", Some(page.clone())).await;
            }
        }
        self.ask_for(pair, Who::Bob, "/cosmos.bank.v1beta1.MsgSend", None).await;
        for (granter, grantee) in [("", "x"), ("x", ""), ("", "")] {
            let request = QueryGrantsRequest {
                granter: granter.replace('x', &address(Who::Ann)),
                grantee: grantee.replace('x', &address(Who::Bob)),
                ..QueryGrantsRequest::default()
            };
            let what = format!("query Grants of {granter:?} to {grantee:?}");
            pair.ask(&what, PATH, &request.encode_to_vec()).await;
        }
    }

    async fn play(&self, pair: &mut Pair, set: Vec<Named>) {
        for (name, tx) in set {
            let before = pair.differences.len();
            pair.simulate(&tx).await;
            pair.play(&[tx]).await;
            self.ask(pair).await;
            for difference in &mut pair.differences[before..] {
                *difference = format!("`{name}`: {difference}");
            }
        }
    }

    /// A grant that is used before it expires, and after.
    async fn expiry(&self, pair: &mut Pair) {
        let until = Some(pair.time().await + 6);
        let good = vec![(funds("10"), exactly(&[&self.deposit]))];
        let grant = Tx::new(Who::Ann, vec![self.grant_to(&address(Who::Bob), good, until)]);
        pair.play(&[grant, self.exec(vec![self.paid(1)])]).await;
        self.ask(pair).await;
        pair.pass(8).await;
        self.ask(pair).await;
        self.play(pair, vec![("call after the expiry", self.exec(vec![self.paid(1)]))]).await;
    }
}

/// Plays all of it on an account of ann's.
pub async fn play(pair: &mut Pair, contracts: &Contracts) {
    let groups = vec![group("kept", 1_000)];
    let choice = AuctionPolicy::TenantChoice {};
    let made = Tx::new(Who::Ann, vec![contracts.deploy(Who::Ann, groups, choice, 1_000_000)]);
    let made = play_one(pair, made).await;
    let account = AccountId(opened(&made, contracts)[0].1.0);
    let deposit = serde_json::to_vec(&escrow::ExecuteMsg::Deposit { account }).unwrap();
    let script = Script { contracts, account, deposit };
    let now = pair.time().await;
    script.play(pair, script.forms(now)).await;
    script.play(pair, script.calls()).await;
    script.ask_otherwise(pair).await;
    script.expiry(pair).await;
    pair.compare_contracts(contracts).await;
    pair.compare_accounts(contracts).await;
}
