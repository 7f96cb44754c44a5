//! Whatever happens in whatever order, the registry holds exactly what providers have at stake.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../common/mod.rs"]
mod common;

use common::{Fixture, SOUK, change, notice, register, slash, unbond};
use cosmwasm_std::Addr;
use proptest::prelude::*;
use souk_api::{
    defaults::{SLASH_DELAY, SLASH_PERIOD},
    registry::{ExecuteMsg, NoticeResponse, ProviderResponse},
};
use souk_core::time::DAY;
use souk_provider_registry::rules::slashing::LAPSE;

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
    Use(u32),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (9 * SOUK..40 * SOUK).prop_map(Step::Register),
        2 => (0..5 * SOUK).prop_map(Step::Bond),
        3 => (0..20 * SOUK).prop_map(Step::Unbond),
        3 => Just(Step::Claim),
        1 => Just(Step::Leave),
        3 => prop_oneof![Just(2_500), Just(2_501), 0..3_000u128].prop_map(Step::Notice),
        3 => Just(Step::Slash),
        1 => Just(Step::Withdraw),
        2 => (0u32..30).prop_map(Step::Use),
        3 => prop_oneof![
            0u64..30 * DAY,
            Just(SLASH_DELAY),
            Just(SLASH_DELAY - 1),
            Just(SLASH_PERIOD),
            Just(LAPSE),
            0u64..3 * DAY,
        ].prop_map(Step::Pass),
    ]
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
        Step::Use(used) => {
            fixture.set_used_slots(provider, *used);
            true
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

/// What a slasher may take by now, by a bookkeeping that knows neither notices nor claims: when
/// each provider was noticed and slashed, and of how much.
#[derive(Default)]
struct Slasher {
    notice: Option<NoticeResponse>,
    /// The last end of a notice.
    ended_at: Option<u64>,
    /// What was at stake at the first of the notices that replaced one another, and when they are over.
    first: (u128, u64),
}

impl Slasher {
    /// Holds a step that went well against it.
    fn check(&mut self, fixture: &Fixture, provider: &Addr, before: u128, step: &Step) {
        let now = fixture.now();
        let staked = at_stake(fixture, provider);
        match step {
            Step::Notice(_) => {
                let notice = fixture.show(provider).notice.unwrap();
                if let Some(other) = self.notice.take().filter(|one| now < one.lapses_at) {
                    assert!(notice.amount > other.amount, "a greater one replaces it");
                } else {
                    assert!(self.ended_at.is_none_or(|ended| now >= ended + SLASH_PERIOD));
                    self.first = (before, now + 2 * SLASH_DELAY + LAPSE);
                }
                assert!(notice.amount.u128() * 10_000 <= self.first.0 * 2_500);
                assert_eq!(notice.executable_at, now + SLASH_DELAY);
                assert!(notice.lapses_at <= self.first.1, "held one delay longer at most");
                assert!(notice.executable_at < notice.lapses_at);
                self.ended_at = Some(notice.lapses_at);
                self.notice = Some(notice);
            }
            Step::Slash => {
                let notice = self.notice.take().unwrap();
                assert!((notice.executable_at..notice.lapses_at).contains(&now));
                assert_eq!(before - staked, notice.amount.u128(), "all of it, and no more");
                self.ended_at = Some(now);
            }
            Step::Withdraw => {
                self.notice.take().unwrap();
                self.ended_at = Some(now);
                assert_eq!(staked, before);
            }
            Step::Claim => {
                let in_force = self.notice.as_ref().filter(|notice| now < notice.lapses_at);
                let held = in_force.map_or(0, |notice| notice.amount.u128());
                assert!(staked >= held, "{held} are held");
            }
            _ => assert!(staked >= before, "only claims and slashes take anything out"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_registry_holds_exactly_the_bonds_and_what_unbonds(
        steps in prop::collection::vec((0usize..3, step()), 1..60),
    ) {
        let mut fixture = Fixture::linked();
        let providers = ["a", "b", "c"].map(|name| fixture.payer(name));
        let victim = fixture.someone("victim");
        let receiver = change(|c| c.slash_receiver = Some(victim.to_string()));
        fixture.send(&fixture.owner.clone(), &receiver).unwrap();
        let mut slashers: [Slasher; 3] = Default::default();
        let mut paid_to_victim = 0;
        for (who, step) in &steps {
            let provider = providers[*who].clone();
            let before = at_stake(&fixture, &provider);
            let took = take(&mut fixture, &provider, step);
            if took {
                slashers[*who].check(&fixture, &provider, before, step);
            }
            let staked: u128 = providers.iter().map(|provider| at_stake(&fixture, provider)).sum();
            prop_assert_eq!(fixture.balance(&fixture.registry), staked, "after {:?}", step);
            if !took {
                prop_assert_eq!(at_stake(&fixture, &provider), before, "refused {:?}", step);
            }
            if let Some(record) = fixture.published(&provider) {
                prop_assert_eq!(u128::from(record.slots), record.bond.u128() / SOUK);
            }
            let victims = fixture.balance(&victim);
            let slashed = if took && matches!(step, Step::Slash) {
                before - at_stake(&fixture, &provider)
            } else {
                0
            };
            prop_assert_eq!(victims, paid_to_victim + slashed, "the receiver alone is paid");
            paid_to_victim = victims;
        }
        let all: u128 = providers.iter().map(|provider| fixture.balance(provider)).sum();
        let held = fixture.balance(&fixture.registry);
        prop_assert_eq!(all + held + paid_to_victim, 3 * common::PURSE);
    }
}

/// The property above proves little if nothing happens in it.
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
