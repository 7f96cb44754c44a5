//! The configuration.

use souk_api::attestations::ConfigResponse;
use souk_contract_std::Config as _;

use crate::View;

/// What the owner decided.
pub fn config(view: &View) -> ConfigResponse {
    ConfigResponse {
        guardian: view.config.guardian.to_string(),
        max_lifetime: view.config.max_lifetime,
        paused: view.config.is_paused(view.now()),
        pause_ends: view.config.pause().end(view.now()),
    }
}
