//! A pod's life by the clock.

use futures::StreamExt;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{ListParams, WatchEvent, WatchParams};
use serde_json::json;

use crate::support::{Fixture, condition, eventually, fast, raw};

#[tokio::test]
async fn a_pod_goes_through_all_its_states_and_events_tell() {
    let f = Fixture::simulated(fast()).await;
    f.ready_for_pods().await;
    let pods = f.api::<Pod>();
    let list = pods.list(&ListParams::default()).await.unwrap();
    let mut stream = pods
        .watch(&WatchParams::default(), &list.metadata.resource_version.unwrap())
        .await
        .unwrap()
        .boxed();
    f.create::<Pod>(crate::support::pod("p", "app:1")).await.unwrap();
    let mut phases = Vec::new();
    loop {
        let (WatchEvent::Added(p) | WatchEvent::Modified(p)) =
            stream.next().await.unwrap().unwrap()
        else {
            continue;
        };
        let p = raw(&p);
        let ready = condition(&p, "Ready")["status"] == "True";
        let word = if ready { json!("Ready") } else { p["status"]["phase"].clone() };
        if phases.last() != Some(&word) {
            phases.push(word);
        }
        if ready {
            break;
        }
    }
    assert_eq!(phases, ["Pending", "Running", "Ready"]);
    let events = f.api::<Event>();
    eventually("the events of the start", || async {
        let fields = ListParams::default().fields("involvedObject.name=p");
        let all = events.list(&fields).await.unwrap().items;
        let reasons: Vec<String> = all.into_iter().filter_map(|e| e.reason).collect();
        ["Scheduled", "Pulled", "Created", "Started"]
            .iter()
            .all(|r| reasons.iter().any(|x| x == r))
            .then_some(())
    })
    .await;
}
