//! The hosts of Ingresses that are not this provider's: the operator's own sites, and other agents' leases.
//! No tenant gets one of them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use k8s_openapi::api::networking::v1::Ingress;
use kube::{Api, Client, ResourceExt, runtime::watcher};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::watch::{self as objects, Report, Whole};
use crate::model::{
    hosts::{is_taken, normalized},
    labels::{MARKET, PROVIDER},
    scope::MarketScope,
};

/// How many watches there are: labels are selected by one condition for each key, and both a provider's
/// other markets and all other providers' Ingresses are wanted.
const WATCHES: usize = 2;
/// How long questions wait for the first lists.
const PATIENCE: Duration = Duration::from_secs(5);

type Name = (usize, String, String);

/// Hosts that others have. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OtherHosts {
    seen: Arc<Mutex<Seen>>,
    /// Which watches have listed all, and why they have not.
    states: Arc<watch::Sender<[Option<Result<(), String>>; WATCHES]>>,
    /// How long a question waits until the Ingresses are listed.
    patience: Duration,
}

#[derive(Debug, Default)]
struct Seen {
    of: HashMap<Name, Box<[Box<str>]>>,
    /// How many Ingresses have a host.
    counts: HashMap<Box<str>, usize>,
}

impl OtherHosts {
    /// Starts the watches. The future runs them until `stop`.
    pub fn start(
        client: Client,
        scope: &MarketScope,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let hosts = Self::new(PATIENCE);
        let seen = hosts.clone();
        let selectors = selectors(scope);
        let run = async move {
            let [others, markets] = selectors;
            tokio::select! {
                () = stop.cancelled() => {}
                () = seen.follow(0, &others, &client) => {}
                () = seen.follow(1, &markets, &client) => {}
            }
        };
        (hosts, run)
    }

    fn new(patience: Duration) -> Self {
        Self { seen: Arc::default(), states: Arc::new(watch::Sender::default()), patience }
    }

    /// Which of some hosts another Ingress has, if one does.
    ///
    /// # Errors
    ///
    /// Why the Ingresses are not known.
    pub async fn find<'h>(&self, hosts: &'h [String]) -> Result<Option<&'h str>, String> {
        let mut states = self.states.subscribe();
        let known = states.wait_for(|states| states.iter().all(|one| matches!(one, Some(Ok(())))));
        if tokio::time::timeout(self.patience, known).await.is_err() {
            let states = self.states.borrow();
            let mut why = states.iter().flatten().filter_map(|state| state.as_ref().err());
            let why = why.next().map_or("they are not listed yet", String::as_str);
            return Err(format!("the cluster's Ingresses are not known: {why}"));
        }
        let seen = self.seen.lock();
        let taken = |host: &&String| is_taken(host, |name| seen.counts.contains_key(name));
        Ok(hosts.iter().find(taken).map(String::as_str))
    }

    async fn follow(&self, watch: usize, selector: &str, client: &Client) {
        let source = Whole::<Ingress>(Api::all(client.clone()));
        let config = watcher::Config::default().labels(selector);
        let mut listed = None;
        objects::run(source, config, |report| self.take(watch, report, &mut listed)).await;
    }

    fn take(&self, watch: usize, report: Report<Ingress>, listed: &mut Option<HashSet<Name>>) {
        let name = |one: &Ingress| (watch, one.namespace().unwrap_or_default(), one.name_any());
        match report {
            Report::Listing => *listed = Some(HashSet::new()),
            Report::Changed(ingress) => {
                let name = name(&ingress);
                if let Some(listed) = listed {
                    listed.insert(name.clone());
                }
                self.seen.lock().put(name, hosts_of(&ingress));
            }
            Report::Gone(ingress) => self.seen.lock().put(name(&ingress), Box::default()),
            Report::Listed => {
                let listed = listed.take().unwrap_or_default();
                self.seen.lock().keep(watch, &listed);
                self.states.send_modify(|states| states[watch] = Some(Ok(())));
            }
            // What was seen last counts, once all was seen.
            Report::Broken(error) => self.states.send_modify(|states| {
                if states[watch] != Some(Ok(())) {
                    states[watch] = Some(Err(error.to_string()));
                }
            }),
        }
    }
}

