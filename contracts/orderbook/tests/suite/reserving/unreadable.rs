//! What goes on while an account cannot be read.

use super::*;

#[test]
fn while_the_accounts_record_cannot_be_read_closes_let_groups_rest_and_nothing_is_opened() {
    let mut market = Market::new();
    market.provider("pro");
    let leased = market.lease("ann", "pro", 900);
    let id = market.order_of(leased).group.deployment;
    set_version(&mut market, id, 1, 2);
    let order = market.order("ann", tenant_choice());
    let other = market.order_of(order).group.deployment;
    set_version(&mut market, other, 1, 2);
    let refused = market.place("pro", order, 900).unwrap_err();
    let unreadable = matches!(refused, ContractError::Published(PublishedError::Version { .. }));
    assert!(unreadable, "{refused}");
    set_version(&mut market, other, 2, 1);
    market.place("pro", order, 900).unwrap();

    // The escrow of this version does its part whatever the orderbook can read.
    let msg = ExecuteMsg::CloseLease { order: leased, reason: None, exclude: false };
    let response = market.send(&market.who("ann"), &msg).unwrap();
    let rests = &market.events_of::<GroupChanged>(&response)[0];
    assert_eq!(rests.state, GroupState::InsufficientFunds);
    assert_eq!(reserved(&market, id), 0);
}

#[test]
fn an_auction_whose_account_cannot_be_read_ends_without_a_lease() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", lowest_price(300));
    let id = market.order_of(order).group.deployment;
    market.place("pro", order, 900).unwrap();
    set_version(&mut market, id, 1, 2);
    let response = market.lapse(300).close_auction(order, 1).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "insufficient_funds");
    assert_eq!(state(&market, id), GroupState::InsufficientFunds);
    market.release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 0, "its bidder is free");
}
