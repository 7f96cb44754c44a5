//! The escrow: messages to it, what its accounts published, and what is learned of it once.
//!
//! A deployment's account has the deployment's number as its local number; the escrow puts
//! this contract's controller index in front. The escrow lists its controllers only after
//! this contract exists, so index and runway are asked for at the first deployment and kept in the
//! configuration; a migration asks again.
//!
//! What open orders reserve stands in the account's record alone. Messages carry differences, so that
//! nothing here keeps the sum.
//!
//! The messages are an enum of our own with the same JSON as the escrow's: six of them are
//! sent, so the writers and readers of all others need not be in this contract's code.

use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{
    Addr, Coin, QuerierWrapper, StdError, StdResult, Storage, WasmMsg, to_json_binary,
};
use cw_storage_plus::Item;
use souk_api::{
    escrow::ReserveChange,
    orderbook::TIME_TO_BID,
    published::{self, AccountRecord, Versioned},
};
use souk_contract_std::{Paid, pay};
use souk_core::{
    AccountId, Amount, Clock, Denom, DeploymentId, OrderId, Price, Rate,
    clock::{SCALE, split},
};

use super::registry;
use crate::{
    ContractError, Ctx, View,
    error::Shortfall,
    state::{Config, Link},
};

/// Where the link was kept by code of the first release.
const OLD_LINK: Item<Link> = Item::new("e");

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
        #[serde(skip_serializing_if = "ReserveChange::is_none")]
        reserved: ReserveChange,
    },
    CloseStream {
        local: u64,
        stream: u64,
        #[serde(skip_serializing_if = "ReserveChange::is_none")]
        reserved: ReserveChange,
    },
    Reserve {
        local: u64,
        reserved: ReserveChange,
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
    reserved: Rate,
}

impl Versioned for Account {
    const RECORD: &'static str = AccountRecord::RECORD;

    fn version(&self) -> u8 {
        self.v
    }
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
/// If the escrow does not list this contract as a controller, or if the registry does not name it.
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
/// If the escrow does not list this contract as a controller any more.
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
    let index = known.controllers.iter().position(|controller| controller == own.as_str());
    let index = index.and_then(|index| u16::try_from(index).ok());
    let controller =
        index.ok_or_else(|| ContractError::NotAController { escrow: escrow.clone() })?;
    Ok(Link { controller, min_runway: known.min_runway })
}

/// What an account has, and what it must last for.
#[derive(Clone, Debug)]
pub struct Funds {
    clock: Clock,
    reserved: Rate,
    runway: u64,
}

impl Funds {
    /// Those of a new account.
    pub fn new(deposit: Amount, reserved: Rate, runway: u64) -> Self {
        let mut clock = Clock::default();
        clock.give_back(deposit.u128().saturating_mul(SCALE));
        Self { clock, reserved, runway }
    }

    /// Whether the clock stands for lack of money.
    pub fn is_depleted(&self) -> bool {
        self.clock.depleted_since.is_some()
    }

    /// The moment of depletion: past if the account is depleted, none if nothing runs.
    pub fn depletion(&self) -> Option<u64> {
        self.clock.depletion()
    }

    /// What all leases cost, base units an hour.
    pub fn rate(&self) -> u128 {
        self.clock.rate.u128()
    }

    /// What they may come to cost with what the open orders reserve, base units an hour.
    pub fn burden(&self) -> u128 {
        // At most 2^105: nothing here overflows.
        self.rate().saturating_add(self.reserved.u128())
    }

    /// Whole base units that are left.
    pub fn balance(&self) -> u128 {
        split(self.clock.remaining).0
    }

    /// Whether the account runs and lasts the least runway at all its rates and reserves, with `more` beside
    /// them and without `less` of them.
    ///
    /// # Errors
    /// If it does not.
    pub fn carry(&self, more: Rate, less: Rate) -> Result<(), Shortfall> {
        self.last(self.runway, more, less.u128())
    }

    /// As [`Self::carry`], for an order that is put out while other leases of the account run, all but `ended`:
    /// they spend some of its cover before providers bid, and an order without cover takes no bids.
    ///
    /// # Errors
    /// If it does not.
    pub fn carry_order(&self, ceiling: Rate, ended: Rate, released: Rate) -> Result<(), Shortfall> {
        let others = self.clock.rate.u128().saturating_sub(ended.u128());
        let slack = if others == 0 { 0 } else { TIME_TO_BID };
        let less = ended.u128().saturating_add(released.u128());
        self.last(self.runway.saturating_add(slack), ceiling, less)
    }

    fn last(&self, runway: u64, more: Rate, less: u128) -> Result<(), Shortfall> {
        let burden = self.burden().saturating_add(more.u128()).saturating_sub(less);
        let needed = burden.saturating_mul(u128::from(runway));
        if !self.is_depleted() && self.clock.remaining >= needed {
            return Ok(());
        }
        let (has, needed) = (self.balance(), needed.div_ceil(SCALE));
        Err(Shortfall { has, needed, burden, runway })
    }
}

