//! What goes in and out of accounts by the escrow's own messages: each is foretold, success or refusal.

use cw20::Cw20ExecuteMsg;
use souk_api::orderbook::{Cw20Hook, ExecuteMsg as ToOrderbook};
use souk_core::{Denom, time::HOUR};

use super::*;
use crate::expected::Refused;

impl Ledger {
    pub(super) fn of_escrow(&mut self, market: &Market, record: &Record, msg: &escrow::ExecuteMsg) {
        let from = record.from.as_str();
        let units = record.funds.first().map_or(0, |coin| coin.amount.u128());
        let expected = self.pay(market, from, msg, units);
        let Some(expected) = expected else { return };
        let done = record.done.is_some();
        assert_eq!(done, expected.is_ok(), "{msg:?} of {from} at {}", self.now);
    }

    /// What a message does in the books; none if it is nothing that they foretell.
    fn pay(
        &mut self,
        market: &Market,
        from: &str,
        msg: &escrow::ExecuteMsg,
        units: u128,
    ) -> Option<Result<(), Refused>> {
        use escrow::ExecuteMsg::*;
        let vault = market.escrow.as_str();
        Some(match msg {
            Deposit { account } => {
                let known = self.accounts.get(&account.0).map(|(held, _)| *held);
                if known == Some(COIN) && units > 0 {
                    self.deposit(market, from, account.0, COIN, units)
                } else {
                    Err(Refused)
                }
            }
            Withdraw { account, stream } => self
                .of_account(account.0, |of| {
                    let (pay, fee) = of.withdraw(*stream)?;
                    Ok((of.streams[stream].payee, pay, fee))
                })
                .map(|(held, (payee, pay, fee))| {
                    let payee = self.holders[payee].clone();
                    self.unswept[held] += fee;
                    self.moves(held, vault, &payee, pay);
                }),
            WithdrawDeposit { account, amount } => {
                let who = self.person(from);
                let taken = self.of_account(account.0, |of| {
                    if of.tenant == who { of.take_own(amount.u128(), HOUR) } else { Err(Refused) }
                });
                taken.map(|(held, ())| self.moves(held, vault, from, amount.u128()))
            }
            ClaimRefund { account, deposit } => {
                let index = deposit.map(|number| number as usize - 1);
                self.of_account(account.0, |of| of.refund(index)).map(|(held, (who, units))| {
                    let who = self.holders[who].clone();
                    self.moves(held, vault, &who, units);
                })
            }
            SweepFees { denom } => {
                let held = if matches!(denom, Denom::Native(_)) { COIN } else { TOKEN };
                let swept = std::mem::take(&mut self.unswept[held]);
                let distributor = self.fees.distributor.to_string();
                self.moves(held, vault, &distributor, swept);
                self.fees.expected.income(held, swept);
                Ok(())
            }
            _ => return None,
        })
    }

    /// What is done to an account, with what that is held in.
    fn of_account<T>(
        &mut self,
        id: u64,
        act: impl FnOnce(&mut Account) -> Result<T, Refused>,
    ) -> Result<(usize, T), Refused> {
        self.touched.insert(id);
        let (held, account) = self.accounts.get_mut(&id).ok_or(Refused)?;
        Ok((*held, act(account)?))
    }

    fn deposit(
        &mut self,
        market: &Market,
        from: &str,
        id: u64,
        held: usize,
        units: u128,
    ) -> Result<(), Refused> {
        let who = self.person(from);
        self.touched.insert(id);
        self.accounts.get_mut(&id).unwrap().1.deposit(who, units, HOUR)?;
        self.moves(held, from, market.escrow.as_str(), units);
        Ok(())
    }

    /// Tokens that are sent on with a word for what.
    pub(super) fn of_token(&mut self, market: &Market, record: &Record, msg: &Cw20ExecuteMsg) {
        let Cw20ExecuteMsg::Send { contract, amount, msg } = msg else { return };
        let (from, done) = (record.from.as_str(), record.done.is_some());
        if contract == market.escrow.as_str() {
            let hook: escrow::Cw20Hook = from_json(msg).unwrap();
            let escrow::Cw20Hook::Deposit { account } = hook else { return };
            let known = self.accounts.get(&account.0).map(|(held, _)| *held);
            let expected = if known == Some(TOKEN) {
                self.deposit(market, from, account.0, TOKEN, amount.u128())
            } else {
                Err(Refused)
            };
            assert_eq!(done, expected.is_ok(), "tokens of {from} for {account}");
            return;
        }
        let msg = match from_json(msg).unwrap() {
            Cw20Hook::CreateDeployment(new) => ToOrderbook::CreateDeployment(new),
            Cw20Hook::CreateWithQuotes { deployment, quotes } => {
                ToOrderbook::CreateWithQuotes { deployment, quotes }
            }
        };
        let paid = Some((TOKEN, amount.u128()));
        self.foretell(from, &msg, paid, done);
        let Some(events) = &record.done else { return };
        self.sent.note_text(r#"{"receive":{}}"#);
        self.of_orderbook(market, from, &msg, paid, events);
    }
}
