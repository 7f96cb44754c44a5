//! Serves a chain with cw20-base as code 1 until it is interrupted.
//!
//! `cargo run -p souk-devchain --example serve -- CHAIN_ID PREFIX DENOM ADDRESS...`
//! gives each address 10^12 of the denom and prints the RPC's URL.

use std::time::Duration;

use cosmwasm_std::{Empty, coin};
use cw_multi_test::{Contract, ContractWrapper};
use souk_devchain::Devchain;

fn cw20() -> Box<dyn Contract<Empty>> {
    Box::new(
        ContractWrapper::new_with_empty(
            cw20_base::contract::execute,
            cw20_base::contract::instantiate,
            cw20_base::contract::query,
        )
        .with_migrate_empty(cw20_base::contract::migrate),
    )
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(chain_id), Some(prefix), Some(denom)) = (args.next(), args.next(), args.next())
    else {
        return Err("arguments: CHAIN_ID PREFIX DENOM ADDRESS...".into());
    };
    let mut chain = Devchain::builder()
        .chain_id(chain_id)
        .prefix(prefix)
        .min_gas_price(25_000, denom.clone())
        .block_time(Duration::from_millis(300))
        .uploadable("cw20-base", cw20);
    for address in args {
        chain = chain.account(
            address,
            vec![coin(1_000_000_000_000, denom.clone()), coin(5_000_000, "ufoo")],
        );
    }
    let handle = chain.start().await?;
    println!("{}", handle.rpc_url());
    tokio::signal::ctrl_c().await?;
    handle.stop().await;
    Ok(())
}
