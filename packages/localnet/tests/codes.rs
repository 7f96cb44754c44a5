//! The market's contracts are there from the start, under the ids that clients count on.
#![allow(clippy::unwrap_used)]

mod support;

use cosmrs::proto::cosmwasm::wasm::v1 as wasm;
use souk_devchain::{Devchain, marker, suite};
use support::Client;

#[tokio::test]
async fn the_markets_codes_have_their_fixed_ids() {
    let chain = suite::with_codes(Devchain::builder()).start().await.unwrap();
    let client = Client::new(chain.rpc_url());
    let expected = [
        (suite::ESCROW, "souk-escrow"),
        (suite::ORDERBOOK, "souk-orderbook"),
        (suite::PROVIDER_REGISTRY, "souk-provider-registry"),
        (suite::ATTESTATIONS, "souk-attestations"),
        (suite::FEE_DISTRIBUTOR, "souk-fee-distributor"),
    ];
    for (code_id, name) in expected {
        let query = wasm::QueryCodeRequest { code_id };
        let path = "/cosmwasm.wasm.v1.Query/Code";
        let code: wasm::QueryCodeResponse = client.abci(path, query).await;
        assert_eq!(code.data, marker(name), "{name}");
    }
    chain.stop().await;
}
