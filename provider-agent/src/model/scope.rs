//! The provider and market that objects in a cluster belong to: several providers can share a
//! cluster, and one provider can have leases of several markets in it, which number their leases
//! alike.

use std::collections::BTreeMap;

use souk_core::OrderId;

use super::{
    labels::{MANAGED_BY, MANAGER, MARKET, PROVIDER},
    names::{hash, label_value},
};
use crate::config::Config;

/// A provider in a market; labels and namespaces are derived from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketScope {
    provider: String,
    market: String,
}

impl MarketScope {
    /// The provider in the market of an orderbook on a chain.
    pub fn new(chain_id: &str, orderbook: &str, provider: &str) -> Self {
        Self { provider: provider.to_owned(), market: hash(&[chain_id, orderbook], 16) }
    }

    /// The provider and market of a configuration.
    pub fn of(config: &Config) -> Self {
        let chain = &config.chain;
        Self::new(&chain.chain_id, &chain.contracts().orderbook, &config.provider.address)
    }

    /// The provider's address.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// A lease's namespace.
    pub fn namespace(&self, order: OrderId) -> String {
        format!("souk-{}-{order}", self.hash(&[], 10))
    }

    /// The namespace of the agent itself, which is no lease's.
    pub fn own_namespace(&self) -> String {
        format!("souk-{}-agent", self.hash(&[], 10))
    }

    /// The namespace in which manifests are tried; no lease has this name.
    pub fn trial_namespace(&self) -> String {
        format!("souk-{}-trial", self.hash(&[], 10))
    }

    /// The lease whose namespace has this name; none if no lease's has.
    pub fn order_of(&self, namespace: &str) -> Option<OrderId> {
        let (_, number) = namespace.rsplit_once('-')?;
        let order = number.parse().ok()?;
        (self.namespace(order) == namespace).then_some(order)
    }

    /// The first hexadecimal digits of a hash of provider, market and `parts`.
    pub fn hash(&self, parts: &[&str], digits: usize) -> String {
        let scope = [self.market.as_str(), self.provider.as_str()];
        hash(&[&scope, parts].concat(), digits)
    }

    /// The labels of all its objects.
    pub fn labels(&self) -> [(&'static str, String); 3] {
        [
            (MANAGED_BY, MANAGER.to_owned()),
            (PROVIDER, label_value(&self.provider)),
            (MARKET, self.market.clone()),
        ]
    }

    /// The labels as a selector.
    pub fn selector(&self) -> String {
        self.labels().map(|(key, value)| format!("{key}={value}")).join(",")
    }

    /// Whether an object with these labels belongs to it.
    pub fn owns(&self, labels: Option<&BTreeMap<String, String>>) -> bool {
        let found = |key: &str| labels.and_then(|labels| labels.get(key));
        self.labels().iter().all(|(key, value)| found(key) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_in_each_market_has_namespaces_and_labels_of_its_own() {
        let scopes = [
            MarketScope::new("souk-1", "souk1book", "souk1me"),
            MarketScope::new("souk-1", "souk1book", "souk1other"),
            MarketScope::new("souk-1", "souk1newbook", "souk1me"),
            MarketScope::new("souk-2", "souk1book", "souk1me"),
        ];
        for (at, scope) in scopes.iter().enumerate() {
            for (other_at, other) in scopes.iter().enumerate() {
                let labels = other.labels().map(|(key, value)| (key.to_owned(), value)).into();
                let same = at == other_at;
                assert_eq!(scope.owns(Some(&labels)), same, "{at} {other_at}");
                let (own, others) = (scope.namespace(OrderId(7)), other.namespace(OrderId(7)));
                assert_eq!(own == others, same, "{at} {other_at}");
                assert_eq!(scope.order_of(&others).is_some(), same, "{at} {other_at}");
            }
            assert!(!scope.owns(None));
            let own = scope.namespace(OrderId(7));
            assert_eq!(scope.order_of(&own), Some(OrderId(7)));
            assert_eq!(scope.order_of(&own.replace("-7", "-07")), None);
            assert_eq!(scope.order_of(&scope.trial_namespace()), None);
            assert_eq!(scope.order_of("kube-system"), None);
        }
    }
}
