//! What the contracts have stored, as files: one record a line, in the order of the keys.

use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf};

use cosmwasm_std::{HexBinary, Record as RawRecord};
use serde::{Deserialize, Serialize};

/// The version whose storage the files hold.
/// The version whose bytes are the oldest that are read.
pub const FIRST: &str = "0.1.0";
/// The version whose bytes are written today.
pub const LATEST: &str = "0.2.0";

/// A map by its namespace, or an item by its key.
pub struct Kind {
    namespace: &'static str,
    /// What its records are.
    pub name: &'static str,
    /// Whether others read it by its raw key: key and bytes are part of the interface.
    pub published: bool,
}

const fn own(namespace: &'static str, name: &'static str) -> Kind {
    Kind { namespace, name, published: false }
}

const fn published(namespace: &'static str, name: &'static str) -> Kind {
    Kind { namespace, name, published: true }
}

/// All that a contract stores.
pub type Contract = (&'static str, &'static [Kind]);

/// Everything that each contract stores.
pub const CONTRACTS: [Contract; 5] = [
    (
        "attestations",
        &[
            published("contract_info", "contract_info"),
            own("ownership", "ownership"),
            own("config", "config"),
            published("a", "attestation"),
            own("e", "evidence"),
            own("i", "auditor_by_provider"),
            own("f", "profile"),
        ],
    ),
    (
        "registry",
        &[
            published("contract_info", "contract_info"),
            own("ownership", "ownership"),
            own("config", "config"),
            published("p", "provider"),
            own("d", "details"),
        ],
    ),
    (
        "fee-distributor",
        &[
            published("contract_info", "contract_info"),
            own("ownership", "ownership"),
            own("c", "config"),
            own("t", "totals"),
            own("i", "income"),
            own("e", "ending_drip"),
            own("s", "staker"),
            own("r", "reward"),
        ],
    ),
    (
        "escrow",
        &[
            published("contract_info", "contract_info"),
            own("ownership", "ownership"),
            own("c", "config"),
            published("a", "account"),
            own("s", "stream"),
            own("d", "deposit"),
            own("t", "totals"),
        ],
    ),
    (
        "orderbook",
        &[
            published("contract_info", "contract_info"),
            own("ownership", "ownership"),
            own("c", "config"),
            own("e", "escrow_link"),
            own("m", "denom"),
            own("nd", "last_deployment"),
            own("no", "last_order"),
            own("nb", "last_bid"),
            own("d", "deployment"),
            own("w", "deployment_by_tenant"),
            own("g", "group"),
            own("s", "group_spec"),
            own("o", "order"),
            own("t", "bid"),
            own("x", "bid_by_price"),
            own("l", "lease_by_provider"),
            own("q", "nonce"),
            published("b", "provider_stats"),
        ],
    ),
];

/// What kind of record a key of the contract leads to.
pub fn kind_of((name, kinds): Contract, key: &[u8]) -> &'static Kind {
    // The keys of maps begin with the length of the namespace in two bytes.
    let namespace = match key {
        [0, length, rest @ ..] => rest.get(..usize::from(*length)).unwrap_or(key),
        item => item,
    };
    let found = kinds.iter().find(|kind| kind.namespace.as_bytes() == namespace);
    found.unwrap_or_else(|| panic!("{name} stores something of no known kind: {}", readable(key)))
}

/// A line of a file, but for its value.
#[derive(Serialize, Deserialize)]
struct Head {
    record: String,
    published: bool,
    key: HexBinary,
    key_text: String,
}

