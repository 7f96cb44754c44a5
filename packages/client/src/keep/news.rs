//! What a watcher tells of a deployment, each thing once.

use std::fmt;

use serde::Serialize;
use souk_core::{Amount, CloseReason, GroupSeq, OrderId, Price};

/// Something that its tenant should know. As JSON it is what commands and webhooks get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum News {
    /// The money does not last as long as it should.
    RunwayShort {
        /// The second at which it is used up.
        depletion: u64,
    },
    /// The money is used up.
    Depleted {
        /// Since when.
        since: u64,
    },
    /// What may be spent does not suffice any more.
    LimitUsedUp {
        /// What is left of it, in base units.
        left: Amount,
        /// What would be needed.
        needed: Amount,
    },
    /// The keeper has no leave to add its tenant's coins: never given, taken back, used up or over.
    NoGrant {
        /// What would be needed, in base units.
        needed: Amount,
    },
    /// What is left of the keeper's leave does not suffice.
    GrantTooSmall {
        /// What is left of it, in base units.
        left: Amount,
        /// What would be needed.
        needed: Amount,
    },
    /// The keeper's leave ends soon.
    GrantEnds {
        /// Its last second.
        until: u64,
    },
    /// A provider was not seen for half of the limit.
    Unseen {
        /// The lease.
        order: OrderId,
        /// Who runs it.
        provider: String,
        /// Since when.
        since: u64,
        /// From when on it counts as absent.
        absent_from: u64,
    },
    /// A provider is absent.
    Absent {
        /// The lease.
        order: OrderId,
        /// Who runs it.
        provider: String,
        /// Until when it is paid at most.
        paid_until: u64,
    },
    /// A provider says that it is there, and runs nothing of a lease.
    NothingRuns {
        /// The lease.
        order: OrderId,
        /// Who does not run it.
        provider: String,
        /// When it was there, by its word.
        issued_at: u64,
    },
    /// A provider that the chain does not see says at its gateway that it is there.
    SaysItIsThere {
        /// The lease.
        order: OrderId,
        /// Who runs it.
        provider: String,
        /// When it was there, by its word.
        issued_at: u64,
    },
    /// A provider takes a lease back.
    Reclaiming {
        /// The lease.
        order: OrderId,
        /// Who runs it.
        provider: String,
        /// Why.
        reason: CloseReason,
        /// Until when it runs.
        deadline: u64,
    },
    /// A lease ended.
    LeaseEnded {
        /// The lease.
        order: OrderId,
        /// Who ran it.
        provider: String,
        /// Why.
        reason: CloseReason,
    },
    /// A group has neither lease nor order.
    Rests {
        /// The group.
        group: GroupSeq,
        /// Whether for lack of funds.
        for_lack_of_funds: bool,
    },
    /// A group that was put out again has its next provider.
    Placed {
        /// The lease.
        order: OrderId,
        /// Who runs it.
        provider: String,
        /// Base units an hour.
        price: Price,
    },
    /// A group was put out again, and its tenant has to take a bid and send the manifest, which the keeper does not have.
    NeedsManifest {
        /// The group.
        group: GroupSeq,
    },
    /// The deployment ended.
    Closed,
}

impl News {
    /// Whether it is the same news, whatever its figures are by now.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::LimitUsedUp { .. }, Self::LimitUsedUp { .. })
            | (Self::NoGrant { .. }, Self::NoGrant { .. })
            | (Self::GrantTooSmall { .. }, Self::GrantTooSmall { .. })
            | (Self::RunwayShort { .. }, Self::RunwayShort { .. }) => true,
            (
                Self::NothingRuns { order, provider, .. },
                Self::NothingRuns { order: same_order, provider: same, .. },
            )
            | (
                Self::SaysItIsThere { order, provider, .. },
                Self::SaysItIsThere { order: same_order, provider: same, .. },
            ) => order == same_order && provider == same,
            _ => self == other,
        }
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunwayShort { depletion } => {
                write!(f, "the money is used up at second {depletion}")
            }
            Self::Depleted { since } => write!(f, "the money is used up since second {since}"),
            Self::LimitUsedUp { left, needed } => {
                write!(f, "{needed} base units are needed, and {left} may still be spent")
            }
            Self::NoGrant { needed } => write!(
                f,
                "{needed} base units are needed, and there is no grant to add them by: it was never given, or is taken \
                 back, used up or over; nothing is topped up until the tenant gives one (`souk keep grant`)"
            ),
            Self::GrantTooSmall { left, needed } => write!(
                f,
                "{needed} base units are needed, and the tenant's grant has {left} left; nothing is topped up until it \
                 gives more (`souk keep grant`)"
            ),
            Self::GrantEnds { until } => write!(
                f,
                "the tenant's grant ends at second {until}; after it nothing is topped up unless it gives another"
            ),
            Self::Unseen { order, provider, since, absent_from } => write!(
                f,
                "lease {order}: {provider} was not seen since second {since}; it is absent from {absent_from} on"
            ),
            Self::Absent { order, provider, paid_until } => {
                write!(
                    f,
                    "lease {order}: {provider} is absent; it is paid until {paid_until} at most"
                )
            }
            Self::NothingRuns { order, provider, .. } => write!(
                f,
                "lease {order}: {provider} says that it is there, and nothing of the lease runs; \
                 `souk lease status {order}` shows it"
            ),
            Self::SaysItIsThere { order, provider, .. } => write!(
                f,
                "lease {order}: the chain does not see {provider}, whose gateway says that it is there; \
                 `souk lease status {order} --pass-on` tells the chain"
            ),
            Self::Reclaiming { order, provider, reason, deadline } => write!(
                f,
                "lease {order}: {provider} takes it back ({reason}); it runs until second {deadline}"
            ),
            Self::LeaseEnded { order, provider, reason } => {
                write!(f, "lease {order} of {provider} ended: {reason}")
            }
            Self::Rests { group, for_lack_of_funds: true } => {
                write!(f, "group {group} rests for lack of funds")
            }
            Self::Rests { group, .. } => write!(f, "group {group} rests"),
            Self::Placed { order, provider, price } => write!(
                f,
                "lease {order}: the bid of {provider} at {price} base units an hour is accepted, and it has the manifest"
            ),
            Self::NeedsManifest { group } => write!(
                f,
                "group {group} takes bids again, and its manifest is not here: `souk bids` and `souk accept` take the next \
                 provider, with the --home that the deployment was made with"
            ),
            Self::Closed => f.write_str("the deployment is closed"),
        }
    }
}