/// What a deployment's account has at the block's time: one raw read.
///
/// # Errors
/// If there is no account, or if its record cannot be read.
pub fn funds(view: &View, deployment: DeploymentId) -> Result<Funds, ContractError> {
    let link = link(view.config)?;
    let key = published::account_key(link.account(deployment)?);
    let found: Option<Account> = published::read(&view.querier, view.config.escrow.as_str(), key)?;
    let Account { clock, reserved, .. } = found.ok_or(ContractError::NoAccount(deployment))?;
    Ok(Funds { clock: clock.settled(view.now()), reserved, runway: link.min_runway })
}

/// Whether a deployment's account is known to have no money left at the block's time. Who closes asks
/// this: a record that cannot be read must keep nobody from it.
pub fn is_depleted(view: &View, deployment: DeploymentId) -> bool {
    funds(view, deployment).is_ok_and(|funds| funds.is_depleted())
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

/// Begins to pay a lease, whose order lets go of what it had reserved.
pub fn open_stream(
    ctx: &Ctx,
    deployment: DeploymentId,
    stream: NewStream,
    released: Rate,
) -> StdResult<WasmMsg> {
    let NewStream { lease, payee, price: rate, take_bps } = stream;
    let (local, stream, reserved) = (deployment.0, lease.0, ReserveChange::Less(released));
    let open = Message::OpenStream { local, stream, payee, rate, take_bps, reserved };
    send(ctx, &open, Vec::new())
}

/// Ends the payment of a lease, and changes what is reserved by what a new order of its group may come to cost.
pub fn close_stream(
    ctx: &Ctx,
    deployment: DeploymentId,
    lease: OrderId,
    reserved: ReserveChange,
) -> StdResult<WasmMsg> {
    let close = Message::CloseStream { local: deployment.0, stream: lease.0, reserved };
    send(ctx, &close, Vec::new())
}

/// Changes what is reserved for open orders: no message where nothing changes.
pub fn reserve(
    ctx: &Ctx,
    deployment: DeploymentId,
    reserved: ReserveChange,
) -> StdResult<Option<WasmMsg>> {
    if reserved.is_none() {
        return Ok(None);
    }
    let reserve = Message::Reserve { local: deployment.0, reserved };
    send(ctx, &reserve, Vec::new()).map(Some)
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
    use souk_core::amount::AmountError;

    use super::*;

    #[test]
    fn the_messages_are_those_of_the_escrow() -> StdResult<()> {
        let (local, stream, take_bps, reserved) = (7, 8, 200, Rate::MAX);
        let (more, less) = (ReserveChange::More(reserved), ReserveChange::Less(reserved));
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
                Message::OpenStream { local, stream, payee, rate, take_bps, reserved: less },
                ExecuteMsg::OpenStream {
                    local,
                    stream,
                    payee: payee.into(),
                    rate,
                    take_bps,
                    reserved: less,
                },
            ),
            (
                Message::CloseStream { local, stream, reserved: more },
                ExecuteMsg::CloseStream { local, stream, reserved: more },
            ),
            (
                Message::CloseStream { local, stream, reserved: ReserveChange::NONE },
                ExecuteMsg::CloseStream { local, stream, reserved: ReserveChange::NONE },
            ),
            (
                Message::Reserve { local, reserved: less },
                ExecuteMsg::Reserve { local, reserved: less },
            ),
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
    fn the_clock_and_the_reserve_of_an_accounts_record_are_read() -> StdResult<()> {
        let clock = Clock { rate: Rate::MAX, anchor: 7, ..Clock::default() };
        let record = AccountRecord {
            v: published::VERSION,
            tenant: "souk1ann".into(),
            denom: Denom::native("usouk"),
            clock: clock.clone(),
            reserved: Rate::MAX,
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
        assert_eq!(read.reserved, Rate::MAX);
        Ok(())
    }

    #[test]
    fn an_account_carries_exactly_what_it_can_pay_for_the_least_runway() -> Result<(), AmountError>
    {
        let rate = |units| Rate::new(units);
        let none = Rate::ZERO;
        // 100 units, 40 of the 100 that two hours at 50 take are reserved.
        let mut funds = Funds::new(Amount::new(100)?, rate(40)?, 7_200);
        funds.clock.rate = rate(10)?;
        assert_eq!(funds.carry(none, none), Ok(()));
        let short = |needed, burden| Shortfall { has: 100, needed, burden, runway: 7_200 };
        assert_eq!(funds.carry(rate(1)?, none), Err(short(102, 51)));
        assert_eq!(funds.carry(rate(1)?, rate(1)?), Ok(()));
        assert_eq!(funds.carry(none, Rate::MAX), Ok(()), "not below zero");
        assert!(funds.carry(Rate::MAX, none).is_err());
        funds.clock.remaining -= 1;
        let (has, needed, burden, runway) = (99, 100, 50, 7_200);
        assert_eq!(funds.carry(none, none), Err(Shortfall { has, needed, burden, runway }));
        funds.clock.remaining = u128::MAX;
        funds.clock.depleted_since = Some(5);
        assert!(funds.carry(none, none).is_err(), "nothing is carried while the clock stands");
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
