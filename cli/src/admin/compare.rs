//! How the contracts on the chain differ from what they should be. Pure.

use serde::Serialize;
use serde_json::Value;
use souk_client::{Contract, Contracts, PerContract, Record};

use super::{
    observe::{Observed, Seen},
    target::{Target, without_computed},
};

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The contract.
    pub contract: &'static str,
    /// What of it: `code`, `admin`, `owner`, `record`, or an entry of its configuration.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// Compares everything. Contracts that are not there count as being at `predicted`.
pub fn differences(
    target: &Target,
    seen: &Observed,
    record: Option<&Record>,
    predicted: &Contracts,
) -> Vec<Difference> {
    let at = seen.addresses(predicted);
    let mut all = Vec::new();
    for contract in Contract::ALL {
        let mut differ = |what: &str, expected: String, found: String| {
            if expected != found {
                let (contract, what) = (contract.name(), what.to_owned());
                all.push(Difference { contract, what, expected, found });
            }
        };
        let Some(is) = seen.contracts.of(contract) else {
            differ("contract", at.of(contract).clone(), "nothing there".to_owned());
            continue;
        };
        differ("code", hex::encode(target.checksums.of(contract)), hex::encode(&is.checksum));
        differ("admin", target.terms.admin.clone(), or_none(is.admin.clone()));
        match &is.ownership {
            Ok(ownership) => {
                differ("owner", target.terms.owner.clone(), or_none(ownership.owner.clone()));
                let pending = or_none(ownership.pending_owner.clone());
                differ("pending owner", or_none(None), pending);
            }
            Err(error) => differ("owner", target.terms.owner.clone(), error.clone()),
        }
        match &is.config {
            Ok(found) => {
                let expected = target.config(contract, &at);
                compare_config(&expected, &without_computed(found.clone()), &mut differ);
            }
            Err(error) => differ("config", "an answer".to_owned(), error.clone()),
        }
        if let Some(record) = record {
            compare_record(record, contract, is, &mut differ);
        }
    }
    all
}

/// Entry by entry; lists in any order, since none of them means anything by its order.
fn compare_config(expected: &Value, found: &Value, differ: &mut impl FnMut(&str, String, String)) {
    let entries = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (expected, found) = (entries(expected), entries(found));
    let more = found.keys().filter(|name| !expected.contains_key(*name));
    for name in expected.keys().chain(more) {
        differ(name, shown(expected.get(name)), shown(found.get(name)));
    }
}

fn compare_record(
    record: &Record,
    contract: Contract,
    is: &Seen,
    differ: &mut impl FnMut(&str, String, String),
) {
    let recorded = record.contracts.of(contract);
    differ("recorded address", is.address.clone(), recorded.address.clone());
    differ("recorded code id", is.code_id.to_string(), recorded.code_id.to_string());
    differ("recorded checksum", hex::encode(&is.checksum), recorded.checksum.clone());
}

fn or_none(text: Option<String>) -> String {
    text.unwrap_or_else(|| "none".to_owned())
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => {
            let mut texts: Vec<String> = list.iter().map(|one| shown(Some(one))).collect();
            texts.sort();
            format!("[{}]", texts.join(", "))
        }
        Some(other) => other.to_string(),
    }
}

