//! Streams as they stand at the block's time.

use souk_api::escrow::{StreamResponse, StreamsResponse};
use souk_contract_std::Page;
use souk_core::{AccountId, Amount};

use crate::{
    ContractError, View,
    rules::{account::Account, stream::Stream},
    state::{accounts, streams},
};

/// One of an account's.
pub fn stream(view: &View, id: AccountId, number: u64) -> Result<StreamResponse, ContractError> {
    let account = accounts::settled(view.storage, id, view.now())?;
    Ok(describe(&account, number, streams::get(view.storage, id, number)?))
}

/// A page of an account's, by number.
pub fn streams(
    view: &View,
    id: AccountId,
    start_after: Option<u64>,
    limit: Option<u32>,
) -> Result<StreamsResponse, ContractError> {
    let account = accounts::settled(view.storage, id, view.now())?;
    let page = streams::page(view.storage, id, Page::new(start_after, limit))?;
    let streams = page.into_iter().map(|(number, stream)| describe(&account, number, stream));
    Ok(StreamsResponse { streams: streams.collect() })
}

fn describe(account: &Account, number: u64, stream: Stream) -> StreamResponse {
    let clock = account.clock();
    let earned = stream.earned(clock);
    let (fee, paid) = (stream.fee_on(earned), stream.paid());
    let owed = stream.due(clock).map_or(Amount::ZERO, |due| due.payee);
    let held = earned.saturating_sub(fee).saturating_sub(paid).saturating_sub(owed);
    StreamResponse {
        stream: number,
        rate: stream.rate,
        take_bps: stream.take_bps,
        earned,
        fee,
        paid,
        owed,
        hold: stream.hold,
        held,
        open: stream.is_open(),
        payee: stream.payee.into(),
    }
}
