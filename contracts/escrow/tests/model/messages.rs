//! What a step sends, and what the bookkeeper makes of it.

use cosmwasm_std::{Addr, Coin, coins};
use souk_api::escrow::{Cw20Hook, ExecuteMsg, NewStream, ReserveChange};
use souk_core::{AccountId, Denom, time::HOUR};

use crate::{
    common::{DENOM, amount, price, rate, usouk, who},
    expected::{Account, Refused, Stream},
    life::Life,
    steps::{New, OF_TOKEN, Step},
};

/// A message to the escrow with coins, or tokens with what they are for.
pub enum What {
    Coins(ExecuteMsg, Vec<Coin>),
    Tokens(Cw20Hook, u128),
}

/// What a change of the configuration changes.
#[derive(Default)]
pub struct Change {
    pub fee_collector: Option<String>,
    pub add_cw20: Option<Vec<String>>,
    pub delist: Option<Vec<String>>,
    pub relist: Option<Vec<String>>,
}

/// The owner's message that changes it.
pub fn change(what: impl FnOnce(&mut Change)) -> ExecuteMsg {
    let mut change = Change::default();
    what(&mut change);
    let Change { fee_collector, add_cw20, delist, relist } = change;
    let (guardian, add_controller) = (None, None);
    ExecuteMsg::UpdateConfig { guardian, fee_collector, add_controller, add_cw20, delist, relist }
}

/// The message by which a controller or token is delisted, or listed again.
fn list(delisted: bool, entry: &str) -> ExecuteMsg {
    let entry = Some(vec![entry.to_owned()]);
    change(|change| if delisted { change.delist = entry } else { change.relist = entry })
}

fn mark(delisted: &mut bool, on: bool) -> Result<(), Refused> {
    if std::mem::replace(delisted, on) == on { Err(Refused) } else { Ok(()) }
}

/// An account with several streams more, if all of them can be opened.
fn with(account: &Account, streams: &[New]) -> Result<Account, Refused> {
    let mut account = account.clone();
    if account.closed {
        return Err(Refused);
    }
    for &New { stream, payee, rate, bps, hold } in streams {
        if bps > 10_000 {
            return Err(Refused);
        }
        let new = Stream::new(payee, rate, bps, hold);
        account.open(stream, new, ReserveChange::NONE, HOUR)?;
    }
    Ok(account)
}

impl Life {
    pub(crate) fn message(&self, step: &Step) -> (Addr, What) {
        let controller = self.escrow.controller.clone();
        let person = |n: usize| self.parties[n].clone();
        let stranger = who("stranger");
        let coins_of = |account: u64, units: u128| (Self::held(account), coins(units, DENOM));
        let (sender, msg, funds) = match *step {
            Step::Open { account: OF_TOKEN, tenant, reserved, .. } => {
                let (tenant, token) = (person(tenant).into(), self.token.to_string());
                let reserved = rate(reserved);
                let msg = ExecuteMsg::OpenTokenAccount { local: OF_TOKEN, tenant, token, reserved };
                (controller, msg, vec![])
            }
            Step::Fund { account, units } => {
                return (controller, What::Tokens(Cw20Hook::Fund { local: account }, units));
            }
            Step::Open { account, tenant, units, reserved, ref streams } => {
                let tenant = person(tenant).into();
                let msg = ExecuteMsg::OpenAccount {
                    local: account,
                    tenant,
                    reserved: rate(reserved),
                    streams: self.begun(streams),
                };
                (controller, msg, coins(units, DENOM))
            }
            Step::Streams { account: local, ref streams } => {
                let streams = self.begun(streams);
                (controller, ExecuteMsg::OpenStreams { local, streams }, vec![])
            }
            Step::Stream { account, stream, payee, rate: units, bps, reserved, hold } => {
                let msg = ExecuteMsg::OpenStream {
                    local: account,
                    stream,
                    payee: person(payee).into(),
                    rate: price(units),
                    take_bps: bps,
                    reserved,
                    hold,
                };
                (controller, msg, vec![])
            }
            Step::End { account: local, stream, reserved, ago } => {
                let not_after = ago.map(|ago| self.moment(ago));
                (controller, ExecuteMsg::CloseStream { local, stream, reserved, not_after }, vec![])
            }
            Step::Reserve { account, reserved } => {
                (controller, ExecuteMsg::Reserve { local: account, reserved }, vec![])
            }
            Step::Close { account: local, ref ago } => {
                let streams = self.open_streams(local);
                let not_after = self.not_after(local, ago);
                (controller, ExecuteMsg::CloseAccount { local, streams, not_after }, vec![])
            }
            Step::Deposit { account, who, units } => {
                let (held, coins) = coins_of(account, units);
                let account = AccountId(account);
                if held == 1 {
                    return (person(who), What::Tokens(Cw20Hook::Deposit { account }, units));
                }
                (person(who), ExecuteMsg::Deposit { account }, coins)
            }
            Step::Withdraw { account, stream } => {
                let account = AccountId(account);
                (stranger, ExecuteMsg::Withdraw { account, stream }, vec![])
            }
            Step::TakeOwn { account, units } => {
                let tenant = self.accounts.get(&account).map_or(0, |account| account.tenant);
                let (account, amount) = (AccountId(account), amount(units));
                (person(tenant), ExecuteMsg::WithdrawDeposit { account, amount }, vec![])
            }
            Step::Refund { account, deposit } => {
                let account = AccountId(account);
                let deposit = deposit.map(|index| u32::try_from(index).unwrap() + 1);
                (stranger, ExecuteMsg::ClaimRefund { account, deposit }, vec![])
            }
            Step::Sweep(held) => {
                let token = Denom::Cw20(self.token.to_string());
                let denom = if held == 0 { usouk() } else { token };
                (stranger, ExecuteMsg::SweepFees { denom }, vec![])
            }
            Step::Delist(on) => (self.office.owner(), list(on, controller.as_str()), vec![]),
            Step::DelistToken(on) => (self.office.owner(), list(on, self.token.as_str()), vec![]),
            Step::Collect(n) => {
                let to = Some(self.collectors()[n].to_string());
                (self.office.owner(), change(|change| change.fee_collector = to), vec![])
            }
            Step::Pass(_)
            | Step::Deplete { .. }
            | Step::AlmostDeplete { .. }
            | Step::TakeAll { .. }
            | Step::Restart { .. }
            | Step::Office(_) => unreachable!("no message by itself"),
        };
        (sender, What::Coins(msg, funds))
    }

