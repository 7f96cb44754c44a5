//! The health of the running agent, asked where `metrics.listen` says.

use std::{net::SocketAddr, time::Duration};

use serde::Serialize;

use crate::{config::Config, runtime::metrics::Health};

/// How long the agent has to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What is known of the health of the running agent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// It answered.
    Answered(Health),
    /// It did not, or nobody knows where to ask.
    Unknown(String),
}

impl Known {
    /// Asks the agent of a configuration.
    pub async fn of(config: &Config) -> Self {
        let Some(address) = config.metrics.listen else {
            return Self::Unknown("set metrics.listen to see it".to_owned());
        };
        match ask(&url(address)).await {
            Ok(health) => Self::Answered(health),
            Err(why) => Self::Unknown(why),
        }
    }

    /// In lines of text.
    pub fn text(&self) -> String {
        match self {
            Self::Unknown(why) => format!("health: not known: {why}"),
            Self::Answered(health) => {
                let head = if health.healthy { "health: fine" } else { "health: NOT WELL" };
                let lines = health.errors.iter().map(|one| ("error", one));
                let lines = lines.chain(health.warnings.iter().map(|one| ("warning", one)));
                let lines = lines
                    .map(|(level, one)| format!("\n  {level}  {}: {}", one.component, one.message));
                format!("{head}{}", lines.collect::<String>())
            }
        }
    }
}

fn url(address: SocketAddr) -> String {
    let port = address.port();
    match address.ip() {
        ip if !ip.is_unspecified() => format!("http://{address}/healthz"),
        ip if ip.is_ipv4() => format!("http://127.0.0.1:{port}/healthz"),
        _ => format!("http://[::1]:{port}/healthz"),
    }
}

async fn ask(url: &str) -> Result<Health, String> {
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build();
    let client = client.map_err(|error| error.to_string())?;
    let answer = client.get(url).send().await;
    let answer = answer.map_err(|_| format!("{url} does not answer; is the agent running?"))?;
    answer.json().await.map_err(|error| format!("{url} answers something else: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_that_listens_everywhere_is_asked_on_this_machine() {
        for (listen, expected) in [
            ("0.0.0.0:9100", "http://127.0.0.1:9100/healthz"),
            ("[::]:9100", "http://[::1]:9100/healthz"),
            ("10.0.0.7:9100", "http://10.0.0.7:9100/healthz"),
        ] {
            assert_eq!(url(listen.parse().unwrap()), expected);
        }
    }
}
