//! `souk admin verify`.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use souk_client::show::table;

use super::Target;
use crate::{
    admin::{compare::Difference, observe::Observed, session::Session, warnings},
    context::Context,
    exit::Exit,
};

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
    /// What is as the terms say and should not be so all the same.
    warnings: Vec<String>,
}

impl Verify {
    pub(super) async fn run(self, context: &Context) -> Result<Exit> {
        let session = self.target.session(context)?;
        let seen = session.observe_contracts().await?;
        let differences = session.differences(&seen)?;
        let warnings = warnings(&session, &seen).await;
        let verified = Verified { same: differences.is_empty(), differences, warnings };
        context.out.result(&verified, summary);
        Ok(if verified.same { Exit::Ok } else { Exit::Failure })
    }
}

async fn warnings(session: &Session, seen: &Observed) -> Vec<String> {
    let mut all = warnings::of_roles(seen);
    all.extend(warnings::of_pauses(seen));
    if let Some(slowest) = warnings::slowest_block(seen) {
        match warnings::pace(&session.client).await {
            Ok(Some(pace)) => all.extend(warnings::of_slowest_block(slowest, pace)),
            Ok(None) => {}
            Err(error) => all.push(format!("the time of blocks is not known: {error}")),
        }
    }
    all
}

fn summary(verified: &Verified) -> String {
    let mut text = if verified.same {
        "Code, admins, owners, links and configuration are as they should be.".to_owned()
    } else {
        let mut rows = table(["contract", "what", "should be", "is"]);
        for one in &verified.differences {
            rows.add_row([one.contract, &one.what, &one.expected, &one.found]);
        }
        rows.to_string()
    };
    for warning in &verified.warnings {
        text = format!("{text}\nwarning: {warning}");
    }
    text
}
