//! Tries HTTP through the ingress class, from where this program runs to a pod behind a policy as
//! tenants have it.

use std::{net::SocketAddr, time::Duration};

use reqwest::Client;
use tokio::time::{Instant, sleep};

use super::{objects::Probe, place::Place};
use crate::{config::Config, runtime::check::Report};

const WHAT: &str = "HTTP through the ingress";
/// For the controller to take up the host.
const TIME: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_secs(1);
const REQUEST: Duration = Duration::from_secs(5);

/// Asks for a host that leads to the server.
pub(super) async fn check(
    config: &Config,
    probe: &Probe<'_>,
    place: &Place,
    report: &mut Report,
) -> Result<(), String> {
    let Some(host) = probe.host() else { return Ok(()) };
    place.apply(&probe.service()).await?;
    place.apply(&probe.ingress(&host)).await?;
    let until = Instant::now() + TIME;
    let way = match config.check.ingress() {
        Some((address, port)) => format!("{address}:{port}"),
        None => format!("{host}:80"),
    };
    loop {
        let answer = match ask(config, &host).await {
            Ok(body) if body.trim() == probe.token => {
                report.ok(WHAT, format!("a pod answers at {way} for host {host}"));
                return Ok(());
            }
            Ok(_) => "another page answers".to_owned(),
            Err(error) => error,
        };
        if Instant::now() > until {
            let found = format!("a pod does not answer at {way} for host {host}: {answer}");
            report.fail(WHAT, found, advice(config, &answer));
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}

fn advice(config: &Config, answer: &str) -> &'static str {
    if answer.contains("HTTP 5") {
        "the controller does not reach the pod: see the line `ingress controller`, and whether its namespace \
         is let in"
    } else if answer.contains("HTTP 404") || answer.contains("another page") {
        "the controller does not serve the class: see cluster.ingress_class and the controller's log"
    } else if config.check.ingress_address.is_none() {
        "see whether the names of cluster.domain lead to the ingress (a wildcard record), or set \
         check.ingress_address"
    } else {
        "see check.ingress_address, and whether it is reached from here"
    }
}

async fn ask(config: &Config, host: &str) -> Result<String, String> {
    let mut builder =
        Client::builder().no_proxy().timeout(REQUEST).redirect(reqwest::redirect::Policy::none());
    let mut port = 80;
    if let Some((address, at)) = config.check.ingress() {
        port = at;
        let found = tokio::net::lookup_host((address.as_str(), port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|error| format!("{address}: {error}"))?.collect();
        builder = builder.resolve_to_addrs(host, &found);
    }
    let client = builder.build().map_err(|error| error.to_string())?;
    let answer = client.get(format!("http://{host}:{port}/")).send().await;
    let answer = answer.map_err(|error| chain(&error))?;
    let status = answer.status();
    match status.is_success() {
        true => answer.text().await.map_err(|error| chain(&error)),
        false => Err(format!("HTTP {}", status.as_u16())),
    }
}

/// An error with what is below it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(below) = cause {
        text.push_str(&format!(": {below}"));
        cause = below.source();
    }
    text
}
