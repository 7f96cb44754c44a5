//! A tenant creates a deployment whose leases begin at once.

use cosmwasm_std::Response;
use souk_api::orderbook::{NewDeployment, Quote};
use souk_contract_std::Paid;
use souk_core::{AuctionPolicy, GroupId, GroupSeq, OrderId, Rate};

use super::creation;
use crate::{
    ContractError, Ctx, QuoteError,
    bidding::quote::{self, Offered},
    eligibility::Asked,
    lifecycle::{lease, order},
    neighbours::escrow,
    state::{
        counters, deployments,
        groups::{self, Group},
    },
};

/// With the coin sent.
///
/// # Errors
/// If it is not one coin, or those of `create`.
pub fn create_with_quotes(
    ctx: &mut Ctx,
    new: NewDeployment,
    quotes: Vec<Quote>,
) -> Result<Response, ContractError> {
    let deposit = ctx.one_coin()?;
    create(ctx, deposit, new, quotes)
}

/// With a deposit that came by whatever way; whoever paid it is the tenant, for whom the quotes must be. All groups
/// become leases, or none does.
///
/// # Errors
/// Those of [`creation::check`] and [`quote::take`]; if an auction is asked for, if there is not one quote for each
/// group, or if the deposit does not carry their prices for the least runway.
pub(super) fn create(
    ctx: &mut Ctx,
    deposit: Paid,
    new: NewDeployment,
    quotes: Vec<Quote>,
) -> Result<Response, ContractError> {
    let AuctionPolicy::TenantChoice {} = new.auction else {
        return Err(QuoteError::AuctionAsked.into());
    };
    if quotes.len() != new.groups.len() {
        let (quotes, groups) = (quotes.len(), new.groups.len());
        return Err(QuoteError::Count { quotes, groups }.into());
    }
    let terms = creation::check(ctx, &deposit, &new)?;
    creation::check_carried(ctx, deposit.amount, sum(&quotes)?)?;

    let id = counters::next_deployment(ctx.storage_mut())?;
    let mut deployment = creation::deployment(ctx, &deposit, &new)?;
    let mut response = Response::new().add_event(creation::created(id, &deployment));
    let first = counters::next_orders(ctx.storage_mut(), deployment.groups.into())?.0;
    let mut streams = Vec::with_capacity(quotes.len());
    for (((seq, number), spec), quote) in (1..).zip(first..).zip(&new.groups).zip(quotes) {
        let (group, number) = (GroupId { deployment: id, group: GroupSeq(seq) }, OrderId(number));
        groups::save_spec(ctx.storage_mut(), group, spec)?;
        groups::save(ctx.storage_mut(), group, &Group::opened(number))?;
        let order = order::leased(ctx, &mut deployment, group, &terms);
        let asked = Asked {
            allow: &deployment.allow,
            refuse: &deployment.refuse,
            excluded: &[],
            spec,
            denom: &deployment.denom,
            min_price: terms.min_price,
            until: ctx.now(),
        };
        let offered = Offered::of(&deployment, &order);
        let (winner, stats) = quote::take(ctx, &asked, offered, quote)?;
        let (event, stream) = lease::begin(ctx, &deployment, number, order, winner, stats)?;
        streams.push(stream);
        response = response.add_event(event);
    }
    deployments::create(ctx.storage_mut(), id, &deployment)?;
    let tenant = &deployment.tenant;
    let open = escrow::open_account(ctx, id, tenant, &deposit, Rate::ZERO, &streams)?;
    Ok(response.add_messages(open))
}

/// What all leases cost together.
fn sum(quotes: &[Quote]) -> Result<Rate, ContractError> {
    let sum = quotes.iter().try_fold(Rate::ZERO, |sum, quote| sum.checked_add(quote.price.into()));
    Ok(sum?)
}
