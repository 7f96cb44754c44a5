//! `souk fees`: the take rate's way, from accounts to pool and stakers.

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use souk_api::fees::{DenomResponse, ExecuteMsg, StakerResponse};
use souk_chain::Coin;
use souk_client::{Market, Wallet, show::amount};
use souk_core::Denom;

use crate::{context::Context, exit::Exit, units};

/// Distribute the market's fees; stake coins and claim a share of the fees.
#[derive(Debug, Subcommand)]
pub enum Fees {
    /// Collect the fees and distribute them to community pool and stakers; anybody may.
    Distribute {
        /// The denom of the fees; the network's if not given.
        denom: Option<Denom>,
    },
    /// Stake coins, to receive a share of the fees.
    Stake {
        /// The amount, such as 5000000usouk.
        amount: String,
    },
    /// Claim your share of the fees, or that of another staker for them.
    Claim {
        /// The staker; the account of --key if not given.
        #[arg(value_name = "ADDRESS|KEY")]
        staker: Option<String>,
    },
    /// Show the fees: distributed, being paid out to stakers, unclaimed.
    Show {
        /// The denom of the fees; the network's if not given.
        denom: Option<Denom>,
    },
}

/// Where fees are, and what of them is yours.
#[derive(Debug, Serialize)]
struct Report {
    denom: Denom,
    fees: DenomResponse,
    staker: Option<StakerResponse>,
}

impl Fees {
    /// Does it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let own = Denom::native(market.network.denom.clone());
        let denom = match self {
            Self::Distribute { denom } => {
                let denom = denom.unwrap_or(own);
                let wallet = context.wallet()?;
                let messages = market.distribution(&wallet.address, &denom)?;
                wallet.send("distributing fees", messages).await?;
                denom
            }
            Self::Stake { amount } => {
                let wallet = context.wallet()?;
                let coin = units::coin(&amount, &market.network.denom)?;
                send(&market, &wallet, "staking", &ExecuteMsg::Stake {}, &[coin]).await?;
                own
            }
            Self::Claim { staker } => {
                let wallet = context.wallet()?;
                let staker = match staker {
                    Some(staker) => context.address(&staker)?,
                    None => wallet.address.clone(),
                };
                let message = ExecuteMsg::ClaimRewards { staker, denoms: vec![own.clone()] };
                send(&market, &wallet, "claiming rewards", &message, &[]).await?;
                own
            }
            Self::Show { denom } => denom.unwrap_or(own),
        };
        let fees = market.fees.denom(&denom).await?;
        let staker = match context.key() {
            Ok(key) => market.fees.staker(&key.address(&market.network.prefix)?).await.ok(),
            Err(_) => None,
        };
        context.out.result(&Report { denom, fees, staker }, show);
        Ok(Exit::Ok)
    }
}

async fn send(
    market: &Market,
    wallet: &Wallet,
    action: &str,
    message: &ExecuteMsg,
    funds: &[Coin],
) -> Result<()> {
    let message = wallet.execute(&market.contracts.fee_distributor, message, funds)?;
    wallet.send(action, vec![message]).await?;
    Ok(())
}

fn show(report: &Report) -> String {
    let Report { denom, fees, staker } = report;
    let coins = |units: souk_core::Amount| amount(units.u128(), denom);
    let mut text = format!(
        "Fees in {denom}: {} to the pool so far, {} dripping to stakers, {} unclaimed, {} not split yet",
        coins(fees.to_pool),
        coins(fees.dripping),
        coins(fees.unclaimed),
        coins(fees.undistributed),
    );
    if let Some(staker) = staker {
        text.push_str(&format!("\nYou staked {}", staker.stake));
        for reward in &staker.rewards {
            text.push_str(&format!(", can claim {}", amount(reward.amount.u128(), &reward.denom)));
        }
    }
    text
}
