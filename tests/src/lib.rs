//! What the tests across crates share: the SDL corpus, hand-written providers, and a Kubernetes
//! cluster.

pub mod corpus;
pub mod kubernetes;
pub mod profiles;
