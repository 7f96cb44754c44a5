//! The escrow: messages to it, what its accounts published, and what is learned of it once.
//!
//! What open orders reserve stands in the account's record alone. Messages carry differences, so that
//! nothing here keeps the sum.
//!
//! The messages are an enum of our own with the same JSON as the escrow's: seven of them are
//! sent, so the writers and readers of all others need not be in this contract's code.

mod link;

pub use link::{learn_link, link, refresh_link};

use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{Addr, Coin, StdResult, WasmMsg, to_json_binary};
use souk_api::{
    escrow::{NewStream, ReserveChange},
    published::{self, AccountRecord, Versioned},
};
use souk_contract_std::{Paid, pay};
use souk_core::{Clock, Denom, DeploymentId, OrderId, Price, Rate};

use crate::{ContractError, Ctx, View, rules::funds::Funds};

/// The messages that are sent to the escrow.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum Message<'a> {
    OpenAccount {
        local: u64,
        tenant: &'a str,
        reserved: Rate,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        streams: &'a [NewStream],
    },
    OpenTokenAccount {
        local: u64,
        tenant: &'a str,
        token: &'a str,
        reserved: Rate,
    },
    OpenStreams {
        local: u64,
        streams: &'a [NewStream],
    },
    OpenStream {
        local: u64,
        stream: u64,
        payee: &'a str,
        rate: Price,
        take_bps: u16,
        #[serde(skip_serializing_if = "ReserveChange::is_none")]
        reserved: ReserveChange,
        #[serde(skip_serializing_if = "souk_core::time::is_zero")]
        hold: u64,
    },
    CloseStream {
        local: u64,
        stream: u64,
        #[serde(skip_serializing_if = "ReserveChange::is_none")]
        reserved: ReserveChange,
        #[serde(skip_serializing_if = "Option::is_none")]
        not_after: Option<u64>,
    },
    Reserve {
        local: u64,
        reserved: ReserveChange,
    },
    CloseAccount {
        local: u64,
        streams: &'a [OrderId],
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        not_after: &'a [(OrderId, u64)],
    },
}

/// What a token's coins are for when they come to the escrow.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum Hook {
    Fund { local: u64 },
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

/// What a deployment's account has at the block's time: one raw read.
///
/// # Errors
/// If there is no account, or if its record cannot be read.
pub fn funds(view: &View, deployment: DeploymentId) -> Result<Funds, ContractError> {
    let link = link(view.config)?;
    let key = published::account_key(link.account(deployment)?);
    let found: Option<Account> = published::read(&view.querier, view.config.escrow.as_str(), key)?;
    let Account { clock, reserved, .. } = found.ok_or(ContractError::NoAccount(deployment))?;
    Ok(Funds::of(clock.settled(view.now()), reserved, link.min_runway))
}

/// Whether a deployment's account is known to have no money left at the block's time. Who closes asks
/// this: a record that cannot be read must keep nobody from it.
pub fn is_depleted(view: &View, deployment: DeploymentId) -> bool {
    funds(view, deployment).is_ok_and(|funds| funds.is_depleted())
}

/// Opens a deployment's account with its first deposit, and begins to pay `streams`. An account for a token is opened
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
    streams: &[NewStream],
) -> StdResult<Vec<WasmMsg>> {
    let (local, tenant, amount) = (deployment.0, tenant.as_str(), deposit.amount);
    match &deposit.denom {
        Denom::Native(denom) => {
            let open = Message::OpenAccount { local, tenant, reserved, streams };
            Ok(vec![send(ctx, &open, vec![pay::coin(denom, amount)])?])
        }
        Denom::Cw20(token) => {
            let open = Message::OpenTokenAccount { local, tenant, token, reserved };
            let hook = to_json_binary(&Hook::Fund { local })?;
            let fund = pay::send_token(token, ctx.config.escrow.as_str(), amount, hook)?;
            let mut messages = vec![send(ctx, &open, Vec::new())?, fund];
            if !streams.is_empty() {
                messages.push(send(ctx, &Message::OpenStreams { local, streams }, Vec::new())?);
            }
            Ok(messages)
        }
    }
}

/// Begins to pay a lease, whose order lets go of what it had reserved.
pub fn open_stream(
    ctx: &Ctx,
    deployment: DeploymentId,
    stream: NewStream,
    released: Rate,
) -> StdResult<WasmMsg> {
    let NewStream { stream, payee, rate, take_bps, hold } = stream;
    let (local, reserved) = (deployment.0, ReserveChange::Less(released));
    let payee = payee.as_str();
    let open = Message::OpenStream { local, stream, payee, rate, take_bps, reserved, hold };
    send(ctx, &open, Vec::new())
}

