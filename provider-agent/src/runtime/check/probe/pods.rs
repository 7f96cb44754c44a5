//! Waiting for the probes' pods and what they write.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::{
    ResourceExt,
    api::{ListParams, LogParams},
};
use tokio::time::{Instant, sleep};

use super::{objects::CLIENT, place::Place};
use crate::{
    cluster::kube::message::message,
    model::pods::{failure, one_line},
};

const PAUSE: Duration = Duration::from_millis(500);
/// The most lines of a log that are read.
const LINES: i64 = 1_000;

/// A pod that is waited for.
pub(super) struct Wait<'a> {
    pub place: &'a Place,
    /// Which probe's.
    pub pod: &'a str,
}

/// A pod that runs.
pub(super) struct Running(Pod);

impl Running {
    /// Its address.
    pub fn address(&self) -> Result<String, String> {
        let address = self.0.status.as_ref().and_then(|status| status.pod_ip.clone());
        address.ok_or_else(|| format!("pod {} has no address", self.0.name_any()))
    }
}

impl Wait<'_> {
    /// Waits until it is ready; the error says what keeps it.
    pub async fn ready(&self, time: Duration) -> Result<Running, String> {
        let until = Instant::now() + time;
        loop {
            let pod = self.get().await?;
            if let Some(pod) = pod.as_ref().filter(|pod| is_ready(pod)) {
                return Ok(Running(pod.clone()));
            }
            if Instant::now() > until {
                let why = pod.as_ref().and_then(failure).map(|failure| one_line(&failure, 0));
                let why = why.unwrap_or_else(|| match pod {
                    Some(_) => "it is still being started".to_owned(),
                    None => {
                        "no pod was made for it; look at the events of its namespace".to_owned()
                    }
                });
                let seconds = time.as_secs();
                return Err(format!(
                    "pod `{}` does not run within {seconds} seconds: {why}",
                    self.pod
                ));
            }
            sleep(PAUSE).await;
        }
    }

    async fn get(&self) -> Result<Option<Pod>, String> {
        let of = ListParams::default().labels(&format!("app={}", self.pod));
        let listed = self.place.pods(self.pod == CLIENT).list(&of).await;
        Ok(listed.map_err(|error| message(&error))?.items.into_iter().next())
    }

    /// What it wrote; nothing if it did not start yet.
    pub async fn log(&self) -> Result<String, String> {
        let Some(pod) = self.get().await? else { return Ok(String::new()) };
        let params = LogParams { tail_lines: Some(LINES), ..LogParams::default() };
        match self.place.pods(self.pod == CLIENT).logs(&pod.name_any(), &params).await {
            Ok(log) => Ok(log),
            // It has none yet.
            Err(kube::Error::Api(status)) if status.code == 400 || status.code == 404 => {
                Ok(String::new())
            }
            Err(error) => Err(message(&error)),
        }
    }
}

/// What a probe's log says, once it does.
pub(super) async fn log_line<T>(
    place: &Place,
    pod: &str,
    time: Duration,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    let (until, wait) = (Instant::now() + time, Wait { place, pod });
    loop {
        if let Some(found) = read(&wait.log().await?) {
            return Ok(Some(found));
        }
        if Instant::now() > until {
            return Ok(None);
        }
        sleep(PAUSE).await;
    }
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|one| one.type_ == "Ready" && one.status == "True")
}
