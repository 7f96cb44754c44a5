//! References of images, by the grammar of the distribution project, as container runtimes read them:
//! `[REGISTRY/]PATH[:TAG][@DIGEST]`.

use std::{net::Ipv6Addr, str::FromStr};

use thiserror::Error;

use super::registry::host_and_port;

/// The registry of references that name none.
const DEFAULT_REGISTRY: &str = "docker.io";
/// The longest registry and path together.
const MAX_NAME: usize = 255;

/// A reference of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The registry, in lower case, with its port if it names one.
    pub registry: String,
    /// The path there.
    pub path: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest, with its algorithm.
    pub digest: Option<String>,
}

/// Why a text is not a reference.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not an image: {problem}; write for instance ghcr.io/owner/name:tag")]
pub struct ReferenceError {
    /// The text, as far as it is shown.
    text: String,
    /// What is wrong.
    problem: &'static str,
}

impl Reference {
    /// Registry and path.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.path)
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |problem| ReferenceError { text: text.chars().take(100).collect(), problem };
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong("it has spaces, or letters that are not ASCII"));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) if is_digest(digest) => (rest, Some(digest.to_owned())),
            Some(_) => return Err(wrong("what stands after the @ is not a digest")),
            None => (text, None),
        };
        let (registry, rest) = match rest.split_once('/') {
            Some((first, rest)) if names_registry(first) => (first.to_ascii_lowercase(), rest),
            _ => (DEFAULT_REGISTRY.to_owned(), rest),
        };
        if !is_registry(&registry) {
            return Err(wrong("its registry is not a host with or without a port"));
        }
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) if is_tag(tag) => (path, Some(tag.to_owned())),
            Some(_) => return Err(wrong("what stands after the : is not a tag")),
            None => (rest, None),
        };
        if path.is_empty() {
            return Err(wrong("it has no name"));
        }
        if !path.split('/').all(is_component) {
            return Err(wrong(
                "parts of its path have lower case letters and digits, with . _ __ or - between them",
            ));
        }
        let registry = match registry.as_str() {
            "index.docker.io" => DEFAULT_REGISTRY.to_owned(),
            _ => registry,
        };
        let path = match registry.as_str() {
            DEFAULT_REGISTRY if !path.contains('/') => format!("library/{path}"),
            _ => path.to_owned(),
        };
        if registry.len() + 1 + path.len() > MAX_NAME {
            return Err(wrong("its name is longer than 255 letters"));
        }
        Ok(Self { registry, path, tag, digest })
    }
}

/// Whether the part before the first `/` is a registry, and not the beginning of a path.
fn names_registry(first: &str) -> bool {
    first.contains(['.', ':'])
        || first.eq_ignore_ascii_case("localhost")
        || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = host_and_port(registry);
    let port = port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let six = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let label = |label: &str| {
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && edge(label.as_bytes().first())
            && edge(label.as_bytes().last())
    };
    let named = || host.split('.').all(label);
    port && six.map_or_else(named, |six| six.parse::<Ipv6Addr>().is_ok())
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&tag.len())
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, code)) = digest.split_once(':') else { return false };
    let part = |part: &str| {
        part.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let length = match algorithm {
        "sha256" => code.len() == 64,
        "sha384" => code.len() == 96,
        "sha512" => code.len() == 128,
        _ => (32..=256).contains(&code.len()),
    };
    algorithm.split(['-', '_', '+', '.']).all(part)
        && length
        && code.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// A part of a path: words of lower case letters and digits, between them `.`, `_`, `__` or dashes.
fn is_component(component: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut separator = String::new();
    let mut began = false;
    for byte in component.bytes() {
        if word(byte) {
            let fine =
                separator.bytes().all(|b| b == b'-') || [".", "_", "__"].contains(&&*separator);
            if !fine || (!began && !separator.is_empty()) {
                return false;
            }
            separator.clear();
            began = true;
        } else if b"._-".contains(&byte) {
            separator.push(char::from(byte));
        } else {
            return false;
        }
    }
    began && separator.is_empty()
}