/// Ends the payment of a lease, of an absent provider as of `paid_until`, and changes what is reserved by what a
/// new order of its group may come to cost.
pub fn close_stream(
    ctx: &Ctx,
    deployment: DeploymentId,
    lease: OrderId,
    reserved: ReserveChange,
    paid_until: Option<u64>,
) -> StdResult<WasmMsg> {
    let (local, stream, not_after) = (deployment.0, lease.0, paid_until);
    let close = Message::CloseStream { local, stream, reserved, not_after };
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

/// Ends an account with the payments of all its leases, of those in `paid_until` as of that second.
pub fn close_account(
    ctx: &Ctx,
    deployment: DeploymentId,
    leases: &[OrderId],
    paid_until: &[(OrderId, u64)],
) -> StdResult<WasmMsg> {
    let (local, streams, not_after) = (deployment.0, leases, paid_until);
    send(ctx, &Message::CloseAccount { local, streams, not_after }, Vec::new())
}

fn send(ctx: &Ctx, message: &Message, funds: Vec<Coin>) -> StdResult<WasmMsg> {
    pay::call(ctx.config.escrow.as_str(), message, funds)
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json, to_json_vec};
    use souk_api::escrow::{Cw20Hook, ExecuteMsg};
    use souk_core::Amount;

    use super::*;

    #[test]
    fn the_messages_are_those_of_the_escrow() -> StdResult<()> {
        let (local, stream, take_bps, reserved) = (7, 8, 200, Rate::MAX);
        let (more, less) = (ReserveChange::More(reserved), ReserveChange::Less(reserved));
        let none = ReserveChange::NONE;
        let (tenant, token, payee, rate) = ("souk1ann", "souk1token", "souk1payee", Price::MAX);
        let streams =
            [0, 86_400].map(|hold| NewStream { stream, payee: payee.into(), rate, take_bps, hold });
        let opened = |reserved, hold| {
            let ours = Message::OpenStream { local, stream, payee, rate, take_bps, reserved, hold };
            let payee = payee.into();
            let theirs =
                ExecuteMsg::OpenStream { local, stream, payee, rate, take_bps, reserved, hold };
            (ours, theirs)
        };
        let pairs = [
            (
                Message::OpenAccount { local, tenant, reserved, streams: &[] },
                ExecuteMsg::OpenAccount {
                    local,
                    tenant: tenant.into(),
                    reserved,
                    streams: Vec::new(),
                },
            ),
            (
                Message::OpenAccount { local, tenant, reserved, streams: &streams },
                ExecuteMsg::OpenAccount {
                    local,
                    tenant: tenant.into(),
                    reserved,
                    streams: streams.to_vec(),
                },
            ),
            (
                Message::OpenStreams { local, streams: &streams },
                ExecuteMsg::OpenStreams { local, streams: streams.to_vec() },
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
            opened(less, 0),
            opened(none, 86_400),
            (
                Message::CloseStream { local, stream, reserved: more, not_after: Some(9) },
                ExecuteMsg::CloseStream { local, stream, reserved: more, not_after: Some(9) },
            ),
            (
                Message::CloseStream { local, stream, reserved: none, not_after: None },
                ExecuteMsg::CloseStream { local, stream, reserved: none, not_after: None },
            ),
            (
                Message::Reserve { local, reserved: less },
                ExecuteMsg::Reserve { local, reserved: less },
            ),
            (
                Message::CloseAccount {
                    local,
                    streams: &[OrderId(8), OrderId(9)],
                    not_after: &[(OrderId(9), 7)],
                },
                ExecuteMsg::CloseAccount { local, streams: vec![8, 9], not_after: vec![(9, 7)] },
            ),
            (
                Message::CloseAccount { local, streams: &[OrderId(8)], not_after: &[] },
                ExecuteMsg::CloseAccount { local, streams: vec![8], not_after: Vec::new() },
            ),
        ];
        for (ours, theirs) in pairs {
            assert_eq!(to_json_vec(&ours)?, to_json_vec(&theirs)?);
        }
        assert_eq!(to_json_vec(&Hook::Fund { local })?, to_json_vec(&Cw20Hook::Fund { local })?);
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
            ran_since: 5,
            closed: false,
        };
        let read: Account = from_json(to_json_vec(&record)?)?;
        assert_eq!((read.v, read.clock), (published::VERSION, clock));
        assert_eq!(read.reserved, Rate::MAX);
        Ok(())
    }
}
