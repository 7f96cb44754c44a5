//! `souk operator`: put the contracts on a chain.

use anyhow::Result;
use clap::{Args, Subcommand};
use souk_api::defaults::Roles;

use crate::{
    context::Context,
    exit::Exit,
    suite::{self, Codes, Terms},
};

/// Put the contracts on a chain.
#[derive(Debug, Subcommand)]
pub enum Operator {
    /// Instantiate codes that are on the chain already, link them, and write their addresses
    /// into the network's file.
    Instantiate(Instantiate),
}

/// Instantiate and link.
#[derive(Debug, Args)]
pub struct Instantiate {
    /// Code id of the escrow.
    #[arg(long)]
    escrow: u64,
    /// Code id of the orderbook.
    #[arg(long)]
    orderbook: u64,
    /// Code id of the provider registry.
    #[arg(long)]
    registry: u64,
    /// Code id of the attestations.
    #[arg(long)]
    attestations: u64,
    /// Code id of the fee distributor.
    #[arg(long)]
    fee_distributor: u64,
    /// Where the community pool's part of the fees goes; you if not given.
    #[arg(long, value_name = "ADDRESS|KEY")]
    pool: Option<String>,
    /// May stop new business; you if not given.
    #[arg(long, value_name = "ADDRESS|KEY")]
    guardian: Option<String>,
    /// May slash bonds.
    #[arg(long, value_name = "ADDRESS|KEY")]
    slasher: Vec<String>,
}

impl Operator {
    /// Does it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Self::Instantiate(instantiate) => instantiate.run(context).await,
        }
    }
}

impl Instantiate {
    async fn run(self, context: &Context) -> Result<Exit> {
        let mut network = context.network()?;
        let path = context.network_path()?;
        let wallet = context.wallet()?;
        let address = |name: &String| context.address(name);
        let terms = Terms {
            roles: Roles {
                owner: None,
                guardian: self.guardian.as_ref().map(address).transpose()?,
            },
            pool: match &self.pool {
                Some(pool) => address(pool)?,
                None => wallet.address.clone(),
            },
            slashers: self.slasher.iter().map(address).collect::<Result<_>>()?,
        };
        let codes = Codes {
            escrow: self.escrow,
            orderbook: self.orderbook,
            registry: self.registry,
            attestations: self.attestations,
            fee_distributor: self.fee_distributor,
        };
        let told = |name: &str, address: &str| context.out.progress(format!("{name}: {address}"));
        let contracts = suite::put_up(&wallet, codes, &terms, told).await?;
        network.contracts = Some(contracts.clone());
        network.write(&path)?;
        context.out.result(&contracts, |_| format!("The addresses are in {}.", path.display()));
        Ok(Exit::Ok)
    }
}
