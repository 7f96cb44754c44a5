//! What a pause stops, and when it ends.

use super::*;

#[test]
fn a_pause_stops_new_business_and_nothing_else() {
    let (mut market, leased, open) = running();
    let guardian = market.guardian.clone();
    market.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert!(market.query::<ConfigResponse>(&QueryMsg::Config {}).unwrap().paused);
    let paused = ContractError::from(CommonError::Paused);
    for msg in each_message(&market, leased, open) {
        let sender = match msg.permission() {
            Permission::Operator => market.operator("pro"),
            Permission::Cw20 => continue,
            _ => market.who("ann"),
        };
        let sent = market.pay(&sender, &msg, &[]);
        let stopped = sent.as_ref().err() == Some(&paused);
        assert_eq!(stopped, msg.is_new_business(), "{msg:?}: {sent:?}");
        if matches!(msg, ExecuteMsg::CreateDeployment(_)) {
            continue;
        }
        let refused_otherwise = sent.is_err() && !stopped;
        let closed_before = matches!(
            msg,
            ExecuteMsg::SetDelegate { .. }
                | ExecuteMsg::SetExcluded { .. }
                | ExecuteMsg::PauseGroup { .. }
                | ExecuteMsg::CloseGroup { .. }
                | ExecuteMsg::SetAnyoneStarts { .. }
                | ExecuteMsg::LowerBid { .. }
                | ExecuteMsg::WithdrawBid { .. }
                | ExecuteMsg::CloseLease { .. }
                | ExecuteMsg::StartReclaim { .. }
                | ExecuteMsg::EndReclaim { .. }
                | ExecuteMsg::ExpireOrder { .. }
                | ExecuteMsg::UpdateConfig { .. }
                | ExecuteMsg::Pause {}
                | ExecuteMsg::Unpause {}
                | ExecuteMsg::UpdateOwnership(_)
        );
        assert!(!refused_otherwise || closed_before, "{msg:?}: {sent:?}");
    }
    assert!(market.send(&guardian, &ExecuteMsg::Unpause {}).is_err(), "that is the owner's");
    market.pause(false);
    assert!(!market.query::<ConfigResponse>(&QueryMsg::Config {}).unwrap().paused);
}

#[test]
fn in_a_pause_leases_end_bids_are_released_and_orders_expire() {
    let (mut market, leased, open) = running();
    market.pause(true);
    market.lower("pro", open, 500).unwrap();
    market.provider_closes("pro", leased, CloseReason::Unstable).unwrap();
    market.pass(2 * defaults::SLOT_HOLD).release("pro", &[leased, open]);
    assert_eq!(market.stats_of("pro").used, 0);
    market.expire(open).unwrap();
    market.prune(&[leased, open]);
    let id = market.order_of(OrderId(3)).group.deployment;
    market.close("ann", id).unwrap();
    assert!(market.account(id).closed);
}

#[test]
fn nobody_is_told_to_be_eligible_during_a_pause() {
    let (mut market, _, open) = running();
    assert_eq!(market.ineligible("other", open), None);
    market.pause(true);
    let reason = market.ineligible("other", open).unwrap();
    assert_eq!(reason, CommonError::Paused.to_string());
}

#[test]
fn a_guardians_pause_ends_by_itself_after_a_week_and_another_waits_for_as_long() {
    let mut market = Market::new();
    let (owner, guardian) = (market.owner.clone(), market.guardian.clone());
    let shown = |market: &Market| {
        let config: ConfigResponse = market.query(&QueryMsg::Config {}).unwrap();
        (config.paused, config.pause_ends)
    };
    market.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    let ends_at = market.now() + pause::LONGEST;
    assert_eq!(shown(&market), (true, Some(ends_at)));
    market.pass(pause::LONGEST - 1);
    market.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert_eq!(shown(&market), (true, Some(ends_at)), "another pause makes it no longer");
    market.pass(1);
    assert_eq!(shown(&market), (false, None));
    market.order("ann", tenant_choice());

    let again_at = ends_at + pause::LONGEST;
    market.pass(pause::LONGEST - 1);
    let error = market.send(&guardian, &ExecuteMsg::Pause {}).unwrap_err();
    assert_eq!(error, CommonError::PausedBefore { again_at }.into());
    market.pass(1);
    market.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert_eq!(shown(&market), (true, Some(again_at + pause::LONGEST)));

    // The owner ends it, and may let the guardian pause at once, or pause for longer itself.
    market.send(&owner, &ExecuteMsg::Unpause {}).unwrap();
    market.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    market.send(&owner, &ExecuteMsg::Pause {}).unwrap();
    market.pass(100 * pause::LONGEST);
    assert_eq!(shown(&market), (true, None), "the owner's stays");
    market.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert_eq!(shown(&market), (true, None), "and the guardian gives it no end");
    market.send(&owner, &ExecuteMsg::Unpause {}).unwrap();
    assert_eq!(shown(&market), (false, None));
}

#[test]
fn the_ownership_is_not_given_up_in_a_pause_and_without_an_owner_every_pause_ends() {
    let mut market = Market::new();
    let (owner, guardian) = (market.owner.clone(), market.guardian.clone());
    let renounce = ExecuteMsg::UpdateOwnership(cw_ownable::Action::RenounceOwnership);
    for by in [&guardian, &owner] {
        market.send(by, &ExecuteMsg::Pause {}).unwrap();
        let error = market.send(&owner, &renounce).unwrap_err();
        assert_eq!(error, CommonError::RenouncedInPause.into());
        market.send(&owner, &ExecuteMsg::Unpause {}).unwrap();
    }
    market.send(&owner, &renounce).unwrap();
    market.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert!(market.send(&owner, &ExecuteMsg::Unpause {}).is_err());
    market.pass(pause::LONGEST);
    market.order("ann", tenant_choice());
    assert!(market.send(&guardian, &ExecuteMsg::Pause {}).is_err());
}
