//! The escrow: messages to it, what its accounts published, and what is learned of it once.
//!
//! A deployment's account has the deployment's number as its local number; the escrow puts
//! this contract's controller index in front. The escrow lists its controllers only after
//! this contract exists, so index and runway are asked for at the first deployment and kept;
//! a migration asks again.
//!
//! The messages are an enum of our own with the same JSON as the escrow's: six of them are
//! sent, so the writers and readers of all others need not be in this contract's code.

use cosmwasm_schema::{
    cw_serde,
    serde::{Deserialize, Serialize},
};
use cosmwasm_std::{Addr, Coin, QuerierWrapper, StdResult, Storage, WasmMsg, to_json_binary};
use cw_storage_plus::Item;
use souk_api::published::{self, AccountRecord, Versioned};
use souk_contract_std::{Paid, pay};
use souk_core::{AccountId, Clock, Denom, DeploymentId, OrderId, Price, Rate};

use super::registry;
use crate::{ContractError, Ctx, View};

const LINK: Item<Link> = Item::new("e");

/// The messages that are sent to the escrow.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum Message<'a> {
    OpenAccount {
        local: u64,
        tenant: &'a str,
        reserved: Rate,
    },
    OpenTokenAccount {
        local: u64,
        tenant: &'a str,
        token: &'a str,
        reserved: Rate,
    },
    OpenStream {
        local: u64,
        stream: u64,
        payee: &'a str,
        rate: Price,
        take_bps: u16,
        reserved: Rate,
    },
    CloseStream {
        local: u64,
        stream: u64,
        reserved: Rate,
    },
    Reserve {
        local: u64,
        reserved: Rate,
    },
    CloseAccount {
        local: u64,
        streams: &'a [OrderId],
    },
}

/// What a token's coins are for when they come to the escrow.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum Hook {
    Fund { local: u64 },
}

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
}

/// What is needed of an account's published record (`souk_api::published::AccountRecord`).
#[derive(Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
struct Account {
    v: u8,
    clock: Clock,
}

impl Versioned for Account {
    const RECORD: &'static str = AccountRecord::RECORD;

    fn version(&self) -> u8 {
        self.v
    }
}

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
pub fn link(storage: &dyn Storage) -> StdResult<Link> {
    LINK.load(storage)
}

/// Learns the link from the escrow, unless it is known. Before the first deployment, and so before
/// any bid, the registry must not be another orderbook's.
///
/// # Errors
/// If the escrow does not list this contract as a controller, or if the registry names another
/// orderbook.
pub fn learn_link(ctx: &mut Ctx) -> Result<Link, ContractError> {
    if let Some(link) = LINK.may_load(ctx.storage())? {
        return Ok(link);
    }
    let own = &ctx.env.contract.address;
    registry::check_own(&ctx.deps.querier, &ctx.config.registry, own)?;
    let link = ask_link(&ctx.deps.querier, &ctx.config.escrow, own)?;
    LINK.save(ctx.storage_mut(), &link)?;
    Ok(link)
}

/// Asks the escrow again for what was learned of it. Nothing that closes can do without the
/// link, so it is never merely deleted.
///
/// # Errors
/// If the escrow does not list this contract as a controller any more.
pub fn refresh_link(
    storage: &mut dyn Storage,
    querier: &QuerierWrapper,
    escrow: &Addr,
    own: &Addr,
) -> Result<(), ContractError> {
    if LINK.exists(storage) {
        LINK.save(storage, &ask_link(querier, escrow, own)?)?;
    }
    Ok(())
}

fn ask_link(querier: &QuerierWrapper, escrow: &Addr, own: &Addr) -> Result<Link, ContractError> {
    let known: Answer = querier.query_wasm_smart(escrow, &Query::Config {})?;
    let index = known.controllers.iter().position(|controller| controller == own.as_str());
    let index = index.and_then(|index| u16::try_from(index).ok());
    let controller =
        index.ok_or_else(|| ContractError::NotAController { escrow: escrow.clone() })?;
    Ok(Link { controller, min_runway: known.min_runway })
}

/// The clock of a deployment's account as the escrow last saved it.
///
/// # Errors
/// If there is no account, or if its record cannot be read.
pub fn clock(view: &View, deployment: DeploymentId) -> Result<Clock, ContractError> {
    let key = published::account_key(link(view.storage)?.account(deployment)?);
    let found: Option<Account> = published::read(&view.querier, view.config.escrow.as_str(), key)?;
    Ok(found.ok_or(ContractError::NoAccount(deployment))?.clock)
}

/// Whether a deployment's account is known to have no money left at the block's time. Who closes asks
/// this: a record that cannot be read must keep nobody from it.
pub fn is_depleted(view: &View, deployment: DeploymentId) -> bool {
    clock(view, deployment).is_ok_and(|clock| clock.is_depleted(view.now()))
}

/// Whether the escrow would open a stream at `price` with `reserved` left for other
/// auctions: the account runs and lasts the least runway at all of it.
///
/// # Errors
/// As [`clock`].
pub fn can_fund(
    view: &View,
    deployment: DeploymentId,
    price: Price,
    reserved: Rate,
) -> Result<bool, ContractError> {
    let clock = clock(view, deployment)?.settled(view.now());
    Ok(carries(&clock, price, reserved, link(view.storage)?.min_runway))
}

/// Whether an account whose settled clock is this one runs and lasts `runway` seconds with `price` and
/// `reserved` on top of what it pays.
pub fn carries(clock: &Clock, price: Price, reserved: Rate, runway: u64) -> bool {
    let burden = clock.rate.checked_add(price.into()).and_then(|rate| rate.checked_add(reserved));
    let Ok(burden) = burden else { return false };
    clock.depleted_since.is_none() && clock.lasts(burden, runway)
}

