//! The file's sections.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{
    profile::Profiles,
    scalar::{Duration, Number, Text, Version},
    service::Service,
};

/// A deployment: what runs (`services`), what it needs and where (`profiles`), how often
/// (`deployment`).
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
pub struct Sdl {
    /// The rules that the file follows: "2.0" or "2.1".
    version: Version,
    /// Part of SDL, without effect.
    include: Option<Vec<Text>>,
    /// What runs, by name.
    services: BTreeMap<String, Option<Service>>,
    /// What services need, and where they may run at what price.
    profiles: Profiles,
    /// Service, placement, and how many replicas of which compute profile.
    deployment: BTreeMap<String, Option<BTreeMap<String, Replicas>>>,
    /// Leased IP addresses, by name.
    endpoints: Option<BTreeMap<String, Endpoint>>,
    /// The notice that a provider must give before it takes its machines back.
    reclamation: Option<Reclamation>,
    /// Souk's own keys; a file without them is plain SDL.
    souk: Option<Souk>,
}

/// Replicas of a service in one placement.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Replicas {
    /// The compute profile.
    profile: Text,
    /// The number of replicas.
    count: Number,
}

/// A leased address.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Endpoint {
    /// The kind of endpoint: an IP address.
    kind: EndpointKind,
}

/// Kinds of endpoint.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code)]
enum EndpointKind {
    Ip,
}

/// Notice before a provider takes its machines back.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Reclamation {
    /// The shortest notice, such as `24h` or `1h30m`.
    min_window: Duration,
}

/// Souk's own keys.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Souk {
    /// How the winner of each order is found.
    auction: Option<Auction>,
    /// What an amount in `pricing` pays for.
    price: Option<Price>,
    /// Short names for denoms: `usdc: ibc/...`; `pricing` may then say `denom: usdc`.
    denoms: Option<BTreeMap<String, String>>,
    /// What holds when a provider is not seen any more.
    absence: Option<Absence>,
    /// Reserved.
    sla: Option<BTreeMap<String, serde_json::Value>>,
}

/// An auction.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Auction {
    /// `tenant_choice`: you accept any bid at any time. `lowest_price`: the lowest bid at the
    /// close wins, which binds both sides.
    policy: Option<Policy>,
    /// Until a `lowest_price` auction closes, such as `10m`.
    duration: Option<Duration>,
}

/// Auction policies.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code)]
enum Policy {
    TenantChoice,
    LowestPrice,
}

/// Absence of a provider.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Absence {
    /// After how long without a sign of its provider a lease can be closed as absent: `6h` to `720h`, `24h` if
    /// it says nothing.
    limit: Option<Duration>,
    /// Who may close it then: `tenant` (and its delegate; anyone after twice the limit), or `anyone`.
    closes: Option<Closes>,
    /// What the group does then: `rest` until you start it, or `reopen` for other providers' bids.
    then: Option<Then>,
}

/// Who may close a lease as absent.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code)]
enum Closes {
    Tenant,
    Anyone,
}

/// What a group does after an absence.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code)]
enum Then {
    Rest,
    Reopen,
}

/// A price's unit.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Price {
    /// A block of six seconds (as in plain SDL), an hour, or a month of thirty days.
    per: Option<Per>,
}

/// Units of time for a price.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code)]
enum Per {
    Block,
    Hour,
    Month,
}
