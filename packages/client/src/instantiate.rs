//! Makes a market: all five contracts of codes that are on the chain already.

use crate::{
    contracts::{Checksum, Codes, Contract, Contracts, Terms, address, messages},
    error::{Error, MarketError},
    wallet::Wallet,
};

/// Makes and links all five contracts of codes that are on the chain, in one transaction. The
/// wallet must be the owner that the terms name.
///
/// # Errors
/// If a code is not on the chain, or the transaction is not executed.
pub async fn all(wallet: &Wallet, codes: Codes, terms: &Terms) -> Result<Contracts, Error> {
    let mut at = Contracts::default();
    for contract in Contract::ALL {
        let code_id = *codes.of(contract);
        let code = wallet.chain().code_info(code_id).await.map_err(MarketError::from)?;
        let checksum: Checksum = code.checksum.as_slice().try_into().map_err(|_| {
            let what = format!("code {code_id} ({contract})");
            Error::input(what, "the chain gives no SHA-256 of it")
        })?;
        *at.of_mut(contract) = address::predicted(terms, contract, &checksum, &wallet.address)?;
    }
    let messages = messages::all(terms, &wallet.address, &codes, &at)?;
    wallet.send("making and linking the contracts", messages).await?;
    Ok(at)
}
