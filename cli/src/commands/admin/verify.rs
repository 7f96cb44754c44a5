//! `souk admin verify`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_client::show::table;

use super::Target;
use crate::{admin::compare::Difference, context::Context, exit::Exit};

/// Compare.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    target: Target,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Verified {
    same: bool,
    differences: Vec<Difference>,
}

impl Verify {
    pub(super) async fn run(self, context: &Context) -> Result<Exit> {
        let session = self.target.session(context)?;
        let seen = session.observe_contracts().await?;
        let differences = session.differences(&seen)?;
        let verified = Verified { same: differences.is_empty(), differences };
        context.out.result(&verified, summary);
        Ok(if verified.same { Exit::Ok } else { Exit::Failure })
    }
}

fn summary(verified: &Verified) -> String {
    if verified.same {
        return "Code, admins, owners, links and configuration are as they should be.".to_owned();
    }
    let mut rows = table(["contract", "what", "should be", "is"]);
    for one in &verified.differences {
        rows.add_row([one.contract, &one.what, &one.expected, &one.found]);
    }
    rows.to_string()
}
