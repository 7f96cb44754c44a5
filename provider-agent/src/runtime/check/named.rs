//! One object by its name, for whoever may list its kind and not get it.

use kube::{Api, Client, Resource, api::ListParams};
use serde::de::DeserializeOwned;

use crate::cluster::kube::message::message;

/// The object of a name; none if there is none.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub(in crate::runtime::check) async fn named<K>(
    client: &Client,
    name: &str,
) -> Result<Option<K>, String>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + std::fmt::Debug,
{
    let only = ListParams::default().fields(&format!("metadata.name={name}"));
    let listed = Api::<K>::all(client.clone()).list(&only).await;
    let mut found = listed.map_err(|error| message(&error))?.items.into_iter();
    Ok(found.find(|one| one.meta().name.as_deref() == Some(name)))
}
