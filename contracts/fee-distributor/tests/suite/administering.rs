//! What owner and guardian can do, and what nobody else can.
use crate::common::{Fees, OTHER, STAKE, amount, split, usual, who};
use cosmwasm_std::coins;
use cw_multi_test::Executor;
use cw_ownable::Action;
use souk_api::{
    fees::{ConfigResponse, ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg},
    published::{self, names},
};
use souk_contract_std::CommonError;
use souk_core::{Denom, time::DAY};
use souk_fee_distributor::ContractError;

fn change_pool(to: &str) -> ExecuteMsg {
    ExecuteMsg::UpdateConfig {
        guardian: None,
        pool: Some(who(to).into()),
        split: None,
        add_denoms: None,
        min_total_stake: None,
    }
}

#[test]
fn only_the_owner_configures_and_unpauses() {
    let mut fees = Fees::new();
    for msg in [change_pool("eve"), ExecuteMsg::Unpause {}, ExecuteMsg::Pause {}] {
        let error = fees.send(&who("eve"), &msg, &[]).unwrap_err();
        assert!(
            matches!(error, ContractError::Common(CommonError::NotPermitted { .. })),
            "{msg:?}: {error}"
        );
    }
    let error = fees.send(&who("guardian"), &ExecuteMsg::Unpause {}, &[]).unwrap_err();
    assert!(matches!(error, ContractError::Common(CommonError::NotPermitted { .. })), "{error}");
    fees.send(&who("owner"), &change_pool("dao"), &[]).unwrap();
    fees.income(1_000, OTHER);
    assert_eq!(fees.balance(&who("dao"), OTHER), 700);
}

#[test]
fn a_pause_stops_staking_and_nothing_else() {
    let mut fees = Fees::for_stakers();
    fees.stake("ann", 200).income(7_000, OTHER);
    fees.send(&who("guardian"), &ExecuteMsg::Pause {}, &[]).unwrap();
    let stake = fees.send(&who("bob"), &ExecuteMsg::Stake {}, &coins(5, STAKE));
    assert_eq!(stake.unwrap_err(), CommonError::Paused.into());
    fees.pass(8 * DAY).income(100, OTHER).burn(OTHER).unstake("ann", 100);
    assert_eq!(fees.claim("ann", OTHER), 7_000);
    fees.pass(crate::common::UNSTAKING);
    fees.send(&who("ann"), &ExecuteMsg::ClaimUnstaked {}, &[]).unwrap();
    fees.send(&who("owner"), &ExecuteMsg::Unpause {}, &[]).unwrap();
    fees.stake("bob", 5);
}

#[test]
fn coins_sent_with_a_message_that_takes_none_are_refused() {
    let mut fees = Fees::new();
    let denom = Denom::native(OTHER);
    let messages = [
        ExecuteMsg::Distribute { denom: denom.clone() },
        ExecuteMsg::PayPool { denom: denom.clone() },
        ExecuteMsg::Burn { denom },
        ExecuteMsg::Unstake { amount: amount(1) },
        ExecuteMsg::ClaimUnstaked {},
        ExecuteMsg::ClaimRewards { staker: who("ann").into(), denoms: vec![] },
    ];
    for msg in messages {
        let error = fees.send(&who("ann"), &msg, &coins(3, OTHER)).unwrap_err();
        assert_eq!(error, CommonError::CoinsNotTaken { coins: "3uatom".into() }.into(), "{msg:?}");
    }
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused_with_the_reason() {
    let mut fees = Fees::new();
    let mut refused = |change: fn(&mut InstantiateMsg)| {
        let mut msg = usual();
        change(&mut msg);
        let code = fees.code;
        let sent = fees.app.instantiate_contract(code, who("x"), &msg, &[], "fees", None);
        sent.unwrap_err().downcast::<ContractError>().unwrap()
    };
    let parts = split(1, 2, 3);
    assert_eq!(
        refused(|msg| msg.split = split(1, 2, 3)),
        ContractError::Split { split: parts, sum: 6 }
    );
    assert_eq!(refused(|msg| msg.min_total_stake = amount(0)), ContractError::ZeroMinimum);
    assert_eq!(
        refused(|msg| msg.denoms.push(Denom::native(OTHER))),
        ContractError::DuplicateDenom(Denom::native(OTHER))
    );
    assert_eq!(
        refused(|msg| msg.denoms = vec![Denom::native("cw20:abc")]),
        ContractError::BadDenom("cw20:abc".into())
    );
    assert_eq!(
        refused(|msg| msg.denoms = (0..17).map(|n| Denom::native(format!("coin{n}"))).collect()),
        CommonError::TooMany { what: "denoms", count: 17, max: 16 }.into()
    );
    let (what, max) = ("drip_period", 90 * DAY);
    assert_eq!(
        refused(|msg| msg.drip_period = DAY - 1),
        ContractError::Period { what, found: DAY - 1, min: DAY, max }
    );
    let what = "unstaking_period";
    assert_eq!(
        refused(|msg| msg.unstaking_period = 90 * DAY + 1),
        ContractError::Period { what, found: max + 1, min: 0, max }
    );
}

#[test]
fn the_contract_is_handed_over_in_two_steps() {
    let mut fees = Fees::new();
    let transfer = Action::TransferOwnership { new_owner: who("dao").into(), expiry: None };
    fees.send(&who("owner"), &ExecuteMsg::UpdateOwnership(transfer), &[]).unwrap();
    assert!(fees.send(&who("dao"), &change_pool("dao"), &[]).is_err());
    let accept = ExecuteMsg::UpdateOwnership(Action::AcceptOwnership);
    fees.send(&who("dao"), &accept, &[]).unwrap();
    fees.send(&who("dao"), &change_pool("dao"), &[]).unwrap();
    assert!(fees.send(&who("owner"), &change_pool("owner"), &[]).is_err());
}

#[test]
fn a_migration_from_another_contract_or_a_newer_version_is_refused() {
    let mut fees = Fees::new();
    let (owner, address, code) = (who("owner"), fees.address.clone(), fees.code);
    fees.app.migrate_contract(owner.clone(), address.clone(), &MigrateMsg {}, code).unwrap();
    published::probe(&fees.app.wrap(), address.as_str(), names::FEE_DISTRIBUTOR).unwrap();
    for (name, version) in [("crates.io:other", "0.0.1"), (names::FEE_DISTRIBUTOR, "99.0.0")] {
        let info = cw2::ContractVersion { contract: name.into(), version: version.into() };
        let stored = cosmwasm_std::to_json_vec(&info).unwrap();
        let mut storage = fees.app.contract_storage_mut(&address);
        storage.set(b"contract_info", &stored);
        drop(storage);
        let tried = fees.app.migrate_contract(owner.clone(), address.clone(), &MigrateMsg {}, code);
        let error = tried.unwrap_err().downcast::<ContractError>().unwrap();
        assert!(matches!(error, ContractError::Common(CommonError::Migration { .. })), "{error}");
    }
}

#[test]
fn the_configuration_can_be_read() {
    let mut fees = Fees::new();
    fees.stake("ann", 250);
    let config: ConfigResponse = fees.query(&QueryMsg::Config {});
    assert_eq!((config.total_stake, config.paused), (amount(250), false));
    assert_eq!(config.denoms, usual().denoms);
}