/// Opens a deployment's account with its first deposit. An account for a token is opened
/// before the token is asked to move coins: what that does then is its tenant's risk alone.
///
/// # Errors
/// If a message cannot be written as JSON, which none of ours causes; so below.
pub fn open_account(
    ctx: &Ctx,
    deployment: DeploymentId,
    tenant: &Addr,
    deposit: &Paid,
    reserved: Rate,
) -> StdResult<Vec<WasmMsg>> {
    let (local, tenant, amount) = (deployment.0, tenant.as_str(), deposit.amount);
    match &deposit.denom {
        Denom::Native(denom) => {
            let open = Message::OpenAccount { local, tenant, reserved };
            Ok(vec![send(ctx, &open, vec![pay::coin(denom, amount)])?])
        }
        Denom::Cw20(token) => {
            let open = Message::OpenTokenAccount { local, tenant, token, reserved };
            let hook = to_json_binary(&Hook::Fund { local })?;
            let fund = pay::send_token(token, ctx.config.escrow.as_str(), amount, hook)?;
            Ok(vec![send(ctx, &open, Vec::new())?, fund])
        }
    }
}

/// A stream to open.
pub struct NewStream<'a> {
    /// The lease that it pays.
    pub lease: OrderId,
    /// Who is paid.
    pub payee: &'a str,
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
    let NewStream { lease, payee, price: rate, take_bps } = stream;
    let (local, stream) = (deployment.0, lease.0);
    let open = Message::OpenStream { local, stream, payee, rate, take_bps, reserved };
    send(ctx, &open, Vec::new())
}

/// Ends the payment of a lease.
pub fn close_stream(
    ctx: &Ctx,
    deployment: DeploymentId,
    lease: OrderId,
    reserved: Rate,
) -> StdResult<WasmMsg> {
    let close = Message::CloseStream { local: deployment.0, stream: lease.0, reserved };
    send(ctx, &close, Vec::new())
}

/// Changes what is reserved for open auctions.
pub fn reserve(ctx: &Ctx, deployment: DeploymentId, reserved: Rate) -> StdResult<WasmMsg> {
    send(ctx, &Message::Reserve { local: deployment.0, reserved }, Vec::new())
}

/// Ends an account with the payments of all its leases.
pub fn close_account(
    ctx: &Ctx,
    deployment: DeploymentId,
    leases: &[OrderId],
) -> StdResult<WasmMsg> {
    send(ctx, &Message::CloseAccount { local: deployment.0, streams: leases }, Vec::new())
}

fn send(ctx: &Ctx, message: &Message, funds: Vec<Coin>) -> StdResult<WasmMsg> {
    pay::call(ctx.config.escrow.as_str(), message, funds)
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json, to_json_vec};
    use souk_api::escrow::{ConfigResponse, Cw20Hook, ExecuteMsg, QueryMsg};
    use souk_core::Amount;

    use super::*;

    #[test]
    fn the_messages_are_those_of_the_escrow() -> StdResult<()> {
        let (local, stream, take_bps, reserved) = (7, 8, 200, Rate::MAX);
        let (tenant, token, payee, rate) = ("souk1ann", "souk1token", "souk1payee", Price::MAX);
        let pairs = [
            (
                Message::OpenAccount { local, tenant, reserved },
                ExecuteMsg::OpenAccount { local, tenant: tenant.into(), reserved },
            ),
            (
                Message::OpenTokenAccount { local, tenant, token, reserved },
                ExecuteMsg::OpenTokenAccount {
                    local,
                    tenant: tenant.into(),
                    token: token.into(),
                    reserved,
                },
            ),
            (
                Message::OpenStream { local, stream, payee, rate, take_bps, reserved },
                ExecuteMsg::OpenStream {
                    local,
                    stream,
                    payee: payee.into(),
                    rate,
                    take_bps,
                    reserved,
                },
            ),
            (
                Message::CloseStream { local, stream, reserved },
                ExecuteMsg::CloseStream { local, stream, reserved },
            ),
            (Message::Reserve { local, reserved }, ExecuteMsg::Reserve { local, reserved }),
            (
                Message::CloseAccount { local, streams: &[OrderId(8), OrderId(9)] },
                ExecuteMsg::CloseAccount { local, streams: vec![8, 9] },
            ),
        ];
        for (ours, theirs) in pairs {
            assert_eq!(to_json_vec(&ours)?, to_json_vec(&theirs)?);
        }
        assert_eq!(to_json_vec(&Hook::Fund { local })?, to_json_vec(&Cw20Hook::Fund { local })?);
        assert_eq!(to_json_vec(&Query::Config {})?, to_json_vec(&QueryMsg::Config {})?);
        Ok(())
    }

    #[test]
    fn the_clock_of_an_accounts_record_is_read() -> StdResult<()> {
        let clock = Clock { rate: Rate::MAX, anchor: 7, ..Clock::default() };
        let record = AccountRecord {
            v: published::VERSION,
            tenant: "souk1ann".into(),
            denom: Denom::native("usouk"),
            clock: clock.clone(),
            reserved: Rate::ZERO,
            own: 1,
            others: Amount::ZERO,
            others_spent: 2,
            deposited: Amount::ZERO,
            deposits: 3,
            streams: 4,
            closed: false,
        };
        let read: Account = from_json(to_json_vec(&record)?)?;
        assert_eq!((read.v, read.clock), (published::VERSION, clock));
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
            paused: false,
            pause_ends: None,
        };
        let read: Answer = from_json(to_json_vec(&answer)?)?;
        assert_eq!((read.controllers, read.min_runway), (answer.controllers, 3_600));
        Ok(())
    }
}
