//! `souk list`: a tenant's deployments.

use anyhow::Result;
use clap::Args;
use souk_client::show::table;

use crate::{context::Context, exit::Exit};

/// List your deployments.
#[derive(Debug, Args)]
pub struct List {
    /// The tenant; the account of --key if not given.
    #[arg(long, value_name = "ADDRESS|KEY")]
    tenant: Option<String>,
}

impl List {
    /// Lists them.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let tenant = match &self.tenant {
            Some(tenant) => context.address(tenant)?,
            None => context.key()?.address(&market.network.prefix)?,
        };
        let deployments = market.orderbook.deployments(&tenant).await?;
        context.out.result(&deployments, |deployments| {
            if deployments.is_empty() {
                return "No deployments yet; `souk deploy FILE` makes one.".to_owned();
            }
            let mut rows = table(["deployment", "state", "groups", "orders", "auction"]);
            for deployment in deployments {
                let orders: Vec<String> = deployment
                    .groups
                    .iter()
                    .map(|group| format!("{} {}", group.order, group.order_state))
                    .collect();
                rows.add_row([
                    deployment.id.to_string(),
                    deployment.state.to_string(),
                    deployment.groups.len().to_string(),
                    orders.join(", "),
                    deployment.auction.to_string(),
                ]);
            }
            rows.to_string()
        });
        Ok(Exit::Ok)
    }
}
