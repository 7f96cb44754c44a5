//! `souk provider`: register and look after a provider.

use anyhow::Result;
use clap::{Args, Subcommand};
use cosmwasm_std::HexBinary;
use serde::Serialize;
use souk_api::{
    orderbook::{self, ProviderStatsResponse},
    registry::{Contact, ExecuteMsg, Gateway, ProviderResponse, UnbondingResponse},
};
use souk_chain::Coin;
use souk_client::{
    Error,
    deploy::History,
    show::{duration, moment, table},
};
use souk_core::{Amount, OrderId, PriceFloor};

use super::{absence, earnings};
use crate::{context::Context, exit::Exit, units};

/// Register a provider and show providers.
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// Register the chosen key's account as a provider.
    Register(Register),
    /// Replace the attributes of your provider.
    Update {
        /// The new attributes, as KEY=VALUE; all others are removed.
        #[arg(value_name = "KEY=VALUE", required = true)]
        attributes: Vec<String>,
    },
    /// Add coins to your provider's bond.
    Bond {
        /// The amount, such as 5000000usouk.
        amount: String,
    },
    /// Take coins out of your provider's bond. They back no new bids, and can be claimed after the
    /// market's unbonding period.
    Unbond {
        /// The amount, such as 5000000usouk. If coins unbond already, the period starts again for them.
        amount: String,
    },
    /// Claim the coins that have unbonded, except what slots in use still need.
    ClaimUnbonded,
    /// End your provider's registration and unbond everything. No bid or lease may use a slot.
    Deregister,
    /// Take open bids back; their slots are free at once. Bids in auctions bind and stay.
    WithdrawBid {
        /// The orders' numbers.
        #[arg(value_name = "ORDER", required = true)]
        orders: Vec<OrderId>,
        /// The provider whose operator the chosen key is; the key's own account if not given.
        #[arg(long, value_name = "ADDRESS|KEY")]
        provider: Option<String>,
    },
    /// Name another operator key; the one before loses its powers at once.
    SetOperator {
        /// The key's address, or its name.
        #[arg(value_name = "ADDRESS|KEY")]
        operator: String,
    },
    /// Name another gateway. It holds after the market's delay for such changes; only the provider's
    /// own key can do this.
    SetGateway {
        /// The gateway's address for tenants, such as `https://provider.example:8443`.
        gateway: String,
        /// SHA-256 of the public key in the gateway's certificate; may be given twice.
        #[arg(long, value_name = "HEX")]
        pin: Vec<String>,
    },
    /// Set what you work for at least. It holds after the market's delay for such changes; bids of your
    /// operator are refused that are lower, or in a denom without a floor.
    SetFloors {
        /// For each denom: base units an hour for a CPU, a GiB of memory and a GPU, as
        /// DENOM=CPU,MEMORY,GPU. The market must list it.
        #[arg(value_name = "DENOM=CPU,MEMORY,GPU", required_unless_present = "none")]
        floors: Vec<String>,
        /// No floors: your operator may bid any price.
        #[arg(long, conflicts_with = "floors")]
        none: bool,
    },
    /// Say that a provider is there, by its own key or its operator's. The agent does that while it runs, so this
    /// is for the time when it cannot: a provider that is not seen for the limit of a lease loses the lease and
    /// the pay of that time.
    Heartbeat {
        /// The provider; the chosen key's own account if not given.
        #[arg(long, value_name = "ADDRESS|KEY")]
        provider: Option<String>,
    },
    /// Show what a provider's leases earned, were paid and are owed, and what is held while they run.
    Earnings {
        /// The provider's address or key.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
    },
    /// Show a provider: gateway, bond, slots, leases, when it was last seen, attributes.
    Show {
        /// The provider's address or key.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
    },
    /// List all providers.
    List,
}

/// Register a provider.
#[derive(Debug, Args)]
pub struct Register {
    /// The operator key, with which the agent bids and closes leases; it cannot move the
    /// provider's coins.
    #[arg(long, value_name = "ADDRESS|KEY")]
    operator: String,
    /// The gateway's address for tenants, such as `https://provider.example:8443`.
    #[arg(long, value_name = "URL")]
    gateway: String,
    /// SHA-256 of the public key in the gateway's certificate, as `souk-provider init` prints it;
    /// may be given several times.
    #[arg(long, value_name = "HEX")]
    pin: Vec<String>,
    /// The bond, such as 10000000usouk.
    #[arg(long, value_name = "AMOUNT")]
    bond: String,
    /// The account that is paid for leases; the provider's own if not given.
    #[arg(long, value_name = "ADDRESS|KEY")]
    payee: Option<String>,
    /// A mail address for tenants.
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    email: String,
    /// A web page for tenants.
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    website: String,
    /// The provider's attributes, as KEY=VALUE.
    #[arg(value_name = "KEY=VALUE")]
    attributes: Vec<String>,
}

