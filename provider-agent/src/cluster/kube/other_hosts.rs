//! The hosts of Ingresses that are not this provider's: the operator's own sites, and other agents' leases.
//! No tenant gets one of them.

mod named;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use k8s_openapi::api::networking::v1::Ingress;
use kube::{Api, Client, ResourceExt, runtime::watcher};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::named::Named;
use super::watch::{self as objects, Report, Whole};
use crate::model::{
    hosts::is_taken,
    labels::{MARKET, PROVIDER},
    scope::MarketScope,
};

/// How many watches there are: labels are selected by one condition for each key, and both a provider's
/// other markets and all other providers' Ingresses are wanted.
const WATCHES: usize = 2;
/// How long questions wait for the lists.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long what was seen counts after a watch broke. An API server that is started again needs less.
const MAX_AGE: Duration = Duration::from_secs(120);

type Name = (usize, String, String);

/// What is known of a watch.
#[derive(Clone, Debug, Default)]
struct State {
    /// It has listed all.
    listed: bool,
    /// Since when it is broken, and why.
    broken: Option<(Instant, String)>,
}

impl State {
    /// Why what it has seen does not count; none if it does.
    fn problem(&self, max_age: Duration) -> Option<String> {
        match &self.broken {
            None if self.listed => None,
            None => Some("they are not listed yet".to_owned()),
            Some((_, why)) if !self.listed => Some(why.clone()),
            Some((since, why)) if since.elapsed() > max_age => {
                Some(format!("not seen for more than {} seconds: {why}", max_age.as_secs()))
            }
            Some(_) => None,
        }
    }
}

type States = [State; WATCHES];

/// Hosts that others have. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OtherHosts {
    seen: Arc<Mutex<Seen>>,
    /// Which watches have listed all, and which are broken.
    states: Arc<watch::Sender<States>>,
    /// How long a question waits until the Ingresses are listed.
    timeout: Duration,
    /// How long what was seen counts after a watch broke.
    max_age: Duration,
}

#[derive(Debug, Default)]
struct Seen {
    of: HashMap<Name, Named>,
    /// How many Ingresses have a host.
    counts: HashMap<Box<str>, usize>,
    /// The Ingresses that have patterns.
    with_patterns: HashSet<Name>,
}

