//! One run of an administrator's command: the network with its files, who acts, and what the
//! contracts should be. Everything on the chain is looked at through it.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use flate2::{Compression, write::GzEncoder};
use souk_chain::{Any, Client, tx};
use souk_client::{
    Contracts, Error, Network, PerContract, Record,
    contracts::{Codes, Terms, address, messages},
    record::Deployed,
};

use super::{
    artifacts::Artifacts,
    compare::{self, Difference},
    discover::{self, CodeIndex},
    observe::Observed,
    plan::{Step, Transaction},
    target::Target,
};

/// What is needed to look at the contracts and to act on them.
#[derive(Debug)]
pub struct Session {
    /// The network.
    pub network: Network,
    /// The network's file.
    pub network_path: PathBuf,
    /// The chain.
    pub client: Client,
    /// What the contracts should be.
    pub target: Target,
    /// Who acts.
    pub sender: String,
    /// The compiled contracts.
    pub artifacts: Artifacts,
    /// What the deployment's record says, if there is one.
    pub record: Option<Record>,
    index: CodeIndex,
}

/// What a session is about.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The network.
    pub network: Network,
    /// The network's file.
    pub network_path: PathBuf,
    /// The folder of the compiled contracts.
    pub artifacts: &'a Path,
    /// The terms file; beside the network's file, with the ending `.terms.toml`, if not given.
    pub terms: Option<&'a Path>,
    /// Who acts; if not given, who made the contracts.
    pub sender: Option<String>,
}

/// Refuses another key than the sender's where something is sent.
///
/// # Errors
/// With what to do.
pub fn check_sender(sender: &str, key: &str) -> Result<(), Error> {
    if key == sender {
        return Ok(());
    }
    let reason = format!("the chosen key is {key}; for {sender} add --generate-only FOLDER");
    Err(Error::input("--from", reason))
}

impl Session {
    /// Reads all files; the chain is not asked yet. `address` makes an address of a key's name.
    pub fn open(setup: Setup<'_>, address: impl Fn(&str) -> Result<String>) -> Result<Self> {
        let Setup { network, network_path, artifacts, terms, sender } = setup;
        let record = Record::read(&Record::path(&network_path))?;
        let recorded = record.as_ref().map(|record| record.deployer.clone());
        let Some(sender) = sender.or_else(|| recorded.clone()) else {
            return Err(Error::input(
                "who made the contracts",
                "there is no record of it; choose the key by --key, or the account by --from",
            )
            .into());
        };
        let owner = recorded.unwrap_or_else(|| sender.clone());
        let beside = network_path.with_extension("terms.toml");
        let terms = match terms {
            Some(path) => Terms::read_file(path, network.chain_defaults(), &owner)?,
            None if beside.is_file() => {
                Terms::read_file(&beside, network.chain_defaults(), &owner)?
            }
            None => Terms::on(network.chain_defaults(), &owner),
        };
        let terms = terms.with_addresses(address)?;
        let artifacts = Artifacts::open(artifacts)?;
        let target = Target { terms, checksums: artifacts.checksums };
        let client = Client::new(network.client_config())?;
        let index = CodeIndex::default();
        Ok(Self { network, network_path, client, target, sender, artifacts, record, index })
    }

    /// Who made the contracts, or is about to.
    pub fn deployer(&self) -> &str {
        self.record.as_ref().map_or(self.sender.as_str(), |record| record.deployer.as_str())
    }

    /// Looks at the contracts and for code that they could run.
    pub async fn observe(&mut self) -> Result<Observed> {
        let chain = self.client.query();
        let seen = self.observe_contracts().await?;
        let codes = self.index.find(&chain, &self.target.checksums, &self.sender).await?;
        Ok(Observed { codes, ..seen })
    }

    /// Looks at the contracts alone.
    pub async fn observe_contracts(&self) -> Result<Observed> {
        let chain = self.client.query();
        let (record, terms) = (self.record.as_ref(), &self.target.terms);
        let makers = [self.deployer(), self.sender.as_str()];
        let contracts = discover::contracts(&chain, record, terms, &makers).await?;
        Ok(Observed { codes: PerContract::default(), contracts })
    }

    /// Where contracts that are not there yet will be.
    pub fn predicted(&self) -> Result<Contracts, Error> {
        let Target { terms, checksums } = &self.target;
        PerContract::try_make(|contract| {
            address::predicted(terms, contract, checksums.of(contract), &self.sender)
        })
    }

    /// A transaction's messages; none if it needs code that is not on the chain yet.
    pub fn messages(&self, transaction: &Transaction, seen: &Observed) -> Result<Option<Vec<Any>>> {
        let at = seen.addresses(&self.predicted()?);
        let codes: Codes =
            PerContract::make(|contract| seen.codes.of(contract).unwrap_or_default());
        let sender = transaction.sender.as_str();
        let mut all = Vec::new();
        for step in &transaction.steps {
            let message = match step {
                Step::Upload { contract } => {
                    tx::store_code(sender, packed(&self.artifacts.wasm(*contract)?)?)
                }
                Step::Instantiate { contract, .. } | Step::Migrate { contract, .. }
                    if seen.codes.of(*contract).is_none() =>
                {
                    return Ok(None);
                }
                Step::Instantiate { contract, .. } => {
                    messages::instantiate(&self.target.terms, *contract, sender, &codes, &at)?
                }
                Step::Migrate { contract, address } => {
                    messages::migrate(sender, *contract, address, *codes.of(*contract))?
                }
                Step::LinkEscrow => messages::link_escrow(sender, &at)?,
                Step::LinkRegistry => messages::link_registry(sender, &at)?,
            };
            all.push(message);
        }
        Ok(Some(all))
    }

    /// How the contracts differ from what they should be.
    pub fn differences(&self, seen: &Observed) -> Result<Vec<Difference>> {
        let predicted = self.predicted()?;
        Ok(compare::differences(&self.target, seen, self.record.as_ref(), &predicted))
    }

    /// Writes the record, if all contracts are there.
    pub fn record(&mut self, seen: &Observed) -> Result<Option<&Record>> {
        let Some(addresses) = compare::addresses(seen) else { return Ok(None) };
        let contracts = PerContract::try_make(|contract| {
            let is = seen.contracts.of(contract).as_ref().context("it was there just now")?;
            let address = addresses.of(contract).clone();
            let checksum = hex::encode(&is.checksum);
            anyhow::Ok(Deployed { address, code_id: is.code_id, checksum })
        })?;
        let creator = seen.contracts.orderbook.as_ref().map(|is| is.creator.clone());
        let record = Record {
            chain_id: self.network.chain_id.clone(),
            market: self.target.terms.market.clone(),
            deployer: creator.unwrap_or_else(|| self.sender.clone()),
            contracts,
        };
        if self.record.as_ref() != Some(&record) {
            record.write(&Record::path(&self.network_path))?;
        }
        Ok(Some(self.record.insert(record)))
    }
}

/// Code as it is uploaded: chains take it gzipped.
fn packed(wasm: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(wasm)?;
    packer.finish()
}
