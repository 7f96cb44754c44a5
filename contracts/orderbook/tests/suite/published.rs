//! What other contracts read of this one, and what this one makes sure of them. The bytes
//! are part of the interface: a change here breaks whoever reads them.

use cw_multi_test::Executor;
use souk_api::{
    defaults::{self, Foundations, Roles},
    published::{self, ProviderStats, names, read},
};
use souk_core::CloseReason;
use souk_orderbook::ContractError;

use crate::market::*;

#[test]
fn a_providers_stats_lie_under_its_raw_key_in_exactly_these_bytes() {
    let mut market = Market::new();
    let pro = market.provider("pro");
    market.lease("ann", "pro", 900);
    let closed = market.lease("ann", "pro", 900);
    market.provider_closes("pro", closed, CloseReason::Unstable).unwrap();

    let mut key = vec![0, 1, b'b'];
    key.extend_from_slice(pro.as_bytes());
    assert_eq!(published::provider_stats_key(pro.as_str()), key);
    let bytes = market.storage().remove(&key).unwrap();
    let (time, height) = (market.now(), market.app.block_info().height);
    let json = r#"{"v":1,"used":2,"won":2,"active":1,"closed":[0,1,0,0,0,0],"breaches":1,"seen":"#;
    assert_eq!(String::from_utf8(bytes).unwrap(), format!("{json}[{time},{height}]}}"));

    let record: ProviderStats =
        read(&market.app.wrap(), market.orderbook.as_str(), key).unwrap().unwrap();
    assert_eq!((record.used, record.won, record.active, record.breaches), (2, 2, 1, 1));
}

#[test]
fn a_provider_that_never_bid_has_no_stats() {
    let mut market = Market::new();
    let pro = market.provider("pro");
    let key = published::provider_stats_key(pro.as_str());
    let found: Option<ProviderStats> =
        read(&market.app.wrap(), market.orderbook.as_str(), key).unwrap();
    assert_eq!(found, None);
    assert_eq!(market.stats_of("pro").used, 0);
}

#[test]
fn it_registers_under_its_name() {
    let market = Market::new();
    let orderbook = market.orderbook.as_str();
    published::probe(&market.app.wrap(), orderbook, names::ORDERBOOK).unwrap();
}

#[test]
fn it_cannot_be_set_up_on_the_wrong_contracts() {
    let mut market = Market::new();
    let right = Foundations {
        escrow: market.escrow.to_string(),
        registry: market.registry.to_string(),
        attestations: market.attestations.to_string(),
    };
    let wrong = [
        (names::ESCROW, Foundations { escrow: right.registry.clone(), ..right.clone() }),
        (names::PROVIDER_REGISTRY, Foundations { registry: right.escrow.clone(), ..right.clone() }),
        (names::ATTESTATIONS, Foundations { attestations: market.who("x").into(), ..right }),
    ];
    for (name, on) in wrong {
        let msg = defaults::orderbook(Roles::default(), on);
        let (owner, code) = (market.owner.clone(), market.orderbook_code);
        let refused = market.app.instantiate_contract(code, owner, &msg, &[], "second", None);
        let error = refused.unwrap_err().downcast::<ContractError>().unwrap();
        assert!(error.to_string().contains(name), "{error}");
    }
}