/// A contract's storage as the text of a file.
pub fn write(contract: Contract, records: &[RawRecord]) -> String {
    let lines: Vec<String> = records.iter().map(|record| line(contract, record)).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

fn line(contract: Contract, (key, value): &RawRecord) -> String {
    let kind = kind_of(contract, key);
    let head = Head {
        record: kind.name.into(),
        published: kind.published,
        key: key.as_slice().into(),
        key_text: readable(key),
    };
    let head = serde_json::to_string(&head).unwrap();
    let head = head.strip_suffix('}').unwrap();
    // As it is stored: order and form of the fields count.
    match std::str::from_utf8(value).ok().filter(|text| is_json(text)) {
        Some(json) => format!(r#"{head},"value":{json}}}"#),
        None => format!(r#"{head},"value_hex":"{}"}}"#, HexBinary::from(value.as_slice())),
    }
}

fn is_json(text: &str) -> bool {
    !text.contains('\n') && serde_json::from_str::<serde_json::Value>(text).is_ok()
}

fn read(text: &str) -> Vec<RawRecord> {
    text.lines().filter(|line| line.starts_with('{')).map(read_line).collect()
}

fn read_line(line: &str) -> RawRecord {
    let record = line.trim_end_matches(',').strip_suffix('}').unwrap();
    let (head, value) = match record.split_once(r#","value":"#) {
        Some((head, json)) => (head, json.as_bytes().to_vec()),
        None => {
            let (head, hex) = record.split_once(r#","value_hex":"#).unwrap();
            (head, serde_json::from_str::<HexBinary>(hex).unwrap().to_vec())
        }
    };
    let head: Head = serde_json::from_str(&format!("{head}}}")).unwrap();
    (head.key.to_vec(), value)
}

/// A key with its letters and digits as they are and all other bytes as `%` and two digits.
fn readable(key: &[u8]) -> String {
    let mut text = String::new();
    for byte in key {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | b'/' => {
                text.push(char::from(*byte));
            }
            other => write!(text, "%{other:02x}").unwrap(),
        }
    }
    text
}

/// Which records differ, each with both values.
pub fn differences(contract: Contract, before: &[RawRecord], now: &[RawRecord]) -> String {
    let by_key = |records: &[RawRecord]| records.iter().cloned().collect::<BTreeMap<_, _>>();
    let (before, now) = (by_key(before), by_key(now));
    let shown = |value: Option<&Vec<u8>>| match value {
        Some(value) => String::from_utf8_lossy(value).into_owned(),
        None => "nothing".into(),
    };
    let mut text = String::new();
    for key in before.keys().chain(now.keys().filter(|key| !before.contains_key(*key))) {
        let (was, is) = (before.get(key), now.get(key));
        if was != is {
            let (name, kind) = (contract.0, kind_of(contract, key).name);
            let (key, was, is) = (readable(key), shown(was), shown(is));
            writeln!(text, "{name}, {kind} {key}:\n  fixture {was}\n  now     {is}").unwrap();
        }
    }
    text
}

/// The chain around the contracts: the time, and what everyone holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    pub height: u64,
    /// Block time in nanoseconds.
    pub time: String,
    pub holdings: Vec<Holding>,
}

/// What somebody, or a contract, holds of a denom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    pub holder: String,
    /// The bank's denom, or `cw20` for the one token.
    pub denom: String,
    pub units: String,
}

impl Surroundings {
    /// As the text of a file, a holding a line.
    pub fn write(&self) -> String {
        let Self { height, time, holdings } = self;
        let line = |holding: &Holding| serde_json::to_string(holding).unwrap();
        let lines = holdings.iter().map(line).collect::<Vec<_>>().join(",\n");
        format!("{{\"height\":{height},\"time\":\"{time}\",\"holdings\":[\n{lines}\n]}}\n")
    }
}

/// The committed storage of a contract of a version.
pub fn stored(version: &str, contract: Contract) -> Vec<RawRecord> {
    read(&load(version, contract.0))
}

/// The committed surroundings of a version.
pub fn surroundings(version: &str) -> Surroundings {
    serde_json::from_str(&load(version, "chain")).unwrap()
}

fn load(version: &str, name: &str) -> String {
    let path = path(version, name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Writes the latest version's files, in place of those that are there.
pub fn bless(name: &str, text: &str) {
    let path = path(LATEST, name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn path(version: &str, name: &str) -> PathBuf {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "fixtures", version].iter().collect();
    folder.join(format!("{name}.json"))
}
