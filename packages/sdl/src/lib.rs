//! SDL text to manifest, groups and version hash
