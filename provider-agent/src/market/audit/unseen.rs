//! What no difference of leases shows: orders and new versions whose events an endpoint left out.

use std::collections::BTreeMap;

use souk_core::{DeploymentId, OrderId};

use super::Auditor;
use crate::{
    market::{ChainError, Market, rebuild},
    model::Cursor,
    store::{Pending, Tx, cursor, deployments, orders, pending},
};

/// Up to which order each endpoint's list was compared.
#[derive(Debug, Default)]
pub(super) struct Compared(BTreeMap<usize, OrderId>);

impl Auditor {
    /// Compares a page of the orders that one endpoint lists. Each endpoint's list is compared once,
    /// from the oldest order that was open at the start.
    pub(super) async fn compare_orders(
        &self,
        compared: &mut Compared,
        turn: usize,
    ) -> Result<(), ChainError> {
        let each = self.market.each();
        let number = turn % each.len().max(1);
        let Some(one) = each.get(number) else { return Ok(()) };
        let Some(Cursor { height, .. }) = self.store.read(cursor::get).await? else {
            return Ok(());
        };
        let after = match compared.0.get(&number) {
            Some(after) => Some(*after),
            None => self.store.read(orders::before_open).await?,
        };
        let listed = one.at(height).orderbook.orders_after(after).await?;
        let Some(last) = listed.last().map(|order| order.id) else { return Ok(()) };
        let rows: Vec<_> = listed
            .iter()
            .map(|order| rebuild::order_row(order, Cursor { height, time: 0 }))
            .filter(|row| row.open)
            .collect();
        let add = move |tx: &Tx<'_>| {
            let mut added = Vec::new();
            for row in rows {
                if orders::get(tx, row.id)?.is_none() {
                    let deployment = row.group.deployment;
                    if deployments::get(tx, deployment)?.is_none() {
                        pending::add(tx, Pending::Deployment, deployment.0, height)?;
                    }
                    orders::put(tx, &row)?;
                    added.push(row.id);
                }
            }
            Ok::<_, crate::store::StoreError>(added)
        };
        for order in self.store.write(add).await? {
            self.findings.differs(format!("order {order} was left out, taken up from the chain"));
        }
        compared.0.insert(number, last);
        Ok(())
    }

    /// Compares what a deployment's manifest must hash to.
    pub(super) async fn compare_commitment(
        &self,
        one: &Market,
        height: u64,
        deployment: DeploymentId,
    ) -> Result<(), ChainError> {
        let read = move |sql: &rusqlite::Connection| deployments::get(sql, deployment);
        let Some(known) = self.store.read(read).await? else { return Ok(()) };
        if known.height > height {
            return Ok(());
        }
        let found = one.orderbook.deployment(deployment).await?;
        if found.commitment == known.commitment {
            return Ok(());
        }
        self.findings.differs(format!(
            "deployment {deployment} has another version by {}; asking again",
            one.endpoints()
        ));
        let add = move |tx: &Tx<'_>| pending::add(tx, Pending::Deployment, deployment.0, height);
        Ok(self.store.write(add).await?)
    }
}
