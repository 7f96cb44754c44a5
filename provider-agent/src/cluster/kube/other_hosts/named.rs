//! The hosts that an Ingress has, wherever it names them: pure.

use k8s_openapi::api::networking::v1::Ingress;
use regex::{Regex, RegexBuilder};

use crate::model::hosts::normalized;

/// More names of the same site, separated by commas; those that begin with `~` are patterns.
const ALIASES: &str = "nginx.ingress.kubernetes.io/server-alias";
/// What a pattern may take when it is compiled, in bytes.
const PATTERN_SIZE: usize = 64 << 10;

/// The hosts of an Ingress.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Names and wildcards, in lower case.
    pub names: Box<[Box<str>]>,
    /// Patterns of names.
    pub patterns: Box<[Regex]>,
}

impl Named {
    /// The hosts of its rules, of its certificates and of its aliases.
    pub fn of(ingress: &Ingress) -> Self {
        let spec = ingress.spec.iter();
        let rules = spec.clone().flat_map(|spec| spec.rules.iter().flatten());
        let certificates = spec.flat_map(|spec| spec.tls.iter().flatten());
        let annotations = ingress.metadata.annotations.as_ref();
        let aliases = annotations.and_then(|all| all.get(ALIASES)).map(String::as_str);
        let aliases = aliases.unwrap_or_default().split(',').map(str::trim);
        let (patterns, aliases): (Vec<&str>, Vec<&str>) =
            aliases.filter(|alias| !alias.is_empty()).partition(|alias| alias.starts_with('~'));
        let names = rules.filter_map(|rule| rule.host.as_deref());
        let names = names.chain(
            certificates.flat_map(|tls| tls.hosts.iter().flatten()).map(|host| host.as_str()),
        );
        let mut names: Vec<Box<str>> =
            names.chain(aliases).map(|host| normalized(host).into()).collect();
        names.sort_unstable();
        names.dedup();
        let patterns = patterns.into_iter().filter_map(|pattern| compiled(pattern, ingress));
        Self { names: names.into(), patterns: patterns.collect() }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.patterns.is_empty()
    }
}

/// A pattern of nginx: `~` before it, `~*` if case does not matter, which it never does for hosts. One that
/// cannot be read has no names here.
fn compiled(alias: &str, ingress: &Ingress) -> Option<Regex> {
    let pattern = alias.trim_start_matches(['~', '*']);
    let built = RegexBuilder::new(pattern).case_insensitive(true).size_limit(PATTERN_SIZE).build();
    let name = ingress.metadata.name.as_deref();
    built
        .inspect_err(|error| {
            tracing::warn!(ingress = name, alias, %error, "hosts of a pattern are not known");
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hosts_of_rules_certificates_and_aliases_are_all_its_own() {
        let ingress: Ingress = serde_json::from_value(json!({
            "metadata": { "name": "site", "annotations": {
                ALIASES: "alias.example.com, Other.example.com.,,~^www\\d+\\.example\\.com$,~*(",
            } },
            "spec": {
                "rules": [{ "host": "a.example.com" }, {}],
                "tls": [{ "hosts": ["*.tls.example.com", "a.example.com"] }, { "secretName": "x" }],
            },
        }))
        .unwrap();
        let named = Named::of(&ingress);
        let names: Vec<&str> = named.names.iter().map(|name| &**name).collect();
        let expected =
            ["*.tls.example.com", "a.example.com", "alias.example.com", "other.example.com"];
        assert_eq!(names, expected);
        let matching = |host: &str| named.patterns.iter().any(|pattern| pattern.is_match(host));
        assert!(matching("www12.example.com") && matching("WWW1.EXAMPLE.COM"));
        assert!(!matching("www.example.com") && !matching("xwww1.example.com.evil.com"));
    }

    #[test]
    fn an_ingress_without_hosts_has_none() {
        assert!(Named::of(&Ingress::default()).is_empty());
    }
}
