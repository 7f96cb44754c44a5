//! Set-up, pause, ownership and migration: the same in every contract, each with its event.

use cosmwasm_std::{Addr, DepsMut, Env, Event, MessageInfo, Response, StdResult, Storage};
use cw_ownable::{Action, Expiration, Ownership};
use cw_storage_plus::Item;
use souk_api::{
    admin::{
        ConfigUpdated, Migrated, OwnershipRenounced, OwnershipTransferAccepted,
        OwnershipTransferProposed, Paused, Unpaused,
    },
    published::{CONTRACT_INFO, ContractInfo},
};

use crate::{
    CommonError, Config, Ctx, coins,
    pause::{Moment, Pause},
    version,
};

const INFO: Item<ContractInfo> = Item::new(CONTRACT_INFO);

/// The roles that every contract has beside its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// May stop new business.
    pub guardian: Addr,
}

/// Begins to set a contract up: refuses coins, publishes name and version, makes `owner` the
/// owner (the sender if none is named) and finds the guardian (the owner if none is named).
/// The configuration follows by [`configure`].
///
/// # Errors
/// If coins came, or if an address is not valid on this chain.
pub fn set_up<C: Config>(
    deps: DepsMut<'_>,
    env: Env,
    info: MessageInfo,
    owner: Option<String>,
    guardian: Option<String>,
) -> Result<Ctx<'_, Roles>, CommonError> {
    coins::none(&info)?;
    save_info::<C>(deps.storage)?;
    let owner = owner.unwrap_or_else(|| info.sender.to_string());
    cw_ownable::initialize_owner(deps.storage, deps.api, Some(&owner))?;
    let guardian = deps.api.addr_validate(&guardian.unwrap_or(owner))?;
    Ok(Ctx { deps, env, info, config: Roles { guardian } })
}

/// Saves the first configuration.
///
/// # Errors
/// If it cannot be saved.
pub fn configure<C: Config>(ctx: Ctx<'_, Roles>, config: C) -> StdResult<Ctx<'_, C>> {
    let mut ctx = ctx.with(config);
    ctx.save_config()?;
    Ok(ctx)
}

/// Saves the changed configuration and says so. The last step of `update_config`.
///
/// # Errors
/// If it cannot be saved.
pub fn config_updated<C: Config>(ctx: &mut Ctx<C>) -> StdResult<Response> {
    ctx.save_config()?;
    Ok(response::<C>(ConfigUpdated { by: ctx.sender().to_string() }))
}

/// Stops new business. What stands already stays as it is. The owner's pause lasts until it is
/// ended, also if the guardian began it; the guardian's ends by itself ([`crate::pause`]).
///
/// # Errors
/// If the guardian's last pause ended by itself not long ago.
pub fn pause<C: Config>(ctx: &mut Ctx<C>) -> Result<Response, CommonError> {
    let is_owner = cw_ownable::is_owner(ctx.storage(), ctx.sender())?;
    let pause = change_pause(ctx, |before, now| {
        if is_owner {
            return Ok(Pause { on: true, ends_at: 0 });
        }
        before.by_guardian(now).map_err(|again_at| CommonError::PausedBefore { again_at })
    })?;
    let (by, until) = (ctx.sender().to_string(), pause.end(ctx.now()));
    Ok(response::<C>(Paused { by, until }))
}

/// Allows new business again, and lets the guardian pause again at once.
///
/// # Errors
/// If the configuration cannot be saved.
pub fn unpause<C: Config>(ctx: &mut Ctx<C>) -> Result<Response, CommonError> {
    change_pause(ctx, |_, _| Ok(Pause::default()))?;
    Ok(response::<C>(Unpaused { by: ctx.sender().to_string() }))
}

/// Keeps what `change` makes of the pause until now. Doing it twice changes nothing.
fn change_pause<C: Config>(
    ctx: &mut Ctx<C>,
    change: impl FnOnce(Pause, u64) -> Result<Pause, CommonError>,
) -> Result<Pause, CommonError> {
    let (stored, now) = (ctx.config.pause(), ctx.now());
    let pause = change(stored, now)?;
    if pause == stored {
        return Ok(pause);
    }
    // One that ended by itself ended then, and not now.
    if let Some(ended) = stored.ended(now) {
        ctx.config.set_pause(Pause { on: false, ..stored }, Moment { time: ended, block: None });
    }
    let block = Some(ctx.height());
    ctx.config.set_pause(pause, Moment { time: now, block });
    ctx.save_config()?;
    Ok(pause)
}

/// Proposes another owner, accepts the proposal, or gives the ownership up for good, which waits
/// until no pause is on: nobody else could end an owner's.
///
/// # Errors
/// [`CommonError::RenouncedInPause`], or those of cw-ownable, which checks owner and pending owner
/// itself.
pub fn update_ownership<C: Config>(
    ctx: &mut Ctx<C>,
    action: Action,
) -> Result<Response, CommonError> {
    let by = ctx.sender().clone();
    if matches!(action, Action::RenounceOwnership) && ctx.config.is_paused(ctx.now()) {
        return Err(CommonError::RenouncedInPause);
    }
    let proposes = matches!(action, Action::TransferOwnership { .. });
    let now = cw_ownable::update_ownership(ctx.deps.branch(), &ctx.env.block, &by, action)?;
    let by = by.into_string();
    Ok(match now {
        Ownership { pending_owner: Some(pending), pending_expiry, .. } if proposes => {
            let (mut expires_at, mut expires_at_height) = (None, None);
            match pending_expiry {
                Some(Expiration::AtTime(time)) => expires_at = Some(time.seconds()),
                Some(Expiration::AtHeight(height)) => expires_at_height = Some(height),
                Some(Expiration::Never {}) | None => {}
            }
            let pending_owner = pending.into_string();
            response::<C>(OwnershipTransferProposed {
                owner: by,
                pending_owner,
                expires_at,
                expires_at_height,
            })
        }
        Ownership { owner: Some(owner), .. } => {
            response::<C>(OwnershipTransferAccepted { owner: owner.into_string() })
        }
        Ownership { owner: None, .. } => response::<C>(OwnershipRenounced { owner: by }),
    })
}

/// Owner, pending owner and until when the latter may accept.
///
/// # Errors
/// Before the contract is set up.
pub fn ownership(storage: &dyn Storage) -> StdResult<Ownership<Addr>> {
    cw_ownable::get_ownership(storage)
}

/// Takes over the storage of the same contract of this version or an older one.
///
/// # Errors
/// If the storage is another contract's or a newer version's.
pub fn migrate<C: Config>(storage: &mut dyn Storage) -> Result<Response, CommonError> {
    let stored = INFO.load(storage)?;
    if stored.contract != C::NAME || version::is_newer(&stored.version, C::VERSION) {
        let found = stored.contract + " " + &stored.version;
        let code = [C::NAME, " ", C::VERSION].concat();
        return Err(CommonError::Migration { found, code });
    }
    save_info::<C>(storage)?;
    Ok(response::<C>(Migrated { from: stored.version, to: C::VERSION.to_owned() }))
}

/// Publishes name and version, as cw2 does.
fn save_info<C: Config>(storage: &mut dyn Storage) -> StdResult<()> {
    let (contract, version) = (C::NAME.to_owned(), C::VERSION.to_owned());
    INFO.save(storage, &ContractInfo { contract, version })
}

/// A response with one event of the administration, under the contract's own name.
fn response<C: Config>(event: impl Into<Event>) -> Response {
    Response::new().add_event(souk_api::event::named(C::EVENTS, event.into()))
}
