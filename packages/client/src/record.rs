//! The deployment's record: the file beside a network's file that says where the contracts are and
//! which code they run, for agents, the command line and frontends.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    contracts::{Contracts, PerContract},
    error::Error,
};

/// The five contracts of one market, as they are deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The chain that it is on.
    pub chain_id: String,
    /// The market's name.
    pub market: String,
    /// Who made the contracts.
    pub deployer: String,
    /// The contracts.
    pub contracts: PerContract<Deployed>,
}

/// A deployed contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// Its address.
    pub address: String,
    /// The code that it runs.
    pub code_id: u64,
    /// SHA-256 of that code, in hexadecimal digits.
    pub checksum: String,
}

impl Record {
    /// Where the record of a network file is: beside it, with the ending `.deployment.json`.
    pub fn path(network_file: &Path) -> PathBuf {
        network_file.with_extension("deployment.json")
    }

    /// Reads a record, if there is one.
    ///
    /// # Errors
    /// If there is a file that cannot be read, or is not a record.
    pub fn read(path: &Path) -> Result<Option<Self>, Error> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::File { path: path.into(), source }),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            Error::input(
                path.display().to_string(),
                format!("{error}; `souk admin deploy` writes it again if you move it away"),
            )
        })
    }

    /// Writes the record, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let partial = path.with_extension("partial");
        let write = || {
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            let mut file = fs::File::create(&partial)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&partial, path)
        };
        write().map_err(|source| Error::File { path: path.into(), source })
    }

    /// The addresses alone.
    pub fn addresses(&self) -> Contracts {
        PerContract::make(|contract| self.contracts.of(contract).address.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_what_was_written_and_none_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = Record::path(&folder.path().join("local.toml"));
        assert!(path.ends_with("local.deployment.json"));
        assert_eq!(Record::read(&path).unwrap(), None);
        let record = Record {
            chain_id: "souk-1".to_owned(),
            market: "souk".to_owned(),
            deployer: "souk1me".to_owned(),
            contracts: PerContract::make(|contract| Deployed {
                address: format!("souk1{contract}"),
                code_id: 7,
                checksum: "00".repeat(32),
            }),
        };
        record.write(&path).unwrap();
        assert_eq!(Record::read(&path).unwrap(), Some(record));
        fs::write(&path, "{").unwrap();
        assert!(Record::read(&path).is_err());
    }
}
