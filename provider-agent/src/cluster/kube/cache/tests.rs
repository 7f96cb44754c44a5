use std::collections::BTreeMap;

use kube::core::ObjectMeta;

use super::*;
use crate::model::reconcile::Presence;

fn caches() -> Caches {
    let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
    Caches { seen: Arc::default(), changed: Arc::default(), scope }
}

fn meta(caches: &Caches, name: &str, namespace: u64, order: u64) -> ObjectMeta {
    let labels = BTreeMap::from([(ORDER.to_owned(), order.to_string())]);
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(caches.scope.namespace(OrderId(namespace))),
        labels: Some(labels),
        ..ObjectMeta::default()
    }
}

fn namespace(caches: &Caches, order: u64) -> Namespace {
    let name = caches.scope.namespace(OrderId(order));
    let metadata = ObjectMeta { namespace: None, ..meta(caches, &name, order, order) };
    Namespace { metadata, ..Namespace::default() }
}

fn service(caches: &Caches, name: &str, namespace: u64, order: u64) -> Service {
    Service { metadata: meta(caches, name, namespace, order), ..Service::default() }
}

const SERVICES: Watched = Watched::Kind(Kind::Service);

fn names(caches: &Caches, order: u64) -> Vec<String> {
    let mut names: Vec<String> =
        caches.lease(OrderId(order)).objects.iter().map(|one| one.name.to_string()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_event_changes_the_lease_of_its_label_and_none_other() {
    let (caches, mut listed) = (caches(), None);
    for order in [7, 8] {
        let object = namespace(&caches, order);
        caches.take(Watched::Kind(Kind::Namespace), Report::Changed(object), &mut listed);
    }
    assert_eq!(caches.changed().await.leases, [OrderId(7), OrderId(8)].into());
    caches.take(SERVICES, Report::Changed(service(&caches, "web", 7, 7)), &mut listed);
    // Neither the same again nor an object in another namespace is a change.
    caches.take(SERVICES, Report::Changed(service(&caches, "web", 7, 7)), &mut listed);
    let mut elsewhere = service(&caches, "web", 8, 8);
    elsewhere.metadata.namespace = Some("default".into());
    caches.take(SERVICES, Report::Changed(elsewhere), &mut listed);
    assert_eq!(caches.changed().await.leases, [OrderId(7)].into());
    assert_eq!(caches.lease(OrderId(7)).presence(), Presence::Active);
    assert_eq!(caches.lease(OrderId(9)).presence(), Presence::Absent);
}

#[tokio::test]
async fn an_object_that_is_labelled_for_another_lease_is_gone_for_its_own() {
    let (caches, mut listed) = (caches(), None);
    caches.take(SERVICES, Report::Changed(service(&caches, "web", 7, 7)), &mut listed);
    assert_eq!(names(&caches, 7), ["web"]);
    caches.take(SERVICES, Report::Changed(service(&caches, "web", 7, 8)), &mut listed);
    assert_eq!(names(&caches, 7), [""; 0]);
    assert_eq!(names(&caches, 8), [""; 0]);
    assert!(caches.orders().is_empty(), "a lease of which nothing is seen takes no memory");
}

#[tokio::test]
async fn what_is_not_in_a_new_list_is_gone_and_only_what_changed_is_reported() {
    let (caches, mut listed) = (caches(), None);
    let list = |names: &[(&str, u64)], listed: &mut Option<HashSet<(OrderId, String)>>| {
        caches.take(SERVICES, Report::<Service>::Listing, listed);
        for (name, order) in names {
            let object = service(&caches, name, *order, *order);
            caches.take(SERVICES, Report::Changed(object), listed);
        }
        caches.take(SERVICES, Report::<Service>::Listed, listed);
    };
    list(&[("web", 7), ("db", 7), ("web", 8)], &mut listed);
    let changes = caches.changed().await;
    assert!(changes.recovered);
    assert_eq!(changes.leases, [OrderId(7), OrderId(8)].into());
    caches.take(SERVICES, Report::Gone(service(&caches, "web", 8, 8)), &mut listed);
    list(&[("web", 7)], &mut listed);
    let changes = caches.changed().await;
    assert!(!changes.recovered, "it was up all the time");
    assert_eq!(changes.leases, [OrderId(7), OrderId(8)].into());
    assert_eq!((names(&caches, 7), names(&caches, 8)), (vec!["web".to_owned()], vec![]));
}

#[test]
fn a_watch_that_fails_is_named_with_the_reason_and_the_others_stay_up() {
    let (caches, mut listed) = (caches(), None);
    assert!(!caches.is_settled());
    let why = WatchError { message: "limitranges is forbidden".into(), forbidden: true };
    for watched in Watched::all() {
        match watched {
            Watched::Kind(Kind::LimitRange) => {
                caches.take(watched, Report::<Service>::Broken(why.clone()), &mut listed);
            }
            _ => caches.take(watched, Report::<Service>::Listed, &mut listed),
        }
    }
    assert!(caches.is_settled());
    assert!(!caches.is_up(Watched::Kind(Kind::LimitRange)) && caches.is_up(Watched::Pods));
    let problems = caches.problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("limitranges cannot be watched: limitranges is forbidden"));
    assert!(problems[0].contains("souk-provider access"), "{problems:?}");
    let seen = namespace(&caches, 7);
    caches.take(Watched::Kind(Kind::Namespace), Report::Changed(seen), &mut None);
    let asked = [OrderId(7), OrderId(8)].into();
    assert_eq!(caches.with_namespace(&asked), Some([OrderId(7)].into()), "they are seen");
}