/// The addresses, if all contracts are there.
pub fn addresses(seen: &Observed) -> Option<Contracts> {
    let address = |contract| seen.contracts.of(contract).as_ref().map(|seen| seen.address.clone());
    PerContract::try_make(|contract| address(contract).ok_or(())).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use souk_client::{contracts::Terms, market::Ownership, record::Deployed};

    use super::*;

    fn target() -> Target {
        Target { terms: Terms::new("usouk", "souk1me"), checksums: PerContract::make(|_| [7; 32]) }
    }

    fn at() -> Contracts {
        PerContract::make(|contract| format!("souk1{contract}"))
    }

    fn deployed() -> Observed {
        let (target, at) = (target(), at());
        let seen = |contract| Seen {
            address: at.of(contract).clone(),
            code_id: 3,
            checksum: vec![7; 32],
            creator: "souk1me".to_owned(),
            admin: Some("souk1me".to_owned()),
            ownership: Ok(Ownership { owner: Some("souk1me".to_owned()), pending_owner: None }),
            config: Ok(target.config(contract, &at)),
        };
        Observed {
            codes: PerContract::default(),
            contracts: PerContract::make(|contract| Some(seen(contract))),
        }
    }

    fn record() -> Record {
        let deployed = |contract| Deployed {
            address: at().of(contract).clone(),
            code_id: 3,
            checksum: "07".repeat(32),
        };
        Record {
            chain_id: "souk-1".to_owned(),
            market: "souk".to_owned(),
            deployer: "souk1me".to_owned(),
            contracts: PerContract::make(deployed),
        }
    }

    #[test]
    fn contracts_that_are_as_they_should_be_differ_in_nothing() {
        assert_eq!(differences(&target(), &deployed(), Some(&record()), &at()), []);
    }

    /// Each way of being wrong is found, and by the right name.
    #[test]
    fn each_kind_of_difference_is_found() {
        type Spoil = fn(&mut Seen);
        let spoils: [(&str, Spoil); 10] = [
            ("code", |seen| seen.checksum = vec![8; 32]),
            ("admin", |seen| seen.admin = None),
            ("admin", |seen| seen.admin = Some("souk1thief".to_owned())),
            ("owner", |seen| {
                seen.ownership = Ok(Ownership { owner: None, pending_owner: None });
            }),
            ("owner", |seen| seen.ownership = Err("no such query".to_owned())),
            ("pending owner", |seen| {
                seen.ownership = Ok(Ownership {
                    owner: Some("souk1me".to_owned()),
                    pending_owner: Some("souk1you".to_owned()),
                });
            }),
            ("config", |seen| seen.config = Err("no such query".to_owned())),
            ("recorded code id", |seen| seen.code_id = 4),
            ("recorded address", |seen| seen.address += "x"),
            ("paused", |seen| {
                if let Ok(config) = &mut seen.config {
                    config["paused"] = json!(true);
                }
            }),
        ];
        for (what, spoil) in spoils {
            for contract in Contract::ALL {
                let mut all = deployed();
                if let Some(seen) = all.contracts.of_mut(contract) {
                    spoil(seen);
                }
                let found = differences(&target(), &all, Some(&record()), &at());
                let found: Vec<_> =
                    found.iter().map(|one| (one.contract, one.what.as_str())).collect();
                assert!(found.contains(&(contract.name(), what)), "{contract} {what}: {found:?}");
            }
        }
    }

    #[test]
    fn every_entry_of_every_configuration_counts_but_for_computed_ones() {
        for contract in Contract::ALL {
            let config = target().config(contract, &at());
            for name in config.as_object().unwrap().keys() {
                let mut all = deployed();
                let seen = all.contracts.of_mut(contract).as_mut().unwrap();
                seen.config.as_mut().unwrap()[name] = json!("other");
                seen.config.as_mut().unwrap()["total_stake"] = json!("77");
                let found = differences(&target(), &all, None, &at());
                let found: Vec<_> = found.iter().map(|one| one.what.as_str()).collect();
                assert_eq!(found, [name.as_str()], "{contract}");
            }
        }
    }

    #[test]
    fn a_missing_contract_is_reported_with_its_address() {
        let mut seen = deployed();
        seen.contracts.escrow = None;
        let found = differences(&target(), &seen, None, &at());
        assert_eq!((found[0].contract, found[0].what.as_str()), ("escrow", "contract"));
        assert_eq!(found[0].expected, "souk1escrow");
    }

    #[test]
    fn the_order_of_a_list_does_not_count() {
        let mut target = target();
        target.terms.slashers = vec!["souk1b".to_owned(), "souk1a".to_owned()];
        let mut seen = deployed();
        let registry = seen.contracts.registry.as_mut().unwrap();
        registry.config.as_mut().unwrap()["slashers"] = json!(["souk1a", "souk1b"]);
        assert_eq!(differences(&target, &seen, None, &at()), []);
    }
}
