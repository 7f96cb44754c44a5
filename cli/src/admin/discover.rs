//! Finding the contracts and their code again on a chain, so that no file has to remember them.

use std::collections::HashMap;

use anyhow::Result;
use souk_chain::{Queries, query::QueryError};
use souk_client::{
    Contract, Error, PerContract, Record,
    contracts::{Checksum, Terms},
};

use super::observe::{self, Seen};

/// The codes of a chain by checksum, as far as they were looked through.
#[derive(Debug, Default)]
pub struct CodeIndex {
    by_checksum: HashMap<Vec<u8>, u64>,
    newest: u64,
}

impl CodeIndex {
    /// Looks through codes that are newer than those seen before, until all wanted ones are
    /// found or the list ends. Of several with one checksum the oldest seen counts.
    pub async fn find(
        &mut self,
        chain: &Queries,
        wanted: &PerContract<Checksum>,
        sender: &str,
    ) -> Result<PerContract<Option<u64>>, QueryError> {
        let (mut from, mut newest) = (None, self.newest);
        'pages: while !self.has_all(wanted) {
            let page = chain.newest_codes(from).await?;
            for code in page.entries {
                if code.info.code_id <= self.newest {
                    break 'pages;
                }
                newest = newest.max(code.info.code_id);
                if code.open_to(sender) {
                    self.by_checksum.insert(code.info.checksum, code.info.code_id);
                }
            }
            match page.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        self.newest = newest;
        Ok(PerContract::make(|contract| {
            self.by_checksum.get(wanted.of(contract).as_slice()).copied()
        }))
    }

    fn has_all(&self, wanted: &PerContract<Checksum>) -> bool {
        let has =
            |contract: &Contract| self.by_checksum.contains_key(wanted.of(*contract).as_slice());
        Contract::ALL.iter().all(has)
    }
}

/// The contracts that an account made with the market's labels.
pub async fn labelled(
    chain: &Queries,
    terms: &Terms,
    creator: &str,
) -> Result<PerContract<Vec<String>>, QueryError> {
    let mut found: PerContract<Vec<String>> = PerContract::default();
    for address in chain.contracts_by_creator(creator).await? {
        let info = chain.contract_info(&address).await?;
        let named = |contract: &Contract| terms.label(*contract) == info.label;
        if let Some(contract) = Contract::ALL.into_iter().find(named) {
            found.of_mut(contract).push(address);
        }
    }
    Ok(found)
}

/// The contracts: where the record says, and where it says nothing or there is nothing,
/// those that its makers made with the market's labels.
pub async fn contracts(
    chain: &Queries,
    record: Option<&Record>,
    terms: &Terms,
    makers: &[&str],
) -> Result<PerContract<Option<Seen>>> {
    let mut seen: PerContract<Option<Seen>> = PerContract::default();
    if let Some(record) = record {
        for contract in Contract::ALL {
            let address = &record.contracts.of(contract).address;
            *seen.of_mut(contract) = observe::contract(chain, address).await?;
        }
    }
    for maker in makers {
        if Contract::ALL.iter().all(|contract| seen.of(*contract).is_some()) {
            break;
        }
        let found = labelled(chain, terms, maker).await?;
        for contract in Contract::ALL {
            match found.of(contract).as_slice() {
                [address] if seen.of(contract).is_none() => {
                    *seen.of_mut(contract) = observe::contract(chain, address).await?;
                }
                [one, other, ..] if seen.of(contract).is_none() => {
                    return Err(Error::input(
                        "market",
                        format!(
                            "{maker} made two contracts labelled `{}`: {one} and {other}; choose \
                             another `market` in the terms, or put back the deployment's record",
                            terms.label(contract)
                        ),
                    )
                    .into());
                }
                _ => {}
            }
        }
    }
    Ok(seen)
}
