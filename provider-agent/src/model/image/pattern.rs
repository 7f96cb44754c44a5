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
        match self.0.split_once('/') {
            None => glob(&self.0.to_ascii_lowercase(), &image.registry),
            Some((registry, path)) => {
                of_whole(&format!("{}/{path}", registry.to_ascii_lowercase()), image)
            }
        }
    }

    /// Whether an image matches as one that is refused: without a `/` also if it matches as a whole, so
    /// that `*miner*` refuses it wherever it lies. An allowance is read as narrowly as it can be, a
    /// refusal as widely.
    pub fn refuses(&self, image: &Reference) -> bool {
        self.matches(image) || (!self.0.contains('/') && of_whole(&self.0, image))
    }

    /// Whether its registry is written out.
    pub fn names_registry(&self) -> bool {
        let registry = self.0.split('/').next().unwrap_or_default();
        !registry.contains('*')
    }
}

/// Whether the registry and path of an image match, or those with tag or digest.
fn of_whole(pattern: &str, image: &Reference) -> bool {
    let name = image.name();
    let tagged = image.tag.as_ref().map(|tag| format!("{name}:{tag}"));
    let fixed = image.digest.as_ref().map(|digest| format!("{name}@{digest}"));
    glob(pattern, &name)
        || tagged.is_some_and(|text| glob(pattern, &text))
        || fixed.is_some_and(|text| glob(pattern, &text))
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
