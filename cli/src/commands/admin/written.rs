//! What is written where the signer's key is not on this machine.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::admin::act::Form;

/// Write it instead of sending it.
#[derive(Debug, Args)]
pub struct Written {
    /// Send nothing: write unsigned transactions into this folder, for a multisig account, the
    /// chain's governance or a key on another machine. Transactions that need code which is not on the chain yet are
    /// written by the next run.
    #[arg(long, value_name = "FOLDER")]
    generate_only: Option<PathBuf>,
    /// The gas limit of unsigned transactions; simulated if not given.
    #[arg(long, requires = "generate_only")]
    gas: Option<u64>,
    /// Write proposals for a DAO of DAO DAO, whose address --from is, instead of transactions: each
    /// file is what `propose` of its proposal module takes.
    #[arg(long, requires = "generate_only", conflicts_with = "gas")]
    proposal: bool,
}

impl Written {
    /// The folder, and what is written into it; none if it is sent.
    pub fn form(&self) -> Option<(&Path, Form)> {
        let form = match self.proposal {
            true => Form::Proposals,
            false => Form::Transactions(self.gas),
        };
        self.generate_only.as_deref().map(|folder| (folder, form))
    }

    /// What is to be done with a file.
    pub fn handed_to(&self, sender: &str, file: &Path) -> String {
        let to_be = if self.proposal { "proposed to" } else { "signed by" };
        format!("to be {to_be} {sender}: {}", file.display())
    }
}
