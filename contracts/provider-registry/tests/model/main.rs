//! Whatever happens in whatever order, the registry holds exactly what providers have at stake.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../common/mod.rs"]
mod common;
mod expected;
mod play;
mod slasher;

use common::{Fixture, SOUK, notice, register, slash, unbond};
use cosmwasm_std::Addr;
use souk_api::{
    defaults::SLASH_DELAY,
    registry::{ExecuteMsg, ProviderResponse},
};
use souk_contract_std::testing::{Lives, Sent};
use souk_core::time::DAY;

use play::Play;
use slasher::Slasher;

#[derive(Clone, Debug)]
enum Step {
    Register(u128),
    Bond(u128),
    Unbond(u128),
    Claim,
    Leave,
    /// A notice of this share of what is at stake, in hundredths of a per cent.
    Notice(u128),
    Slash,
    Withdraw,
    Pass(u64),
}

/// A step may be refused; a refused one must have changed nothing, which the sums show too.
fn take(fixture: &mut Fixture, provider: &Addr, step: &Step) -> bool {
    match step {
        Step::Register(units) => fixture.pay(provider, &register(provider), *units).is_ok(),
        Step::Bond(units) if *units > 0 => {
            fixture.pay(provider, &ExecuteMsg::Bond {}, *units).is_ok()
        }
        Step::Bond(_) => false,
        Step::Unbond(units) => fixture.send(provider, &unbond(*units)).is_ok(),
        Step::Claim => fixture.send(provider, &ExecuteMsg::ClaimUnbonded {}).is_ok(),
        Step::Leave => fixture.send(provider, &ExecuteMsg::Deregister {}).is_ok(),
        Step::Notice(share) => {
            let units = at_stake(fixture, provider) * share / 10_000;
            fixture.send(&fixture.slasher.clone(), &notice(provider, units)).is_ok()
        }
        Step::Slash => {
            let notice = shown(fixture, provider).and_then(|shown| shown.notice);
            let units = notice.map_or(SOUK, |notice| notice.amount.u128());
            let slasher = fixture.slasher.clone();
            assert!(fixture.send(&slasher, &slash(provider, units + 1)).is_err(), "not as noticed");
            fixture.send(&slasher, &slash(provider, units)).is_ok()
        }
        Step::Withdraw => {
            let msg = ExecuteMsg::WithdrawNotice { provider: provider.to_string() };
            fixture.send(&fixture.slasher.clone(), &msg).is_ok()
        }
        Step::Pass(seconds) => {
            fixture.pass(*seconds);
            true
        }
    }
}

fn shown(fixture: &Fixture, provider: &Addr) -> Option<ProviderResponse> {
    let asked = souk_api::registry::QueryMsg::Provider { provider: provider.to_string() };
    fixture.app.wrap().query_wasm_smart(&fixture.registry, &asked).ok()
}

fn at_stake(fixture: &Fixture, provider: &Addr) -> u128 {
    shown(fixture, provider).map_or(0, |shown| {
        shown.bond.u128() + shown.unbonding.map_or(0, |unbonding| unbonding.amount.u128())
    })
}

#[test]
fn the_registry_holds_exactly_the_bonds_and_pays_whom_they_belong_to() {
    let lives = Lives::new(4_000, 200);
    let (mut sent, mut refused, mut held_back) = (Sent::default(), 0, 0);
    lives.play("provider-registry", |life| {
        let mut play = Play::begin();
        for _ in 0..life.steps {
            play.step(life);
        }
        play.renounce();
        sent.add(&play.sent);
        refused += play.refused;
        held_back += play.held_back;
    });
    if lives.are_whole() {
        sent.assert_all::<ExecuteMsg>();
        assert!(refused > 100, "{refused} were refused");
        assert!(held_back > 10, "{held_back} claims were held back");
    }
}

#[test]
fn a_bond_is_noticed_slashed_held_back_and_claimed_in_the_model() {
    let mut fixture = Fixture::linked();
    let provider = fixture.payer("a");
    let mut slasher = Slasher::default();
    for (step, fine) in [
        (Step::Register(40 * SOUK), true),
        (Step::Leave, true),
        (Step::Notice(2_501), false),
        (Step::Notice(1), true),
        (Step::Notice(1), false),
        (Step::Pass(SLASH_DELAY), true),
        (Step::Notice(2_501), false),
        (Step::Notice(2_500), true),
        (Step::Pass(SLASH_DELAY - 1), true),
        (Step::Slash, false),
        (Step::Pass(1), true),
        (Step::Slash, true),
        (Step::Notice(1), false),
        (Step::Pass(30 * DAY), true),
        (Step::Notice(2_500), true),
        (Step::Claim, true),
        (Step::Claim, false),
        (Step::Withdraw, true),
        (Step::Claim, true),
    ] {
        let before = at_stake(&fixture, &provider);
        let took = take(&mut fixture, &provider, &step);
        assert_eq!(took, fine, "{step:?}");
        if took {
            slasher.check(&fixture, &provider, before, &step);
        }
    }
    assert_eq!(fixture.balance(&fixture.registry), 0);
    assert_eq!(fixture.balance(&provider), common::PURSE - 10 * SOUK);
}
