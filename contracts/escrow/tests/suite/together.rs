//! Streams that begin together, with their account or after it.

use cosmwasm_std::coins;
use souk_api::escrow::{ExecuteMsg, NewStream};
use souk_core::{AccountId, Rate, time::HOUR};
use souk_escrow::ContractError;

use crate::common::{DENOM, Escrow, price, who};

fn new(stream: u64, payee: &str, rate: u128) -> NewStream {
    NewStream { stream, payee: who(payee).into(), rate: price(rate), take_bps: 0, hold: 0 }
}

fn open(streams: Vec<NewStream>) -> ExecuteMsg {
    ExecuteMsg::OpenAccount { local: 1, tenant: who("ann").into(), reserved: Rate::ZERO, streams }
}

/// Opens the account with these coins.
fn opens(escrow: &mut Escrow, streams: Vec<NewStream>, units: u128) -> Result<(), ContractError> {
    let controller = escrow.controller.clone();
    escrow.send(&controller, &open(streams), &coins(units, DENOM)).map(drop)
}

#[test]
fn streams_that_begin_with_their_account_pay_from_its_first_second() {
    let mut escrow = Escrow::new();
    let controller = escrow.controller.clone();
    let streams = vec![new(7, "p0", 60), new(8, "p1", 40)];
    let response = escrow.send(&controller, &open(streams), &coins(1_000, DENOM)).unwrap();
    let kinds: Vec<_> = response.events.iter().map(|event| event.ty.as_str()).collect();
    let at = |kind: &str| kinds.iter().rposition(|one| one.ends_with(kind)).unwrap();
    let order = ["souk_escrow_account_opened", "souk_escrow_stream_opened", "souk_escrow_account"];
    assert!(order.map(at).is_sorted(), "{kinds:?}");
    let account = AccountId::new(0, 1).unwrap();
    assert_eq!(escrow.account(account).clock.rate, Rate::new(100).unwrap());
    escrow.pass(2 * HOUR);
    assert_eq!(escrow.withdraw(account, 7, &who("p0")), 120);
    assert_eq!(escrow.withdraw(account, 8, &who("p1")), 80);
    escrow.close(1, &[7, 8]);
    assert_eq!(escrow.refund(account, None, &who("ann")), 800);
    assert_eq!(escrow.balance(&escrow.address.clone()), 0);
}

#[test]
fn all_of_them_begin_or_none_does_and_the_coins_stay_with_who_sent_them() {
    let mut escrow = Escrow::new();
    // An hour of 60 and 40 takes 100.
    let both = || vec![new(7, "p0", 60), new(8, "p1", 40)];
    let short = opens(&mut escrow, both(), 99).unwrap_err();
    assert!(matches!(short, ContractError::TooShortRunway { .. }), "{short}");
    let twice = opens(&mut escrow, vec![new(7, "p0", 1), new(7, "p1", 1)], 99).unwrap_err();
    let account = AccountId::new(0, 1).unwrap();
    assert_eq!(twice, ContractError::StreamExists { account, stream: 7 });
    let dear = NewStream { take_bps: 10_001, ..new(8, "p1", 1) };
    assert!(opens(&mut escrow, vec![new(7, "p0", 1), dear], 99).is_err());
    assert_eq!(escrow.balance(&escrow.address.clone()), 0, "nothing was opened");
    opens(&mut escrow, both(), 100).unwrap();
    assert_eq!(escrow.account(account).streams, 2);
}

#[test]
fn streams_that_begin_later_together_leave_the_reserve_as_it_is() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 1_000);
    escrow.stream(1, 6, &who("p0"), 100);
    let streams = vec![new(7, "p1", 300), new(8, "p2", 600)];
    let over = vec![new(7, "p1", 300), new(8, "p2", 601)];
    let begin =
        |streams: &[NewStream]| ExecuteMsg::OpenStreams { local: 1, streams: streams.to_vec() };
    assert!(matches!(escrow.control(&begin(&over)), Err(ContractError::TooShortRunway { .. })));
    assert_eq!(escrow.account(account).streams, 1, "not the first of them alone");
    escrow.control(&begin(&streams)).unwrap();
    let shown = escrow.account(account);
    assert_eq!(
        (shown.streams, shown.clock.rate, shown.reserved),
        (3, Rate::new(1_000).unwrap(), Rate::ZERO)
    );
    escrow.control(&begin(&[])).unwrap();
    let stranger = who("stranger");
    assert!(escrow.send(&stranger, &begin(&streams), &[]).is_err(), "controllers alone");
}

#[test]
fn a_pause_stops_them() {
    let mut escrow = Escrow::new();
    escrow.open(1, &who("ann"), 1_000);
    let owner = escrow.owner.clone();
    escrow.send(&owner, &ExecuteMsg::Pause {}, &[]).unwrap();
    let begin = ExecuteMsg::OpenStreams { local: 1, streams: vec![new(7, "p0", 60)] };
    assert!(escrow.control(&begin).is_err());
    escrow.send(&owner, &ExecuteMsg::Unpause {}, &[]).unwrap();
    escrow.control(&begin).unwrap();
}
