//! `souk audit`: attest what providers claim.

use anyhow::Result;
use clap::Subcommand;
use cosmwasm_std::HexBinary;
use souk_api::attestations::{AttestationResponse, Evidence, ExecuteMsg, Profile};
use souk_client::{
    Error,
    show::{duration, table},
};

use crate::{context::Context, exit::Exit, units};

/// Attest attributes of providers, as an auditor.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Attest attributes of a provider.
    Attest {
        /// The provider's address or key.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
        /// The attributes to attest, as KEY=VALUE; all that the provider claims if none is given.
        #[arg(value_name = "KEY=VALUE")]
        attributes: Vec<String>,
        /// For how many days the attestation counts.
        #[arg(long, default_value_t = 90)]
        days: u64,
        /// SHA-256 of the audit's report, in hexadecimal digits.
        #[arg(long, value_name = "HEX", requires = "evidence_uri")]
        evidence_hash: Option<String>,
        /// The URL of the report.
        #[arg(long, value_name = "URL", requires = "evidence_hash")]
        evidence_uri: Option<String>,
    },
    /// Revoke your attestations of a provider.
    Revoke {
        /// The provider's address or key.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
        /// The attributes to revoke; all if none is given.
        #[arg(value_name = "ATTRIBUTE")]
        keys: Vec<String>,
    },
    /// Say who you are, for whoever looks you up as an auditor. Replaces what was said before.
    Profile {
        /// Your name.
        name: String,
        /// Your web page.
        #[arg(long, value_name = "URL", default_value = "")]
        website: String,
        /// How you audit.
        #[arg(long, value_name = "TEXT", default_value = "")]
        policy: String,
    },
    /// Show the attributes of a provider that auditors attest.
    Show {
        /// The provider's address or key.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
    },
}

impl Audit {
    /// Does it.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let provider = match self {
            Self::Attest { provider, attributes, days, evidence_hash, evidence_uri } => {
                let provider = context.address(&provider)?;
                let attributes = if attributes.is_empty() {
                    market.registry.provider(&provider).await?.attributes
                } else {
                    units::attributes(&attributes)?
                };
                let evidence = match (evidence_hash, evidence_uri) {
                    (Some(hash), Some(uri)) => {
                        let hash = HexBinary::from_hex(&hash)
                            .map_err(|error| Error::input("--evidence-hash", error))?;
                        Some(Evidence { hash, uri })
                    }
                    _ => None,
                };
                let (_, now) = market.now().await?;
                let expires_at = now.saturating_add(days.saturating_mul(86_400));
                let message = ExecuteMsg::Attest {
                    provider: provider.clone(),
                    attributes,
                    expires_at,
                    evidence,
                };
                execute(context, "attesting", &message).await?;
                provider
            }
            Self::Revoke { provider, keys } => {
                let provider = context.address(&provider)?;
                let keys = (!keys.is_empty()).then_some(keys);
                let message = ExecuteMsg::Revoke { provider: provider.clone(), keys };
                execute(context, "revoking", &message).await?;
                provider
            }
            Self::Profile { name, website, policy } => {
                let profile = Profile { name, website, policy };
                let message = ExecuteMsg::SetProfile { profile: profile.clone() };
                execute(context, "setting the profile", &message).await?;
                context.out.result(&profile, |profile| format!("You are {}", profile.name));
                return Ok(Exit::Ok);
            }
            Self::Show { provider } => context.address(&provider)?,
        };
        let attestations = market.attestations.of_provider(&provider).await?;
        let (_, now) = market.now().await?;
        context.out.result(&attestations, |attestations| show(attestations, now));
        Ok(Exit::Ok)
    }
}

async fn execute(context: &Context, action: &str, message: &ExecuteMsg) -> Result<()> {
    let wallet = context.wallet()?;
    let contract = context.market()?.contracts.attestations;
    let message = wallet.execute(&contract, message, &[])?;
    wallet.send(action, vec![message]).await?;
    Ok(())
}

fn show(attestations: &[AttestationResponse], now: u64) -> String {
    let mut rows = table(["auditor", "attribute", "value", "counts for"]);
    for attestation in attestations {
        for value in &attestation.values {
            let left = value.expires_at.saturating_sub(now);
            rows.add_row([
                attestation.auditor.clone(),
                value.key.clone(),
                value.value.clone(),
                if left == 0 { "expired".to_owned() } else { duration(left) },
            ]);
        }
    }
    rows.to_string()
}
