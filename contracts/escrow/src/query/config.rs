//! The configuration.

use cosmwasm_std::Addr;
use souk_api::escrow::{ConfigResponse, PROTOCOL};
use souk_contract_std::Config as _;

use crate::View;

/// What the owner decided.
pub fn config(view: &View) -> ConfigResponse {
    let config = view.config;
    let texts = |list: &[Addr]| list.iter().map(Addr::to_string).collect();
    ConfigResponse {
        guardian: config.guardian.to_string(),
        fee_collector: config.fee_collector.to_string(),
        min_runway: config.min_runway,
        controllers: texts(&config.controllers),
        cw20_tokens: texts(&config.cw20_tokens),
        delisted: texts(&config.delisted),
        protocol: PROTOCOL,
        paused: config.is_paused(view.now()),
        pause_ends: config.pause().end(view.now()),
    }
}
