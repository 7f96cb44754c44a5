//! What the process may have open.

use super::{
    super::descriptors::{self, Plan},
    AppError,
};
use crate::config::Config;

/// Raises the limit of open files and gives the gateway what is left of it.
pub(super) fn divide_descriptors(config: &mut Config) -> Result<(), AppError> {
    let plan = Plan::of(config, descriptors::raise().map_err(AppError::Limit)?)?;
    if let Some((found, advice)) = plan.shortage() {
        tracing::warn!("{found}; {advice}");
    }
    config.gateway.limits.connections = plan.connections;
    Ok(())
}
