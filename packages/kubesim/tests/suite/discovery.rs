//! What a client learns of the server before it asks for anything.

use kube::api::ListParams;

use crate::support::Fixture;

#[tokio::test]
async fn discovery_lists_what_is_served() {
    let f = Fixture::new().await;
    let version = f.client.apiserver_version().await.unwrap();
    assert_eq!((version.major.as_str(), version.minor.as_str()), ("1", "36"));
    let groups = f.client.list_api_groups().await.unwrap();
    let names: Vec<String> = groups.groups.into_iter().map(|g| g.name).collect();
    for group in
        ["apps", "networking.k8s.io", "storage.k8s.io", "authorization.k8s.io", "node.k8s.io"]
    {
        assert!(names.iter().any(|n| n == group), "{group} is not in {names:?}");
    }
    let core = f.client.list_core_api_resources("v1").await.unwrap();
    for resource in ["pods", "pods/log", "pods/status", "namespaces", "secrets"] {
        assert!(core.resources.iter().any(|r| r.name == resource), "{resource} is not served");
    }
    let crds = f.all::<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition>();
    crds.list(&ListParams::default()).await.unwrap();
}
