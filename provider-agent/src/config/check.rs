//! `[check]`: what `souk-provider check` tries with pods of its own.

use serde::Deserialize;

use super::ConfigError;

/// What `souk-provider check` tries with pods of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    /// An image with busybox's `sh`, `httpd` and `wget`, such as `busybox:1.37`; without one nothing is
    /// tried.
    pub probe_image: Option<String>,
    /// Where the ingress is reached from outside, as `host:port` or `address`; the host names of
    /// `cluster.domain` are looked up if it is not given.
    pub ingress_address: Option<String>,
}

impl Check {
    /// Host and port of the ingress.
    pub fn ingress(&self) -> Option<(String, u16)> {
        let address = self.ingress_address.as_deref()?;
        // An address of IPv6 without brackets has no port.
        let split = address.rsplit_once(':').filter(|(host, _)| {
            !host.contains(':') || (host.starts_with('[') && host.ends_with(']'))
        });
        let port = split.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = port.unwrap_or((address, 80));
        Some((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if let Some(image) = &self.probe_image
            && (image.is_empty() || image.contains(char::is_whitespace))
        {
            return Err(ConfigError::invalid(
                "check.probe_image",
                image,
                "it is not the name of an image",
                "write for instance busybox:1.37",
            ));
        }
        let bad = |address: &&String| {
            address.is_empty() || address.contains(char::is_whitespace) || address.contains('/')
        };
        if let Some(address) = self.ingress_address.as_ref().filter(bad) {
            return Err(ConfigError::invalid(
                "check.ingress_address",
                address,
                "it is not a host with or without a port",
                "write for instance 203.0.113.10 or ingress.example.com:80",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ingress_without_a_port_is_asked_at_80() {
        for (text, host, port) in [
            ("203.0.113.10", "203.0.113.10", 80),
            ("203.0.113.10:8080", "203.0.113.10", 8080),
            ("edge.example.com", "edge.example.com", 80),
            ("2001:db8::1", "2001:db8::1", 80),
            ("[2001:db8::1]:8080", "2001:db8::1", 8080),
        ] {
            let check = Check { ingress_address: Some(text.into()), ..Check::default() };
            assert!(check.check().is_ok());
            assert_eq!(check.ingress(), Some((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_is_no_image_or_no_address_is_refused_with_its_key() {
        let image = Check { probe_image: Some("busy box".into()), ..Check::default() };
        assert!(image.check().unwrap_err().to_string().contains("check.probe_image"));
        let address = Check { ingress_address: Some("http://x/".into()), ..Check::default() };
        assert!(address.check().unwrap_err().to_string().contains("check.ingress_address"));
    }
}
