//! `[cluster.images]`: which images may run.

use serde::Deserialize;

use super::ConfigError;

/// Which images may run, by patterns: `*` stands for any text, and a pattern without a `/` is for all
/// images of a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Images {
    /// If any are given, an image must match one. One that writes out a private registry opens it.
    pub allow: Vec<String>,
    /// An image that matches one is refused, whatever is allowed.
    pub deny: Vec<String>,
}

impl Images {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, patterns) in
            [("cluster.images.allow", &self.allow), ("cluster.images.deny", &self.deny)]
        {
            if let Some(wrong) = patterns.iter().find(|pattern| !is_pattern(pattern)) {
                return Err(ConfigError::invalid(
                    key,
                    wrong,
                    "no image can match it",
                    "write for instance ghcr.io, docker.io/library/* or */tool:v1, without a scheme",
                ));
            }
        }
        Ok(())
    }
}

/// Whether an image's name can match a pattern.
fn is_pattern(pattern: &str) -> bool {
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"*._-/:@[]+".contains(&b);
    pattern.bytes().all(fine) && pattern.split('/').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_no_image_can_match_is_refused() {
        for text in ["", "ghcr.io/", "/a", "a b", "https://ghcr.io", "a?b"] {
            let images = Images { deny: vec![text.to_owned()], ..Images::default() };
            let error = images.check().unwrap_err().to_string();
            assert!(error.contains("cluster.images.deny"), "{error}");
        }
        let fine = ["ghcr.io", "*/library/*:v1", "10.0.0.5:5000", "[fd00::1]:5000/*"];
        let images = Images { allow: fine.map(str::to_owned).into(), ..Images::default() };
        assert!(images.check().is_ok());
    }
}
