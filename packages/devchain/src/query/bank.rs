//! Balances and supply.

use cosmrs::proto::cosmos::bank::v1beta1::{
    DenomOwner, QueryAllBalancesRequest, QueryAllBalancesResponse, QueryBalanceRequest,
    QueryBalanceResponse, QueryDenomOwnersRequest, QueryDenomOwnersResponse,
    QuerySpendableBalancesRequest, QuerySpendableBalancesResponse, QuerySupplyOfRequest,
    QuerySupplyOfResponse, QueryTotalSupplyRequest, QueryTotalSupplyResponse,
};
use cosmrs::proto::cosmos::base::query::v1beta1::{PageRequest, PageResponse};
use cosmrs::proto::cosmos::base::v1beta1::Coin;

use super::failure::Failure;
use super::paging;
use super::request::{Query, encoded};
use crate::coins;
use crate::state::{Kv, bank};

fn owner(query: &Query<'_>, text: &str) -> Result<Vec<u8>, Failure> {
    query.address(text).map_err(|err| match err {
        Failure::Plain(text) => Failure::InvalidArgument(format!("invalid address: {text}")),
        other => other,
    })
}

fn denom(text: &str) -> Result<(), Failure> {
    if coins::is_denom(text) {
        Ok(())
    } else {
        Err(Failure::InvalidArgument(format!("invalid denom: {text}")))
    }
}

fn listed(page: paging::Page) -> Vec<Coin> {
    page.into_iter()
        .map(|(denom, amount)| Coin {
            denom: String::from_utf8_lossy(&denom).into_owned(),
            amount: bank::decode_amount(&amount).to_string(),
        })
        .collect()
}

pub fn balance(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QueryBalanceRequest = query.request()?;
    denom(&request.denom)?;
    let owner = owner(query, &request.address)?;
    let balance = bank::balance(&query.ctx(), &owner, &request.denom);
    encoded(QueryBalanceResponse { balance: Some(coins::to_proto(&balance)) })
}

fn balances(
    query: &Query<'_>,
    address: &str,
    pagination: Option<PageRequest>,
) -> Result<(Vec<Coin>, Option<PageResponse>), Failure> {
    let owner = owner(query, address)?;
    let prefix = bank::balances_prefix(&owner);
    let (page, next) = paging::page(query.state, &prefix, pagination)?;
    Ok((listed(page), Some(next)))
}

pub fn all_balances(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QueryAllBalancesRequest = query.request()?;
    let (balances, pagination) = balances(query, &request.address, request.pagination)?;
    encoded(QueryAllBalancesResponse { balances, pagination })
}

pub fn spendable_balances(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QuerySpendableBalancesRequest = query.request()?;
    let (balances, pagination) = balances(query, &request.address, request.pagination)?;
    encoded(QuerySpendableBalancesResponse { balances, pagination })
}

pub fn total_supply(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QueryTotalSupplyRequest = query.request()?;
    let (page, pagination) = paging::page(query.state, bank::SUPPLY_PREFIX, request.pagination)?;
    encoded(QueryTotalSupplyResponse { supply: listed(page), pagination: Some(pagination) })
}

pub fn supply_of(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QuerySupplyOfRequest = query.request()?;
    denom(&request.denom)?;
    let supply = bank::supply(&query.ctx(), &request.denom);
    encoded(QuerySupplyOfResponse { amount: Some(coins::to_proto(&supply)) })
}

/// Everyone who holds a denom, by the bytes of their address.
pub fn denom_owners(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QueryDenomOwnersRequest = query.request()?;
    denom(&request.denom)?;
    let every = bank::every_balance(query.state).into_iter();
    let owners: Kv = every
        .filter(|(_, coin)| coin.denom == request.denom)
        .map(|(owner, coin)| (owner, coin.amount.to_string().into_bytes()))
        .collect();
    let (page, pagination) = paging::page(&owners, &[], request.pagination)?;
    let codec = &query.chain.settings().codec;
    let denom_owners = page
        .into_iter()
        .map(|(owner, amount)| DenomOwner {
            address: codec.encode(&owner),
            balance: Some(Coin {
                denom: request.denom.clone(),
                amount: bank::decode_amount(&amount).to_string(),
            }),
        })
        .collect();
    encoded(QueryDenomOwnersResponse { denom_owners, pagination: Some(pagination) })
}
