//! The escrow: messages to it, what its accounts published, and what is learned of it once.
//!
//! A deployment's account has the deployment's number as its local number; the escrow puts
//! this contract's controller index in front. The escrow lists its controllers only after
//! this contract exists, so index and runway are asked for at the first deployment and kept;
//! a migration asks anew.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Addr, Coin, DepsMut, QuerierWrapper, StdError, StdResult, Storage, Uint128, WasmMsg,
    to_json_binary,
};
use cw_storage_plus::Item;
use souk_api::{
    escrow::{ConfigResponse, Cw20Hook, ExecuteMsg, QueryMsg},
    published::{self, AccountRecord},
};
use souk_core::{AccountId, Amount, Denom, DeploymentId, OrderId, Price, Rate};

use crate::{
    ContractError,
    ctx::{Ctx, View},
};

const LINK: Item<Link> = Item::new("e");

/// What was learned of the escrow.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Link {
    /// This contract's index among its controllers.
    #[serde(rename = "i")]
    pub controller: u16,
    /// Seconds that an account must last after a stream was opened.
    #[serde(rename = "r")]
    pub min_runway: u64,
}

impl Link {
    /// A deployment's account.
    pub fn account(&self, deployment: DeploymentId) -> Result<AccountId, ContractError> {
        Ok(AccountId::new(self.controller, deployment.0)?)
    }
}

/// What was learned of the escrow; an error before the first deployment.
pub fn link(storage: &dyn Storage) -> StdResult<Link> {
    LINK.load(storage)
}

/// Learns the link from the escrow, unless it is known.
pub fn learn_link(ctx: &mut Ctx) -> Result<Link, ContractError> {
    if let Some(link) = LINK.may_load(ctx.deps.storage)? {
        return Ok(link);
    }
    let link = ask_link(ctx.deps.querier, &ctx.config.escrow, &ctx.env.contract.address)?;
    LINK.save(ctx.deps.storage, &link)?;
    Ok(link)
}

/// Asks the escrow anew for what was learned of it. Nothing that closes can do without the
/// link, so it is never merely forgotten.
pub fn refresh_link(deps: DepsMut, escrow: &Addr, own: &Addr) -> Result<(), ContractError> {
    if LINK.exists(deps.storage) {
        LINK.save(deps.storage, &ask_link(deps.querier, escrow, own)?)?;
    }
    Ok(())
}

fn ask_link(querier: QuerierWrapper, escrow: &Addr, own: &Addr) -> Result<Link, ContractError> {
    let known: ConfigResponse = querier.query_wasm_smart(escrow, &QueryMsg::Config {})?;
    let place = known.controllers.iter().position(|controller| controller == own.as_str());
    let index = place.and_then(|place| u16::try_from(place).ok());
    let controller =
        index.ok_or_else(|| ContractError::NotAController { escrow: escrow.clone() })?;
    Ok(Link { controller, min_runway: known.min_runway })
}

/// A deployment's account as the escrow last saved it.
pub fn account(view: &View, deployment: DeploymentId) -> Result<AccountRecord, ContractError> {
    let key = published::account_key(link(view.storage)?.account(deployment)?);
    let found = published::read(&view.querier, view.config.escrow.as_str(), key)?;
    found.ok_or(ContractError::NoAccount(deployment))
}

/// Whether the escrow would open a stream at `price` with `reserved` left for other
/// auctions: the account runs and lasts the least runway at all of it.
pub fn can_fund(
    view: &View,
    deployment: DeploymentId,
    price: Price,
    reserved: Rate,
) -> Result<bool, ContractError> {
    let clock = account(view, deployment)?.clock.settled(view.now);
    let burden = clock.rate.checked_add(price.into()).and_then(|rate| rate.checked_add(reserved));
    let Ok(burden) = burden else { return Ok(false) };
    let runway = link(view.storage)?.min_runway;
    Ok(clock.depleted_since.is_none() && clock.lasts(burden, runway))
}

