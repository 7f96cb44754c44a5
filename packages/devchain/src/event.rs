//! Events as they appear in block results.

/// One event: a type and its attributes in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// For instance `transfer` or `wasm-transfer`.
    pub ty: String,
    /// Keys and values.
    pub attributes: Vec<(String, String)>,
}

impl Event {
    /// An event without attributes.
    pub fn new(ty: impl Into<String>) -> Self {
        Self { ty: ty.into(), attributes: Vec::new() }
    }

    /// Adds an attribute at the end.
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// The first value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}
