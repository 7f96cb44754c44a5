//! `souk provider`: register and look after a provider.

use anyhow::Result;
use clap::{Args, Subcommand};
use cosmwasm_std::HexBinary;
use serde::Serialize;
use souk_api::{
    orderbook::ProviderStatsResponse,
    registry::{Contact, ExecuteMsg, Gateway, ProviderResponse},
};
use souk_chain::Coin;

use crate::{context::Context, error::CliError, exit::Exit, output::table::table, units};

/// Register and look after a provider.
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// Register the chosen key's account as a provider.
    Register(Register),
    /// Change what a registered provider claims.
    Update {
        /// What it claims from now on, as KEY=VALUE.
        #[arg(value_name = "KEY=VALUE", required = true)]
        attributes: Vec<String>,
    },
    /// Add to the bond.
    Bond {
        /// How much.
        amount: String,
    },
    /// Show a provider.
    Show {
        /// The provider.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
    },
    /// List all providers.
    List,
}

/// Register a provider.
#[derive(Debug, Args)]
pub struct Register {
    /// The agent's key, which bids and closes but never touches money.
    #[arg(long, value_name = "ADDRESS|KEY")]
    operator: String,
    /// Where tenants reach it, such as https://provider.example:8443.
    #[arg(long)]
    gateway: String,
    /// SHA-256 of the gateway certificate's key, as `souk-provider init` prints it.
    #[arg(long)]
    pin: Vec<String>,
    /// The bond, such as 10000000usouk.
    #[arg(long)]
    bond: String,
    /// Who is paid; the provider if not given.
    #[arg(long, value_name = "ADDRESS|KEY")]
    payee: Option<String>,
    /// Mail address.
    #[arg(long, default_value = "")]
    email: String,
    /// Web page.
    #[arg(long, default_value = "")]
    website: String,
    /// What it claims, as KEY=VALUE.
    #[arg(value_name = "KEY=VALUE")]
    attributes: Vec<String>,
}

/// A provider and its history.
#[derive(Debug, Serialize)]
struct Report {
    provider: ProviderResponse,
    book: ProviderStatsResponse,
}

impl Provider {
    /// Does it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Self::Register(register) => {
                let (message, bond) = register.message(context)?;
                execute_own(context, "registering the provider", &message, &[bond]).await
            }
            Self::Update { attributes } => {
                let attributes = Some(units::attributes(&attributes)?);
                let message = ExecuteMsg::Update { payee: None, attributes, contact: None };
                execute_own(context, "updating the provider", &message, &[]).await
            }
            Self::Bond { amount } => {
                let bond = units::coin(&amount, &context.network()?.denom)?;
                execute_own(context, "adding to the bond", &ExecuteMsg::Bond {}, &[bond]).await
            }
            Self::Show { provider } => show(context, &context.address(&provider)?).await,
            Self::List => list(context).await,
        }
    }
}

impl Register {
    fn message(self, context: &Context) -> Result<(ExecuteMsg, Coin)> {
        let bond = units::coin(&self.bond, &context.network()?.denom)?;
        let pin = |text: &String| {
            HexBinary::from_hex(text).map_err(|_| {
                CliError::input(format!("pin `{text}`"), "write 64 hexadecimal digits")
            })
        };
        let pins = self.pin.iter().map(pin).collect::<Result<_, _>>()?;
        let payee = self.payee.as_deref().map(|payee| context.address(payee)).transpose()?;
        let message = ExecuteMsg::Register {
            payee,
            operator: context.address(&self.operator)?,
            gateway: Gateway { uri: self.gateway, pins },
            attributes: units::attributes(&self.attributes)?,
            contact: Contact { email: self.email, website: self.website },
        };
        Ok((message, bond))
    }
}

async fn execute_own(
    context: &Context,
    action: &str,
    message: &ExecuteMsg,
    funds: &[Coin],
) -> Result<Exit> {
    let market = context.market()?;
    let wallet = context.wallet()?;
    let message = wallet.execute(&market.contracts.registry, message, funds)?;
    wallet.send(action, vec![message]).await?;
    show(context, &wallet.address).await
}

async fn show(context: &Context, provider: &str) -> Result<Exit> {
    let market = context.market()?;
    let (provider, book) = tokio::try_join!(
        market.registry.provider(provider),
        market.orderbook.provider_stats(provider)
    )?;
    context.out.result(&Report { provider, book }, |report| {
        let Report { provider, book } = report;
        let mut rows = table(["", ""]);
        let pins: Vec<String> = provider.gateway.pins.iter().map(HexBinary::to_hex).collect();
        for (name, value) in [
            ("provider", provider.provider.clone()),
            ("operator", provider.operator.clone()),
            ("payee", provider.payee.clone()),
            ("gateway", provider.gateway.uri.clone()),
            ("pins", pins.join("\n")),
            ("bond", provider.bond.to_string()),
            ("slots", format!("{} of {} in use", book.used, book.slots)),
            (
                "leases",
                format!("{} won, {} run, {} broken off", book.won, book.active, book.breaches),
            ),
            ("maintenance", provider.maintenance.to_string()),
        ] {
            rows.add_row([name.to_owned(), value]);
        }
        for attribute in &provider.attributes {
            rows.add_row([attribute.key.clone(), attribute.value.clone()]);
        }
        rows.to_string()
    });
    Ok(Exit::Ok)
}

async fn list(context: &Context) -> Result<Exit> {
    let providers = context.market()?.registry.providers().await?;
    context.out.result(&providers, |providers| {
        if providers.is_empty() {
            return "No provider is registered yet.".to_owned();
        }
        let mut rows = table(["provider", "gateway", "bond", "attributes", "maintenance"]);
        for provider in providers {
            rows.add_row([
                provider.provider.clone(),
                provider.gateway.uri.clone(),
                provider.bond.to_string(),
                provider.attributes.len().to_string(),
                provider.maintenance.to_string(),
            ]);
        }
        rows.to_string()
    });
    Ok(Exit::Ok)
}
