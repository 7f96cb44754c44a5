//! What decides about one lease at a moment: what the watches show of it, or, of kinds that are still being
//! listed, what is asked for of its namespace alone. So that a lease that changed need not wait at the
//! start until everything of all leases is listed.

use futures::{
    FutureExt,
    future::{BoxFuture, try_join_all},
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
    watch::{MetadataOnly, Source, Whole},
};

/// What is seen of one lease.
#[derive(Clone, Debug, Default)]
pub struct LeaseView {
    /// Its objects.
    pub objects: LeaseObjects,
    /// What is not seen at present.
    pub unseen: Vec<Watched>,
}

impl LeaseView {
    /// Asks for what is still being listed, of the lease's namespace alone; all else is what the watches show.
    ///
    /// # Errors
    ///
    /// If that cannot be had.
    pub async fn of(order: OrderId, caches: &Caches, client: &Client) -> kube::Result<Self> {
        let (objects, states) = caches.shown(order);
        let (mut view, mut starting) = (Self { objects, unseen: Vec::new() }, Vec::new());
        for (watched, state) in states {
            match state {
                WatchState::Up => {}
                WatchState::Starting => starting.push(watched),
                WatchState::Down(_) => view.unseen.push(watched),
            }
        }
        let question = Question { order, caches, client };
        let found = starting.into_iter().map(|watched| question.ask(watched));
        for (watched, found) in try_join_all(found).await? {
            view.replace(watched, found);
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

/// What was found of one kind.
type Found = (Watched, Vec<Kept>);

/// What a lease's namespace has.
struct Question<'a> {
    order: OrderId,
    caches: &'a Caches,
    client: &'a Client,
}

impl<'a> Question<'a> {
    fn ask(&self, watched: Watched) -> BoxFuture<'a, kube::Result<Found>> {
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
            Kind::Secret => async move { Ok((watched, Vec::new())) }.boxed(),
        }
    }

    fn list<S>(&self, watched: Watched, source: S) -> BoxFuture<'a, kube::Result<Found>>
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
            source.list(&params, &mut each).await?;
            Ok((watched, found))
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
