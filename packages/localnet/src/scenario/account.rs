//! What an escrow account and a wallet hold, read and shown.

use anyhow::Result;
use souk_api::escrow::{self, AccountResponse};
use souk_chain::Coin;
use souk_client::{
    show::{amount, duration},
    wallet::Wallet,
};
use souk_core::AccountId;

use super::{Fixture, print};

/// Prints an account, settled to the newest block, in one line.
pub async fn show_account(fixture: &Fixture, account: AccountId) -> Result<AccountResponse> {
    let found = fixture.market.escrow.account(account).await?;
    let (_, now) = fixture.market.now().await?;
    let lasts = match found.depletion {
        _ if found.clock.depleted_since.is_some() => "depleted".to_owned(),
        Some(moment) => format!("lasts {}", duration(moment.saturating_sub(now))),
        None => "nothing flows".to_owned(),
    };
    let streams = fixture.market.escrow.streams(account).await?;
    let earned: u128 = streams.iter().map(|stream| stream.earned.u128()).sum();
    print::line(format!(
        "account {account}: {} left, {} earned by providers, {} an hour; {lasts}",
        amount(found.balance.u128(), &found.denom),
        amount(earned, &found.denom),
        amount(found.clock.rate.u128(), &found.denom),
    ));
    Ok(found)
}

/// Adds a wallet's coins to an account.
pub async fn deposit(
    fixture: &Fixture,
    from: &Wallet,
    account: AccountId,
    coin: Coin,
) -> Result<()> {
    let message = escrow::ExecuteMsg::Deposit { account };
    let message = from.execute(&fixture.market.contracts.escrow, &message, &[coin])?;
    from.send("depositing", vec![message]).await?;
    Ok(())
}

/// A wallet's coins of the market's denom, in base units.
pub async fn balance(fixture: &Fixture, wallet: &Wallet) -> Result<u128> {
    let denom = &fixture.market.network.denom;
    Ok(fixture.market.chain().balance(&wallet.address, denom).await?)
}
