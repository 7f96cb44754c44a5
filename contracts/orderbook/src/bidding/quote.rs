//! How a quote is used: everything that a new bid goes through, then its signature and its nonce.

use cosmwasm_std::{Addr, Binary};
use souk_api::{
    orderbook::{Absence, MAX_OFFER, Quote, QuotedFor},
    published::ProviderStats,
};
use souk_core::{attributes::check_claims, presence::Market};

use crate::{
    ContractError, Ctx, QuoteError,
    eligibility::{Asked, Bidder},
    lifecycle::lease::Winner,
    neighbours::registry,
    rules::{quote, reclaim},
    state::{
        deployments::Deployment,
        nonces,
        orders::{Order, Used},
        provider_stats,
    },
};

/// What a quote must have been made for, beside its group.
pub struct Offered<'a> {
    /// Who uses it.
    pub tenant: &'a str,
    /// The notice that the deployment asks for, in seconds.
    pub reclamation: Option<u64>,
    /// What the order says of absence.
    pub absence: Option<Absence>,
    /// The order's fee, in hundredths of a per cent.
    pub take_bps: u16,
}

impl<'a> Offered<'a> {
    /// For a lease of this order.
    pub fn of(deployment: &'a Deployment, order: &Order) -> Self {
        Self {
            tenant: deployment.tenant.as_str(),
            reclamation: deployment.reclamation,
            absence: order.absence.map(Into::into),
            take_bps: order.take_bps,
        }
    }
}

/// Uses a quote and a slot of its provider, whose stats the caller saves. The provider was there when it signed.
///
/// # Errors
/// If it is not for this tenant, group and terms at this moment, or was used, or if its provider could not bid.
pub fn take(
    ctx: &mut Ctx,
    asked: &Asked,
    offered: Offered,
    quote: Quote,
) -> Result<(Winner, ProviderStats), ContractError> {
    quote::check(&quote, ctx.now(), offered.take_bps)?;
    check_claims(&quote.offer, MAX_OFFER)?;
    reclaim::check_offer(offered.reclamation, quote.reclamation_window)?;
    let address = ctx.address(&quote.provider)?;
    let record = registry::get(&ctx.view(), &address)?;
    check_signed(ctx, asked, &offered, &quote, &record.quote_key, &address)?;
    let bidder = Bidder { address, record };
    let mut stats = provider_stats::get(ctx.storage(), &bidder.address)?;
    asked.check(&ctx.view(), &bidder, &stats, Some(quote.price))?;
    let Bidder { address, record } = bidder;
    nonces::take(ctx.storage_mut(), &address, quote.nonce)?;
    provider_stats::use_slot(&mut stats)?;
    if quote.issued_at > stats.seen.0 {
        provider_stats::see(&mut stats, quote.issued_at, ctx.height());
    }
    let used = Used { nonce: quote.nonce, holds_slot: true, offer: quote.offer };
    let winner = Winner {
        provider: address,
        price: quote.price,
        window: quote.reclamation_window,
        payee: record.payee,
        quote: Some(used),
    };
    Ok((winner, stats))
}

fn check_signed(
    ctx: &Ctx,
    asked: &Asked,
    offered: &Offered,
    quote: &Quote,
    key: &Option<Binary>,
    provider: &Addr,
) -> Result<(), ContractError> {
    let key = key.as_ref().ok_or_else(|| QuoteError::NoKey(provider.clone()))?;
    let market =
        Market { chain_id: &ctx.env.block.chain_id, orderbook: ctx.env.contract.address.as_str() };
    let bytes = quote.signed_bytes(QuotedFor {
        market,
        tenant: offered.tenant,
        spec: asked.spec,
        denom: asked.denom,
        absence: offered.absence,
    })?;
    let signed = ctx.deps.api.ed25519_verify(&bytes, &quote.signature, key);
    if signed.is_ok_and(|signed| signed) {
        return Ok(());
    }
    Err(QuoteError::NotSigned { provider: provider.clone() }.into())
}
