//! Patterns of images: `*` stands for any text.

use std::fmt;

use super::Reference;

/// A pattern of images, such as `ghcr.io`, `docker.io/library/*` or `*/miner*`. Without a `/` it is for
/// all images of the registries that it matches. The configuration has checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(pub String);

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    /// Whether an image matches: its registry and path, or those with tag or digest.
    pub fn matches(&self, image: &Reference) -> bool {
        let (registry, path) = match self.0.split_once('/') {
            None => return glob(&self.0.to_ascii_lowercase(), &image.registry),
            Some(parts) => parts,
        };
        let pattern = format!("{}/{path}", registry.to_ascii_lowercase());
        let name = image.name();
        let tagged = image.tag.as_ref().map(|tag| format!("{name}:{tag}"));
        let fixed = image.digest.as_ref().map(|digest| format!("{name}@{digest}"));
        glob(&pattern, &name)
            || tagged.is_some_and(|text| glob(&pattern, &text))
            || fixed.is_some_and(|text| glob(&pattern, &text))
    }

    /// Whether its registry is written out.
    pub fn names_registry(&self) -> bool {
        let registry = self.0.split('/').next().unwrap_or_default();
        !registry.contains('*')
    }
}

/// Whether a text matches a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}
