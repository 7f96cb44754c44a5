//! Finding a suite and its code again on a chain, so that no file has to remember them.

use std::collections::HashMap;

use anyhow::Result;
use souk_chain::{Queries, query::QueryError};

use super::record::Record;
use crate::{
    error::CliError,
    suite::{Checksum, Contract, Each, Terms},
};

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
        wanted: &Each<Checksum>,
        sender: &str,
    ) -> Result<Each<Option<u64>>, QueryError> {
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
        Ok(Each::make(|contract| self.by_checksum.get(wanted.of(contract).as_slice()).copied()))
    }

    fn has_all(&self, wanted: &Each<Checksum>) -> bool {
        let has =
            |contract: &Contract| self.by_checksum.contains_key(wanted.of(*contract).as_slice());
        Contract::ALL.iter().all(has)
    }
}

/// Where a suite's contracts are: as the record says, else those that the deployer made with the
/// market's labels.
pub async fn suite(
    chain: &Queries,
    record: Option<&Record>,
    terms: &Terms,
    deployer: &str,
) -> Result<Each<Option<String>>> {
    if let Some(record) = record {
        return Ok(Each::make(|contract| Some(record.contracts.of(contract).address.clone())));
    }
    let mut found: Each<Option<String>> = Each::default();
    for address in chain.contracts_by_creator(deployer).await? {
        let info = chain.contract_info(&address).await?;
        let labelled = |contract: &Contract| terms.label(*contract) == info.label;
        let Some(contract) = Contract::ALL.into_iter().find(labelled) else {
            continue;
        };
        if let Some(other) = found.of_mut(contract).replace(address.clone()) {
            return Err(CliError::input(
                "market",
                format!(
                    "{deployer} made two contracts labelled `{}`: {other} and {address}; choose \
                     another `market` in the terms, or put back the deployment's record",
                    info.label
                ),
            )
            .into());
        }
    }
    Ok(found)
}
