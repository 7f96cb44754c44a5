//! News for a web server, beside the watch and without holding it up.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use souk_gateway::pin::tls_config;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// How long one attempt may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is tried.
const ATTEMPTS: u32 = 3;
/// Before the second attempt; before the third it is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// What may wait to be posted.
const WAITING: usize = 100;
/// How long is waited at the end for what is not posted yet.
const AT_THE_END: Duration = Duration::from_secs(60);

/// Posts news, one after the other, from a task of its own.
pub struct Webhook {
    news: mpsc::Sender<String>,
    task: JoinHandle<()>,
}

/// Reads `http://...` or `https://...`.
pub fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("`{other}` is neither http nor https")),
    }
}

impl Webhook {
    /// Starts it. `failed` is called with why it failed: once, until one goes well again.
    ///
    /// # Errors
    /// If there can be no HTTP client.
    pub fn start(url: Url, failed: impl Fn(String) + Send + 'static) -> Result<Self> {
        let tls = tls_config(&[]).context("TLS cannot be set up")?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .build()
            .context("there can be no HTTP client")?;
        let (news, mut waiting) = mpsc::channel::<String>(WAITING);
        let task = tokio::spawn(async move {
            let mut fails = false;
            while let Some(news) = waiting.recv().await {
                let attempts = if fails { 1 } else { ATTEMPTS };
                match post(&client, &url, &news, attempts).await {
                    Ok(()) => fails = false,
                    Err(why) if !fails => {
                        fails = true;
                        failed(why);
                    }
                    Err(_) => {}
                }
            }
        });
        Ok(Self { news, task })
    }

    /// Posts news when its turn comes. While a hundred wait it is left out.
    pub fn post(&self, news: String) {
        let _ = self.news.try_send(news);
    }

    /// Waits for what is not posted yet, a minute at most.
    pub async fn finish(self) {
        drop(self.news);
        let _ = timeout(AT_THE_END, self.task).await;
    }
}

async fn post(client: &Client, url: &Url, news: &str, attempts: u32) -> Result<(), String> {
    let mut why = String::new();
    for attempt in 0..attempts {
        sleep(PAUSE * attempt).await;
        let request = client.post(url.clone()).header(CONTENT_TYPE, "application/json");
        why = match request.body(news.to_owned()).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => format!("it answers with {}", answer.status()),
            // Its path is often the secret that lets one post.
            Err(error) => innermost(&error.without_url()),
        };
    }
    Err(why)
}

/// What went wrong is the innermost source.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_on_the_web() {
        assert!(url("https://hooks.example/T0/secret").is_ok());
        assert!(url("http://127.0.0.1:9/").is_ok());
        for wrong in ["ftp://hooks.example/", "file:///etc/passwd", "hooks.example", ""] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }
}
