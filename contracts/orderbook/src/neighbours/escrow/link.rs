//! The link to the escrow: the index of this contract among its controllers, and the least runway.
//!
//! A deployment's account has the deployment's number as its local number; the escrow puts
//! this contract's controller index in front. The escrow lists its controllers only after
//! this contract exists, so index and runway are asked for at the first deployment and kept in the
//! configuration; a migration asks again.

use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{Addr, QuerierWrapper, StdError, StdResult, Storage};
use cw_storage_plus::Item;
use souk_api::escrow::PROTOCOL;
use souk_core::{AccountId, DeploymentId};

use crate::{
    ContractError, Ctx,
    neighbours::registry,
    state::{Config, Link},
};

/// Where the link was kept by code of the first release.
const OLD_LINK: Item<Link> = Item::new("e");

/// The one query that the escrow is asked.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum Query {
    Config {},
}

/// What is needed of its answer.
#[derive(Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
struct Answer {
    controllers: Vec<String>,
    min_runway: u64,
    #[serde(default)]
    protocol: u32,
}

impl Link {
    /// A deployment's account.
    ///
    /// # Errors
    /// If there are more deployments than account numbers.
    pub fn account(&self, deployment: DeploymentId) -> Result<AccountId, ContractError> {
        Ok(AccountId::new(self.controller, deployment.0)?)
    }
}

/// What was learned of the escrow.
///
/// # Errors
/// Before the first deployment.
pub fn link(config: &Config) -> StdResult<Link> {
    config.link.ok_or_else(|| StdError::not_found("link to the escrow"))
}

/// Learns the link from the escrow, unless it is known. Before the first deployment, and so before
/// any bid, the registry must name this orderbook.
///
/// # Errors
/// If the escrow does not list this contract as a controller or is of older code, or if the registry does not name
/// this one.
pub fn learn_link(ctx: &mut Ctx) -> Result<Link, ContractError> {
    if let Some(link) = ctx.config.link {
        return Ok(link);
    }
    let own = &ctx.env.contract.address;
    registry::check_own(&ctx.deps.querier, &ctx.config.registry, own)?;
    let link = ask_link(&ctx.deps.querier, &ctx.config.escrow, own)?;
    ctx.config.link = Some(link);
    ctx.save_config()?;
    Ok(link)
}

/// Asks the escrow again for what was learned of it. Nothing that closes can do without the
/// link, so it is never merely deleted. True if `config` changed, which the caller saves.
///
/// # Errors
/// If the escrow does not list this contract as a controller any more, or is of older code: it would pass over what
/// it does not know, in silence.
pub fn refresh_link(
    storage: &mut dyn Storage,
    querier: &QuerierWrapper,
    config: &mut Config,
    own: &Addr,
) -> Result<bool, ContractError> {
    if config.link.is_none() && !OLD_LINK.exists(storage) {
        return Ok(false);
    }
    config.link = Some(ask_link(querier, &config.escrow, own)?);
    OLD_LINK.remove(storage);
    Ok(true)
}

fn ask_link(querier: &QuerierWrapper, escrow: &Addr, own: &Addr) -> Result<Link, ContractError> {
    let known: Answer = querier.query_wasm_smart(escrow, &Query::Config {})?;
    if known.protocol < PROTOCOL {
        return Err(ContractError::OldEscrow(escrow.clone()));
    }
    let index = known.controllers.iter().position(|controller| controller == own.as_str());
    let index = index.and_then(|index| u16::try_from(index).ok());
    let controller =
        index.ok_or_else(|| ContractError::NotAController { escrow: escrow.clone() })?;
    Ok(Link { controller, min_runway: known.min_runway })
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{from_json, to_json_vec};
    use souk_api::escrow::{ConfigResponse, QueryMsg};

    use super::*;

    #[test]
    fn the_query_is_one_of_the_escrow() -> StdResult<()> {
        assert_eq!(to_json_vec(&Query::Config {})?, to_json_vec(&QueryMsg::Config {})?);
        Ok(())
    }

    #[test]
    fn the_escrows_answer_is_read() -> StdResult<()> {
        let answer = ConfigResponse {
            guardian: "souk1guardian".into(),
            fee_collector: "souk1fees".into(),
            min_runway: 3_600,
            controllers: vec!["souk1orderbook".into()],
            cw20_tokens: Vec::new(),
            delisted: Vec::new(),
            protocol: PROTOCOL,
            paused: false,
            pause_ends: None,
        };
        let read: Answer = from_json(to_json_vec(&answer)?)?;
        assert_eq!((read.controllers, read.min_runway), (answer.controllers, 3_600));
        assert_eq!(read.protocol, PROTOCOL);
        Ok(())
    }
}
