//! What orders and accounts of the first release reserve, and what older code learned.

use super::*;

/// Makes of an order one of the first release, which does not say what it reserves: then auctions reserved
/// their ceiling and the others nothing, and the deployment said how much that was.
fn age(market: &mut Market, id: DeploymentId, order: OrderId) {
    let orderbook = market.orderbook.clone();
    let key = [&[0, 1, b'o'][..], &order.0.to_be_bytes()].concat();
    let ceiling = market.order_of(order).spec.ceiling;
    let said = format!(r#","v":"{ceiling}""#);
    let binds = market.order_of(order).closes_at.is_some();
    rewrite(market, &orderbook, &key, |text| text.replacen(&said, "", 1));
    if !binds {
        let (escrow, key) = (market.escrow.clone(), published::account_key(AccountId(id.0)));
        let said = format!(r#""reserved":"{}""#, reserved(market, id));
        let left = reserved(market, id) - ceiling.u128();
        let then = format!(r#""reserved":"{left}""#);
        rewrite(market, &escrow, &key, |text| text.replacen(&said, &then, 1));
    }
    let key = [&[0, 1, b'd'][..], &id.0.to_be_bytes()].concat();
    let said = format!(r#","v":"{}","x":"#, reserved(market, id));
    rewrite(market, &orderbook, &key, |text| {
        assert!(!text.contains(r#","v":"#), "it is not written any more: {text}");
        text.replacen(r#","x":"#, &said, 1)
    });
}

#[test]
fn the_sums_of_an_orderbook_that_is_migrated_after_its_escrow_let_everybody_out() {
    for auction in both() {
        let mut market = Market::new();
        for name in ["pro", "other"] {
            market.provider(name);
        }
        let groups = [group("web", 1_000), group("db", 300)];
        let id = market.create("ann", &deployment(&groups, auction), PLENTY).unwrap();
        let [web, db] = orders(&market, id).try_into().unwrap();
        let binds = auction != tenant_choice();
        // As the orderbook of the first release sends it: what all of its open orders reserve from then on.
        let (orderbook, escrow) = (market.orderbook.clone(), market.escrow.clone());
        let old = |market: &mut Market, msg: &str| {
            let msg: escrow::ExecuteMsg = cosmwasm_std::from_json(msg).unwrap();
            market.call(&orderbook, &escrow, &msg, 0).unwrap();
        };
        let (both, one) = if binds { (1_300, 300) } else { (0, 0) };
        old(&mut market, &format!(r#"{{"reserve":{{"local":1,"reserved":"{both}"}}}}"#));
        assert_eq!(reserved(&market, id), both);
        let payee = market.payee("pro");
        let open = format!(
            r#"{{"open_stream":{{"local":1,"stream":77,"payee":"{payee}","rate":"900","take_bps":200,"reserved":"{one}"}}}}"#
        );
        old(&mut market, &open);
        assert_eq!(reserved(&market, id), one, "the winner's order has let go of its ceiling");
        old(
            &mut market,
            &format!(r#"{{"close_stream":{{"local":1,"stream":77,"reserved":"{both}"}}}}"#),
        );
        assert_eq!(reserved(&market, id), both, "and the group is out again");
        // Then the orderbook is migrated: what it finds are orders of the first release.
        for order in [web, db] {
            let key = [&[0, 1, b'o'][..], &order.0.to_be_bytes()].concat();
            let ceiling = market.order_of(order).spec.ceiling;
            let said = format!(r#","v":"{ceiling}""#);
            rewrite(&mut market, &orderbook, &key, |text| text.replacen(&said, "", 1));
        }
        market.group("ann", Pause, id, 2).unwrap();
        assert_eq!(reserved(&market, id), if binds { 1_000 } else { 0 });
        market.place("pro", web, 900).unwrap();
        if binds {
            market.lapse(300).close_auction(web, 1).unwrap();
        } else {
            market.accept("ann", web, "pro", 900).unwrap();
        }
        assert_eq!(reserved(&market, id), 0);
        market.close("ann", id).unwrap();
        assert!(market.account(id).closed);
    }
}

#[test]
fn of_an_order_of_the_first_release_is_let_go_what_it_had_reserved_then() {
    for auction in both() {
        for ends in [true, false] {
            let mut market = Market::new();
            market.provider("pro");
            let groups = [group("web", 1_000), group("db", 300)];
            let id = market.create("ann", &deployment(&groups, auction), PLENTY).unwrap();
            let old = orders(&market, id)[0];
            age(&mut market, id, old);
            let binds = auction != tenant_choice();
            let before = if binds { 1_300 } else { 300 };
            assert_eq!(reserved(&market, id), before);
            assert_eq!(market.order_of(old).reserved.u128(), before - 300);
            if ends {
                market.group("ann", Pause, id, 1).unwrap();
            } else {
                market.place("pro", old, 900).unwrap();
                if binds {
                    market.lapse(300).close_auction(old, 1).unwrap();
                } else {
                    market.accept("ann", old, "pro", 900).unwrap();
                }
                assert_eq!(market.lease_of(old).price, price(900));
            }
            assert_eq!(reserved(&market, id), 300, "the new one's alone: {auction:?}, {ends}");
        }
    }
}

#[test]
fn an_order_that_expired_before_the_migration_makes_room_for_one_that_reserves() {
    for auction in both() {
        let mut market = Market::new();
        let id =
            market.create("ann", &deployment(&[group("web", 1_000)], auction), PLENTY).unwrap();
        let old = orders(&market, id)[0];
        age(&mut market, id, old);
        market.pass(ORDER_LIFETIME + DAY);
        market.group("ann", Start, id, 1).unwrap();
        assert_eq!(reserved(&market, id), 1_000, "{auction:?}");
    }
}

#[test]
fn what_older_code_learned_of_the_escrow_moves_into_the_configuration() {
    let mut market = Market::new();
    market.order("first", tenant_choice());
    let (orderbook, owner) = (market.orderbook.clone(), market.owner.clone());
    let link = r#"{"i":0,"r":3600}"#;
    rewrite(&mut market, &orderbook, b"c", |text| text.replace(&format!(r#","l":{link}"#), ""));
    market.app.contract_storage_mut(&orderbook).set(b"e", link.as_bytes());
    let code = market.orderbook_code;
    use cw_multi_test::Executor;
    market.app.migrate_contract(owner, orderbook, &MigrateMsg {}, code).unwrap();
    let kept = market.storage();
    assert!(!kept.contains_key(&b"e"[..]), "in one place alone");
    assert!(String::from_utf8_lossy(&kept[&b"c"[..]]).contains(link));
    let order = market.order("ann", tenant_choice());
    market.close("ann", market.order_of(order).group.deployment).unwrap();
}