/// The Ingresses of all but this provider in this market.
fn selectors(scope: &MarketScope) -> [String; WATCHES] {
    let labels = scope.labels();
    let value = |wanted: &str| {
        let label = labels.iter().find(|(key, _)| *key == wanted);
        label.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let (provider, market) = (value(PROVIDER), value(MARKET));
    [format!("{PROVIDER}!={provider}"), format!("{PROVIDER}={provider},{MARKET}!={market}")]
}

fn hosts_of(ingress: &Ingress) -> Box<[Box<str>]> {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    rules.filter_map(|rule| rule.host.as_deref()).map(|host| normalized(host).into()).collect()
}

impl Seen {
    fn put(&mut self, name: Name, hosts: Box<[Box<str>]>) {
        for host in &hosts {
            *self.counts.entry(host.clone()).or_default() += 1;
        }
        let before =
            if hosts.is_empty() { self.of.remove(&name) } else { self.of.insert(name, hosts) };
        for host in before.iter().flatten() {
            if let Some(count) = self.counts.get_mut(host) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(host);
                }
            }
        }
    }

    /// Forgets what a watch saw before and did not list.
    fn keep(&mut self, watch: usize, listed: &HashSet<Name>) {
        let gone: Vec<Name> = self
            .of
            .keys()
            .filter(|name| name.0 == watch && !listed.contains(name))
            .cloned()
            .collect();
        for name in gone {
            self.put(name, Box::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ingress(name: &str, hosts: &[&str]) -> Ingress {
        let rules: Vec<_> = hosts.iter().map(|host| json!({ "host": host })).collect();
        let value = json!({
            "metadata": { "namespace": "sites", "name": name }, "spec": { "rules": rules },
        });
        serde_json::from_value(value).unwrap()
    }

    #[tokio::test]
    async fn a_host_is_taken_while_an_ingress_has_it() {
        let hosts = OtherHosts::new(Duration::from_millis(20));
        let mut listed = None;
        let all = ["www.example.com".to_owned(), "shop.wild.example.com".to_owned()];
        hosts.take(0, Report::Listing, &mut listed);
        hosts.take(0, Report::Changed(ingress("one", &["www.example.com"])), &mut listed);
        hosts.take(0, Report::Changed(ingress("two", &["WWW.example.com"])), &mut listed);
        hosts.take(0, Report::Listed, &mut listed);
        hosts.take(1, Report::Listing, &mut None);
        hosts.take(1, Report::Listed, &mut None);
        assert_eq!(hosts.find(&all).await.unwrap(), Some("www.example.com"));
        hosts.take(0, Report::Gone(ingress("one", &[])), &mut None);
        assert_eq!(hosts.find(&all).await.unwrap(), Some("www.example.com"), "two has it");
        hosts.take(0, Report::Changed(ingress("two", &["*.wild.example.com"])), &mut None);
        assert_eq!(hosts.find(&all).await.unwrap(), Some("shop.wild.example.com"));
        let mut again = None;
        hosts.take(0, Report::Listing, &mut again);
        hosts.take(0, Report::Listed, &mut again);
        assert_eq!(hosts.find(&all).await.unwrap(), None, "it was not listed again");
        assert!(hosts.seen.lock().counts.is_empty());
    }

    #[tokio::test]
    async fn before_all_is_listed_nothing_is_said() {
        let hosts = OtherHosts::new(Duration::from_millis(20));
        hosts.take(0, Report::Listing, &mut None);
        hosts.take(0, Report::Listed, &mut None);
        let why = hosts.find(&["www.example.com".to_owned()]).await.unwrap_err();
        assert!(why.ends_with("they are not listed yet"), "{why}");
        let forbidden = objects::WatchError { message: "forbidden".into(), forbidden: true };
        hosts.take(1, Report::Broken(forbidden), &mut None);
        let why = hosts.find(&[]).await.unwrap_err();
        assert!(why.ends_with("not known: forbidden"), "{why}");
    }
}
