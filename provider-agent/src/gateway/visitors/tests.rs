use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn limits(connections: u32, address: u32, network: u32) -> GatewayLimits {
    GatewayLimits {
        connections,
        connections_per_address: address,
        connections_per_network: network,
        connection_rate: 1_000,
        ..GatewayLimits::default()
    }
}

fn admit(visitors: &Visitors, address: &str) -> Result<Visitor, Refused> {
    visitors.admit(Some(ip(address)), Instant::now())
}

#[test]
fn an_address_has_its_number_of_connections_and_gets_them_back() {
    let visitors = Visitors::new(limits(100, 2, 100), false);
    let first = admit(&visitors, "192.0.2.1").unwrap();
    let _second = admit(&visitors, "::ffff:192.0.2.1").unwrap();
    assert!(matches!(admit(&visitors, "192.0.2.1"), Err(Refused::Connections(_))));
    assert!(admit(&visitors, "192.0.2.2").is_ok());
    drop(first);
    assert!(admit(&visitors, "192.0.2.1").is_ok());
}

#[test]
fn the_addresses_of_one_network_are_counted_together() {
    for (what, limit, addresses) in [
        ("/24", 8, (0..99).map(|i| format!("192.0.2.{i}")).collect::<Vec<_>>()),
        ("/64", 4, (0..99).map(|i| format!("2001:db8::{i:x}")).collect()),
        ("/56", 8, (0..99).map(|i| format!("2001:db8:0:{i:x}::1")).collect()),
        ("/48", 8, (0..99).map(|i| format!("2001:db8:0:{i:x}00::1")).collect()),
    ] {
        let visitors = Visitors::new(limits(1_000, 4, 8), false);
        let held: Vec<_> = addresses.iter().filter_map(|a| admit(&visitors, a).ok()).collect();
        assert_eq!(held.len(), limit, "{what}");
        drop(held);
        assert!(visitors.0.lock().counts.is_empty(), "{what}: nothing is left");
    }
}

#[test]
fn in_a_full_gateway_the_longest_idle_of_the_busiest_network_makes_room() {
    let visitors = Visitors::new(limits(6, 10, 10), false);
    let start = Instant::now();
    let at = |seconds: u64, address: &str| {
        visitors.admit(Some(ip(address)), start + Duration::from_secs(seconds)).unwrap()
    };
    let alone = at(0, "198.51.100.1");
    let crowd: Vec<_> = (1..=5).map(|i| at(i, &format!("192.0.2.{i}"))).collect();
    let _request = crowd[0].activity.begin();
    let newcomer = at(9, "203.0.113.1");
    assert!(crowd[1].evicted.is_cancelled(), "the longest idle of the crowd");
    let others = [&crowd[0], &crowd[2], &crowd[3], &crowd[4], &alone, &newcomer];
    assert!(others.iter().all(|other| !other.evicted.is_cancelled()));
}

#[test]
fn who_has_a_lease_and_a_request_is_never_sent_away() {
    let visitors = Visitors::new(limits(2, 10, 10), false);
    let (tenant, stranger) =
        (admit(&visitors, "192.0.2.1").unwrap(), admit(&visitors, "192.0.2.2").unwrap());
    tenant.activity.mark_tenant();
    let _stream = tenant.activity.begin();
    let _request = stranger.activity.begin();
    let now = Instant::now();
    assert_eq!(visitors.admit(Some(ip("203.0.113.1")), now).unwrap_err(), Refused::Full);
    let later = now + UNANSWERED + Duration::from_secs(1);
    let _newcomer = visitors.admit(Some(ip("203.0.113.1")), later).unwrap();
    assert!(stranger.evicted.is_cancelled() && !tenant.evicted.is_cancelled());
}

#[test]
fn where_all_share_one_address_only_the_number_in_all_is_limited() {
    let visitors = Visitors::new(limits(50, 2, 2), true);
    let held: Vec<_> = (0..50).map(|_| admit(&visitors, "10.0.0.1").unwrap()).collect();
    let _newcomer = admit(&visitors, "10.0.0.1").unwrap();
    let sent_away = held.iter().filter(|visitor| visitor.evicted.is_cancelled()).count();
    assert_eq!(sent_away, 1);
}

#[test]
fn a_visitor_behind_a_balancer_is_limited_once_it_is_named() {
    let visitors = Visitors::new(limits(50, 2, 2), false);
    let unnamed: Vec<_> = (0..9).map(|_| visitors.admit(None, Instant::now()).unwrap()).collect();
    let named = unnamed.iter().filter(|one| one.identify(ip("192.0.2.1"), Instant::now()).is_ok());
    assert_eq!(named.count(), 2);
}
