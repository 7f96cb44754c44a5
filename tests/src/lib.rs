//! What the tests across crates share: the SDL corpus, example providers, a real chain and what actions cost on
//! it, a real cluster, the list of forbidden names.

pub mod bench;
pub mod corpus;
pub mod kubernetes;
pub mod names;
pub mod profiles;
pub mod tools;
pub mod wait;
pub mod wasmd;
