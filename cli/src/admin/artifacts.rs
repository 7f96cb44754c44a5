//! The compiled contracts and their checksums, as `scripts/build-wasm` leaves them.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use souk_client::{Contract, Error, PerContract, contracts::Checksum};

/// A folder of compiled contracts.
#[derive(Clone, Debug)]
pub struct Artifacts {
    folder: PathBuf,
    /// What `checksums.txt` says.
    pub checksums: PerContract<Checksum>,
}

impl Artifacts {
    /// Reads `checksums.txt` of a folder.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("checksums.txt");
        let text = std::fs::read_to_string(&path).map_err(|source| {
            Error::input(
                format!("artifacts {}", path.display()),
                format!("{source}; run scripts/build-wasm, or name the folder by --artifacts"),
            )
        })?;
        let checksums = PerContract::try_make(|contract| {
            checksum_in(&text, &contract.file()).ok_or_else(|| {
                Error::input(
                    path.display().to_string(),
                    format!("it has no checksum of {}; run scripts/build-wasm", contract.file()),
                )
            })
        })?;
        Ok(Self { folder: folder.to_owned(), checksums })
    }

    /// A contract's wasm, which must have the checksum that `checksums.txt` gives.
    pub fn wasm(&self, contract: Contract) -> Result<Vec<u8>, Error> {
        let path = self.folder.join(contract.file());
        let bad = |reason: String| Error::input(path.display().to_string(), reason);
        let wasm = std::fs::read(&path)
            .map_err(|source| bad(format!("{source}; run scripts/build-wasm")))?;
        let (found, listed) = (Sha256::digest(&wasm), self.checksums.of(contract));
        if found.as_slice() != listed {
            return Err(bad(format!(
                "its SHA-256 is {}, checksums.txt says {}; run scripts/build-wasm and see which is right",
                hex::encode(found),
                hex::encode(listed)
            )));
        }
        Ok(wasm)
    }
}

/// The checksum of a file in the output of sha256sum.
fn checksum_in(text: &str, file: &str) -> Option<Checksum> {
    let line = text.lines().find(|line| line.split_whitespace().nth(1) == Some(file))?;
    let mut checksum = Checksum::default();
    hex::decode_to_slice(line.split_whitespace().next()?, &mut checksum).ok()?;
    Some(checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(wasm: &[u8], listed: impl Fn(Contract) -> bool) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut sums = String::new();
        for contract in Contract::ALL.into_iter().filter(|contract| listed(*contract)) {
            std::fs::write(folder.path().join(contract.file()), wasm).unwrap();
            sums += &format!("{}  {}\n", hex::encode(Sha256::digest(wasm)), contract.file());
        }
        std::fs::write(folder.path().join("checksums.txt"), sums).unwrap();
        folder
    }

    #[test]
    fn a_file_is_read_if_its_checksum_is_the_listed_one() {
        let folder = folder(b"wasm", |_| true);
        let artifacts = Artifacts::open(folder.path()).unwrap();
        assert_eq!(artifacts.wasm(Contract::Escrow).unwrap(), b"wasm");
        std::fs::write(folder.path().join(Contract::Escrow.file()), b"other").unwrap();
        let error = artifacts.wasm(Contract::Escrow).unwrap_err().to_string();
        assert!(error.contains("SHA-256") && error.contains("build-wasm"), "{error}");
    }

    #[test]
    fn a_contract_without_checksum_is_named() {
        let folder = folder(b"wasm", |contract| contract != Contract::Orderbook);
        let error = Artifacts::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("souk_orderbook.wasm"), "{error}");
    }

    #[test]
    fn without_artifacts_it_says_how_to_make_them() {
        let error = Artifacts::open(Path::new("/nonexistent")).unwrap_err().to_string();
        assert!(error.contains("scripts/build-wasm"), "{error}");
    }
}
