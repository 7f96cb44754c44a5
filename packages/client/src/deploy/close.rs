//! The end of a deployment: closed, everyone paid, every deposit returned.

use souk_api::{
    escrow::{self, DepositResponse},
    orderbook::{DeploymentState, ExecuteMsg},
};
use souk_chain::Any;
use souk_core::{AccountId, DeploymentId};

use crate::{
    error::Error,
    events::{self, AbsentEnd},
    market::Market,
    wallet::Wallet,
};

/// Deposits of others that are looked at: anyone can make any number of them.
const MOST_READ: usize = 1_000;
/// Deposits of others whose return the closer pays for.
const MOST_RETURNED: usize = 60;
/// Refunds in one transaction, far below what a block takes.
const BATCH: usize = 20;

/// What became of the deposits of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    /// Returned to their depositors.
    pub refunds: usize,
    /// Still there: anyone can claim them for their depositors.
    pub left: usize,
}

/// Closes a deployment, pays everyone what its leases earned and its tenant what is left. What ended otherwise
/// (with its last group, or by somebody else for want of money) is paid out all the same. Gives the leases whose
/// providers were absent: their pay for that came back.
///
/// # Errors
/// If a contract does not answer, or if the chain refuses the close.
pub async fn close(
    market: &Market,
    wallet: &Wallet,
    deployment: DeploymentId,
) -> Result<Vec<AbsentEnd>, Error> {
    let action = format!("closing deployment {deployment}");
    let sent = wallet.send(&action, closing(market, wallet, deployment).await?).await;
    let sent = match sent {
        // A payee may have been paid since its stream was read.
        Err(Error::Refused { .. }) => {
            wallet.send(&action, closing(market, wallet, deployment).await?).await
        }
        sent => sent,
    };
    let events = events::of_orderbook(&sent?.events, &market.contracts.orderbook);
    Ok(events::absent_ends(&events))
}

/// What belongs in one transaction, in this order: the close, unless it is closed, each payee's pay and the
/// tenant's refund. What strangers did to the account does not make it larger.
///
/// # Errors
/// If a contract does not answer.
pub async fn closing(
    market: &Market,
    wallet: &Wallet,
    deployment: DeploymentId,
) -> Result<Vec<Any>, Error> {
    let found = market.orderbook.deployment(deployment).await?;
    let (account, mut messages) = (found.account, Vec::new());
    if found.state == DeploymentState::Active {
        let close = ExecuteMsg::CloseDeployment { deployment };
        messages.push(wallet.execute(&market.contracts.orderbook, &close, &[])?);
    }
    let streams = market.escrow.streams(account).await?;
    let pays = streams
        .iter()
        .map(|stream| escrow::ExecuteMsg::Withdraw { account, stream: stream.stream });
    let own = escrow::ExecuteMsg::ClaimRefund { account, deposit: None };
    for message in pays.chain([own]) {
        messages.push(wallet.execute(&market.contracts.escrow, &message, &[])?);
    }
    Ok(messages)
}

/// Returns what others deposited in an account that is closed, in further transactions, the
/// largest deposits first and not more than a tenant can be asked to pay for. The close stands
/// whatever becomes of them.
///
/// # Errors
/// If the escrow does not list them. A deposit that cannot be returned is only counted as left.
pub async fn return_deposits(
    market: &Market,
    wallet: &Wallet,
    account: AccountId,
) -> Result<Returned, Error> {
    let mut deposits = market.escrow.deposits_up_to(account, MOST_READ).await?;
    deposits.sort_by_key(|deposit| std::cmp::Reverse(deposit.left));
    let all = deposits.len();
    deposits.truncate(MOST_RETURNED);
    let mut refunds = 0;
    for batch in deposits.chunks(BATCH) {
        let messages = refunds_of(market, wallet, account, batch)?;
        match wallet.send("returning deposits", messages).await {
            Ok(_) => refunds += batch.len(),
            // One may have been claimed meanwhile; the next batch has nothing to do with it.
            Err(error) => tracing::warn!(%error, "deposits were not returned"),
        }
    }
    Ok(Returned { refunds, left: all - refunds })
}

fn refunds_of(
    market: &Market,
    wallet: &Wallet,
    account: AccountId,
    deposits: &[DepositResponse],
) -> Result<Vec<Any>, Error> {
    let refund = |deposit: &DepositResponse| {
        let deposit = Some(deposit.deposit);
        let message = escrow::ExecuteMsg::ClaimRefund { account, deposit };
        wallet.execute(&market.contracts.escrow, &message, &[])
    };
    Ok(deposits.iter().map(refund).collect::<Result<_, _>>()?)
}
