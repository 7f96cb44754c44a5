//! `souk fees`: the take rate's way, from accounts to pool and stakers.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde::Serialize;
use souk_api::fees::{DenomResponse, ExecuteMsg, StakerResponse};
use souk_chain::Coin;
use souk_client::{
    Market, Wallet,
    show::{amount, duration},
};
use souk_core::{Amount, Denom};

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
    /// Unstake coins. They earn until now, and can be claimed after the market's unstaking period.
    Unstake {
        /// The amount, such as 5000000usouk. If coins unstake already, the period starts again for them.
        amount: String,
    },
    /// Claim the coins that have unstaked.
    ClaimUnstaked,
    /// Claim your share of the fees, or that of another staker for them.
    Claim {
        /// The staker; the account of --key if not given.
        #[arg(value_name = "ADDRESS|KEY")]
        staker: Option<String>,
        /// The denom to claim, once for each; all with a reward if none is given.
        #[arg(long = "denom", value_name = "DENOM")]
        denoms: Vec<Denom>,
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
    /// The chain's time, in seconds.
    now: u64,
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
                let payment = market.pool_payment(&wallet.address, &denom)?;
                let paid = wallet.send("paying the pool", vec![payment]).await;
                paid.context(
                    "the fees were distributed; only the pool's part waits, until the owner names \
                     another pool",
                )?;
                denom
            }
            Self::Stake { amount } => {
                let wallet = context.wallet()?;
                let coin = units::coin(&amount, &market.network.denom)?;
                send(&market, &wallet, "staking", &ExecuteMsg::Stake {}, &[coin]).await?;
                own
            }
            Self::Unstake { amount } => {
                let wallet = context.wallet()?;
                let denom = market.fees.config().await?.stake_denom;
                let amount = units::amount_of(&amount, &denom)?;
                send(&market, &wallet, "unstaking", &ExecuteMsg::Unstake { amount }, &[]).await?;
                own
            }
            Self::ClaimUnstaked => {
                let wallet = context.wallet()?;
                let message = ExecuteMsg::ClaimUnstaked {};
                send(&market, &wallet, "claiming what has unstaked", &message, &[]).await?;
                own
            }
            Self::Claim { staker, denoms } => {
                let wallet = context.wallet()?;
                let staker = match staker {
                    Some(staker) => context.address(&staker)?,
                    None => wallet.address.clone(),
                };
                let denoms = if denoms.is_empty() {
                    rewarded(&market.fees.staker(&staker).await?)
                } else {
                    denoms
                };
                let shown = denoms.first().cloned().unwrap_or(own);
                let message = ExecuteMsg::ClaimRewards { staker, denoms };
                send(&market, &wallet, "claiming rewards", &message, &[]).await?;
                shown
            }
            Self::Show { denom } => denom.unwrap_or(own),
        };
        let fees = market.fees.denom(&denom).await?;
        let (_, now) = market.now().await?;
        let staker = match context.key() {
            Ok(key) => market.fees.staker(&key.address(&market.network.prefix)?).await.ok(),
            Err(_) => None,
        };
        context.out.result(&Report { denom, now, fees, staker }, show);
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

/// The denoms in which a staker has something to claim.
fn rewarded(staker: &StakerResponse) -> Vec<Denom> {
    let rewards = staker.rewards.iter().filter(|reward| reward.amount != Amount::ZERO);
    rewards.map(|reward| reward.denom.clone()).collect()
}

fn show(report: &Report) -> String {
    let Report { denom, now, fees, staker } = report;
    let coins = |units: souk_core::Amount| amount(units.u128(), denom);
    let mut text = format!(
        "Fees in {denom}: {} to the pool so far and {} put aside for it, {} dripping to stakers, {} unclaimed, {} not split yet",
        coins(fees.to_pool),
        coins(fees.pending_pool),
        coins(fees.dripping),
        coins(fees.unclaimed),
        coins(fees.undistributed),
    );
    if let Some(staker) = staker {
        text.push_str(&format!("\nYou staked {}", staker.stake));
        match staker.claimable_at {
            Some(at) if at > *now => {
                let left = duration(at.saturating_sub(*now));
                text.push_str(&format!(", {} unstake for another {left}", staker.unstaking));
            }
            Some(_) => text.push_str(&format!(", {} have unstaked", staker.unstaking)),
            None => {}
        }
        for reward in &staker.rewards {
            text.push_str(&format!(", can claim {}", amount(reward.amount.u128(), &reward.denom)));
        }
    }
    text
}
