//! `souk`: what Souk adds to SDL. A file without it is plain SDL, and a file hashes as it does
//! without it.
//!
//! ```yaml
//! souk:
//!   auction:
//!     policy: lowest_price     # or tenant_choice, the default
//!     duration: 10m            # until a lowest_price auction closes
//!   price:
//!     per: hour                # block (of 6 s, the default), hour, month (of 30 days)
//!   denoms:
//!     usdc: ibc/4E3D...        # `denom: usdc` then means this one on the chain
//!   absence:
//!     limit: 12h               # how long a provider may not be seen
//!   sla: {}                    # reserved
//! ```

mod absence;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use souk_core::{AuctionPolicy, time::SDL_BLOCKS_PER_HOUR};

use crate::{
    duration,
    reader::{Read, Reader},
    yaml::{Kind, NodeId},
};

pub use absence::Absence;

/// Souk's own keys, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoukOptions {
    /// How the winner of each order is found.
    pub auction: AuctionPolicy,
    /// What an amount in `pricing` is paid for.
    pub price_per: PriceUnit,
    /// Denoms by the short names that the file uses in `pricing`.
    pub denoms: BTreeMap<String, String>,
    /// What holds when a provider is not seen any more; none if the file says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence: Option<Absence>,
}

impl Default for SoukOptions {
    fn default() -> Self {
        Self {
            auction: AuctionPolicy::TenantChoice {},
            price_per: PriceUnit::Block,
            denoms: BTreeMap::new(),
            absence: None,
        }
    }
}

/// The time that an amount in `pricing` pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriceUnit {
    /// A block of six seconds, as in plain SDL.
    #[default]
    Block,
    /// An hour.
    Hour,
    /// Thirty days.
    Month,
}

impl std::fmt::Display for PriceUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Block => "block",
            Self::Hour => "hour",
            Self::Month => "month",
        })
    }
}

impl PriceUnit {
    /// Numerator and denominator of an amount's price an hour.
    pub const fn per_hour(self) -> (u128, u128) {
        match self {
            Self::Block => (SDL_BLOCKS_PER_HOUR, 1),
            Self::Hour => (1, 1),
            Self::Month => (1, 720),
        }
    }
}

/// Until a `lowest_price` auction closes if the file does not say: ten minutes.
const CLOSES_AFTER: u64 = 600;
const SECOND: i64 = 1_000_000_000;

/// The section as the file gives it.
pub(crate) type SoukSection = SoukOptions;

/// What the section may hold.
pub(crate) const KEYS: &[&str] = &["auction", "price", "denoms", "absence", "sla"];

pub(crate) fn read(reader: &mut Reader<'_>, at: NodeId) -> SoukSection {
    let mut section = SoukOptions::default();
    strict_fields(reader, at, "`souk`", KEYS, &mut |reader, field, at| match field {
        "auction" => section.auction = auction(reader, at),
        "price" => section.price_per = price(reader, at),
        "denoms" => section.denoms = denoms(reader, at),
        "absence" => section.absence = absence::read(reader, at),
        _ => {
            reader
                .warn(at, "no-effect", "`souk.sla` is reserved and has no effect yet")
                .maybe(None);
        }
    });
    section
}

fn auction(reader: &mut Reader<'_>, at: NodeId) -> AuctionPolicy {
    let mut policy = None;
    let mut closes_after = None;
    let keys = &["policy", "duration"];
    strict_fields(reader, at, "`souk.auction`", keys, &mut |reader, field, at| match field {
        "policy" => policy = word(reader, at, &["tenant_choice", "lowest_price"]),
        _ => closes_after = seconds(reader, at).map(|seconds| (seconds, at)),
    });
    match (policy, closes_after) {
        (Some("lowest_price"), given) => AuctionPolicy::LowestPrice {
            closes_after: given.map_or(CLOSES_AFTER, |(seconds, _)| seconds),
        },
        (_, given) => {
            if let Some((_, at)) = given {
                reader
                    .error(at, "souk", "a `tenant_choice` auction has no duration")
                    .help("write `policy: lowest_price`, or leave the duration out");
            }
            AuctionPolicy::TenantChoice {}
        }
    }
}

fn seconds(reader: &mut Reader<'_>, at: NodeId) -> Option<u64> {
    let text = reader.text(at).value()?;
    let whole = duration::parse(&text).filter(|nanos| *nanos >= SECOND && nanos % SECOND == 0);
    let seconds = whole.and_then(|nanos| u64::try_from(nanos / SECOND).ok());
    if seconds.is_none() {
        let message = format!("`{text}` is not a duration of whole seconds");
        reader.error(at, "invalid-duration", message).help("write `10m`, `90s` or `1h`");
    }
    seconds
}

fn price(reader: &mut Reader<'_>, at: NodeId) -> PriceUnit {
    let mut unit = PriceUnit::Block;
    strict_fields(reader, at, "`souk.price`", &["per"], &mut |reader, _, at| {
        unit = match word(reader, at, &["block", "hour", "month"]) {
            Some("hour") => PriceUnit::Hour,
            Some("month") => PriceUnit::Month,
            _ => PriceUnit::Block,
        };
    });
    unit
}

fn denoms(reader: &mut Reader<'_>, at: NodeId) -> BTreeMap<String, String> {
    let mut denoms = BTreeMap::new();
    reader.entries(
        at,
        "`souk.denoms`",
        &mut |reader, alias, key, value| match reader.text(value) {
            Read::Is(denom) if denom.parse::<souk_core::Denom>().is_ok() => {
                denoms.insert(alias, denom);
            }
            Read::Is(denom) => {
                let message = format!("`{denom}` is not a denom");
                reader
                    .error(value, "souk", message)
                    .help("write a bank denom, an IBC denom, or `cw20:` and a contract's address");
            }
            Read::Null => {
                reader.error(key, "souk", format!("the alias `{alias}` has no denom")).maybe(None);
            }
            Read::Bad => {}
        },
    );
    denoms
}

/// One of a few words.
fn word(reader: &mut Reader<'_>, at: NodeId, words: &[&'static str]) -> Option<&'static str> {
    let text = reader.text(at).value()?;
    let found = words.iter().find(|word| **word == text).copied();
    if found.is_none() {
        let help = reader
            .suggest(&text, words.iter().copied())
            .unwrap_or_else(|| format!("write one of {}", words.join(", ")));
        reader.error(at, "souk", format!("`{text}` is unknown here")).help(help);
    }
    found
}

/// Souk's own keys have no habits to keep: an unknown one is an error.
fn strict_fields(
    reader: &mut Reader<'_>,
    at: NodeId,
    what: &str,
    known: &'static [&'static str],
    set: &mut dyn FnMut(&mut Reader<'_>, &'static str, NodeId),
) {
    let target = reader.target(at);
    if matches!(reader.tree().node(target).kind, Kind::Sequence(_)) {
        reader.error(at, "wrong-type", format!("{what} must be a mapping")).maybe(None);
        return;
    }
    let mut unknown = Vec::new();
    reader.entries(at, what, &mut |reader, name, key, value| match known
        .iter()
        .find(|field| **field == name)
    {
        Some(field) => set(reader, field, value),
        None => unknown.push((name, key)),
    });
    for (name, key) in unknown {
        let help = reader
            .suggest(&name, known.iter().copied())
            .unwrap_or_else(|| format!("known are {}", known.join(", ")));
        reader.error(key, "unknown-key", format!("`{name}` is not a key of {what}")).help(help);
    }
}