/// A provider and its history.
#[derive(Debug, Serialize)]
struct Report {
    provider: ProviderResponse,
    stats: ProviderStatsResponse,
    /// The chain's time, in seconds.
    now: u64,
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
            Self::Unbond { amount } => {
                let denom = context.market()?.registry.config().await?.bond_denom;
                let message = ExecuteMsg::Unbond { amount: units::amount_of(&amount, &denom)? };
                execute_own(context, "unbonding", &message, &[]).await
            }
            Self::ClaimUnbonded => {
                let message = ExecuteMsg::ClaimUnbonded {};
                execute_own(context, "claiming what has unbonded", &message, &[]).await
            }
            Self::Deregister => {
                let message = ExecuteMsg::Deregister {};
                execute_own(context, "ending the registration", &message, &[]).await
            }
            Self::WithdrawBid { orders, provider } => {
                withdraw_bids(context, orders, provider).await
            }
            Self::SetOperator { operator } => {
                let message = ExecuteMsg::SetOperator { operator: context.address(&operator)? };
                execute_own(context, "naming the operator", &message, &[]).await
            }
            Self::SetGateway { gateway, pin } => {
                let gateway = Gateway { uri: gateway, pins: pins(&pin)? };
                let message = ExecuteMsg::SetGateway { provider: own(context)?, gateway };
                execute_own(context, "naming the gateway", &message, &[]).await
            }
            Self::SetFloors { floors, none: _ } => {
                let floors = floors.iter().map(|text| floor(text)).collect::<Result<Vec<_>>>()?;
                check_listed(context, &floors).await?;
                let message = ExecuteMsg::SetFloors { provider: own(context)?, floors };
                execute_own(context, "setting price floors", &message, &[]).await
            }
            Self::Heartbeat { provider } => {
                let provider = match provider {
                    Some(provider) => context.address(&provider)?,
                    None => own(context)?,
                };
                absence::heartbeat(context, &context.market()?, &provider).await?;
                show(context, &provider).await
            }
            Self::Earnings { provider } => {
                earnings::show(context, &context.address(&provider)?).await
            }
            Self::Show { provider } => show(context, &context.address(&provider)?).await,
            Self::List => list(context).await,
        }
    }
}

