//! The Kubernetes events of leases' objects. However many follow a lease's events, they are watched
//! once.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Event;
use kube::{Api, Client, api::ListParams, runtime::watcher};
use parking_lot::Mutex;
use souk_gateway::body::{ClusterEvent, EventQuery};
use tokio::sync::broadcast::{self, error::RecvError};

use super::{
    message::message,
    watch::{self, Report, Whole},
};
use crate::cluster::workloads::{LineStream, WorkloadError};

/// Events of a lease that are kept for whoever follows next.
const KEPT: usize = 256;
/// New events that a follower may have unread; one that is slower loses the oldest.
const UNREAD: usize = 256;
/// Between two looks whether somebody follows.
const LOOK: Duration = Duration::from_secs(5);

/// Watches events for whoever follows them. Cheap to clone.
#[derive(Clone)]
pub struct EventHub {
    client: Client,
    watched: Arc<Mutex<HashMap<String, Weak<Watched>>>>,
}

/// The events of one namespace.
struct Watched {
    /// The newest events, oldest first.
    known: Mutex<VecDeque<ClusterEvent>>,
    new: broadcast::Sender<ClusterEvent>,
}

impl EventHub {
    /// Watches by this client.
    pub fn new(client: Client) -> Self {
        Self { client, watched: Arc::default() }
    }

    /// The events of a namespace: the existing ones, or with `follow` the new ones as well.
    ///
    /// # Errors
    ///
    /// If the events cannot be listed.
    pub async fn stream(
        &self,
        namespace: &str,
        query: &EventQuery,
    ) -> Result<LineStream<ClusterEvent>, WorkloadError> {
        if query.follow {
            return Ok(follow(self.watch(namespace)));
        }
        let listed = self.api(namespace).list(&ListParams::default()).await;
        let listed = listed.map_err(|error| WorkloadError::Cluster(message(&error)))?;
        let mut events: Vec<Event> = listed.items;
        events.sort_by_key(last_seen);
        let events: Vec<_> = events.iter().map(|event| Ok(read(event))).collect();
        Ok(stream::iter(events).boxed())
    }

    fn api(&self, namespace: &str) -> Api<Event> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// The events of a namespace; the first who follows begins to watch them.
    fn watch(&self, namespace: &str) -> Arc<Watched> {
        let mut all = self.watched.lock();
        if let Some(watched) = all.get(namespace).and_then(Weak::upgrade) {
            return watched;
        }
        all.retain(|_, watched| watched.strong_count() > 0);
        let (new, _) = broadcast::channel(UNREAD);
        let watched = Arc::new(Watched { known: Mutex::default(), new });
        all.insert(namespace.to_owned(), Arc::downgrade(&watched));
        tokio::spawn(run(self.api(namespace), Arc::downgrade(&watched)));
        watched
    }
}

/// Watches as long as somebody follows.
async fn run(api: Api<Event>, watched: Weak<Watched>) {
    // A broken watch restarts by itself; its errors are not the tenant's.
    let watching = watch::run(Whole(api), watcher::Config::default(), |report| {
        if let Report::Changed(event) = report
            && let Some(watched) = watched.upgrade()
        {
            watched.add(read(&event));
        }
    });
    let nobody = async {
        while watched.strong_count() > 0 {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = watching => {}
        () = nobody => {}
    }
}

impl Watched {
    /// Adds an event, unless a watch that began again shows it once more.
    fn add(&self, event: ClusterEvent) {
        let mut known = self.known.lock();
        if known.contains(&event) {
            return;
        }
        if known.len() >= KEPT {
            known.pop_front();
        }
        known.push_back(event.clone());
        // Nobody may follow at this moment.
        let _ = self.new.send(event);
    }
}

fn follow(watched: Arc<Watched>) -> LineStream<ClusterEvent> {
    let (known, new) = {
        let known = watched.known.lock();
        (known.clone(), watched.new.subscribe())
    };
    let known = stream::iter(known.into_iter().map(Ok));
    // The namespace is watched as long as this stream lives.
    let new = stream::unfold((new, watched), |(mut new, watched)| async move {
        let event = match new.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(count)) => left_out(count),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (new, watched)))
    });
    known.chain(new).boxed()
}

/// Says that events were left out.
fn left_out(count: u64) -> ClusterEvent {
    ClusterEvent {
        object: String::new(),
        kind: "Warning".to_owned(),
        reason: "LeftOut".to_owned(),
        message: format!("{count} events were left out: they came faster than they were read"),
        count: 1,
        last_seen: None,
    }
}

fn read(event: &Event) -> ClusterEvent {
    let object = &event.involved_object;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    ClusterEvent {
        object: format!("{}/{}", text(&object.kind).to_lowercase(), text(&object.name)),
        kind: text(&event.type_),
        reason: text(&event.reason),
        message: text(&event.message),
        count: event.count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        last_seen: last_seen(event),
    }
}

fn last_seen(event: &Event) -> Option<String> {
    let seen = event.last_timestamp.as_ref().map(|time| time.0.to_string());
    seen.or_else(|| event.event_time.as_ref().map(|time| time.0.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(reason: &str) -> ClusterEvent {
        ClusterEvent { reason: reason.to_owned(), ..left_out(1) }
    }

    fn watched() -> Arc<Watched> {
        let (new, _) = broadcast::channel(UNREAD);
        Arc::new(Watched { known: Mutex::default(), new })
    }

    async fn reasons(stream: &mut LineStream<ClusterEvent>, count: usize) -> Vec<String> {
        let events: Vec<_> = stream.take(count).collect().await;
        events.into_iter().map(|event| event.unwrap().reason).collect()
    }

    #[tokio::test]
    async fn whoever_follows_gets_what_is_known_and_each_new_event_once() {
        let watched = watched();
        watched.add(event("a"));
        let (mut first, mut second) = (follow(watched.clone()), follow(watched.clone()));
        watched.add(event("b"));
        watched.add(event("a"));
        watched.add(event("c"));
        assert_eq!(reasons(&mut first, 3).await, ["a", "b", "c"]);
        assert_eq!(reasons(&mut second, 3).await, ["a", "b", "c"]);
    }

    #[tokio::test]
    async fn a_slow_follower_learns_how_many_events_it_lost_and_memory_is_bounded() {
        let watched = watched();
        let mut slow = follow(watched.clone());
        for i in 0..1_000 {
            watched.add(event(&i.to_string()));
        }
        let first = slow.next().await.unwrap().unwrap();
        assert!(first.message.starts_with(&format!("{} events", 1_000 - UNREAD)), "{first:?}");
        assert_eq!(watched.known.lock().len(), KEPT);
    }
}
