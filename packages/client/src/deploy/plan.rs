//! What a deployment is created with, checked before anything is sent.

use rand::RngCore;
use souk_api::orderbook::{Absence, ConfigResponse, DenomConfig};
use souk_chain::Coin;
use souk_core::{AuctionPolicy, Denom, GroupSpec, clock::SCALE};
use souk_gateway::{Salt, body::ManifestUpload};

use crate::{error::Error, sdl::Compiled};

/// How many hours at the ceilings a deposit covers unless the tenant says how much.
const DEFAULT_HOURS: u128 = 24;

/// What is about to be created.
#[derive(Debug)]
pub struct Plan {
    /// What the orderbook gets.
    pub groups: Vec<GroupSpec>,
    /// How winners are found.
    pub auction: AuctionPolicy,
    /// The least notice for which providers may take its leases back, in seconds.
    pub reclamation: Option<u64>,
    /// What holds when a provider is not seen any more; none if that is left to the market.
    pub absence: Option<Absence>,
    /// The coins that go into the account.
    pub deposit: Coin,
    /// How much of them carries the orders at their ceilings for the least runway: it stays in the account
    /// while they are open.
    pub reserved: u128,
    /// What the winners get.
    pub upload: ManifestUpload,
}

/// Works out what to send, and refuses what the orderbook would refuse. `min_runway` is the escrow's, in
/// seconds. The least deposit carries all groups at their ceilings for that long, and is at least the denom's
/// least for each group.
///
/// # Errors
/// If the market does not take the denom, or the deposit is too small or of another denom.
pub fn plan(
    compiled: Compiled,
    deposit: Option<Coin>,
    with_salt: bool,
    config: &ConfigResponse,
    min_runway: u64,
) -> Result<Plan, Error> {
    let denom = Denom::native(compiled.denom.clone());
    let terms = config.denoms.iter().find(|terms| terms.denom == denom).ok_or_else(|| {
        let taken: Vec<String> = config.denoms.iter().map(|terms| terms.denom.to_string()).collect();
        Error::input(
            format!("denom {denom}"),
            format!(
                "this market takes {}; change the file's pricing, or map the denom in the network file under [map.denoms]",
                taken.join(", ")
            ),
        )
    })?;
    let ceilings: u128 = compiled.groups.iter().map(|group| group.ceiling.u128()).sum();
    let reserved = ceilings.saturating_mul(u128::from(min_runway)).div_ceil(SCALE);
    let least = least_deposit(terms, compiled.groups.len()).max(reserved);
    let deposit = deposit
        // What runs first must not spend the cover of what is still to be accepted.
        .unwrap_or_else(|| {
            let day = ceilings.saturating_mul(DEFAULT_HOURS).saturating_add(reserved);
            Coin::new(least.max(day), compiled.denom.clone())
        });
    if deposit.denom != compiled.denom {
        let reason = format!("the file is priced in {denom}; the deposit must be too");
        return Err(Error::input(format!("deposit {deposit}"), reason));
    }
    if deposit.amount < least {
        let reason = format!(
            "at least {least}{denom} are needed: {}{denom} a group, and what carries all of them at \
             their highest prices, {ceilings}{denom} an hour, for {min_runway} s",
            terms.min_deposit
        );
        return Err(Error::input(format!("deposit {deposit}"), reason));
    }
    let upload = ManifestUpload { manifest: compiled.manifest, salt: with_salt.then(new_salt) };
    let Compiled { groups, auction, reclamation, absence, .. } = compiled;
    Ok(Plan { groups, auction, reclamation, absence, deposit, reserved, upload })
}

fn least_deposit(terms: &DenomConfig, groups: usize) -> u128 {
    terms.min_deposit.u128().saturating_mul(groups as u128)
}

fn new_salt() -> Salt {
    let mut salt = [0; 32];
    rand::rngs::OsRng.fill_bytes(&mut salt);
    Salt(salt)
}