/// The first deposit of a deployment, on its way through this contract.
pub struct FirstDeposit {
    /// What it is.
    pub denom: Denom,
    /// How much.
    pub amount: Amount,
}

/// Opens a deployment's account with its first deposit. An account for a token is opened
/// before the token is asked to move coins: what that does then is its tenant's risk alone.
pub fn open_account(
    ctx: &Ctx,
    deployment: DeploymentId,
    tenant: &Addr,
    deposit: FirstDeposit,
    reserved: Rate,
) -> StdResult<Vec<WasmMsg>> {
    let (local, tenant) = (deployment.0, tenant.to_string());
    let amount = Uint128::new(deposit.amount.u128());
    match deposit.denom {
        Denom::Native(denom) => {
            let msg = ExecuteMsg::OpenAccount { local, tenant, reserved };
            Ok(vec![execute(ctx, &msg, vec![Coin { denom, amount }])?])
        }
        Denom::Cw20(token) => {
            let open =
                ExecuteMsg::OpenTokenAccount { local, tenant, token: token.clone(), reserved };
            let send = cw20::Cw20ExecuteMsg::Send {
                contract: ctx.config.escrow.to_string(),
                amount,
                msg: to_json_binary(&Cw20Hook::Fund { local })?,
            };
            let msg = to_json_binary(&send)?;
            let fund = WasmMsg::Execute { contract_addr: token, msg, funds: Vec::new() };
            Ok(vec![execute(ctx, &open, Vec::new())?, fund])
        }
    }
}

/// A stream to open.
pub struct NewStream {
    /// The lease that it pays.
    pub lease: OrderId,
    /// Who is paid.
    pub payee: String,
    /// Base units an hour.
    pub price: Price,
    /// Fee in hundredths of a per cent.
    pub take_bps: u16,
}

/// Begins to pay a lease.
pub fn open_stream(
    ctx: &Ctx,
    deployment: DeploymentId,
    stream: NewStream,
    reserved: Rate,
) -> StdResult<WasmMsg> {
    let msg = ExecuteMsg::OpenStream {
        local: deployment.0,
        stream: stream.lease.0,
        payee: stream.payee,
        rate: stream.price,
        take_bps: stream.take_bps,
        reserved,
    };
    execute(ctx, &msg, Vec::new())
}

/// Ends the payment of a lease.
pub fn close_stream(
    ctx: &Ctx,
    deployment: DeploymentId,
    lease: OrderId,
    reserved: Rate,
) -> StdResult<WasmMsg> {
    let msg = ExecuteMsg::CloseStream { local: deployment.0, stream: lease.0, reserved };
    execute(ctx, &msg, Vec::new())
}

/// Changes what is reserved for open auctions.
pub fn reserve(ctx: &Ctx, deployment: DeploymentId, reserved: Rate) -> StdResult<WasmMsg> {
    execute(ctx, &ExecuteMsg::Reserve { local: deployment.0, reserved }, Vec::new())
}

/// Ends an account with the payments of all its leases.
pub fn close_account(
    ctx: &Ctx,
    deployment: DeploymentId,
    leases: Vec<OrderId>,
) -> StdResult<WasmMsg> {
    let streams = leases.into_iter().map(|lease| lease.0).collect();
    execute(ctx, &ExecuteMsg::CloseAccount { local: deployment.0, streams }, Vec::new())
}

/// Reads the one coin that a message must carry.
pub fn one_coin(ctx: &Ctx) -> Result<FirstDeposit, ContractError> {
    let [coin] = ctx.info.funds.as_slice() else {
        return Err(ContractError::OneCoin(ctx.info.funds.len()));
    };
    let denom = Denom::native(coin.denom.clone());
    Ok(FirstDeposit { denom, amount: Amount::new(coin.amount.u128())? })
}

fn execute(ctx: &Ctx, msg: &ExecuteMsg, funds: Vec<Coin>) -> Result<WasmMsg, StdError> {
    let contract_addr = ctx.config.escrow.to_string();
    Ok(WasmMsg::Execute { contract_addr, msg: to_json_binary(msg)?, funds })
}
