//! `souk balance`: the coins of an account.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_chain::Coin;
use souk_client::show::amount;
use souk_core::Denom;

use crate::{context::Context, exit::Exit};

/// Show the coins of an account.
#[derive(Debug, Args)]
pub struct Balance {
    /// The account; that of --key if not given.
    #[arg(value_name = "ADDRESS|KEY")]
    of: Option<String>,
}

/// An account and its coins.
#[derive(Debug, Serialize)]
struct Coins {
    address: String,
    coins: Vec<Coin>,
}

impl Balance {
    /// Shows them.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let queries = context.queries()?;
        let address = match &self.of {
            Some(name) => context.address(name)?,
            None => context.key()?.address(&context.network()?.prefix)?,
        };
        let coins = queries.balances(&address).await?;
        context.out.result(&Coins { address, coins }, |account| {
            let coins = account
                .coins
                .iter()
                .map(|coin| amount(coin.amount, &Denom::native(coin.denom.clone())));
            let coins: Vec<String> = coins.collect();
            let coins = if coins.is_empty() { "nothing".to_owned() } else { coins.join(", ") };
            format!("{}: {coins}", account.address)
        });
        Ok(Exit::Ok)
    }
}
