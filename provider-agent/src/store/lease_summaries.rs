//! What of each lease decides what there is to do for it in the cluster: no text of a manifest.

use rusqlite::{Connection, OptionalExtension, Row};
use souk_api::orderbook::LeaseState;
use souk_core::OrderId;

use super::{StoreError, kept_volumes, sql};
use crate::model::{
    names::digest,
    reconcile::{Funds, version},
};

/// What of a lease decides what there is to do for it in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseSummary {
    /// The lease.
    pub order: OrderId,
    /// Its state on the chain.
    pub state: LeaseState,
    /// Until when it is paid.
    pub funds: Funds,
    /// Identifies the accepted manifest, if there is one.
    pub manifest: Option<u64>,
    /// Identifies the reservation, if there is one.
    pub reservation: Option<u64>,
    /// The name of its group in the manifest, once its order's details are known.
    pub group: Option<Box<str>>,
    /// Its host names.
    pub hosts: Box<[Box<str>]>,
    /// Whether its volumes are kept after an end.
    pub keeps_volumes: KeepsVolumes,
}

/// Whether the volumes of a lease are kept after an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepsVolumes {
    /// There is nothing of the kind.
    #[default]
    No,
    /// Their deletion was ordered before its end was confirmed.
    Ordered,
    /// They are kept, or going, after an end that was confirmed.
    Confirmed,
}

impl LeaseSummary {
    /// Whether the store has something of it that ends with its objects.
    pub fn holds_something(&self) -> bool {
        self.manifest.is_some()
            || self.reservation.is_some()
            || !self.hosts.is_empty()
            || self.keeps_volumes != KeepsVolumes::No
    }

    /// Identifies what is to run of it, with how objects are made (`recipe`); none without a manifest or
    /// while its group is not known.
    pub fn version(&self, recipe: u64) -> Option<u64> {
        self.group.as_ref()?;
        Some(version(recipe, self.manifest?, self.reservation))
    }

    /// Whether it is active.
    pub fn is_active(&self) -> bool {
        self.state == LeaseState::Active
    }
}

const SELECT: &str = "SELECT l.order_id, l.state, a.id IS NOT NULL AS known, a.depletion, a.dry,
        m.commitment, r.placements, json_extract(o.detail, '$.spec.name') AS name,
        (SELECT group_concat(host, ' ') FROM hostnames h WHERE h.order_id = l.order_id) AS hosts,
        k.since
     FROM leases l
        LEFT JOIN accounts a ON a.id = l.account
        LEFT JOIN manifests m ON m.order_id = l.order_id
        LEFT JOIN reservations r ON r.order_id = l.order_id
        LEFT JOIN orders o ON o.id = l.order_id
        LEFT JOIN kept_volumes k ON k.order_id = l.order_id";

fn read(row: &Row<'_>) -> rusqlite::Result<LeaseSummary> {
    let funds = match row.get("known")? {
        false => Funds::Unknown,
        true if row.get("dry")? => Funds::Depleted,
        true => sql::opt_uint(row, "depletion")?.map_or(Funds::Unlimited, Funds::Until),
    };
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let hosts = text("hosts")?.unwrap_or_default();
    Ok(LeaseSummary {
        order: OrderId(sql::uint(row, "order_id")?),
        state: sql::text(row, "state")?,
        funds,
        manifest: text("commitment")?.map(|commitment| digest(&[&commitment])),
        reservation: text("placements")?.map(|placements| digest(&[&placements])),
        group: text("name")?.map(String::into_boxed_str),
        hosts: hosts.split_whitespace().map(Box::from).collect(),
        keeps_volumes: match sql::opt_uint(row, "since")? {
            None => KeepsVolumes::No,
            Some(kept_volumes::UNCONFIRMED) => KeepsVolumes::Ordered,
            Some(_) => KeepsVolumes::Confirmed,
        },
    })
}

/// One lease, also an ended one until it is deleted.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<LeaseSummary>, StoreError> {
    let mut statement = sql.prepare_cached(&format!("{SELECT} WHERE l.order_id = ?1"))?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// All leases, also ended ones until they are deleted.
///
/// # Errors
///
/// If the store fails.
pub fn all(sql: &Connection) -> Result<Vec<LeaseSummary>, StoreError> {
    let mut statement = sql.prepare_cached(SELECT)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
