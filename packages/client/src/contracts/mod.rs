//! The five contracts as one thing: their names, the terms that they are set up with, the
//! messages that make them, and where they will be.

pub mod address;
mod contract;
pub mod messages;
pub mod terms;
mod text;

use anyhow::{Context as _, Result};

pub use address::Checksum;
pub use contract::{Contract, PerContract};
pub use terms::Terms;

use crate::{network::Contracts, wallet::Wallet};

/// The code ids of the suite.
pub type Codes = PerContract<u64>;

/// Makes and links all five contracts of codes that are on the chain, in one transaction. The
/// wallet must be the owner that the terms name.
pub async fn put_up(wallet: &Wallet, codes: Codes, terms: &Terms) -> Result<Contracts> {
    let mut at = Contracts::default();
    for contract in Contract::ALL {
        let code_id = *codes.of(contract);
        let code = wallet.chain().code_info(code_id).await?;
        let checksum: Checksum = code.checksum.as_slice().try_into().with_context(|| {
            format!("the chain gives no SHA-256 of code {code_id} ({contract})")
        })?;
        *at.of_mut(contract) = address::predicted(terms, contract, &checksum, &wallet.address)?;
    }
    let messages = messages::whole_suite(terms, &wallet.address, &codes, &at)?;
    wallet.send("making and linking the contracts", messages).await?;
    Ok(at)
}
