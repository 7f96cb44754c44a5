//! Parts of an object that are written apart.

/// Which part of the object a request writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything but status.
    Main,
    /// `status` alone.
    Status,
    /// `spec.replicas`, by the scale subresource.
    Scale,
}

impl Part {
    /// The name in URLs and in managed fields.
    pub fn subresource(self) -> Option<&'static str> {
        match self {
            Self::Main => None,
            Self::Status => Some("status"),
            Self::Scale => Some("scale"),
        }
    }
}
