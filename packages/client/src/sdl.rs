//! SDL files as the command line takes them: read, compiled, and with foreign names of
//! denoms and auditors put into this network's.

use std::{cell::RefCell, collections::BTreeMap, path::Path, time::Duration};

use serde::Serialize;
use souk_api::orderbook::Absence;
use souk_core::{AuctionPolicy, GroupSpec, reclaim};
use souk_sdl::{Manifest, Mapping};

use crate::{error::Error, network::NameMap};

/// An SDL file, ready to be deployed on a network.
#[derive(Debug)]
pub struct Compiled {
    /// What the winners get.
    pub manifest: Manifest,
    /// What the orderbook gets.
    pub groups: Vec<GroupSpec>,
    /// What the file is priced in, after mapping.
    pub denom: String,
    /// How winners are found.
    pub auction: AuctionPolicy,
    /// The least notice for which providers may take its leases back, in seconds.
    pub reclamation: Option<u64>,
    /// What holds when a provider is not seen any more; none if the file says nothing of it.
    pub absence: Option<Absence>,
    /// Foreign names and what they became.
    pub mapped: Vec<Mapped>,
    /// What is plainly a mistake and was accepted nevertheless.
    pub warnings: Vec<String>,
}

/// A foreign name and what it stands for here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mapped {
    /// `denom` or `auditor`.
    pub kind: &'static str,
    /// As the file has it.
    pub from: String,
    /// As it is deployed.
    pub to: String,
}

/// Reads and compiles a file. Errors come back rendered, with file, line and advice.
///
/// # Errors
/// If the file cannot be read, and as [`compile`].
pub fn read(path: &Path, map: &NameMap, strict: bool) -> Result<Compiled, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
    compile(&path.display().to_string(), &bytes, map, strict)
}

/// Compiles SDL text that came from `file`.
///
/// # Errors
/// [`Error::Sdl`] with all mistakes, rendered; [`Error::Input`] if the deployment cannot be ordered
/// on this network, for instance since a denom is none of it.
pub fn compile(file: &str, bytes: &[u8], map: &NameMap, strict: bool) -> Result<Compiled, Error> {
    let text = String::from_utf8_lossy(bytes);
    let compiled = souk_sdl::compile_bytes(bytes, &souk_sdl::Options { strict })
        .map_err(|found| Error::Sdl(found.render(file, &text, false)))?;
    let mut names = Names::default();
    let mapped = RefCell::new(&mut names);
    let order = compiled
        .order_groups(&Mapping {
            denom: &|name| {
                let here = mapped.borrow_mut().map("denom", name, &map.denoms);
                here.parse().map_err(|error: souk_core::denom::DenomError| error.to_string())
            },
            auditor: &|name| Ok(mapped.borrow_mut().map("auditor", name, &map.auditors)),
        })
        .map_err(|error| Error::input(file, error))?;
    let denom = order.denom.as_native().map(str::to_owned).ok_or_else(|| {
        Error::input(file, format!("deposits in {} are made by the token's contract", order.denom))
    })?;
    let warnings = souk_sdl::Diagnostics(compiled.warnings.warnings().cloned().collect());
    let warnings = (!warnings.is_empty()).then(|| warnings.render(file, &text, false));
    Ok(Compiled {
        manifest: compiled.manifest,
        groups: order.groups,
        denom,
        auction: order.auction,
        reclamation: reclamation(compiled.min_reclamation_window)
            .map_err(|error| Error::input(file, error))?,
        absence: order.absence.map(absence),
        mapped: names.0,
        warnings: warnings.into_iter().collect(),
    })
}

/// The notice in whole seconds, of nanoseconds. Akash's files may have one that no lease can have.
fn reclamation(nanoseconds: Option<u64>) -> Result<Option<u64>, String> {
    let Some(nanoseconds) = nanoseconds else { return Ok(None) };
    let seconds = nanoseconds.div_ceil(1_000_000_000);
    if reclaim::is_window(seconds) {
        return Ok(Some(seconds));
    }
    Err(format!(
        "reclamation.min_window is {}; leases are taken back with a notice of 1h to 720h",
        humantime::format_duration(Duration::from_nanos(nanoseconds))
    ))
}

fn absence(asked: souk_sdl::Absence) -> Absence {
    let souk_sdl::Absence { limit, anyone_closes, reopens } = asked;
    Absence { limit, anyone_closes, reopens }
}

/// The foreign names that were met, each once.
#[derive(Debug, Default)]
struct Names(Vec<Mapped>);

impl Names {
    fn map(&mut self, kind: &'static str, name: &str, map: &BTreeMap<String, String>) -> String {
        let Some(here) = map.get(name) else { return name.to_owned() };
        let mapped = Mapped { kind, from: name.to_owned(), to: here.clone() };
        if !self.0.contains(&mapped) {
            self.0.push(mapped);
        }
        here.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_one_that_leases_can_have_in_whole_seconds() {
        assert_eq!(reclamation(None), Ok(None));
        for (nanoseconds, seconds) in [
            (3_600_000_000_000, Some(3_600)),
            (3_600_000_000_001, Some(3_601)),
            (2_592_000_000_000_000, Some(2_592_000)),
            (3_599_000_000_000, None),
            (2_592_000_000_000_001, None),
        ] {
            let found = reclamation(Some(nanoseconds));
            assert_eq!(found.clone().ok(), seconds.map(Some), "{nanoseconds}");
            let named = |error: String| error.contains("reclamation.min_window is ");
            assert!(found.map_or_else(named, |_| true));
        }
    }
}
