//! Where the contracts will be: an address follows from the code's checksum, who makes the
//! contract, and a salt. So contracts can name each other before they exist, and all are made in
//! one transaction.

use bech32::{Bech32, Hrp, primitives::decode::CheckedHrpstring};
use cosmwasm_std::{CanonicalAddr, instantiate2_address};

use super::{Contract, Terms};
use crate::error::Error;

/// SHA-256 of a wasm file.
pub type Checksum = [u8; 32];

/// What tells one market's contract from others of the same code and sender.
pub fn salt(terms: &Terms, contract: Contract) -> Vec<u8> {
    format!("{}/{contract}", terms.market).into_bytes()
}

/// The address of a contract that `creator` makes of the code with this checksum.
///
/// # Errors
/// If `creator` is not a bech32 address.
pub fn predicted(
    terms: &Terms,
    contract: Contract,
    checksum: &Checksum,
    creator: &str,
) -> Result<String, Error> {
    let bad = |reason: String| Error::input(format!("address {creator}"), reason);
    let decoded =
        CheckedHrpstring::new::<Bech32>(creator).map_err(|error| bad(error.to_string()))?;
    let bytes: Vec<u8> = decoded.byte_iter().collect();
    let salt = salt(terms, contract);
    let address = instantiate2_address(checksum, &CanonicalAddr::from(bytes), &salt)
        .map_err(|error| bad(error.to_string()))?;
    let hrp: Hrp = decoded.hrp();
    bech32::encode::<Bech32>(hrp, address.as_slice()).map_err(|error| bad(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATOR: &str = "wasm15yk64u7zc9g9k2yr2wmzeva5qgwxps6yvw76s4";

    #[test]
    fn an_address_keeps_the_chains_prefix_and_differs_by_contract_market_code_and_sender() {
        let terms = Terms::new("ucosm", CREATOR);
        let other_market = Terms { market: "bazaar".to_owned(), ..terms.clone() };
        let other = "wasm1qurswpc8qurswpc8qurswpc8qurswpc8e0k0f2";
        let addresses = [
            predicted(&terms, Contract::Escrow, &[1; 32], CREATOR),
            predicted(&terms, Contract::Orderbook, &[1; 32], CREATOR),
            predicted(&other_market, Contract::Escrow, &[1; 32], CREATOR),
            predicted(&terms, Contract::Escrow, &[2; 32], CREATOR),
            predicted(&terms, Contract::Escrow, &[1; 32], other),
        ];
        let mut addresses = addresses.map(|address| address.unwrap()).to_vec();
        assert!(addresses.iter().all(|address| address.starts_with("wasm1")));
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), 5);
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        let terms = Terms::new("ucosm", CREATOR);
        let error = predicted(&terms, Contract::Escrow, &[1; 32], "wasm1oops").unwrap_err();
        assert!(error.to_string().contains("wasm1oops"), "{error}");
    }
}
