//! The market's contracts are on an embedded chain from the start, under known ids.
#![allow(clippy::unwrap_used)]

use sha2::{Digest, Sha256};
use souk_chain::{Client, ClientConfig};
use souk_client::contracts::Contract;
use souk_devchain::{Devchain, marker};
use souk_localnet::chain::codes;

#[tokio::test]
async fn each_contracts_code_has_its_id() {
    let chain = codes::with_codes(Devchain::builder()).start().await.unwrap();
    let config = ClientConfig::new("souk-dev", vec![chain.rpc_url()]);
    let queries = Client::new(config).unwrap().query();
    let ids = codes::ids();
    for contract in Contract::ALL {
        let code = queries.code_info(*ids.of(contract)).await.unwrap();
        let expected = Sha256::digest(marker(&format!("souk-{contract}")));
        assert_eq!(code.checksum, expected.as_slice(), "{contract}");
    }
    chain.stop().await;
}
