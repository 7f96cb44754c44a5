//! What a market should not have though the terms may say it: one key with all power, a parameter that does not
//! fit the chain's blocks, a pause of half of it. Pure, but for the measurement of blocks.

use std::collections::BTreeMap;

use serde_json::Value;
use souk_chain::{
    Client,
    rpc::{BlockTime, RpcError},
};
use souk_client::Contract;

use super::observe::{Observed, Seen};

/// Over how many of the newest blocks their time is measured.
const BLOCKS: u64 = 1_000;

/// How long blocks take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The newest blocks that were measured: 1,000, or as many as there are.
    pub blocks: u64,
    /// Their mean time, in milliseconds.
    pub mean: u64,
}

/// Measures the newest blocks; none if there are fewer than two.
///
/// # Errors
/// If no endpoint answers.
pub async fn pace(client: &Client) -> Result<Option<Pace>, RpcError> {
    let status = client.status().await?;
    let Some(newest) = status.time else { return Ok(None) };
    let kept = status.height.saturating_sub(status.earliest_height.max(1));
    let blocks = kept.min(BLOCKS);
    if blocks == 0 {
        return Ok(None);
    }
    let oldest = client.header(status.height.saturating_sub(blocks)).await?.time;
    let took = milliseconds(newest).saturating_sub(milliseconds(oldest));
    Ok(Some(Pace { blocks, mean: took.checked_div(blocks).unwrap_or_default() }))
}

fn milliseconds(time: BlockTime) -> u64 {
    time.seconds.saturating_mul(1_000).saturating_add(u64::from(time.nanos / 1_000_000))
}

/// What is wrong with a `slowest_block`, in milliseconds, on a chain with such blocks; none if it is between
/// their mean time and twice that.
pub fn of_slowest_block(slowest: u64, pace: Pace) -> Option<String> {
    let Pace { blocks, mean } = pace;
    let follows = if slowest > mean.saturating_mul(2) {
        "while the chain stands still, most of a notice passes"
    } else if slowest < mean {
        "a notice lasts longer than it says"
    } else {
        return None;
    };
    let better = mean.saturating_mul(3).div_ceil(2);
    Some(format!(
        "the orderbook's slowest_block is {slowest} ms, and the last {blocks} blocks took {mean} ms each: {follows}; \
         about {better} is right here, one and a half times the usual block time"
    ))
}

/// The orderbook's `slowest_block`, in milliseconds; none if it does not say it.
pub fn slowest_block(seen: &Observed) -> Option<u64> {
    let config = seen.contracts.orderbook.as_ref()?.config.as_ref().ok()?;
    config["params"]["slowest_block"].as_u64()
}

/// One warning for each key that is owner, guardian and admin of contracts.
pub fn of_roles(seen: &Observed) -> Vec<String> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for contract in Contract::ALL {
        if let Some(one) = seen.contracts.of(contract).as_ref().and_then(holder_of_all) {
            all.entry(one).or_default().push(contract.name());
        }
    }
    let text = |(key, contracts): (&str, Vec<&str>)| {
        format!(
            "{key} is owner, guardian and admin of {}: whoever has that key can change the code, and with it take \
             every coin; name a guardian, and make a multisig account or a DAO owner and admin",
            contracts.join(", ")
        )
    };
    all.into_iter().map(text).collect()
}

/// What is wrong with a pause of the escrow alone; none if it is not paused, or the orderbook is, too.
pub fn of_pauses(seen: &Observed) -> Option<String> {
    let paused = |contract| {
        let config = seen.contracts.of(contract).as_ref()?.config.as_ref().ok()?;
        config.get("paused")?.as_bool()
    };
    let alone =
        paused(Contract::Escrow) == Some(true) && paused(Contract::Orderbook) == Some(false);
    alone.then(|| {
        "the escrow is paused and the orderbook is not: tenants can take no provider, while notices and auctions run out; pause the orderbook, too (`souk admin pause --contract orderbook`)"
            .to_owned()
    })
}

/// Who has all three roles.
fn holder_of_all(seen: &Seen) -> Option<&str> {
    let owner = seen.ownership.as_ref().ok()?.owner.as_deref()?;
    let guardian = seen.config.as_ref().ok()?.get("guardian").and_then(Value::as_str)?;
    (owner == guardian && seen.admin.as_deref() == Some(owner)).then_some(owner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use souk_client::{PerContract, market::Ownership};

    use super::*;

    fn seen(owner: &str, guardian: &str, admin: Option<&str>) -> Seen {
        Seen {
            address: "souk1contract".to_owned(),
            code_id: 1,
            checksum: Vec::new(),
            creator: "souk1me".to_owned(),
            admin: admin.map(str::to_owned),
            ownership: Ok(Ownership { owner: Some(owner.to_owned()), pending_owner: None }),
            config: Ok(json!({ "guardian": guardian, "params": { "slowest_block": 1_800 } })),
        }
    }

    fn market(make: impl Fn(Contract) -> Seen) -> Observed {
        let codes = PerContract::default();
        Observed { codes, contracts: PerContract::make(|contract| Some(make(contract))) }
    }

    #[test]
    fn a_key_with_all_three_roles_of_a_contract_is_named_with_its_contracts() {
        let (one, two) = ("souk1a", "souk1b");
        for (guardian, admin) in [(two, Some(one)), (one, Some(two)), (one, None)] {
            let none = market(|_| seen(one, guardian, admin));
            assert_eq!(of_roles(&none), [""; 0], "{guardian} {admin:?}");
        }
        let all = of_roles(&market(|_| seen(one, one, Some(one))));
        assert_eq!(all.len(), 1);
        for contract in Contract::ALL {
            assert!(all[0].contains(contract.name()), "{contract}: {all:?}");
        }
        let mixed = of_roles(&market(|contract| match contract {
            Contract::Escrow => seen(two, two, Some(two)),
            Contract::Orderbook => seen(one, one, Some(one)),
            _ => seen(one, two, Some(one)),
        }));
        assert!(mixed[0].starts_with("souk1a is owner, guardian and admin of orderbook:"));
        assert!(mixed[1].starts_with("souk1b is owner, guardian and admin of escrow:"));
    }

    #[test]
    fn an_escrow_that_is_paused_alone_is_warned_of() {
        for (escrow, orderbook, warned) in
            [(false, false, false), (true, true, false), (false, true, false), (true, false, true)]
        {
            let paused = |contract| match contract {
                Contract::Escrow => escrow,
                _ => orderbook,
            };
            let config = |contract| Ok(json!({ "paused": paused(contract) }));
            let observed =
                market(|contract| Seen { config: config(contract), ..seen("a", "b", None) });
            assert_eq!(of_pauses(&observed).is_some(), warned, "{escrow} {orderbook}");
        }
    }

    #[test]
    fn a_slow_block_is_between_the_mean_and_twice_the_mean() {
        let pace = Pace { blocks: 1_000, mean: 1_200 };
        for (slowest, warned) in [
            (1_199, Some("lasts longer")),
            (1_200, None),
            (1_800, None),
            (2_400, None),
            (2_401, Some("passes")),
        ] {
            let text = of_slowest_block(slowest, pace);
            assert_eq!(text.is_some(), warned.is_some(), "{slowest}: {text:?}");
            for part in [warned.unwrap_or_default(), "1200 ms", "about 1800"] {
                assert!(text.as_ref().is_none_or(|text| text.contains(part)), "{text:?}");
            }
        }
        let observed = market(|_| seen("a", "b", None));
        assert_eq!(slowest_block(&observed), Some(1_800));
    }
}
