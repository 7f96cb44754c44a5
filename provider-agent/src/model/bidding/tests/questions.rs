//! Which orders cost a question to the chain.

use souk_core::{Attribute, Denom, Gpu, Price, SignedBy};

use super::{super::*, Spoil, fixture::*};
use crate::model::Order;

#[test]
fn an_order_costs_a_question_only_once_everything_that_is_free_speaks_for_a_bid() {
    let spoils: &[Spoil] = &[
        |w, _| w.config = config("enabled = false"),
        |w, _| w.provider().maintenance = true,
        |w, _| w.paused = true,
        |_, o| detail(o).refuse = vec![ME.into()],
        |_, o| o.denom = Denom::native("uother"),
        |_, o| o.ceiling = Price::new(1_199).unwrap(),
        |_, o| detail(o).spec.units[0].count = 17,
        |w, _| w.open_for_tenant = 20,
        |w, _| w.provider().used = 10,
        |_, o| {
            let attributes = vec![Attribute::new("vendor/nvidia/model/h100", "true")];
            detail(o).spec.units[0].resources.gpu = Some(Gpu { units: 1, attributes });
        },
    ];
    let named = |order: &mut Order| {
        let auditors = ["souk1b", "souk1a", "souk1b"].map(str::to_owned).to_vec();
        detail(order).spec.requirements.signed_by =
            SignedBy { all_of: auditors, any_of: vec!["souk1c".into()] };
    };
    for spoil in spoils {
        let (mut fixture, mut order) = (fixture(), binding(group()));
        fixture.attestations = Attestations::default();
        named(&mut order);
        spoil(&mut fixture, &mut order);
        assert!(
            matches!(fixture.decide(&order), Decision::Pass(_)),
            "{:?}",
            fixture.decide(&order)
        );
    }
    let (mut fixture, mut order) = (fixture(), order(group()));
    fixture.attestations = Attestations::default();
    named(&mut order);
    let auditors = ["souk1a", "souk1b", "souk1c"].map(str::to_owned).to_vec();
    let questions = Questions { auditors, ..Questions::default() };
    assert_eq!(fixture.decide(&order), Decision::Ask(questions));
    // Of three, one is known to attest nothing: the others need not be asked.
    fixture.attestations.set("souk1b", None);
    let reason = fixture.decide(&order);
    assert!(matches!(reason, Decision::Pass(Reason::Mismatch(_))), "{reason:?}");
}

#[test]
fn whether_an_order_is_still_covered_is_asked_only_if_it_was_opened_a_while_ago() {
    let (mut fixture, order) = (fixture(), order(group()));
    for (height, asks) in [(1, false), (11, false), (12, true), (5_000, true)] {
        fixture.height = height;
        let questions = Questions { eligible: true, ..Questions::default() };
        let decision = fixture.decide(&order);
        assert_eq!(decision == Decision::Ask(questions), asks, "at {height}: {decision:?}");
        assert_eq!(price_of(&decision).is_some(), !asks, "at {height}");
    }
    fixture.asked = true;
    assert_eq!(price_of(&fixture.decide(&order)), Some(PRICE), "the orderbook would take it");
}
