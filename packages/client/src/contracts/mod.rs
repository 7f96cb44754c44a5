//! The five contracts as one thing: their names, the terms that they are set up with, the
//! messages that make them, and where they will be.

pub mod address;
mod contract;
pub mod messages;
pub mod terms;
mod text;

pub use address::Checksum;
pub use contract::{Contract, PerContract};
pub use terms::Terms;

use crate::{error::Error, market::MarketError, network::Contracts, wallet::Wallet};

/// The contracts' code ids.
pub type Codes = PerContract<u64>;

/// Makes and links all five contracts of codes that are on the chain, in one transaction. The
/// wallet must be the owner that the terms name.
///
/// # Errors
/// If a code is not on the chain, or the transaction is not executed.
pub async fn instantiate_all(
    wallet: &Wallet,
    codes: Codes,
    terms: &Terms,
) -> Result<Contracts, Error> {
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