impl Register {
    fn message(self, context: &Context) -> Result<(ExecuteMsg, Coin)> {
        let bond = units::coin(&self.bond, &context.network()?.denom)?;
        let pins = pins(&self.pin)?;
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

/// Refuses a floor in a denom that the market does not list: nobody pays in it, and with floors bids in all other
/// denoms are refused.
async fn check_listed(context: &Context, floors: &[PriceFloor]) -> Result<()> {
    let listed = context.market()?.orderbook.config().await?.denoms;
    let unknown = floors.iter().find(|floor| listed.iter().all(|one| one.denom != floor.denom));
    let Some(floor) = unknown else { return Ok(()) };
    let listed: Vec<String> = listed.iter().map(|one| one.denom.to_string()).collect();
    let reason = format!("the market lists no such denom; it has {}", listed.join(", "));
    Err(Error::input(format!("floor in {}", floor.denom), reason).into())
}

fn pins(texts: &[String]) -> Result<Vec<HexBinary>> {
    let pin = |text: &String| {
        HexBinary::from_hex(text)
            .map_err(|_| Error::input(format!("pin `{text}`"), "write 64 hexadecimal digits"))
    };
    Ok(texts.iter().map(pin).collect::<Result<_, _>>()?)
}

/// `DENOM=CPU,MEMORY,GPU`.
fn floor(text: &str) -> Result<PriceFloor> {
    let bad = || Error::input(format!("floor `{text}`"), "write DENOM=CPU,MEMORY,GPU");
    let (denom, prices) = text.split_once('=').ok_or_else(bad)?;
    let denom = denom.parse().map_err(|_| bad())?;
    let read = |text: &str| text.trim().parse().ok().and_then(|units| Amount::new(units).ok());
    let prices: Option<Vec<Amount>> = prices.split(',').map(read).collect();
    match prices.as_deref() {
        Some(&[cpu, memory, gpu]) => Ok(PriceFloor { denom, cpu, memory, gpu }),
        _ => Err(bad().into()),
    }
}

/// The address of the key that sends.
fn own(context: &Context) -> Result<String> {
    Ok(context.wallet()?.address)
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

/// In one transaction: all of them, or none.
async fn withdraw_bids(
    context: &Context,
    orders: Vec<OrderId>,
    provider: Option<String>,
) -> Result<Exit> {
    let market = context.market()?;
    let wallet = context.wallet()?;
    let provider = match provider {
        Some(provider) => context.address(&provider)?,
        None => wallet.address.clone(),
    };
    let message = |order: &OrderId| {
        let message =
            orderbook::ExecuteMsg::WithdrawBid { order: *order, provider: provider.clone() };
        wallet.execute(&market.contracts.orderbook, &message, &[])
    };
    let messages = orders.iter().map(message).collect::<Result<_, _>>()?;
    wallet.send("taking bids back", messages).await?;
    show(context, &provider).await
}

async fn show(context: &Context, provider: &str) -> Result<Exit> {
    let market = context.market()?;
    let (provider, stats) = tokio::try_join!(
        market.registry.provider(provider),
        market.orderbook.provider_stats(provider)
    )?;
    let (_, now) = market.now().await?;
    context.out.result(&Report { provider, stats, now }, |report| {
        let Report { provider, stats, now } = report;
        let mut rows = table(["", ""]);
        let pins: Vec<String> = provider.gateway.pins.iter().map(HexBinary::to_hex).collect();
        for (name, value) in [
            ("provider", provider.provider.clone()),
            ("operator", provider.operator.clone()),
            ("payee", provider.payee.clone()),
            ("gateway", provider.gateway.uri.clone()),
            ("pins", pins.join("\n")),
            ("next gateway", next_gateway(provider, *now)),
            ("price floors", floors(&provider.floors)),
            ("next floors", next_floors(provider, *now)),
            ("noticed slash", noticed(provider, *now)),
            ("bond", provider.bond.to_string()),
            (
                "unbonding",
                provider.unbonding.as_ref().map_or("none".into(), |it| unbonding(it, *now)),
            ),
            ("slots", format!("{} of {} in use", stats.used, stats.slots)),
            (
                "leases",
                format!(
                    "{} won, {} run, {} broken off, {} without manifest, {} taken back, {} ended as absent",
                    stats.won,
                    stats.active,
                    stats.breaches,
                    History::of(stats).without_manifest,
                    History::of(stats).taken_back,
                    stats.absences,
                ),
            ),
            ("last seen", last_seen(stats, *now)),
            ("maintenance", provider.maintenance.to_string()),
            ("registered", provider.registered.to_string()),
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

/// By a bid, a close or a heartbeat of its own; an orderbook that is older than the rule says nothing of it.
fn last_seen(stats: &ProviderStatsResponse, now: u64) -> String {
    match stats.seen_at {
        0 => "never".to_owned(),
        at => {
            let ago = duration(now.saturating_sub(at));
            format!("{ago} ago, {}, block {}", moment(at), stats.seen_block)
        }
    }
}

fn next_gateway(provider: &ProviderResponse, now: u64) -> String {
    provider.next_gateway.as_ref().map_or("none".into(), |next| {
        let pins: Vec<String> = next.gateway.pins.iter().map(HexBinary::to_hex).collect();
        let wait = duration(next.from.saturating_sub(now));
        format!("{} in {wait}\n{}", next.gateway.uri, pins.join("\n"))
    })
}

fn next_floors(provider: &ProviderResponse, now: u64) -> String {
    provider.next_floors.as_ref().map_or("none".into(), |next| {
        format!("in {}:\n{}", duration(next.from.saturating_sub(now)), floors(&next.floors))
    })
}

fn floors(floors: &[PriceFloor]) -> String {
    let line = |floor: &PriceFloor| {
        let PriceFloor { denom, cpu, memory, gpu } = floor;
        format!("{denom} an hour: {cpu} a CPU, {memory} a GiB of memory, {gpu} a GPU")
    };
    match floors {
        [] => "none".to_owned(),
        floors => floors.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

fn noticed(provider: &ProviderResponse, now: u64) -> String {
    provider.notice.as_ref().map_or("none".into(), |notice| {
        let when = match notice.executable_at.saturating_sub(now) {
            0 => format!("until {} from now", duration(notice.lapses_at.saturating_sub(now))),
            wait => format!("in {}", duration(wait)),
        };
        format!("{} {when}: {}", notice.amount, notice.reason)
    })
}

fn unbonding(unbonding: &UnbondingResponse, now: u64) -> String {
    match unbonding.claimable_at.saturating_sub(now) {
        0 => format!("{}, can be claimed", unbonding.amount),
        left => format!("{}, for another {}", unbonding.amount, duration(left)),
    }
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
