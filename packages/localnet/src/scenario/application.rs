//! The SDL file that the scenario deploys.

use std::path::Path;

use souk_client::{
    Error,
    network::{FOREIGN_DENOMS, NameMap},
    sdl::{self, Compiled},
};

use crate::chain::ChainKind;

/// What runs unless another file is given.
const EXAMPLE: &str = include_str!("../../../../examples/chat.yaml");

/// A file's name and what it holds.
#[derive(Debug)]
pub(super) struct Application {
    name: String,
    bytes: Vec<u8>,
}

impl Application {
    /// Reads the file, or takes the example.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = file else {
            return Ok(Self { name: "examples/chat.yaml".to_owned(), bytes: EXAMPLE.into() });
        };
        let bytes =
            std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
        Ok(Self { name: path.display().to_string(), bytes })
    }

    /// Finds what is wrong with the file before there is a chain: with the denoms that it will have
    /// there. Which auditor a foreign one stands for makes no difference.
    ///
    /// # Errors
    /// If the file has mistakes; they are rendered.
    pub(super) fn check(&self, chain: &ChainKind) -> Result<(), Error> {
        let denoms = FOREIGN_DENOMS.map(|name| (name.to_owned(), chain.denom().to_owned())).into();
        self.compile(&NameMap { denoms, ..NameMap::default() }).map(drop)
    }

    /// Compiles the file for a network whose names for foreign ones these are.
    ///
    /// # Errors
    /// If the file has mistakes; they are rendered.
    pub(super) fn compile(&self, map: &NameMap) -> Result<Compiled, Error> {
        sdl::compile(&self.name, &self.bytes, map, false)
    }
}