    fn begun(&self, streams: &[New]) -> Vec<NewStream> {
        let begun = |new: &New| NewStream {
            stream: new.stream,
            payee: self.parties[new.payee].to_string(),
            rate: price(new.rate),
            take_bps: new.bps,
            hold: new.hold,
        };
        streams.iter().map(begun).collect()
    }

    fn moment(&self, ago: u64) -> u64 {
        self.escrow.now().saturating_sub(ago)
    }

    fn open_streams(&self, account: u64) -> Vec<u64> {
        self.accounts.get(&account).map(Account::open_streams).unwrap_or_default()
    }

    /// Of those streams that are open: the seconds after which they earned nothing.
    fn not_after(&self, account: u64, ago: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let open = self.open_streams(account);
        let found = ago.iter().filter(|(stream, _)| open.contains(stream));
        found.map(|(stream, ago)| (*stream, self.moment(*ago))).collect()
    }

    fn find(&mut self, account: u64) -> Result<&mut Account, Refused> {
        self.accounts.get_mut(&account).ok_or(Refused)
    }

    pub(crate) fn expect(&mut self, step: &Step) -> Result<(), Refused> {
        let [controller, token] = self.delisted;
        let opens = matches!(step, Step::Open { .. });
        let of_token = matches!(step, Step::Open { account: OF_TOKEN, .. });
        // What is open goes on, new streams included.
        if (opens && controller) || (of_token && token) {
            return Err(Refused);
        }
        let is_new = opens || matches!(step, Step::Stream { .. } | Step::Streams { .. });
        if is_new && self.office.is_paused(self.escrow.now()) {
            return Err(Refused);
        }
        match *step {
            Step::Open { account, tenant, units, reserved, ref streams } => {
                if self.accounts.contains_key(&account) {
                    return Err(Refused);
                }
                // A token's account is opened empty.
                let (units, streams) =
                    if account == OF_TOKEN { (0, &[][..]) } else { (units, &streams[..]) };
                let new = Account::new(tenant, units, reserved, self.escrow.now());
                self.accounts.insert(account, with(&new, streams)?);
            }
            Step::Streams { account, ref streams } => {
                let of = self.find(account)?;
                *of = with(of, streams)?;
            }
            Step::Stream { account, stream, payee, rate, bps, reserved, hold } => {
                let new = Stream::new(payee, rate, bps, hold);
                self.find(account)?.open(stream, new, reserved, HOUR)?;
            }
            Step::End { account, stream, reserved, ago } => {
                let not_after = ago.map(|ago| self.moment(ago));
                self.find(account)?.end(stream, reserved, not_after, HOUR)?;
            }
            Step::Reserve { account, reserved } => {
                let account = self.find(account)?;
                if account.closed {
                    return Err(Refused);
                }
                account.reserve(reserved);
            }
            Step::Close { account, ref ago } => {
                let not_after = self.not_after(account, ago);
                self.find(account)?.close(&not_after)?;
            }
            Step::Deposit { account, who, units } => {
                self.find(account)?.deposit(who, units, HOUR)?;
                if account == OF_TOKEN {
                    self.put[who] += units;
                }
            }
            Step::Fund { account, units } => {
                if account != OF_TOKEN {
                    return Err(Refused);
                }
                let of = self.find(account)?;
                of.deposit(of.tenant, units, HOUR)?;
                self.funded += units;
            }
            Step::Withdraw { account, stream } => {
                let of = self.find(account)?;
                let (pay, fee) = of.withdraw(stream)?;
                let payee = of.streams[&stream].payee;
                self.paid[Self::held(account)][payee] += pay;
                self.fees[Self::held(account)] += fee;
            }
            Step::TakeOwn { account, units } => {
                let of = self.find(account)?;
                of.take_own(units, HOUR)?;
                let tenant = of.tenant;
                self.paid[Self::held(account)][tenant] += units;
            }
            Step::Refund { account, deposit } => {
                let (who, units) = self.find(account)?.refund(deposit)?;
                self.paid[Self::held(account)][who] += units;
            }
            Step::Sweep(held) => {
                let swept = &mut self.swept[held];
                swept[self.collector] += self.fees[held] - swept[0] - swept[1];
            }
            Step::Delist(on) => return mark(&mut self.delisted[0], on),
            Step::DelistToken(on) => return mark(&mut self.delisted[1], on),
            Step::Collect(n) => self.collector = n,
            Step::Pass(_)
            | Step::Deplete { .. }
            | Step::AlmostDeplete { .. }
            | Step::TakeAll { .. }
            | Step::Restart { .. }
            | Step::Office(_) => unreachable!("no message by itself"),
        }
        Ok(())
    }
}
