//! What was sent and what came of it, for tests that keep books beside the contracts.

use cosmwasm_std::{Binary, to_json_binary};

use super::*;

/// A message.
#[derive(Clone, Debug)]
pub struct Record {
    /// The block's time, in seconds, and its height.
    pub at: u64,
    pub height: u64,
    pub from: Addr,
    pub to: Addr,
    pub msg: Binary,
    /// Coins that were made for it.
    pub funds: Vec<Coin>,
    /// The events, if it went well.
    pub done: Option<Vec<Event>>,
}

impl Market {
    pub(super) fn write_down(
        &mut self,
        from: &Addr,
        to: &Addr,
        msg: &impl Serialize,
        funds: &[Coin],
        done: Option<&AppResponse>,
    ) {
        let (at, height) = (self.now(), self.app.block_info().height);
        let Some(log) = &mut self.log else { return };
        let msg = to_json_binary(msg).unwrap();
        let (from, to, funds) = (from.clone(), to.clone(), funds.to_vec());
        let done = done.map(|done| done.events.clone());
        log.push(Record { at, height, from, to, msg, funds, done });
    }
}
