//! Whatever happens in whatever order, the registry holds exactly what providers have at stake.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../common/mod.rs"]
mod common;

use common::{Fixture, SOUK, register, slash, unbond};
use cosmwasm_std::Addr;
use proptest::prelude::*;
use souk_api::registry::ExecuteMsg;

#[derive(Clone, Debug)]
enum Step {
    Register(u128),
    Bond(u128),
    Unbond(u128),
    Claim,
    Leave,
    Slash(u128),
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
        2 => (0..15 * SOUK).prop_map(Step::Slash),
        2 => (0u32..30).prop_map(Step::Use),
        3 => (0u64..30 * 86_400).prop_map(Step::Pass),
    ]
}

/// A step may be refused; a refused one must have changed nothing, which the sums show too.
fn take(fixture: &mut Fixture, provider: &Addr, victim: &Addr, step: &Step) -> bool {
    match step {
        Step::Register(units) => fixture.pay(provider, &register(provider), *units).is_ok(),
        Step::Bond(units) if *units > 0 => {
            fixture.pay(provider, &ExecuteMsg::Bond {}, *units).is_ok()
        }
        Step::Bond(_) => false,
        Step::Unbond(units) => fixture.send(provider, &unbond(*units)).is_ok(),
        Step::Claim => fixture.send(provider, &ExecuteMsg::ClaimUnbonded {}).is_ok(),
        Step::Leave => fixture.send(provider, &ExecuteMsg::Deregister {}).is_ok(),
        Step::Slash(units) => {
            let slasher = fixture.slasher.clone();
            fixture.send(&slasher, &slash(provider, *units, victim)).is_ok()
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

fn at_stake(fixture: &Fixture, provider: &Addr) -> u128 {
    let asked = souk_api::registry::QueryMsg::Provider { provider: provider.to_string() };
    let shown: Result<souk_api::registry::ProviderResponse, _> =
        fixture.app.wrap().query_wasm_smart(&fixture.registry, &asked);
    shown.map_or(0, |shown| {
        shown.bond.u128() + shown.unbonding.map_or(0, |unbonding| unbonding.amount.u128())
    })
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
        let mut paid_to_victim = 0;
        for (who, step) in &steps {
            let provider = providers[*who].clone();
            let before = at_stake(&fixture, &provider);
            let took = take(&mut fixture, &provider, &victim, step);
            let staked: u128 = providers.iter().map(|provider| at_stake(&fixture, provider)).sum();
            prop_assert_eq!(fixture.balance(&fixture.registry), staked, "after {:?}", step);
            if !took {
                prop_assert_eq!(at_stake(&fixture, &provider), before, "refused {:?}", step);
            }
            if let Some(record) = fixture.published(&provider) {
                prop_assert_eq!(u128::from(record.slots), record.bond.u128() / SOUK);
            }
            let victims = fixture.balance(&victim);
            prop_assert!(victims >= paid_to_victim);
            paid_to_victim = victims;
        }
        let all: u128 = providers.iter().map(|provider| fixture.balance(provider)).sum();
        let held = fixture.balance(&fixture.registry);
        prop_assert_eq!(all + held + paid_to_victim, 3 * common::PURSE);
    }
}
