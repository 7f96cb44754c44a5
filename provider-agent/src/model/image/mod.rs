//! Which images may run: by patterns of the configuration, and none from private networks, since the
//! node that pulls an image is in them and may have credentials there.

mod pattern;
mod reference;
mod registry;

use souk_sdl::ManifestGroup;
use thiserror::Error;

pub use pattern::Pattern;
pub use reference::{Reference, ReferenceError};

use crate::config::{Cluster, ImagePullPolicy};

/// Which images may run.
#[derive(Clone, Debug, Default)]
pub struct ImageRules {
    /// If there are any, an image must match one.
    pub allow: Vec<Pattern>,
    /// An image that matches one is refused.
    pub deny: Vec<Pattern>,
    /// Whether nodes pull images; else none is fetched from anywhere.
    pub pulled: bool,
}

/// Why an image is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImageRefusal {
    /// It is not a reference of an image.
    #[error("{0}")]
    Invalid(#[from] ReferenceError),
    /// Its registry is not on the internet.
    #[error("registry {registry} is {what}; use a registry on the internet")]
    Private {
        /// The registry.
        registry: String,
        /// What it is instead.
        what: &'static str,
    },
    /// A pattern refuses it.
    #[error("the provider runs no images of {pattern}")]
    Denied {
        /// The pattern.
        pattern: String,
    },
    /// No pattern allows it.
    #[error("the provider runs only images of {}", .allowed.join(", "))]
    NotAllowed {
        /// The patterns.
        allowed: Vec<String>,
    },
}

impl ImageRefusal {
    /// The error code of the gateway's API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "image_invalid",
            Self::Private { .. } => "image_registry_private",
            Self::Denied { .. } => "image_denied",
            Self::NotAllowed { .. } => "image_not_allowed",
        }
    }
}

impl ImageRules {
    /// The rules of a configuration.
    pub fn of(cluster: &Cluster) -> Self {
        let patterns = |texts: &[String]| texts.iter().cloned().map(Pattern).collect();
        Self {
            allow: patterns(&cluster.images.allow),
            deny: patterns(&cluster.images.deny),
            pulled: cluster.image_pull_policy != ImagePullPolicy::Never,
        }
    }

    /// Checks the images of a group's services; an error has the service's name.
    ///
    /// # Errors
    ///
    /// The first image that may not run.
    pub fn check_group(&self, group: &ManifestGroup) -> Result<(), (String, ImageRefusal)> {
        group.services.iter().try_for_each(|service| {
            self.check(&service.image).map_err(|why| (service.name.clone(), why))
        })
    }

    /// Checks an image as a manifest names it.
    ///
    /// # Errors
    ///
    /// The first reason to refuse it.
    pub fn check(&self, image: &str) -> Result<(), ImageRefusal> {
        let image: Reference = image.parse()?;
        let denying = self.deny.iter().find(|pattern| pattern.matches(&image));
        if let Some(pattern) = denying {
            return Err(ImageRefusal::Denied { pattern: pattern.to_string() });
        }
        let allowing: Vec<&Pattern> =
            self.allow.iter().filter(|pattern| pattern.matches(&image)).collect();
        if allowing.is_empty() && !self.allow.is_empty() {
            let allowed = self.allow.iter().map(ToString::to_string).collect();
            return Err(ImageRefusal::NotAllowed { allowed });
        }
        // The operator who writes out a registry means it.
        let named = allowing.iter().any(|pattern| pattern.names_registry());
        match registry::not_public(&image.registry) {
            Some(what) if self.pulled && !named => {
                Err(ImageRefusal::Private { registry: image.registry, what })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
