//! Putting the five contracts on a chain and linking them, one transaction after another,
//! since each needs the addresses of those before it.

use anyhow::{Context as _, Result};
use serde::Serialize;
use souk_api::defaults::{self, Foundations, Roles};
use souk_chain::tx::{self, Instantiate};

use crate::{network::Contracts, wallet::Wallet};

/// The code ids of the suite.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// The escrow.
    pub escrow: u64,
    /// The orderbook.
    pub orderbook: u64,
    /// The provider registry.
    pub registry: u64,
    /// The attestations.
    pub attestations: u64,
    /// The fee distributor.
    pub fee_distributor: u64,
}

/// Who gets what in a new suite.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Owner and guardian; the wallet if none.
    pub roles: Roles,
    /// Where the community pool's part goes.
    pub pool: String,
    /// Accounts that may slash.
    pub slashers: Vec<String>,
}

/// Instantiates all five and links them. `told` hears of each step. The wallet must be the
/// owner, or the owner must send the two linking messages itself.
pub async fn put_up(
    wallet: &Wallet,
    codes: Codes,
    terms: &Terms,
    mut told: impl FnMut(&str, &str),
) -> Result<Contracts> {
    let roles = || terms.roles.clone();
    let maker = Maker { wallet, admin: terms.roles.owner.clone() };

    let attestations = maker
        .instantiate(codes.attestations, "attestations", &defaults::attestations(roles()))
        .await?;
    told("attestations", &attestations);

    let message = defaults::registry(roles(), terms.slashers.clone());
    let registry = maker.instantiate(codes.registry, "provider-registry", &message).await?;
    told("provider-registry", &registry);

    let message = defaults::fee_distributor(roles(), terms.pool.clone());
    let fee_distributor =
        maker.instantiate(codes.fee_distributor, "fee-distributor", &message).await?;
    told("fee-distributor", &fee_distributor);

    let message = defaults::escrow(roles(), fee_distributor.clone());
    let escrow = maker.instantiate(codes.escrow, "escrow", &message).await?;
    told("escrow", &escrow);

    let on = Foundations {
        escrow: escrow.clone(),
        registry: registry.clone(),
        attestations: attestations.clone(),
    };
    let orderbook =
        maker.instantiate(codes.orderbook, "orderbook", &defaults::orderbook(roles(), on)).await?;
    told("orderbook", &orderbook);

    let links = vec![
        wallet.execute(&escrow, &defaults::link_escrow(orderbook.clone()), &[])?,
        wallet.execute(&registry, &defaults::link_registry(orderbook.clone()), &[])?,
    ];
    wallet.send("linking the contracts", links).await?;
    Ok(Contracts { orderbook, escrow, registry, attestations, fee_distributor })
}

struct Maker<'a> {
    wallet: &'a Wallet,
    admin: Option<String>,
}

impl Maker<'_> {
    async fn instantiate(
        &self,
        code_id: u64,
        name: &str,
        message: &impl Serialize,
    ) -> Result<String> {
        let what = Instantiate {
            code_id,
            label: format!("souk {name}"),
            admin: Some(self.admin.clone().unwrap_or_else(|| self.wallet.address.clone())),
            ..Instantiate::default()
        };
        let message = tx::instantiate(&self.wallet.address, &what, message)?;
        let outcome = self.wallet.send(&format!("instantiating {name}"), vec![message]).await?;
        let address = outcome.contract_address();
        Ok(address.context("the transaction made no contract")?.to_owned())
    }
}
