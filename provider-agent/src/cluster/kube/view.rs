//! What decides about one lease at a moment: what the watches show of it, or, of kinds that are still being
//! listed, what is asked for of its namespace alone. So that a lease that changed need not wait at the
//! start until everything of all leases is listed.

use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::{
            LimitRange, Namespace, PersistentVolumeClaim, Pod, ResourceQuota, Service,
            ServiceAccount,
        },
        networking::v1::{Ingress, NetworkPolicy},
    },
};
use kube::{Api, Client, Resource, api::ListParams};
use souk_core::OrderId;

use super::{
    cache::{Caches, WatchState, Watched},
    objects::Kind,
    seen::LeaseObjects,
    trim::{Kept, Trim},
    watch::{MetadataOnly, Source, Whole, all_pages},
};

/// Without these nothing can be judged of a lease's volumes.
const HOLD_VOLUMES: [Watched; 4] = [
    Watched::Kind(Kind::Namespace),
    Watched::Kind(Kind::PersistentVolumeClaim),
    Watched::Kind(Kind::StatefulSet),
    Watched::Pods,
];

/// What is seen of one lease.
#[derive(Clone, Debug, Default)]
pub struct LeaseView {
    /// Its objects.
    pub objects: LeaseObjects,
    /// What is not seen at present.
    pub unseen: Vec<Watched>,
}

impl LeaseView {
    /// What the watches show, once everything is listed. Before that the lease's namespace alone is asked for
    /// all of it: a list that is complete already may be from before something was applied.
    ///
    /// # Errors
    ///
    /// If that cannot be had. What no volume depends on counts as not seen then.
    pub async fn of(order: OrderId, caches: &Caches, client: &Client) -> kube::Result<Self> {
        let (objects, states) = caches.shown(order);
        let is_early = states.iter().any(|(_, state)| matches!(state, WatchState::Starting));
        let mut view = Self { objects, unseen: Vec::new() };
        let (down, others): (Vec<_>, Vec<_>) =
            states.into_iter().partition(|(_, state)| matches!(state, WatchState::Down(_)));
        view.unseen.extend(down.into_iter().map(|(watched, _)| watched));
        if !is_early {
            return Ok(view);
        }
        let question = Question { order, caches, client };
        let asked = others
            .into_iter()
            .map(|(watched, _)| async move { (watched, question.ask(watched).await) });
        for (watched, found) in join_all(asked).await {
            match found {
                Ok(found) => view.replace(watched, found),
                Err(error) if HOLD_VOLUMES.contains(&watched) => return Err(error),
                Err(error) => {
                    let resource = watched.resource();
                    tracing::debug!(lease = %order, resource, %error, "not seen");
                    view.unseen.push(watched);
                }
            }
        }
        Ok(view)
    }

    /// Whether all of the lease's objects of a kind are seen.
    pub fn sees(&self, watched: Watched) -> bool {
        !self.unseen.contains(&watched)
    }

    /// The kinds of which nothing is seen at present.
    pub fn unseen_kinds(&self) -> Vec<Kind> {
        let kind = |watched: &Watched| match watched {
            Watched::Kind(kind) => Some(*kind),
            Watched::Pods => None,
        };
        self.unseen.iter().filter_map(kind).collect()
    }

    /// Puts what was asked for in the place of what a list that is under way has brought so far.
    fn replace(&mut self, watched: Watched, found: Vec<Kept>) {
        match watched {
            Watched::Kind(kind) => self.objects.objects.retain(|one| one.kind != kind),
            Watched::Pods => self.objects.pods.clear(),
        }
        for kept in found {
            match kept {
                Kept::Object(object) => self.objects.objects.push(object),
                Kept::Pod(pod) => self.objects.pods.push(pod),
            }
        }
    }
}

/// What a lease's namespace has.
#[derive(Clone, Copy)]
struct Question<'a> {
    order: OrderId,
    caches: &'a Caches,
    client: &'a Client,
}

impl<'a> Question<'a> {
    fn ask(&self, watched: Watched) -> BoxFuture<'a, kube::Result<Vec<Kept>>> {
        let Watched::Kind(kind) = watched else {
            return self.list(watched, self.whole::<Pod>());
        };
        match kind {
            Kind::Namespace => {
                self.list(watched, Whole(Api::<Namespace>::all(self.client.clone())))
            }
            Kind::ResourceQuota => self.list(watched, self.metadata::<ResourceQuota>()),
            Kind::LimitRange => self.list(watched, self.metadata::<LimitRange>()),
            Kind::NetworkPolicy => self.list(watched, self.metadata::<NetworkPolicy>()),
            Kind::ServiceAccount => self.list(watched, self.metadata::<ServiceAccount>()),
            Kind::Service => self.list(watched, self.whole::<Service>()),
            Kind::PersistentVolumeClaim => {
                self.list(watched, self.whole::<PersistentVolumeClaim>())
            }
            Kind::Deployment => self.list(watched, self.whole::<Deployment>()),
            Kind::StatefulSet => self.list(watched, self.whole::<StatefulSet>()),
            Kind::Ingress => self.list(watched, self.whole::<Ingress>()),
            // They are never read: the namespace lists them.
            Kind::Secret => async { Ok(Vec::new()) }.boxed(),
        }
    }

    fn list<S>(&self, watched: Watched, source: S) -> BoxFuture<'a, kube::Result<Vec<Kept>>>
    where
        S: Source<Object: Trim> + 'a,
    {
        let (order, caches) = (self.order, self.caches);
        let mut params = ListParams::default().labels(&caches.scope().selector());
        if watched == Watched::Kind(Kind::Namespace) {
            params = params.fields(&format!("metadata.name={}", self.namespace()));
        }
        async move {
            let mut found = Vec::new();
            let mut each = |object: S::Object| {
                if caches.place(&object).is_ok_and(|(of, _)| of == order) {
                    found.push(object.trim());
                }
            };
            all_pages(&source, params, &mut each).await?;
            Ok(found)
        }
        .boxed()
    }

    fn namespace(&self) -> String {
        self.caches.scope().namespace(self.order)
    }

    fn whole<K>(&self) -> Whole<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Whole(Api::namespaced(self.client.clone(), &self.namespace()))
    }

    fn metadata<K>(&self) -> MetadataOnly<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        MetadataOnly(Api::namespaced(self.client.clone(), &self.namespace()))
    }
}