impl OtherHosts {
    /// Starts the watches. The future runs them until `stop`.
    pub fn start(
        client: Client,
        scope: &MarketScope,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let hosts = Self::new(TIMEOUT, MAX_AGE);
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

    fn new(timeout: Duration, max_age: Duration) -> Self {
        let states = Arc::new(watch::Sender::default());
        Self { seen: Arc::default(), states, timeout, max_age }
    }

    /// Waits a little until the Ingresses are known.
    ///
    /// # Errors
    ///
    /// Why they are not known, or not any more.
    pub async fn known(&self) -> Result<(), String> {
        let problem = |states: &States| states.iter().find_map(|one| one.problem(self.max_age));
        let mut states = self.states.subscribe();
        let known = states.wait_for(|states| problem(states).is_none());
        // The sender lives as long as this.
        let _ = tokio::time::timeout(self.timeout, known).await;
        let why = problem(&self.states.borrow());
        why.map_or(Ok(()), |why| Err(format!("the cluster's Ingresses are not known: {why}")))
    }

    /// Which of some hosts another Ingress has, if one does.
    ///
    /// # Errors
    ///
    /// Why the Ingresses are not known.
    pub async fn find<'h>(&self, hosts: &'h [String]) -> Result<Option<&'h str>, String> {
        self.known().await?;
        let seen = self.seen.lock();
        Ok(hosts.iter().map(String::as_str).find(|host| seen.has(host)))
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
                self.seen.lock().put(name, Named::of(&ingress));
            }
            Report::Gone(ingress) => self.seen.lock().put(name(&ingress), Named::default()),
            Report::Listed => {
                let listed = listed.take().unwrap_or_default();
                self.seen.lock().keep(watch, &listed);
                let state = State { listed: true, broken: None };
                self.states.send_modify(|states| states[watch] = state);
            }
            // What was seen last counts for a while, once all was seen.
            Report::Broken(error) => self.states.send_modify(|states| {
                let state = &mut states[watch];
                let since = state.broken.as_ref().map_or_else(Instant::now, |(since, _)| *since);
                state.broken = Some((since, error.to_string()));
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

impl Seen {
    /// Whether an Ingress has a host, by name, wildcard or pattern.
    fn has(&self, host: &str) -> bool {
        let matches = |name: &Name| {
            let patterns = self.of.get(name).map(|named| &named.patterns);
            patterns.is_some_and(|all| all.iter().any(|pattern| pattern.is_match(host)))
        };
        is_taken(host, |name| self.counts.contains_key(name))
            || self.with_patterns.iter().any(matches)
    }

    fn put(&mut self, name: Name, named: Named) {
        for host in &named.names {
            *self.counts.entry(host.clone()).or_default() += 1;
        }
        match named.patterns.is_empty() {
            true => drop(self.with_patterns.remove(&name)),
            false => drop(self.with_patterns.insert(name.clone())),
        }
        let before =
            if named.is_empty() { self.of.remove(&name) } else { self.of.insert(name, named) };
        for host in before.iter().flat_map(|named| &named.names) {
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
            self.put(name, Named::default());
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

    fn hosts() -> OtherHosts {
        OtherHosts::new(Duration::from_millis(20), Duration::from_millis(200))
    }

    #[tokio::test]
    async fn a_host_is_taken_while_an_ingress_has_it() {
        let hosts = hosts();
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
        let hosts = hosts();
        hosts.take(0, Report::Listing, &mut None);
        hosts.take(0, Report::Listed, &mut None);
        let why = hosts.find(&["www.example.com".to_owned()]).await.unwrap_err();
        assert!(why.ends_with("they are not listed yet"), "{why}");
        let forbidden = objects::WatchError { message: "forbidden".into(), forbidden: true };
        hosts.take(1, Report::Broken(forbidden), &mut None);
        let why = hosts.find(&[]).await.unwrap_err();
        assert!(why.ends_with("not known: forbidden"), "{why}");
    }

    #[tokio::test]
    async fn a_host_that_a_pattern_matches_is_taken_until_its_ingress_is_gone() {
        let hosts = hosts();
        for watch in 0..WATCHES {
            hosts.take(watch, Report::Listed, &mut None);
        }
        let mut site = ingress("site", &[]);
        let alias = ("nginx.ingress.kubernetes.io/server-alias", "~^shop\\d\\.example\\.com$");
        site.metadata.annotations = Some([(alias.0.to_owned(), alias.1.to_owned())].into());
        hosts.take(0, Report::Changed(site.clone()), &mut None);
        let wanted = ["shop7.example.com".to_owned()];
        assert_eq!(hosts.find(&wanted).await.unwrap(), Some("shop7.example.com"));
        hosts.take(0, Report::Gone(site), &mut None);
        assert_eq!(hosts.find(&wanted).await.unwrap(), None);
        assert!(hosts.seen.lock().with_patterns.is_empty());
    }

    #[tokio::test]
    async fn what_was_seen_before_a_watch_broke_counts_for_a_bounded_time() {
        let hosts = hosts();
        for watch in 0..WATCHES {
            hosts.take(watch, Report::Listed, &mut None);
        }
        let broken = || objects::WatchError { message: "forbidden".into(), forbidden: true };
        hosts.take(1, Report::Broken(broken()), &mut None);
        hosts.find(&[]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
        // A list that fails again does not begin the time again.
        hosts.take(1, Report::Broken(broken()), &mut None);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let why = hosts.find(&[]).await.unwrap_err();
        assert!(why.contains("not seen for more than") && why.ends_with("forbidden"), "{why}");
        hosts.take(1, Report::Listed, &mut None);
        hosts.find(&[]).await.unwrap();
    }
}
